//! The formats of `vit-contract`, as a reader of a file or of the screen meets them.

mod docs;
mod history;
mod hostile;
mod package;
mod release;
mod round_trip;
mod settings;
mod vertical;
mod wild;

use vit_contract::problem::Problem;
use vit_contract::snippet;

/// Every problem as a terminal without colours shows it.
fn shown(problems: &[Problem]) -> String {
    let shown: Vec<String> = problems.iter().map(|p| snippet::render(p, false)).collect();
    shown.join("\n\n")
}

/// `code line:column` for each problem.
fn codes(problems: &[Problem]) -> Vec<String> {
    problems
        .iter()
        .map(|problem| {
            let place = problem.place.as_ref();
            match place.and_then(|place| place.line.zip(place.column)) {
                Some((line, column)) => format!("{} {line}:{column}", problem.code),
                None => problem.code.to_string(),
            }
        })
        .collect()
}

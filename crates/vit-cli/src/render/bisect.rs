//! `vit bisect`: the first release that breaks, with the check that says so.

use vit_contract::output::{BisectFailure, BisectReport, BisectStatus};
use vit_contract::text::{visible, visible_lines};

use super::rehearsal::outcome;
use super::table::{Cell, Table};
use super::{Coloring, Paint, View, names, next, problems, seconds};

/// How many lines of output are shown.
const TAIL_LINES: usize = 12;

/// The report as text.
#[must_use]
pub fn bisect(report: &BisectReport, view: View) -> String {
    let paint: Coloring = match report.status {
        BisectStatus::Found => Paint::red,
        BisectStatus::NothingFails => Paint::green,
        BisectStatus::Narrowed | BisectStatus::CouldNotTell => Paint::yellow,
    };
    let mut out = format!("{}\n", paint(view.paint, &visible(&report.details)));
    if !report.tried.is_empty() {
        let mut table = Table::new(&["rehearsed", "answer", "time"]).indent(2);
        for tried in &report.tried {
            let (word, paint) = outcome(tried.outcome);
            table.row(vec![
                Cell::new(tried.version.to_string()),
                Cell::new(word).paint(paint),
                Cell::new(seconds(tried.seconds)),
            ]);
        }
        out.push_str(&format!("\n{}", table.draw(view)));
    }
    if let Some(bad) = &report.first_bad {
        out.push_str(&failure(bad, view));
    }
    let label = |name: &str| Cell::new(name).paint(Paint::dim);
    let mut table = Table::bare(0);
    table.row(vec![
        label("last good"),
        Cell::new(report.last_good.to_string()),
    ]);
    let suspects: Vec<String> = report.suspects.iter().map(ToString::to_string).collect();
    if !suspects.is_empty() {
        table.row(vec![
            label("could not tell"),
            Cell::new(names(&suspects, "none")),
        ]);
    }
    for skipped in &report.skipped {
        let why = format!(
            "{}: {} [{}]",
            skipped.version, skipped.problem.message, skipped.problem.code
        );
        table.row(vec![label("blocked"), Cell::new(why)]);
    }
    let whole = View {
        width: None,
        ..view
    };
    out.push_str(&format!("\n{}", table.draw(whole)));
    out.push_str(&next(view, &report.next));
    out
}

fn failure(bad: &BisectFailure, view: View) -> String {
    let mut out = problems::problems(std::iter::once(&bad.check), view);
    let lines: Vec<&str> = bad.tail.lines().collect();
    for line in lines.iter().skip(lines.len().saturating_sub(TAIL_LINES)) {
        let line = format!("  | {}", visible_lines(line));
        out.push_str(&format!("{}\n", view.paint.dim(&line)));
    }
    if let Some(folder) = &bad.evidence {
        out.push_str(&format!("  evidence: {}\n", visible(folder)));
    }
    out
}

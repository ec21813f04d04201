//! Problems, grouped worst first: code, message, evidence, who can do what about it.

use vit_contract::problem::{Problem, Severity};
use vit_contract::snippet;
use vit_contract::text::visible;
use vit_contract::verdict;

use super::{View, count};

/// All problems under one heading a severity; empty where there is none.
#[must_use]
pub fn problems<'a>(problems: impl IntoIterator<Item = &'a Problem>, view: View) -> String {
    let mut sorted: Vec<Problem> = Vec::new();
    for problem in problems {
        if !sorted.contains(problem) {
            sorted.push(problem.clone());
        }
    }
    verdict::sort(&mut sorted);
    let mut out = String::new();
    for severity in [Severity::Blocked, Severity::Warning, Severity::Info] {
        let group: Vec<&Problem> = sorted.iter().filter(|p| p.severity == severity).collect();
        if group.is_empty() {
            continue;
        }
        out.push('\n');
        out.push_str(&heading(severity, group.len(), view));
        for problem in group {
            out.push_str(&one(problem, view));
        }
    }
    out
}

fn heading(severity: Severity, number: usize, view: View) -> String {
    match severity {
        Severity::Blocked => {
            let verb = if number == 1 { "blocks" } else { "block" };
            format!(
                "{}\n",
                view.paint
                    .red(&format!("{} {verb}", count(number, "problem")))
            )
        }
        Severity::Warning => format!("{}\n", view.paint.yellow(&count(number, "warning"))),
        Severity::Info => format!("{}\n", view.paint.dim(&count(number, "note"))),
    }
}

/// One problem, indented by two: with the offending line as rustc does where it is known.
#[must_use]
pub fn one(problem: &Problem, view: View) -> String {
    let place = problem.place.as_ref();
    if place.is_some_and(|place| place.text.is_some()) {
        let shown = snippet::render(problem, view.paint.color);
        return shown.lines().map(|line| format!("  {line}\n")).collect();
    }
    short(problem, view)
}

fn short(problem: &Problem, view: View) -> String {
    let paint = view.paint;
    let mut out = format!(
        "  {}: {} {}\n",
        paint.bold(&visible(&problem.subject)),
        visible(&problem.message),
        paint.dim(&format!("[{}]", problem.code)),
    );
    let mut add = |line: &str| {
        out.push_str("    ");
        out.push_str(line);
        out.push('\n');
    };
    if let Some(place) = &problem.place {
        add(&format!("at {}", visible(&place.to_string())));
    }
    for line in problem.evidence.iter().flat_map(|text| text.lines()) {
        add(&visible(line));
    }
    if let Some(hint) = &problem.hint {
        let whose = problem
            .who
            .map_or_else(|| "fix:".to_owned(), |who| format!("fix ({who}):"));
        let mut lines = hint.lines();
        let first = visible(lines.next().unwrap_or_default());
        add(&format!("{} {first}", paint.cyan(&whose)));
        for line in lines {
            add(&format!("  {}", visible(line)));
        }
    }
    if let Some(url) = &problem.url {
        add(&paint.dim(&format!("see {}", visible(url))));
    }
    out
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::render::{Paint, samples};

    #[test]
    fn worst_first_each_with_its_fix() {
        assert_snapshot!(problems(&samples::problems(), View::default()), @"
        1 problem blocks
          finance: the target is newer than the vertical's max_core_version [core_above_maximum]
            max_core_version is 1.x.x
            the target is 2.0.0
            fix (vertical's owner): test against 2.0.0, then raise max_core_version
            see https://example.org/contract#range

        1 warning
          warning[contact_not_email]: the contact is no e-mail address
            --> domains/energy/vertical_manifest.yaml:14:12
             |
          14 |   contact: the energy team
             |            ^^^^^^^^^^^^^^^

        1 note
          v1.1.0: the release names no channel [channel_assumed]
        ");
    }

    #[test]
    fn in_colour() {
        let view = View {
            paint: Paint { color: true },
            width: Some(80),
            ..View::default()
        };
        let drawn = problems(&samples::problems(), view).replace('\u{1b}', "^");
        assert_snapshot!(drawn, @"
        ^[1m^[31m1 problem blocks^[0m
          ^[1mfinance^[0m: the target is newer than the vertical's max_core_version ^[2m[core_above_maximum]^[0m
            max_core_version is 1.x.x
            the target is 2.0.0
            ^[36mfix (vertical's owner):^[0m test against 2.0.0, then raise max_core_version
            ^[2msee https://example.org/contract#range^[0m

        ^[33m1 warning^[0m
          ^[1m^[33mwarning[contact_not_email]^[0m^[1m: the contact is no e-mail address^[0m
            ^[1m^[94m--> ^[0mdomains/energy/vertical_manifest.yaml:14:12
             ^[1m^[94m|^[0m
          ^[1m^[94m14^[0m ^[1m^[94m|^[0m   contact: the energy team
             ^[1m^[94m|^[0m            ^[1m^[33m^^^^^^^^^^^^^^^^[0m

        ^[2m1 note^[0m
          ^[1mv1.1.0^[0m: the release names no channel ^[2m[channel_assumed]^[0m
        ");
    }

    #[test]
    fn the_same_problem_stands_once() {
        let twice = [samples::problems(), samples::problems()].concat();
        assert_eq!(
            problems(&twice, View::default()),
            problems(&samples::problems(), View::default())
        );
    }
}

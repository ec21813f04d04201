//! How a transaction ended: one clear line, the proof, what failed, what to do.

use vit_contract::history::Proof;
use vit_contract::output::{SmokeOutcome, SmokeResult, TransactionReport, TransactionStatus};

use super::table::{Cell, Table};
use super::{Paint, View, branch, next, outcome_words, problems, seconds, short};
use crate::shim::visible;

/// The report as text.
#[must_use]
pub fn transaction(report: &TransactionReport, view: View) -> String {
    let mut out = format!("{}\n", headline(report, view));
    out.push_str(&facts(report, view));
    out.push_str(&smoke_tests("smoke test", &report.smoke_tests, view));
    out.push_str(&smoke_tests(
        "after the rollback",
        &report.smoke_tests_after_rollback,
        view,
    ));
    out.push_str(&failed_before(report, view));
    if let Some(cause) = report.problems.first() {
        let first = problems::one(cause, view);
        out.push_str(&format!("\n{}\n{first}", view.paint.red("first cause")));
        out.push_str(&problems::problems(&report.problems[1..], view));
    }
    for test in report
        .smoke_tests
        .iter()
        .chain(&report.smoke_tests_after_rollback)
    {
        out.push_str(&tail(test, view));
    }
    if let Some(folder) = &report.evidence {
        out.push_str(&format!("\nevidence: {}\n", visible(folder)));
    }
    if let Some(command) = &report.next {
        out.push_str(&next(view, command));
    }
    out
}

fn headline(report: &TransactionReport, view: View) -> String {
    let paint = view.paint;
    let known = |version: &Option<String>| {
        version
            .as_deref()
            .map_or_else(|| "unknown".to_owned(), visible)
    };
    let (from, to) = (known(&report.from_version), known(&report.to_version));
    let took = seconds(report.seconds);
    match report.status {
        TransactionStatus::Applied => {
            let verb = match report.schema.as_str() {
                "vit.upgrade/1" => "upgraded",
                "vit.rollback/1" => "went back",
                "vit.repair/1" => "repaired",
                _ => "finished",
            };
            let line = format!("{verb} {from} → {to}");
            format!("{} ({took})", paint.green(&line))
        }
        TransactionStatus::RollbackExecuted => {
            let line = format!("rolled back: {from} is restored and verified");
            format!("{} ({took})", paint.red(&line))
        }
        TransactionStatus::Inconsistent => {
            let line = format!("INCONSISTENT: {from} could not be restored and verified");
            format!("{} ({took})", paint.red(&line))
        }
        TransactionStatus::Blocked => {
            let label = paint.red("blocked, nothing was changed:");
            format!("{label} {}", visible(&report.details))
        }
        TransactionStatus::Aborted => {
            let label = paint.yellow("stopped, nothing was changed:");
            format!("{label} {}", visible(&report.details))
        }
        TransactionStatus::NothingToDo => visible(&report.details),
    }
}

/// Proof, snapshot and id.
fn facts(report: &TransactionReport, view: View) -> String {
    let label = |name: &str| Cell::new(name).paint(Paint::dim);
    let mut table = Table::bare(2);
    if let Some(proof) = &report.proof {
        let (state, paint): (_, fn(Paint, &str) -> String) = if proof.verified {
            ("verified by content", Paint::green)
        } else {
            ("NOT verified", Paint::red)
        };
        table.row(vec![label("proof"), Cell::new(state).paint(paint)]);
        for (name, value) in proof_lines(proof) {
            table.row(vec![label(name), Cell::new(value)]);
        }
    }
    if let Some(tag) = &report.snapshot_tag {
        table.row(vec![label("snapshot"), Cell::new(tag)]);
    }
    if let Some(id) = &report.id {
        table.row(vec![label("transaction"), Cell::new(id)]);
    }
    let mut out = table.draw(View {
        width: None,
        ..view
    });
    for mismatch in report.proof.iter().flat_map(|proof| &proof.mismatches) {
        let line = format!("  - {}", visible(mismatch));
        out.push_str(&format!("{}\n", view.paint.red(&line)));
    }
    out
}

/// What was compared, by name.
pub(super) fn proof_lines(proof: &Proof) -> [(&'static str, String); 3] {
    [
        ("head", short(&proof.head)),
        ("branch", branch(proof.branch.as_deref())),
        ("tree", short(&proof.tree)),
    ]
}

fn smoke_tests(heading: &str, tests: &[SmokeResult], view: View) -> String {
    if tests.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[heading, "outcome", "took", ""]).indent(2);
    for test in tests {
        let passed = test.outcome == SmokeOutcome::Pass;
        let left = match test.leftover_processes {
            0 => String::new(),
            left => format!("{left} left-over processes ended"),
        };
        table.row(vec![
            Cell::new(&test.vertical),
            Cell::new(outcome_words(test)).paint(if passed { Paint::green } else { Paint::red }),
            Cell::new(seconds(test.seconds)),
            Cell::new(left),
        ]);
    }
    format!("\n{}", table.draw(view))
}

/// Smoke tests that fail on the restored release too were most probably not broken by the upgrade.
fn failed_before(report: &TransactionReport, view: View) -> String {
    let mut out = String::new();
    for test in &report.smoke_tests_after_rollback {
        let failed_twice = test.outcome != SmokeOutcome::Pass
            && report.smoke_tests.iter().any(|first| {
                first.vertical == test.vertical && first.outcome != SmokeOutcome::Pass
            });
        if failed_twice {
            let line = format!(
                "the smoke test of {} fails on the restored release too: look at the test or its \
                 surroundings first",
                visible(&test.vertical)
            );
            out.push_str(&format!("{}\n", view.paint.yellow(&line)));
        }
    }
    out
}

/// The end of a failed test's output, indented so that nothing of it looks like ours.
fn tail(test: &SmokeResult, view: View) -> String {
    if test.outcome == SmokeOutcome::Pass || test.tail.trim().is_empty() {
        return String::new();
    }
    let mut out = format!("\nthe end of {}'s output:\n", visible(&test.vertical));
    for line in test.tail.lines() {
        out.push_str(&format!("  {} {}\n", view.paint.dim("|"), visible(line)));
    }
    out
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::render::samples;

    #[test]
    fn an_upgrade_that_went_well() {
        assert_snapshot!(transaction(&samples::applied(), View::default()), @"");
    }

    #[test]
    fn an_upgrade_that_was_rolled_back() {
        assert_snapshot!(transaction(&samples::rolled_back(), View::default()), @"");
    }

    #[test]
    fn an_inconsistent_end_in_colour() {
        let view = View {
            paint: Paint { color: true },
            width: Some(80),
        };
        let drawn = transaction(&samples::inconsistent(), view).replace('\u{1b}', "^");
        assert_snapshot!(drawn, @"");
    }

    #[test]
    fn nothing_to_do_and_stopped() {
        let report = TransactionReport {
            status: TransactionStatus::Aborted,
            details: "interrupted before anything changed".into(),
            ..samples::nothing("vit.upgrade/1")
        };
        assert_snapshot!(transaction(&report, View::default()), @"");
        assert_snapshot!(transaction(&samples::nothing("vit.recover/1"), View::default()), @"");
    }
}

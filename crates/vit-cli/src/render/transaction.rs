//! How a transaction ended: one clear line, the proof, what failed, what to do.

use vit_contract::code::Code;
use vit_contract::history::Proof;
use vit_contract::output::{SmokeOutcome, SmokeResult, TransactionReport, TransactionStatus};
use vit_contract::plan::Kind;
use vit_contract::problem::Problem;
use vit_contract::text::visible;

use super::table::{Cell, Table};
use super::{
    Coloring, Paint, View, branch, bytes, environment, next, outcome_words, problems, seconds,
    short,
};

/// How many lines of a failed test's output are shown; the rest is in the evidence.
const TAIL_LINES: usize = 20;

/// The report as text.
#[must_use]
pub fn transaction(report: &TransactionReport, view: View) -> String {
    let mut out = hops(report, view);
    out.push_str(&format!("{}\n", headline(report, view)));
    out.push_str(&facts(report, view));
    out.push_str(&smoke_tests("smoke test", &report.smoke_tests, view));
    out.push_str(&smoke_tests(
        "after the rollback",
        &report.smoke_tests_after_rollback,
        view,
    ));
    out.push_str(&failed_before(report, view));
    if report.status == TransactionStatus::Applied {
        out.push_str(&problems::problems(&report.problems, view));
    } else if let Some(cause) = report.problems.first() {
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
            let verb = match report.plan.as_ref().map(|plan| plan.kind) {
                Some(Kind::Upgrade) => "upgraded",
                Some(Kind::Rollback) => "went back",
                Some(Kind::Repair) => "repaired",
                None => "finished",
            };
            let line = format!("{verb} {from} → {to}");
            format!("{} ({took})", paint.green(&line))
        }
        TransactionStatus::RollbackExecuted => {
            let mut line = format!("rolled back: {from} is restored and verified");
            let left = |problem: &&Problem| problem.code == Code::OwnStepNotUndone;
            for problem in report.problems.iter().filter(left) {
                let step = visible(&problem.subject);
                line.push_str(&format!(", but NOT what the step {step} did"));
            }
            format!("{} ({took})", paint.red(&line))
        }
        TransactionStatus::Inconsistent => {
            let line = format!("INCONSISTENT: {from} could not be restored and verified");
            format!("{} ({took})", paint.red(&line))
        }
        TransactionStatus::Blocked if report.hops.is_empty() => {
            paint.red(&visible(&report.details))
        }
        TransactionStatus::Blocked => paint.red("nothing more was changed"),
        TransactionStatus::Aborted if !report.hops.is_empty() => {
            paint.yellow("nothing more was changed")
        }
        TransactionStatus::Aborted => {
            let label = paint.yellow("stopped, nothing was changed:");
            format!("{label} {}", visible(&report.details))
        }
        TransactionStatus::NothingToDo => visible(&report.details),
    }
}

/// What became of each release of a chain.
fn hops(report: &TransactionReport, view: View) -> String {
    let mut out = String::new();
    for hop in &report.hops {
        let (word, paint): (_, Coloring) = match hop.status {
            TransactionStatus::Applied => ("done", Paint::green),
            TransactionStatus::NothingToDo => ("nothing to do", Paint::dim),
            TransactionStatus::Blocked => ("blocked", Paint::red),
            TransactionStatus::Aborted => ("not begun", Paint::yellow),
            TransactionStatus::RollbackExecuted => ("rolled back", Paint::red),
            TransactionStatus::Inconsistent => ("INCONSISTENT", Paint::red),
        };
        let version = visible(&hop.version.to_string());
        out.push_str(&format!("hop to {version}: {}\n", paint(view.paint, word)));
    }
    let whole = report
        .hops
        .iter()
        .all(|hop| hop.status == TransactionStatus::Applied);
    if !whole {
        out.push_str(&format!("{}\n", view.paint.red(&visible(&report.details))));
    }
    out
}

/// Proof, snapshot and id.
fn facts(report: &TransactionReport, view: View) -> String {
    let label = |name: &str| Cell::new(name).paint(Paint::dim);
    let mut table = Table::bare(2);
    if let Some(proof) = &report.proof {
        let (state, paint): (_, Coloring) = if proof.verified {
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
pub(super) fn proof_lines(proof: &Proof) -> Vec<(&'static str, String)> {
    let mut lines = vec![
        ("head", short(&proof.head)),
        ("branch", branch(proof.branch.as_deref())),
        ("tree", short(&proof.tree)),
    ];
    let environment = proof.environment.as_ref();
    lines.extend(environment.map(|proof| ("environment", environment::proof(proof))));
    lines
}

pub(super) fn smoke_tests(heading: &str, tests: &[SmokeResult], view: View) -> String {
    if tests.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&[heading, "outcome", "took", ""]).indent(2);
    for test in tests {
        let passed = test.outcome == SmokeOutcome::Pass;
        let left = match test.leftover_processes {
            0 => String::new(),
            1 => "1 process left behind, ended".to_owned(),
            left => format!("{left} processes left behind, ended"),
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
            out.push_str(&format!("\n{}\n", view.paint.yellow(&line)));
        }
    }
    out
}

/// The end of a failed test's output, indented so that nothing of it looks like ours.
pub(super) fn tail(test: &SmokeResult, view: View) -> String {
    if test.outcome == SmokeOutcome::Pass || test.tail.trim().is_empty() {
        return String::new();
    }
    let lines: Vec<&str> = test.tail.lines().collect();
    let last = &lines[lines.len().saturating_sub(TAIL_LINES)..];
    let size = bytes(test.output_bytes);
    let mut out = format!(
        "\nthe end of {}'s output ({size} in all):\n",
        visible(&test.vertical)
    );
    for line in last {
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
        assert_snapshot!(transaction(&samples::applied(), View::default()), @"
        upgraded 1.0.0 → 1.1.0 (3.4s)
          proof        verified by content
          head         bbbbbbbbbb
          branch       detached
          tree         eeeeeeeeee
          snapshot     pre-upgrade-20260301-080000
          transaction  20260301-080000-1f

          smoke test  outcome  took
          finance     pass     2.1s

        next: vit verify
        ");
    }

    #[test]
    fn an_upgrade_that_was_rolled_back() {
        assert_snapshot!(transaction(&samples::rolled_back(), View::default()), @r"
        rolled back: 1.0.0 is restored and verified (3.4s)
          proof        verified by content
          head         aaaaaaaaaa
          branch       main
          tree         eeeeeeeeee
          snapshot     pre-upgrade-20260301-080000
          transaction  20260301-080000-1f

          smoke test  outcome        took
          energy      fail (exit 1)  2.1s  1 process left behind, ended
          finance     pass           2.1s

          after the rollback  outcome        took
          energy              fail (exit 1)  2.1s  1 process left behind, ended

        the smoke test of energy fails on the restored release too: look at the test or its surroundings first

        first cause
          energy: the smoke test failed [smoke_test_failed]
            exit 1 after 2.1 s
            fix (vertical's owner): look at the end of its output

        1 warning
          energy: 1 file was left behind [smoke_test_left_files]

        the end of energy's output (61 B in all):
          | loading plugins
          | AssertionError: expected 3, got \x1b[31m4

        evidence: /srv/core/.git/vit/evidence/20260301-080000-1f

        next: vit explain 20260301
        ");
    }

    #[test]
    fn an_inconsistent_end_in_colour() {
        let view = View {
            paint: Paint { color: true },
            width: Some(80),
            ..View::default()
        };
        let drawn = transaction(&samples::inconsistent(), view).replace('\u{1b}', "^");
        assert_snapshot!(drawn, @r"
        ^[1m^[31mINCONSISTENT: 1.0.0 could not be restored and verified^[0m (3.4s)
          ^[2mproof^[0m        ^[1m^[31mNOT verified^[0m
          ^[2mhead^[0m         aaaaaaaaaa
          ^[2mbranch^[0m       main
          ^[2mtree^[0m         eeeeeeeeee
          ^[2msnapshot^[0m     pre-upgrade-20260301-080000
          ^[2mtransaction^[0m  20260301-080000-1f
        ^[1m^[31m  - vitruvyan_core/core.py: content differs^[0m

          ^[2msmoke test^[0m  ^[2moutcome^[0m        ^[2mtook^[0m
          energy      ^[1m^[31mfail (exit 1)^[0m  2.1s  1 process left behind, ended
          finance     ^[32mpass^[0m           2.1s

        ^[1m^[31mfirst cause^[0m
          ^[1menergy^[0m: the smoke test failed ^[2m[smoke_test_failed]^[0m
            exit 1 after 2.1 s
            ^[36mfix (vertical's owner):^[0m look at the end of its output

        ^[33m1 warning^[0m
          ^[1menergy^[0m: 1 file was left behind ^[2m[smoke_test_left_files]^[0m

        the end of energy's output (61 B in all):
          ^[2m|^[0m loading plugins
          ^[2m|^[0m AssertionError: expected 3, got \x1b[31m4

        evidence: /srv/core/.git/vit/evidence/20260301-080000-1f

        ^[2mnext:^[0m ^[36mvit repair^[0m
        ");
    }

    #[test]
    fn nothing_to_do_and_stopped() {
        let report = TransactionReport {
            status: TransactionStatus::Aborted,
            details: "interrupted before anything changed".into(),
            ..samples::nothing()
        };
        assert_snapshot!(transaction(&report, View::default()), @"stopped, nothing was changed: interrupted before anything changed");
        assert_snapshot!(transaction(&samples::nothing(), View::default()), @"no transaction is open");
    }
}

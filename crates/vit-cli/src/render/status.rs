//! `vit status`: what is installed and how it stands.

use jiff::Timestamp;
use vit_contract::code::Code;
use vit_contract::history::Outcome;
use vit_contract::output::{LastCheck, Source, StatusReport, UpdateStatus, VerticalStatus};
use vit_contract::text::visible;

use super::history::outcome_cell;
use super::quarantine;
use super::source::source;
use super::table::{Cell, Table};
use super::update::{answer_cell, channel};
use super::{Coloring, Paint, View, branch, count, names, next, problems, short, time};

/// The report as text.
#[must_use]
pub fn status(report: &StatusReport, view: View) -> String {
    let mut out = alarms(report, view);
    let version = report
        .core_version
        .as_ref()
        .map_or_else(|| "unknown".to_owned(), |v| visible(&v.to_string()));
    let source = match report.core_version {
        Some(_) => format!("({})", visible(&report.core_version_source)),
        None => String::new(),
    };
    let line = format!(
        "Core {} {}",
        view.paint.bold(&version),
        view.paint.dim(&source)
    );
    out.push_str(&format!("{}\n", line.trim_end()));
    out.push_str(&facts(report, view));
    out.push_str(&verticals(&report.verticals, view));
    out.push_str(&changed(report, view));
    out.push_str(&problems::problems(&report.problems, view));
    if let Some(command) = &report.next {
        out.push_str(&next(view, command));
    }
    out
}

/// What must be seen before everything else.
fn alarms(report: &StatusReport, view: View) -> String {
    let mut out = String::new();
    if report.inconsistent {
        let line = "INCONSISTENT: an earlier failure could not be undone and verified";
        out.push_str(&format!("{}\n", view.paint.red(line)));
    }
    if let Some(trial) = &report.trial {
        let what = if trial.watched {
            "`vit confirm` commits it now"
        } else {
            "`vit confirm` commits it, `vit rollback` takes it back"
        };
        let version = visible(&trial.version);
        let line = format!("{version} is on trial until {}: {what}", time(trial.until));
        out.push_str(&format!("{}\n", view.paint.yellow(&line)));
    }
    // With somebody at work nothing is wrong; who that is stands among the notes.
    let at_work = report.problems.iter().any(|p| p.code == Code::LockHeld);
    if let Some(id) = report.open_transaction.as_ref().filter(|_| !at_work) {
        let line = format!("transaction {} was interrupted: `vit recover`", visible(id));
        out.push_str(&format!("{}\n", view.paint.red(&line)));
    }
    out
}

fn facts(report: &StatusReport, view: View) -> String {
    let label = |name: &str| Cell::new(name).paint(Paint::dim);
    let mut table = Table::bare(2);
    table.row(vec![label("root"), Cell::new(&report.root)]);
    let position = report.position.as_ref().map_or_else(
        || "no commit yet".to_owned(),
        |p| format!("{} {}", short(&p.commit), branch(p.branch.as_deref())),
    );
    table.row(vec![label("head"), Cell::new(position)]);
    table.row(vec![label("channel"), Cell::new(channel(&report.channel))]);
    if !report.holds.is_empty() {
        let held = Cell::new(names(&report.holds, "nothing")).paint(Paint::yellow);
        table.row(vec![label("held"), held]);
    }
    for (index, release) in report.quarantine.iter().enumerate() {
        let name = if index == 0 { "quarantine" } else { "" };
        let held = release.lifted_by.is_empty();
        let paint: Coloring = if held { Paint::yellow } else { Paint::dim };
        let text = Cell::new(quarantine::line(release)).paint(paint);
        table.row(vec![label(name), text]);
    }
    table.row(vec![label("releases"), last_check(report, view)]);
    let last = report.last_transaction.as_ref().map_or_else(
        || Cell::new("nothing was done yet").paint(Paint::dim),
        |entry| {
            let text = format!(
                "{} → {} {} on {}",
                entry.from_version,
                entry.to_version,
                entry.status.as_str(),
                time(entry.timestamp)
            );
            match entry.status {
                Outcome::Success => Cell::new(text),
                Outcome::RollbackExecuted | Outcome::Failed | Outcome::Inconsistent => {
                    outcome_cell(entry.status, text)
                }
            }
        },
    );
    table.row(vec![label("last"), last]);
    table.draw(View {
        width: None,
        ..view
    })
}

fn last_check(report: &StatusReport, view: View) -> Cell {
    let Some(check) = &report.last_check else {
        let core = report.core_version.as_ref();
        // An answer for another version does not count: "not asked yet" alone would be untrue.
        let since = core.map_or_else(String::new, |version| format!(" since {version} is here"));
        return Cell::new(format!("not asked{since}: `vit update`")).paint(Paint::dim);
    };
    let when = asked(check, report.timestamp, view);
    match (check.status, &check.offered) {
        (_, Some(version)) => {
            Cell::new(format!("{version} is available ({when})")).paint(Paint::green)
        }
        (UpdateStatus::Blocked, None) => Cell::new(format!(
            "{} newer, blocked ({when})",
            count(check.blocked.len(), "release")
        ))
        .paint(Paint::yellow),
        (UpdateStatus::UpToDate, None) => Cell::new(format!("up to date ({when})")),
        (
            UpdateStatus::Compatible
            | UpdateStatus::CompatibleWithWarnings
            | UpdateStatus::Error
            | UpdateStatus::RollbackExecuted,
            None,
        ) => Cell::new(format!("no answer ({when})")).paint(Paint::yellow),
    }
}

/// Where the answer came from and when, as seen now.
fn asked(check: &LastCheck, now: Option<Timestamp>, view: View) -> String {
    match (&check.source, now) {
        // What was said of it then (tags that are no releases) is for `vit update`.
        (Some(from), Some(now)) => {
            let brief = Source {
                ignored_tags: 0,
                cached: false,
                ..from.clone()
            };
            source(&brief, now, view)
        }
        _ => format!("asked {}", time(check.timestamp)),
    }
}

fn verticals(verticals: &[VerticalStatus], view: View) -> String {
    if verticals.is_empty() {
        return "\nno vertical is declared\n".to_owned();
    }
    let heading = [
        "vertical",
        "version",
        "status",
        "takes Core",
        "answer",
        "smoke test",
        "manifest",
    ];
    let mut table = Table::new(&heading).indent(2);
    for vertical in verticals {
        let version = vertical.version.as_ref().map(ToString::to_string);
        table.row(vec![
            Cell::new(&vertical.name),
            Cell::new(version.as_deref().unwrap_or("-")),
            Cell::new(vertical.status.as_deref().unwrap_or("-")),
            Cell::new(vertical.core.as_deref().unwrap_or("-")),
            answer_cell(vertical.answer),
            if vertical.smoke_test {
                Cell::new("yes")
            } else {
                Cell::new("none").paint(Paint::yellow)
            },
            Cell::new(&vertical.manifest).paint(Paint::dim),
        ]);
    }
    format!("\n{}", table.draw(view))
}

fn changed(report: &StatusReport, view: View) -> String {
    if report.changed_count == 0 {
        return String::new();
    }
    let title = format!("{} with changes", count(report.changed_count, "file"));
    let mut out = format!("\n{}\n", view.paint.yellow(&title));
    for file in &report.changed_files {
        out.push_str(&format!("  {}\n", visible(file)));
    }
    let more = report
        .changed_count
        .saturating_sub(report.changed_files.len());
    if more > 0 {
        out.push_str(&format!("  +{more} more: git status\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use vit_contract::output::TrialStatus;

    use super::*;
    use crate::render::samples;

    #[test]
    fn an_installation_that_needs_a_look() {
        assert_snapshot!(status(&samples::status(), View::default()), @"
        Core 1.0.0 (tag v1.0.0 at HEAD)
          root        /srv/core
          head        aaaaaaaaaa main
          channel     stable (set by manifest of finance)
          held        1.2.0
          quarantine  1.2.0: failed 3 times, last on 2026-03-01 08:00:03Z: smoke_test_failed: energy: the smoke test failed (exit 1) (transaction 20260302-090000-2c)
          releases    1.1.0 is available (git origin, asked 2 h ago)
          last        1.0.0 → 1.2.0 rollback_executed on 2026-03-01 08:00:03Z

          vertical  version  status  takes Core      answer  smoke test  manifest
          finance   0.2.0    active  1.0.0 to 1.x.x  ok      yes         domains/finance/vertical_manifest.yaml

        3 files with changes
          vitruvyan_core/core.py
          +2 more: git status

        1 problem blocks
          working tree: 2 tracked files have changes [dirty_tree]
            vitruvyan_core/core.py
            contracts/events.py
            fix (you): git stash push, or git commit

        next: vit plan
        ");
    }

    #[test]
    fn alarms_come_first() {
        let report = StatusReport {
            inconsistent: true,
            open_transaction: Some("20260219-164500-ab12".into()),
            trial: Some(TrialStatus {
                id: "t1".into(),
                version: "1.1.0".into(),
                until: jiff::Timestamp::UNIX_EPOCH,
                watched: false,
            }),
            ..samples::status()
        };
        let text = status(&report, View::default());
        let first: Vec<&str> = text.lines().take(4).collect();
        assert_snapshot!(first.join("\n"), @"
        INCONSISTENT: an earlier failure could not be undone and verified
        1.1.0 is on trial until 1970-01-01 00:00:00Z: `vit confirm` commits it, `vit rollback` takes it back
        transaction 20260219-164500-ab12 was interrupted: `vit recover`
        Core 1.0.0 (tag v1.0.0 at HEAD)
        ");
    }
}

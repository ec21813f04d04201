//! `vit update`: what is offered, what is blocked and why.

use std::collections::BTreeSet;

use vit_contract::channel::Channel;
use vit_contract::output::{Candidate, ChannelChoice, UpdateReport, UpdateStatus};
use vit_contract::problem::Problem;
use vit_contract::text::visible;

use super::source::source;
use super::table::{Cell, Table};
use super::{Paint, View, count, date, names, next, problems};

/// The report as text.
#[must_use]
pub fn update(report: &UpdateReport, view: View) -> String {
    let mut out = headline(report, view);
    if let Some(offered) = &report.offered
        && !offered.verdict.verticals.is_empty()
    {
        out.push('\n');
        out.push_str(&verticals(offered, view));
    }
    out.push_str(&blocked(&report.blocked, view));
    // What stands under a blocked release is not said twice.
    let said: Vec<&Problem> = report
        .blocked
        .iter()
        .flat_map(|candidate| candidate.verdict.problems())
        .collect();
    let others = report
        .problems
        .iter()
        .filter(|&problem| !(problem.blocks() && said.contains(&problem)));
    out.push_str(&problems::problems(others, view));
    out.push_str(&unusable(&report.unusable, view));
    out.push('\n');
    out.push_str(&format!(
        "{}\n",
        view.paint.dim(&format!(
            "channel {}; {}",
            channel(&report.channel),
            format_args!(
                "releases from {}",
                source(&report.source, report.timestamp, view)
            )
        ))
    ));
    if !report.next.is_empty() {
        out.push_str(&next(view, &report.next));
    }
    out
}

fn headline(report: &UpdateReport, view: View) -> String {
    let paint = view.paint;
    let from = report
        .current_version
        .as_ref()
        .map_or_else(|| "unknown".to_owned(), |v| visible(&v.to_string()));
    let line = match (report.status, &report.offered) {
        (UpdateStatus::Compatible | UpdateStatus::CompatibleWithWarnings, Some(offered)) => {
            let way = paint.bold(&format!(
                "{from} → {}",
                visible(&offered.version.to_string())
            ));
            let warns = report.status == UpdateStatus::CompatibleWithWarnings;
            let how = if warns {
                paint.yellow("is available, with warnings")
            } else {
                paint.green("is available")
            };
            format!("{way} {how} ({})", released(offered))
        }
        (UpdateStatus::UpToDate, _) => format!(
            "{} {}",
            paint.bold(&from),
            paint.green("is the newest: up to date")
        ),
        (UpdateStatus::Blocked, _) => format!(
            "{} stays: {}",
            paint.bold(&from),
            paint.red(&format!(
                "everything newer is blocked ({})",
                count(report.blocked.len() + tags(&report.unusable), "release")
            ))
        ),
        (
            UpdateStatus::Compatible
            | UpdateStatus::CompatibleWithWarnings
            | UpdateStatus::Error
            | UpdateStatus::RollbackExecuted,
            _,
        ) => visible(&report.details),
    };
    format!("{line}\n")
}

fn released(candidate: &Candidate) -> String {
    let mut text = candidate.channel.to_string();
    if !candidate.through.is_empty() {
        let through: Vec<String> = candidate.through.iter().map(ToString::to_string).collect();
        text = format!("{text}, through {}", names(&through, ""));
    }
    match candidate.release_date {
        Some(when) => format!("{text}, released {}", date(when)),
        None => text,
    }
}

fn verticals(candidate: &Candidate, view: View) -> String {
    let mut table = Table::new(&["vertical", "status", "answer", "why"]).indent(2);
    for vertical in &candidate.verdict.verticals {
        let codes: Vec<&str> = vertical.problems.iter().map(|p| p.code.as_str()).collect();
        table.row(vec![
            Cell::new(&vertical.vertical),
            Cell::new(vertical.status.map_or("-", |status| status.as_str())),
            answer_cell(vertical.answer),
            Cell::new(codes.join(", ")),
        ]);
    }
    table.draw(view)
}

/// An answer as a cell in its colour.
pub(super) fn answer_cell(answer: vit_contract::verdict::Answer) -> Cell {
    use vit_contract::verdict::Answer;
    match answer {
        Answer::Compatible => Cell::new("ok").paint(Paint::green),
        Answer::CompatibleWithWarnings => Cell::new("warning").paint(Paint::yellow),
        Answer::Blocked => Cell::new("blocked").paint(Paint::red),
    }
}

fn blocked(candidates: &[Candidate], view: View) -> String {
    let mut out = String::new();
    for candidate in candidates {
        let version = visible(&candidate.version.to_string());
        out.push_str(&format!(
            "\n{} {} ({})\n",
            view.paint.bold(&version),
            view.paint.red("is blocked"),
            released(candidate)
        ));
        for problem in candidate.verdict.problems().filter(|p| p.blocks()) {
            out.push_str(&problems::one(problem, view));
        }
    }
    out
}

fn unusable(releases: &[Problem], view: View) -> String {
    if releases.is_empty() {
        return String::new();
    }
    let number = tags(releases);
    let verb = if number == 1 { "is" } else { "are" };
    let mut out = format!("\n{} {verb} no target\n", count(number, "release"));
    for problem in releases {
        out.push_str(&problems::one(problem, view));
    }
    out
}

/// How many releases these problems are about.
fn tags(problems: &[Problem]) -> usize {
    let subjects: BTreeSet<&str> = problems.iter().map(|p| p.subject.as_str()).collect();
    subjects.len()
}

/// A channel, and who set it.
pub(super) fn channel(choice: &ChannelChoice) -> String {
    let name: Channel = choice.channel;
    format!("{name} (set by {})", visible(&choice.set_by))
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::render::samples;

    #[test]
    fn an_update_with_a_newer_one_blocked() {
        assert_snapshot!(update(&samples::update(), View::default()), @"
        1.0.0 → 1.1.0 is available, with warnings (stable, released 2026-02-19)

          vertical  status      answer   why
          energy    deprecated  warning  contact_not_email
          finance   active      ok

        2.0.0 is blocked (stable, released 2026-02-19)
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

        1 release is no target
          v9.9.9: the metadata's version is 1.0.0 [metadata_version_mismatch]

        channel stable (set by manifest of finance); releases from git origin, asked now; 12 tags are no releases

        next: vit plan
        ");
    }

    #[test]
    fn up_to_date() {
        let report = UpdateReport {
            status: UpdateStatus::UpToDate,
            offered: None,
            blocked: Vec::new(),
            unusable: Vec::new(),
            problems: Vec::new(),
            ..samples::update()
        };
        assert_snapshot!(update(&report, View::default()), @"
        1.0.0 is the newest: up to date

        channel stable (set by manifest of finance); releases from git origin, asked now; 12 tags are no releases

        next: vit plan
        ");
    }

    #[test]
    fn everything_newer_is_blocked() {
        let report = UpdateReport {
            status: UpdateStatus::Blocked,
            offered: None,
            unusable: Vec::new(),
            problems: Vec::new(),
            ..samples::update()
        };
        assert_snapshot!(update(&report, View::default()), @"
        1.0.0 stays: everything newer is blocked (1 release)

        2.0.0 is blocked (stable, released 2026-02-19)
          finance: the target is newer than the vertical's max_core_version [core_above_maximum]
            max_core_version is 1.x.x
            the target is 2.0.0
            fix (vertical's owner): test against 2.0.0, then raise max_core_version
            see https://example.org/contract#range

        channel stable (set by manifest of finance); releases from git origin, asked now; 12 tags are no releases

        next: vit plan
        ");
    }
}

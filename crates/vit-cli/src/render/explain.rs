//! `vit explain`: the story of a transaction, in the order in which somebody asks for it.

use vit_contract::output::explain::{
    ExplainReport, LaterTransaction, StageOutcome, StoryEnd, StoryStage, StoryState,
};
use vit_contract::output::{EvidenceBundle, EvidenceState};
use vit_contract::text::visible;

use super::history::{kind, outcome_cell};
use super::table::{Cell, Table};
use super::transaction::{proof_lines, smoke_tests, tail};
use super::{Coloring, Paint, View, bytes, count, names, next, problems, seconds, short, time};

/// The story as text.
#[must_use]
pub fn story(report: &ExplainReport, view: View) -> String {
    let parts = [
        headline(report, view),
        facts(report, view),
        allowed(report, view),
        stages(report, view),
        smoke_tests("smoke test", &report.smoke_tests, view),
        cause(report, view),
        undone(report, view),
        smoke_tests(
            "after the rollback",
            &report.smoke_tests_after_rollback,
            view,
        ),
        since(report, view),
        evidence(report, view),
        unknown(report, view),
        advice(report, view),
    ];
    parts.concat()
}

/// The word for a state.
pub(super) const fn state_word(state: StoryState) -> &'static str {
    match state {
        StoryState::Applied => "applied",
        StoryState::RolledBack => "rolled back",
        StoryState::Aborted => "stopped before anything changed",
        StoryState::Inconsistent => "INCONSISTENT",
        StoryState::Repaired => "repaired",
        StoryState::Running => "at work now",
        StoryState::Interrupted => "interrupted",
        StoryState::Unknown => "end unknown",
    }
}

fn headline(report: &ExplainReport, view: View) -> String {
    let paint: Coloring = match report.state {
        StoryState::Applied | StoryState::Repaired => Paint::green,
        StoryState::RolledBack | StoryState::Aborted | StoryState::Running => Paint::yellow,
        StoryState::Inconsistent | StoryState::Interrupted | StoryState::Unknown => Paint::red,
    };
    let word = paint(view.paint, state_word(report.state));
    format!("{word}: {}\n", visible(&report.details))
}

/// The seconds between beginning and end.
pub(super) fn took(report: &ExplainReport) -> Option<f64> {
    let (began, ended) = (report.began?, report.ended?);
    Some(ended.duration_since(began).as_secs_f64())
}

/// Who did it, and where.
pub(super) fn who(report: &ExplainReport) -> String {
    match (&report.actor, &report.host) {
        (Some(actor), Some(host)) => format!("{actor}@{host}"),
        (Some(name), None) | (None, Some(name)) => name.clone(),
        (None, None) => "unknown".to_owned(),
    }
}

/// An end with its commit.
pub(super) fn end(end: Option<&StoryEnd>) -> String {
    end.map_or_else(
        || "unknown".to_owned(),
        |end| match &end.position {
            Some(position) => format!("{} ({})", end.version, short(&position.commit)),
            None => end.version.clone(),
        },
    )
}

fn facts(report: &ExplainReport, view: View) -> String {
    let label = |name: &str| Cell::new(name).paint(Paint::dim);
    let mut table = Table::bare(2);
    let mut add = |name: &str, value: &str| table.row(vec![label(name), Cell::new(value)]);
    add("id", &report.id);
    add("what", report.kind.map_or("unknown", kind));
    add("from", &end(report.from.as_ref()));
    add("to", &end(report.to.as_ref()));
    add("who", &who(report));
    if let Some(began) = report.began {
        add("began", &time(began));
    }
    if let Some(ended) = report.ended {
        let took = took(report).map(|took| format!(" (after {})", seconds(took)));
        add(
            "ended",
            &format!("{}{}", time(ended), took.unwrap_or_default()),
        );
    }
    if let Some(snapshot) = &report.snapshot {
        let there = if snapshot.there {
            ""
        } else {
            " (not kept any more)"
        };
        add("snapshot", &format!("{}{there}", snapshot.tag));
    }
    table.draw(View {
        width: None,
        ..view
    })
}

fn heading(text: &str, view: View) -> String {
    format!("\n{}\n", view.paint.bold(text))
}

fn allowed(report: &ExplainReport, view: View) -> String {
    let Some(allowed) = &report.allowed else {
        return String::new();
    };
    let mut out = heading("why it was allowed", view);
    let mut line = |text: &str| out.push_str(&format!("  {text}\n"));
    line(&match allowed.answer {
        Some(answer) => format!("the verdict was {}", answer.as_str()),
        None => "the verdict is not known any more".to_owned(),
    });
    if let Some(channel) = allowed.channel {
        line(&format!("channel {}", channel.as_str()));
    }
    if let (Some(planned), Some(digest)) = (allowed.planned, &allowed.digest) {
        line(&format!(
            "planned {} (plan {})",
            time(planned),
            short(digest)
        ));
    }
    for warning in &allowed.warnings {
        line(&format!(
            "warned: {}: {} [{}]",
            visible(&warning.subject),
            visible(&warning.message),
            warning.code
        ));
    }
    for accepted in &allowed.accepted {
        let subjects = names(&accepted.subjects, "nothing");
        line(&format!("accepted: {} for {subjects}", accepted.code));
    }
    if let Some(reason) = &allowed.retry_reason {
        line(&format!("tried again because: {}", visible(reason)));
    }
    out
}

fn stages(report: &ExplainReport, view: View) -> String {
    if report.stages.is_empty() {
        return String::new();
    }
    let mut table = Table::new(&["stage", "outcome", "took", "at"]).indent(2);
    for stage in &report.stages {
        let (word, paint) = outcome(stage);
        table.row(vec![
            Cell::new(&stage.what),
            Cell::new(word).paint(paint),
            Cell::new(stage.seconds.map_or_else(|| "-".to_owned(), seconds)),
            Cell::new(time(stage.at)),
        ]);
    }
    let mut out = format!("\n{}", table.draw(view));
    for stage in &report.stages {
        if let (StageOutcome::Failed, Some(details)) = (stage.outcome, &stage.details) {
            out.push_str(&format!(
                "  {}: {}\n",
                visible(&stage.what),
                visible(details)
            ));
        }
    }
    out
}

/// The word and the colour of a stage's outcome.
pub(super) fn outcome(stage: &StoryStage) -> (&'static str, Coloring) {
    match stage.outcome {
        StageOutcome::Done => ("done", Paint::green),
        StageOutcome::Failed => ("failed", Paint::red),
        StageOutcome::Interrupted => ("cut off", Paint::yellow),
    }
}

fn cause(report: &ExplainReport, view: View) -> String {
    let Some(cause) = &report.cause else {
        return String::new();
    };
    let mut out = heading("first cause", view);
    out.push_str(&problems::one(cause, view));
    for test in report
        .smoke_tests
        .iter()
        .filter(|test| test.vertical == cause.subject)
    {
        out.push_str(&tail(test, view));
    }
    if !report.later_causes.is_empty() {
        out.push_str(&heading("what went wrong after that", view));
        for later in &report.later_causes {
            out.push_str(&problems::one(later, view));
        }
    }
    out
}

fn undone(report: &ExplainReport, view: View) -> String {
    let mut out = String::new();
    if !report.undone.is_empty() {
        out.push_str(&heading("what was undone", view));
        for step in &report.undone {
            let line = match &step.error {
                None => format!("  {}\n", visible(&step.step)),
                Some(error) => format!("  {} FAILED: {}\n", visible(&step.step), visible(error)),
            };
            out.push_str(&line);
        }
    }
    let Some(proof) = &report.proof else {
        return out;
    };
    let (word, paint): (_, Coloring) = if proof.verified {
        ("verified by content", Paint::green)
    } else {
        ("NOT verified", Paint::red)
    };
    out.push_str(&heading("proof", view));
    let mut table = Table::bare(2);
    table.row(vec![Cell::new("state"), Cell::new(word).paint(paint)]);
    for (name, value) in proof_lines(proof) {
        table.row(vec![Cell::new(name), Cell::new(value)]);
    }
    out.push_str(&table.draw(View {
        width: None,
        ..view
    }));
    for mismatch in &proof.mismatches {
        out.push_str(&format!("  - {}\n", view.paint.red(&visible(mismatch))));
    }
    out
}

fn since(report: &ExplainReport, view: View) -> String {
    let mut out = heading("since then", view);
    out.push_str(&format!("  {}\n", visible(&report.since_details)));
    if report.since.is_empty() {
        return out;
    }
    let mut table = Table::bare(2);
    report.since.iter().for_each(|later| table.row(row(later)));
    out.push_str(&table.draw(view));
    out
}

fn row(later: &LaterTransaction) -> Vec<Cell> {
    vec![
        Cell::new(&later.id).paint(Paint::cyan),
        Cell::new(kind(later.kind)),
        Cell::new(format!("{} → {}", later.from_version, later.to_version)),
        outcome_cell(later.outcome, later.outcome.as_str().replace('_', " ")),
    ]
}

/// How a bundle stands, in words.
pub(super) const fn evidence_words(bundle: &EvidenceBundle) -> &'static str {
    match bundle.state {
        EvidenceState::Intact => "every file is there and as it was",
        EvidenceState::Altered => "NOT as it was kept",
        EvidenceState::Unlisted => "without an index: nothing says whether it is whole",
        EvidenceState::Gone => "not kept any more",
    }
}

fn evidence(report: &ExplainReport, view: View) -> String {
    let Some(bundle) = &report.evidence else {
        return String::new();
    };
    let paint: Coloring = match bundle.state {
        EvidenceState::Intact => Paint::green,
        EvidenceState::Altered => Paint::red,
        EvidenceState::Unlisted | EvidenceState::Gone => Paint::yellow,
    };
    let mut out = heading("evidence", view);
    out.push_str(&format!("  {}\n", visible(&bundle.folder)));
    out.push_str(&format!(
        "  {}\n",
        paint(view.paint, evidence_words(bundle))
    ));
    for finding in &bundle.findings {
        out.push_str(&format!("  - {}\n", visible(finding)));
    }
    let mut table = Table::bare(4);
    for file in bundle.files.iter().take(SHOWN_FILES) {
        table.row(vec![
            Cell::new(&file.name),
            Cell::new(bytes(file.bytes)),
            Cell::new(&file.what).paint(Paint::dim),
        ]);
    }
    out.push_str(&table.draw(view));
    let more = bundle.files.len().saturating_sub(SHOWN_FILES);
    if more > 0 {
        out.push_str(&format!("    and {}\n", count(more, "more file")));
    }
    out
}

/// How many files of a bundle are shown.
const SHOWN_FILES: usize = 20;

fn unknown(report: &ExplainReport, view: View) -> String {
    if report.unknown.is_empty() {
        return String::new();
    }
    let mut out = heading("what is not known", view);
    for line in &report.unknown {
        out.push_str(&format!("  - {}\n", visible(line)));
    }
    out
}

fn advice(report: &ExplainReport, view: View) -> String {
    let mut out = String::new();
    if !report.advice.is_empty() {
        out.push_str(&heading("what to do", view));
        for advice in &report.advice {
            let who = view.paint.cyan(&format!("{}:", advice.who));
            out.push_str(&format!("  {who} {}\n", visible(&advice.what)));
        }
    }
    if let Some(command) = &report.next {
        out.push_str(&next(view, command));
    }
    out
}

//! The story of a transaction as GitHub-flavoured Markdown, for a ticket. Content is never
//! Markdown: as for an entry of the history, it stands in code spans and fences.

use vit_contract::output::explain::ExplainReport;
use vit_contract::output::{SmokeOutcome, SmokeResult};
use vit_contract::problem::Problem;

use super::explain::{end, evidence_words, outcome, state_word, took, who};
use super::history::kind;
use super::markdown::{fence, proof, span};
use super::{bytes, outcome_words, seconds, time};

/// How many lines of an output are shown.
const TAIL_LINES: usize = 40;

/// The story as Markdown.
#[must_use]
pub fn story(report: &ExplainReport) -> String {
    let what = report.kind.map_or("transaction", kind);
    let mut out = format!(
        "## Core {what} {}: {}\n\n{}\n\n",
        span(&report.id),
        state_word(report.state),
        span(&report.details)
    );
    out.push_str(&facts(report));
    if let Some(cause) = &report.cause {
        out.push_str(&format!("\n### First cause\n\n{}", problem(cause)));
        let own = report.smoke_tests.iter();
        for test in own.filter(|test| test.vertical == cause.subject) {
            out.push_str(&tail(test));
        }
    }
    if !report.later_causes.is_empty() {
        out.push_str("\n### What went wrong after that\n\n");
        out.extend(report.later_causes.iter().map(problem));
    }
    out.push_str(&stages(report));
    out.push_str(&smoke_tests("Smoke tests", &report.smoke_tests));
    out.push_str(&smoke_tests(
        "Smoke tests of the restored release",
        &report.smoke_tests_after_rollback,
    ));
    out.push_str(&proof(report.proof.as_ref(), &undone(report)));
    out.push_str(&format!(
        "\n### Since then\n\n{}\n",
        span(&report.since_details)
    ));
    out.push_str(&evidence(report));
    if !report.unknown.is_empty() {
        out.push_str(&format!(
            "\n### What is not known\n\n{}",
            fence(&report.unknown.join("\n"))
        ));
    }
    if !report.advice.is_empty() {
        out.push_str("\n### Next steps\n\n");
        for advice in &report.advice {
            out.push_str(&format!("- [ ] {}: {}\n", advice.who, span(&advice.what)));
        }
    }
    out
}

fn facts(report: &ExplainReport) -> String {
    let mut out = String::from("| | |\n|---|---|\n");
    let mut row = |name: &str, value: &str| {
        // A pipe would end the cell, in a code span too.
        let value = value.replace('|', "\\|");
        out.push_str(&format!("| {name} | {value} |\n"));
    };
    row("From", &span(&end(report.from.as_ref())));
    row("To", &span(&end(report.to.as_ref())));
    row("Who", &span(&who(report)));
    if let Some(began) = report.began {
        row("Began", &time(began));
    }
    if let Some(ended) = report.ended {
        row("Ended", &time(ended));
    }
    if let Some(took) = took(report) {
        row("Took", &seconds(took));
    }
    if let Some(snapshot) = &report.snapshot {
        let there = if snapshot.there {
            ""
        } else {
            ", not kept any more"
        };
        row("Snapshot", &format!("{}{there}", span(&snapshot.tag)));
    }
    let Some(allowed) = &report.allowed else {
        return out;
    };
    if let Some(answer) = allowed.answer {
        row("Verdict", &span(answer.as_str()));
    }
    if let Some(digest) = &allowed.digest {
        row("Plan", &span(digest));
    }
    for accepted in &allowed.accepted {
        let subjects: Vec<String> = accepted.subjects.iter().map(|s| span(s)).collect();
        let code = span(accepted.code.as_str());
        row("Accepted", &format!("{code} for {}", subjects.join(", ")));
    }
    if let Some(reason) = &allowed.retry_reason {
        row("Tried again because", &span(reason));
    }
    out
}

fn problem(problem: &Problem) -> String {
    let mut text = format!(
        "{}: {} [{}]",
        problem.subject, problem.message, problem.code
    );
    for more in problem.evidence.iter().chain(&problem.hint) {
        text.push('\n');
        text.push_str(more);
    }
    fence(&text)
}

fn tail(test: &SmokeResult) -> String {
    if test.outcome == SmokeOutcome::Pass || test.tail.trim().is_empty() {
        return String::new();
    }
    let lines: Vec<&str> = test.tail.lines().collect();
    let last = &lines[lines.len().saturating_sub(TAIL_LINES)..];
    format!(
        "\nThe end of its output ({} in all):\n\n{}",
        bytes(test.output_bytes),
        fence(&last.join("\n"))
    )
}

fn stages(report: &ExplainReport) -> String {
    if report.stages.is_empty() {
        return String::new();
    }
    let mut out = String::from("\n### Stages\n\n| stage | outcome | took |\n|---|---|---|\n");
    for stage in &report.stages {
        let took = stage.seconds.map_or_else(|| "-".to_owned(), seconds);
        let what = span(&stage.what).replace('|', "\\|");
        out.push_str(&format!("| {what} | {} | {took} |\n", outcome(stage).0));
    }
    out
}

fn smoke_tests(heading: &str, tests: &[SmokeResult]) -> String {
    if tests.is_empty() {
        return String::new();
    }
    let mut out = format!("\n### {heading}\n\n");
    for test in tests {
        let took = seconds(test.seconds);
        let words = outcome_words(test);
        out.push_str(&format!("- {}: {words} in {took}\n", span(&test.vertical)));
    }
    out
}

fn undone(report: &ExplainReport) -> String {
    let mut out = String::new();
    for step in &report.undone {
        let error = step
            .error
            .as_ref()
            .map(|error| format!(": failed: {}", span(error)));
        let error = error.unwrap_or_default();
        out.push_str(&format!("- undone: {}{error}\n", span(&step.step)));
    }
    out
}

fn evidence(report: &ExplainReport) -> String {
    let Some(bundle) = &report.evidence else {
        return String::new();
    };
    let mut out = format!(
        "\n### Evidence\n\n{}: {}\n\n",
        span(&bundle.folder),
        evidence_words(bundle)
    );
    for finding in &bundle.findings {
        out.push_str(&format!("- {}\n", span(finding)));
    }
    for file in &bundle.files {
        let size = bytes(file.bytes);
        out.push_str(&format!(
            "- {} ({size}): {}\n",
            span(&file.name),
            span(&file.what)
        ));
    }
    out
}

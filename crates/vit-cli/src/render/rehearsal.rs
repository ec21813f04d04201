//! What a rehearsal said, as a part of its plan.

use vit_contract::output::SmokeOutcome;
use vit_contract::plan::{Plan, Rehearsal, RehearsalOutcome};
use vit_contract::text::visible;

use super::table::{Cell, Table};
use super::{Coloring, Paint, View, outcome_words, seconds};

/// The section; nothing where none was held.
#[must_use]
pub fn rehearsal(plan: &Plan, view: View) -> String {
    plan.rehearsal
        .as_ref()
        .map_or_else(String::new, |held| section(held, view))
}

fn section(held: &Rehearsal, view: View) -> String {
    let (word, paint) = outcome(held.outcome);
    let with = if held.environment {
        "with an environment of its own, "
    } else {
        ""
    };
    let took = format!(
        "{with}in {}, held {}",
        seconds(held.seconds),
        held.held.strftime("%Y-%m-%d %H:%M:%S UTC")
    );
    let mut out = format!(
        "\nrehearsal {}   {}\n",
        paint(view.paint, word),
        view.paint.dim(&took)
    );
    if !held.smoke_tests.is_empty() {
        let mut table = Table::new(&["vertical", "smoke test", "time"]).indent(2);
        for result in &held.smoke_tests {
            let paint: Coloring = match result.outcome {
                SmokeOutcome::Pass => Paint::green,
                SmokeOutcome::CouldNotRun => Paint::yellow,
                SmokeOutcome::Fail | SmokeOutcome::Timeout => Paint::red,
            };
            table.row(vec![
                Cell::new(&result.vertical),
                Cell::new(outcome_words(result)).paint(paint),
                Cell::new(seconds(result.seconds)),
            ]);
        }
        out.push_str(&table.draw(view));
    }
    for sentence in &held.shared {
        let line = format!("  - {}", visible(sentence));
        out.push_str(&format!("{}\n", view.paint.dim(&line)));
    }
    out
}

/// An outcome as a person reads it.
#[must_use]
pub fn outcome(outcome: RehearsalOutcome) -> (&'static str, Coloring) {
    match outcome {
        RehearsalOutcome::Pass => ("passed", Paint::green),
        RehearsalOutcome::Fail => ("failed", Paint::red),
        RehearsalOutcome::CouldNotTell => ("could not tell", Paint::yellow),
    }
}

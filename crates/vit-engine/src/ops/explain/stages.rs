//! The stages of a transaction, as the records of its journal tell them: what, how long, how it
//! ended. Pure.

use jiff::Timestamp;
use vit_contract::output::explain::{StageOutcome, StoryStage};
use vit_contract::problem::Problem;

use crate::event::Stage;
use crate::exec::record::Entry;
use crate::exec::recover::CUT_OFF;
use crate::store::journal::{DAMAGED, Record};

/// Reads the stages off a transaction's records. `running` says that somebody is at work on it.
#[must_use]
pub(super) fn stages(records: &[&Record], running: bool) -> Vec<StoryStage> {
    let mut told = Telling::default();
    for &record in records {
        told.take(record);
    }
    told.end(running)
}

#[derive(Default)]
struct Telling<'r> {
    stages: Vec<StoryStage>,
    previous: Option<&'r Record>,
    backwards: bool,
    closed: bool,
}

impl<'r> Telling<'r> {
    fn take(&mut self, record: &'r Record) {
        // By name: a record that joins later tells at least its name and time.
        match (record.kind.as_str(), Entry::from_journal(record)) {
            ("begun" | "armed" | "intent" | "probing" | "trial", _) => {}
            ("fetched", _) => self.done(record, Stage::Fetch.title()),
            ("judged", _) => self.done(record, Stage::Judge.title()),
            ("snapped", _) => self.done(record, Stage::Snapshot.title()),
            ("done", _) => self.done(record, &of_step(record)),
            ("probed", _) => self.done(record, Stage::Probe.title()),
            ("committed", _) => self.done(record, Stage::Commit.title()),
            (_, Entry::RollbackBegun { cause, .. }) => {
                if std::mem::replace(&mut self.backwards, true) {
                    let what = "put the old state back: cut off, and taken up again";
                    self.push(record, what, StageOutcome::Interrupted, None);
                } else {
                    self.stopped(record, &cause);
                }
            }
            (_, Entry::Aborted { cause }) => self.stopped(record, &cause),
            (_, Entry::Evidence { error, .. }) => {
                self.ended(record, Stage::Evidence.title(), error);
            }
            (_, Entry::Undone { step, error }) => {
                let what = format!("{}: undo `{step}`", Stage::Undo.title());
                self.ended(record, &what, error);
            }
            ("verified", _) => self.done(record, Stage::Verify.title()),
            (_, Entry::Inconsistent { proof }) => {
                let text = proof.mismatches.join("; ");
                self.ended(record, Stage::Verify.title(), Some(text));
            }
            ("repaired", _) => self.done(record, "put the old state back once more, and prove it"),
            ("closed", _) => {
                let after_rollback = self.previous.is_some_and(|r| r.kind == "verified");
                let what = if after_rollback {
                    "run the old release's smoke tests, tidy up"
                } else {
                    Stage::Cleanup.title()
                };
                self.done(record, what);
            }
            (DAMAGED, _) => {
                let what = "the journal was damaged";
                self.push(record, what, StageOutcome::Interrupted, None);
            }
            (kind, _) => self.done(record, &kind.replace('_', " ")),
        }
        self.closed = record.kind == "closed";
        self.previous = Some(record);
    }

    fn end(mut self, running: bool) -> Vec<StoryStage> {
        if let Some(last) = self.previous.filter(|_| !self.closed) {
            let at_work = running.then(|| "somebody is at work on it now".to_owned());
            self.stages.push(StoryStage {
                what: after(last),
                at: last.time,
                seconds: None,
                outcome: StageOutcome::Interrupted,
                details: at_work.or_else(|| Some("the journal ends here".into())),
            });
        }
        self.stages
    }

    /// The stage that was at work when it failed.
    fn stopped(&mut self, record: &Record, cause: &Problem) {
        let Some(previous) = self.previous else {
            return;
        };
        let what = after(previous);
        if cause.message == CUT_OFF {
            self.stages.push(StoryStage {
                what,
                at: previous.time,
                seconds: None,
                outcome: StageOutcome::Interrupted,
                details: Some(CUT_OFF.to_owned()),
            });
        } else {
            let text = format!("{}: {}", cause.subject, cause.message);
            self.push(record, &what, StageOutcome::Failed, Some(text));
        }
    }

    fn done(&mut self, record: &Record, what: &str) {
        self.push(record, what, StageOutcome::Done, None);
    }

    fn ended(&mut self, record: &Record, what: &str, error: Option<String>) {
        let outcome = if error.is_some() {
            StageOutcome::Failed
        } else {
            StageOutcome::Done
        };
        self.push(record, what, outcome, error);
    }

    fn push(
        &mut self,
        record: &Record,
        what: &str,
        outcome: StageOutcome,
        details: Option<String>,
    ) {
        // Another boot: the time in between is not the stage's.
        let began = self
            .previous
            .filter(|previous| previous.boot == record.boot)
            .map(|previous| previous.time);
        self.stages.push(StoryStage {
            what: what.to_owned(),
            at: record.time,
            seconds: began.and_then(|began| seconds_between(began, record.time)),
            outcome,
            details,
        });
    }
}

/// What is at work after a record.
fn after(record: &Record) -> String {
    let stage = match record.kind.as_str() {
        "begun" => Stage::Fetch,
        "fetched" => Stage::Judge,
        "judged" | "snapped" => Stage::Snapshot,
        "intent" => return of_step(record),
        "armed" | "done" => return "go on to the next step".to_owned(),
        "probing" => Stage::Probe,
        "probed" => Stage::Commit,
        "rollback_begun" => Stage::Evidence,
        "evidence" | "undone" => Stage::Undo,
        "trial" => Stage::Soak,
        _ => Stage::Cleanup,
    };
    stage.title().to_owned()
}

/// The stage of a record that names a step.
fn of_step(record: &Record) -> String {
    match record.body["step"].as_str().unwrap_or_default() {
        "switch-tree" => Stage::SwitchTree.title().to_owned(),
        "switch-submodule" => Stage::SwitchSubmodule.title().to_owned(),
        "environment" => Stage::Environment.title().to_owned(),
        other => format!("run `{other}`"),
    }
}

/// Seconds to the millisecond; `None` where the clock was set back.
fn seconds_between(from: Timestamp, to: Timestamp) -> Option<f64> {
    let seconds = to.duration_since(from).as_secs_f64();
    (seconds >= 0.0).then(|| (seconds * 1000.0).round() / 1000.0)
}

#[cfg(test)]
mod tests;

//! A transaction that is being carried out: what both directions need.

use std::time::Duration;

use vit_contract::code::Code;
use vit_contract::history::{Outcome, Proof};
use vit_contract::output::{SmokeOutcome, SmokeResult, TransactionReport};
use vit_contract::problem::{Problem, Severity};

use super::close::{self, Ending};
use super::evidence::{Keeping, ProbeOutput, Timing};
use super::phase::Story;
use super::quarantine;
use super::record::{Begun, Entry};
use super::transaction::Held;
use crate::context::Context;
use crate::error::EngineError;
use crate::event::{Event, Stage};
use crate::redact::Redactor;
use crate::steps::probe;

/// A transaction that is being carried out, forward or back.
pub struct Run<'a, 'h> {
    pub(super) cx: &'a Context<'a>,
    pub(super) held: &'h mut Held<'a>,
    /// Its id.
    pub id: String,
    /// What was written so far: the same value that recovery would read.
    pub story: Story,
    /// What is worth knowing beside the outcome.
    pub(super) problems: Vec<Problem>,
    pub(super) outputs: Vec<ProbeOutput>,
    pub(super) after_rollback: Vec<SmokeResult>,
    /// Whether the disk was full when it failed: then nothing that failed says anything.
    pub(super) no_room: bool,
    pub(super) started: Duration,
    pub(super) redactor: Redactor,
    pub(super) timings: Vec<Timing>,
    pub(super) keeping: Keeping,
    /// What a recovery found beside the first cause.
    pub(super) later: Option<Problem>,
    open_stage: Option<Duration>,
}

impl<'a, 'h> Run<'a, 'h> {
    /// Takes up a transaction, a new one or one that recovery has read.
    pub(super) fn new(
        cx: &'a Context<'a>,
        held: &'h mut Held<'a>,
        id: String,
        story: Story,
    ) -> Self {
        Self {
            cx,
            held,
            id,
            story,
            problems: Vec::new(),
            outputs: Vec::new(),
            after_rollback: Vec::new(),
            no_room: false,
            started: cx.clock.elapsed(),
            redactor: Redactor::new(cx.environment),
            timings: Vec::new(),
            keeping: Keeping::default(),
            later: None,
            open_stage: None,
        }
    }

    /// Says that a stage begins.
    pub(super) fn stage_begun(&mut self, stage: Stage) {
        self.open_stage = Some(self.cx.clock.elapsed());
        self.cx.reporter.report(Event::StageBegun { stage });
    }

    /// Notes how long a stage took, and tells.
    pub(super) fn stage_ended(&mut self, stage: Stage) -> Duration {
        let now = self.cx.clock.elapsed();
        let began = self.open_stage.take().unwrap_or(now);
        let elapsed = now.saturating_sub(began);
        self.timings.push(Timing {
            stage,
            seconds: probe::seconds(elapsed),
        });
        elapsed
    }

    /// Says that a stage has ended well.
    pub(super) fn stage_done(&mut self, stage: Stage) {
        let elapsed = self.stage_ended(stage);
        self.cx.reporter.report(Event::StageDone { stage, elapsed });
    }

    /// Writes a record and takes it into the story.
    pub(super) fn record(&mut self, entry: &Entry) -> Result<(), EngineError> {
        self.held.write(&self.id, entry)?;
        self.story.take(entry);
        Ok(())
    }

    /// Writes a record on the way back: a journal that cannot be written never stops the undo,
    /// because everything on that way can be done again.
    pub(super) fn record_if_possible(&mut self, entry: &Entry) {
        if let Err(error) = self.held.write(&self.id, entry) {
            self.problems
                .push(problem_of(&error, Code::StepFailed).severity(Severity::Warning));
        }
        self.story.take(entry);
    }

    pub(super) fn begun(&self) -> &Begun {
        self.story
            .begun
            .as_ref()
            .expect("a run begins with its first record")
    }

    /// Writes what follows the commit point. Nothing here can undo it.
    pub(super) fn finish_forward(mut self, proof: Proof) -> TransactionReport {
        self.stage_begun(Stage::Cleanup);
        let ending = Ending {
            outcome: Outcome::Success,
            cause: None,
            proof: Some(proof),
        };
        quarantine::after_rollback(&mut self);
        close::close(&mut self, &ending);
        self.stage_done(Stage::Cleanup);
        close::report(self, &ending)
    }

    /// Stops before anything changed: takes the snapshot's refs away and writes it down.
    pub(super) fn abort(mut self, cause: Problem) -> TransactionReport {
        let cause = self.redactor.problem(cause);
        self.record_if_possible(&Entry::Aborted {
            cause: cause.clone(),
        });
        close::drop_snapshot(&mut self);
        let ending = Ending {
            outcome: Outcome::Failed,
            cause: Some(cause),
            proof: None,
        };
        close::close(&mut self, &ending);
        close::report(self, &ending)
    }
}

/// The results as they stand in the journal and the history: without output.
pub(super) fn without_output(results: &[SmokeResult]) -> Vec<SmokeResult> {
    results
        .iter()
        .cloned()
        .map(|r| SmokeResult {
            tail: String::new(),
            ..r
        })
        .collect()
}

/// Whether every result is a pass.
pub(super) fn all_pass(results: &[SmokeResult]) -> bool {
    results
        .iter()
        .all(|result| result.outcome == SmokeOutcome::Pass)
}

/// The version of an end as a person reads it; its short commit where it has none.
#[must_use]
pub fn version_text(end: &vit_contract::plan::End) -> String {
    end.version.as_ref().map_or_else(
        || end.position.commit.chars().take(12).collect(),
        ToString::to_string,
    )
}

/// An error as a problem: its whole chain of causes.
#[must_use]
pub fn problem_of(error: &EngineError, code: Code) -> Problem {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    Problem::new(code, "vit", text)
}

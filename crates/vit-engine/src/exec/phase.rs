//! What a journal means: one total, pure function from records to the work that is left.

use std::collections::{BTreeMap, BTreeSet};

use vit_contract::history::{Outcome, Proof};
use vit_contract::output::SmokeResult;
use vit_contract::plan::Step;
use vit_contract::problem::Problem;

use super::record::{Begun, Entry, KeptEnvironment, Trial, VerticalFiles};

/// A transaction as its records tell it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Story {
    /// What it is about; absent when its first record is missing or unreadable.
    pub begun: Option<Begun>,
    /// Files of untracked verticals that were kept.
    pub files: Option<VerticalFiles>,
    /// The environment that was kept.
    pub environment: Option<KeptEnvironment>,
    /// Names of the steps that were begun, in order.
    pub begun_steps: Vec<String>,
    /// Whether any step may have been begun: a record that is not known, of a newer `vit` or in
    /// place of a damaged one, may have said so.
    pub any_step: bool,
    /// Own steps that are undone, or that nothing undoes: their commands are not run again.
    pub undone: BTreeSet<String>,
    /// Own steps whose undo has failed, and why: no comparison can tell what they left.
    pub not_undone: BTreeMap<String, String>,
    /// Smoke results that were recorded.
    pub results: Vec<SmokeResult>,
    /// The soak, once it has begun.
    pub trial: Option<Trial>,
    /// The first cause of a failure.
    pub cause: Option<Problem>,
    /// The folder with the evidence; `Some(None)` when it was tried without success.
    pub evidence: Option<Option<String>>,
    /// Whether the release is remembered as one that failed.
    pub quarantined: bool,
    /// The last proof.
    pub proof: Option<Proof>,
    /// What is left to do.
    pub phase: Phase,
}

/// What is left to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Phase {
    /// Nothing: it has ended.
    #[default]
    Ended,
    /// Nothing was changed: write down that it was stopped.
    Abort,
    /// Live state may be changed: roll back.
    RollBack,
    /// The release is on trial: leave it to whoever decides while the trial stands, else roll back.
    Trial,
    /// A rollback has begun: go on with it.
    ContinueRollback,
    /// The old state is verified: write the history.
    FinishRollback,
    /// It is committed: write the history.
    FinishForward,
    /// It could not be undone: write the history (`closed` false), then wait for `vit repair`.
    Inconsistent {
        /// Whether the history is written.
        closed: bool,
    },
    /// It was repaired: write the history.
    FinishRepair,
}

impl Phase {
    /// Whether the transaction is open: something has to be done before anything else may be.
    #[must_use]
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Ended)
    }
}

impl Story {
    /// Reads a transaction's records.
    #[must_use]
    pub fn of(records: &[Entry]) -> Self {
        let mut story = Self::default();
        for record in records {
            story.take(record);
        }
        story
    }

    /// The steps that were begun, the last one first: what has to be undone.
    pub fn steps_to_undo(&self) -> impl Iterator<Item = &Step> {
        let begun = &self.begun_steps;
        self.begun
            .iter()
            .flat_map(|b| b.steps.iter().rev())
            .filter(|step| self.any_step || begun.contains(&step.name()))
            .filter(|step| !self.undone.contains(&step.name()))
    }

    /// Whether a step may have begun to change the environment.
    #[must_use]
    pub fn environment_begun(&self) -> bool {
        self.steps_to_undo()
            .any(|step| matches!(step, Step::Environment(_)))
    }

    /// Only own steps are kept apart: of all others the comparison by content tells.
    fn take_undone(&mut self, name: &str, error: Option<&str>) {
        let steps = self.begun.iter().flat_map(|begun| &begun.steps);
        let mut own = steps.filter_map(|step| match step {
            Step::Command(command) if step.name() == name => Some(command),
            _ => None,
        });
        let Some(step) = own.next() else { return };
        match error.filter(|_| step.undo.is_some()) {
            Some(error) => {
                self.not_undone.insert(name.to_owned(), error.to_owned());
            }
            None => {
                self.not_undone.remove(name);
                self.undone.insert(name.to_owned());
            }
        }
    }

    /// Takes one more record in.
    pub(super) fn take(&mut self, record: &Entry) {
        self.phase = next(self.phase, record);
        match record {
            Entry::Begun(begun) => self.begun = Some((**begun).clone()),
            Entry::Snapped { files, environment } => {
                self.files.clone_from(files);
                self.environment.clone_from(environment);
            }
            Entry::Intent { step } => self.begun_steps.push(step.clone()),
            Entry::Probed { results } => self.results.clone_from(results),
            Entry::RollbackBegun { cause, results } => {
                self.cause.get_or_insert_with(|| cause.clone());
                if !results.is_empty() {
                    self.results.clone_from(results);
                }
            }
            Entry::Trial(trial) => self.trial = Some(trial.clone()),
            Entry::Undone { step, error } => self.take_undone(step, error.as_deref()),
            Entry::Aborted { cause } => {
                self.cause.get_or_insert_with(|| cause.clone());
            }
            Entry::Quarantined { .. } => self.quarantined = true,
            Entry::Evidence { folder, .. } => self.evidence = Some(folder.clone()),
            Entry::Committed { proof }
            | Entry::Verified { proof }
            | Entry::Inconsistent { proof }
            | Entry::Repaired { proof, .. } => self.proof = Some(proof.clone()),
            Entry::Fetched { .. }
            | Entry::Judged { .. }
            | Entry::Rehearsed { .. }
            | Entry::Armed
            | Entry::Done { .. }
            | Entry::Probing
            | Entry::Closed { .. } => {}
            Entry::Unknown(_) => self.any_step = true,
        }
    }
}

/// The phase after one more record. Total: whatever order records come in, it never leaves the
/// set, and a committed transaction never turns back.
#[must_use]
pub fn next(phase: Phase, record: &Entry) -> Phase {
    match record {
        Entry::Closed {
            outcome: Outcome::Inconsistent,
        } => Phase::Inconsistent { closed: true },
        Entry::Closed { .. } => Phase::Ended,
        Entry::Repaired { .. } => Phase::FinishRepair,
        Entry::Inconsistent { .. } => Phase::Inconsistent { closed: false },
        Entry::Begun(_)
        | Entry::Fetched { .. }
        | Entry::Judged { .. }
        | Entry::Rehearsed { .. }
        | Entry::Snapped { .. } => match phase {
            Phase::Ended | Phase::Abort => Phase::Abort,
            open => open,
        },
        Entry::Aborted { .. } => match phase {
            Phase::Ended | Phase::Abort => Phase::Abort,
            open => open,
        },
        Entry::Committed { .. } => match phase {
            Phase::Inconsistent { .. } | Phase::ContinueRollback | Phase::FinishRollback => phase,
            Phase::Ended
            | Phase::Abort
            | Phase::RollBack
            | Phase::Trial
            | Phase::FinishForward
            | Phase::FinishRepair => Phase::FinishForward,
        },
        Entry::Verified { .. } => match phase {
            Phase::FinishForward | Phase::Inconsistent { .. } => phase,
            Phase::Ended
            | Phase::Abort
            | Phase::RollBack
            | Phase::Trial
            | Phase::ContinueRollback
            | Phase::FinishRollback
            | Phase::FinishRepair => Phase::FinishRollback,
        },
        // Written on the way to the end, whichever that is.
        Entry::Quarantined { .. } => match phase {
            Phase::Ended | Phase::Abort => Phase::RollBack,
            open => open,
        },
        Entry::RollbackBegun { .. } | Entry::Evidence { .. } | Entry::Undone { .. } => {
            match phase {
                Phase::FinishForward | Phase::Inconsistent { .. } | Phase::FinishRollback => phase,
                Phase::Ended
                | Phase::Abort
                | Phase::RollBack
                | Phase::Trial
                | Phase::ContinueRollback
                | Phase::FinishRepair => Phase::ContinueRollback,
            }
        }
        Entry::Trial(_) => match phase {
            Phase::Ended | Phase::Abort | Phase::RollBack | Phase::Trial => Phase::Trial,
            later => later,
        },
        // A record of a newer vit is taken for the worst before the commit point: armed.
        Entry::Armed
        | Entry::Intent { .. }
        | Entry::Done { .. }
        | Entry::Probing
        | Entry::Probed { .. }
        | Entry::Unknown(_) => match phase {
            Phase::Ended | Phase::Abort | Phase::RollBack | Phase::Trial => Phase::RollBack,
            later => later,
        },
    }
}

#[cfg(test)]
mod tests;

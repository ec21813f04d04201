//! The commit point, and what the smoke tests may have left behind before it.

use std::path::PathBuf;

use vit_contract::code::Code;
use vit_contract::history::{EnvironmentProof, Proof};
use vit_contract::plan::Kind;
use vit_contract::problem::{Problem, Severity};

use super::execute::{Failure, failed};
use super::phase::Phase;
use super::proof::{self, Expected};
use super::record::Entry;
use super::run::{Run, problem_of};
use super::transaction::last_story;
use crate::error::EngineError;
use crate::plan::preflight;
use crate::steps::environment::Settled;
use crate::steps::submodule::{self, End};
use crate::steps::{environment, leftovers, locks, switch_tree, vertical_files};
use crate::store::journal::Journal;

impl Run<'_, '_> {
    /// Compares the tree with the target, by content, and commits.
    pub(super) fn commit(&mut self, kind: Kind) -> Result<Proof, Failure> {
        let to = self.begun().to.position.clone();
        if !self.story.results.is_empty() {
            // Every process of the smoke tests has ended: a lock that is here is nobody's.
            locks::remove_left(self.cx, &[to.branch.as_deref()])
                .and(submodule::unlock(self.cx, &self.begun().steps))
                .map_err(|error| failed(&error))?;
        }
        let environment = self.settle_environment(kind)?;
        let mut proof = self.compare(kind)?;
        if !proof.verified && kind != Kind::Upgrade {
            // The smoke tests of a rollback tell and do not gate, by what they change neither.
            let text = "the smoke tests changed the tree; it was put back";
            self.problems
                .push(mismatch(&proof, text).severity(Severity::Warning));
            let keep = leftovers::Leftovers {
                transaction: &self.id,
                before: &self.begun().untracked,
                evidence: None,
            };
            submodule::settle(self.cx, &self.begun().steps, &keep)
                .and(switch_tree::undo(self.cx, &to, &to, &keep))
                .map_err(|error| failed(&error))?;
            proof = self.compare(kind)?;
        }
        if !proof.verified {
            let text = "after the smoke tests the tree is not the target's";
            return Err(mismatch(&proof, text).into());
        }
        proof.signed_by.clone_from(&self.begun().signed_by);
        proof.environment = environment;
        let entry = Entry::Committed {
            proof: proof.clone(),
        };
        if let Err(error) = self.record(&entry) {
            // The record may be there although the sync failed; the journal decides, because it
            // is what the next command will read.
            if !self.journal_says_committed() {
                return Err(failed(&error));
            }
            self.story.take(&entry);
            self.problems
                .push(problem_of(&error, Code::StepFailed).severity(Severity::Warning));
        }
        Ok(proof)
    }

    /// What no installer has made is not committed; the smoke tests of a rollback do not decide
    /// what the environment is.
    fn settle_environment(&mut self, kind: Kind) -> Result<Option<EnvironmentProof>, Failure> {
        let Settled { proof, changed } =
            environment::settle(self.cx, &self.id, &self.begun().steps)
                .map_err(|error| failed(&error))?;
        if changed.is_empty() {
            return Ok(proof);
        }
        if kind == Kind::Upgrade {
            return Err(environment::mismatch(&changed).into());
        }
        let text = "the smoke tests changed the environment; it was put back";
        let problem = Problem::new(Code::SmokeTestLeftFiles, "environment", text);
        self.problems
            .push(problem.evidence(preflight::name_files(&changed)));
        Ok(proof)
    }

    /// Every tracked file by content: a smoke test can hide an edit from git's status. Of the
    /// files of untracked verticals, which may well write into their own folder, none is gone.
    fn compare(&self, kind: Kind) -> Result<Proof, Failure> {
        let expected = Expected {
            position: &self.begun().to.position,
            files: None,
            untracked: None,
            comparing: self.begun().comparing.as_deref(),
            environment: None,
        };
        let compared = || -> Result<Proof, EngineError> {
            let mut proof = proof::by_content(self.cx, &expected)?;
            if let Some(files) = self.story.files.as_ref().filter(|_| kind == Kind::Upgrade) {
                let gone = vertical_files::gone(self.cx, files)?;
                proof
                    .mismatches
                    .extend(gone.iter().map(|path| format!("{path} is gone")));
            }
            let submodules = submodule::differing(self.cx, &self.begun().steps, End::To)?;
            proof.mismatches.extend(submodules);
            proof.verified = proof.mismatches.is_empty();
            Ok(proof)
        };
        compared().map_err(|error| failed(&error))
    }

    fn journal_says_committed(&self) -> bool {
        Journal::read(&self.cx.site.state_dir).is_ok_and(|log| {
            last_story(&log.records)
                .is_some_and(|(id, story)| id == self.id && story.phase == Phase::FinishForward)
        })
    }

    /// Names the files that came while the smoke tests ran; they stay where they are.
    pub(super) fn name_leftovers(&mut self, before: &[PathBuf]) {
        let Ok(status) = self.cx.git.status() else {
            return;
        };
        let new: Vec<PathBuf> = status
            .untracked
            .into_iter()
            .filter(|path| !before.contains(path))
            .collect();
        if !new.is_empty() {
            let text = "the smoke tests left files that git does not track";
            self.problems.push(
                Problem::new(Code::SmokeTestLeftFiles, "working tree", text)
                    .evidence(preflight::name_files(&new)),
            );
        }
    }
}

/// The problem that a comparison has found.
pub(super) fn mismatch(proof: &Proof, message: &str) -> Problem {
    Problem::new(Code::TreeMismatch, "working tree", message).evidence(proof.mismatches.join("; "))
}

//! Back: rollback begun → evidence → undo in reverse order → verify → closed.
//!
//! Every part can be done again, a failing part never stops the next one, and only a comparison
//! by content says that it worked.

use vit_contract::code::Code;
use vit_contract::history::{Outcome, Proof};
use vit_contract::output::TransactionReport;
use vit_contract::plan::{SmokeTest, Step};
use vit_contract::problem::{Problem, Severity};

use super::close::{self, Ending};
use super::evidence::{self, Evidence};
use super::proof::{self, Expected};
use super::quarantine;
use super::record::Entry;
use super::run::{Run, problem_of, version_text, without_output};
use crate::error::EngineError;
use crate::event::{Event, Stage};
use crate::facts;
use crate::process;
use crate::steps::{
    command, environment, leftovers, locks, probe, submodule, switch_tree, vertical_files,
};
use crate::store::{reserve, transactions};

/// Whether the old release's smoke tests run once the old state is back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OldSmokeTests {
    /// Yes: "it failed before the upgrade too" is worth knowing.
    Run,
    /// No: after a crash, no probe runs twice.
    Skip,
}

/// Rolls back. `cause` counts only when no earlier one is written.
pub(super) fn roll_back(
    mut run: Run<'_, '_>,
    cause: Problem,
    old: OldSmokeTests,
) -> TransactionReport {
    run.no_room = facts::free_bytes(run.cx).is_ok_and(|free| free < reserve::SIZE);
    // Room for the journal on a full disk, and nothing of the smoke tests at work in the tree.
    if let Err(error) = reserve::release(&run.cx.site.state_dir) {
        run.problems
            .push(problem_of(&error, Code::StepFailed).severity(Severity::Warning));
    }
    end_smoke_tests(&mut run);
    let results = without_output(&run.story.results);
    let kept_results = run.story.results.clone();
    let cause = run.story.cause.clone().unwrap_or(cause);
    run.record_if_possible(&Entry::RollbackBegun {
        cause: cause.clone(),
        results,
    });
    run.story.results = kept_results;
    let evidence = keep_evidence(&mut run, &cause);
    stage(&run, Stage::Undo);
    undo_all(&mut run, evidence.as_ref());
    done(&run, Stage::Undo);
    finish(run, cause, evidence.as_ref(), old)
}

/// After a crash: ends what was still at work, and removes the locks that were left.
pub(super) fn clear_the_way(run: &mut Run<'_, '_>) {
    end_smoke_tests(run);
    let begun = run.begun();
    let branches = [&begun.from, &begun.to].map(|end| end.position.branch.as_deref());
    if let Err(error) = locks::remove_left(run.cx, &branches) {
        run.problems
            .push(problem_of(&error, Code::StepFailed).severity(Severity::Warning));
    }
}

/// Ends what smoke tests of this transaction have left at work, whoever ran them.
fn end_smoke_tests(run: &mut Run<'_, '_>) {
    let ended = process::sweep(process::Marker {
        transaction: &run.id,
        root: &run.cx.site.root,
    });
    if ended > 0 {
        let text = format!("{ended} processes of smoke tests were still at work and were ended");
        run.problems.push(
            Problem::new(Code::SmokeTestLeftFiles, "smoke tests", text).severity(Severity::Info),
        );
    }
}

/// Verifies the old state, puts it back once more where it is not whole, and closes.
pub(super) fn finish(
    mut run: Run<'_, '_>,
    cause: Problem,
    evidence: Option<&Evidence>,
    old: OldSmokeTests,
) -> TransactionReport {
    stage(&run, Stage::Verify);
    let mut proof = verify(&run);
    if !proof.verified {
        undo_all(&mut run, evidence);
        proof = verify(&run);
    }
    if proof.verified {
        run.record_if_possible(&Entry::Verified {
            proof: proof.clone(),
        });
        if old == OldSmokeTests::Run && run_old_smoke_tests(&mut run) {
            undo_all(&mut run, evidence);
            proof = verify(&run);
        }
    }
    let outcome = if proof.verified {
        quarantine::after_failure(&mut run, &cause);
        Outcome::RollbackExecuted
    } else {
        run.record_if_possible(&Entry::Inconsistent {
            proof: proof.clone(),
        });
        Outcome::Inconsistent
    };
    done(&run, Stage::Verify);
    let ending = Ending {
        outcome,
        cause: Some(cause),
        proof: Some(proof),
    };
    close::close(&mut run, &ending);
    close::report(run, &ending)
}

fn keep_evidence(run: &mut Run<'_, '_>, cause: &Problem) -> Option<Evidence> {
    stage(run, Stage::Evidence);
    let kept = evidence::keep(run.cx, &run.id, cause, &run.outputs);
    done(run, Stage::Evidence);
    let (evidence, folder, error) = match kept {
        Ok(evidence) => {
            let folder = evidence.folder().display().to_string();
            (Some(evidence), Some(folder), None)
        }
        Err(error) => {
            let problem = problem_of(&error, Code::StepFailed).severity(Severity::Warning);
            let text = problem.message.clone();
            run.problems.push(problem);
            (
                Evidence::create(&run.cx.site.state_dir, &run.id).ok(),
                None,
                Some(text),
            )
        }
    };
    run.record_if_possible(&Entry::Evidence { folder, error });
    evidence
}

/// Undoes every step that was begun, the last one first, going on past a failing one.
pub(super) fn undo_all(run: &mut Run<'_, '_>, evidence: Option<&Evidence>) {
    let steps: Vec<Step> = run.story.steps_to_undo().cloned().collect();
    for step in steps {
        let before = run.begun().untracked.clone();
        let keep = leftovers::Leftovers {
            transaction: &run.id,
            before: &before,
            evidence,
        };
        let result = undo(run, &step, &keep);
        let error = result
            .err()
            .map(|error| problem_of(&error, Code::StepFailed));
        let text = error.as_ref().map(|problem| problem.message.clone());
        run.problems
            .extend(error.map(|problem| problem.severity(Severity::Warning)));
        run.record_if_possible(&Entry::Undone {
            step: step.name(),
            error: text,
        });
    }
    if let Some(files) = run.story.files.clone()
        // Synced again: the verified state that is written next must outlast a power cut.
        && let Err(error) =
            vertical_files::restore(run.cx, &files).and(switch_tree::sync(run.cx))
    {
        run.problems
            .push(problem_of(&error, Code::StepFailed).severity(Severity::Warning));
    }
}

fn undo(
    run: &Run<'_, '_>,
    step: &Step,
    keep: &leftovers::Leftovers<'_>,
) -> Result<(), EngineError> {
    let cx = run.cx;
    cx.faults
        .at(format_args!("undo.{}", step.name()))
        .map_err(|source| EngineError::Io {
            action: "undoing",
            path: cx.site.root.clone(),
            source,
        })?;
    match step {
        Step::SwitchTree { from, to } => switch_tree::undo(cx, from, to, keep),
        Step::SwitchSubmodule(switch) => submodule::undo(cx, switch, keep),
        Step::Environment(change) => {
            environment::undo(cx, change, run.story.environment.as_ref(), keep)
        }
        Step::Command(command) => command::undo(cx, &run.id, command),
    }
}

pub(super) fn verify(run: &Run<'_, '_>) -> Proof {
    let begun = run.begun();
    let expected = Expected {
        position: &begun.from.position,
        files: run.story.files.as_ref(),
        untracked: Some(&begun.untracked),
        comparing: begun.comparing.as_deref(),
        environment: run.story.environment.as_ref(),
    };
    proof::by_content(run.cx, &expected).unwrap_or_else(|error| Proof {
        verified: false,
        head: begun.from.position.commit.clone(),
        branch: begun.from.position.branch.clone(),
        tree: begun.from.position.tree.clone(),
        environment: None,
        mismatches: vec![format!("the installation could not be compared: {error}")],
    })
}

/// Runs the old release's smoke tests once, reported and not gating. Returns whether they left
/// the tree changed.
fn run_old_smoke_tests(run: &mut Run<'_, '_>) -> bool {
    if run.story.results.is_empty() || run.cx.cancel.is_set() {
        return false;
    }
    let Ok(Some(plan)) = transactions::read(&run.cx.site.state_dir, &run.id) else {
        return false;
    };
    let still_there = |test: &&SmokeTest| {
        run.cx
            .site
            .root
            .join(&test.root)
            .join("smoke_tests/run.sh")
            .is_file()
    };
    let tests: Vec<SmokeTest> = plan
        .smoke_tests
        .iter()
        .filter(still_there)
        .cloned()
        .collect();
    let begun = run.begun();
    let (from, to) = (version_text(&begun.to), version_text(&begun.from));
    let about = probe::Surroundings {
        phase: "rollback",
        transaction: &run.id,
        from: &from,
        to: &to,
    };
    run.after_rollback = probe::run(run.cx, &tests, &about).results;
    let branch = run.begun().from.position.branch.as_deref();
    let unlocked = locks::remove_left(run.cx, &[branch]).is_ok();
    !unlocked || !verify(run).verified
}

fn stage(run: &Run<'_, '_>, stage: Stage) {
    run.cx.reporter.report(Event::StageBegun { stage });
}

fn done(run: &Run<'_, '_>, stage: Stage) {
    run.cx.reporter.report(Event::StageDone {
        stage,
        elapsed: std::time::Duration::ZERO,
    });
}

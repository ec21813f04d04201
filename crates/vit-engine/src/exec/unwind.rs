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
use super::execute::{Failure, failed};
use super::proof::{self, Expected};
use super::quarantine;
use super::record::Entry;
use super::run::{Run, problem_of, version_text, without_output};
use crate::error::EngineError;
use crate::event::Stage;
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
    let cause = match run.story.cause.clone() {
        Some(first) => {
            run.later.get_or_insert(cause);
            first
        }
        None => run.redactor.problem(cause),
    };
    run.record_if_possible(&Entry::RollbackBegun {
        cause: cause.clone(),
        results,
    });
    run.story.results = kept_results;
    let evidence = keep_evidence(&mut run, &cause);
    run.stage_begun(Stage::Undo);
    undo_all(&mut run, evidence.as_ref());
    run.stage_done(Stage::Undo);
    finish(run, cause, evidence.as_ref(), old)
}

/// After a crash: ends what was still at work, and removes the locks that were left.
pub(super) fn clear_the_way(run: &mut Run<'_, '_>) {
    end_smoke_tests(run);
    let begun = run.begun();
    let branches = [&begun.from, &begun.to].map(|end| end.position.branch.as_deref());
    let unlocked =
        locks::remove_left(run.cx, &branches).and(submodule::unlock(run.cx, &begun.steps));
    if let Err(error) = unlocked {
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
    run.stage_begun(Stage::Verify);
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
    run.stage_done(Stage::Verify);
    if let Some(evidence) = evidence {
        evidence::complete(&mut run, evidence, &proof);
    }
    let ending = Ending {
        outcome,
        cause: Some(cause),
        proof: Some(proof),
    };
    close::close(&mut run, &ending);
    close::report(run, &ending)
}

fn keep_evidence(run: &mut Run<'_, '_>, cause: &Problem) -> Option<Evidence> {
    run.stage_begun(Stage::Evidence);
    let (evidence, error) = evidence::keep(run, cause);
    run.stage_done(Stage::Evidence);
    let error = error.map(|error| {
        let problem = run.redactor.problem(problem_of(&error, Code::StepFailed));
        let text = problem.message.clone();
        run.problems.push(problem.severity(Severity::Warning));
        text
    });
    let folder = evidence
        .as_ref()
        .map(|evidence| evidence.folder().display().to_string());
    run.record_if_possible(&Entry::Evidence { folder, error });
    evidence
}

/// Undoes every step that was begun and is not known to be undone, the last one first, going on past a failing one.
pub(super) fn undo_all(run: &mut Run<'_, '_>, evidence: Option<&Evidence>) {
    let steps: Vec<Step> = run.story.steps_to_undo().cloned().collect();
    for step in steps {
        let before = run.begun().untracked.clone();
        let keep = leftovers::Leftovers {
            transaction: &run.id,
            before: &before,
            evidence,
        };
        let result = undo(run, &step, &keep).map_err(|problem| run.redactor.problem(*problem));
        let text = result
            .as_ref()
            .err()
            .map(|problem| match &problem.evidence {
                Some(evidence) => format!("{} ({evidence})", problem.message),
                None => problem.message.clone(),
            });
        let told = match result {
            Ok(notes) => notes,
            Err(problem) => vec![problem.severity(Severity::Warning)],
        };
        // The same step may be undone twice, and fail twice: it is told once.
        for problem in told {
            if !run.problems.contains(&problem) {
                run.problems.push(problem);
            }
        }
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
) -> Result<Vec<Problem>, Failure> {
    let cx = run.cx;
    let undone = cx
        .faults
        .at(format_args!("undo.{}", step.name()))
        .map_err(|source| EngineError::Io {
            action: "undoing",
            path: cx.site.root.clone(),
            source,
        })
        .and_then(|()| match step {
            Step::SwitchTree { from, to } => switch_tree::undo(cx, from, to, keep),
            Step::SwitchSubmodule(switch) => submodule::undo(cx, switch, keep),
            Step::Environment(change) => {
                environment::undo(cx, change, run.story.environment.as_ref(), keep)
            }
            Step::Command(_) => Ok(()),
        });
    undone.map_err(|error| failed(&error))?;
    let Step::Command(command) = step else {
        return Ok(Vec::new());
    };
    let begun = run.begun();
    let (from, to) = (version_text(&begun.from), version_text(&begun.to));
    let about = command::About {
        transaction: &run.id,
        from: &from,
        to: &to,
        tree: &begun.from.position,
    };
    command::undo(cx, &about, command)
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
    let compared = || -> Result<Proof, EngineError> {
        let mut proof = proof::by_content(run.cx, &expected)?;
        let submodules = submodule::differing(run.cx, &begun.steps, submodule::End::From)?;
        proof.mismatches.extend(submodules);
        if run.story.environment.is_none() && run.story.environment_begun() {
            let text = "environment: nothing says what it was, so it could not be compared";
            proof.mismatches.push(text.to_owned());
        }
        proof.verified = proof.mismatches.is_empty();
        Ok(proof)
    };
    let mut proof = compared().unwrap_or_else(|error| Proof {
        verified: false,
        head: begun.from.position.commit.clone(),
        branch: begun.from.position.branch.clone(),
        tree: begun.from.position.tree.clone(),
        environment: None,
        signed_by: None,
        mismatches: vec![format!("the installation could not be compared: {error}")],
    });
    for (step, error) in &run.story.not_undone {
        proof.verified = false;
        proof
            .mismatches
            .push(format!("{step} was not undone: {error}"));
    }
    proof
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
        environment: environment::of_plan(&plan.environment),
    };
    let kept = run.story.environment.clone();
    if let Some(kept) = &kept
        && let Err(error) = environment::guard(run.cx, kept)
    {
        // Without a copy, what they might do to the environment could not be undone.
        run.problems
            .push(problem_of(&error, Code::StepFailed).severity(Severity::Warning));
        return false;
    }
    let probed = probe::run(run.cx, &tests, &about);
    run.after_rollback = probed.results;
    run.outputs = probed.outputs;
    let branch = run.begun().from.position.branch.as_deref();
    let unlocked = locks::remove_left(run.cx, &[branch]).is_ok();
    let touched = kept.is_some_and(|kept| !environment::is_exact(&kept));
    !unlocked || touched || !verify(run).verified
}

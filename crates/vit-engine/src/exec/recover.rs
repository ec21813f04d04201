//! After a crash: reads the journal and does what is left, forward when it was committed, else
//! back. Ends, and changes nothing when run again.

use vit_contract::code::Code;
use vit_contract::history::{Outcome, Proof};
use vit_contract::output::TransactionReport;
use vit_contract::plan::{Accepted, Kind};
use vit_contract::problem::{Problem, Severity, Who};

use super::close::{self, Ending};
use super::evidence::{self, Evidence};
use super::phase::{Phase, Story};
use super::quarantine;
use super::record::{Begun, Entry, path_text};
use super::run::{Run, problem_of};
use super::transaction::{self, Held};
use super::trial;
use super::unwind::{self, OldSmokeTests};
use crate::context::Context;
use crate::error::EngineError;
use crate::event::Event;
use crate::store::{environments, transactions};

/// Finishes the transaction that is open, if one is. An inconsistent one stays as it is, and so
/// does a trial that stands: it is `OnTrial`.
///
/// # Errors
/// The journal cannot be read, or what it says is not enough to act on.
pub fn finish_open<'a>(
    cx: &'a Context<'a>,
    held: &mut Held<'a>,
) -> Result<Option<TransactionReport>, EngineError> {
    let unfinished = held.unfinished()?;
    let Some((id, mut story)) =
        unfinished.filter(|(_, story)| story.phase != Phase::Inconsistent { closed: true })
    else {
        return Ok(None);
    };
    // Not ours to decide, as long as somebody may.
    if trial::standing(cx, &story).is_some() {
        return Err(transaction::unfinished_error(cx, id, &story));
    }
    cx.reporter.report(Event::Recovering { id: id.clone() });
    if story.begun.is_none() && never_snapped(cx, &id)? {
        let cause = interrupted(&id);
        return Ok(Some(Run::new(cx, held, id, story).abort(cause)));
    }
    beginning(cx, &id, &mut story)?;
    kept_environment(cx, &id, &mut story);
    let phase = story.phase;
    let first = story.cause.clone();
    let mut run = Run::new(cx, held, id, story);
    let cause = first.clone().unwrap_or_else(|| match phase {
        Phase::Trial => trial::unconfirmed(&run.id),
        _ => interrupted(&run.id),
    });
    // The way back was cut off: worth knowing, and never in place of what was the first cause.
    run.later = first.map(|_| interrupted(&run.id));
    unwind::clear_the_way(&mut run);
    Ok(Some(match phase {
        Phase::Ended => return Ok(None),
        Phase::Abort => run.abort(cause),
        Phase::RollBack | Phase::Trial | Phase::ContinueRollback => {
            unwind::roll_back(run, cause, OldSmokeTests::Skip)
        }
        Phase::FinishRollback => {
            let evidence = Evidence::create(&cx.site.state_dir, &run.id).ok();
            unwind::finish(run, cause, evidence.as_ref(), OldSmokeTests::Skip)
        }
        Phase::FinishForward => {
            let proof = recorded_proof(&run.story)?;
            run.finish_forward(proof)
        }
        Phase::FinishRepair => {
            let proof = run.story.proof.clone();
            close_repaired(run, proof)
        }
        Phase::Inconsistent { .. } => {
            let proof = run.story.proof.clone();
            let ending = Ending {
                outcome: Outcome::Inconsistent,
                cause: Some(cause),
                proof,
            };
            close::close(&mut run, &ending);
            close::report(run, &ending)
        }
    }))
}

/// Brings the history, and the memory of failures, what a write that failed has kept from it. What stands in the way is told.
pub fn complete_history(cx: &Context<'_>) -> Vec<Problem> {
    let mut problems = close::complete_history(cx).unwrap_or_else(|error| {
        vec![problem_of(&error, Code::HistoryDamaged).severity(Severity::Warning)]
    });
    if let Err(error) = quarantine::remember(cx) {
        problems.push(problem_of(&error, Code::FileUnreadable).severity(Severity::Warning));
    }
    problems
}

/// Puts the old state of an inconsistent transaction back once more, and verifies it. With
/// `own_step_not_undone` among `accept`, a step of the installation's own that nothing could undo
/// is left to people, on the record.
///
/// # Errors
/// The journal cannot be read.
pub fn repair<'a>(
    cx: &'a Context<'a>,
    held: &mut Held<'a>,
    accept: &[Code],
) -> Result<Option<TransactionReport>, EngineError> {
    let Some((id, mut story)) = held.unfinished()? else {
        return Ok(None);
    };
    beginning(cx, &id, &mut story)?;
    kept_environment(cx, &id, &mut story);
    let cause = story.cause.clone().unwrap_or_else(|| interrupted(&id));
    let mut run = Run::new(cx, held, id, story);
    unwind::clear_the_way(&mut run);
    // Somebody may have tried to mend the tree by hand meanwhile.
    let (evidence, _) = evidence::keep(&mut run, &cause);
    unwind::undo_all(&mut run, evidence.as_ref());
    let accepted = accept_not_undone(&mut run, accept);
    let proof = unwind::verify(&run);
    if let Some(evidence) = &evidence {
        evidence::complete(&mut run, evidence, &proof);
    }
    if proof.verified {
        run.record_if_possible(&Entry::Repaired {
            proof: proof.clone(),
            accepted: accepted.clone(),
        });
        if let Some(begun) = &mut run.story.begun {
            begun.accepted = accepted;
        }
        return Ok(Some(close_repaired(run, Some(proof))));
    }
    run.record_if_possible(&Entry::Inconsistent {
        proof: proof.clone(),
    });
    run.record_if_possible(&Entry::Closed {
        outcome: Outcome::Inconsistent,
    });
    let ending = Ending {
        outcome: Outcome::Inconsistent,
        cause: Some(cause),
        proof: Some(proof),
    };
    Ok(Some(close::report(run, &ending)))
}

/// Takes the steps that could not be undone out of what has to be proven, where somebody said so.
fn accept_not_undone(run: &mut Run<'_, '_>, accept: &[Code]) -> Vec<Accepted> {
    let code = Code::OwnStepNotUndone;
    if !accept.contains(&code) || run.story.not_undone.is_empty() {
        return Vec::new();
    }
    let subjects: Vec<String> = std::mem::take(&mut run.story.not_undone)
        .into_keys()
        .map(|step| step.trim_start_matches("step:").to_owned())
        .collect();
    for step in &subjects {
        let text = "the step was not undone; that was accepted, what it did stays as it is";
        run.problems
            .push(Problem::new(code, step, text).severity(Severity::Warning));
    }
    vec![Accepted { code, subjects }]
}

/// The history gets an entry of its own for the repair: back at the old state, with proof.
fn close_repaired(mut run: Run<'_, '_>, proof: Option<Proof>) -> TransactionReport {
    // What led to the inconsistent state must not be offered as if nothing had been.
    if let Some(cause) = run.story.cause.clone() {
        quarantine::after_failure(&mut run, &cause);
    }
    if let Some(begun) = &mut run.story.begun {
        begun.kind = Kind::Repair;
        std::mem::swap(&mut begun.from, &mut begun.to);
    }
    let ending = Ending {
        outcome: Outcome::Success,
        cause: None,
        proof,
    };
    close::close(&mut run, &ending);
    close::report(run, &ending)
}

/// Whether a transaction whose first record is lost had not got as far as its snapshot. Plan, tag
/// and private ref are on disk before it is armed: without any of them, nothing was changed.
fn never_snapped(cx: &Context<'_>, id: &str) -> Result<bool, EngineError> {
    let names = [
        format!("refs/vit/snapshots/{id}"),
        format!("refs/tags/pre-upgrade-{id}"),
        format!("refs/tags/pre-rollback-{id}"),
    ];
    let wanted: Vec<&str> = names.iter().map(String::as_str).collect();
    Ok(transactions::read(&cx.site.state_dir, id)?.is_none() && cx.git.refs(&wanted)?.is_empty())
}

/// Where a damaged journal has lost the first record, the plan that was kept for the transaction
/// says the same, but for what was untracked then: whatever is untracked now stays.
fn beginning(cx: &Context<'_>, id: &str, story: &mut Story) -> Result<(), EngineError> {
    if story.begun.is_some() {
        return Ok(());
    }
    let plan = transactions::read(&cx.site.state_dir, id)
        .ok()
        .flatten()
        .ok_or_else(|| no_beginning(id))?;
    let untracked = cx.git.untracked()?;
    let prefix = if plan.kind == Kind::Upgrade {
        "pre-upgrade"
    } else {
        "pre-rollback"
    };
    story.begun = Some(Begun {
        kind: plan.kind,
        root: cx.site.root.display().to_string(),
        from: plan.from,
        to: plan.to,
        snapshot_tag: format!("{prefix}-{id}"),
        steps: plan.steps,
        plan: plan.digest,
        untracked: untracked.iter().map(|path| path_text(path)).collect(),
        comparing: None,
        accepted: plan.accepted,
        retry_reason: plan.retry_reason,
        quarantine_key: plan.quarantine_key,
        signed_by: plan.signed_by,
        actor: cx.actor.user.clone(),
        host: cx.actor.host.clone(),
    });
    Ok(())
}

/// Where a damaged journal has lost what was kept of the environment, the twin says it of itself:
/// without it the environment would be neither put back nor compared.
fn kept_environment(cx: &Context<'_>, id: &str, story: &mut Story) {
    if story.environment.is_none() && story.environment_begun() {
        story.environment = environments::read(&cx.site.state_dir, id);
    }
}

fn recorded_proof(story: &Story) -> Result<Proof, EngineError> {
    story.proof.clone().ok_or_else(|| no_beginning("unknown"))
}

/// What the cause of a transaction says that was cut off, and that nobody asked to stop.
pub const CUT_OFF: &str = "vit was ended in the middle (crash, kill or power cut)";

fn interrupted(id: &str) -> Problem {
    Problem::new(Code::Interrupted, id, CUT_OFF)
        .hint(Who::You, "plan again when the machine is well")
}

fn no_beginning(id: &str) -> EngineError {
    EngineError::Inconsistent {
        id: id.to_owned(),
        mismatches: vec![
            "the journal does not say what the state before the transaction was".into(),
        ],
    }
}

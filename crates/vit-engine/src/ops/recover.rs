//! `vit recover` and `vit repair`: finishing what was interrupted, mending what could not be
//! verified.

use vit_contract::code::Code;
use vit_contract::output::{TransactionReport, TransactionStatus};
use vit_contract::problem::{Problem, Severity, Who};

use super::confirm;
use crate::context::Context;
use crate::error::EngineError;
use crate::exec::recover as exec;
use crate::exec::transaction::{self, Held};
use crate::store::folder::Folder;
use crate::store::journal::Journal;
use crate::store::lock::Lock;

const RECOVER: &str = "vit.recover/1";
const REPAIR: &str = "vit.repair/1";

/// Finishes an interrupted transaction: forward when it was committed, else back. Without one,
/// `nothing_to_do`; the same for a trial that stands.
///
/// # Errors
/// Locked, or the journal cannot be read, or the installation is inconsistent.
pub fn recover(cx: &Context<'_>) -> Result<TransactionReport, EngineError> {
    let mut held = Held::acquire(cx, "vit recover")?;
    let damaged = held.damaged.as_ref().map(|aside| {
        Problem::new(Code::HistoryDamaged, "journal", "the journal was damaged")
            .severity(Severity::Warning)
            .evidence(format!("it is kept whole as {}", aside.display()))
            .hint(
                Who::You,
                "`vit verify` compares the installation with its release",
            )
    });
    let finished = match exec::finish_open(cx, &mut held) {
        Err(EngineError::OnTrial { .. }) => {
            drop(held);
            return on_trial(cx);
        }
        finished => finished?,
    };
    let mut report = match finished {
        Some(report) => TransactionReport {
            schema: RECOVER.into(),
            ..report
        },
        None => {
            let problems = exec::complete_history(cx);
            held.refuse_unfinished()?;
            TransactionReport {
                problems,
                ..TransactionReport::without_transaction(
                    "recover",
                    TransactionStatus::NothingToDo,
                    "no transaction was interrupted",
                )
            }
        }
    };
    report.problems.extend(damaged);
    Ok(report)
}

/// A trial that stands is left alone: it is neither wrong nor ours to decide.
fn on_trial(cx: &Context<'_>) -> Result<TransactionReport, EngineError> {
    let trial = confirm::orphan(cx)?;
    let details = trial.as_ref().map_or_else(
        || "the trial has ended meanwhile".to_owned(),
        |trial| {
            format!(
                "{} is on trial until {} and is left alone",
                trial.version, trial.until
            )
        },
    );
    Ok(TransactionReport {
        id: trial.as_ref().map(|trial| trial.id.clone()),
        problems: trial.iter().map(confirm::problem).collect(),
        next: Some("vit confirm".into()),
        ..TransactionReport::without_transaction("recover", TransactionStatus::NothingToDo, details)
    })
}

/// Whether a command that changes something may look at the installation and plan: what a
/// transaction in the middle shows is neither the old state nor the new one. Takes no lock.
///
/// # Errors
/// `Refused` where the state folder is not safe, `Locked` while another `vit` is at work, `OpenTransaction` or `Inconsistent` where an earlier
/// one is not finished.
pub fn ready(cx: &Context<'_>) -> Result<(), EngineError> {
    Folder::state(cx.site).safe()?;
    let state = &cx.site.state_dir;
    if let Some(owner) = Lock::holder(state) {
        return Err(EngineError::Locked { owner });
    }
    match transaction::unfinished(&Journal::read(state)?)? {
        None => Ok(()),
        Some((id, story)) => Err(transaction::unfinished_error(cx, id, &story)),
    }
}

/// Mends an inconsistent installation: puts the snapshot's state back once more and verifies it.
/// Of what cannot be undone, only `own_step_not_undone` can be accepted.
///
/// # Errors
/// Locked, a code that cannot be accepted here, or the journal cannot be read.
pub fn repair(cx: &Context<'_>, accept: &[Code]) -> Result<TransactionReport, EngineError> {
    if let Some(code) = accept.iter().find(|code| **code != Code::OwnStepNotUndone) {
        return Err(EngineError::BadInput {
            summary: format!("{code} cannot be accepted by a repair"),
            problems: Vec::new(),
            hints: vec![format!(
                "only `--accept {}` can: a step of your own that nothing undoes",
                Code::OwnStepNotUndone
            )],
        });
    }
    let mut held = Held::acquire(cx, "vit repair")?;
    if let Some(report) = exec::finish_open(cx, &mut held)?
        && report.status != TransactionStatus::Inconsistent
    {
        return Ok(TransactionReport {
            schema: REPAIR.into(),
            ..report
        });
    }
    Ok(match exec::repair(cx, &mut held, accept)? {
        Some(report) => TransactionReport {
            schema: REPAIR.into(),
            ..report
        },
        None => TransactionReport::without_transaction(
            "repair",
            TransactionStatus::NothingToDo,
            "the installation is not inconsistent: nothing to repair",
        ),
    })
}

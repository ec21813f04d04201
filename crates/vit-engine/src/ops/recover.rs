//! `vit recover` and `vit repair`: finishing what was interrupted, mending what could not be
//! verified.

use vit_contract::code::Code;
use vit_contract::output::{TransactionReport, TransactionStatus};
use vit_contract::problem::{Problem, Severity, Who};

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
/// `nothing_to_do`.
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
    let mut report = match exec::finish_open(cx, &mut held)? {
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
        Some((id, story)) => Err(transaction::unfinished_error(id, &story)),
    }
}

/// Mends an inconsistent installation: puts the snapshot's state back once more and verifies it.
///
/// # Errors
/// Locked, or the journal cannot be read.
pub fn repair(cx: &Context<'_>) -> Result<TransactionReport, EngineError> {
    let mut held = Held::acquire(cx, "vit repair")?;
    if let Some(report) = exec::finish_open(cx, &mut held)?
        && report.status != TransactionStatus::Inconsistent
    {
        return Ok(TransactionReport {
            schema: REPAIR.into(),
            ..report
        });
    }
    Ok(match exec::repair(cx, &mut held)? {
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

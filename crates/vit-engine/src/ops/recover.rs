//! `vit recover` and `vit repair`: finishing what was interrupted, mending what could not be
//! verified.

use vit_contract::output::{TransactionReport, TransactionStatus};

use crate::context::Context;
use crate::error::EngineError;
use crate::exec::recover as exec;
use crate::exec::transaction::Held;

/// Finishes an interrupted transaction: forward when it was committed, else back. Without one,
/// `nothing_to_do`.
///
/// # Errors
/// Locked, or the journal cannot be read, or the installation is inconsistent.
pub fn recover(cx: &Context<'_>) -> Result<TransactionReport, EngineError> {
    let mut held = Held::acquire(cx, "vit recover")?;
    match exec::finish_open(cx, &mut held)? {
        Some(report) => Ok(report),
        None => {
            held.refuse_unfinished()?;
            Ok(nothing("no transaction was interrupted"))
        }
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
        return Ok(report);
    }
    Ok(exec::repair(cx, &mut held)?
        .unwrap_or_else(|| nothing("the installation is not inconsistent: nothing to repair")))
}

fn nothing(details: &str) -> TransactionReport {
    TransactionReport {
        schema: "vit.transaction/1".into(),
        status: TransactionStatus::NothingToDo,
        details: details.into(),
        id: None,
        from_version: None,
        to_version: None,
        snapshot_tag: None,
        proof: None,
        smoke_tests: Vec::new(),
        smoke_tests_after_rollback: Vec::new(),
        problems: Vec::new(),
        evidence: None,
        plan: None,
        seconds: 0.0,
        next: None,
    }
}

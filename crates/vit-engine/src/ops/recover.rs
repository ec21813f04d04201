//! `vit recover` and `vit repair`: finishing what was interrupted, mending what could not be
//! verified.

use vit_contract::output::TransactionReport;

use crate::context::Context;
use crate::error::EngineError;

/// Finishes an interrupted transaction: forward when it was committed, else back. Without one,
/// `nothing_to_do`.
///
/// # Errors
/// Locked, or the journal cannot be read.
pub fn recover(cx: &Context<'_>) -> Result<TransactionReport, EngineError> {
    let _ = cx;
    todo!()
}

/// Mends an inconsistent installation: puts the snapshot's state back once more and verifies it.
///
/// # Errors
/// Locked, or the journal cannot be read.
pub fn repair(cx: &Context<'_>) -> Result<TransactionReport, EngineError> {
    let _ = cx;
    todo!()
}

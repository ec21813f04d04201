//! `vit history`: what was done to this installation.

use vit_contract::history::Entry;
use vit_contract::output::{CheckReport, HistoryReport};

use crate::context::Context;
use crate::error::EngineError;

/// Lists the entries, newest first; only the failed ones with `failed`.
///
/// # Errors
/// The history cannot be read at all.
pub fn list(cx: &Context<'_>, failed: bool) -> Result<HistoryReport, EngineError> {
    let _ = (cx, failed);
    todo!()
}

/// One entry, by id or an unambiguous beginning of it.
///
/// # Errors
/// There is none, or there are several.
pub fn show(cx: &Context<'_>, id: &str) -> Result<Entry, EngineError> {
    let _ = (cx, id);
    todo!()
}

/// Checks the chain of hashes, and the history against the journal.
///
/// # Errors
/// The history cannot be read at all.
pub fn verify(cx: &Context<'_>) -> Result<CheckReport, EngineError> {
    let _ = cx;
    todo!()
}

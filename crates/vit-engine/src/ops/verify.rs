//! `vit verify`: this installation equals the release it claims to be.

use vit_contract::output::CheckReport;

use crate::context::Context;
use crate::error::EngineError;

/// Compares tree, refs and history with what they should be, by content.
///
/// # Errors
/// The installation cannot be read.
pub fn verify(cx: &Context<'_>) -> Result<CheckReport, EngineError> {
    let _ = cx;
    todo!()
}

//! `vit status`: what is installed, how it stands. Reads only, asks nobody.

use vit_contract::output::StatusReport;

use crate::context::Context;
use crate::error::EngineError;

/// Looks at the installation.
///
/// # Errors
/// It cannot be read.
pub fn status(cx: &Context<'_>) -> Result<StatusReport, EngineError> {
    let _ = cx;
    todo!()
}

//! `vit hold`, `vit unhold`: versions that are not installed.

use semver::Version;
use vit_contract::output::HoldReport;

use crate::context::Context;
use crate::error::EngineError;

/// Holds one version, or every upgrade.
///
/// # Errors
/// It cannot be written.
pub fn hold(cx: &Context<'_>, version: Option<&Version>) -> Result<HoldReport, EngineError> {
    let _ = (cx, version);
    todo!()
}

/// Lets go of one version, or of everything.
///
/// # Errors
/// It was not held, or it cannot be written.
pub fn unhold(cx: &Context<'_>, version: Option<&Version>) -> Result<HoldReport, EngineError> {
    let _ = (cx, version);
    todo!()
}

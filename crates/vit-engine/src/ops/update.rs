//! `vit update`: is there a release, and can every vertical live with it?

use vit_contract::output::UpdateReport;

use crate::context::Context;
use crate::error::EngineError;

/// Options of `vit update`.
#[derive(Debug, Clone, Default)]
pub struct UpdateOptions {
    /// Ask nothing: judge what was fetched before.
    pub offline: bool,
}

/// Asks the registry, judges every newer release, and remembers the answer for `vit status`.
///
/// # Errors
/// The registry cannot answer, or the installation cannot be read.
pub fn update(cx: &Context<'_>, options: &UpdateOptions) -> Result<UpdateReport, EngineError> {
    let _ = (cx, options);
    todo!()
}

//! `vit rollback`: back to a snapshot.

use vit_contract::output::SnapshotReport;
use vit_contract::plan::Plan;

use crate::context::Context;
use crate::error::EngineError;

/// Lists the snapshots, newest first.
///
/// # Errors
/// The repository cannot be read.
pub fn list(cx: &Context<'_>) -> Result<SnapshotReport, EngineError> {
    let _ = cx;
    todo!()
}

/// Computes the plan of a rollback: to the snapshot named `to` (its tag), or to the state before
/// the upgrade that brought the present one.
///
/// # Errors
/// There is no such snapshot, or nothing to go back to.
pub fn plan(cx: &Context<'_>, to: Option<&str>) -> Result<Plan, EngineError> {
    let _ = (cx, to);
    todo!()
}

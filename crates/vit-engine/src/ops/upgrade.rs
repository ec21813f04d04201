//! `vit upgrade`: carries a plan out.

use vit_contract::output::TransactionReport;
use vit_contract::plan::Plan;

use crate::context::Context;
use crate::error::EngineError;

/// Applies a plan of `vit plan` (or of `vit rollback`) as a transaction. Refuses when a fact that the plan rests on
/// has changed, or when its answer is blocked.
///
/// # Errors
/// Refused, locked, inconsistent, or an error before anything changed.
pub fn apply(cx: &Context<'_>, plan: &Plan) -> Result<TransactionReport, EngineError> {
    let _ = (cx, plan);
    todo!()
}

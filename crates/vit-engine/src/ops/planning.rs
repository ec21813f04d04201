//! `vit plan`: what an upgrade would do.

use semver::Version;
use vit_contract::code::Code;
use vit_contract::output::UpdateReport;
use vit_contract::plan::Plan;

use crate::context::Context;
use crate::error::EngineError;

/// Options of `vit plan` and `vit upgrade`.
#[derive(Debug, Clone, Default)]
pub struct PlanOptions {
    /// The release to go to; else the one that `vit update` offers.
    pub target: Option<Version>,
    /// Warnings accepted by code.
    pub accept: Vec<Code>,
    /// Move the branch instead of detaching HEAD.
    pub branch: bool,
    /// Ask nothing: plan with what was fetched before.
    pub offline: bool,
}

/// A plan, or why there is nothing to plan.
#[derive(Debug, Clone)]
pub enum Planned {
    /// What would be done; its answer says whether it may.
    Plan(Box<Plan>),
    /// Nothing newer is offered; the report says what is there and why not.
    Nothing(Box<UpdateReport>),
}

/// Computes the plan of an upgrade.
///
/// # Errors
/// The registry cannot answer, the target does not exist (with the newest real versions), or the
/// installation cannot be read.
pub fn plan(cx: &Context<'_>, options: &PlanOptions) -> Result<Planned, EngineError> {
    let _ = (cx, options);
    todo!()
}

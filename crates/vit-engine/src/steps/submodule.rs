//! The step `switch-submodule`: the working tree of the submodule that Core is.

use vit_contract::code::Code;
use vit_contract::plan::SubmoduleSwitch;
use vit_contract::problem::Problem;

use super::leftovers::Leftovers;
use crate::context::Context;
use crate::error::EngineError;
use crate::exec::execute::Failure;

/// Switches it.
///
/// # Errors
/// Git refused or failed.
pub fn run(_cx: &Context<'_>, switch: &SubmoduleSwitch) -> Result<(), Failure> {
    Err(Problem::new(Code::StepFailed, &switch.path, "not built yet").into())
}

/// Puts it back from whatever state it is in.
///
/// # Errors
/// Git failed.
pub fn undo(
    _cx: &Context<'_>,
    _switch: &SubmoduleSwitch,
    _keep: &Leftovers<'_>,
) -> Result<(), EngineError> {
    Ok(())
}

//! The step `step:<name>`: a command of the installation's own.

use vit_contract::code::Code;
use vit_contract::plan::CommandStep;
use vit_contract::problem::Problem;

use crate::context::Context;
use crate::error::EngineError;
use crate::exec::execute::Failure;

/// Runs its command, then what verifies it.
///
/// # Errors
/// One of them failed or did not end in its time.
pub fn run(_cx: &Context<'_>, _transaction: &str, step: &CommandStep) -> Result<(), Failure> {
    Err(Problem::new(Code::StepFailed, &step.name, "not built yet").into())
}

/// Runs what undoes it; nothing where it cannot be undone.
///
/// # Errors
/// It failed or did not end in its time.
pub fn undo(_cx: &Context<'_>, _transaction: &str, _step: &CommandStep) -> Result<(), EngineError> {
    Ok(())
}

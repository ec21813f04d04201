//! The step `environment`: the Python environment. A twin of it is kept before anything changes,
//! and put back by its files: nothing is ever resolved again.

use vit_contract::code::Code;
use vit_contract::history::EnvironmentProof;
use vit_contract::plan::{EnvironmentStep, Step};
use vit_contract::problem::Problem;

use super::leftovers::Leftovers;
use crate::context::Context;
use crate::error::EngineError;
use crate::exec::execute::Failure;
use crate::exec::record::KeptEnvironment;

/// Keeps a twin of the environment, durably, where a step changes it.
///
/// # Errors
/// It cannot be read, or the twin not be made.
pub fn keep(
    _cx: &Context<'_>,
    _transaction: &str,
    _steps: &[Step],
) -> Result<Option<KeptEnvironment>, EngineError> {
    Ok(None)
}

/// Changes the environment.
///
/// # Errors
/// The installation failed; or the kept environment cannot be put in place.
pub fn run(_cx: &Context<'_>, _transaction: &str, step: &EnvironmentStep) -> Result<(), Failure> {
    Err(Problem::new(Code::StepFailed, &step.path, "not built yet").into())
}

/// Puts the kept environment back from whatever state it is in.
///
/// # Errors
/// It cannot be put back whole.
pub fn undo(
    _cx: &Context<'_>,
    _step: &EnvironmentStep,
    _kept: Option<&KeptEnvironment>,
    _keep: &Leftovers<'_>,
) -> Result<(), EngineError> {
    Ok(())
}

/// Compares the environment with what was kept of it: what was compared, and what differs.
///
/// # Errors
/// It cannot be read.
pub fn compare(kept: &KeptEnvironment) -> Result<(EnvironmentProof, Vec<String>), EngineError> {
    let proof = EnvironmentProof {
        path: kept.path.clone(),
        sha256: kept.manifest_sha256.clone(),
        files: kept.files,
    };
    Ok((proof, Vec::new()))
}

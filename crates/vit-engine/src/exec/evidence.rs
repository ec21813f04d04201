//! What is kept of a failure before anything is undone: bounded, and never in the way of the undo.

use vit_contract::problem::Problem;

use crate::context::Context;
use crate::error::EngineError;
pub use crate::store::evidence::Evidence;

/// A smoke test's whole output, as far as it was captured.
#[derive(Debug, Clone)]
pub struct ProbeOutput {
    /// The vertical.
    pub vertical: String,
    /// What it printed.
    pub output: Vec<u8>,
}

/// Opens the folder and fills it: the cause, each smoke test's output, what git says of the tree,
/// and what the smoke tests changed in tracked files.
///
/// # Errors
/// The folder cannot be made or a file cannot be written. The caller goes on with the undo.
pub fn keep(
    cx: &Context<'_>,
    transaction: &str,
    cause: &Problem,
    outputs: &[ProbeOutput],
) -> Result<Evidence, EngineError> {
    let evidence = Evidence::create(&cx.site.state_dir, transaction)?;
    let cause = serde_json::to_vec_pretty(cause).expect("a problem is plain data");
    evidence.put("cause.json", &cause)?;
    for probe in outputs {
        evidence.put(&format!("smoke-{}.log", probe.vertical), &probe.output)?;
    }
    let status = cx
        .git
        .raw(&["status", "--porcelain=v2", "--branch"], Vec::new())?;
    evidence.put("git-status.txt", &status.stdout.kept)?;
    let diff = cx.git.raw(
        &["diff", "--binary", "--no-ext-diff", "--no-textconv", "HEAD"],
        Vec::new(),
    )?;
    if diff.stdout.total > 0 {
        evidence.put("tree.diff", &diff.stdout.kept)?;
    }
    Ok(evidence)
}

//! `vit doctor`: what is found and what is missing, each with its fix.

use std::path::Path;

use vit_contract::output::CheckReport;

use crate::environment::Environment;

/// Looks at the machine and, where `start` is inside an installation, at that.
#[must_use]
pub fn doctor(start: &Path, environment: &Environment) -> CheckReport {
    let _ = (start, environment);
    todo!()
}

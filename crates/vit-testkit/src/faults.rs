//! Making the program under test fail or die at named points.
//!
//! The program must have been built with the engine's feature `faults`: `VIT_FAULT` holds
//! `POINT=ACTION` pairs, `VIT_FAULT_TRACE` names a file that collects the points passed.

use std::collections::BTreeSet;
use std::fs;

use crate::run::{Invocation, Run};

/// What happens at a point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The program kills itself with SIGKILL.
    Kill,
    /// The program sends itself SIGINT and goes on.
    Interrupt,
    /// The operation fails with `EIO`.
    Eio,
    /// The operation fails with `ENOSPC`.
    Enospc,
    /// The operation fails with `EROFS`.
    Erofs,
}

impl Fault {
    /// The faults that return an error.
    pub const ERRORS: [Self; 3] = [Self::Eio, Self::Enospc, Self::Erofs];

    /// The name as it stands in `VIT_FAULT`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Interrupt => "interrupt",
            Self::Eio => "eio",
            Self::Enospc => "enospc",
            Self::Erofs => "erofs",
        }
    }
}

/// The same run with a fault at a point.
pub fn with(invocation: Invocation, point: &str, fault: Fault) -> Invocation {
    with_all(invocation, &[(point, fault)])
}

/// The same run with faults at several points.
pub fn with_all(invocation: Invocation, faults: &[(&str, Fault)]) -> Invocation {
    let rules: Vec<String> = faults
        .iter()
        .map(|(point, fault)| format!("{point}={}", fault.as_str()))
        .collect();
    invocation.env("VIT_FAULT", rules.join(","))
}

/// Runs to the end and lists the points passed, each once, in order of their first pass.
pub fn trace(invocation: Invocation) -> (Run, Vec<String>) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("points");
    let run = invocation.env("VIT_FAULT_TRACE", &file).run();
    let mut seen = BTreeSet::new();
    let points = fs::read_to_string(&file)
        .unwrap_or_default()
        .lines()
        .filter(|point| seen.insert((*point).to_owned()))
        .map(str::to_owned)
        .collect();
    (run, points)
}

//! `<state>/confirm.json`: the request of `vit confirm` to the vit that watches a trial. It is no
//! more than that: lost, it is asked for again.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::atomic;
use crate::error::EngineError;
use crate::faults::Faults;

const FILE: &str = "confirm.json";
const MAX_BYTES: usize = 4096;

/// A request to commit a release that is on trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The transaction.
    pub transaction: String,
    /// Who asks.
    pub user: String,
    /// When.
    pub time: Timestamp,
}

/// Leaves a request.
///
/// # Errors
/// It cannot be written.
pub fn write(state_dir: &Path, request: &Request, faults: &Faults) -> Result<(), EngineError> {
    let bytes = serde_json::to_vec(request).expect("a request is plain data");
    atomic::write(&path(state_dir), &bytes, faults)
}

/// Whether there is a request for a transaction; one that cannot be read is none.
#[must_use]
pub fn is_for(state_dir: &Path, transaction: &str) -> bool {
    atomic::read_bounded(&path(state_dir), MAX_BYTES)
        .ok()
        .flatten()
        .and_then(|bytes| serde_json::from_slice::<Request>(&bytes).ok())
        .is_some_and(|request| request.transaction == transaction)
}

/// Removes the request, where there is one: it is for one transaction, whose id comes never again.
pub fn remove(state_dir: &Path) {
    let _ = fs::remove_file(path(state_dir));
}

fn path(state_dir: &Path) -> PathBuf {
    state_dir.join(FILE)
}

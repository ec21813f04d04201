//! `<state>/transactions/<id>/plan.json`: the plan that a transaction carries out, so that
//! whoever recovers it knows what was meant.

use std::io;
use std::path::{Path, PathBuf};

use vit_contract::plan::Plan;

use super::folder::Folder;
use super::{atomic, check_id, failed, is_id};
use crate::error::EngineError;
use crate::faults::Faults;

const FOLDER: &str = "transactions";
const PLAN: &str = "plan.json";
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// Writes a transaction's plan, durably.
///
/// # Errors
/// The id may not become a path, or the plan cannot be written.
pub fn write(state_dir: &Path, id: &str, plan: &Plan, faults: &Faults) -> Result<(), EngineError> {
    let folder = folder(state_dir, id)?;
    Folder::below(state_dir, &folder).ensure()?;
    let mut bytes = serde_json::to_vec_pretty(plan).expect("a plan is plain data");
    bytes.push(b'\n');
    atomic::write(&folder.join(PLAN), &bytes, faults)
}

/// Reads a transaction's plan; `None` when there is none.
///
/// # Errors
/// The id may not become a path, or the plan cannot be read or has not the digest that it names.
pub fn read(state_dir: &Path, id: &str) -> Result<Option<Plan>, EngineError> {
    let path = folder(state_dir, id)?.join(PLAN);
    let Some(bytes) = atomic::read_bounded(&path, MAX_BYTES)? else {
        return Ok(None);
    };
    let damaged = |reason: String| {
        failed("reading", &path)(io::Error::new(io::ErrorKind::InvalidData, reason))
    };
    let plan: Plan = serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?;
    if plan.compute_digest() != plan.digest {
        return Err(damaged(
            "the plan has not the digest that it names".to_owned(),
        ));
    }
    Ok(Some(plan))
}

/// The ids of all transactions that have a folder, oldest first.
///
/// # Errors
/// The folder cannot be read.
pub fn list(state_dir: &Path) -> Result<Vec<String>, EngineError> {
    Ok(super::folders_by_age(&state_dir.join(FOLDER))?
        .into_iter()
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .filter(|id| is_id(id))
        .collect())
}

/// Removes one transaction's folder, where it is there.
///
/// # Errors
/// The id may not become a path, or the folder cannot be removed.
pub fn remove(state_dir: &Path, id: &str) -> Result<(), EngineError> {
    let folder = folder(state_dir, id)?;
    if folder.exists() {
        super::remove_folders(&[folder])
    } else {
        Ok(())
    }
}

fn folder(state_dir: &Path, id: &str) -> Result<PathBuf, EngineError> {
    check_id(id)?;
    Ok(state_dir.join(FOLDER).join(id))
}

#[cfg(test)]
mod tests;

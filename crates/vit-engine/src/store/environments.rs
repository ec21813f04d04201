//! `<state>/environments/<id>/`: what is kept of a Python environment before a transaction changes
//! it. `kept.json` says where the twin is: in the same folder as `tree` and `manifest`, or beside
//! the environment where that lies on another file system. `after` is the manifest of what the
//! transaction made of it.

use std::path::{Path, PathBuf};

use super::folder::Folder;
use super::{atomic, check_id, failed, is_id};
use crate::cancel::Cancel;
use crate::error::EngineError;
use crate::exec::record::KeptEnvironment;
use crate::faults::Faults;
use crate::twin::{self, Manifest, Work};

const FOLDER: &str = "environments";
const KEPT: &str = "kept.json";
const MANIFEST: &str = "manifest";
const AFTER: &str = "after";
const TREE: &str = "tree";
const MAX_BYTES: usize = 64 * 1024;

/// Writes down where a twin is, durably: before it is made, so that whoever cleans up knows.
///
/// # Errors
/// The id may not become a path, or it cannot be written.
pub fn write(
    state_dir: &Path,
    id: &str,
    kept: &KeptEnvironment,
    faults: &Faults,
) -> Result<(), EngineError> {
    let folder = folder(state_dir, id)?;
    Folder::below(state_dir, &folder).ensure()?;
    let bytes = serde_json::to_vec_pretty(kept).expect("a record is plain data");
    atomic::write(&folder.join(KEPT), &bytes, faults)
}

/// Reads where a twin is; `None` where there is none, or nobody can tell.
#[must_use]
pub fn read(state_dir: &Path, id: &str) -> Option<KeptEnvironment> {
    let path = folder(state_dir, id).ok()?.join(KEPT);
    let bytes = atomic::read_bounded(&path, MAX_BYTES).ok()??;
    serde_json::from_slice(&bytes).ok()
}

/// The twin itself.
#[must_use]
pub fn tree(kept: &KeptEnvironment) -> PathBuf {
    Path::new(&kept.twin).join(TREE)
}

/// Where the manifest of a twin stands.
#[must_use]
pub fn manifest_path(kept: &KeptEnvironment) -> PathBuf {
    Path::new(&kept.twin).join(MANIFEST)
}

/// The manifest of a twin, as the record of it says.
///
/// # Errors
/// It is not there, is damaged, or is another one.
pub fn manifest(kept: &KeptEnvironment) -> Result<Manifest, EngineError> {
    let path = manifest_path(kept);
    let wrong = |why: &str| failed("reading", &path)(std::io::Error::other(why.to_owned()));
    let manifest = Manifest::read(&path)?.ok_or_else(|| wrong("it is gone"))?;
    if manifest.digest() == kept.manifest_sha256 {
        Ok(manifest)
    } else {
        Err(wrong("it is not the one that was kept"))
    }
}

/// Whether everything of a twin is there, its content apart.
#[must_use]
pub fn is_whole(state_dir: &Path, id: &str, kept: &KeptEnvironment) -> bool {
    folder(state_dir, id).is_ok() && manifest(kept).is_ok() && tree(kept).is_dir()
}

/// Where the manifest of what a transaction has made of the environment stands.
///
/// # Errors
/// The id may not become a path.
pub fn after_path(state_dir: &Path, id: &str) -> Result<PathBuf, EngineError> {
    Ok(folder(state_dir, id)?.join(AFTER))
}

/// The ids of all transactions that have a folder here, sorted.
///
/// # Errors
/// The folder cannot be read.
pub fn list(state_dir: &Path) -> Result<Vec<String>, EngineError> {
    let mut ids: Vec<String> = super::folders_by_age(&state_dir.join(FOLDER))?
        .into_iter()
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .filter(|id| is_id(id))
        .collect();
    ids.sort();
    Ok(ids)
}

/// Removes what is kept of one transaction; the twin beside the environment first, because the
/// folder here says where it is.
///
/// # Errors
/// The id may not become a path, or something cannot be removed.
pub fn remove(state_dir: &Path, id: &str, faults: &Faults) -> Result<(), EngineError> {
    let folder = folder(state_dir, id)?;
    let cancel = Cancel::default();
    let work = Work {
        cancel: &cancel,
        faults,
    };
    if let Some(kept) = read(state_dir, id) {
        let twin = Path::new(&kept.twin);
        // Never what the file could be made to say: only a folder that bears the id.
        let ours = twin
            .file_name()
            .is_some_and(|name| name.to_string_lossy().ends_with(id));
        // From here on it is no twin any more, however much of it is still there.
        match std::fs::remove_file(manifest_path(&kept)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(failed("removing", &manifest_path(&kept))(error));
            }
            _ => {}
        }
        if ours && twin != folder {
            twin::remove_tree(twin, atomic::folder_of(twin), &work)?;
        }
    }
    twin::remove_tree(&folder, state_dir, &work)
}

/// The folder of one transaction.
///
/// # Errors
/// The id may not become a path.
pub fn folder(state_dir: &Path, id: &str) -> Result<PathBuf, EngineError> {
    check_id(id)?;
    Ok(state_dir.join(FOLDER).join(id))
}

//! Locks that a killed git leaves behind: each would stop the next git command, ours or the
//! user's.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::error::EngineError;
use crate::site::Site;

/// Locks in the working tree's own git folder, scratch indexes included.
const OF_TREE: [&str; 4] = [
    "index.lock",
    "HEAD.lock",
    "vit-proof-index.lock",
    "vit-files-index.lock",
];
/// Locks in the shared git folder.
const SHARED: [&str; 1] = ["packed-refs.lock"];

/// Removes the locks that a switch, its undo, or a smoke test may have left. Call it only in a
/// transaction, when no git that it started and no process of a smoke test is alive.
///
/// # Errors
/// One is there and cannot be removed; the others are removed all the same.
pub fn remove_left(cx: &Context<'_>, branches: &[Option<&str>]) -> Result<(), EngineError> {
    let shared = &cx.site.common_dir;
    let of_tree = OF_TREE.iter().map(|name| cx.site.git_dir.join(name));
    let all = of_tree
        .chain(SHARED.iter().map(|name| shared.join(name)))
        .chain(
            branches
                .iter()
                .flatten()
                .map(|branch| shared.join(format!("{branch}.lock"))),
        );
    remove(all)
}

/// Removes the locks of refs that only `vit` writes. Call it under the installation's lock.
///
/// # Errors
/// One is there and cannot be removed; the others are removed all the same.
pub fn remove_own(site: &Site) -> Result<(), EngineError> {
    let refs = site.common_dir.join("refs");
    let mut found = Vec::new();
    let mut folders = vec![refs.join("vit")];
    while let Some(folder) = folders.pop() {
        for path in entries(&folder) {
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else if is_lock(&path) {
                found.push(path);
            }
        }
    }
    let snapshot = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        is_lock(path) && (name.starts_with("pre-upgrade-") || name.starts_with("pre-rollback-"))
    };
    found.extend(entries(&refs.join("tags")).into_iter().filter(snapshot));
    remove(found)
}

fn is_lock(path: &Path) -> bool {
    path.extension()
        .is_some_and(|extension| extension == "lock")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .collect()
}

fn remove(paths: impl IntoIterator<Item = PathBuf>) -> Result<(), EngineError> {
    let mut result = Ok(());
    for path in paths {
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                result = result.and(Err(EngineError::Io {
                    action: "removing",
                    path,
                    source,
                }));
            }
            _ => {}
        }
    }
    result
}

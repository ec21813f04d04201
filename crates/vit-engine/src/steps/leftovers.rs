//! What a transaction finds in the tree that was not there before: it goes to the evidence, never
//! into nothing; what was there before stays.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use vit_contract::plan::Position;

use crate::context::Context;
use crate::error::EngineError;
use crate::exec::evidence::Evidence;
use crate::exec::proof;
use crate::git::TreeEntry;

/// What is not ours to delete.
#[derive(Debug, Clone, Copy)]
pub struct Leftovers<'a> {
    /// The transaction's id.
    pub transaction: &'a str,
    /// Untracked paths that were there before.
    pub before: &'a [String],
    /// Where the others go; without it, nothing is moved.
    pub evidence: Option<&'a Evidence>,
}

/// Moves what stands where `from` has files and `to` has not, ignored or not: git would overwrite
/// it. All of it came after, because `from` was checked out whole.
///
/// # Errors
/// Git failed, or something cannot be moved; the rest is moved all the same.
pub fn move_blocking(
    cx: &Context<'_>,
    from: &Position,
    to: &Position,
    keep: &Leftovers<'_>,
) -> Result<(), EngineError> {
    let Some(evidence) = keep.evidence else {
        return Ok(());
    };
    if from.tree == to.tree {
        return Ok(());
    }
    let wanted = cx.git.ls_tree::<&str>(&from.tree, &[], true)?;
    let tracked = cx.git.ls_tree::<&str>(&to.tree, &[], true)?;
    let tracked: HashSet<&Path> = tracked.iter().map(|entry| entry.path.as_path()).collect();
    let blocking = blocking(cx, &wanted, &tracked)?;
    move_all(cx, evidence, blocking.iter().map(PathBuf::as_path))
}

/// Moves what is untracked and was not there before. Call it when the old tree is back.
///
/// # Errors
/// Git failed, or something cannot be moved; the rest is moved all the same.
pub fn move_new(cx: &Context<'_>, keep: &Leftovers<'_>) -> Result<(), EngineError> {
    let Some(evidence) = keep.evidence else {
        return Ok(());
    };
    let now = cx.git.untracked()?;
    move_all(cx, evidence, proof::new_untracked(&now, keep.before))
}

fn move_all<'p>(
    cx: &Context<'_>,
    evidence: &Evidence,
    paths: impl Iterator<Item = &'p Path>,
) -> Result<(), EngineError> {
    let mut result = Ok(());
    for path in paths {
        let moved = evidence.keep_file(&cx.site.root.join(path), path);
        result = result.and(moved.map(drop));
    }
    result
}

fn blocking(
    cx: &Context<'_>,
    wanted: &[TreeEntry],
    tracked: &HashSet<&Path>,
) -> Result<BTreeSet<PathBuf>, EngineError> {
    let root = &cx.site.root;
    let mut found = BTreeSet::new();
    let mut folders = HashSet::new();
    let mut untracked: Option<Vec<PathBuf>> = None;
    let mut files = Vec::new();
    // A submodule's folder is not ours.
    for entry in wanted
        .iter()
        .filter(|entry| entry.mode != crate::submodule::GITLINK)
    {
        let path = entry.path.as_path();
        let mut above: Vec<&Path> = path.ancestors().skip(1).collect();
        above.pop();
        for folder in above.into_iter().rev() {
            if folders.insert(folder)
                && !tracked.contains(folder)
                && std::fs::symlink_metadata(root.join(folder)).is_ok_and(|m| !m.is_dir())
            {
                found.insert(folder.to_owned());
            }
        }
        let Ok(there) = std::fs::symlink_metadata(root.join(path)) else {
            continue;
        };
        if path.ancestors().any(|above| found.contains(above)) {
            continue;
        }
        if !there.is_dir() {
            if !tracked.contains(path) {
                files.push(entry);
            }
        } else if tracked
            .iter()
            .any(|file| *file != path && file.starts_with(path))
        {
            if untracked.is_none() {
                untracked = Some(cx.git.untracked()?);
            }
            let inside = untracked
                .iter()
                .flatten()
                .filter(|file| file.starts_with(path));
            found.extend(inside.cloned());
        } else {
            found.insert(path.to_owned());
        }
    }
    found.extend(differing(cx, &files));
    Ok(found)
}

/// The files whose content is not the tree's: a switch that was ended in the middle leaves many
/// that are the same. What cannot be hashed differs.
fn differing(cx: &Context<'_>, files: &[&TreeEntry]) -> Vec<PathBuf> {
    let plain = |path: &Path| {
        std::fs::symlink_metadata(cx.site.root.join(path)).is_ok_and(|there| there.is_file())
            && !path.as_os_str().as_encoded_bytes().contains(&b'\n')
    };
    let paths: Vec<PathBuf> = files
        .iter()
        .map(|entry| entry.path.clone())
        .filter(|path| plain(path))
        .collect();
    let oids = cx.git.hash_files(&paths, false).unwrap_or_default();
    let same: HashSet<(&Path, &str)> = paths
        .iter()
        .map(PathBuf::as_path)
        .zip(oids.iter().map(String::as_str))
        .collect();
    files
        .iter()
        .filter(|entry| !same.contains(&(entry.path.as_path(), entry.oid.as_str())))
        .map(|entry| entry.path.clone())
        .collect()
}

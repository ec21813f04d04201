//! The files of verticals that git does not track: kept in git's object store before the switch,
//! put back when the transaction rolls back. Caches and environments are left out.

use std::collections::HashMap;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use vit_contract::plan::SmokeTest;

use crate::compat::Vertical;
use crate::context::Context;
use crate::error::EngineError;
use crate::exec::record::VerticalFiles;
use crate::git::{Blob, GitError, TreeEntry};

/// Folders that are rebuilt by tools and hold nothing of the vertical's own.
const LEFT_OUT: [&str; 8] = [
    ".git",
    "__pycache__",
    ".pytest_cache",
    ".mypy_cache",
    ".ruff_cache",
    ".venv",
    "venv",
    "node_modules",
];
/// Past these, a vertical's untracked files are not covered by the snapshot, and the plan says so.
pub const MAX_FILES: usize = 20_000;
/// See [`MAX_FILES`].
pub const MAX_BYTES: u64 = 256 * 1024 * 1024;

/// What stands in a vertical's folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Inventory {
    /// Paths relative to the installation's root, sorted.
    pub paths: Vec<PathBuf>,
    /// Their size in bytes.
    pub bytes: u64,
    /// Whether the bounds were passed.
    pub too_large: bool,
}

/// Lists the files of a vertical's folder.
///
/// # Errors
/// A folder cannot be read.
pub fn inventory(site_root: &Path, root: &str) -> Result<Inventory, EngineError> {
    let mut found = Inventory::default();
    let mut folders = vec![site_root.join(root)];
    while let Some(folder) = folders.pop() {
        let io = |source| EngineError::Io {
            action: "reading",
            path: folder.clone(),
            source,
        };
        for entry in std::fs::read_dir(&folder).map_err(io)? {
            let entry = entry.map_err(io)?;
            let kind = entry.file_type().map_err(io)?;
            if kind.is_dir() {
                if !LEFT_OUT.iter().any(|name| entry.file_name() == *name) {
                    folders.push(entry.path());
                }
            } else if kind.is_file() || kind.is_symlink() {
                found.bytes += entry.metadata().map_err(io)?.len();
                let path = entry.path();
                found
                    .paths
                    .push(path.strip_prefix(site_root).unwrap_or(&path).to_owned());
            }
            if found.paths.len() > MAX_FILES || found.bytes > MAX_BYTES {
                found.too_large = true;
                return Ok(found);
            }
        }
    }
    found.paths.sort();
    Ok(found)
}

/// Keeps the files of every untracked vertical that has a smoke test to run.
///
/// # Errors
/// A file cannot be read, or git cannot store it.
pub fn keep(
    cx: &Context<'_>,
    verticals: &[Vertical],
    tests: &[SmokeTest],
) -> Result<Option<VerticalFiles>, EngineError> {
    let mut roots = Vec::new();
    let mut paths = Vec::new();
    for vertical in verticals
        .iter()
        .filter(|v| !v.tracked && !v.root.is_empty())
    {
        if !tests.iter().any(|test| test.root == vertical.root) {
            continue;
        }
        if !in_plain_folders(&cx.site.root, &Path::new(&vertical.root).join("x")) {
            // Behind a link: what stands there is not of this tree, and nothing of ours.
            continue;
        }
        let inventory = inventory(&cx.site.root, &vertical.root)?;
        if !inventory.too_large {
            roots.push(vertical.root.clone());
            paths.extend(inventory.paths);
        }
    }
    if roots.is_empty() {
        return Ok(None);
    }
    let entries = hash(cx, &paths, true)?;
    let tree = cx.git.make_tree(&entries, &scratch(cx))?;
    Ok(Some(VerticalFiles { roots, tree }))
}

/// The paths whose content, kind or mode is not what was kept, missing ones included.
///
/// # Errors
/// Git could not be run.
pub fn differing(cx: &Context<'_>, files: &VerticalFiles) -> Result<Vec<String>, GitError> {
    Ok(differing_entries(cx, files)?
        .iter()
        .map(|e| e.path.display().to_string())
        .collect())
}

/// The paths that were kept and are not there any more.
///
/// # Errors
/// Git could not be run.
pub fn gone(cx: &Context<'_>, files: &VerticalFiles) -> Result<Vec<String>, GitError> {
    let kept = cx.git.ls_tree::<&str>(&files.tree, &[], true)?;
    Ok(kept
        .iter()
        .filter(|entry| !is_file_or_link(&cx.site.root, &entry.path))
        .map(|entry| entry.path.display().to_string())
        .collect())
}

/// Puts back what differs. Files that came after are left where they are.
///
/// # Errors
/// A file cannot be written; the others are written all the same.
pub fn restore(cx: &Context<'_>, files: &VerticalFiles) -> Result<(), EngineError> {
    let entries = differing_entries(cx, files)?;
    let specs: Vec<String> = entries.iter().map(|entry| entry.oid.clone()).collect();
    let blobs = cx
        .git
        .read_blobs(&specs, usize::try_from(MAX_BYTES).unwrap_or(usize::MAX))?;
    let mut first = None;
    for (entry, blob) in entries.iter().zip(blobs) {
        let Blob::Content(content) = blob else {
            continue;
        };
        if let Err(source) = put_back(&cx.site.root, &entry.path, entry.mode, &content) {
            first.get_or_insert(EngineError::Io {
                action: "restoring",
                path: cx.site.root.join(&entry.path),
                source,
            });
        }
    }
    first.map_or(Ok(()), Err)
}

fn differing_entries(cx: &Context<'_>, files: &VerticalFiles) -> Result<Vec<TreeEntry>, GitError> {
    let kept = cx.git.ls_tree::<&str>(&files.tree, &[], true)?;
    let there: Vec<PathBuf> = kept
        .iter()
        .filter(|entry| is_file_or_link(&cx.site.root, &entry.path))
        .map(|entry| entry.path.clone())
        .collect();
    let now = hash(cx, &there, false)?;
    let now: HashMap<&Path, &TreeEntry> = now.iter().map(|e| (e.path.as_path(), e)).collect();
    Ok(kept
        .into_iter()
        .filter(|entry| now.get(entry.path.as_path()) != Some(&entry))
        .collect())
}

fn hash(cx: &Context<'_>, paths: &[PathBuf], write: bool) -> Result<Vec<TreeEntry>, GitError> {
    let mut plain = Vec::new();
    let mut entries = Vec::new();
    for path in paths {
        let full = cx.site.root.join(path);
        let Ok(metadata) = std::fs::symlink_metadata(&full) else {
            continue;
        };
        if metadata.is_symlink() {
            let Ok(target) = std::fs::read_link(&full) else {
                continue;
            };
            let oid = cx.git.hash_bytes(target.as_os_str().as_bytes(), write)?;
            entries.push(TreeEntry {
                mode: 0o120_000,
                oid,
                path: path.clone(),
            });
        } else {
            let executable = metadata.permissions().mode() & 0o100 != 0;
            plain.push((if executable { 0o100_755 } else { 0o100_644 }, path.clone()));
        }
    }
    let names: Vec<PathBuf> = plain.iter().map(|(_, path)| path.clone()).collect();
    for ((mode, path), oid) in plain.into_iter().zip(cx.git.hash_files(&names, write)?) {
        entries.push(TreeEntry { mode, oid, path });
    }
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(entries)
}

fn is_file_or_link(root: &Path, path: &Path) -> bool {
    in_plain_folders(root, path)
        && std::fs::symlink_metadata(root.join(path)).is_ok_and(|m| m.is_file() || m.is_symlink())
}

/// Whether every folder on the way from the root is one, and no link that leads elsewhere.
fn in_plain_folders(root: &Path, path: &Path) -> bool {
    folders_of(path)
        .iter()
        .all(|folder| std::fs::symlink_metadata(root.join(folder)).is_ok_and(|m| m.is_dir()))
}

/// The folders on the way to a path, the outermost first.
fn folders_of(path: &Path) -> Vec<&Path> {
    let mut folders: Vec<&Path> = path
        .ancestors()
        .skip(1)
        .filter(|folder| !folder.as_os_str().is_empty())
        .collect();
    folders.reverse();
    folders
}

fn put_back(root: &Path, path: &Path, mode: u32, content: &[u8]) -> std::io::Result<()> {
    for folder in folders_of(path) {
        let folder = root.join(folder);
        // What came in a folder's place is removed: written through, a link would lead us out of
        // the tree.
        match std::fs::symlink_metadata(&folder) {
            Ok(there) if there.is_dir() => continue,
            Ok(_) => std::fs::remove_file(&folder)?,
            Err(_) => {}
        }
        std::fs::create_dir(&folder)?;
    }
    let path = &root.join(path);
    let folder = path.parent().unwrap_or(root);
    match std::fs::symlink_metadata(path) {
        Ok(there) if there.is_dir() => std::fs::remove_dir_all(path)?,
        Ok(there) if there.is_symlink() => std::fs::remove_file(path)?,
        _ => {}
    }
    if mode == 0o120_000 {
        let _ = std::fs::remove_file(path);
        return std::os::unix::fs::symlink(std::ffi::OsString::from_vec(content.to_vec()), path);
    }
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    std::io::Write::write_all(&mut file, content)?;
    let permissions = if mode & 0o100 == 0 { 0o644 } else { 0o755 };
    file.as_file()
        .set_permissions(std::fs::Permissions::from_mode(permissions))?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

fn scratch(cx: &Context<'_>) -> PathBuf {
    cx.site.git_dir.join("vit-files-index")
}

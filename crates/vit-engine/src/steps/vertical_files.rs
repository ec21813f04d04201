//! The files of verticals that git does not track: kept in git's object store before the switch,
//! put back when the transaction rolls back. Caches and environments are left out.

use std::collections::{BTreeMap, HashMap};
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
pub(crate) const LEFT_OUT: [&str; 8] = [
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

/// Beside the verticals' folders in the kept tree: the permissions that git cannot tell, as
/// `<octal> <path>` with a NUL after each. A file that only its owner may read stays so.
const MODES: &str = ".vit-modes";

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
    let mut entries = hash(cx, &paths, true)?;
    let mut modes = Vec::new();
    for path in &paths {
        if let Some(mode) = permissions(&cx.site.root.join(path))
            && ![0o644, 0o755].contains(&mode)
        {
            modes.extend(format!("{mode:o} ").into_bytes());
            modes.extend(path.as_os_str().as_bytes());
            modes.push(0);
        }
    }
    if !modes.is_empty() {
        entries.push(TreeEntry {
            mode: 0o100_644,
            oid: cx.git.hash_bytes(&modes, true)?,
            path: MODES.into(),
        });
    }
    let tree = cx.git.make_tree(&entries, &scratch(cx))?;
    Ok(Some(VerticalFiles { roots, tree }))
}

/// What was kept: the files, and the permissions of those that are not as git makes them.
fn kept(
    cx: &Context<'_>,
    files: &VerticalFiles,
) -> Result<(Vec<TreeEntry>, BTreeMap<PathBuf, u32>), GitError> {
    let mut entries = cx.git.ls_tree::<&str>(&files.tree, &[], true)?;
    let Some(at) = entries.iter().position(|e| e.path == Path::new(MODES)) else {
        return Ok((entries, BTreeMap::new()));
    };
    let list = entries.remove(at).oid;
    let limit = usize::try_from(MAX_BYTES).unwrap_or(usize::MAX);
    let blob = cx.git.read_blobs(&[list], limit)?.pop();
    let Some(Blob::Content(list)) = blob else {
        return Ok((entries, BTreeMap::new()));
    };
    let modes = list
        .split(|&byte| byte == 0)
        .filter_map(|line| {
            let space = line.iter().position(|&byte| byte == b' ')?;
            let mode = std::str::from_utf8(&line[..space]).ok()?;
            let path = std::ffi::OsString::from_vec(line[space + 1..].to_vec());
            Some((path.into(), u32::from_str_radix(mode, 8).ok()?))
        })
        .collect();
    Ok((entries, modes))
}

/// A plain file's permissions.
fn permissions(path: &Path) -> Option<u32> {
    let metadata = std::fs::symlink_metadata(path).ok()?;
    metadata
        .is_file()
        .then(|| metadata.permissions().mode() & 0o7777)
}

/// The paths whose content, kind or mode is not what was kept, missing ones included.
///
/// # Errors
/// Git could not be run.
pub fn differing(cx: &Context<'_>, files: &VerticalFiles) -> Result<Vec<String>, GitError> {
    Ok(differing_entries(cx, kept(cx, files)?.0)?
        .iter()
        .map(|e| e.path.display().to_string())
        .collect())
}

/// The paths that were kept and are not there any more.
///
/// # Errors
/// Git could not be run.
pub fn gone(cx: &Context<'_>, files: &VerticalFiles) -> Result<Vec<String>, GitError> {
    Ok(kept(cx, files)?
        .0
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
    let (entries, modes) = kept(cx, files)?;
    let entries = differing_entries(cx, entries)?;
    let specs: Vec<String> = entries.iter().map(|entry| entry.oid.clone()).collect();
    let blobs = cx
        .git
        .read_blobs(&specs, usize::try_from(MAX_BYTES).unwrap_or(usize::MAX))?;
    let mut first = None;
    for (entry, blob) in entries.iter().zip(blobs) {
        let Blob::Content(content) = blob else {
            continue;
        };
        if let Err(source) = put_back(&cx.site.root, entry, modes.get(&entry.path), &content) {
            first.get_or_insert(EngineError::Io {
                action: "restoring",
                path: cx.site.root.join(&entry.path),
                source,
            });
        }
    }
    for (path, mode) in &modes {
        let full = cx.site.root.join(path);
        if in_plain_folders(&cx.site.root, path)
            && permissions(&full).is_some_and(|now| now != *mode)
            && let Err(source) =
                std::fs::set_permissions(&full, std::fs::Permissions::from_mode(*mode))
        {
            first.get_or_insert(EngineError::Io {
                action: "restoring the permissions of",
                path: full,
                source,
            });
        }
    }
    first.map_or(Ok(()), Err)
}

fn differing_entries(cx: &Context<'_>, kept: Vec<TreeEntry>) -> Result<Vec<TreeEntry>, GitError> {
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

fn put_back(
    root: &Path,
    entry: &TreeEntry,
    permissions: Option<&u32>,
    content: &[u8],
) -> std::io::Result<()> {
    let (path, mode) = (entry.path.as_path(), entry.mode);
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
    let usual = if mode & 0o100 == 0 { 0o644 } else { 0o755 };
    let permissions = permissions.copied().unwrap_or(usual);
    file.as_file()
        .set_permissions(std::fs::Permissions::from_mode(permissions))?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}

fn scratch(cx: &Context<'_>) -> PathBuf {
    cx.site.git_dir.join("vit-files-index")
}

//! What stands in the live tree beside the tracked files, copied into the rehearsal: untracked
//! verticals, configuration, what else a smoke test may need. Bounded; what is left out is named.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use vit_contract::plan::SmokeTest;

use crate::compat::Vertical;
use crate::context::Context;
use crate::error::EngineError;
use crate::steps::vertical_files::{LEFT_OUT, MAX_BYTES, MAX_FILES};

/// Folders that a tool fills with what a smoke test may need: they are not copied as files.
const INSTALLED: [&str; 3] = [".venv", "venv", "node_modules"];

/// What came of copying.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Brought {
    /// Roots of untracked verticals that are too large, or could not be copied.
    pub verticals_left_out: Vec<String>,
    /// Other paths that are not there: too large or unreadable.
    pub left_out: Vec<PathBuf>,
    /// Folders that a tool has filled: for the caller to bring.
    pub installed: Vec<PathBuf>,
    /// Git folders of repositories inside what was copied: they are not there.
    pub repositories: Vec<PathBuf>,
}

/// Copies them, and `beside`: what submodules have beside their tracked files. `apart` are paths that are
/// brought in another way or not at all: the environment, the state folder.
///
/// # Errors
/// Git cannot list them.
pub(super) fn bring(
    cx: &Context<'_>,
    tree: &Path,
    (verticals, tests): (&[Vertical], &[SmokeTest]),
    (beside, apart): (&[PathBuf], &[PathBuf]),
) -> Result<Brought, EngineError> {
    let mut brought = Brought::default();
    let mut copier = Copier {
        from: &cx.site.root,
        to: tree,
        apart: apart.iter().cloned().collect(),
        installed: Vec::new(),
        repositories: Vec::new(),
    };
    copier.apart.insert(cx.site.public_dir.clone());
    copier.apart.insert(cx.site.state_dir.clone());
    let untracked = verticals
        .iter()
        .filter(|vertical| !vertical.tracked && !vertical.root.is_empty());
    for vertical in untracked {
        if !copier.copy(Path::new(&vertical.root), &mut Budget::new())
            && tests.iter().any(|test| test.root == vertical.root)
        {
            brought.verticals_left_out.push(vertical.root.clone());
        }
        copier.apart.insert(cx.site.root.join(&vertical.root));
    }
    let mut budget = Budget::new();
    let untracked = cx.git.untracked_and_ignored()?;
    for path in untracked.iter().chain(beside) {
        // Git ends a folder's name with a stroke.
        let path: PathBuf = path.components().collect();
        if !copier.copy(&path, &mut budget) {
            brought.left_out.push(path);
        }
    }
    brought.installed = copier.installed;
    brought.repositories = copier.repositories;
    Ok(brought)
}

/// How much may still be copied.
struct Budget {
    files: usize,
    bytes: u64,
}

impl Budget {
    fn new() -> Self {
        Self {
            files: MAX_FILES,
            bytes: MAX_BYTES,
        }
    }

    /// Takes what is found from it; `false` where it is not enough, and nothing is taken.
    fn take(&mut self, found: &Found) -> bool {
        match (
            self.files.checked_sub(found.files.len()),
            self.bytes.checked_sub(found.bytes),
        ) {
            (Some(files), Some(bytes)) => {
                *self = Self { files, bytes };
                true
            }
            _ => false,
        }
    }
}

/// What stands below a path.
#[derive(Default)]
struct Found {
    folders: Vec<PathBuf>,
    files: Vec<PathBuf>,
    bytes: u64,
    installed: Vec<PathBuf>,
    repositories: Vec<PathBuf>,
}

struct Copier<'a> {
    from: &'a Path,
    to: &'a Path,
    apart: HashSet<PathBuf>,
    installed: Vec<PathBuf>,
    repositories: Vec<PathBuf>,
}

impl Copier<'_> {
    /// Copies a file, a link or a folder with what is in it; `false` where it is too large or
    /// something of it cannot be copied.
    fn copy(&mut self, path: &Path, budget: &mut Budget) -> bool {
        let mut found = Found::default();
        let listed = self.list(path.to_owned(), &mut found);
        self.installed.append(&mut found.installed);
        self.repositories.append(&mut found.repositories);
        if listed.is_err() || !budget.take(&found) {
            return false;
        }
        let copied = |path: &PathBuf, copy: &dyn Fn(&Path) -> io::Result<()>| {
            // Behind a link that the target has there, it would be written out of the tree.
            self.make_folders(path.parent().unwrap_or(Path::new(""))) && copy(path).is_ok()
        };
        let folders = |path: &Path| match fs::create_dir(self.to.join(path)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        };
        found.folders.iter().all(|path| copied(path, &folders))
            && found
                .files
                .iter()
                .all(|path| copied(path, &|path| self.one(path)))
    }

    /// Lists what is to be copied, no more than the bounds let through.
    fn list(&self, path: PathBuf, found: &mut Found) -> io::Result<()> {
        let mut open = vec![path];
        while let Some(path) = open.pop() {
            let full = self.from.join(&path);
            let name = path.file_name().unwrap_or_default();
            if self.apart.contains(&full) {
                continue;
            }
            let metadata = match fs::symlink_metadata(&full) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                metadata => metadata?,
            };
            // As a file it would lead to the live repository.
            if name == ".git" {
                found.repositories.push(path);
                continue;
            }
            if metadata.is_dir() && LEFT_OUT.iter().any(|left| name == *left) {
                if INSTALLED.iter().any(|left| name == *left) {
                    found.installed.push(path);
                }
                continue;
            }
            if metadata.is_dir() {
                for entry in fs::read_dir(&full)? {
                    open.push(path.join(entry?.file_name()));
                }
                found.folders.push(path);
            } else if metadata.is_file() || metadata.is_symlink() {
                found.bytes = found.bytes.saturating_add(metadata.len());
                found.files.push(path);
            }
            if found.files.len() > MAX_FILES || found.bytes > MAX_BYTES {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Copies one file or link, unless the target has something there.
    fn one(&self, path: &Path) -> io::Result<()> {
        let (from, to) = (self.from.join(path), self.to.join(path));
        if fs::symlink_metadata(&to).is_ok() {
            return Ok(());
        }
        if !fs::symlink_metadata(&from)?.is_symlink() {
            return fs::copy(&from, &to).map(drop);
        }
        let leads = fs::read_link(&from)?;
        // A link into the live tree leads to the same place of this one.
        let leads = match leads.strip_prefix(self.from) {
            Ok(inside) => self.to.join(inside),
            Err(_) => leads,
        };
        std::os::unix::fs::symlink(leads, &to)
    }

    /// Makes the folders on the way; `false` where one of them is a link or a file.
    fn make_folders(&self, folder: &Path) -> bool {
        let mut way = self.to.to_owned();
        folder.components().all(|part| {
            way.push(part);
            match fs::symlink_metadata(&way) {
                Ok(there) => there.is_dir(),
                Err(_) => fs::create_dir(&way).is_ok(),
            }
        })
    }
}

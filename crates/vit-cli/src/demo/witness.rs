//! A look at the installation that does not go through `vit`: git's own answers, and the content
//! of every file.

use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use vit_contract::digest::sha256;
use vit_contract::text::visible;

use super::world::{World, io_failure, said};
use crate::error::Failure;
use crate::render::count;

/// What an installation was at a moment: each fact, and how it was found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// How it was found out, and what was found.
    pub facts: Vec<(&'static str, String)>,
    /// The digest over every file, in full.
    pub files: String,
}

impl Witness {
    /// Looks.
    ///
    /// # Errors
    /// Git cannot be run, or a file cannot be read.
    pub fn look(world: &World) -> Result<Self, Failure> {
        let git = world.git_of_installation();
        let ask = |args: &[&str]| said(&git, args, "");
        let changes = ask(&["status", "--porcelain"])?;
        let changes = if changes.is_empty() {
            "clean".to_owned()
        } else {
            count(changes.lines().count(), "change")
        };
        let (files, digest) = content(&world.installation)?;
        Ok(Self {
            facts: vec![
                ("git rev-parse HEAD", ask(&["rev-parse", "HEAD"])?),
                (
                    "git rev-parse --abbrev-ref HEAD",
                    ask(&["rev-parse", "--abbrev-ref", "HEAD"])?,
                ),
                ("git write-tree", ask(&["write-tree"])?),
                ("git status --porcelain", changes),
                (
                    "sha256 over every file",
                    format!("{} ({})", &digest[..40], count(files, "file")),
                ),
            ],
            files: digest,
        })
    }

    /// What another moment had otherwise, in words.
    #[must_use]
    pub fn differences(&self, before: &Self) -> Vec<String> {
        self.facts
            .iter()
            .zip(&before.facts)
            .filter(|(now, was)| now != was)
            .map(|((how, now), (_, was))| format!("{how}: {}, was {}", visible(now), visible(was)))
            .collect()
    }
}

/// How many files a working tree has, ignored ones included, and the digest of their names, modes
/// and content. Git's own folder is left out, and `.vitruvyan/`, which tells of every attempt.
///
/// # Errors
/// A file cannot be read.
pub fn content(root: &Path) -> Result<(usize, String), Failure> {
    let mut files = Vec::new();
    list(root, root, &mut files).map_err(|error| io_failure("reading", root, &error))?;
    files.sort();
    let mut all = Vec::new();
    for file in &files {
        let path = root.join(file);
        let (mode, bytes) = std::fs::symlink_metadata(&path)
            .and_then(|found| {
                let bytes = if found.is_symlink() {
                    std::fs::read_link(&path)?.as_os_str().as_bytes().to_vec()
                } else {
                    std::fs::read(&path)?
                };
                Ok((found.permissions().mode() & 0o111, bytes))
            })
            .map_err(|error| io_failure("reading", &path, &error))?;
        all.extend_from_slice(file.as_os_str().as_bytes());
        all.extend_from_slice(format!("\0{mode:o} {}\n", sha256(&bytes)).as_bytes());
    }
    Ok((files.len(), sha256(&all)))
}

fn list(root: &Path, folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let name = entry.file_name();
        if folder == root && (name == ".git" || name == ".vitruvyan") {
            continue;
        }
        if entry.file_type()?.is_dir() {
            list(root, &path, files)?;
        } else {
            files.push(path.strip_prefix(root).unwrap_or(&path).to_owned());
        }
    }
    Ok(())
}

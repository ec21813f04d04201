//! The folders that state and cache live in: made private, and refused where somebody else could change
//! what is in them.

use std::fs::{self, DirBuilder, Metadata};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};

use super::{atomic, failed};
use crate::error::EngineError;
use crate::faults::Faults;
use crate::site::Site;

/// The line that keeps the public folder out of git.
const EXCLUDED: &str = "/.vitruvyan/";
const EXCLUDE_MAX_BYTES: usize = 1024 * 1024;

/// A state folder, and the folder above it from which on it is ours.
#[derive(Debug, Clone, Copy)]
pub struct Folder<'a> {
    base: &'a Path,
    path: &'a Path,
    mode: u32,
    kind: Kind,
}

/// What a folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    State,
    Cache,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::State => "state",
            Self::Cache => "cache",
        }
    }
}

impl<'a> Folder<'a> {
    /// The state folder: nobody else may look into it.
    #[must_use]
    pub fn state(site: &'a Site) -> Self {
        let path = site.state_dir.as_path();
        // `VIT_STATE_DIR` may lie anywhere; what is above it there is not ours to judge.
        let base = if path.starts_with(&site.common_dir) {
            &site.common_dir
        } else {
            atomic::folder_of(path)
        };
        Self {
            base,
            path,
            mode: 0o700,
            kind: Kind::State,
        }
    }

    /// The folder of the public views: others may read it.
    #[must_use]
    pub fn public(site: &'a Site) -> Self {
        Self {
            base: &site.root,
            path: &site.public_dir,
            mode: 0o755,
            kind: Kind::State,
        }
    }

    /// A private folder below a state folder that is there.
    pub(crate) const fn below(base: &'a Path, path: &'a Path) -> Self {
        Self {
            base,
            path,
            mode: 0o700,
            kind: Kind::State,
        }
    }

    /// A folder of the cache below one that is there. Nobody but us may own it, not even whoever
    /// owns what it is in: what a server said is believed by whoever reads it.
    pub(crate) const fn cache(base: &'a Path, path: &'a Path) -> Self {
        Self {
            base,
            path,
            mode: 0o700,
            kind: Kind::Cache,
        }
    }

    /// Makes the folder, with what is missing above it, after having looked at what is there.
    ///
    /// # Errors
    /// `Refused` where [`Folder::check`] finds something; else it could not be made or synced.
    pub fn ensure(self) -> Result<(), EngineError> {
        self.safe()?;
        for part in self.parts() {
            match DirBuilder::new().mode(self.mode).create(&part) {
                Ok(()) => atomic::sync_folder(atomic::folder_of(&part))
                    .map_err(failed("syncing the folder of", &part))?,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(failed("making the folder", &part)(error)),
            }
        }
        Ok(())
    }

    /// Refuses a folder that must not be written to, nor what it holds be believed.
    ///
    /// # Errors
    /// `Refused` where [`Folder::check`] finds something.
    pub fn safe(self) -> Result<(), EngineError> {
        let problems = self.check();
        if problems.is_empty() {
            return Ok(());
        }
        Err(EngineError::Refused {
            summary: format!(
                "the {} folder {} is not safe to use",
                self.kind.name(),
                self.path.display()
            ),
            problems,
        })
    }

    /// What makes the folder, or one between it and its base, unsafe; writes nothing. A folder
    /// that is not there yet is safe.
    #[must_use]
    pub fn check(self) -> Vec<Problem> {
        let me = rustix::process::geteuid().as_raw();
        // Root may work in somebody's repository, and that person in what root left behind.
        let owner = match self.kind {
            Kind::State => fs::metadata(self.base).map_or(me, |base| base.uid()),
            Kind::Cache => me,
        };
        let mut problems = Vec::new();
        for part in self.parts() {
            match fs::symlink_metadata(&part) {
                Ok(metadata) => problems.extend(judge(self.kind, &part, &metadata, [me, owner])),
                Err(_) => break,
            }
            // What is behind a link or a file is not ours to look at.
            if !problems.is_empty() {
                break;
            }
        }
        problems
    }

    /// Every folder from below the base down to the path.
    fn parts(self) -> Vec<PathBuf> {
        let mut parts: Vec<_> = self
            .path
            .ancestors()
            .take_while(|&part| part != self.base)
            .map(Path::to_owned)
            .collect();
        parts.reverse();
        parts
    }
}

/// What is wrong with one folder.
fn judge(kind: Kind, path: &Path, metadata: &Metadata, owners: [u32; 2]) -> Option<Problem> {
    let quoted = quoted(path);
    let name = kind.name();
    let (message, evidence, hint) = if metadata.is_symlink() {
        let target = fs::read_link(path).unwrap_or_default();
        (
            format!("a {name} folder is a symbolic link"),
            format!("it leads to {}", target.display()),
            format!("remove the link and let vit make the folder: `rm {quoted}`"),
        )
    } else if !metadata.is_dir() {
        (
            format!("something that is no folder stands where a {name} folder must be"),
            format!("its mode is {:o}", metadata.mode()),
            format!("move it away: `mv {quoted} {quoted}.old`"),
        )
    } else if !owners.contains(&metadata.uid()) {
        (
            format!("a {name} folder is owned by another user"),
            format!("its owner has the user id {}", metadata.uid()),
            format!("take it over: `sudo chown -R {} {quoted}`", owners[1]),
        )
    } else if metadata.mode() & 0o002 != 0 {
        (
            format!("a {name} folder is world-writable"),
            format!("its mode is {:04o}", metadata.mode() & 0o7777),
            format!("`chmod -R o-w {quoted}`"),
        )
    } else {
        return None;
    };
    Some(
        Problem::new(Code::StateFolderUnsafe, path.display().to_string(), message)
            .evidence(evidence)
            .hint(Who::You, hint),
    )
}

/// A path as a POSIX shell takes it.
fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// Adds the public folder to the repository's own exclude file, once, so that it never makes the
/// tree dirty. What the file holds is kept.
///
/// # Errors
/// The exclude file cannot be read or written.
pub fn exclude_public_dir(common_dir: &Path, faults: &Faults) -> Result<(), EngineError> {
    let spellings = [EXCLUDED, "/.vitruvyan", ".vitruvyan/", ".vitruvyan"];
    exclude_as(common_dir, &spellings, faults)
}

/// Adds a line to the repository's own exclude file, once.
///
/// # Errors
/// As [`exclude_public_dir`].
pub fn exclude(common_dir: &Path, line: &str, faults: &Faults) -> Result<(), EngineError> {
    exclude_as(common_dir, &[line], faults)
}

/// Adds the first of several spellings where none of them is there.
fn exclude_as(common_dir: &Path, spellings: &[&str], faults: &Faults) -> Result<(), EngineError> {
    let info = common_dir.join("info");
    let path = info.join("exclude");
    // Some people keep this file elsewhere and link to it; replacing their link would cut it off.
    let path = fs::canonicalize(&path).unwrap_or(path);
    let mut bytes = atomic::read_bounded(&path, EXCLUDE_MAX_BYTES)?.unwrap_or_default();
    let excluded = bytes
        .split(|&byte| byte == b'\n')
        .map(<[u8]>::trim_ascii_end)
        .any(|line| spellings.iter().any(|spelling| line == spelling.as_bytes()));
    if excluded {
        return Ok(());
    }
    match fs::create_dir(&info) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(failed("making the folder", &info)(error));
        }
        _ => {}
    }
    if bytes.last().is_some_and(|&byte| byte != b'\n') {
        bytes.push(b'\n');
    }
    bytes.extend_from_slice(spellings.first().unwrap_or(&EXCLUDED).as_bytes());
    bytes.push(b'\n');
    atomic::write_with_mode(&path, &bytes, 0o644, faults)
}

#[cfg(test)]
mod tests;

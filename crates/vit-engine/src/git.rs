//! Git, run through its program: the only place that runs it.
//!
//! Only machine formats are read, full ref names are used, hooks and fsmonitor are off,
//! `GIT_*` variables are removed and protocols are limited; the reason stands beside each flag.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::cancel::Cancel;
use crate::environment::Environment;
use crate::process::{Finished, ProcessError};

mod bundle;
mod command;
mod config;
mod fence;
mod files;
mod layout;
mod merge;
mod objects;
mod refs;
mod remote;
#[cfg(test)]
pub(crate) mod scratch;
mod status;
#[cfg(test)]
mod tests;
mod tree;
mod verify;

use command::Call;
pub(crate) use layout::Layout;
pub use merge::{Conflict, Merged, NewCommit, Told};
pub use objects::{Blob, Object, TreeEntry};
pub(crate) use refs::{MOVED, RELEASES, TAGS};
pub(crate) use remote::safe_remote;
pub use remote::{Remote, safe_url};
pub use status::operation_in_progress;
pub use verify::TagObject;

/// The oldest git that the tests have run with (Debian 12's).
pub const OLDEST: (u32, u32, u32) = (2, 39, 0);

/// A version as it is written.
#[must_use]
pub fn dotted((major, minor, patch): (u32, u32, u32)) -> String {
    format!("{major}.{minor}.{patch}")
}

/// A working tree's git.
#[derive(Clone)]
pub struct Git {
    root: PathBuf,
    env: Vec<(OsString, OsString)>,
    cancel: Option<Cancel>,
}

impl std::fmt::Debug for Git {
    /// Without the environment, which can hold secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Git")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}

/// What `git status` says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Status {
    /// HEAD's commit; absent on an unborn HEAD.
    pub head: Option<String>,
    /// The branch as a full ref name; absent when detached.
    pub branch: Option<String>,
    /// Tracked files with changes, staged or not, and conflicts.
    pub changed: Vec<PathBuf>,
    /// Untracked files and folders, ignored ones left out.
    pub untracked: Vec<PathBuf>,
}

/// A ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ref {
    /// Full name.
    pub name: String,
    /// What it points at.
    pub oid: String,
    /// The commit behind it, peeled; absent when it is no commit.
    pub commit: Option<String>,
}

/// One change of a ref, applied together with others or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RefEdit {
    /// Creates it; fails when it exists.
    Create {
        /// Full name.
        name: String,
        /// Object id.
        oid: String,
    },
    /// Sets it, whatever it was (`old: None`), or only from `old`.
    Set {
        /// Full name.
        name: String,
        /// New object id.
        oid: String,
        /// What it must have been.
        old: Option<String>,
    },
    /// Deletes it.
    Delete {
        /// Full name.
        name: String,
    },
}

/// How a path differs between two trees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeChange {
    /// `A`, `M`, `D` or `T` (renames are not looked for).
    pub status: char,
    /// The path.
    pub path: PathBuf,
    /// Mode in the new tree, octal; `160000` is a submodule.
    pub new_mode: u32,
    /// Object in the new tree.
    pub new_oid: String,
}

/// Why git did not do it.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// It could not be run at all.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// It said no.
    #[error("`git {command}` failed in {}: {message}", root.display())]
    Failed {
        /// The subcommand and its telling arguments, credentials removed.
        command: String,
        /// Where.
        root: PathBuf,
        /// The first lines of what it said, control characters made visible, credentials removed.
        message: String,
        /// Its exit status.
        status: Option<i32>,
    },
    /// It did not end in its time.
    #[error("`git {command}` did not end within {seconds} s")]
    Timeout {
        /// The subcommand.
        command: String,
        /// The bound.
        seconds: u64,
    },
    /// Somebody asked to stop while it ran.
    #[error("`git {command}` was stopped on request")]
    Cancelled {
        /// The subcommand.
        command: String,
    },
    /// A text that git could take for an option, a helper program or more than one name.
    #[error("{what} cannot be given to git: {reason}")]
    Unsafe {
        /// The text, credentials removed, control characters made visible.
        what: String,
        /// Why not.
        reason: &'static str,
    },
    /// It printed something that its format does not allow.
    #[error("`git {command}` printed something unexpected: {what}")]
    Format {
        /// The subcommand.
        command: String,
        /// What.
        what: String,
    },
    /// Its version is too old.
    #[error("git {found} is too old: {needed} or newer is needed")]
    TooOld {
        /// What is there.
        found: String,
        /// What is needed.
        needed: String,
    },
}

impl Git {
    /// Git at a working tree's root. It never looks further up: where the root's `.git` has
    /// vanished, commands fail instead of working on a repository that happens to be above.
    #[must_use]
    pub fn open(root: &Path, environment: &Environment) -> Self {
        let mut git = Self::searching(root, environment);
        if let Some(parent) = root.parent() {
            git.env
                .push(("GIT_CEILING_DIRECTORIES".into(), parent.into()));
        }
        git
    }

    /// Git that looks for its repository from `start` upwards.
    pub(crate) fn searching(start: &Path, environment: &Environment) -> Self {
        Self {
            root: start.to_owned(),
            env: environment
                .for_git()
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .collect(),
            cancel: None,
        }
    }

    /// The same, whose network commands end when somebody asks to stop. Local ones go on: they
    /// are short, and a rollback must not be stopped half-way.
    #[must_use]
    pub fn with_cancel(mut self, cancel: &Cancel) -> Self {
        self.cancel = Some(cancel.clone());
        self
    }

    /// The working tree's root.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Git's version: major, minor, patch.
    ///
    /// # Errors
    /// It could not be run.
    pub fn version(&self) -> Result<(u32, u32, u32), GitError> {
        let output = self.output(&Call::read("version"))?;
        let text = String::from_utf8_lossy(&output);
        let mut numbers = text
            .split_ascii_whitespace()
            .nth(2)
            .unwrap_or_default()
            .split('.')
            .map(str::parse);
        match (numbers.next(), numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor)), patch) => {
                Ok((major, minor, patch.and_then(Result::ok).unwrap_or(0)))
            }
            _ => Err(Call::read("version").format_error(&text)),
        }
    }

    /// Refuses a git that is too old for what an upgrade asks of it.
    ///
    /// # Errors
    /// It is too old, or could not be run.
    pub fn require_supported(&self) -> Result<(), GitError> {
        let found = self.version()?;
        if found >= OLDEST {
            return Ok(());
        }
        Err(GitError::TooOld {
            found: dotted(found),
            needed: dotted(OLDEST),
        })
    }

    /// Runs git with the safe flags; a status other than 0 is returned, not an error.
    ///
    /// # Errors
    /// It could not be run, or did not end in its time.
    pub fn raw(&self, args: &[&str], stdin: Vec<u8>) -> Result<Finished, GitError> {
        let (name, rest) = args.split_first().unwrap_or((&"version", &[]));
        self.run(&Call::write(name).args(rest).stdin(stdin))
    }
}

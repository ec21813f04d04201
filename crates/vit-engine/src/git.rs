//! Git, run through its program: the only place that runs it.
//!
//! Only machine formats are read, full ref names are used, hooks and fsmonitor are off,
//! `GIT_*` variables are removed and protocols are limited; the reason stands beside each flag.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::environment::Environment;
use crate::process::{Finished, ProcessError};

/// A working tree's git.
#[derive(Debug, Clone)]
pub struct Git {
    root: PathBuf,
    #[expect(dead_code, reason = "read once `raw` is written")]
    env: Vec<(OsString, OsString)>,
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
        needed: &'static str,
    },
}

impl Git {
    /// Git at a working tree's root.
    #[must_use]
    pub fn open(root: &Path, environment: &Environment) -> Self {
        Self {
            root: root.to_owned(),
            env: environment
                .for_git()
                .map(|(k, v)| (k.to_owned(), v.to_owned()))
                .collect(),
        }
    }

    /// The working tree's root.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Runs git with the safe flags; a status other than 0 is returned, not an error.
    ///
    /// # Errors
    /// It could not be run.
    pub fn raw(&self, args: &[&str], stdin: Vec<u8>) -> Result<Finished, GitError> {
        let _ = (args, stdin);
        todo!()
    }
}

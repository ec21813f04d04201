//! Why an operation did not come to an answer. A verdict of `blocked` is an answer, not an error.

use std::io;
use std::path::{Path, PathBuf};

use vit_contract::problem::Problem;

use crate::git::GitError;
use crate::site::SiteError;

/// An operation's error.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// No installation.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// Git failed.
    #[error(transparent)]
    Git(#[from] GitError),
    /// A state file could not be read or written.
    #[error("{action} {} failed", path.display())]
    Io {
        /// What was tried: `reading`, `writing`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The registry could not answer.
    #[error("the release registry {location} could not answer")]
    Registry {
        /// Remote, URL without credentials, or folder.
        location: String,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Refused, with reasons: exit 1.
    #[error("{summary}")]
    Refused {
        /// One sentence.
        summary: String,
        /// Why.
        problems: Vec<Problem>,
    },
    /// The input cannot be used: exit 2.
    #[error("{summary}")]
    BadInput {
        /// One sentence.
        summary: String,
        /// Every problem.
        problems: Vec<Problem>,
        /// What to do.
        hints: Vec<String>,
    },
    /// Somebody asked to stop before anything was changed: exit 2.
    #[error("{what} was stopped on request")]
    Stopped {
        /// What was: `the rehearsal`.
        what: &'static str,
    },
    /// A transaction was interrupted and must be finished first.
    #[error("transaction {id} was interrupted and is not finished")]
    OpenTransaction {
        /// Its id.
        id: String,
    },
    /// A release is on trial with nobody watching it: somebody has to decide.
    #[error("{version} is on trial until {until}, and nobody watches it any more")]
    OnTrial {
        /// The transaction.
        id: String,
        /// The version on trial.
        version: String,
        /// When the trial is over.
        until: jiff::Timestamp,
    },
    /// An earlier failure could not be undone: exit 4.
    #[error("the installation is inconsistent since transaction {id}")]
    Inconsistent {
        /// The transaction.
        id: String,
        /// What does not agree.
        mismatches: Vec<String>,
    },
    /// Another `vit` is at work.
    #[error("another vit is at work on this installation: {owner}")]
    Locked {
        /// Who holds the lock: command, process, user, host, since when.
        owner: String,
    },
}

/// Turns an I/O error into the engine's, which names the path and what was tried.
pub(crate) fn io_at<E: Into<io::Error>>(
    action: &'static str,
    path: &Path,
) -> impl FnOnce(E) -> EngineError + use<E> {
    let path = path.to_owned();
    move |source| EngineError::Io {
        action,
        path,
        source: source.into(),
    }
}

//! Where things are: root, git folders, state folder, settings. Found from an explicit start
//! folder, never from the process's own.

use std::path::{Path, PathBuf};

use vit_contract::problem::Problem;
use vit_contract::settings::Settings;

use crate::environment::Environment;
use crate::git::GitError;

/// An installation.
#[derive(Debug, Clone)]
pub struct Site {
    /// The working tree's root.
    pub root: PathBuf,
    /// The vertical's root, where the start folder is inside one.
    pub vertical_root: Option<PathBuf>,
    /// The git folder of this working tree.
    pub git_dir: PathBuf,
    /// The git folder shared by all working trees of the repository.
    pub common_dir: PathBuf,
    /// Journal, lock, evidence, choices: `<common dir>/vit`, for a linked worktree
    /// `<common dir>/vit/worktrees/<name>`, or `VIT_STATE_DIR`.
    pub state_dir: PathBuf,
    /// The public views: `<root>/.vitruvyan`.
    pub public_dir: PathBuf,
    /// Whether the history is cut off (a shallow clone).
    pub shallow: bool,
    /// The settings in force.
    pub settings: Settings,
    /// What was noticed while reading the settings (warnings only).
    pub problems: Vec<Problem>,
}

/// Why there is no installation here.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// The start folder is not there.
    #[error("{} cannot be entered", path.display())]
    Start {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// No git repository from there up.
    #[error("{} is not inside a git repository", path.display())]
    NotARepository {
        /// The start folder.
        path: PathBuf,
    },
    /// A repository without a working tree.
    #[error("{} is a bare repository: it has no working tree to upgrade", path.display())]
    Bare {
        /// The repository.
        path: PathBuf,
    },
    /// The settings file cannot be used.
    #[error("the settings in {file} cannot be used")]
    Settings {
        /// The file.
        file: String,
        /// Every problem.
        problems: Vec<Problem>,
    },
    /// Git itself failed.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl Site {
    /// Finds the installation that `start` is in.
    ///
    /// # Errors
    /// There is none, it is bare, its settings are broken, or git is missing.
    pub fn discover(start: &Path, environment: &Environment) -> Result<Self, SiteError> {
        let _ = (start, environment);
        todo!()
    }
}

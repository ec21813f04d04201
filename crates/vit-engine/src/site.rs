//! Where things are: root, git folders, state folder, settings. Found from an explicit start
//! folder, never from the process's own.

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

use vit_contract::code::Code;
use vit_contract::problem::{Place, Problem, Severity, Who};
use vit_contract::settings::{self, Settings};
use vit_contract::{text, vertical};

use crate::environment::Environment;
use crate::error::EngineError;
use crate::git::{Git, GitError, Layout};
use crate::store::atomic;

#[cfg(test)]
mod tests;

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
        let unusable = |source| SiteError::Start {
            path: start.to_owned(),
            source,
        };
        let start = start.canonicalize().map_err(unusable)?;
        if !start.is_dir() {
            return Err(unusable(io::ErrorKind::NotADirectory.into()));
        }
        let layout = layout_of(&start, environment)?;
        let Some(root) = layout.root else {
            return Err(SiteError::Bare {
                path: layout.git_dir,
            });
        };
        let state_dir = match environment.get("VIT_STATE_DIR") {
            Some(folder) => absolute(folder)?,
            None => state_dir(&layout.git_dir, &layout.common_dir),
        };
        let (settings, problems) = read_settings(&root)?;
        Ok(Self {
            vertical_root: vertical_root(&start, &root),
            public_dir: root.join(".vitruvyan"),
            git_dir: layout.git_dir,
            common_dir: layout.common_dir,
            state_dir,
            shallow: layout.shallow,
            settings,
            problems,
            root,
        })
    }
}

/// Asks git; what it says of a folder that nobody made a repository of is told from a repository
/// that it refuses or cannot read.
fn layout_of(start: &Path, environment: &Environment) -> Result<Layout, SiteError> {
    let layout = Git::searching(start, environment).layout();
    match layout {
        Ok(layout) if layout.root.is_none() && !layout.bare => {
            // Started inside the git folder itself: its working tree is the one around it.
            match layout.git_dir.parent() {
                Some(around) if layout.git_dir.file_name() == Some(OsStr::new(".git")) => {
                    Ok(Git::searching(around, environment).layout()?)
                }
                _ => Ok(layout),
            }
        }
        Err(GitError::Failed { .. }) if !start.ancestors().any(looks_like_a_repository) => {
            Err(SiteError::NotARepository {
                path: start.to_owned(),
            })
        }
        other => Ok(other?),
    }
}

/// Whether git would stop here in its search: a `.git`, or a bare repository's files.
fn looks_like_a_repository(folder: &Path) -> bool {
    let there = |name: &str| folder.join(name).symlink_metadata().is_ok();
    there(".git") || (there("HEAD") && there("objects") && there("refs"))
}

/// The state folder: one for a repository, and one more for each linked worktree of it.
fn state_dir(git_dir: &Path, common_dir: &Path) -> PathBuf {
    let state = common_dir.join("vit");
    match git_dir.file_name() {
        Some(name) if git_dir != common_dir => state.join("worktrees").join(name),
        _ => state,
    }
}

fn absolute(folder: &OsStr) -> Result<PathBuf, SiteError> {
    let folder = PathBuf::from(folder);
    if folder.is_absolute() {
        return Ok(folder);
    }
    let problem = Problem::new(Code::BadValue, "VIT_STATE_DIR", "the path is not absolute")
        .evidence(text::excerpt(&folder.to_string_lossy(), 200))
        .hint(
            Who::You,
            "set VIT_STATE_DIR to an absolute path, or unset it",
        );
    Err(SiteError::Settings {
        file: "VIT_STATE_DIR".to_owned(),
        problems: vec![problem],
    })
}

/// The nearest folder from `start` up to `root` that holds a manifest.
fn vertical_root(start: &Path, root: &Path) -> Option<PathBuf> {
    start
        .ancestors()
        .take_while(|folder| folder.starts_with(root))
        .find(|folder| {
            let manifest = folder.join(vertical::FILE_NAME);
            manifest.symlink_metadata().is_ok()
        })
        .map(Path::to_owned)
}

/// `vit.toml`, else `[tool.vit]` of `pyproject.toml`, else the defaults.
fn read_settings(root: &Path) -> Result<(Settings, Vec<Problem>), SiteError> {
    let mut noticed = Vec::new();
    let read = |name: &str| atomic::read_bounded(&root.join(name), settings::MAX_BYTES);
    let (file, reading) = match read(settings::FILE_NAME) {
        Ok(Some(bytes)) => (
            settings::FILE_NAME,
            Some(settings::read_vit_toml(settings::FILE_NAME, &bytes)),
        ),
        Err(error) => {
            return Err(SiteError::Settings {
                file: settings::FILE_NAME.to_owned(),
                problems: vec![unreadable(settings::FILE_NAME, &error)],
            });
        }
        Ok(None) => match read(settings::PYPROJECT) {
            Ok(Some(bytes)) => (
                settings::PYPROJECT,
                settings::read_pyproject(settings::PYPROJECT, &bytes),
            ),
            Ok(None) => (settings::PYPROJECT, None),
            Err(error) => {
                // Somebody else's file: most installations have no settings of ours in it.
                let problem = unreadable(settings::PYPROJECT, &error);
                noticed.push(problem.severity(Severity::Warning));
                (settings::PYPROJECT, None)
            }
        },
    };
    let Some(reading) = reading else {
        return Ok((Settings::default(), noticed));
    };
    noticed.extend(reading.problems);
    match reading.value {
        Some(settings) => Ok((settings, noticed)),
        None => Err(SiteError::Settings {
            file: file.to_owned(),
            problems: noticed,
        }),
    }
}

fn unreadable(file: &str, error: &EngineError) -> Problem {
    let code = match error {
        EngineError::Io { source, .. } if source.kind() == io::ErrorKind::FileTooLarge => {
            Code::TooLarge
        }
        _ => Code::FileUnreadable,
    };
    let why =
        std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    Problem::new(code, file, "the file cannot be read")
        .evidence(why)
        .hint(
            Who::You,
            "make it a regular, readable file of at most 256 KiB",
        )
        .at(Place::file(file))
}

//! State on disk: the only place that writes under the state folders.
//!
//! A state file is written in one way ([`atomic`]), the journal in another ([`journal`]: append
//! and sync); every file bears a format version, readers accept a newer one and writers refuse
//! it. Nothing here decides anything: it reads, writes, locks and keeps.
//!
//! | file | module |
//! |---|---|
//! | `<state>/` and `.vitruvyan/` themselves | [`folder`] |
//! | `<state>/lock`, `lock.owner` | [`lock`] |
//! | `<state>/journal.jsonl`, `reserve` | [`journal`], [`journal::record`], [`reserve`] |
//! | `<state>/journal-*.jsonl`, `journal.jsonl.damaged-*` | [`archive`], for readers |
//! | `<state>/transactions/<id>/plan.json` | [`transactions`] |
//! | `<state>/evidence/<id>/` | [`evidence`] |
//! | `<state>/environments/<id>/` | [`environments`] |
//! | `<state>/choices.json`, `last_check.json` | [`choices`], [`last_check`] |
//! | `<state>/confirm.json` | [`request`] |
//! | `<state>/quarantine.json` | [`quarantine`] |
//! | `<state>/ledger.jsonl`, `ledger.head`, `ledger-lock` | [`ledger`] |
//! | `.vitruvyan/upgrade_history.json` | [`history_file`] |

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use crate::error::{EngineError, io_at as failed};

pub mod archive;
pub mod atomic;
pub mod choices;
pub mod environments;
pub mod evidence;
pub mod folder;
pub mod history_file;
pub mod journal;
pub mod last_check;
pub mod ledger;
pub mod lock;
pub mod quarantine;
pub mod request;
pub mod reserve;
pub mod transactions;

/// Whether a text may become a part of a path: `[A-Za-z0-9._-]+`, no leading dot, at most 128.
#[must_use]
pub fn is_id(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && !text.starts_with('.')
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

/// Refuses a text that may not become a part of a path.
fn check_id(text: &str) -> Result<(), EngineError> {
    if is_id(text) {
        return Ok(());
    }
    Err(EngineError::BadInput {
        summary: format!("`{}` is not a transaction id", text.escape_debug()),
        problems: Vec::new(),
        hints: vec!["`vit history` lists the ids".to_owned()],
    })
}

/// The paths in a folder, in no order; none where it is absent.
fn paths_in(folder: &Path) -> Result<Vec<PathBuf>, EngineError> {
    match fs::read_dir(folder) {
        Ok(entries) => entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<_>>()
            .map_err(failed("reading", folder)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(failed("reading", folder)(error)),
    }
}

/// The folders in a folder, the one that was changed longest ago first; none where it is absent.
/// Links are left out.
fn folders_by_age(folder: &Path) -> Result<Vec<PathBuf>, EngineError> {
    let mut found = Vec::new();
    for path in paths_in(folder)? {
        // Gone in between is no error.
        let Ok(metadata) = fs::symlink_metadata(&path) else {
            continue;
        };
        if metadata.is_dir() {
            found.push((metadata.mtime(), metadata.mtime_nsec(), path));
        }
    }
    found.sort();
    Ok(found.into_iter().map(|(.., path)| path).collect())
}

/// Removes folders with what is in them, going on past one that cannot be removed.
fn remove_folders(folders: &[PathBuf]) -> Result<(), EngineError> {
    let mut result = Ok(());
    for path in folders {
        if let Err(error) = fs::remove_dir_all(path) {
            result = result.and(Err(failed("removing", path)(error)));
        }
    }
    result
}

#[cfg(test)]
mod site_for_tests {
    use std::path::Path;

    use vit_contract::settings::Settings;

    use crate::site::Site;

    /// The site of a repository at `root`, whose folders need not exist.
    pub(super) fn site(root: &Path) -> Site {
        let common_dir = root.join(".git");
        Site {
            root: root.to_owned(),
            vertical_root: None,
            git_dir: common_dir.clone(),
            state_dir: common_dir.join("vit"),
            common_dir,
            public_dir: root.join(".vitruvyan"),
            shallow: false,
            settings: Settings::default(),
            problems: Vec::new(),
        }
    }
}

#[cfg(all(test, feature = "faults"))]
mod fault_rules {
    use crate::environment::Environment;
    use crate::faults::Faults;

    /// Faults as `VIT_FAULT` spells them.
    pub(super) fn faults(rules: &str) -> Faults {
        Faults::new(&Environment::new([("VIT_FAULT".into(), rules.into())]))
    }
}

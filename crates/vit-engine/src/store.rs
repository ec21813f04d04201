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
//! | `<state>/journal.jsonl`, `reserve` | [`journal`], [`record`], [`reserve`] |
//! | `<state>/transactions/<id>/plan.json` | [`transactions`] |
//! | `<state>/evidence/<id>/` | [`evidence`] |
//! | `<state>/choices.json`, `last_check.json` | [`choices`], [`last_check`] |
//! | `.vitruvyan/upgrade_history.json` | [`history_file`] |

use std::io;
use std::path::Path;

use crate::error::EngineError;

pub mod atomic;
pub mod journal;
pub mod lock;
pub mod record;

/// Turns an I/O error into the engine's, which names the file and what was tried.
fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> EngineError {
    let path = path.to_owned();
    move |source| EngineError::Io {
        action,
        path,
        source,
    }
}

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

#[cfg(all(test, feature = "faults"))]
mod fault_rules {
    use crate::environment::Environment;
    use crate::faults::Faults;

    /// Faults as `VIT_FAULT` spells them.
    pub(super) fn faults(rules: &str) -> Faults {
        Faults::new(&Environment::new([("VIT_FAULT".into(), rules.into())]))
    }
}

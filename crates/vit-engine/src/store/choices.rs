//! `<state>/choices.json`: what people chose for this installation, the channel and the holds.

use std::path::Path;

use jiff::Timestamp;
use semver::Version;
use serde::{Deserialize, Serialize};
use vit_contract::channel::Channel;
use vit_contract::code::Code;
use vit_contract::problem::{Place, Problem, Who};
use vit_contract::text::excerpt;

use super::atomic;
use crate::error::EngineError;
use crate::faults::Faults;

const FILE: &str = "choices.json";
const FORMAT: u64 = 1;
const MAX_BYTES: usize = 256 * 1024;

/// The choices.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choices {
    /// The version of the format.
    pub format: u64,
    /// The channel that was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// What is held.
    #[serde(default)]
    pub holds: Vec<Hold>,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            format: FORMAT,
            channel: None,
            holds: Vec::new(),
        }
    }
}

/// A version that is not installed, or all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    /// The version; absent holds every upgrade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// Since when.
    pub since: Timestamp,
    /// Why, where somebody said it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Hold {
    /// Whether it keeps `version` from being installed.
    #[must_use]
    pub fn covers(&self, version: &Version) -> bool {
        self.version.as_ref().is_none_or(|held| held == version)
    }
}

/// Reads the choices; nothing was chosen where there is no file.
///
/// # Errors
/// `BadInput` with place and fix where the file is damaged: to go on without it would lift holds
/// silently. Else it cannot be read.
pub fn load(state_dir: &Path) -> Result<Choices, EngineError> {
    let path = state_dir.join(FILE);
    let bytes = match atomic::read_bounded(&path, MAX_BYTES) {
        Ok(None) => return Ok(Choices::default()),
        Ok(Some(bytes)) => bytes,
        Err(error) if atomic::is_unusable(&error) => {
            let reason = std::error::Error::source(&error).map(ToString::to_string);
            let problem = problem(&path, Code::FileUnreadable, &reason.unwrap_or_default());
            return Err(unusable(&path, problem));
        }
        Err(error) => return Err(error),
    };
    serde_json::from_slice(&bytes).map_err(|error| {
        let code = match error.classify() {
            serde_json::error::Category::Data => Code::BadValue,
            _ => Code::JsonSyntax,
        };
        let line = bytes
            .split(|&byte| byte == b'\n')
            .nth(error.line().saturating_sub(1));
        let place = Place {
            line: Some(error.line()),
            column: Some(error.column().max(1)),
            text: line.map(|line| excerpt(&String::from_utf8_lossy(line), 200)),
            ..Place::file(path.display().to_string())
        };
        unusable(&path, problem(&path, code, &error.to_string()).at(place))
    })
}

/// Writes the choices.
///
/// # Errors
/// What stands there is damaged or of a newer `vit` (it is left as it is), or it cannot be
/// written.
pub fn save(state_dir: &Path, choices: &Choices, faults: &Faults) -> Result<(), EngineError> {
    let path = state_dir.join(FILE);
    let format = load(state_dir)?.format.max(choices.format);
    if format > FORMAT {
        let message = format!("its format version is {format}: a newer vit wrote it");
        return Err(EngineError::BadInput {
            summary: format!("{} cannot be changed by this vit", path.display()),
            problems: vec![problem(&path, Code::BadValue, &message)],
            hints: vec!["use the vit that wrote it, or a newer one".to_owned()],
        });
    }
    let mut bytes = serde_json::to_vec_pretty(choices).expect("choices are plain data");
    bytes.push(b'\n');
    atomic::write(&path, &bytes, faults)
}

fn problem(path: &Path, code: Code, message: &str) -> Problem {
    let file = path.display().to_string();
    Problem::new(code, &file, message)
        .hint(
            Who::You,
            "mend the file, or remove it: the channel and the holds are then forgotten",
        )
        .at(Place::file(file))
}

fn unusable(path: &Path, problem: Problem) -> EngineError {
    EngineError::BadInput {
        summary: format!(
            "{}, where the channel and the holds are stored, cannot be read",
            path.display()
        ),
        hints: problem.hint.clone().into_iter().collect(),
        problems: vec![problem],
    }
}

#[cfg(test)]
mod tests;

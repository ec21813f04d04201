//! `<state>/last_check.json`: what `vit update` said last. A memory, nothing rests on it.

use std::path::Path;

use serde::{Deserialize, Serialize};
use vit_contract::code::Code;
use vit_contract::output::LastCheck;
use vit_contract::problem::{Place, Problem, Severity, Who};

use super::atomic;
use crate::error::EngineError;
use crate::faults::Faults;

const FILE: &str = "last_check.json";
const FORMAT: u64 = 1;
const MAX_BYTES: usize = 256 * 1024;

#[derive(Serialize, Deserialize)]
struct Stored<T> {
    format: u64,
    #[serde(flatten)]
    check: T,
}

/// Reads the last answer; where it cannot be read there is none, and a problem (a warning) says
/// so.
#[must_use]
pub fn load(state_dir: &Path) -> (Option<LastCheck>, Option<Problem>) {
    let path = state_dir.join(FILE);
    let unreadable = |reason: String| {
        let file = path.display().to_string();
        let problem = Problem::new(
            Code::FileUnreadable,
            &file,
            "the last answer of `vit update` cannot be read",
        )
        .severity(Severity::Warning)
        .evidence(reason)
        .hint(Who::You, "run `vit update`: it is written anew")
        .at(Place::file(file));
        (None, Some(problem))
    };
    match atomic::read_bounded(&path, MAX_BYTES) {
        Ok(None) => (None, None),
        Ok(Some(bytes)) => match serde_json::from_slice::<Stored<LastCheck>>(&bytes) {
            Ok(stored) => (Some(stored.check), None),
            Err(error) => unreadable(error.to_string()),
        },
        Err(error) => unreadable(
            std::error::Error::source(&error)
                .map_or_else(|| error.to_string(), ToString::to_string),
        ),
    }
}

/// Keeps the answer. What stands there is replaced even when it is damaged; one of a newer `vit`
/// is left alone.
///
/// # Errors
/// It cannot be written. No command should fail for that: report it and go on.
pub fn save(state_dir: &Path, check: &LastCheck, faults: &Faults) -> Result<(), EngineError> {
    #[derive(Deserialize)]
    struct Header {
        format: u64,
    }

    let path = state_dir.join(FILE);
    let newer = atomic::read_bounded(&path, MAX_BYTES)
        .ok()
        .flatten()
        .and_then(|bytes| serde_json::from_slice::<Header>(&bytes).ok())
        .is_some_and(|header| header.format > FORMAT);
    if newer {
        return Ok(());
    }
    let stored = Stored {
        format: FORMAT,
        check,
    };
    let mut bytes = serde_json::to_vec_pretty(&stored).expect("an answer is plain data");
    bytes.push(b'\n');
    atomic::write(&path, &bytes, faults)
}

#[cfg(test)]
mod tests {
    use vit_contract::output::UpdateStatus;

    use super::*;

    fn check() -> LastCheck {
        LastCheck {
            timestamp: "2026-02-19T16:45:00Z".parse().unwrap(),
            status: UpdateStatus::Compatible,
            current_version: Some("1.0.0".parse().unwrap()),
            offered: Some("1.2.0".parse().unwrap()),
            blocked: vec!["2.0.0".parse().unwrap()],
            source: None,
        }
    }

    #[test]
    fn the_answer_is_kept_and_damage_replaced() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(load(dir.path()), (None, None));
        let path = dir.path().join(FILE);
        atomic::write(&path, b"{\"format\": 1", &Faults::default()).unwrap();
        let (none, problem) = load(dir.path());
        assert!(none.is_none() && !problem.unwrap().blocks());
        save(dir.path(), &check(), &Faults::default()).unwrap();
        assert_eq!(load(dir.path()), (Some(check()), None));
    }

    #[test]
    fn a_newer_file_is_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        atomic::write(&path, b"{\"format\": 2}", &Faults::default()).unwrap();
        save(dir.path(), &check(), &Faults::default()).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"{\"format\": 2}");
    }
}

//! `<state>/quarantine.json`: releases that failed here, so that they are not tried again as long
//! as nothing has changed that could make a difference.
//!
//! The journal says the same as far back as it reaches, so a damaged file is no reason to stop:
//! what the journal still tells takes its place, with a warning. To refuse every command until
//! somebody mends a file that nobody wrote by hand would help no one, and to forget it silently
//! would offer a release that is known to fail.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use semver::Version;
use serde::{Deserialize, Serialize};
use vit_contract::code::Code;
use vit_contract::problem::{Place, Problem, Severity, Who};

use super::atomic;
use crate::error::EngineError;
use crate::faults::Faults;

const FILE: &str = "quarantine.json";
const FORMAT: u64 = 1;
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// How many releases are remembered; the one that failed longest ago goes first.
pub const KEEP: usize = 64;

/// What a failure was bound to, by name: the release, each vertical, settings, environment.
pub type Key = BTreeMap<String, String>;

/// The releases in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quarantine {
    /// The version of the format.
    pub format: u64,
    /// The releases, the one that failed longest ago first.
    #[serde(default)]
    pub releases: Vec<Entry>,
}

impl Default for Quarantine {
    fn default() -> Self {
        Self {
            format: FORMAT,
            releases: Vec::new(),
        }
    }
}

/// A release in quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its version.
    pub version: Version,
    /// How many times it was rolled back.
    pub times: u32,
    /// When it was rolled back first.
    pub first: Timestamp,
    /// When it was rolled back last.
    pub last: Timestamp,
    /// The transaction that did it last.
    pub transaction: String,
    /// Whether a person rolled it back, rather than a failing check.
    pub by_hand: bool,
    /// Why, in words.
    pub cause: String,
    /// What it was bound to the last time.
    pub key: Key,
}

impl Quarantine {
    /// The entry of a release.
    #[must_use]
    pub fn find(&self, version: &Version) -> Option<&Entry> {
        self.releases.iter().find(|entry| entry.version == *version)
    }

    /// Takes an entry in, in place of an older one of the same release.
    pub fn put(&mut self, entry: Entry) {
        let older = self
            .find(&entry.version)
            .is_none_or(|known| known.last <= entry.last);
        if !older {
            return;
        }
        self.releases.retain(|known| known.version != entry.version);
        self.releases.push(entry);
        self.releases
            .sort_by(|a, b| (a.last, &a.version).cmp(&(b.last, &b.version)));
        let excess = self.releases.len().saturating_sub(KEEP);
        self.releases.drain(..excess);
    }

    /// Lets a release go that was proven at `when`, unless it failed again after that.
    pub fn lift(&mut self, version: &Version, when: Timestamp) {
        self.releases
            .retain(|entry| entry.version != *version || entry.last > when);
    }
}

impl Entry {
    /// The names of what has changed since it failed.
    #[must_use]
    pub fn changed(&self, now: &Key) -> Vec<String> {
        let mut names: Vec<String> = self
            .key
            .iter()
            .filter(|(name, value)| now.get(*name) != Some(value))
            .map(|(name, _)| name.clone())
            .collect();
        // A part that could not be told then says nothing; a vertical that was not there does.
        names.extend(
            now.keys()
                .filter(|name| name.starts_with("vertical ") && !self.key.contains_key(*name))
                .cloned(),
        );
        names
    }

    /// `failed 3 times, last on 2026-03-01`.
    #[must_use]
    pub fn how_often(&self) -> String {
        let day = day(self.last);
        match (self.by_hand, self.times) {
            (true, 1) => format!("rolled back by hand on {day}"),
            (true, times) => format!("rolled back {times} times, last by hand on {day}"),
            (false, 1) => format!("failed once, on {day}"),
            (false, times) => format!("failed {times} times, last on {day}"),
        }
    }
}

/// A day, UTC.
fn day(time: Timestamp) -> String {
    time.to_zoned(jiff::tz::TimeZone::UTC)
        .strftime("%Y-%m-%d %H:%M")
        .to_string()
}

/// What the file says; `None` where it is damaged, with the problem. A missing file is an empty
/// one.
///
/// # Errors
/// The folder cannot be read.
pub fn load(state_dir: &Path) -> Result<(Option<Quarantine>, Vec<Problem>), EngineError> {
    let path = state_dir.join(FILE);
    let damaged = |reason: String| {
        let file = path.display().to_string();
        let problem = Problem::new(
            Code::FileUnreadable,
            &file,
            "the releases in quarantine cannot be read: what the journal tells of them counts",
        )
        .severity(Severity::Warning)
        .evidence(reason)
        .hint(
            Who::You,
            "`vit recover` moves the file aside and writes it anew from the journal",
        )
        .at(Place::file(file));
        (None, vec![problem])
    };
    let bytes = match atomic::read_bounded(&path, MAX_BYTES) {
        Ok(None) => return Ok((Some(Quarantine::default()), Vec::new())),
        Ok(Some(bytes)) => bytes,
        Err(error) if atomic::is_unusable(&error) => {
            let reason = std::error::Error::source(&error).map(ToString::to_string);
            return Ok(damaged(reason.unwrap_or_default()));
        }
        Err(error) => return Err(error),
    };
    Ok(match serde_json::from_slice(&bytes) {
        Ok(quarantine) => (Some(quarantine), Vec::new()),
        Err(error) => damaged(error.to_string()),
    })
}

/// Writes the file; a damaged one is kept beside it.
///
/// # Errors
/// What stands there is of a newer `vit` (it is left as it is), or it cannot be written.
pub fn save(
    state_dir: &Path,
    quarantine: &Quarantine,
    now: Timestamp,
    faults: &Faults,
) -> Result<(), EngineError> {
    let path = state_dir.join(FILE);
    match load(state_dir)?.0 {
        Some(there) if there.format > FORMAT => {
            return Err(EngineError::BadInput {
                summary: format!("{} cannot be changed by this vit", path.display()),
                problems: Vec::new(),
                hints: vec!["use the vit that wrote it, or a newer one".to_owned()],
            });
        }
        Some(_) => {}
        None => drop(atomic::move_aside(&path, now)?),
    }
    let mut bytes = serde_json::to_vec_pretty(quarantine).expect("it is plain data");
    bytes.push(b'\n');
    atomic::write(&path, &bytes, faults)
}

#[cfg(test)]
mod tests;

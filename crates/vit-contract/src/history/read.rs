//! Reading the history, the shape of the wild included.

use jiff::Timestamp;
use serde::Deserialize;

use super::{Entry, Gap, History, MAX_BYTES, Outcome, Proof, SCHEMA_VERSION};
use crate::document::{Format, parse};
use crate::plan::{Accepted, Kind};
use crate::time;

/// Why a history cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not the format.
    #[error("line {line}, column {column}: {reason}")]
    Format {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// A newer `vit` wrote it.
    #[error("it has format version {0}, written by a newer vit")]
    Newer(u64),
}

/// Reads the file's content.
///
/// # Errors
/// Says where it is damaged.
pub fn read(bytes: &[u8]) -> Result<History, ReadError> {
    // The bounds first: size, depth, encoding, duplicate keys.
    let parsed = parse(Format::Json, "history", bytes, MAX_BYTES);
    let Some(document) = parsed.value else {
        return Err(bounds(parsed.problems));
    };
    let text = document.source.text();
    let header: Header = serde_json::from_str(text).map_err(|error| format(&error))?;
    if let Some(version) = header.schema_version
        && version > SCHEMA_VERSION
    {
        return Err(ReadError::Newer(version));
    }
    let file: File = serde_json::from_str(text).map_err(|error| format(&error))?;
    let mut entries: Vec<Entry> = Vec::new();
    // Where both keys stand, what is under the old one is older.
    for read in file.upgrades.into_iter().chain(file.history) {
        let mut entry = read.0;
        if entry.id.is_empty() {
            entry.id = free_id(&entries);
        }
        entries.push(entry);
    }
    Ok(History {
        schema_version: SCHEMA_VERSION,
        history: entries,
        gaps: file.gaps,
    })
}

/// An id for an entry of the wild, which has none: kept once the file is written again.
fn free_id(entries: &[Entry]) -> String {
    let mut number = entries.len() + 1;
    loop {
        let id = format!("legacy-{number}");
        if entries.iter().all(|entry| entry.id != id) {
            return id;
        }
        number += 1;
    }
}

fn bounds(problems: Vec<crate::problem::Problem>) -> ReadError {
    let problem = problems.into_iter().next();
    let place = problem.as_ref().and_then(|problem| problem.place.as_ref());
    ReadError::Format {
        line: place.and_then(|place| place.line).unwrap_or(1),
        column: place.and_then(|place| place.column).unwrap_or(1),
        reason: problem.map_or_else(String::new, |problem| problem.message),
    }
}

fn format(error: &serde_json::Error) -> ReadError {
    let text = error.to_string();
    let cut = text.rfind(" at line ").unwrap_or(text.len());
    ReadError::Format {
        line: error.line().max(1),
        column: error.column().max(1),
        reason: text[..cut].to_owned(),
    }
}

#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    schema_version: Option<u64>,
}

/// The file in every shape.
#[derive(Deserialize)]
struct File {
    #[serde(default)]
    history: Vec<ReadEntry>,
    #[serde(default)]
    upgrades: Vec<ReadEntry>,
    #[serde(default)]
    gaps: Vec<Gap>,
}

#[derive(Deserialize)]
#[serde(try_from = "WildEntry")]
struct ReadEntry(Entry);

/// An entry in which almost everything may be absent.
#[derive(Deserialize)]
struct WildEntry {
    #[serde(default)]
    id: String,
    timestamp: String,
    #[serde(default = "super::upgrade")]
    kind: Kind,
    #[serde(default)]
    from_version: Option<String>,
    #[serde(default)]
    to_version: Option<String>,
    #[serde(default)]
    status: Option<Outcome>,
    /// What stands in the wild where `status` should.
    #[serde(default)]
    success: Option<bool>,
    #[serde(default)]
    snapshot_tag: Option<String>,
    #[serde(default)]
    smoke_tests_duration: Option<f64>,
    #[serde(default)]
    smoke_tests_result: Option<String>,
    #[serde(default)]
    rollback_reason: Option<String>,
    #[serde(default)]
    actor: Option<String>,
    #[serde(default)]
    host: Option<String>,
    #[serde(default)]
    duration: Option<f64>,
    #[serde(default)]
    accepted: Vec<Accepted>,
    #[serde(default)]
    retry_reason: Option<String>,
    #[serde(default)]
    proof: Option<Proof>,
    #[serde(default)]
    evidence: Option<String>,
    #[serde(default)]
    previous_hash: String,
    #[serde(default)]
    hash: String,
}

impl TryFrom<WildEntry> for ReadEntry {
    type Error = String;

    fn try_from(wild: WildEntry) -> Result<Self, String> {
        let timestamp: Timestamp =
            time::parse(&wild.timestamp).ok_or("`timestamp` is not a moment")?;
        let status = match (wild.status, wild.success) {
            (Some(status), _) => status,
            (None, Some(true)) => Outcome::Success,
            (None, Some(false)) => Outcome::Failed,
            (None, None) => return Err("an entry has neither `status` nor `success`".to_owned()),
        };
        let unknown = || "unknown".to_owned();
        Ok(Self(Entry {
            id: wild.id,
            timestamp,
            kind: wild.kind,
            from_version: wild.from_version.unwrap_or_else(unknown),
            to_version: wild.to_version.unwrap_or_else(unknown),
            status,
            snapshot_tag: wild.snapshot_tag,
            smoke_tests_duration: wild.smoke_tests_duration,
            smoke_tests_result: wild.smoke_tests_result,
            rollback_reason: wild.rollback_reason,
            actor: wild.actor,
            host: wild.host,
            duration: wild.duration,
            accepted: wild.accepted,
            retry_reason: wild.retry_reason,
            proof: wild.proof,
            evidence: wild.evidence,
            previous_hash: wild.previous_hash,
            hash: wild.hash,
        }))
    }
}

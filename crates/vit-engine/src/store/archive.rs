//! The journal as far back as it is kept: the file in use, those that were rotated away, and
//! those that were moved aside because they are damaged. For readers; nothing is written.

use std::path::{Path, PathBuf};

use super::journal::record::{Record, parse};
use super::journal::{FILE, MAX_BYTES};
use super::{atomic, paths_in};
use crate::error::EngineError;

/// Everything that can still be read of the journal.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Archive {
    /// The records, oldest file first. What stands behind damage is in here too: its own hash
    /// holds.
    pub records: Vec<Record>,
    /// What could not be read, a line each.
    pub damage: Vec<String>,
}

impl Archive {
    /// Reads all files.
    ///
    /// # Errors
    /// The state folder cannot be read. A file that cannot be read is no error: it is named.
    pub fn read(state_dir: &Path) -> Result<Self, EngineError> {
        let mut archive = Self::default();
        for path in files(state_dir)? {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            match atomic::read_bounded(&path, MAX_BYTES) {
                Ok(bytes) => {
                    let log = parse(&bytes.unwrap_or_default()).0;
                    archive.records.extend(log.records);
                    archive.records.extend(log.beyond_damage);
                    archive
                        .damage
                        .extend(log.damaged.map(|damage| format!("{name}: {damage}")));
                }
                Err(error) => {
                    let source = std::error::Error::source(&error)
                        .map(|source| format!(": {source}"))
                        .unwrap_or_default();
                    archive.damage.push(format!("{error}{source}"));
                }
            }
        }
        Ok(archive)
    }

    /// The records of one transaction, in order, each once: what was saved of a damaged file
    /// stands in two files.
    #[must_use]
    pub fn of(&self, transaction: &str) -> Vec<&Record> {
        let mut found: Vec<&Record> = Vec::new();
        for record in &self.records {
            let told = |other: &&Record| {
                (other.time, &other.kind, &other.body) == (record.time, &record.kind, &record.body)
                    && other.hash != record.hash
            };
            if record.transaction == transaction && !found.iter().any(told) {
                found.push(record);
            }
        }
        found
    }

    /// The ids of all transactions, the oldest first.
    #[must_use]
    pub fn ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = Vec::new();
        for record in &self.records {
            if !ids.contains(&record.transaction.as_str()) {
                ids.push(&record.transaction);
            }
        }
        ids
    }
}

/// The files of the journal, the oldest first: damaged ones, rotated ones by number, the one in
/// use.
fn files(state_dir: &Path) -> Result<Vec<PathBuf>, EngineError> {
    let mut found = Vec::new();
    for path in paths_in(state_dir)? {
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        let rotated = name
            .strip_prefix("journal-")
            .and_then(|rest| rest.split_once(".jsonl"))
            .and_then(|(number, _)| number.parse::<u64>().ok());
        let order = if name == FILE {
            Some((2, 0))
        } else if name.starts_with("journal.jsonl.damaged-") {
            Some((0, 0))
        } else {
            rotated.map(|number| (1, number))
        };
        found.extend(order.map(|order| (order, path)));
    }
    found.sort();
    Ok(found.into_iter().map(|(_, path)| path).collect())
}

#[cfg(test)]
mod tests;

//! The journal of transactions: append-only JSON Lines, hash-chained, each record durable before
//! the next act. What the records mean is not known here.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::OFlags;
use serde_json::Value;

use super::{atomic, failed};
use crate::error::EngineError;
use crate::faults::Faults;

pub mod record;

use record::parse;
pub use record::{Log, Record};

/// The journal's name in the state folder.
pub const FILE: &str = "journal.jsonl";
/// Beyond this size, in bytes, [`Journal::rotate`] begins a new file.
pub const ROTATE_AT: u64 = 1024 * 1024;
/// The largest journal that is read, in bytes.
pub(super) const MAX_BYTES: usize = 64 * 1024 * 1024;
/// The kind of the record that stands before what was saved of a damaged journal.
pub const DAMAGED: &str = "damaged";
const BOOT_ID: &str = "/proc/sys/kernel/random/boot_id";

/// A journal opened for appending, and what was found on the way.
#[derive(Debug)]
pub struct Opened {
    /// The journal.
    pub journal: Journal,
    /// What it held, damage included.
    pub log: Log,
    /// Where the damaged file was moved to, whole; the journal begins anew then.
    pub damaged: Option<PathBuf>,
}

/// The journal, open for appending. Needs the lock.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    // Opened by the first append, so that opening a journal creates no file.
    file: Option<File>,
    /// Where the last whole record ends.
    length: u64,
    /// Whether bytes of a failed append may stand behind `length`.
    dirty: bool,
    first: u64,
    next: u64,
    last_hash: String,
    boot: String,
    faults: Faults,
}

impl Journal {
    /// Opens for appending: drops a torn last line durably, and keeps a journal that is damaged
    /// before its last line aside, whole, to begin anew with what can be read of the last
    /// transaction, behind a record [`DAMAGED`]: it may be an open one. Takes the lock for
    /// granted.
    ///
    /// # Errors
    /// The file cannot be read, truncated or replaced.
    pub fn open(state_dir: &Path, now: Timestamp, faults: &Faults) -> Result<Opened, EngineError> {
        let path = state_dir.join(FILE);
        let (log, length) = parse(&bytes(&path)?);
        let mut journal = Self {
            length: length as u64,
            dirty: false,
            first: log.records.first().map_or(1, |record| record.seq),
            next: 1,
            last_hash: "0".repeat(64),
            boot: boot_id(faults),
            faults: faults.clone(),
            file: None,
            path,
        };
        let last = log.beyond_damage.last().or(log.records.last());
        match last {
            Some(record) => journal.go_on_after(record),
            None => {
                if let Some(record) = last_rotated(state_dir)? {
                    journal.go_on_after(&record);
                }
                journal.first = journal.next;
            }
        }
        let mut damaged = None;
        if let Some(reason) = &log.damaged {
            damaged = Some(atomic::link_aside(&journal.path, now)?);
            journal.begin_anew(&log, reason)?;
        } else if log.torn {
            journal.dirty = true;
            faults
                .at(format_args!("journal.truncate"))
                .and_then(|()| journal.mend())
                .map_err(failed("truncating", &journal.path))?;
        }
        Ok(Opened {
            journal,
            log,
            damaged,
        })
    }

    /// Reads the records; writes nothing and needs no lock.
    ///
    /// # Errors
    /// The file cannot be read at all. Damage is no error: [`Log`] tells of it.
    pub fn read(state_dir: &Path) -> Result<Log, EngineError> {
        Ok(parse(&bytes(&state_dir.join(FILE))?).0)
    }

    /// Writes one record and makes it durable. Fault points: `journal.KIND.before`, `.written`
    /// (not yet synced), `.synced`, where KIND is `kind:step` when the body has a text `step`.
    ///
    /// # Errors
    /// The record is not in the journal then: what was written of it is taken back.
    pub fn append(
        &mut self,
        transaction: &str,
        time: Timestamp,
        kind: &str,
        body: Value,
    ) -> Result<(), EngineError> {
        let point = match body.get("step").and_then(Value::as_str) {
            Some(step) => format!("{kind}:{step}"),
            None => kind.to_owned(),
        };
        let mut record = Record {
            seq: self.next,
            transaction: transaction.to_owned(),
            boot: self.boot.clone(),
            time,
            kind: kind.to_owned(),
            body,
            previous: self.last_hash.clone(),
            hash: String::new(),
        };
        let line = record.seal();
        if let Err(source) = self.write_line(&line, &point) {
            // Half a line must not stay. Where even that fails, the next append tries again, and
            // a reader drops it as a torn last line.
            let _ = self.mend();
            return Err(failed("writing", &self.path)(source));
        }
        self.length += line.len() as u64;
        self.dirty = false;
        self.go_on_after(&record);
        Ok(())
    }

    /// Begins a new file when this one is larger than [`ROTATE_AT`]; the old one is kept as
    /// `journal-<first seq>.jsonl`. Call it only while no transaction is open. Tells whether it
    /// did.
    ///
    /// # Errors
    /// The file cannot be renamed; the journal goes on in the old one then.
    pub fn rotate(&mut self) -> Result<bool, EngineError> {
        if self.length <= ROTATE_AT {
            return Ok(false);
        }
        let kept = self
            .path
            .with_file_name(format!("journal-{}.jsonl", self.first));
        self.faults
            .at(format_args!("journal.rotate"))
            .and_then(|()| atomic::rename_numbered(&self.path, &kept))
            .map_err(failed("rotating", &self.path))?;
        self.file = None;
        self.length = 0;
        self.first = self.next;
        Ok(true)
    }

    /// Whether earlier records are kept in a rotated file.
    ///
    /// # Errors
    /// The folder or the file cannot be read.
    pub fn was_rotated(state_dir: &Path) -> Result<bool, EngineError> {
        Ok(last_rotated(state_dir)?.is_some())
    }

    /// Replaces the file by the last transaction's records, sealed anew.
    fn begin_anew(&mut self, log: &Log, reason: &str) -> Result<(), EngineError> {
        let all: Vec<&Record> = log.records.iter().chain(&log.beyond_damage).collect();
        let mut text = String::new();
        self.first = self.next;
        if let Some(last) = all.last() {
            let from = all
                .iter()
                .rposition(|record| record.transaction != last.transaction)
                .map_or(0, |other| other + 1);
            let mut note = all[from].clone();
            DAMAGED.clone_into(&mut note.kind);
            note.body = serde_json::json!({ "reason": reason });
            for record in std::iter::once(&note).chain(all[from..].iter().copied()) {
                let mut record = record.clone();
                record.seq = self.next;
                record.previous.clone_from(&self.last_hash);
                text.push_str(&record.seal());
                self.go_on_after(&record);
            }
        }
        self.length = text.len() as u64;
        atomic::write(&self.path, text.as_bytes(), &self.faults)
    }

    fn go_on_after(&mut self, record: &Record) {
        self.next = record.seq.saturating_add(1);
        self.last_hash.clone_from(&record.hash);
    }

    fn write_line(&mut self, line: &str, point: &str) -> io::Result<()> {
        self.mend()?;
        self.faults.at(format_args!("journal.{point}.before"))?;
        self.dirty = true;
        self.file()?.write_all(line.as_bytes())?;
        self.faults.at(format_args!("journal.{point}.written"))?;
        self.file()?.sync_data()?;
        self.faults.at(format_args!("journal.{point}.synced"))
    }

    /// Cuts off what stands behind the last whole record.
    fn mend(&mut self) -> io::Result<()> {
        if self.dirty {
            let length = self.length;
            let file = self.file()?;
            file.set_len(length)?;
            file.sync_all()?;
            self.dirty = false;
        }
        Ok(())
    }

    fn file(&mut self) -> io::Result<&File> {
        if self.file.is_none() {
            let file = OpenOptions::new()
                .append(true)
                .create(true)
                .mode(0o600)
                .custom_flags(atomic::flags(OFlags::NOFOLLOW | OFlags::NONBLOCK))
                .open(&self.path)?;
            // The name too must be durable before an effect relies on a record in it.
            atomic::sync_folder(atomic::folder_of(&self.path))?;
            self.file = Some(file);
        }
        Ok(self.file.as_ref().expect("opened above"))
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, EngineError> {
    Ok(atomic::read_bounded(path, MAX_BYTES)?.unwrap_or_default())
}

/// The last record of the newest rotated file: what a new file's first record links to.
fn last_rotated(state_dir: &Path) -> Result<Option<Record>, EngineError> {
    let entries = match fs::read_dir(state_dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("reading", state_dir)(error)),
    };
    let mut newest = None;
    for entry in entries {
        let path = entry.map_err(failed("reading", state_dir))?.path();
        let number = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.strip_prefix("journal-"))
            .and_then(|name| name.strip_suffix(".jsonl"))
            .and_then(|name| name.parse::<u64>().ok());
        newest = newest.max(number.map(|number| (number, path)));
    }
    let Some((_, path)) = newest else {
        return Ok(None);
    };
    Ok(parse(&bytes(&path)?).0.records.pop())
}

/// The machine's boot id; empty where there is none.
#[must_use]
pub fn boot_id(faults: &Faults) -> String {
    if let Some(boot) = faults.boot() {
        return boot.to_owned();
    }
    atomic::read_bounded(Path::new(BOOT_ID), 128)
        .ok()
        .flatten()
        .map(|bytes| String::from_utf8_lossy(&bytes).trim().to_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;

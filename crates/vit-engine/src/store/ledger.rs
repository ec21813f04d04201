//! `<state>/ledger.jsonl`: what each release was when it was first seen. Append-only JSON Lines,
//! each with the hash of the one before; a tag that moves, or metadata that changes, is told by it.
//!
//! `ledger.head` says how far the file reached after the last append, so that a file that was cut
//! at the end of a line is told from a whole one; `ledger-lock` lets one process append at a time
//! (listing releases does not take the installation's own lock). A file that is damaged is kept
//! aside whole, and a new one begins with every line that can be read and a line that says so.
//!
//! The chain finds accidents and edits of single lines; whoever can write the state folder can
//! write all of it anew. What a line means for a release is decided elsewhere.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use vit_contract::code::Code;
use vit_contract::problem::{Place, Problem, Who};

use super::{atomic, failed, lock};
use crate::error::EngineError;
use crate::faults::Faults;

pub mod line;
#[cfg(test)]
mod tests;

pub use line::{Kind, Known, Line, What};
use line::{Parsed, Read};

/// The ledger's name in the state folder.
pub const FILE: &str = "ledger.jsonl";
const HEAD: &str = "ledger.head";
const LOCK: &str = "ledger-lock";
/// The version of the format that is written.
const FORMAT: u32 = 1;
/// The largest ledger that is read, in bytes.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// Beyond this size, in bytes, no more metadata is kept in lines: its hash still is.
const METADATA_UNTIL: usize = 32 * 1024 * 1024;
/// The largest metadata that is kept in a line, in bytes.
const MAX_METADATA: usize = 16 * 1024;
const HEAD_MAX_BYTES: usize = 4096;

/// How far the file reached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    format: u32,
    lines: u64,
    /// The hash of the last of them.
    hash: String,
}

/// What the ledger holds.
#[derive(Debug, Default)]
pub struct Ledger {
    /// What counts, by tag.
    pub known: HashMap<String, Known>,
    /// How many lines it has.
    pub lines: usize,
    /// Why it cannot be read as a whole; what can be is in `known`.
    pub damaged: Option<String>,
    /// The line with which it began anew, and the kept file's name.
    pub anew: Option<Line>,
    /// Whether a newer `vit` wrote to it: then this one does not.
    pub newer: bool,
    bytes: Vec<u8>,
}

/// What is to be appended: number, time and chain come by themselves.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The line.
    pub line: Line,
    /// The release's metadata in canonical form, as JSON.
    pub metadata: Option<String>,
}

impl Entry {
    /// An entry of a tag.
    #[must_use]
    pub fn new(kind: Kind, tag: &str, what: What) -> Self {
        Self {
            line: Line {
                format: FORMAT,
                seq: 0,
                time: Timestamp::UNIX_EPOCH,
                kind,
                tag: tag.to_owned(),
                what,
                source: None,
                text: None,
                actor: None,
                host: None,
                was: None,
                previous: String::new(),
            },
            metadata: None,
        }
    }
}

impl Ledger {
    /// The metadata that counts of a release, where it was small enough to be kept.
    #[must_use]
    pub fn metadata(&self, known: &Known) -> Option<Value> {
        let bytes = self.bytes.get(known.metadata.clone()?)?;
        serde_json::from_slice(bytes).ok()
    }

    /// What is wrong with the ledger as a whole, for every report that speaks of releases.
    #[must_use]
    pub fn problem(&self, state_dir: &Path) -> Option<Problem> {
        let path = state_dir.join(FILE);
        let file = path.display().to_string();
        let what = "what was fetched before still counts, and what can be read of the ledger";
        if let Some(reason) = &self.damaged {
            return Some(
                Problem::new(
                    Code::LedgerDamaged,
                    &file,
                    format!("the ledger of releases is damaged: {what}"),
                )
                .evidence(reason)
                .hint(
                    Who::You,
                    "the next `vit update` keeps it aside whole and begins a new one; find out who or what changed it",
                )
                .at(Place::file(file)),
            );
        }
        let aside = self.anew.as_ref()?.source.as_deref()?;
        let kept = path.with_file_name(aside);
        std::fs::symlink_metadata(&kept).ok()?;
        Some(
            Problem::new(
                Code::LedgerDamaged,
                &file,
                format!("the ledger of releases was damaged and begun anew: {what}"),
            )
            .evidence(format!(
                "{}; the damaged one is kept as {}",
                self.anew.as_ref()?.text.as_deref().unwrap_or_default(),
                kept.display()
            ))
            .hint(
                Who::You,
                "look at it and at `vit ledger show`; this is said until the kept file is moved away",
            )
            .at(Place::file(file)),
        )
    }
}

fn no_hash() -> String {
    "0".repeat(64)
}

/// Reads the ledger; writes nothing and needs no lock. A file that is not there is an empty one.
///
/// # Errors
/// The disk failed. Damage is no error: [`Ledger::damaged`] tells of it.
pub fn read(state_dir: &Path) -> Result<Ledger, EngineError> {
    Ok(ledger_of(load(state_dir)?))
}

/// The file's bytes, its lines, and why it cannot be read.
struct Loaded {
    bytes: Vec<u8>,
    parsed: Parsed,
    damaged: Option<String>,
    exists: bool,
}

fn load(state_dir: &Path) -> Result<Loaded, EngineError> {
    // Before the file itself, which only grows: what another process appends meanwhile must not
    // look as if it were missing.
    let head = head(state_dir)?;
    let (bytes, unusable) = match atomic::read_bounded(&state_dir.join(FILE), MAX_BYTES) {
        Ok(bytes) => (bytes, None),
        Err(error) if atomic::is_unusable(&error) => {
            let reason = std::error::Error::source(&error).map(ToString::to_string);
            (Some(Vec::new()), reason)
        }
        Err(error) => return Err(error),
    };
    let exists = bytes.is_some();
    let bytes = bytes.unwrap_or_default();
    let parsed = line::parse(&bytes);
    let damaged = unusable
        .or_else(|| parsed.damaged.clone())
        .or_else(|| match head {
            Ok(head) => head.and_then(|head| cut_off(&head, &parsed, exists)),
            Err(reason) => Some(format!("{HEAD}: {reason}")),
        });
    Ok(Loaded {
        bytes,
        parsed,
        damaged,
        exists,
    })
}

/// What the head says; the inner error is why it cannot be told.
fn head(state_dir: &Path) -> Result<Result<Option<Head>, String>, EngineError> {
    match atomic::read_bounded(&state_dir.join(HEAD), HEAD_MAX_BYTES) {
        Ok(None) => Ok(Ok(None)),
        Ok(Some(bytes)) => Ok(serde_json::from_slice(&bytes)
            .map(Some)
            .map_err(|error| error.to_string())),
        Err(error) if atomic::is_unusable(&error) => {
            let reason = std::error::Error::source(&error).map(ToString::to_string);
            Ok(Err(reason.unwrap_or_default()))
        }
        Err(error) => Err(error),
    }
}

/// Whether lines are missing that the head knows of.
fn cut_off(head: &Head, parsed: &Parsed, exists: bool) -> Option<String> {
    if head.lines == 0 {
        return None;
    }
    let last = usize::try_from(head.lines - 1).ok();
    match last.and_then(|last| parsed.lines.get(last)) {
        Some(line) if line.hash == head.hash => None,
        Some(_) => Some(format!(
            "line {} is another one than was written",
            head.lines
        )),
        None if !exists => Some(format!("it is gone: {} lines had been written", head.lines)),
        None => Some(format!(
            "it was cut off: {} lines are there, {} had been written",
            parsed.lines.len(),
            head.lines
        )),
    }
}

fn ledger_of(loaded: Loaded) -> Ledger {
    let Loaded {
        bytes,
        parsed,
        damaged,
        ..
    } = loaded;
    let all = || parsed.lines.iter().chain(&parsed.beyond);
    Ledger {
        lines: parsed.lines.len(),
        newer: all().any(|read| read.line.format > FORMAT),
        anew: all()
            .rfind(|read| read.line.kind == Kind::Anew)
            .map(|read| read.line.clone()),
        known: line::fold(parsed.lines.into_iter().chain(parsed.beyond)),
        damaged,
        bytes,
    }
}

/// The lock of the ledger. It is let go by name: a child that another thread is starting has the
/// file open too, until it is another program.
struct Locked(File);

impl Drop for Locked {
    fn drop(&mut self) {
        let _ = self.0.unlock();
    }
}

/// What became of an append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Appended {
    /// The entries are on disk.
    Done,
    /// There was nothing to append.
    Nothing,
    /// Another process is appending.
    Busy,
    /// A newer `vit` wrote the ledger: this one leaves it alone.
    Newer,
}

/// Appends what `news` makes of the ledger as it is under the lock, in one write, durably. A
/// damaged ledger is kept aside and begun anew first. Fault points: `ledger.append.before`,
/// `.written` (not yet synced), `.synced`.
///
/// # Errors
/// It cannot be read or written.
pub fn append(
    state_dir: &Path,
    now: Timestamp,
    faults: &Faults,
    news: impl FnOnce(&Ledger) -> Vec<Entry>,
) -> Result<Appended, EngineError> {
    let lock_path = state_dir.join(LOCK);
    let locked = lock::lock_exclusively(&lock_path).map_err(failed("locking", &lock_path))?;
    let Some(_locked) = locked.map(Locked) else {
        return Ok(Appended::Busy);
    };
    let mut loaded = load(state_dir)?;
    if loaded
        .parsed
        .lines
        .iter()
        .any(|read| read.line.format > FORMAT)
    {
        return Ok(Appended::Newer);
    }
    let path = state_dir.join(FILE);
    if let Some(reason) = loaded.damaged.take() {
        begin_anew(&path, &loaded, &reason, now, faults)?;
        loaded = load(state_dir)?;
    }
    let mut end = End {
        next: loaded.parsed.lines.len() as u64 + 1,
        hash: loaded
            .parsed
            .lines
            .last()
            .map_or_else(no_hash, |read| read.hash.clone()),
        length: loaded.parsed.whole,
        torn: loaded.parsed.torn,
    };
    let entries = news(&ledger_of(loaded));
    if entries.is_empty() {
        return Ok(Appended::Nothing);
    }
    let mut text = String::new();
    for entry in entries {
        text.push_str(&end.seal(entry, now, text.len()));
    }
    write(&path, &end, &text, faults).map_err(failed("writing", &path))?;
    end.save_head(state_dir, faults)?;
    Ok(Appended::Done)
}

/// Where the next line goes.
struct End {
    next: u64,
    hash: String,
    length: usize,
    torn: bool,
}

impl End {
    fn seal(&mut self, entry: Entry, now: Timestamp, before: usize) -> String {
        let line = Line {
            seq: self.next,
            time: now,
            previous: self.hash.clone(),
            ..entry.line
        };
        let metadata = entry
            .metadata
            .filter(|text| text.len() <= MAX_METADATA && self.length + before <= METADATA_UNTIL);
        let (text, hash) = line.seal(metadata.as_deref());
        self.hash = hash;
        self.next += 1;
        text
    }

    fn save_head(&self, state_dir: &Path, faults: &Faults) -> Result<(), EngineError> {
        let head = Head {
            format: FORMAT,
            lines: self.next - 1,
            hash: self.hash.clone(),
        };
        let bytes = serde_json::to_vec(&head).expect("a head is plain data");
        atomic::write(&state_dir.join(HEAD), &bytes, faults)
    }
}

fn write(path: &Path, end: &End, text: &str, faults: &Faults) -> io::Result<()> {
    faults.at(format_args!("ledger.append.before"))?;
    let mut file = open(path)?;
    if end.torn {
        // Half a line of an append that never ended.
        file.set_len(end.length as u64)?;
    }
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| faults.at(format_args!("ledger.append.written")))
        .and_then(|()| file.sync_data());
    if written.is_err() {
        // What was written of it must not stay; where even that fails, a reader drops it.
        let _ = file.set_len(end.length as u64);
    }
    written?;
    faults.at(format_args!("ledger.append.synced"))
}

fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(atomic::flags(OFlags::NOFOLLOW | OFlags::NONBLOCK))
        .open(path)?;
    atomic::sync_folder(atomic::folder_of(path))?;
    Ok(file)
}

/// Keeps the damaged file aside, whole, and begins anew with every line that can be read.
fn begin_anew(
    path: &Path,
    loaded: &Loaded,
    reason: &str,
    now: Timestamp,
    faults: &Faults,
) -> Result<(), EngineError> {
    let regular = std::fs::symlink_metadata(path).is_ok_and(|found| found.is_file());
    let aside: Option<PathBuf> = match (loaded.exists, regular) {
        (false, _) => None,
        (true, true) => Some(atomic::link_aside(path, now)?),
        (true, false) => Some(atomic::move_aside(path, now)?),
    };
    let mut end = End {
        next: 1,
        hash: no_hash(),
        length: 0,
        torn: false,
    };
    let mut note = Entry::new(Kind::Anew, "", What::default());
    note.line.text = Some(reason.to_owned());
    note.line.source = aside.and_then(|aside| {
        aside
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
    });
    let mut text = String::new();
    for Read { line, metadata, .. } in loaded.parsed.lines.iter().chain(&loaded.parsed.beyond) {
        if line.format > FORMAT {
            continue;
        }
        let metadata = metadata.clone().and_then(|range| loaded.bytes.get(range));
        let entry = Entry {
            line: line.clone(),
            metadata: metadata.map(|bytes| String::from_utf8_lossy(bytes).into_owned()),
        };
        // When it was seen stays what it was.
        text.push_str(&end.seal(entry, line.time, text.len()));
    }
    text.push_str(&end.seal(note, now, text.len()));
    atomic::write(path, text.as_bytes(), faults)?;
    end.save_head(path.parent().unwrap_or(path), faults)
}

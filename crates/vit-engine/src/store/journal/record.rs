//! The records of the journal, and how they stand in the file: a line of JSON each, its hash
//! last. No file is touched here.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use vit_contract::digest::{hex, sha256};

/// What stands before the hash, which is always the last field.
const HASH_KEY: &str = ",\"hash\":\"";
const HASH_LENGTH: usize = 64;

/// A record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// Its number, from 1; goes on when the journal is rotated.
    pub seq: u64,
    /// The transaction's id.
    pub transaction: String,
    /// The machine's boot id; empty where there is none.
    pub boot: String,
    /// When it was written.
    pub time: Timestamp,
    /// What it says: a state of TRANSACTION.md, `intent`, `done`, ….
    pub kind: String,
    /// The rest, by kind.
    pub body: Value,
    /// The hash of the record before, or 64 zeros.
    pub previous: String,
    /// SHA-256 over the record's JSON, byte by byte, without this field.
    pub hash: String,
}

impl Record {
    /// Computes the hash and tells the line, its end included.
    pub(in crate::store) fn seal(&mut self) -> String {
        self.hash.clear();
        let json = serde_json::to_string(self).expect("a record is plain data");
        let open = json
            .strip_suffix(&format!("{HASH_KEY}\"}}"))
            .expect("the hash is the last field");
        let (line, hash) = sealed(open);
        self.hash = hash;
        line
    }

    /// Reads a line without its end, and checks its hash over the bytes as they stand, so that
    /// no number or field of a newer `vit` is changed by reading it.
    pub(in crate::store) fn parse(line: &[u8]) -> Result<Self, String> {
        unsealed(line)?;
        serde_json::from_slice(line).map_err(|error| format!("it is no record: {error}"))
    }
}

/// A line of a chained file, its end included, and its hash: `open` is a JSON object without the
/// brace that ends it, and the hash is over the object without the hash.
pub(in crate::store) fn sealed(open: &str) -> (String, String) {
    let hash = sha256(format!("{open}}}").as_bytes());
    (format!("{open}{HASH_KEY}{hash}\"}}\n"), hash)
}

/// The object of such a line without its hash and without the brace that ends it, and the hash;
/// the line stands without its end, and its hash was checked over the bytes as they are.
pub(in crate::store) fn unsealed(line: &[u8]) -> Result<(&[u8], &[u8]), String> {
    let damaged = || "the hash does not stand at its end".to_owned();
    let line = line.strip_suffix(b"\"}").ok_or_else(damaged)?;
    let cut = line.len().checked_sub(HASH_LENGTH).ok_or_else(damaged)?;
    let (open, hash) = line.split_at(cut);
    let open = open.strip_suffix(HASH_KEY.as_bytes()).ok_or_else(damaged)?;
    let mut whole = Sha256::new();
    whole.update(open);
    whole.update(b"}");
    if hex(&whole.finalize()).as_bytes() != hash {
        return Err("the hash does not agree with the record".to_owned());
    }
    Ok((open, hash))
}

/// What the journal holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Log {
    /// The records, oldest first, up to the damage where there is any.
    pub records: Vec<Record>,
    /// Whether a torn last line was dropped: its append never ended, so nothing followed from it.
    pub torn: bool,
    /// Where and why the middle cannot be read.
    pub damaged: Option<String>,
    /// Records after the damage whose own hash holds: not proven to be complete, but enough to
    /// tell whether a transaction may be open.
    pub beyond_damage: Vec<Record>,
}

/// The records of a journal's bytes, and the length of those that can be kept.
pub(in crate::store) fn parse(bytes: &[u8]) -> (Log, usize) {
    let mut log = Log::default();
    let mut kept = 0;
    let mut rest = bytes;
    let mut number = 0;
    while !rest.is_empty() {
        number += 1;
        let Some(end) = rest.iter().position(|&byte| byte == b'\n') else {
            log.torn = true;
            break;
        };
        let (line, after) = (&rest[..end], &rest[end + 1..]);
        rest = after;
        let record = Record::parse(line);
        if log.damaged.is_some() {
            log.beyond_damage.extend(record);
            continue;
        }
        match record.and_then(|record| linked(log.records.last(), record)) {
            Ok(record) => {
                log.records.push(record);
                kept += end + 1;
            }
            Err(_) if rest.is_empty() => log.torn = true,
            Err(reason) => {
                log.damaged = Some(format!("line {number}: {reason}"));
                log.beyond_damage.extend(Record::parse(line));
            }
        }
    }
    (log, kept)
}

/// The record, if it follows the one before.
fn linked(previous: Option<&Record>, record: Record) -> Result<Record, String> {
    match previous {
        Some(previous) if record.previous != previous.hash => {
            Err("it does not follow the record before it".to_owned())
        }
        Some(previous) if Some(record.seq) != previous.seq.checked_add(1) => Err(format!(
            "its number {} does not follow {}",
            record.seq, previous.seq
        )),
        _ => Ok(record),
    }
}

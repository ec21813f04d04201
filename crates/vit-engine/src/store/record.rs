//! One record of the journal, and how it stands in the file: one line of JSON, its hash last.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use vit_contract::digest::sha256;

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
    pub(super) fn seal(&mut self) -> String {
        self.hash.clear();
        let json = serde_json::to_string(self).expect("a record is plain data");
        let open = json
            .strip_suffix(&format!("{HASH_KEY}\"}}"))
            .expect("the hash is the last field");
        self.hash = sha256(format!("{open}}}").as_bytes());
        format!("{open}{HASH_KEY}{}\"}}\n", self.hash)
    }

    /// Reads a line without its end, and checks its hash over the bytes as they stand, so that
    /// no number or field of a newer `vit` is changed by reading it.
    pub(super) fn parse(line: &[u8]) -> Result<Self, String> {
        let damaged = || "the hash does not stand at its end".to_owned();
        let line = line.strip_suffix(b"\"}").ok_or_else(damaged)?;
        let cut = line.len().checked_sub(HASH_LENGTH).ok_or_else(damaged)?;
        let (open, hash) = line.split_at(cut);
        let open = open.strip_suffix(HASH_KEY.as_bytes()).ok_or_else(damaged)?;
        let whole = [open, b"}"].concat();
        if sha256(&whole).as_bytes() != hash {
            return Err("the hash does not agree with the record".to_owned());
        }
        let line = [line, b"\"}"].concat();
        serde_json::from_slice(&line).map_err(|error| format!("it is no record: {error}"))
    }
}

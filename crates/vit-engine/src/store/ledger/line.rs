//! The lines of the ledger, as they stand in the file, and what they add up to. No file is touched
//! here.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Place;
use std::io::BufRead as _;
use std::ops::Range;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::FORMAT;
use crate::parallel;
use crate::store::journal::record::{sealed, unsealed};

/// The longest line that is read, in bytes: the metadata that is kept is far below it.
const MAX_LINE: usize = 64 * 1024;
/// What stands before the metadata, which is the last field before the hash. In a text the quotes
/// would be escaped, so that this stands nowhere else.
const METADATA_KEY: &str = ",\"metadata\":";

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A release was seen: the first line of a tag says what counts, a later one only adds what
    /// the earlier ones did not know.
    Seen,
    /// It was not as when it was first seen, or is so again; changes nothing of what counts.
    Noted,
    /// Somebody accepted what it is now: from here on that counts.
    Accepted,
    /// The ledger was damaged: what could be read of it stands before this line.
    Anew,
    /// Of a newer `vit`.
    #[serde(other)]
    Unknown,
}

/// What is known of a release.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct What {
    /// The commit that its tag points at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The tree of that commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<String>,
    /// SHA-256 of its metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_sha256: Option<String>,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// The version of the format.
    pub format: u32,
    /// Its number, from 1.
    pub seq: u64,
    /// When it was written.
    pub time: Timestamp,
    /// What it says.
    pub kind: Kind,
    /// The release's tag; empty for [`Kind::Anew`].
    pub tag: String,
    /// What was seen.
    #[serde(flatten)]
    pub what: What,
    /// Where: the kind and location of the registry, without secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// What is noted, why it was accepted, what was damaged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// Who accepted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// On which machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// What counted before it was accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub was: Option<What>,
    /// The hash of the line before, or 64 zeros.
    pub previous: String,
}

/// A line of the file, with where its metadata stands in it.
#[derive(Debug, Clone)]
pub(super) struct Read {
    pub(super) line: Line,
    pub(super) hash: String,
    /// Within the file.
    pub(super) metadata: Option<Range<usize>>,
}

impl Line {
    /// The line as it stands in the file, its end included, and its hash.
    pub(super) fn seal(&self, metadata: Option<&str>) -> (String, String) {
        let json = serde_json::to_string(self).expect("a line is plain data");
        let mut open = json;
        open.pop();
        if let Some(metadata) = metadata {
            open.push_str(METADATA_KEY);
            open.push_str(metadata);
        }
        sealed(&open)
    }
}

/// Reads one line that begins at `offset` of the file, without its end.
fn parse_line(bytes: &[u8], offset: usize) -> Result<Read, String> {
    if bytes.len() > MAX_LINE {
        return Err(format!("it is longer than {MAX_LINE} bytes"));
    }
    let (open, hash) = unsealed(bytes)?;
    let text = std::str::from_utf8(open).map_err(|_| "it is no UTF-8".to_owned())?;
    let at = text.find(METADATA_KEY);
    let head = format!("{}}}", &text[..at.unwrap_or(text.len())]);
    let line = serde_json::from_str(&head).map_err(|error| format!("it is no line: {error}"))?;
    Ok(Read {
        line,
        hash: String::from_utf8_lossy(hash).into_owned(),
        metadata: at.map(|at| offset + at + METADATA_KEY.len()..offset + text.len()),
    })
}

/// What the bytes of a ledger hold.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    /// The lines up to the damage where there is any.
    pub(super) lines: Vec<Read>,
    /// How many bytes those take.
    pub(super) whole: usize,
    /// Whether a torn last line was dropped: its append never ended.
    pub(super) torn: bool,
    /// Where and why the rest cannot be read.
    pub(super) damaged: Option<String>,
    /// Lines after the damage whose own hash holds.
    pub(super) beyond: Vec<Read>,
}

/// Reads them all. The hash of each line is checked on its own, on as many threads as there are
/// cores; the chain after that.
pub(super) fn parse(bytes: &[u8]) -> Parsed {
    let mut spans = Vec::new();
    let mut start = 0;
    let mut rest = bytes;
    // It looks for the end of a line many bytes at a time.
    while let Ok(length @ 1..) = rest.skip_until(b'\n') {
        spans.push(start..start + length);
        start += length;
    }
    let mut parsed = Parsed::default();
    if bytes.last().is_some_and(|&byte| byte != b'\n') {
        spans.pop();
        parsed.torn = true;
    }
    let read = parallel::map(spans, |span| {
        let line = &bytes[span.start..span.end - 1];
        (span.end, parse_line(line, span.start))
    });
    for (number, (end, line)) in read.into_iter().enumerate() {
        if parsed.damaged.is_some() {
            parsed.beyond.extend(line);
            continue;
        }
        let (reason, own) = match line {
            Ok(line) => match linked(parsed.lines.last(), &line) {
                Ok(()) => {
                    parsed.lines.push(line);
                    parsed.whole = end;
                    continue;
                }
                Err(reason) => (reason, Some(line)),
            },
            Err(reason) => (reason, None),
        };
        parsed.damaged = Some(format!("line {}: {reason}", number + 1));
        parsed.beyond.extend(own);
    }
    parsed
}

/// Whether a line follows the one before.
fn linked(previous: Option<&Read>, read: &Read) -> Result<(), String> {
    let follows = match previous {
        Some(previous) => read.line.previous == previous.hash,
        None => read.line.previous == super::no_hash(),
    };
    if !follows {
        return Err("it does not follow the line before it".to_owned());
    }
    let seq = previous.map_or(0, |previous| previous.line.seq);
    if Some(read.line.seq) != seq.checked_add(1) {
        return Err(format!(
            "its number {} does not follow {seq}",
            read.line.seq
        ));
    }
    Ok(())
}

/// What counts of one release, and what was noted of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// Where.
    pub source: String,
    /// What counts.
    pub what: What,
    /// Where the metadata that counts stands in the file.
    pub(super) metadata: Option<Range<usize>>,
    /// Lines of [`Kind::Noted`] and [`Kind::Accepted`], oldest first.
    pub notes: Vec<Line>,
}

/// What the lines add up to, by tag. Only an acceptance ever replaces what counts.
pub(super) fn fold(lines: impl Iterator<Item = Read>) -> HashMap<String, Known> {
    let mut known: HashMap<String, Known> = HashMap::new();
    for Read {
        mut line, metadata, ..
    } in lines
    {
        if line.format > FORMAT || matches!(line.kind, Kind::Anew | Kind::Unknown) {
            continue;
        }
        let found = match known.entry(std::mem::take(&mut line.tag)) {
            Place::Occupied(found) => found.into_mut(),
            Place::Vacant(place) => {
                place.insert(first(line, metadata));
                continue;
            }
        };
        match line.kind {
            Kind::Seen => complete(found, &line, metadata.as_ref()),
            Kind::Accepted => {
                found.what = line.what.clone();
                found.metadata = metadata;
                found.notes.push(line);
            }
            Kind::Noted => found.notes.push(line),
            Kind::Anew | Kind::Unknown => {}
        }
    }
    known
}

/// What the first line of a tag says.
fn first(mut line: Line, metadata: Option<Range<usize>>) -> Known {
    let mut known = Known {
        first_seen: line.time,
        source: line.source.clone().unwrap_or_default(),
        what: What::default(),
        metadata: None,
        notes: Vec::new(),
    };
    match line.kind {
        Kind::Noted => {}
        Kind::Seen => known.what = std::mem::take(&mut line.what),
        Kind::Accepted | Kind::Anew | Kind::Unknown => known.what = line.what.clone(),
    }
    if line.kind != Kind::Noted {
        known.metadata = metadata;
    }
    if line.kind != Kind::Seen {
        known.notes.push(line);
    }
    known
}

/// Adds what was not known, and only of the commit that counts.
fn complete(known: &mut Known, line: &Line, metadata: Option<&Range<usize>>) {
    let other = |a: &Option<String>, b: &Option<String>| a.is_some() && b.is_some() && a != b;
    if other(&known.what.commit, &line.what.commit) || other(&known.what.tree, &line.what.tree) {
        return;
    }
    let add = |to: &mut Option<String>, from: &Option<String>| {
        if to.is_none() {
            to.clone_from(from);
        }
    };
    add(&mut known.what.commit, &line.what.commit);
    add(&mut known.what.tree, &line.what.tree);
    if known.what.metadata_sha256.is_none() {
        known
            .what
            .metadata_sha256
            .clone_from(&line.what.metadata_sha256);
        known.metadata = metadata.cloned();
    }
}

//! The records of the journal, in the order of TRANSACTION.md. A record is durable before what
//! follows it begins.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use semver::Version;
use serde::{Deserialize, Serialize};
use vit_contract::history::{Outcome, Proof};
use vit_contract::output::SmokeResult;
use vit_contract::plan::{Accepted, End, Kind, RehearsalOutcome, SignedBy, Step};
use vit_contract::problem::Problem;
use vit_contract::verdict::Answer;

use crate::store::journal;

/// What a transaction is about; everything that recovery needs without the plan's file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Begun {
    /// Which command.
    pub kind: Kind,
    /// The working tree's root, for a person who reads the journal.
    pub root: String,
    /// The state that a rollback restores.
    pub from: End,
    /// The state that is wanted.
    pub to: End,
    /// The snapshot's tag.
    pub snapshot_tag: String,
    /// The effects, in order.
    pub steps: Vec<Step>,
    /// The plan's digest.
    pub plan: String,
    /// Untracked files and folders before anything was done, as [`path_text`] writes them: what was
    /// there is not ours.
    pub untracked: Vec<String>,
    /// How git compares files here, as a digest; absent in a journal of an older `vit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comparing: Option<String>,
    /// Warnings accepted by code.
    pub accepted: Vec<Accepted>,
    /// Why a release in quarantine is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_reason: Option<String>,
    /// What a failure of this release would be bound to, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub quarantine_key: BTreeMap<String, String>,
    /// Who signed the target's tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<SignedBy>,
    /// Who.
    pub actor: String,
    /// On which machine.
    pub host: String,
}

/// What stands before a path that is no UTF-8: no path holds a NUL.
const NOT_UTF8: char = '\0';

/// A path as a record holds it: as it is, or, where it is no UTF-8, its bytes in hexadecimal. A
/// lossy text would make a file of before look like one that came after.
#[must_use]
pub fn path_text(path: &Path) -> String {
    path.to_str().map_or_else(
        || {
            let bytes = path.as_os_str().as_bytes().iter();
            let hex: String = bytes.map(|byte| format!("{byte:02x}")).collect();
            format!("{NOT_UTF8}{hex}")
        },
        str::to_owned,
    )
}

/// The path that [`path_text`] made a text of.
#[must_use]
pub fn path_of(text: &str) -> PathBuf {
    let Some(hex) = text.strip_prefix(NOT_UTF8) else {
        return PathBuf::from(text);
    };
    let digits = hex.as_bytes().chunks(2);
    let bytes: Vec<u8> = digits
        .filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    PathBuf::from(OsString::from_vec(bytes))
}

/// Files of verticals that git does not track, kept as a tree in git's object store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VerticalFiles {
    /// Roots of the verticals, relative to the installation's root.
    pub roots: Vec<String>,
    /// The tree that holds their files, by path from the installation's root.
    pub tree: String,
}

/// A Python environment as it was, kept as a twin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptEnvironment {
    /// The environment's folder, absolute.
    pub path: String,
    /// The twin's folder, absolute: `tree` and `manifest` stand in it.
    pub twin: String,
    /// The SHA-256 of its manifest.
    pub manifest_sha256: String,
    /// How many files it has.
    pub files: usize,
    /// Whether there was none, and an empty folder was made in its place: an undo takes it away.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub made: bool,
}

/// A soak: until its end, and as long as the machine runs, somebody may still decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// When it is over.
    pub until: Timestamp,
    /// The machine's boot id when it began.
    pub boot: String,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "body", rename_all = "snake_case")]
pub enum Entry {
    /// The lock is held and the old state is known.
    Begun(Box<Begun>),
    /// The target's objects are here and are what the plan says.
    Fetched {
        /// The target's commit.
        commit: String,
    },
    /// Every vertical was judged.
    Judged {
        /// The answer.
        answer: Answer,
    },
    /// The target was rehearsed before.
    Rehearsed {
        /// What came of it.
        outcome: RehearsalOutcome,
        /// When it was held.
        held: jiff::Timestamp,
    },
    /// Everything that a rollback needs is kept.
    Snapped {
        /// Files of untracked verticals.
        files: Option<VerticalFiles>,
        /// The environment, where a step changes it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        environment: Option<KeptEnvironment>,
    },
    /// From here on, a crash means: roll back.
    Armed,
    /// A step is about to begin.
    Intent {
        /// Its name.
        step: String,
    },
    /// A step has ended, and what it did is on disk.
    Done {
        /// Its name.
        step: String,
    },
    /// The smoke tests are about to run.
    Probing,
    /// The manifests were judged again and the smoke tests have passed.
    Probed {
        /// Their results, without output.
        results: Vec<SmokeResult>,
    },
    /// The smoke tests repeat until the soak is over or somebody confirms.
    Trial(Trial),
    /// The one commit point: from here on, a crash means: finish.
    Committed {
        /// What was compared.
        proof: Proof,
    },
    /// Something failed.
    RollbackBegun {
        /// The first cause; never overwritten by a later one.
        cause: Problem,
        /// Results of the smoke tests that ran, without output.
        results: Vec<SmokeResult>,
    },
    /// What tells of the failure is kept, or could not be.
    Evidence {
        /// Where.
        folder: Option<String>,
        /// Why it could not be kept whole.
        error: Option<String>,
    },
    /// A step was undone, or could not be.
    Undone {
        /// Its name.
        step: String,
        /// Why it could not be.
        error: Option<String>,
    },
    /// The old state is back, compared by content.
    Verified {
        /// What was compared.
        proof: Proof,
    },
    /// A release was rolled back, by a failing check or by hand: it is not offered again until
    /// something changes.
    Quarantined {
        /// The release.
        version: Version,
        /// How many times that has happened.
        times: u32,
        /// Whether a person went back from it.
        #[serde(default)]
        by_hand: bool,
    },
    /// The old state could not be verified: sticky until repaired.
    Inconsistent {
        /// What was compared.
        proof: Proof,
    },
    /// `vit repair` has put the old state back.
    Repaired {
        /// What was compared.
        proof: Proof,
        /// What somebody accepted as it is, because nothing could undo it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        accepted: Vec<Accepted>,
    },
    /// Stopped before anything changed.
    Aborted {
        /// Why.
        cause: Problem,
    },
    /// The history is written: nothing is left to do.
    Closed {
        /// How it ended.
        outcome: Outcome,
    },
    /// A record of a newer `vit`.
    #[serde(skip)]
    Unknown(String),
}

impl Entry {
    /// The names of all records that are written, for the tests that kill at each of them.
    pub const KINDS: [&'static str; 21] = [
        "begun",
        "fetched",
        "judged",
        "rehearsed",
        "snapped",
        "armed",
        "intent",
        "done",
        "probing",
        "probed",
        "trial",
        "committed",
        "rollback_begun",
        "evidence",
        "undone",
        "verified",
        "quarantined",
        "inconsistent",
        "repaired",
        "aborted",
        "closed",
    ];

    /// Splits the record into the journal's two fields.
    #[must_use]
    pub fn to_journal(&self) -> (String, serde_json::Value) {
        let value = serde_json::to_value(self).expect("a record is plain data");
        let kind = value["kind"].as_str().unwrap_or_default().to_owned();
        (
            kind,
            value
                .get("body")
                .cloned()
                .unwrap_or(serde_json::Value::Null),
        )
    }

    /// Reads a record back; what is not known stays, by its name.
    #[must_use]
    pub fn from_journal(record: &journal::Record) -> Self {
        let whole = if record.body.is_null() {
            serde_json::json!({ "kind": record.kind })
        } else {
            serde_json::json!({ "kind": record.kind, "body": record.body })
        };
        serde_json::from_value(whole).unwrap_or_else(|_| Self::Unknown(record.kind.clone()))
    }
}

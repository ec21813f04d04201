//! `.vitruvyan/upgrade_history.json`: what was done to an installation, hash-chained
//! (FORMATS.md §8).

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::plan::{Accepted, Kind, SignedBy};

mod chain;
mod read;

pub use chain::{Broken, prune, seal, verify};
pub use read::{ReadError, read};

/// The schema version that is written.
pub const SCHEMA_VERSION: u64 = 1;
/// The largest history that is read, in bytes.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The file as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct History {
    /// The version of the format.
    pub schema_version: u64,
    /// Entries, oldest first.
    pub history: Vec<Entry>,
    /// What retention dropped between entries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Gap>,
}

/// Entries that retention dropped, one after another, between two that are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gap {
    /// The previous hash of the first that was dropped: the hash of the entry kept before it.
    pub from: String,
    /// The hash of the last that was dropped: the previous hash of the entry kept after it.
    pub to: String,
    /// How many were dropped.
    pub count: usize,
}

impl Default for History {
    fn default() -> Self {
        Self {
            schema_version: SCHEMA_VERSION,
            history: Vec::new(),
            gaps: Vec::new(),
        }
    }
}

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was committed.
    Success,
    /// It failed, and the previous state is back and verified.
    RollbackExecuted,
    /// It stopped before it changed anything.
    Failed,
    /// It failed, and the previous state could not be verified.
    Inconsistent,
}

impl Outcome {
    /// The name as it stands in the file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::RollbackExecuted => "rollback_executed",
            Self::Failed => "failed",
            Self::Inconsistent => "inconsistent",
        }
    }
}

/// One transaction. Entries of the wild have only some of the fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Entry {
    /// The transaction's id.
    pub id: String,
    /// When it ended.
    pub timestamp: Timestamp,
    /// What it was: absent in the wild means an upgrade.
    #[serde(default = "upgrade")]
    pub kind: Kind,
    /// The version before; a text, because in the wild it may be anything.
    pub from_version: String,
    /// The version that was wanted.
    pub to_version: String,
    /// How it ended.
    pub status: Outcome,
    /// The snapshot's tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_tag: Option<String>,
    /// Seconds that the smoke tests took.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smoke_tests_duration: Option<f64>,
    /// `pass`, `fail` or `not_run`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smoke_tests_result: Option<String>,
    /// The first cause of a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback_reason: Option<String>,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// On which machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// Seconds from beginning to end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// Warnings accepted by code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<Accepted>,
    /// Why a release in quarantine was tried again, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_reason: Option<String>,
    /// What was compared at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// The folder with the evidence of a failure, relative to the state folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// The hash of the entry before, or 64 zeros.
    #[serde(default)]
    pub previous_hash: String,
    /// SHA-256 over this entry without this field.
    #[serde(default)]
    pub hash: String,
}

const fn upgrade() -> Kind {
    Kind::Upgrade
}

/// What was compared to say that the installation is whole: by content, never by an exit code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Proof {
    /// Whether everything agreed.
    pub verified: bool,
    /// The commit that HEAD had to have and had.
    pub head: String,
    /// The branch, or absent when detached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// The tree that every tracked file was hashed against.
    pub tree: String,
    /// The Python environment, where it is managed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<EnvironmentProof>,
    /// Who signed the release's tag, where that was verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<SignedBy>,
    /// What did not agree, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mismatches: Vec<String>,
}

/// What was compared of a Python environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnvironmentProof {
    /// Its folder, absolute.
    pub path: String,
    /// SHA-256 over its manifest: path, mode and SHA-256 of every file.
    pub sha256: String,
    /// How many files it has.
    pub files: usize,
}

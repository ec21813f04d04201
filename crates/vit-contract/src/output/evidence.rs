//! `evidence/<id>/index.json`: what is kept of a failure, so that somebody who looks later can tell
//! whether all of it is there and as it was.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The schema name of an index.
pub const SCHEMA: &str = "vit.evidence/1";

/// The index of a bundle: written last, and anew whenever something is added.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceIndex {
    /// `vit.evidence/1`.
    pub schema: String,
    /// The transaction's id.
    pub transaction: String,
    /// When the index was written.
    pub written: Timestamp,
    /// The digest of the plan that was carried out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<String>,
    /// Whether the undo had ended by then: what it could add is in here.
    pub complete: bool,
    /// Every file of the bundle but this one, by name.
    pub files: Vec<EvidenceFile>,
    /// How many files are left out of the list, where there are very many.
    #[serde(default)]
    pub unlisted: usize,
}

/// A file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceFile {
    /// Its path inside the bundle.
    pub name: String,
    /// What it is, in words.
    pub what: String,
    /// Its size, in bytes.
    pub bytes: u64,
    /// SHA-256 of the file as it stands here: bounded, and without secrets. Absent for a file that
    /// is too large to be read through: only its size is compared then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The output that it holds, where it is a captured one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<WholeOutput>,
}

/// A captured output as a whole, of which a file may hold only the beginning and the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WholeOutput {
    /// Its size, in bytes.
    pub bytes: u64,
    /// SHA-256 of the whole, raw, before secrets were taken out of what is kept.
    pub sha256: String,
    /// Whether the middle is left out.
    pub truncated: bool,
}

/// How a bundle stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EvidenceState {
    /// Every file of its index is there and as it was.
    Intact,
    /// A file was altered, is missing, or was added.
    Altered,
    /// It has no index: it was interrupted, or an older `vit` wrote it.
    Unlisted,
    /// It was kept and is not there any more.
    Gone,
}

/// A bundle as it was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EvidenceBundle {
    /// Its folder, absolute.
    pub folder: String,
    /// How it stands.
    pub state: EvidenceState,
    /// What does not agree with the index, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<String>,
    /// Its files, as the index lists them; without an index, as they are found.
    pub files: Vec<EvidenceFile>,
}

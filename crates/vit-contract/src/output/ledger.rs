//! What `vit ledger` says.

use jiff::Timestamp;
use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// `vit ledger show`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerReport {
    /// `vit.ledger/1`.
    pub schema: String,
    /// Whether every line is there and follows the one before it.
    pub ok: bool,
    /// How many lines there are.
    pub lines: usize,
    /// The releases that were seen, oldest first.
    pub releases: Vec<LedgerEntry>,
    /// What is wrong with the ledger.
    pub problems: Vec<Problem>,
}

/// What the ledger knows of a release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerEntry {
    /// The release.
    pub version: Version,
    /// Its tag.
    pub tag: String,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// Where: kind and location of the registry.
    pub source: String,
    /// What counts.
    #[serde(flatten)]
    pub counts: LedgerState,
    /// What was noted or accepted later, oldest first.
    pub notes: Vec<LedgerNote>,
}

/// What a release is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerState {
    /// The commit of its tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The tree of that commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<String>,
    /// SHA-256 of its metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_sha256: Option<String>,
}

/// A later line of a release.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerNote {
    /// When.
    pub time: Timestamp,
    /// Whether somebody accepted what it was then.
    pub accepted: bool,
    /// What was noted (a problem code, or `as_first_seen`), or why it was accepted.
    pub text: String,
    /// What it was then, as far as it differed.
    #[serde(flatten)]
    pub state: LedgerState,
    /// Who accepted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// On which machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
}

/// `vit ledger accept`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LedgerAcceptReport {
    /// `vit.ledger-accept/1`.
    pub schema: String,
    /// The release.
    pub version: Version,
    /// Its tag.
    pub tag: String,
    /// Why.
    pub reason: String,
    /// What counted before.
    pub was: LedgerState,
    /// What counts now.
    pub is: LedgerState,
    /// The answer in a sentence.
    pub details: String,
    /// The next command to type.
    pub next: String,
}

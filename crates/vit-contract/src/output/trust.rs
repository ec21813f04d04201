//! `vit trust init`, `vit trust show`, `vit trust remove`: whose signatures a registry is held to.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::problem::Problem;

/// `vit trust init`, `vit trust show`, `vit trust remove`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrustReport {
    /// `vit.trust-init/1`, `vit.trust-show/1` or `vit.trust-remove/1`.
    pub schema: String,
    /// The answer as a sentence.
    pub details: String,
    /// The origin of the registry in force, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub registry: Option<String>,
    /// The origins whose metadata has to be signed.
    pub origins: Vec<TrustedOrigin>,
    /// What was trusted once, oldest removal first.
    pub removed: Vec<RemovedTrust>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// An origin whose registry metadata has to be signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrustedOrigin {
    /// Scheme, host and port.
    pub origin: String,
    /// Whether the registry in force is of this origin.
    pub in_use: bool,
    /// Where the signed metadata is.
    pub metadata_url: String,
    /// What the paths of the signed files are seen from.
    pub targets_url: String,
    /// Since when it is trusted.
    pub since: Timestamp,
    /// Who trusted it.
    pub by: String,
    /// The root that was pinned.
    pub pinned: TrustRoot,
    /// The root that counts now, where the registry has another one since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<TrustRoot>,
    /// What was verified last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verified: Option<VerifiedMetadata>,
}

/// A root of trust.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrustRoot {
    /// Its version.
    pub version: u64,
    /// Until when it is good.
    pub expires: Timestamp,
    /// SHA-256 of the file, hex.
    pub sha256: String,
    /// Who signs what, and how many have to.
    pub roles: Vec<TrustRole>,
}

/// A role of a root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrustRole {
    /// `root`, `targets`, `snapshot` or `timestamp`.
    pub name: String,
    /// How many of its keys have to sign.
    pub threshold: usize,
    /// The ids of its keys.
    pub keys: Vec<String>,
}

/// The signed metadata that was verified last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VerifiedMetadata {
    /// The version of the timestamp.
    pub timestamp: u64,
    /// The version of the snapshot.
    pub snapshot: u64,
    /// The version of the targets.
    pub targets: u64,
    /// When the first part of it expires, the root included.
    pub expires: Timestamp,
    /// Whether that moment is past.
    pub expired: bool,
}

/// An origin that is trusted no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RemovedTrust {
    /// Scheme, host and port.
    pub origin: String,
    /// SHA-256 of the root that was pinned, hex.
    pub root_sha256: String,
    /// When it was removed.
    pub removed: Timestamp,
    /// Who removed it.
    pub by: String,
    /// Why.
    pub reason: String,
}

//! Releases that failed here, as `vit status` and `vit history` show them.

use jiff::Timestamp;
use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

/// A release that was rolled back here and is not offered again until something changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuarantinedRelease {
    /// Its version.
    pub version: Version,
    /// How many times it was rolled back.
    pub times: u32,
    /// When it was rolled back last.
    pub last: Timestamp,
    /// The transaction that did it last.
    pub transaction: String,
    /// Whether a person rolled it back, rather than a failing check.
    pub by_hand: bool,
    /// Why.
    pub cause: String,
    /// What has changed since, by name: with any, it is not kept back any more. `vit history`
    /// does not look for it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lifted_by: Vec<String>,
}

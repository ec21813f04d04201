//! `vit mirror index`: the releases that this installation knows, as a registry for others.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Source;
use crate::problem::Problem;

/// `vit mirror index`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct MirrorIndexReport {
    /// `vit.mirror-index/1`.
    pub schema: String,
    /// The answer as a sentence.
    pub details: String,
    /// The folder, absolute.
    pub folder: String,
    /// SHA-256 of the index, hex.
    pub sha256: String,
    /// Where the index says that commits come from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// How many releases it lists.
    pub releases: usize,
    /// How many of them are withdrawn.
    pub withdrawn: usize,
    /// The files that were written, below the folder.
    pub written: Vec<String>,
    /// How many files were there as they have to be.
    pub unchanged: usize,
    /// Where the releases came from.
    pub source: Source,
    /// What was noticed; releases that are not in the index are named here.
    pub problems: Vec<Problem>,
}

//! `vit bisect`: which release is the first that does not work here.

use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::plan::RehearsalOutcome;
use crate::problem::Problem;

/// How a search ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BisectStatus {
    /// The first release that breaks is known.
    Found,
    /// It is one of several: the others could not be told.
    Narrowed,
    /// None breaks.
    NothingFails,
    /// Too few of them could be told.
    CouldNotTell,
}

/// A release that was rehearsed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BisectTry {
    /// The release.
    pub version: Version,
    /// What its rehearsal said.
    pub outcome: RehearsalOutcome,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// A release that was not rehearsed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BisectSkip {
    /// The release.
    pub version: Version,
    /// Why not: what blocks it.
    pub problem: Problem,
}

/// The first release that breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BisectFailure {
    /// The release.
    pub version: Version,
    /// The check that fails.
    pub check: Problem,
    /// The end of its output; empty where it has none.
    pub tail: String,
    /// The folder with the evidence, absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// `vit bisect`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct BisectReport {
    /// `vit.bisect/1`.
    pub schema: String,
    /// The answer in one word.
    pub status: BisectStatus,
    /// The answer as a sentence.
    pub details: String,
    /// What is installed, and taken for good.
    pub from_version: Version,
    /// The release up to which was searched.
    pub to_version: Version,
    /// The first release that breaks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_bad: Option<BisectFailure>,
    /// The last one before it that works; what is installed, where none of the others does.
    pub last_good: Version,
    /// Releases between the two that could not be told, oldest first.
    pub suspects: Vec<Version>,
    /// Every rehearsal, in the order in which they were held.
    pub tried: Vec<BisectTry>,
    /// Releases that are blocked, so that nobody could upgrade to them, oldest first.
    pub skipped: Vec<BisectSkip>,
    /// The next command to type.
    pub next: String,
}

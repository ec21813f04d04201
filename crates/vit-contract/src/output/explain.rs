//! `vit explain`: the story of one transaction.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{EvidenceBundle, SmokeResult};
use crate::channel::Channel;
use crate::history::{Outcome, Proof};
use crate::plan::{Accepted, Kind, Position};
use crate::problem::{Problem, Who};
use crate::verdict::Answer;

/// The schema name of a story.
pub const SCHEMA: &str = "vit.explain/1";

/// `vit explain`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ExplainReport {
    /// `vit.explain/1`.
    pub schema: String,
    /// The transaction's id.
    pub id: String,
    /// Which command it was; absent where nothing says it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// How it ended, or that it has not.
    pub state: StoryState,
    /// The answer as a sentence.
    pub details: String,
    /// Who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// On which machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// When it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<Timestamp>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// The state before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<StoryEnd>,
    /// The state that was wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<StoryEnd>,
    /// Why it was allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed: Option<Allowed>,
    /// What it went through, in order.
    pub stages: Vec<StoryStage>,
    /// The first cause of the failure; later ones never take its place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Problem>,
    /// What went wrong after that, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub later_causes: Vec<Problem>,
    /// The smoke tests at the target. The end of an output stands here as far as it was kept.
    pub smoke_tests: Vec<SmokeResult>,
    /// The old release's smoke tests after the rollback; empty where they did not run, or where
    /// what they said was not kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub smoke_tests_after_rollback: Vec<SmokeResult>,
    /// What was undone, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub undone: Vec<UndoneStep>,
    /// What was compared at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// The snapshot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<StorySnapshot>,
    /// What happened to this installation since, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub since: Vec<LaterTransaction>,
    /// The same as a sentence.
    pub since_details: String,
    /// The evidence; absent where none was kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<EvidenceBundle>,
    /// What is no longer known, or never was, a line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// What to do, and who can do it.
    pub advice: Vec<Advice>,
    /// The next command to type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// How a transaction ended, or that it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StoryState {
    /// Committed.
    Applied,
    /// Failed; the previous state is back and verified.
    RolledBack,
    /// Stopped before anything changed.
    Aborted,
    /// Failed; the previous state could not be verified.
    Inconsistent,
    /// It was inconsistent, and `vit repair` has put the old state back.
    Repaired,
    /// Somebody is at work on it now.
    Running,
    /// It was interrupted: `vit recover` finishes it.
    Interrupted,
    /// Nothing says how it ended.
    Unknown,
}

/// One end of a story.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoryEnd {
    /// The version, or the short commit where it has none.
    pub version: String,
    /// What git had checked out there; absent where only the history tells of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
}

/// Why a transaction was allowed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Allowed {
    /// What the judgement was; absent where nothing says it any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// The channel in force.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// When the plan was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub planned: Option<Timestamp>,
    /// The plan's digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// What the plan warned of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<Problem>,
    /// Warnings accepted by code.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub accepted: Vec<Accepted>,
    /// Why a release in quarantine was tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_reason: Option<String>,
}

/// A stage of a transaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StoryStage {
    /// What was done, in words.
    pub what: String,
    /// When it ended, or was last heard of.
    pub at: Timestamp,
    /// Seconds it took, by the times of the journal's records; absent where a crash is known to
    /// be in between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// How it ended.
    pub outcome: StageOutcome,
    /// What is worth knowing of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub details: Option<String>,
}

/// How a stage ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StageOutcome {
    /// Well.
    Done,
    /// It failed.
    Failed,
    /// It was cut off by a crash, a kill or a power cut, or is not ended.
    Interrupted,
}

/// A step that was undone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UndoneStep {
    /// Its name.
    pub step: String,
    /// Why it could not be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The snapshot of a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StorySnapshot {
    /// Its tag.
    pub tag: String,
    /// Whether it can still be gone back to.
    pub there: bool,
}

/// A transaction that followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LaterTransaction {
    /// Its id.
    pub id: String,
    /// Which command it was.
    pub kind: Kind,
    /// The version before.
    pub from_version: String,
    /// The version that was wanted.
    pub to_version: String,
    /// How it ended.
    pub outcome: Outcome,
    /// When it ended.
    pub ended: Timestamp,
    /// Whether it tried the same release again.
    pub same_target: bool,
}

/// Something to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Advice {
    /// Who can do it.
    pub who: Who,
    /// What.
    pub what: String,
}

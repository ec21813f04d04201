//! Plans: what would be done, whole, before anything is done.
//!
//! A plan is computed from facts by a pure function, is immutable, can be stored, and has a
//! digest. The executor makes no decision of its own.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::channel::Channel;
use crate::code::Code;
use crate::digest;
use crate::output::Source;
use crate::problem::Problem;
use crate::release::Changes;
use crate::verdict::{Answer, Verdict};

mod pin;
mod rehearsal;
mod signed_by;
mod step;

pub use pin::PinEdit;
pub use rehearsal::{Rehearsal, RehearsalOutcome};
pub use signed_by::{SignatureKind, SignedBy};
pub use step::{
    CommandStep, EnvironmentAction, EnvironmentPlan, EnvironmentStep, Installer, Position, Step,
    StepOrigin, SubmoduleSwitch, WheelFolder, command_text,
};

/// The schema name of a plan.
pub const SCHEMA: &str = "vit.plan/1";

/// Which command a plan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// `vit upgrade`.
    Upgrade,
    /// `vit rollback`.
    Rollback,
    /// `vit repair`: only in the history, never planned.
    Repair,
}

impl Kind {
    /// The name as it stands in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Upgrade => "upgrade",
            Self::Rollback => "rollback",
            Self::Repair => "repair",
        }
    }
}

/// How the tree gets from one release to the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// HEAD has no commits of its own: the tree becomes the target's.
    Checkout,
    /// HEAD carries commits on top of Core: the target is merged into them.
    Merge,
    /// Core is a submodule: its pointer becomes the target's.
    Submodule,
    /// Core is an installed package: its pin becomes the target's.
    Package,
}

/// One end of a plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct End {
    /// The Core version there; absent when it cannot be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// What git has checked out there.
    #[serde(flatten)]
    pub position: Position,
}

/// A smoke test that will run after the switch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SmokeTest {
    /// The vertical's name.
    pub vertical: String,
    /// The vertical's root, relative to the installation's root (empty: the root itself).
    pub root: String,
    /// How long it may run, in seconds.
    pub timeout_seconds: u32,
}

/// The changes of one release on the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReleaseChanges {
    /// The release.
    pub version: Version,
    /// What it changes.
    pub changes: Changes,
    /// How to migrate to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migration_guide_url: Option<String>,
}

/// A contract that some vertical uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ContractUse {
    /// Its dotted name.
    pub contract: String,
    /// The verticals that name it.
    pub used_by: Vec<String>,
    /// What becomes of it.
    pub state: ContractState,
}

/// What becomes of a contract in the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContractState {
    /// The target exports it.
    Exported,
    /// The target does not export it.
    Missing,
    /// The target's contracts cannot be read.
    Unknown,
}

/// How long it will take.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DurationEstimate {
    /// Seconds.
    pub seconds: f64,
    /// Where the figure comes from.
    pub basis: EstimateBasis,
}

/// Where an expected duration comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum EstimateBasis {
    /// The median of this installation's earlier upgrades.
    History,
    /// Nothing was measured yet: a guess from the size of the change.
    Estimate,
}

/// Disk, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Disk {
    /// What the upgrade and its rollback need together.
    pub needed_bytes: u64,
    /// What is free for this user.
    pub free_bytes: u64,
}

/// How risky it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Risk {
    /// The level.
    pub level: RiskLevel,
    /// Why.
    pub reasons: Vec<String>,
}

/// Levels of risk.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RiskLevel {
    /// Nothing speaks against it.
    Low,
    /// Somebody should be near.
    Medium,
    /// Choose the hour.
    High,
}

/// A warning that somebody accepted by its code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Accepted {
    /// The code.
    pub code: Code,
    /// What the warnings of that code were about.
    pub subjects: Vec<String>,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// `vit.plan/1`.
    pub schema: String,
    /// Which command it is for.
    pub kind: Kind,
    /// When it was made.
    pub created: Timestamp,
    /// The channel in force.
    pub channel: Channel,
    /// Who set it: a plan that was made with `--channel` is applied with that channel.
    pub channel_set_by: String,
    /// Where the installation is.
    pub from: End,
    /// Where it would be.
    pub to: End,
    /// The release tag of the target; absent for a rollback to something that is no release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target_tag: Option<String>,
    /// Who signed the target's tag, where that was verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_by: Option<SignedBy>,
    /// Whether somebody named the target, rather than taking the one that was offered.
    pub explicit_target: bool,
    /// How the tree gets there.
    pub strategy: Strategy,
    /// Whether it goes on: the worst of the verdict and the preflight.
    pub answer: Answer,
    /// What the verticals say.
    pub verdict: Verdict,
    /// What the installation itself says: dirty tree, disk, own commits, holds.
    pub preflight: Vec<Problem>,
    /// The changes of every release on the way, newest first.
    pub changes: Vec<ReleaseChanges>,
    /// The contracts that the verticals use.
    pub contracts: Vec<ContractUse>,
    /// The smoke tests that will run.
    pub smoke_tests: Vec<SmokeTest>,
    /// The effects, in order.
    pub steps: Vec<Step>,
    /// The pins that are edited, where Core is an installed package.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pins: Vec<PinEdit>,
    /// What becomes of the Python environment.
    #[serde(default)]
    pub environment: EnvironmentPlan,
    /// What a rehearsal said, where one was held.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rehearsal: Option<Rehearsal>,
    /// The releases that follow this one, each with a transaction of its own, where there is no
    /// direct way to the last of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub then: Vec<Version>,
    /// Seconds for which the smoke tests repeat after the upgrade, where a soak was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soak_seconds: Option<u64>,
    /// Why a release in quarantine is tried again, where somebody said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_reason: Option<String>,
    /// Where the releases came from, as of `created`; no part of the digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// What a failure of this release would be bound to, by name: as long as none of it changes,
    /// the release is not offered again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub quarantine_key: BTreeMap<String, String>,
    /// How many files the switch changes.
    pub files_changed: usize,
    /// How long it will take.
    pub duration: DurationEstimate,
    /// Disk needed and free.
    pub disk: Disk,
    /// How risky it is.
    pub risk: Risk,
    /// How a rollback would go, a sentence a step.
    pub rollback: Vec<String>,
    /// Warnings accepted by code.
    pub accepted: Vec<Accepted>,
    /// The facts it rests on, by name: compared again before it is applied.
    pub facts: BTreeMap<String, String>,
    /// The next command to type.
    pub next: String,
    /// SHA-256 over the plan without this field and without `created`, `disk` and `duration`, and
    /// without what two rehearsals that come to one answer differ in: times, outputs, folders.
    pub digest: String,
}

impl Plan {
    /// The digest that the plan's content has.
    #[must_use]
    pub fn compute_digest(&self) -> String {
        let mut value = serde_json::to_value(self).expect("a plan is plain data");
        if let Some(object) = value.as_object_mut() {
            for volatile in ["digest", "created", "disk", "duration", "source"] {
                object.shift_remove(volatile);
            }
            if let Some(rehearsal) = object.get_mut("rehearsal") {
                rehearsal::remove_volatile(rehearsal);
            }
        }
        digest::sha256(value.to_string().as_bytes())
    }

    /// All problems: the installation's own, then the verdict's.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.preflight.iter().chain(self.verdict.problems())
    }
}

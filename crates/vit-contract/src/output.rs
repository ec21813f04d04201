//! What the commands print with `--json`: one object, its schema named first (FORMATS.md §7).

use jiff::Timestamp;
use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::channel::Channel;
use crate::code::Code;
use crate::history::{Entry, Proof};
use crate::plan::{Plan, Position};
use crate::problem::Problem;
use crate::verdict::{Answer, Verdict};

mod bisect;
mod bundle;
mod cache;
mod check;
mod demo;
pub mod evidence;
pub mod explain;
mod ledger;
mod mirror;
mod quarantine;
mod release;
mod trust;
mod why;

pub use crate::schemas::schemas;
pub use bisect::{BisectFailure, BisectReport, BisectSkip, BisectStatus, BisectTry};
pub use bundle::{BundleReport, BundleStatus};
pub use cache::{CacheCleanReport, CacheHost, CacheInfoReport, CacheLimit};
pub use check::{Check, CheckReport, CheckState};
pub use demo::{DemoReport, DemoStep};
pub use evidence::{EvidenceBundle, EvidenceFile, EvidenceIndex, EvidenceState, WholeOutput};
pub use explain::ExplainReport;
pub use ledger::{LedgerAcceptReport, LedgerEntry, LedgerNote, LedgerReport, LedgerState};
pub use mirror::MirrorIndexReport;
pub use quarantine::QuarantinedRelease;
pub use release::{
    ChecksumState, Judged, ListedRelease, ReleaseListReport, ReleaseShowReport, ReleaseState,
};
pub use trust::{RemovedTrust, TrustReport, TrustRole, TrustRoot, TrustedOrigin, VerifiedMetadata};
pub use why::{WhyRelease, WhyReport, WhyState};

/// The state of an installation in one word, as `vit update` says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UpdateStatus {
    /// A newer release can be lived with.
    Compatible,
    /// The same, with warnings.
    CompatibleWithWarnings,
    /// Everything newer is blocked.
    Blocked,
    /// Nothing newer on the channel.
    UpToDate,
    /// The question could not be answered.
    Error,
    /// An upgrade failed and was rolled back.
    RollbackExecuted,
}

/// Where the releases came from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// `github`, `git`, `index`, `dir` or `imported`.
    pub kind: String,
    /// The remote, URL (without credentials) or folder.
    pub location: String,
    /// When it was last asked with success.
    pub fetched: Timestamp,
    /// Whether this is an older answer, because it could not be asked now.
    pub stale: bool,
    /// Tags that are no releases.
    pub ignored_tags: usize,
    /// Whether the answer is a kept one that is young enough not to be asked for again.
    #[serde(default)]
    pub cached: bool,
    /// Whether the answer was verified by signed metadata.
    #[serde(default)]
    pub signed: bool,
    /// HTTP requests that were sent for it.
    #[serde(default)]
    pub requests: u32,
}

/// Why a channel is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelChoice {
    /// The channel.
    pub channel: Channel,
    /// Who set it: `--channel`, `VIT_CHANNEL`, `vit channel`, `manifest of finance`, `default`.
    pub set_by: String,
}

/// A release and what the installation says of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Candidate {
    /// Its version.
    pub version: Version,
    /// Its channel.
    pub channel: Channel,
    /// When it was released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_date: Option<Timestamp>,
    /// What the verticals say; of a release at the end of a chain, after the hop before it.
    pub verdict: Verdict,
    /// The releases that come first, where there is no direct way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub through: Vec<Version>,
}

/// `vit update`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct UpdateReport {
    /// `vit.update/1`.
    pub schema: String,
    /// The answer in one word.
    pub status: UpdateStatus,
    /// What is installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_version: Option<Version>,
    /// The release that is offered, else the newest on the channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_version: Option<Version>,
    /// Whether `latest_version` can be installed.
    pub compatible: bool,
    /// The first blocking code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Code>,
    /// The answer as a sentence.
    pub details: String,
    /// The channel in force.
    pub channel: ChannelChoice,
    /// Where the releases came from.
    pub source: Source,
    /// The release that is offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered: Option<Candidate>,
    /// Newer releases that are not offered, newest first, each with its reasons.
    pub blocked: Vec<Candidate>,
    /// Releases that cannot be targets at all, each with its reason.
    pub unusable: Vec<Problem>,
    /// Problems of the installation and of the release that is offered, else of the newest blocked.
    pub problems: Vec<Problem>,
    /// When it was asked.
    pub timestamp: Timestamp,
    /// The next command to type.
    pub next: String,
}

/// How a transaction ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TransactionStatus {
    /// Committed.
    Applied,
    /// There was nothing to do.
    NothingToDo,
    /// Refused before anything changed.
    Blocked,
    /// Stopped before anything changed.
    Aborted,
    /// Failed; the previous state is back and verified.
    RollbackExecuted,
    /// Failed; the previous state could not be verified.
    Inconsistent,
}

/// How a smoke test ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SmokeResult {
    /// The vertical.
    pub vertical: String,
    /// How it ended.
    pub outcome: SmokeOutcome,
    /// Exit status, where it ended by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_status: Option<i32>,
    /// The signal that ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
    /// Seconds it took.
    pub seconds: f64,
    /// The end of its output, control characters made visible, secrets taken out, at most 4 KiB.
    pub tail: String,
    /// SHA-256 of its whole output, raw: it is computed before secrets are taken out of what is kept.
    pub output_sha256: String,
    /// Size of its whole output, in bytes.
    pub output_bytes: u64,
    /// Processes that it left behind and that were ended.
    pub leftover_processes: usize,
}

/// How a smoke test ended, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SmokeOutcome {
    /// Exit 0.
    Pass,
    /// Exit 1, any other status, or a signal.
    Fail,
    /// Exit 2, or it could not be started.
    CouldNotRun,
    /// It did not end in its time.
    Timeout,
}

/// `vit upgrade`, `vit rollback`, `vit recover`, `vit repair`, `vit confirm`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TransactionReport {
    /// `vit.upgrade/1`, `vit.rollback/1`, `vit.recover/1`, `vit.repair/1` or `vit.confirm/1`.
    pub schema: String,
    /// How it ended.
    pub status: TransactionStatus,
    /// The answer as a sentence.
    pub details: String,
    /// The transaction's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The version before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_version: Option<String>,
    /// The version wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_version: Option<String>,
    /// The snapshot's tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot_tag: Option<String>,
    /// What was compared at the end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
    /// Smoke tests at the target.
    pub smoke_tests: Vec<SmokeResult>,
    /// Smoke tests of the old release after a rollback: reported, not gating.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub smoke_tests_after_rollback: Vec<SmokeResult>,
    /// Everything that was found wrong, the first cause first.
    pub problems: Vec<Problem>,
    /// The folder with the evidence, absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// The plan that was carried out or refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<Box<Plan>>,
    /// Every transaction of a chain of releases, in order; empty where the way was direct.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hops: Vec<Hop>,
    /// Seconds from beginning to end.
    pub seconds: f64,
    /// The next command to type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// One transaction of a chain of releases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hop {
    /// The release.
    pub version: Version,
    /// How its transaction ended; `blocked` where it was not begun.
    pub status: TransactionStatus,
    /// The transaction's id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

impl TransactionReport {
    /// The report of a command that began no transaction; `command` is its name in the schema.
    #[must_use]
    pub fn without_transaction(
        command: &str,
        status: TransactionStatus,
        details: impl Into<String>,
    ) -> Self {
        Self {
            schema: format!("vit.{command}/1"),
            status,
            details: details.into(),
            id: None,
            from_version: None,
            to_version: None,
            snapshot_tag: None,
            proof: None,
            smoke_tests: Vec::new(),
            smoke_tests_after_rollback: Vec::new(),
            problems: Vec::new(),
            evidence: None,
            plan: None,
            hops: Vec::new(),
            seconds: 0.0,
            next: None,
        }
    }
}

/// `vit status`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StatusReport {
    /// `vit.status/1`.
    pub schema: String,
    /// The installation's root.
    pub root: String,
    /// The installed Core version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub core_version: Option<Version>,
    /// Which source told the version.
    pub core_version_source: String,
    /// What git has checked out; absent on an unborn HEAD.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// The channel in force.
    pub channel: ChannelChoice,
    /// Versions that are held; `all` holds every upgrade.
    pub holds: Vec<String>,
    /// Releases that failed here and are not offered again as long as nothing changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quarantine: Vec<QuarantinedRelease>,
    /// The last answer of `vit update`, where it still concerns what is installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_check: Option<LastCheck>,
    /// The verticals.
    pub verticals: Vec<VerticalStatus>,
    /// Whether a transaction is open (interrupted), its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_transaction: Option<String>,
    /// Whether the installation is inconsistent.
    pub inconsistent: bool,
    /// The trial of the installed release, while there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<TrialStatus>,
    /// The last transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_transaction: Option<Entry>,
    /// Files with changes, at most 20, and how many in all.
    pub changed_files: Vec<String>,
    /// How many files have changes.
    pub changed_count: usize,
    /// When this was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// What is wrong.
    pub problems: Vec<Problem>,
    /// The next command to type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// A release on trial: its soak is not over, and nobody has confirmed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrialStatus {
    /// The transaction's id.
    pub id: String,
    /// The version on trial.
    pub version: String,
    /// When the soak is over.
    pub until: Timestamp,
    /// Whether a `vit` is at work that repeats the smoke tests and commits by itself. Without one,
    /// only `vit confirm` commits, and what is not confirmed in time is rolled back.
    pub watched: bool,
}

/// What `vit update` said last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LastCheck {
    /// When.
    pub timestamp: Timestamp,
    /// The answer in one word.
    pub status: UpdateStatus,
    /// What was installed then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_version: Option<Version>,
    /// The release that was offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offered: Option<Version>,
    /// Newer releases that were blocked.
    pub blocked: Vec<Version>,
    /// Where the releases came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
}

/// A vertical in `vit status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VerticalStatus {
    /// The name, or the manifest's path where it cannot be read.
    pub name: String,
    /// Its own version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<Version>,
    /// Its status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// The Core versions it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub core: Option<String>,
    /// Whether it can live with the installed Core, by its range and manifest.
    pub answer: Answer,
    /// Whether it has a smoke test that can run.
    pub smoke_test: bool,
    /// Path of the manifest.
    pub manifest: String,
}

/// `vit channel`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChannelReport {
    /// `vit.channel/1`.
    pub schema: String,
    /// The channel in force.
    pub channel: ChannelChoice,
    /// The channel before, where this command changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<ChannelChoice>,
    /// What to know of the change.
    pub details: String,
}

/// `vit hold`, `vit unhold`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HoldReport {
    /// `vit.hold/1`.
    pub schema: String,
    /// What is held now.
    pub holds: Vec<String>,
    /// What this command did.
    pub details: String,
}

/// `vit history`, `vit history show`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryReport {
    /// `vit.history/1`.
    pub schema: String,
    /// Entries, newest first.
    pub history: Vec<Entry>,
    /// Releases that failed here and are not offered again as long as nothing changes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quarantine: Vec<QuarantinedRelease>,
    /// Whether the chain of hashes holds.
    pub verified: bool,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
}

/// `vit rollback --list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SnapshotReport {
    /// `vit.snapshots/1`.
    pub schema: String,
    /// Newest first.
    pub snapshots: Vec<Snapshot>,
}

/// A state that can be gone back to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Snapshot {
    /// Its tag.
    pub tag: String,
    /// The transaction that took it.
    pub id: String,
    /// When.
    pub timestamp: Timestamp,
    /// The Core version then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// What git had checked out.
    pub position: Position,
    /// Whether `vit rollback` without `--to` would go here.
    pub next: bool,
}

/// Any command that ends in an error, with `--json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorReport {
    /// `vit.error/1`.
    pub schema: String,
    /// `error` or `blocked`.
    pub status: String,
    /// Stable kind of the error.
    pub kind: String,
    /// What happened, causes included, outermost first.
    pub message: Vec<String>,
    /// What to do next.
    pub hints: Vec<String>,
    /// Findings, where there are any.
    pub problems: Vec<Problem>,
    /// The exit status.
    pub exit_code: u8,
}

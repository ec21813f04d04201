//! `vertical_manifest.yaml`: what a vertical says of itself (FORMATS.md §3).

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::channel::Channel;
use crate::name::DomainName;
use crate::range::CoreRange;

mod delivery;
mod read;

pub use read::read;

/// The file name of a manifest.
pub const FILE_NAME: &str = "vertical_manifest.yaml";
/// The largest manifest that is read, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;
/// The smoke-test timeout where the manifest names none, in seconds.
pub const DEFAULT_TIMEOUT_SECONDS: u32 = 300;
/// The timeouts that a manifest may name, in seconds.
pub const TIMEOUT_SECONDS: std::ops::RangeInclusive<u32> = 60..=600;

/// How far along a vertical is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// In use: its problems block.
    Active,
    /// On its way out: its problems warn.
    Deprecated,
    /// Being tried: its problems are shown.
    Experimental,
    /// Not ready (found in the wild): its problems are shown.
    Draft,
}

impl Status {
    /// The name as it is written in the manifest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Deprecated => "deprecated",
            Self::Experimental => "experimental",
            Self::Draft => "draft",
        }
    }
}

/// A valid manifest. Sections of the wild that are not named here are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VerticalManifest {
    /// The vertical's name.
    pub domain_name: DomainName,
    /// The vertical's own version.
    pub domain_version: Version,
    /// How far along it is.
    pub status: Status,
    /// What it can live with.
    pub compatibility: Compatibility,
    /// Who answers for it.
    pub ownership: Ownership,
    /// The contracts it imports, dotted, such as `contracts.GraphPlugin`.
    #[serde(default)]
    pub contracts_used: Vec<String>,
    /// Where Core comes from, for a repository that carries Core and more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upstream: Option<Upstream>,
    /// How the vertical's team wants to hear of releases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notifications: Option<Notifications>,
    /// Named, expiring exceptions.
    #[serde(default)]
    pub derogations: Vec<Derogation>,
}

impl VerticalManifest {
    /// The derogations that no longer count at `now`.
    pub fn expired_derogations(&self, now: Timestamp) -> impl Iterator<Item = &Derogation> {
        self.derogations
            .iter()
            .filter(move |derogation| derogation.expiry_utc <= now)
    }
}

/// The `compatibility` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Compatibility {
    /// `min_core_version` and `max_core_version`.
    #[serde(flatten)]
    pub core: CoreRange,
    /// The major of the contracts that it is written against.
    pub contracts_major: u64,
    /// The channel that its team wants.
    pub update_channel: Channel,
    /// Ids or exact texts of breaking changes that it accepts.
    #[serde(default)]
    pub breaking_changes_allowlist: Vec<String>,
    /// Capabilities that a release must still offer.
    #[serde(default)]
    pub required_capabilities: Vec<String>,
    /// How long its smoke test may run, in seconds.
    #[serde(default = "default_timeout")]
    pub smoke_tests_timeout: u32,
}

/// The `ownership` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ownership {
    /// The team.
    pub team: String,
    /// The person who decides.
    pub tech_lead: String,
    /// How to reach them; should be an e-mail address.
    pub contact: String,
}

/// The `upstream` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Upstream {
    /// `owner/name` on GitHub.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repo: Option<String>,
    /// The git remote that Core comes from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_name: Option<String>,
}

/// The `notifications` section. No password stands here, ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notifications {
    /// Whether anything is sent.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Where to: `log`, `desktop`, `webhook`, `email`.
    #[serde(default)]
    pub channels: Vec<String>,
    /// Whether a check runs when the application starts.
    #[serde(default = "yes")]
    pub check_on_startup: bool,
    /// Hours between checks.
    #[serde(default = "a_day")]
    pub check_interval_hours: u32,
    /// Whether only critical releases are told of.
    #[serde(default)]
    pub only_notify_critical: bool,
    /// The rest of the section's texts (webhook and e-mail settings), by key.
    #[serde(flatten)]
    pub delivery: BTreeMap<String, String>,
}

/// A named, expiring exception.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Derogation {
    /// Its name.
    pub id: String,
    /// Why it exists.
    pub reason: String,
    /// Who answers for it.
    pub owner: String,
    /// When it ends.
    pub expiry_utc: Timestamp,
    /// How it will be made unnecessary.
    pub remediation_plan: String,
}

const fn default_timeout() -> u32 {
    DEFAULT_TIMEOUT_SECONDS
}

const fn yes() -> bool {
    true
}

const fn a_day() -> u32 {
    24
}

//! `vit release list`, `vit release show`: what the registry knows of releases.

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use super::{ChannelChoice, Source};
use crate::channel::Channel;
use crate::code::Code;
use crate::problem::Problem;
use crate::release::ReleaseMetadata;
use crate::verdict::Verdict;

/// `vit release list`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReleaseListReport {
    /// `vit.release-list/1`.
    pub schema: String,
    /// What is installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_version: Option<Version>,
    /// The channel in force.
    pub channel: ChannelChoice,
    /// Whether releases that the channel does not show are listed too.
    pub all_channels: bool,
    /// Newest first.
    pub releases: Vec<ListedRelease>,
    /// How many older ones are not listed; at most, where their metadata was not read.
    pub more: usize,
    /// Problems of the installation and of the registry.
    pub problems: Vec<Problem>,
    /// Where the releases came from.
    pub source: Source,
    /// When it was asked.
    pub timestamp: Timestamp,
}

/// A release in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ListedRelease {
    /// Its version.
    pub version: Version,
    /// Its channel.
    pub channel: Channel,
    /// Whether it is on the long-term support track.
    pub lts: bool,
    /// When it was released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_date: Option<Timestamp>,
    /// The last day of its support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support_until: Option<Date>,
    /// How it stands here.
    pub state: ReleaseState,
    /// The code of the worst that is said of it, where something is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Code>,
    /// What it was judged by; absent where it was not judged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged: Option<Judged>,
    /// The releases that come first, where there is no direct way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub through: Vec<Version>,
}

/// How a release stands to this installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReleaseState {
    /// It is what `vit upgrade` goes to.
    Offered,
    /// Nothing stands against it.
    Compatible,
    /// It works, and somebody should look.
    CompatibleWithWarnings,
    /// Something stands against it.
    Blocked,
    /// The channel in force does not show it.
    Hidden,
    /// It is installed.
    Installed,
    /// It is older than what is installed.
    Older,
}

/// What a release was judged by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Judged {
    /// By all that it has.
    Whole,
    /// By its metadata alone: its objects are not here, so neither its contracts package nor its
    /// manifests were looked at.
    Metadata,
}

/// `vit release show`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReleaseShowReport {
    /// `vit.release-show/1`.
    pub schema: String,
    /// Its version.
    pub version: Version,
    /// Its tag.
    pub tag: String,
    /// Its channel.
    pub channel: Channel,
    /// Whether it is on the long-term support track.
    pub lts: bool,
    /// How it stands here.
    pub state: ReleaseState,
    /// The releases that come first, where there is no direct way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub through: Vec<Version>,
    /// The commit that its tag points at; absent where that is not known here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The tree of that commit; absent where its objects are not here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<String>,
    /// What it says of itself; absent where it says nothing that can be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<ReleaseMetadata>,
    /// SHA-256 of the metadata file as it was found, hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_sha256: Option<String>,
    /// How its commit stands to the checksum in its metadata.
    pub checksum: ChecksumState,
    /// What it was judged by.
    pub judged: Judged,
    /// What the installation says of it.
    pub verdict: Verdict,
    /// What is installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_version: Option<Version>,
    /// The channel in force.
    pub channel_in_force: ChannelChoice,
    /// Problems of the installation and of the registry.
    pub problems: Vec<Problem>,
    /// Where it came from.
    pub source: Source,
    /// When it was asked.
    pub timestamp: Timestamp,
    /// The next command to type.
    pub next: String,
}

/// How a release's commit stands to the checksum in its metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChecksumState {
    /// The commit is the one that the metadata names.
    Verified,
    /// It is another one.
    Mismatch,
    /// The metadata names one that nothing here can be compared with.
    Unverifiable,
    /// The metadata names one, and the release's commit is not here.
    NotCompared,
    /// The metadata names none.
    None,
}

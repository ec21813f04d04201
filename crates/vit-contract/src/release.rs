//! Release metadata (FORMATS.md §4): `release_metadata.json`, in the wild also `releases.json`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::channel::Channel;
use crate::name::DomainName;
use crate::problem::Problem;

mod changes;
mod read;

pub use read::read;

/// The file names of metadata in a release's tree, the canonical one first.
pub const FILE_NAMES: [&str; 2] = ["release_metadata.json", "releases.json"];
/// The largest metadata that is read, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;

/// What a release says of itself, in canonical form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReleaseMetadata {
    /// The release's version.
    pub version: Version,
    /// When it was released; a date without a time is midnight UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_date: Option<Timestamp>,
    /// Its channel; from the version where the metadata names none or a calmer one.
    pub channel: Channel,
    /// The version of its contracts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contracts_version: Option<Version>,
    /// What it changes.
    pub changes: Changes,
    /// How to migrate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migration_guide_url: Option<String>,
    /// The lowest version of each named vertical that it works with.
    #[serde(default)]
    pub minimum_vertical_version: BTreeMap<DomainName, Version>,
    /// The capabilities it offers; absent where it does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capabilities: Option<Vec<String>>,
    /// The capabilities it no longer offers.
    #[serde(default)]
    pub removed_capabilities: Vec<String>,
    /// Whether it is on the long-term support track.
    #[serde(default)]
    pub lts: bool,
    /// The last day of its support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub support_until: Option<Date>,
    /// The least Core version from which an upgrade comes directly to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requires_from: Option<Version>,
    /// What its commit must be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<Checksum>,
}

/// What a release changes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Changes {
    /// Changes that can break a vertical.
    #[serde(default)]
    pub breaking: Vec<Change>,
    /// What is new.
    #[serde(default)]
    pub features: Vec<Change>,
    /// What is mended.
    #[serde(default)]
    pub fixes: Vec<Change>,
    /// What will go away.
    #[serde(default)]
    pub deprecated: Vec<Change>,
    /// Documentation (found in the wild).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub documentation: Vec<Change>,
}

impl Changes {
    /// Whether nothing is listed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        [
            &self.breaking,
            &self.features,
            &self.fixes,
            &self.deprecated,
            &self.documentation,
        ]
        .iter()
        .all(|list| list.is_empty())
    }
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Change {
    /// Its stable id, for allowlists.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What changes.
    pub text: String,
    /// The version that announced it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The version that removes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub removal: Option<String>,
}

/// What the release's commit must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", content = "value", rename_all = "snake_case")]
pub enum Checksum {
    /// The id of the commit that the tag points at.
    GitCommitSha(String),
    /// A checksum that nothing here can be compared with (found in the wild: `sha256`, `TBD`).
    Unverifiable(String),
}

/// A release as a registry lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Release {
    /// The version that its tag names: this, not the metadata's, is what it is.
    pub version: Version,
    /// Its tag.
    pub tag: String,
    /// The commit that the tag points at, peeled; absent where the objects are not here yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The tree of that commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<String>,
    /// Its metadata; absent where there is none or it cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<ReleaseMetadata>,
    /// SHA-256 of the metadata file as it was found, hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata_sha256: Option<String>,
    /// Whether its metadata was not asked for yet: what is absent above is unknown.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unread: bool,
    /// What was noticed of the release itself, whoever uses it.
    #[serde(default)]
    pub problems: Vec<Problem>,
}

impl Release {
    /// Its channel: from the metadata, else from the version; never calmer than the version.
    #[must_use]
    pub fn channel(&self) -> Channel {
        let by_version = Channel::of_version(&self.version);
        match self.metadata.as_ref().map(|metadata| metadata.channel) {
            Some(Channel::Lts) if by_version == Channel::Stable => Channel::Lts,
            Some(channel) => channel.max(by_version),
            None => by_version,
        }
    }

    /// Whether it is on the long-term support track.
    #[must_use]
    pub fn lts(&self) -> bool {
        self.channel() == Channel::Lts || self.metadata.as_ref().is_some_and(|m| m.lts)
    }

    /// Whether a problem of its own keeps it from being a target.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        !self.problems.iter().any(Problem::blocks)
    }
}

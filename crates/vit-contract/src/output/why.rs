//! `vit why`: what speaks for and against every release.

use jiff::Timestamp;
use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use super::{ChannelChoice, Source};
use crate::channel::Channel;
use crate::problem::Problem;

/// `vit why`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WhyReport {
    /// `vit.why/1`.
    pub schema: String,
    /// What is installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current_version: Option<Version>,
    /// The newest release that there is, on whatever channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest_version: Option<Version>,
    /// The newest release that is possible now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub possible: Option<Version>,
    /// The channel in force.
    pub channel: ChannelChoice,
    /// Where the releases came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    /// When it was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// The answer as a sentence.
    pub details: String,
    /// The releases that were asked for, newest first.
    pub releases: Vec<WhyRelease>,
    /// What stands against every upgrade, whatever the release.
    pub problems: Vec<Problem>,
    /// The next command to type.
    pub next: String,
}

/// A release, and what speaks for and against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WhyRelease {
    /// Its version.
    pub version: Version,
    /// Its channel.
    pub channel: Channel,
    /// When it was released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release_date: Option<Timestamp>,
    /// How it stands.
    pub state: WhyState,
    /// The releases that come first, where there is no direct way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub through: Vec<Version>,
    /// What speaks against it, worst first; where one release was asked for, all that is said.
    pub reasons: Vec<Problem>,
}

/// How a release stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WhyState {
    /// It is what `vit upgrade` goes to.
    Offered,
    /// It could be gone to; a newer one is offered.
    Possible,
    /// Something stands against it.
    Blocked,
    /// The channel in force does not show it.
    Hidden,
    /// It is installed.
    Installed,
    /// It is older than what is installed.
    Older,
}

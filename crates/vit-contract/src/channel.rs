//! Channels: how much risk a subscriber takes (FORMATS.md §2).

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

/// A release channel. `Stable < Beta < Canary` is the order of risk; `Lts` is a track, not a risk.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// Long-term support: only releases marked so.
    Lts,
    /// Ready for production.
    Stable,
    /// Ready for trial.
    Beta,
    /// Anything.
    Canary,
}

impl Channel {
    /// All channels, calmest first.
    pub const ALL: [Self; 4] = [Self::Lts, Self::Stable, Self::Beta, Self::Canary];

    /// The name as it is written in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lts => "lts",
            Self::Stable => "stable",
            Self::Beta => "beta",
            Self::Canary => "canary",
        }
    }

    /// The channel of a release by its version alone: no pre-release part is stable, `beta` and
    /// `rc` are beta, anything else is canary.
    #[must_use]
    pub fn of_version(version: &Version) -> Self {
        let first: String = version
            .pre
            .as_str()
            .chars()
            .take_while(char::is_ascii_alphabetic)
            .collect();
        match first.to_ascii_lowercase().as_str() {
            _ if version.pre.is_empty() => Self::Stable,
            "beta" | "rc" => Self::Beta,
            _ => Self::Canary,
        }
    }

    /// Whether a subscriber of this channel sees a release of channel `release`, marked `lts` or
    /// not. The risk of `release` is that of its metadata, never less than that of its version.
    #[must_use]
    pub fn sees(self, release: Self, lts: bool) -> bool {
        match self {
            Self::Lts => lts || release == Self::Lts,
            Self::Stable | Self::Beta | Self::Canary => release <= self,
        }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text that names no channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a channel (stable, beta, canary or lts)")]
pub struct UnknownChannel(pub String);

impl FromStr for Channel {
    type Err = UnknownChannel;

    fn from_str(text: &str) -> Result<Self, UnknownChannel> {
        Self::ALL
            .into_iter()
            .find(|channel| channel.as_str() == text)
            .ok_or_else(|| UnknownChannel(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_gives_a_channel_where_metadata_does_not() {
        for (version, channel) in [
            ("1.2.0", Channel::Stable),
            ("1.2.0-beta.3", Channel::Beta),
            ("1.2.0-rc1", Channel::Beta),
            ("1.2.0-alpha", Channel::Canary),
            ("1.2.0-7", Channel::Canary),
        ] {
            assert_eq!(
                Channel::of_version(&Version::parse(version).unwrap()),
                channel,
                "{version}"
            );
        }
    }

    #[test]
    fn a_subscriber_sees_its_risk_and_calmer() {
        assert!(Channel::Beta.sees(Channel::Stable, false));
        assert!(!Channel::Stable.sees(Channel::Beta, false));
        assert!(
            Channel::Stable.sees(Channel::Lts, true),
            "lts releases are stable ones"
        );
        assert!(Channel::Lts.sees(Channel::Stable, true));
        assert!(!Channel::Lts.sees(Channel::Stable, false));
    }
}

//! `CoreRange`: the Core versions that a vertical can live with (FORMATS.md §1).
//!
//! Our own type, because `semver::VersionReq` treats pre-releases differently. Both ends are
//! bounds, never patterns: with min 1.0.0 and max `2.x.x`, 1.5.0 is inside.

use std::cmp::Ordering;
use std::fmt;

use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::version::{self, VersionError};

mod read;

pub(crate) use read::read;

/// The highest version allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Max {
    /// `1.4.0`: at most this version, by SemVer order.
    Exact(Version),
    /// `1.4.x`: MAJOR.MINOR of the version is at most this pair; pre-releases count by their core.
    Minor(u64, u64),
    /// `1.x.x` or `1.x`: MAJOR of the version is at most this.
    Major(u64),
}

impl Max {
    /// Reads `1.4.0`, `1.4.x`, `1.x.x`, `1.x`; `x`, `X` and `*` are the same.
    ///
    /// # Errors
    /// Names what is wrong and the probable spelling.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        if let Ok(version) = Version::parse(text) {
            return Ok(Self::Exact(version));
        }
        let wild = |part: &str| matches!(part, "x" | "X" | "*");
        let parts: Vec<&str> = text.split('.').collect();
        let bound = match parts.as_slice() {
            [major, minor, patch] if wild(patch) && !wild(minor) => number(major)
                .zip(number(minor))
                .map(|(a, b)| Self::Minor(a, b)),
            [major, minor, patch] if wild(minor) && wild(patch) => number(major).map(Self::Major),
            [major, minor] if wild(minor) => number(major).map(Self::Major),
            _ => None,
        };
        bound.ok_or_else(|| match version::parse(text) {
            Err(error) => error,
            Ok(_) => unreachable_version(text),
        })
    }

    /// Whether `version` is at or below the bound.
    #[must_use]
    pub fn admits(&self, version: &Version) -> bool {
        match self {
            Self::Exact(max) => version.cmp_precedence(max) != Ordering::Greater,
            Self::Minor(major, minor) => (version.major, version.minor) <= (*major, *minor),
            Self::Major(major) => version.major <= *major,
        }
    }
}

/// `Max::parse` tries `Version::parse` first, so this text cannot be a version.
fn unreachable_version(text: &str) -> VersionError {
    VersionError {
        text: text.to_owned(),
        reason: "it is not a bound".into(),
        suggestion: None,
    }
}

fn number(text: &str) -> Option<u64> {
    let canonical = !text.is_empty()
        && text.bytes().all(|b| b.is_ascii_digit())
        && (text == "0" || !text.starts_with('0'));
    canonical.then(|| text.parse().ok()).flatten()
}

impl fmt::Display for Max {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(version) => write!(f, "{version}"),
            Self::Minor(major, minor) => write!(f, "{major}.{minor}.x"),
            Self::Major(major) => write!(f, "{major}.x.x"),
        }
    }
}

/// `min_core_version ..= max_core_version`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "RangeText", into = "RangeText")]
#[schemars(with = "RangeText")]
pub struct CoreRange {
    /// The lowest version allowed, by SemVer order: 1.2.0-beta.1 is below 1.2.0.
    pub min: Version,
    /// The highest version allowed.
    pub max: Max,
}

/// Where a version stands against a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// Below the minimum.
    Below,
    /// Within the bounds.
    Inside,
    /// Above the maximum.
    Above,
}

impl CoreRange {
    /// Where `version` stands. Below wins where a version is outside both ends of an empty range.
    #[must_use]
    pub fn fit(&self, version: &Version) -> Fit {
        if version.cmp_precedence(&self.min) == Ordering::Less {
            Fit::Below
        } else if self.max.admits(version) {
            Fit::Inside
        } else {
            Fit::Above
        }
    }

    /// Whether no version fits: the minimum itself is above the maximum.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.max.admits(&self.min)
    }
}

impl fmt::Display for CoreRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}..={}", self.min, self.max)
    }
}

/// The range as JSON: both ends as texts.
#[derive(Serialize, Deserialize, JsonSchema, Clone)]
struct RangeText {
    /// Lowest version, SemVer.
    min_core_version: String,
    /// Highest version, SemVer or with wildcards.
    max_core_version: String,
}

impl From<CoreRange> for RangeText {
    fn from(range: CoreRange) -> Self {
        Self {
            min_core_version: range.min.to_string(),
            max_core_version: range.max.to_string(),
        }
    }
}

impl TryFrom<RangeText> for CoreRange {
    type Error = VersionError;

    fn try_from(text: RangeText) -> Result<Self, VersionError> {
        Ok(Self {
            min: version::parse(&text.min_core_version)?,
            max: Max::parse(&text.max_core_version)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn range(min: &str, max: &str) -> CoreRange {
        CoreRange {
            min: version::parse(min).unwrap(),
            max: Max::parse(max).unwrap(),
        }
    }

    fn fits(min: &str, max: &str, version: &str) -> bool {
        range(min, max).fit(&version::parse(version).unwrap()) == Fit::Inside
    }

    /// CASES.md 5.
    #[test]
    fn case_05_wildcards_are_bounds() {
        assert!(fits("1.0.0", "2.x.x", "1.5.0"));
        assert!(fits("1.0.0", "1.5.x", "1.4.0"));
        assert!(fits("1.0.0", "1.X", "1.99.0"));
        assert!(!fits("1.0.0", "1.x.x", "2.0.0"));
        let exact = Max::parse("1.0.0-experimental.1").unwrap();
        assert!(
            matches!(exact, Max::Exact(_)),
            "an x in a pre-release is no wildcard"
        );
    }

    /// CASES.md 4, second half.
    #[test]
    fn case_04_pre_releases_of_the_next_major_are_outside() {
        assert!(!fits("1.0.0", "1.x.x", "2.0.0-beta.1"));
        assert!(!fits("2.0.0", "2.x.x", "2.0.0-beta.1"));
        assert!(!fits("1.2.0", "1.x.x", "1.2.0-beta.1"));
        assert!(fits("1.0.0", "1.4.x", "1.4.9-beta.1"));
        assert!(!fits("1.0.0", "1.4.x", "1.5.0-beta.1"));
        assert!(fits("1.0.0", "1.4.0", "1.4.0-beta.1"));
    }

    #[test]
    fn build_metadata_does_not_order() {
        assert!(fits("1.0.0", "1.4.0", "1.4.0+build.7"));
    }

    #[test]
    fn refuses_what_is_not_a_bound() {
        for text in [
            "", "x", "x.x.x", "1.x.3", "1", "1.4", "01.x", "1.x.x.x", "latest", "v1.x", "1.-1.x",
        ] {
            assert!(Max::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_inverted_range_is_empty() {
        assert!(range("2.0.0", "1.x.x").is_empty());
        assert!(range("1.4.1", "1.4.0").is_empty());
        assert!(!range("1.4.1", "1.4.x").is_empty());
    }

    fn versions() -> impl Strategy<Value = Version> {
        (0..4u64, 0..4u64, 0..4u64, prop::option::of(0..3u64)).prop_map(|(a, b, c, pre)| {
            let mut version = Version::new(a, b, c);
            if let Some(n) = pre {
                version.pre = semver::Prerelease::new(&format!("beta.{n}")).unwrap();
            }
            version
        })
    }

    proptest! {
        /// A maximum is an upper bound: whatever is at or below an admitted version is admitted.
        #[test]
        fn max_is_downward_closed(a in versions(), b in versions(), form in 0..3u8, c in versions()) {
            let max = match form {
                0 => Max::Exact(c),
                1 => Max::Minor(c.major, c.minor),
                _ => Max::Major(c.major),
            };
            if max.admits(&b) && a <= b {
                prop_assert!(max.admits(&a), "{max} admits {b} but not {a}");
            }
            prop_assert_eq!(Max::parse(&max.to_string()).unwrap(), max);
        }

        #[test]
        fn never_panics(text in "\\PC{0,24}") {
            let _ = Max::parse(&text);
        }
    }
}

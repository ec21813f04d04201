//! Constraints on versions: `>=1.2.0,<2.0.0` (FORMATS.md §1, "Package constraints").
//!
//! Several are joined by `,` and all have to hold. Pre-releases order as SemVer says, so `<2.0.0`
//! admits 2.0.0-beta.1; `~=` and `1.x.x` do not leave their line: 2.0.0-beta.1 is no 1.x.x.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::range::Max;
use crate::version::{self, VersionError};

/// Constraints that a version has to meet, all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Constraints {
    parts: Vec<Constraint>,
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Constraint {
    /// An operator and a version.
    Compared(Operator, Version),
    /// `~=1.2.0`: at least this version, and of its MAJOR.MINOR.
    Compatible(Version),
    /// `1.x.x`, `1.2.x`: a version of this line.
    Line(u64, Option<u64>),
    /// `*`: any version.
    Any,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    AtLeast,
    AtMost,
    Above,
    Below,
    Equal,
    NotEqual,
}

/// The operators as they are written; where one begins another, the longer one first.
const OPERATORS: [(&str, Operator); 6] = [
    (">=", Operator::AtLeast),
    ("<=", Operator::AtMost),
    ("==", Operator::Equal),
    ("!=", Operator::NotEqual),
    (">", Operator::Above),
    ("<", Operator::Below),
];

impl Constraints {
    /// Whether `version` meets all of them.
    #[must_use]
    pub fn admit(&self, version: &Version) -> bool {
        self.parts.iter().all(|part| part.admits(version))
    }
}

impl Constraint {
    fn parse(text: &str) -> Result<Self, VersionError> {
        if text == "*" {
            return Ok(Self::Any);
        }
        if let Some(rest) = text.strip_prefix("~=") {
            return bound(rest, text).map(Self::Compatible);
        }
        for (sign, operator) in OPERATORS {
            if let Some(rest) = text.strip_prefix(sign) {
                return bound(rest, text).map(|version| Self::Compared(operator, version));
            }
        }
        // The spellings of a line are those of a manifest's upper bound.
        match Max::parse(text)? {
            Max::Major(major) => Ok(Self::Line(major, None)),
            Max::Minor(major, minor) => Ok(Self::Line(major, Some(minor))),
            Max::Exact(version) => Err(VersionError {
                text: text.to_owned(),
                reason: "an operator is missing before the version".into(),
                suggestion: Some(format!("=={version}")),
            }),
        }
    }

    fn admits(&self, version: &Version) -> bool {
        match self {
            Self::Any => true,
            Self::Line(major, minor) => {
                version.major == *major
                    && minor.is_none_or(|minor| version.minor == minor)
                    // 1.0.0-beta.1 comes before the line 1.x.x, as it does before `>=1.0.0`.
                    && version.cmp_precedence(&Version::new(*major, minor.unwrap_or(0), 0))
                        != Ordering::Less
            }
            Self::Compatible(bound) => {
                version.cmp_precedence(bound) != Ordering::Less
                    && (version.major, version.minor) == (bound.major, bound.minor)
            }
            Self::Compared(operator, bound) => {
                let order = version.cmp_precedence(bound);
                match operator {
                    Operator::AtLeast => order != Ordering::Less,
                    Operator::AtMost => order != Ordering::Greater,
                    Operator::Above => order == Ordering::Greater,
                    Operator::Below => order == Ordering::Less,
                    Operator::Equal => order == Ordering::Equal,
                    Operator::NotEqual => order != Ordering::Equal,
                }
            }
        }
    }
}

/// The version behind an operator. `<2` is written more often than `<2.0.0`, and means the same.
fn bound(text: &str, whole: &str) -> Result<Version, VersionError> {
    let text = text.trim();
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = text.split('.').collect();
    let full = match parts.as_slice() {
        [_] if digits(text) => format!("{text}.0.0"),
        [major, minor] if digits(major) && digits(minor) => format!("{text}.0"),
        _ => text.to_owned(),
    };
    version::parse(&full).map_err(|error| VersionError {
        text: whole.to_owned(),
        ..error
    })
}

impl FromStr for Constraints {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        text.split(',')
            .map(|part| Constraint::parse(part.trim()))
            .collect::<Result<Vec<_>, _>>()
            .map(|parts| Self { parts })
    }
}

impl fmt::Display for Constraints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, part) in self.parts.iter().enumerate() {
            if index > 0 {
                f.write_str(",")?;
            }
            match part {
                Constraint::Any => f.write_str("*")?,
                Constraint::Line(major, None) => write!(f, "{major}.x.x")?,
                Constraint::Line(major, Some(minor)) => write!(f, "{major}.{minor}.x")?,
                Constraint::Compatible(version) => write!(f, "~={version}")?,
                Constraint::Compared(operator, version) => {
                    let sign = OPERATORS.iter().find(|(_, known)| known == operator);
                    write!(f, "{}{version}", sign.map_or("", |(sign, _)| sign))?;
                }
            }
        }
        Ok(())
    }
}

impl From<Constraints> for String {
    fn from(constraints: Constraints) -> Self {
        constraints.to_string()
    }
}

impl TryFrom<String> for Constraints {
    type Error = VersionError;

    fn try_from(text: String) -> Result<Self, VersionError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn admits(constraints: &str, version: &str) -> bool {
        let constraints: Constraints = constraints.parse().unwrap();
        constraints.admit(&version::parse(version).unwrap())
    }

    #[test]
    fn every_operator_holds_on_both_sides_of_its_bound() {
        for (constraints, inside, outside) in [
            (
                ">=1.2.0",
                &["1.2.0", "2.0.0"][..],
                &["1.1.9", "1.2.0-beta.1"][..],
            ),
            ("<=1.2.0", &["1.2.0", "0.1.0", "1.2.0-rc.1"], &["1.2.1"]),
            (">1.2.0", &["1.2.1"], &["1.2.0"]),
            ("<2", &["1.9.9", "2.0.0-beta.1"], &["2.0.0"]),
            (
                "==1.2.0",
                &["1.2.0", "1.2.0+build.7"],
                &["1.2.1", "1.2.0-rc.1"],
            ),
            ("!=1.2.0", &["1.2.1"], &["1.2.0"]),
            (
                "~=1.2.3",
                &["1.2.3", "1.2.99"],
                &["1.2.2", "1.3.0", "2.2.3"],
            ),
            (
                "1.x.x",
                &["1.0.0", "1.9.0"],
                &["2.0.0", "0.9.0", "1.0.0-beta.1", "2.0.0-beta.1"],
            ),
            ("1.2.x", &["1.2.0", "1.2.9"], &["1.3.0", "1.1.0", "2.2.0"]),
            ("*", &["0.0.1", "9.0.0-a"], &[]),
            (
                ">=1.2.0, <2, !=1.4.0",
                &["1.2.0", "1.5.0"],
                &["1.4.0", "2.0.0", "1.1.0"],
            ),
        ] {
            for version in inside {
                assert!(admits(constraints, version), "{constraints} {version}");
            }
            for version in outside {
                assert!(!admits(constraints, version), "{constraints} {version}");
            }
        }
    }

    #[test]
    fn refuses_what_is_no_constraint() {
        for text in [
            "",
            ",",
            ">=",
            "1.2.0",
            "=1.2.0",
            ">=1.2.x",
            "^1.2",
            "=>1.0.0",
            ">=1.0.0,",
            "~1.2",
            ">=01.0.0",
            "x",
            "1.x.3",
            ">= 1.2.0 <2",
        ] {
            assert!(text.parse::<Constraints>().is_err(), "{text}");
        }
        let error = "1.2.0".parse::<Constraints>().unwrap_err();
        assert_eq!(error.suggestion.as_deref(), Some("==1.2.0"));
    }

    proptest! {
        #[test]
        fn what_is_read_is_written_the_same(
            parts in prop::collection::vec((0..8usize, 0..9u64, 0..9u64), 1..4)
        ) {
            let signs = [">=", "<=", ">", "<", "==", "!=", "~="];
            let parts: Vec<String> = parts
                .into_iter()
                .map(|(sign, a, b)| match signs.get(sign) {
                    Some(sign) => format!("{sign}{a}.{b}.0"),
                    None => format!("{a}.{b}.x"),
                })
                .collect();
            let text = parts.join(",");
            prop_assert_eq!(text.parse::<Constraints>().unwrap().to_string(), text);
        }

        #[test]
        fn never_panics(text in "\\PC{0,24}") {
            let _ = text.parse::<Constraints>();
        }
    }
}

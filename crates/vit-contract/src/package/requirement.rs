//! What a package needs or cannot stand beside: `service-mcp>=0.5.0`, `vitruvyan-core>=1.15.0`.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use super::{PackageName, PackageNameError};
use crate::constraint::Constraints;
use crate::version::VersionError;

/// The name that stands for Core in a requirement.
pub const CORE: &str = "vitruvyan-core";

/// What a requirement is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject {
    /// Core itself.
    Core,
    /// A package.
    Package(PackageName),
}

/// A package, or Core, in certain versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Requirement {
    /// What.
    pub subject: Subject,
    /// In which versions; any where nothing is said.
    pub constraints: Option<Constraints>,
}

/// Why a text is no requirement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequirementError {
    /// The name is none.
    #[error(transparent)]
    Name(#[from] PackageNameError),
    /// The constraints are none.
    #[error(transparent)]
    Constraints(#[from] VersionError),
}

impl Requirement {
    /// Whether a version meets it.
    #[must_use]
    pub fn admits(&self, version: &Version) -> bool {
        self.constraints
            .as_ref()
            .is_none_or(|constraints| constraints.admit(version))
    }
}

impl FromStr for Requirement {
    type Err = RequirementError;

    fn from_str(text: &str) -> Result<Self, RequirementError> {
        let text = text.trim();
        let end = text
            .find(|c: char| "<>=!~".contains(c) || c.is_whitespace())
            .unwrap_or(text.len());
        let (name, constraints) = text.split_at(end);
        let subject = if name == CORE {
            Subject::Core
        } else {
            Subject::Package(PackageName::parse(name)?)
        };
        let constraints = constraints.trim();
        Ok(Self {
            subject,
            constraints: if constraints.is_empty() {
                None
            } else {
                Some(constraints.parse()?)
            },
        })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Core => f.write_str(CORE),
            Self::Package(name) => name.fmt(f),
        }
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.subject.fmt(f)?;
        self.constraints.as_ref().map_or(Ok(()), |c| c.fmt(f))
    }
}

impl From<Requirement> for String {
    fn from(requirement: Requirement) -> Self {
        requirement.to_string()
    }
}

impl TryFrom<String> for Requirement {
    type Error = RequirementError;

    fn try_from(text: String) -> Result<Self, RequirementError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_22_constraints_hold_together() {
        let version = |text: &str| crate::version::parse(text).unwrap();
        for (text, inside, outside) in [
            ("service-b<2,>=1", "1.5.0", "2.0.0"),
            ("service-b >=1.0.0, <2", "1.0.0", "0.9.0"),
            ("vitruvyan-core>=1.15.0", "1.15.0", "1.14.9"),
            ("service-b~=1.2.0", "1.2.9", "1.3.0"),
        ] {
            let requirement: Requirement = text.parse().unwrap();
            assert!(requirement.admits(&version(inside)), "{text}");
            assert!(!requirement.admits(&version(outside)), "{text}");
        }
        let any: Requirement = "service-b".parse().unwrap();
        assert!(any.admits(&version("0.0.1-a")));
        let core: Requirement = "vitruvyan-core>=1.15.0".parse().unwrap();
        assert_eq!(core.subject, Subject::Core);
        assert_eq!(core.to_string(), "vitruvyan-core>=1.15.0");
    }

    #[test]
    fn what_is_no_requirement_is_refused() {
        for bad in [
            "",
            ">=1.0.0",
            "service-b>=",
            "service-b 1.0.0",
            "service-b=1.0.0",
            "redis>=7",
            "service-b>=1.0.0 <2",
            "service-<X>>=1.0.0",
        ] {
            assert!(bad.parse::<Requirement>().is_err(), "{bad}");
        }
    }
}

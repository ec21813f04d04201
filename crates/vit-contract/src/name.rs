//! Names of verticals: `[a-z0-9][a-z0-9_-]{0,63}`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The name of a vertical's domain. Look-alikes, mixed case and separators are refused.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
pub struct DomainName(String);

/// A text that is no domain name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is not a domain name: it takes 1 to 64 of a-z, 0-9, `_` and `-`, the first a letter or digit", .0.escape_debug())]
pub struct NameError(pub String);

impl DomainName {
    /// Reads a name.
    ///
    /// # Errors
    /// The text is empty, too long, or has a character outside the set.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let first = text
            .bytes()
            .next()
            .is_some_and(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let rest = text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-'));
        if first && rest && text.len() <= 64 {
            Ok(Self(text.to_owned()))
        } else {
            Err(NameError(text.to_owned()))
        }
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<DomainName> for String {
    fn from(name: DomainName) -> Self {
        name.0
    }
}

impl TryFrom<String> for DomainName {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        Self::parse(&text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CASES.md 31: names outside the set are refused.
    #[test]
    fn case_31_refuses_look_alikes_and_separators() {
        assert!(DomainName::parse("finance").is_ok());
        assert!(DomainName::parse("a_b-9").is_ok());
        for bad in [
            "",
            "Finance",
            "fіnance",
            "-x",
            "_x",
            "a/b",
            "a b",
            "..",
            &"a".repeat(65),
        ] {
            assert!(DomainName::parse(bad).is_err(), "{bad}");
        }
    }
}

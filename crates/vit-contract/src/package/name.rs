//! Names of packages: a type, `-`, and a short name. People may write the short name alone, with
//! `-` or with `_`.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::PackageType;

/// The longest short name.
const LONGEST: usize = 64;

/// The full name of a package: `service-neural-engine`.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct PackageName {
    kind: PackageType,
    full: String,
}

/// A text that is no package's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{}` is no package name: {why}", text.escape_debug())]
pub struct PackageNameError {
    /// The text.
    pub text: String,
    /// What is wrong with it.
    pub why: &'static str,
}

impl PackageName {
    /// Reads a full name.
    ///
    /// # Errors
    /// It does not begin with a type, or has other characters than a-z, 0-9 and `-`.
    pub fn parse(text: &str) -> Result<Self, PackageNameError> {
        let wrong = |why| PackageNameError {
            text: text.chars().take(100).collect(),
            why,
        };
        let found = PackageType::ALL.into_iter().find_map(|kind| {
            let short = text.strip_prefix(kind.as_str())?.strip_prefix('-')?;
            Some((kind, short))
        });
        let Some((kind, short)) = found else {
            return Err(wrong(
                "it has to begin with `service-`, `order-`, `vertical-` or `extension-`",
            ));
        };
        if !is_short(short) {
            return Err(wrong(
                "after the type it takes 1 to 64 of a-z, 0-9 and single `-`, the first and last a letter or digit",
            ));
        }
        Ok(Self {
            kind,
            full: text.to_owned(),
        })
    }

    /// Its type.
    #[must_use]
    pub const fn kind(&self) -> PackageType {
        self.kind
    }

    /// The full name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.full
    }

    /// The name without the type: `neural-engine`.
    #[must_use]
    pub fn short(&self) -> &str {
        &self.full[self.kind.as_str().len() + 1..]
    }
}

fn is_short(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=LONGEST).contains(&text.len())
        && text.bytes().all(|byte| plain(byte) || byte == b'-')
        && !text.starts_with('-')
        && !text.ends_with('-')
        && !text.contains("--")
}

impl fmt::Display for PackageName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full)
    }
}

impl From<PackageName> for String {
    fn from(name: PackageName) -> Self {
        name.full
    }
}

impl TryFrom<String> for PackageName {
    type Error = PackageNameError;

    fn try_from(text: String) -> Result<Self, PackageNameError> {
        Self::parse(&text)
    }
}

/// A name as a person writes it: full, short, or with `_`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query(String);

impl Query {
    /// Reads a name.
    ///
    /// # Errors
    /// It could be no package's.
    pub fn parse(text: &str) -> Result<Self, PackageNameError> {
        let name = text.replace('_', "-");
        if is_short(&name) || PackageName::parse(&name).is_ok() {
            return Ok(Self(name));
        }
        Err(PackageNameError {
            text: text.chars().take(100).collect(),
            why: "a package is named by a-z, 0-9 and `-` (or `_`), such as `neural-engine`",
        })
    }

    /// The packages that it can mean: the one of this full name, else all of this short name. More
    /// than one is ambiguous.
    pub fn among<'n>(
        &self,
        names: impl IntoIterator<Item = &'n PackageName>,
    ) -> Vec<&'n PackageName> {
        let mut found: Vec<&PackageName> = names
            .into_iter()
            .filter(|name| name.as_str() == self.0 || name.short() == self.0)
            .collect();
        found.sort();
        found.dedup();
        match found.iter().position(|name| name.as_str() == self.0) {
            Some(at) => vec![found[at]],
            None => found,
        }
    }

    /// The name, with `-`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> PackageName {
        PackageName::parse(text).unwrap()
    }

    #[test]
    fn a_name_is_a_type_and_a_short_name() {
        let engine = name("service-neural-engine");
        assert_eq!(engine.kind(), PackageType::Service);
        assert_eq!(engine.short(), "neural-engine");
        assert_eq!(name("vertical-9").short(), "9");
    }

    #[test]
    fn case_31_names_outside_the_set_are_refused() {
        for bad in [
            "",
            "service",
            "service-",
            "service--x",
            "service-x-",
            "service-x--y",
            "Service-x",
            "service-X",
            "service-n\u{435}ural",
            "service_x",
            "service-x_y",
            "service-../x",
            "service-x y",
            "service-x\n",
            "plugin-x",
            "vertical-<DOMAIN>",
            &format!("service-{}", "a".repeat(65)),
        ] {
            assert!(PackageName::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn case_25_a_short_name_of_two_packages_is_ambiguous() {
        let names = [name("service-x"), name("vertical-x"), name("service-y-z")];
        let found = |text: &str| -> Vec<String> {
            let query = Query::parse(text).unwrap();
            query
                .among(&names)
                .iter()
                .map(ToString::to_string)
                .collect()
        };
        assert_eq!(found("x"), ["service-x", "vertical-x"]);
        assert_eq!(found("service-x"), ["service-x"]);
        assert_eq!(found("service_x"), ["service-x"]);
        assert_eq!(found("y_z"), ["service-y-z"]);
        assert_eq!(found("service_y_z"), ["service-y-z"]);
        assert_eq!(found("q"), Vec::<String>::new());
        for bad in ["", "X", "../x", "-x", "x y"] {
            assert!(Query::parse(bad).is_err(), "{bad}");
        }
    }
}

//! Environment variables of a package: `OPENAI_API_KEY`, `LOG_LEVEL=info`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Parts of names that tell of a secret.
const SECRET_WORDS: [&str; 9] = [
    "TOKEN",
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "KEY",
    "CREDENTIAL",
    "PRIVATE",
    "AUTH",
];

/// A variable and its default.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Variable {
    /// Its name.
    pub name: String,
    /// The value that it has where nobody gives one.
    pub default: Option<String>,
}

impl Variable {
    /// Reads `NAME` or `NAME=default`. `None` where the name is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, default) = match text.split_once('=') {
            Some((name, default)) => (name, Some(default.to_owned())),
            None => (text, None),
        };
        let first = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
        let rest = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        let good = name.len() <= 128
            && name.as_bytes().first().is_some_and(first)
            && name.bytes().all(rest)
            && !default
                .as_deref()
                .is_some_and(|text| text.contains(['\n', '\r', '\0']));
        good.then(|| Self {
            name: name.to_owned(),
            default,
        })
    }

    /// Whether its value is most probably a secret, by its name.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        let upper = self.name.to_ascii_uppercase();
        SECRET_WORDS.iter().any(|word| upper.contains(word))
    }
}

impl From<Variable> for String {
    fn from(variable: Variable) -> Self {
        match variable.default {
            Some(default) => format!("{}={default}", variable.name),
            None => variable.name,
        }
    }
}

impl TryFrom<String> for Variable {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| "this is no variable's name".to_owned())
    }
}

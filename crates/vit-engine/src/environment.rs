//! The environment that children get. The face reads the process's environment once and hands
//! it in; nothing below it asks again.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// Variables whose value is a secret: no child but the one that needs it gets them.
const SECRETS: [&str; 6] = [
    "GITHUB_TOKEN",
    "GH_TOKEN",
    "VIT_LICENSE_TOKEN",
    "VIT_SMTP_PASSWORD",
    "GIT_ASKPASS",
    "SSH_ASKPASS",
];

/// Parts of names that tell of a secret.
const SECRET_WORDS: [&str; 12] = [
    "TOKEN",
    "SECRET",
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "API_KEY",
    "APIKEY",
    "ACCESS_KEY",
    "PRIVATE",
    "CREDENTIAL",
    "AUTH_KEY",
    "SIGNING_KEY",
];
/// Ends of names that tell where a secret is, and not what it is.
const PLACES: [&str; 5] = ["_FILE", "_PATH", "_DIR", "_HOME", "_SOCK"];

/// A snapshot of environment variables.
#[derive(Clone, Default)]
pub struct Environment {
    vars: BTreeMap<OsString, OsString>,
}

impl std::fmt::Debug for Environment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Environment({} variables)", self.vars.len())
    }
}

impl Environment {
    /// Takes the variables as they are.
    pub fn new(vars: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        Self {
            vars: vars.into_iter().collect(),
        }
    }

    /// The same variables with other values.
    #[must_use]
    pub fn map(&self, value: impl Fn(&OsStr, &OsStr) -> OsString) -> Self {
        Self::new(
            self.vars
                .iter()
                .map(|(name, now)| (name.clone(), value(name, now))),
        )
    }

    /// The value of a variable; an empty one counts as absent.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.vars
            .get(OsStr::new(name))
            .map(OsString::as_os_str)
            .filter(|value| !value.is_empty())
    }

    /// The variables whose value is most probably a secret, by their names.
    pub fn secrets(&self) -> impl Iterator<Item = (String, &OsStr)> {
        self.vars.iter().filter_map(|(name, value)| {
            let name = name.to_string_lossy().into_owned();
            let upper = name.to_ascii_uppercase();
            let named = SECRETS.contains(&name.as_str())
                || SECRET_WORDS.iter().any(|word| upper.contains(word));
            let path = value.as_encoded_bytes().first() == Some(&b'/');
            let place = path && PLACES.iter().any(|end| upper.ends_with(end));
            (named && !place).then_some((name, value.as_os_str()))
        })
    }

    /// What git gets: everything but `GIT_*` (they would point it elsewhere or change its output)
    /// and the secrets that are not git's. Credential helpers and ssh agents go on working.
    pub fn for_git(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.vars.iter().filter_map(|(name, value)| {
            let text = name.to_string_lossy();
            let allowed = !text.starts_with("GIT_") || text == "GIT_SSL_CAINFO";
            (allowed && !SECRETS[..4].contains(&text.as_ref()))
                .then_some((name.as_os_str(), value.as_os_str()))
        })
    }

    /// What a smoke test gets: everything but `GIT_*` and the secrets of `vit` itself.
    pub fn for_probe(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.vars.iter().filter_map(|(name, value)| {
            let text = name.to_string_lossy();
            (!text.starts_with("GIT_") && !SECRETS.contains(&text.as_ref()))
                .then_some((name.as_os_str(), value.as_os_str()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CASES.md 32: no secret reaches a child that does not need it.
    #[test]
    fn case_32_children_get_no_secret() {
        let environment = Environment::new(
            [
                ("GITHUB_TOKEN", "ghp_x"),
                ("GIT_DIR", "/elsewhere"),
                ("PATH", "/bin"),
            ]
            .map(|(k, v)| (k.into(), v.into())),
        );
        let names = |vars: Vec<(&OsStr, &OsStr)>| {
            vars.iter()
                .map(|(k, _)| k.to_string_lossy().into_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(names(environment.for_git().collect()), ["PATH"]);
        assert_eq!(names(environment.for_probe().collect()), ["PATH"]);
        assert!(!format!("{environment:?}").contains("ghp_x"));
    }
}

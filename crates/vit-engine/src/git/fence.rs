//! The programs that a repository's own configuration names for talking to a remote do not run:
//! whoever can write into a copied repository would run what they like as soon as somebody asks
//! for releases. What the user's own configuration names goes on working.

use std::ffi::OsString;

use super::{Git, GitError};

const SSH: &str = "core.sshcommand";
const PROXY: &str = "core.gitproxy";
const ASK: &str = "core.askpass";
const ALTERNATES: &str = "core.alternaterefscommand";
const HELPER: &str = "credential.helper";
const HELPER_OF_URL: &str = "credential.*.helper";

impl Git {
    /// Variables for a command that talks to a remote: each puts the user's own choice, or git's
    /// default, in the place of what the repository's configuration names. They are variables and
    /// no arguments, because a credential helper may have a secret in its command line and
    /// arguments are seen by everybody.
    ///
    /// # Errors
    /// The configuration cannot be read.
    pub(super) fn fence(&self) -> Result<Vec<(OsString, OsString)>, GitError> {
        let found = self.scoped(&[SSH, PROXY, ASK, ALTERNATES, HELPER, HELPER_OF_URL])?;
        let (own, users): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|(scope, ..)| scope == "local" || scope == "worktree");
        let named = |key: &str| own.iter().any(|(_, name, _)| name == key);
        let users_last = |key: &str| {
            let mut values = users.iter().rev().filter(|(_, name, _)| name == key);
            values.next().map(|(.., value)| value.clone())
        };
        let mut env: Vec<(OsString, OsString)> = Vec::new();
        let mut set = |name: &str, value: String| env.push((name.into(), value.into()));
        if named(SSH) {
            let command = users_last(SSH).unwrap_or_else(|| "ssh".to_owned());
            set("GIT_SSH_COMMAND", command);
        }
        if named(PROXY) {
            // Empty means none.
            set("GIT_PROXY_COMMAND", String::new());
        }
        if named(ASK) {
            set("GIT_ASKPASS", users_last(ASK).unwrap_or_default());
        }
        let mut config: Vec<(String, String)> = Vec::new();
        if named(ALTERNATES) {
            let command = users_last(ALTERNATES).unwrap_or_else(|| "true".to_owned());
            config.push((ALTERNATES.to_owned(), command));
        }
        let is_helper = |key: &str| key.starts_with("credential.") && key.ends_with(".helper");
        if own.iter().any(|(_, key, _)| is_helper(key)) {
            // An empty value forgets every helper so far, those of single URLs too.
            config.push((HELPER.to_owned(), String::new()));
            let helpers = users.into_iter().filter(|(_, key, _)| is_helper(key));
            config.extend(helpers.map(|(_, key, value)| (key, value)));
        }
        if !config.is_empty() {
            set("GIT_CONFIG_COUNT", config.len().to_string());
        }
        for (index, (key, value)) in config.into_iter().enumerate() {
            set(&format!("GIT_CONFIG_KEY_{index}"), key);
            set(&format!("GIT_CONFIG_VALUE_{index}"), value);
        }
        Ok(env)
    }
}

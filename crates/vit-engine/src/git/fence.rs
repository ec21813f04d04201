//! The programs that a repository's own configuration names for talking to a remote, or for
//! merging, do not run: whoever can write into a copied repository would run what they like as
//! soon as somebody asks for releases. What the user's own configuration names goes on working.

use std::ffi::OsString;

use super::{Git, GitError};

const SSH: &str = "core.sshcommand";
const PROXY: &str = "core.gitproxy";
const ASK: &str = "core.askpass";
const ALTERNATES: &str = "core.alternaterefscommand";
const DRIVER: &str = "merge.*.driver";
const HELPER: &str = "credential.helper";
const HELPER_OF_URL: &str = "credential.*.helper";

/// What a command that talks to a remote gets besides.
#[derive(Default)]
pub(super) struct Fence {
    /// Arguments.
    pub(super) args: Vec<OsString>,
    /// Variables.
    pub(super) env: Vec<(OsString, OsString)>,
}

impl Git {
    /// What puts the user's own choice, or git's default, in the place of every program that the
    /// repository's configuration names for talking to `remote`. Variables and not arguments
    /// where git knows both: a credential helper may have a secret in its command line, and
    /// arguments are seen by everybody.
    ///
    /// # Errors
    /// The configuration cannot be read.
    pub(super) fn fence(&self, remote: &str) -> Result<Fence, GitError> {
        // The remote's side; for a path on this machine git runs what stands there.
        let upload = format!("remote.{remote}.uploadpack");
        let keys = [SSH, PROXY, ASK, ALTERNATES, &upload, HELPER, HELPER_OF_URL];
        let found = self.scoped(&keys)?;
        let (own, users): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|(scope, ..)| scope == "local" || scope == "worktree");
        let named = |key: &str| own.iter().any(|(_, name, _)| name == key);
        let users_last = |key: &str| {
            let mut values = users.iter().rev().filter(|(_, name, _)| name == key);
            values.next().map(|(.., value)| value.clone())
        };
        let mut fence = Fence::default();
        if named(&upload) {
            // Git takes the first of several values, so that only an argument wins over it.
            let program = users_last(&upload).unwrap_or_else(|| "git-upload-pack".to_owned());
            fence.args.push(format!("--upload-pack={program}").into());
        }
        let mut set = |name: &str, value: String| fence.env.push((name.into(), value.into()));
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
        fence.env.extend(as_variables(config));
        Ok(fence)
    }
}

impl Git {
    /// What puts the user's own choice in the place of every merge driver that the repository's
    /// configuration names, and, where there is none, one that fails: what it is for then counts
    /// as a conflict, never as merged in another way than the repository says.
    ///
    /// # Errors
    /// The configuration cannot be read.
    pub(super) fn merge_fence(&self) -> Result<Vec<(OsString, OsString)>, GitError> {
        let found = self.scoped(&[DRIVER])?;
        let (own, users): (Vec<_>, Vec<_>) = found
            .into_iter()
            .partition(|(scope, ..)| scope == "local" || scope == "worktree");
        let instead = |key: String| {
            let mut chosen = users.iter().rev().filter(|(_, name, _)| *name == key);
            let driver = chosen.next().map(|(.., value)| value.clone());
            (key, driver.unwrap_or_else(|| "false".to_owned()))
        };
        let config = own.into_iter().map(|(_, key, _)| instead(key)).collect();
        Ok(as_variables(config))
    }
}

/// Configuration as variables, which stand above every file.
pub(super) fn as_variables(config: Vec<(String, String)>) -> Vec<(OsString, OsString)> {
    let mut variables: Vec<(OsString, OsString)> = Vec::new();
    if !config.is_empty() {
        let count = config.len().to_string();
        variables.push(("GIT_CONFIG_COUNT".into(), count.into()));
    }
    for (index, (key, value)) in config.into_iter().enumerate() {
        variables.push((format!("GIT_CONFIG_KEY_{index}").into(), key.into()));
        variables.push((format!("GIT_CONFIG_VALUE_{index}").into(), value.into()));
    }
    variables
}

#[cfg(test)]
mod tests {
    use crate::git::scratch::Scratch;

    /// CASES.md 28: the user's own ssh command runs, the repository's does not.
    #[test]
    fn case_28_the_users_own_programs_go_on_working() {
        let repo = Scratch::new();
        let (mine, theirs) = (repo.beside("mine"), repo.beside("theirs"));
        let leaves = |mark: &std::path::Path| format!("touch '{}'; false", mark.display());
        let key = "core.sshCommand";
        repo.run(&["config", key, &leaves(&theirs)]);
        repo.run(&["config", "credential.helper", "!false"]);
        let fence = repo.git.fence("origin").unwrap();
        let set = |name: &str| {
            let mut found = fence.env.iter().filter(|(known, _)| known == name);
            found
                .next()
                .map(|(_, value)| value.to_string_lossy().into_owned())
        };
        assert_eq!(set("GIT_SSH_COMMAND").as_deref(), Some("ssh"));
        assert_eq!(
            set("GIT_CONFIG_KEY_0").as_deref(),
            Some("credential.helper")
        );
        assert_eq!(set("GIT_CONFIG_VALUE_0").as_deref(), Some(""));
        assert!(fence.args.is_empty());

        repo.run(&["config", "--global", key, &leaves(&mine)]);
        let asked = repo.git.ls_remote_tags("ssh://nowhere.invalid/core.git");
        assert!(asked.is_err() && mine.exists() && !theirs.exists());
    }
}

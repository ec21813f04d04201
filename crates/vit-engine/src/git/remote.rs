//! Remotes: which there are, what they offer, bringing it here.

use vit_contract::text;

use super::command::Call;
use super::{Git, GitError, Ref};

/// A remote of the repository's configuration.
#[derive(Clone, PartialEq, Eq)]
pub struct Remote {
    /// Its name.
    pub name: String,
    /// Its URL as configured, credentials included: show [`safe_url`] of it.
    pub url: String,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Remote({} {})", self.name, safe_url(&self.url))
    }
}

impl Git {
    /// The remotes, in the order of the configuration.
    ///
    /// # Errors
    /// The configuration cannot be read.
    pub fn remotes(&self) -> Result<Vec<Remote>, GitError> {
        let mut remotes: Vec<Remote> = Vec::new();
        for (key, url) in self.configured(&["remote.*.url"])? {
            let name = key
                .strip_prefix("remote.")
                .and_then(|rest| rest.strip_suffix(".url"));
            if let Some(name) = name
                && !remotes.iter().any(|remote| remote.name == name)
            {
                remotes.push(Remote {
                    name: name.to_owned(),
                    url,
                });
            }
        }
        Ok(remotes)
    }

    /// The tags that a remote (name, URL or path) offers. A lightweight tag's `commit` is what it
    /// points at: whether that is a commit is known only once it is here.
    ///
    /// # Errors
    /// The remote's name is unsafe, or it could not be reached.
    pub fn ls_remote_tags(&self, remote: &str) -> Result<Vec<Ref>, GitError> {
        let remote = safe_remote(remote)?;
        let fence = self.fence(remote)?;
        let call = Call::network("ls-remote")
            .args(["--tags", "--quiet"])
            .args(fence.args)
            .args(["--end-of-options", remote])
            .env(fence.env);
        let output = self.output(&call)?;
        let mut tags: Vec<Ref> = Vec::new();
        for line in String::from_utf8_lossy(&output).lines() {
            let Some((oid, name)) = line.split_once('\t') else {
                return Err(Call::network("ls-remote").format_error(line));
            };
            // An annotated tag is followed by the object behind it, named `<tag>^{}`.
            if let Some(tag) = name.strip_suffix("^{}") {
                if let Some(last) = tags.last_mut().filter(|last| last.name == tag) {
                    last.commit = Some(oid.to_owned());
                }
            } else {
                tags.push(Ref {
                    name: name.to_owned(),
                    oid: oid.to_owned(),
                    commit: Some(oid.to_owned()),
                });
            }
        }
        Ok(tags)
    }

    /// Fetches refs from a remote to refs here that must not exist yet or move forward only.
    /// Nothing else is written: no tags, no FETCH_HEAD.
    ///
    /// # Errors
    /// The remote could not be reached or has one of them no longer.
    pub fn fetch_refs(&self, remote: &str, refs: &[(String, String)]) -> Result<(), GitError> {
        let remote = safe_remote(remote)?;
        if refs.is_empty() {
            return Ok(());
        }
        let mut refspecs = String::new();
        for (from, to) in refs {
            for name in [from, to] {
                let bad = |c: char| c.is_control() || " *:^~?[\\".contains(c);
                if !name.starts_with("refs/") || name.contains(bad) {
                    return Err(refused(name, "it is no full ref name"));
                }
            }
            refspecs.extend([from, ":", to, "\n"]);
        }
        let fence = self.fence(remote)?;
        self.quiet(
            &Call::network("fetch")
                .args([
                    "--quiet",
                    "--no-tags",
                    "--no-prune",
                    "--no-write-fetch-head",
                    "--no-recurse-submodules",
                    "--no-auto-maintenance",
                    // Else the remote's configured refspecs would move its branches here too.
                    "--refmap=",
                    "--stdin",
                ])
                .args(fence.args)
                .args(["--end-of-options", remote])
                .stdin(refspecs)
                .env(fence.env),
        )
    }
}

/// Refuses a remote that git would take for an option or for a program to run.
///
/// # Errors
/// It begins with `-`, names a helper (`ext::`, `fd::`, any `name::`), or holds a control
/// character.
pub(crate) fn safe_remote(remote: &str) -> Result<&str, GitError> {
    let helper = remote.split_once("::").is_some_and(|(name, _)| {
        name.bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+.-".contains(&byte))
    });
    if remote.is_empty() {
        Err(refused(remote, "it is empty"))
    } else if remote.starts_with('-') {
        Err(refused(remote, "it begins with `-`"))
    } else if helper {
        Err(refused(remote, "it names a helper program"))
    } else if remote.contains(char::is_control) {
        Err(refused(remote, "it holds a control character"))
    } else {
        Ok(remote)
    }
}

fn refused(what: &str, reason: &'static str) -> GitError {
    GitError::Unsafe {
        what: text::excerpt(&format!("`{}`", text::visible(&safe_url(what))), 200),
        reason,
    }
}

/// A text with the secrets of every URL in it taken out: user and password (the user of an `ssh`
/// URL stays: it is no secret and tells where), and what follows `?`.
#[must_use]
pub fn safe_url(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + 3);
        safe.push_str(before);
        let end = after
            .find(|c: char| c.is_whitespace() || c.is_control() || "'\"<>`".contains(c))
            .unwrap_or(after.len());
        let (url, following) = after.split_at(end);
        let web = before.ends_with("http://") || before.ends_with("https://");
        safe.push_str(&without_secrets(url, web));
        rest = following;
    }
    safe.push_str(rest);
    safe
}

/// What follows `://`, without its secrets.
fn without_secrets(url: &str, web: bool) -> String {
    let path_at = url.find(['/', '?', '#']).unwrap_or(url.len());
    let authority = &url[..path_at];
    // A password with a `/` in it ends the authority too early: then no port follows the `:`.
    let cut_password = authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| !authority.contains('@') && !is_port(port));
    let user_end = if cut_password {
        url.rfind('@')
    } else {
        authority.rfind('@')
    };
    let mut kept = match user_end {
        Some(at) if !web && !url[..at].contains(':') => url,
        Some(at) => &url[at + 1..],
        None => url,
    }
    .to_owned();
    if web && let Some(at) = kept.find(['?', '#']) {
        kept.truncate(at);
        kept.push_str("?…");
    }
    kept
}

/// Whether this can follow a host's `:`; `]` ends an IPv6 address.
fn is_port(text: &str) -> bool {
    text.ends_with(']') || text.bytes().all(|byte| byte.is_ascii_digit())
}

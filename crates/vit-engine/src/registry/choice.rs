//! Which remote a git registry asks.

use std::path::Path;

use vit_contract::text;

use crate::context::Context;
use crate::error::EngineError;
use crate::git::{Remote, safe_remote, safe_url};

/// A remote to ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Chosen {
    /// What git is given: a remote's name, a URL or a path. Never credentials of ours.
    pub(super) argument: String,
    /// What is shown: the same without secrets.
    pub(super) shown: String,
    /// Where it is, without secrets: what an older answer must agree with to count.
    pub(super) url: String,
    /// Whether it is one of the repository's own remotes.
    configured: bool,
}

impl Chosen {
    /// Its name, where it is one of the repository's own remotes.
    pub(super) fn name(&self) -> Option<&str> {
        self.configured.then_some(self.argument.as_str())
    }
}

/// The remote; none means that the repository's own tags are all there is.
pub(super) fn git_remote(
    cx: &Context<'_>,
    manifest_remote: Option<&str>,
) -> Result<Option<Chosen>, EngineError> {
    if let Some(location) = &cx.site.settings.registry.location {
        return named_by_settings(&cx.git.remotes()?, location, &cx.site.root).map(Some);
    }
    usual_remote(cx, manifest_remote)
}

/// The repository's own remotes.
pub(super) fn all(cx: &Context<'_>) -> Result<Vec<Chosen>, EngineError> {
    cx.git.remotes()?.iter().map(of_remote).collect()
}

/// The repository's own remote of this name.
pub(super) fn named_remote(cx: &Context<'_>, name: &str) -> Result<Option<Chosen>, EngineError> {
    let remotes = cx.git.remotes()?;
    let found = remotes.iter().find(|remote| remote.name == name);
    found.map(of_remote).transpose()
}

/// The remote where the settings name none.
pub(super) fn usual_remote(
    cx: &Context<'_>,
    manifest_remote: Option<&str>,
) -> Result<Option<Chosen>, EngineError> {
    let remotes = cx.git.remotes()?;
    let named = |name: &str| remotes.iter().find(|remote| remote.name == name);
    let usual = manifest_remote
        .and_then(named)
        .or_else(|| named("upstream"))
        .or_else(|| named("origin"));
    match (usual, remotes.as_slice()) {
        (Some(remote), _) | (None, [remote]) => of_remote(remote).map(Some),
        (None, []) => Ok(None),
        (None, several) => {
            let names: Vec<&str> = several.iter().map(|r| r.name.as_str()).collect();
            Err(EngineError::BadInput {
                summary: format!(
                    "none of the remotes {} is named `upstream` or `origin`",
                    text::visible(&names.join(", "))
                ),
                problems: Vec::new(),
                hints: vec![
                    "name the remote that Core comes from: `location` under `[registry]` in vit.toml"
                        .to_owned(),
                ],
            })
        }
    }
}

fn of_remote(remote: &Remote) -> Result<Chosen, EngineError> {
    safe_remote(&remote.name)?;
    safe_remote(&remote.url)?;
    Ok(Chosen {
        argument: remote.name.clone(),
        shown: text::visible(&remote.name),
        url: safe_url(&remote.url),
        configured: true,
    })
}

/// A place outside of the repository's own remotes.
pub(super) fn at_url(url: &str) -> Result<Chosen, EngineError> {
    safe_remote(url)?;
    let shown = text::visible(&safe_url(url));
    Ok(Chosen {
        argument: url.to_owned(),
        url: shown.clone(),
        shown,
        configured: false,
    })
}

fn named_by_settings(
    remotes: &[Remote],
    location: &str,
    root: &Path,
) -> Result<Chosen, EngineError> {
    if let Some(remote) = remotes.iter().find(|remote| remote.name == location) {
        return of_remote(remote);
    }
    safe_remote(location)?;
    let shown = text::visible(&safe_url(location));
    // `host:path` is ssh's spelling, unless a `/` stands before the colon.
    let is_ssh = location
        .split_once(':')
        .is_some_and(|(host, _)| !host.contains('/'));
    if !location.contains("://") && !is_ssh && !root.join(location).exists() {
        return Err(EngineError::BadInput {
            summary: format!("the registry `{shown}` is neither a remote nor a path that exists"),
            problems: Vec::new(),
            hints: vec!["correct `location` under `[registry]` in vit.toml".to_owned()],
        });
    }
    Ok(Chosen {
        argument: location.to_owned(),
        url: safe_url(location),
        shown,
        configured: false,
    })
}

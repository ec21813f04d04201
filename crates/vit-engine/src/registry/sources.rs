//! Which source of releases an installation has: the order in which they are looked for.

use vit_contract::settings::RegistryKind;

use super::choice::{self, Chosen};
use super::github::{GithubRegistry, Repository};
use super::{Registry, dir, git, local};
use crate::context::Context;
use crate::error::EngineError;
use crate::submodule;

/// The repository on GitHub of whoever names none otherwise: `OWNER/NAME`.
const REPOSITORY: &str = "VITRUVYAN_REPO";

/// A source, and the URL that it is at, without secrets, where it is at one.
pub(super) struct Source {
    pub(super) registry: Box<dyn Registry>,
    pub(super) url: Option<String>,
}

impl Source {
    fn new(registry: impl Registry + 'static, url: Option<String>) -> Self {
        Self {
            registry: Box::new(registry),
            url,
        }
    }

    fn github(repository: Repository, remote: Chosen) -> Self {
        let url = Some(repository.git_url());
        Self::new(GithubRegistry::new(repository, remote), url)
    }
}

/// Opens the source that the settings and the remotes lead to; a static index apart.
///
/// # Errors
/// The settings name a place that does not exist, or nothing here can hold releases.
pub(super) fn open(cx: &Context<'_>, manifest_remote: Option<&str>) -> Result<Source, EngineError> {
    let kind = cx.site.settings.registry.kind;
    let of_submodule = submodule::release_url(cx)?;
    let remote = match &of_submodule {
        Some(url) => Some(choice::at_url(url)?),
        None => match kind {
            RegistryKind::Dir => {
                return Ok(Source::new(
                    dir::DirRegistry::open(cx, manifest_remote)?,
                    None,
                ));
            }
            RegistryKind::Github => return github(cx, manifest_remote),
            RegistryKind::Index | RegistryKind::Auto | RegistryKind::Git => {
                choice::git_remote(cx, manifest_remote)?
            }
        },
    };
    if kind == RegistryKind::Auto
        && let Some((repository, remote)) = on_github(cx, remote.as_ref())?
    {
        return Ok(Source::github(repository, remote));
    }
    Ok(match remote {
        Some(remote) => {
            let url = remote.url.clone();
            Source::new(git::GitRegistry::new(remote), Some(url))
        }
        None => Source::new(local::LocalTags, None),
    })
}

/// The repository on GitHub that a remote is; without a remote, the one that the environment
/// names.
fn on_github(
    cx: &Context<'_>,
    remote: Option<&Chosen>,
) -> Result<Option<(Repository, Chosen)>, EngineError> {
    match remote {
        Some(remote) => {
            let found = Repository::of_remote(cx.environment, &remote.url)?;
            Ok(found.map(|repository| (repository, remote.clone())))
        }
        None => match cx.environment.get(REPOSITORY) {
            Some(named) => {
                let named = named.to_string_lossy();
                let repository = Repository::named(cx.environment, &named)?;
                let remote = choice::at_url(&repository.git_url())?;
                Ok(Some((repository, remote)))
            }
            None => Ok(None),
        },
    }
}

/// The repository that the settings name, else the remote's, else the environment's.
fn github(cx: &Context<'_>, manifest_remote: Option<&str>) -> Result<Source, EngineError> {
    let environment = cx.environment;
    if let Some(location) = &cx.site.settings.registry.location {
        let configured = choice::named_remote(cx, location)?;
        let repository = match &configured {
            Some(remote) => Repository::named(environment, &remote.url)?,
            None => Repository::named(environment, location)?,
        };
        let remote = match configured {
            Some(remote) => remote,
            None => same(cx, &repository)?,
        };
        return Ok(Source::github(repository, remote));
    }
    let usual = choice::usual_remote(cx, manifest_remote)?;
    let found = match &usual {
        Some(remote) => on_github(cx, Some(remote))?,
        None => None,
    };
    let found = match found {
        Some(found) => Some(found),
        None => on_github(cx, None)?,
    };
    match found {
        Some((repository, remote)) => Ok(Source::github(repository, remote)),
        None => Err(EngineError::BadInput {
            summary: match usual {
                Some(remote) => format!("the remote {} is no GitHub repository", remote.shown),
                None => "there is no remote, and no GitHub repository is named".to_owned(),
            },
            problems: Vec::new(),
            hints: vec![
                "name it: `location = \"OWNER/NAME\"` under `[registry]` in vit.toml, or VITRUVYAN_REPO; another host than github.com is named by GITHUB_API_URL".to_owned(),
            ],
        }),
    }
}

/// The way to a repository through git: the remote that it is, with all that is configured for
/// it, else its URL.
fn same(cx: &Context<'_>, repository: &Repository) -> Result<Chosen, EngineError> {
    for remote in choice::all(cx)? {
        let found = Repository::of_remote(cx.environment, &remote.url)?;
        if found.is_some_and(|found| found.is(repository)) {
            return Ok(remote);
        }
    }
    choice::at_url(&repository.git_url())
}

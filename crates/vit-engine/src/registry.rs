//! Where releases come from, behind one trait: the tags of a git remote, the repository's own
//! tags where it has no remote, or a folder of metadata. (The GitHub client and the static index
//! join here.)
//!
//! Whatever is wrong with one release is a problem of that release and hides no other.

use vit_contract::output::Source;
use vit_contract::problem::Problem;
use vit_contract::release::Release;
use vit_contract::settings::RegistryKind;

use crate::context::Context;
use crate::error::EngineError;
use crate::submodule;

mod answer;
mod choice;
mod dir;
pub(crate) mod git;
mod imported;
mod local;
mod metadata;
#[cfg(test)]
mod tests;

/// What a registry knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// Every release, oldest first, the unusable ones included.
    pub releases: Vec<Release>,
    /// Where they came from and how fresh they are.
    pub source: Source,
    /// What was noticed of the registry itself.
    pub problems: Vec<Problem>,
}

/// A place that releases come from.
pub trait Registry: Send + Sync {
    /// Lists every release with its metadata. With `refresh` false, nothing is asked: what was
    /// fetched before is read.
    ///
    /// # Errors
    /// It cannot be reached and nothing was fetched before, or it holds no release at all.
    fn list(&self, cx: &Context<'_>, refresh: bool) -> Result<Listing, EngineError>;

    /// Fills in what was listed as [`Release::unread`]: the metadata of these releases, asked for
    /// together. With `refresh` false nothing is asked. One that cannot be had bears a problem.
    ///
    /// # Errors
    /// Somebody asked to stop, or git failed.
    fn read(
        &self,
        _cx: &Context<'_>,
        _releases: &mut [Release],
        _refresh: bool,
    ) -> Result<(), EngineError> {
        Ok(())
    }

    /// Makes sure that the release's commit is in the repository. A release that was listed
    /// without a commit has one in the next listing.
    ///
    /// # Errors
    /// It is not, and cannot be fetched.
    fn fetch(&self, cx: &Context<'_>, release: &Release) -> Result<(), EngineError>;

    /// The metadata file of a release as it was published, where that is not the one in its tree
    /// and the registry has it at hand.
    ///
    /// # Errors
    /// It cannot be read.
    fn metadata_file(
        &self,
        _cx: &Context<'_>,
        _release: &Release,
    ) -> Result<Option<Vec<u8>>, EngineError> {
        Ok(None)
    }

    /// The name of the repository's remote that releases come from, where it is one: commits of
    /// its branches are Core's and not the user's own.
    fn remote(&self) -> Option<&str>;
}

/// The registry that the settings name, else the remote of the submodule that Core is, else the remote that the verticals' manifests name
/// (`manifest_remote`, `upstream.remote_name`), else `upstream`, else `origin`, else the
/// repository's own tags. Imported releases lie over each of them.
///
/// # Errors
/// The settings name a remote or folder that does not exist, or nothing here can hold releases.
pub fn open(
    cx: &Context<'_>,
    manifest_remote: Option<&str>,
) -> Result<Box<dyn Registry>, EngineError> {
    imported::Imported::over(cx, named(cx, manifest_remote))
}

/// The registry itself, without what was imported.
fn named(
    cx: &Context<'_>,
    manifest_remote: Option<&str>,
) -> Result<Box<dyn Registry>, EngineError> {
    if let Some(url) = submodule::release_url(cx)? {
        return Ok(Box::new(git::GitRegistry::new(choice::at_url(&url)?)));
    }
    match cx.site.settings.registry.kind {
        RegistryKind::Dir => Ok(Box::new(dir::DirRegistry::open(cx, manifest_remote)?)),
        // The kinds that need HTTP join here.
        RegistryKind::Github | RegistryKind::Index | RegistryKind::Auto | RegistryKind::Git => {
            match choice::git_remote(cx, manifest_remote)? {
                Some(remote) => Ok(Box::new(git::GitRegistry::new(remote))),
                None => Ok(Box::new(local::LocalTags)),
            }
        }
    }
}

/// A registry's error about itself.
fn failed(
    location: &str,
    source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> EngineError {
    EngineError::Registry {
        location: location.to_owned(),
        source: source.into(),
    }
}

/// It answered, and holds no release at all.
fn no_release(location: &str, what: &str) -> EngineError {
    EngineError::BadInput {
        summary: format!("{location} has {what}"),
        problems: Vec::new(),
        hints: vec![
            "name the place that Core's releases come from: `location` under `[registry]` in vit.toml"
                .to_owned(),
        ],
    }
}

/// Puts releases into their one order: by precedence, then build metadata, then tag.
fn sort(releases: &mut [Release]) {
    releases.sort_by(|a, b| a.version.cmp(&b.version).then_with(|| a.tag.cmp(&b.tag)));
}

//! Where releases come from, behind one trait: the releases of a GitHub repository, the tags of a
//! git remote, the repository's own tags where it has no remote, a folder of metadata, or a static
//! index over HTTP.
//!
//! Whatever kind it is, `ledgered` stands before it: a tag that moved, a release that vanished and
//! metadata that changed are found in that one place.
//!
//! Whatever is wrong with one release is a problem of that release and hides no other.

use semver::Version;
use vit_contract::bundle::BundledRelease;
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
mod github;
mod guard;
mod imported;
pub(crate) mod index;
mod ledgered;
mod local;
mod metadata;
#[cfg(test)]
pub(crate) mod scripted;
mod sources;
#[cfg(test)]
pub(crate) mod tests;

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

/// A tag that stands elsewhere at the place than here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    /// The tag.
    pub tag: String,
    /// Its own object there.
    pub object: String,
    /// What that points at in the end.
    pub commit: String,
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

    /// The metadata file of a release as it was published, where it is at hand; nobody is asked.
    /// By default it is the one in the tree of the release's commit.
    ///
    /// # Errors
    /// Git failed.
    fn metadata_bytes(
        &self,
        cx: &Context<'_>,
        release: &Release,
    ) -> Result<Option<Vec<u8>>, EngineError> {
        metadata::in_tree(cx.git, release)
    }

    /// Makes sure that the release's commit is in the repository; [`Registry::located`] then knows
    /// it.
    ///
    /// # Errors
    /// It is not, and cannot be fetched.
    fn fetch(&self, cx: &Context<'_>, release: &Release) -> Result<(), EngineError>;

    /// The release with its commit and tree, where its objects are in the repository; what else was
    /// learnt of it stays. Nothing is asked.
    ///
    /// # Errors
    /// Git failed.
    fn located(&self, cx: &Context<'_>, release: &Release) -> Result<Option<Release>, EngineError> {
        metadata::located(cx.git, release)
    }

    /// The tags that the last listing found to stand elsewhere at the place than here.
    fn moved(&self) -> Vec<Moved> {
        Vec::new()
    }

    /// Brings what these tags are at the place now to `refs/vit/moved/<tag>`, never over what was
    /// seen first.
    ///
    /// # Errors
    /// It cannot be fetched.
    fn fetch_aside(&self, _cx: &Context<'_>, _tags: &[String]) -> Result<(), EngineError> {
        Ok(())
    }

    /// The origin that is trusted as signed, where this registry is of one: what is not signed
    /// there is no target.
    fn trusted(&self) -> Option<&str> {
        None
    }

    /// The name of the repository's remote that releases come from, where it is one: commits of
    /// its branches are Core's and not the user's own.
    fn remote(&self) -> Option<&str>;
}

/// The registry that the settings name, else the remote of the submodule that Core is, else the
/// index of `VIT_REGISTRY_URL`, else the remote that the verticals' manifests name
/// (`manifest_remote`, `upstream.remote_name`), else `upstream`, else `origin`, else the
/// repository's own tags. Where the remote is a repository on GitHub, its API is asked first.
/// Whichever it is, imported releases lie over it, and the ledger stands before both: what was
/// seen first counts.
///
/// An origin that is trusted as signed is read as a signed index or not at all.
///
/// # Errors
/// The settings name a remote or folder that does not exist, or nothing here can hold releases.
pub fn open(
    cx: &Context<'_>,
    manifest_remote: Option<&str>,
) -> Result<Box<dyn Registry>, EngineError> {
    let place = imported::Imported::over(cx, place(cx, manifest_remote))?;
    Ok(Box::new(ledgered::Ledgered::new(place)))
}

/// What stands against bringing these releases here in a bundle: the registry is trusted as
/// signed, and nobody who is trusted vouches for them. Nobody is asked.
///
/// # Errors
/// What is trusted cannot be read, or git failed.
pub(crate) fn unvouched(
    cx: &Context<'_>,
    manifest_remote: Option<&str>,
    (bundle, releases): (&str, &[BundledRelease]),
) -> Result<Option<Problem>, EngineError> {
    let place = match place(cx, manifest_remote) {
        Ok(place) => place,
        // A place that is not there now is none that is trusted: those are read from what is kept.
        Err(EngineError::BadInput { .. }) => return Ok(None),
        Err(error) => return Err(error),
    };
    imported::vouch::unvouched(cx, &*place, (bundle, releases))
}

/// The place alone, without what was imported.
fn place(
    cx: &Context<'_>,
    manifest_remote: Option<&str>,
) -> Result<Box<dyn Registry>, EngineError> {
    if submodule::release_url(cx)?.is_none()
        && let Some(location) = index_location(cx)
    {
        let index = index::IndexRegistry::open(cx, &location, manifest_remote)?;
        return guard::beside(cx, Box::new(index), Some(&location));
    }
    let source = sources::open(cx, manifest_remote)?;
    match source.url {
        Some(url) => guard::unsigned(cx, source.registry, &url),
        None => guard::beside(cx, source.registry, None),
    }
}

/// The variable that names a static index where the settings name no registry.
pub const URL_VARIABLE: &str = "VIT_REGISTRY_URL";

/// The URL of the static index that is the registry: the one that the settings name, else, where
/// they say nothing of a registry, the one of `VIT_REGISTRY_URL`.
#[must_use]
pub fn index_location(cx: &Context<'_>) -> Option<String> {
    let settings = &cx.site.settings.registry;
    match (settings.kind, &settings.location) {
        (RegistryKind::Index, location) => location.clone(),
        (RegistryKind::Auto, None) => {
            let url = cx.environment.get(URL_VARIABLE)?;
            Some(url.to_string_lossy().into_owned())
        }
        _ => None,
    }
}

/// What was kept of a release, its metadata too; absent where nothing was, or it cannot be read.
/// Nothing is asked.
///
/// # Errors
/// Somebody asked to stop, or git failed.
pub fn kept(
    cx: &Context<'_>,
    registry: &dyn Registry,
    version: &Version,
) -> Result<Option<Release>, EngineError> {
    match registry.list(cx, false) {
        Ok(listing) => kept_in(cx, registry, listing, version),
        Err(_) => Ok(None),
    }
}

/// The same of a listing that nobody was asked for.
///
/// # Errors
/// As [`kept`].
pub fn kept_in(
    cx: &Context<'_>,
    registry: &dyn Registry,
    listing: Listing,
    version: &Version,
) -> Result<Option<Release>, EngineError> {
    let mut releases = listing.releases.into_iter();
    let Some(mut release) = releases.find(|release| release.version == *version) else {
        return Ok(None);
    };
    if release.unread {
        registry.read(cx, std::slice::from_mut(&mut release), false)?;
    }
    Ok(Some(release))
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
pub(crate) fn sort(releases: &mut [Release]) {
    releases.sort_by(|a, b| a.version.cmp(&b.version).then_with(|| a.tag.cmp(&b.tag)));
}

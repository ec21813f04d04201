//! Where releases come from, behind one trait. (The GitHub client and the static index join
//! here.)

use vit_contract::output::Source;
use vit_contract::problem::Problem;
use vit_contract::release::Release;

use crate::context::Context;
use crate::error::EngineError;

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
pub trait Registry {
    /// Lists every release with its metadata. With `refresh` false, nothing is asked: what was
    /// fetched before is read.
    ///
    /// # Errors
    /// It cannot be reached and nothing was fetched before, or it holds no release at all.
    fn list(&self, cx: &Context<'_>, refresh: bool) -> Result<Listing, EngineError>;

    /// Makes sure that the release's commit is in the repository.
    ///
    /// # Errors
    /// It is not, and cannot be fetched.
    fn fetch(&self, cx: &Context<'_>, release: &Release) -> Result<(), EngineError>;

    /// The git remote that releases come from, where it is one of the repository's own.
    fn remote(&self) -> Option<String>;
}

/// The registry that the settings name.
///
/// # Errors
/// The settings name a remote or folder that does not exist.
pub fn open(
    cx: &Context<'_>,
    manifest_remote: Option<&str>,
) -> Result<Box<dyn Registry>, EngineError> {
    let _ = (cx, manifest_remote);
    todo!()
}

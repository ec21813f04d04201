//! The rules, one file each, and the table that [`super::judge`] walks.
//!
//! A rule adds every problem it finds to `out` and decides nothing else: what a problem weighs
//! for a deprecated or experimental vertical is the caller's. `docs/rules.md` lists them; a test
//! holds the two together.

use vit_contract::code::Code;
use vit_contract::problem::Problem;
use vit_contract::release::{Release, ReleaseMetadata};
use vit_contract::vertical::VerticalManifest;

use super::{Case, Vertical};

mod release;
pub(super) mod vertical;

/// What a rule looks at.
#[derive(Clone, Copy)]
pub(super) enum Scope {
    /// The release itself, whoever uses it.
    Release(fn(&Case<'_>, &[Vertical], &mut Vec<Problem>)),
    /// All verticals together: problems with the index of the vertical that each is about.
    Installation(fn(&[Vertical]) -> Vec<(usize, Problem)>),
    /// One vertical as it was found, its manifest usable or not.
    Vertical(fn(&Case<'_>, &Vertical, &mut Vec<Problem>)),
    /// One vertical with a manifest that can be used.
    Manifest(fn(&Case<'_>, &VerticalManifest, &mut Vec<Problem>)),
}

/// A rule.
#[derive(Clone, Copy)]
pub(super) struct Rule {
    /// Its file's name, as in the documentation.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "only the documentation's test names rules")
    )]
    pub(super) name: &'static str,
    /// Every code that it can emit.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "only the documentation's test lists codes")
    )]
    pub(super) codes: &'static [Code],
    /// Its check.
    pub(super) scope: Scope,
}

/// Every rule. The order does not matter: a verdict sorts its problems.
pub(super) fn all() -> impl Iterator<Item = &'static Rule> {
    release::RULES.iter().chain(vertical::RULES)
}

/// The migration guide of a release, where it names one.
fn guide(metadata: &ReleaseMetadata) -> Option<&str> {
    metadata
        .migration_guide_url
        .as_deref()
        .filter(|url| !url.trim().is_empty())
}

/// Adds the release's migration guide to a problem, where there is one.
fn with_guide(problem: Problem, release: &Release) -> Problem {
    match release.metadata.as_ref().and_then(guide) {
        Some(url) => problem.url(url),
        None => problem,
    }
}

/// The releases on the way with what they say of themselves.
fn way_metadata<'a>(
    case: &Case<'a>,
) -> impl Iterator<Item = (&'a Release, &'a ReleaseMetadata)> + use<'a> {
    case.way
        .iter()
        .filter_map(|release| Some((*release, release.metadata.as_ref()?)))
}

#[cfg(test)]
mod tests;

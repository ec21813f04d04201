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

mod breaking_changes;
mod capabilities;
mod channel;
mod checksum;
mod contracts_major;
mod contracts_readable;
mod contracts_used;
mod contracts_version;
mod core_range;
mod deprecations;
mod derogations;
mod duplicate_domain;
mod lifecycle;
pub(super) mod manifest;
mod metadata_tag;
mod migration_guide;
mod minimum_vertical_version;
mod no_verticals;
mod removed_by_target;
mod smoke_test;
mod support_window;
mod way_metadata;

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
pub(super) const RULES: &[Rule] = &[
    breaking_changes::RULE,
    capabilities::RULE,
    channel::RULE,
    checksum::RULE,
    contracts_major::RULE,
    contracts_readable::RULE,
    contracts_used::RULE,
    contracts_version::RULE,
    core_range::RULE,
    deprecations::RULE,
    derogations::RULE,
    duplicate_domain::RULE,
    lifecycle::RULE,
    manifest::RULE,
    metadata_tag::RULE,
    migration_guide::RULE,
    minimum_vertical_version::RULE,
    no_verticals::RULE,
    removed_by_target::RULE,
    smoke_test::RULE,
    support_window::RULE,
    way_metadata::RULE,
];

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

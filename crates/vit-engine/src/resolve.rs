//! Which packages in which versions: a pure function over what is known, what is installed and
//! what is wanted. The search is PubGrub's; what is searched, preferred and said is ours.
//!
//! | module | owns |
//! |---|---|
//! | [`universe`] | every package in every version, and every Core release, as plain data |
//! | [`wish`] | what is installed and what is wanted |
//! | `provider` | both, as the search sees them: ports, services and conflicts are nodes too |
//! | [`explain`] | why it cannot be: who wants what, with the place where it stands |
//! | `help` | what would make it possible, found by trying |
//!
//! No clock, no file, no network: whoever calls hands in a function that says when to give up.

pub mod explain;
mod help;
mod provider;
#[cfg(test)]
mod tests;
pub mod universe;
pub mod wish;

use std::collections::BTreeMap;

use pubgrub::PubGrubError;
use semver::Version;
use vit_contract::package::PackageName;

pub use explain::{Explanation, Fact, Help};
pub use universe::{CoreRelease, Need, Offer, Universe};
pub use wish::{Installed, Upgrades, Wanted, Wish};

use provider::{Provider, Stopped};

/// What a search comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Solution {
    /// The Core release.
    pub core: Version,
    /// Every package that is there afterwards, in its version; those that come with Core too.
    pub packages: BTreeMap<PackageName, Version>,
}

/// Why there is no solution.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unsolved {
    /// There is none.
    #[error("no set of packages meets every demand")]
    Impossible(Box<Explanation>),
    /// It was not found in time.
    #[error("no set of packages was found in time; there may be one")]
    GivenUp,
}

/// Finds the packages. The same arguments give the same answer.
///
/// `stop` is asked now and then whether to give up.
///
/// # Errors
/// There is no solution, with what speaks against it and what would help; or it was given up.
pub fn resolve(
    universe: &Universe,
    wish: &Wish,
    stop: &dyn Fn() -> bool,
) -> Result<Solution, Unsolved> {
    let unknown = wish
        .wanted
        .iter()
        .filter(|w| universe.offers(&w.name).is_empty());
    let unknown: Vec<Fact> = unknown
        .map(|wanted| Fact::NoVersion {
            what: wanted.name.to_string(),
        })
        .collect();
    if !unknown.is_empty() {
        return Err(Unsolved::Impossible(Box::new(Explanation {
            facts: unknown,
            help: Vec::new(),
        })));
    }
    match attempt(universe, wish, stop) {
        Ok(solution) => Ok(solution),
        Err(Failed::Stopped) => Err(Unsolved::GivenUp),
        Err(Failed::Impossible(mut explanation)) => {
            explanation.help = help::find(universe, wish, &explanation.facts, stop);
            Err(Unsolved::Impossible(explanation))
        }
    }
}

/// How one search failed.
enum Failed {
    Impossible(Box<Explanation>),
    Stopped,
}

fn attempt(universe: &Universe, wish: &Wish, stop: &dyn Fn() -> bool) -> Result<Solution, Failed> {
    let provider = Provider::new(universe, wish, stop);
    match pubgrub::resolve(&provider, provider::Node::Root, 0_u32) {
        Ok(chosen) => Ok(provider.solution(chosen)),
        Err(PubGrubError::NoSolution(tree)) => Err(Failed::Impossible(Box::new(explain::explain(
            &provider, &tree,
        )))),
        Err(
            PubGrubError::ErrorInShouldCancel(Stopped)
            | PubGrubError::ErrorChoosingVersion {
                source: Stopped, ..
            }
            | PubGrubError::ErrorRetrievingDependencies {
                source: Stopped, ..
            },
        ) => Err(Failed::Stopped),
    }
}

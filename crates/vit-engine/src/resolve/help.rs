//! What would make it possible. Nothing is guessed: each is a search of its own, with one demand
//! less, and is named only where that search comes to a solution.

use std::collections::BTreeSet;

use vit_contract::package::PackageName;

use super::explain::{Fact, Help};
use super::universe::Universe;
use super::wish::Wish;
use super::{Solution, attempt};

/// The most that is named.
const MOST: usize = 5;

/// Tries one demand less at a time.
pub(super) fn find(
    universe: &Universe,
    wish: &Wish,
    facts: &[Fact],
    stop: &dyn Fn() -> bool,
) -> Vec<Help> {
    let mut found = Vec::new();
    let try_it = |wish: &Wish| -> Option<Solution> { attempt(universe, wish, stop).ok() };
    let cores = facts.iter().any(|fact| matches!(fact, Fact::Core { .. }));
    if cores && !wish.any_core {
        let mut other = wish.clone();
        other.any_core = true;
        found.extend(try_it(&other).map(|solution| Help::Core(solution.core)));
    }
    for (at, wanted) in wish.wanted.iter().enumerate() {
        if wanted.constraints.is_some() {
            let mut other = wish.clone();
            other.wanted[at].constraints = None;
            let version = try_it(&other).and_then(|s| s.packages.get(&wanted.name).cloned());
            let name = wanted.name.clone();
            found.extend(version.map(|version| Help::AnyVersion { name, version }));
        }
    }
    for name in &wish.unwanted {
        let mut other = wish.clone();
        other.unwanted.retain(|have| have != name);
        found.extend(try_it(&other).map(|_| Help::Keep(name.clone())));
    }
    let named = named(facts);
    let wanted = |name: &PackageName| wish.wanted.iter().any(|wanted| wanted.name == *name);
    for (name, _) in wish.staying() {
        if named.contains(name) && !wanted(name) && found.len() < MOST {
            let mut other = wish.clone();
            other.unwanted.push(name.clone());
            found.extend(try_it(&other).map(|_| Help::Remove(name.clone())));
        }
    }
    found.truncate(MOST);
    found
}

/// The packages that the facts are about.
fn named(facts: &[Fact]) -> BTreeSet<&PackageName> {
    let mut all = BTreeSet::new();
    for fact in facts {
        match fact {
            Fact::Asked { name, .. }
            | Fact::Installed { name, .. }
            | Fact::Unwanted { name }
            | Fact::Needs { name, .. }
            | Fact::Refuses { name, .. } => {
                all.insert(name);
            }
            Fact::Clash { names, .. } => all.extend(names),
            Fact::Core { .. } | Fact::NoVersion { .. } => {}
        }
    }
    all
}

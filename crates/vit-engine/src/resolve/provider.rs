//! The universe and the wish as the search sees them.
//!
//! A version is its place in the list of its package, so that a set of versions is exactly the
//! versions that a constraint admits: nothing of a constraint's meaning is said twice. What two
//! packages cannot both have (a port, a compose service, a conflict) is a node with one version
//! for each of them: it can only be in one.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use pubgrub::{
    Dependencies, DependencyConstraints, DependencyProvider, PackageResolutionStatistics, Ranges,
    SelectedDependencies,
};
use semver::Version;
use vit_contract::channel::Channel;
use vit_contract::package::{PackageName, Port, Subject};
use vit_contract::range::Fit;

use super::Solution;
use super::universe::{CoreRelease, Offer, Universe};
use super::wish::Wish;

/// A set of versions, by their places in the list.
pub(super) type Places = Ranges<u32>;

/// A thing of which one version can be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Node {
    /// What is wanted.
    Root,
    /// Core.
    Core,
    /// A package, by its place.
    Package(u32),
    /// A port of the machine: on one address, or on every one (`*`).
    Port(u16, String),
    /// A compose service.
    Service(String),
    /// A package that is refused by a version of another: the refusing one is there (0), or the
    /// refused one in a version that is refused (1).
    Conflict {
        by: u32,
        version: u32,
        refused: u32,
        line: usize,
    },
}

impl fmt::Display for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// Somebody said to give up.
#[derive(Debug, thiserror::Error)]
#[error("given up")]
pub(super) struct Stopped;

/// Why a version cannot be used whatever else is there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unusable {
    /// It needs a package that is not known.
    Unknown { need: String, line: Option<usize> },
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { need, .. } => write!(f, "needs {need}, which is not known"),
        }
    }
}

/// A package with its versions.
pub(super) struct Known<'u> {
    pub(super) name: &'u PackageName,
    pub(super) offers: &'u [Offer],
}

/// What the search asks.
pub(super) struct Provider<'u> {
    pub(super) wish: &'u Wish,
    pub(super) core: &'u [CoreRelease],
    pub(super) packages: Vec<Known<'u>>,
    places: HashMap<&'u PackageName, u32>,
    /// Addresses on which a port is wanted by anybody.
    addresses: BTreeMap<u16, BTreeSet<String>>,
    /// For each package, who refuses it: refusing package, its version, the line.
    refusals: HashMap<u32, Vec<(u32, u32, usize)>>,
    stop: &'u dyn Fn() -> bool,
}

const EVERYWHERE: &str = "*";

fn address(port: &Port) -> String {
    match port.address {
        Some(address) if !address.is_unspecified() => address.to_string(),
        _ => EVERYWHERE.to_owned(),
    }
}

/// The number of a place; lists are far shorter than the type.
fn place(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// The places whose items are admitted. A run that touches an end of the list has no end there:
/// "every version" is one set, however it was said.
pub(super) fn places<T>(list: &[T], admits: impl Fn(&T) -> bool) -> Places {
    let mut set = Places::empty();
    let mut begin = None;
    for at in 0..=list.len() {
        let admitted = list.get(at).is_some_and(&admits);
        match (begin, admitted) {
            (None, true) => begin = Some(at),
            (Some(from), false) => {
                let run = match (from, at == list.len()) {
                    (0, true) => Places::full(),
                    (0, false) => Places::strictly_lower_than(place(at)),
                    (_, true) => Places::higher_than(place(from)),
                    (_, false) => Places::between(place(from), place(at)),
                };
                set = set.union(&run);
                begin = None;
            }
            _ => {}
        }
    }
    set
}

impl<'u> Provider<'u> {
    pub(super) fn new(universe: &'u Universe, wish: &'u Wish, stop: &'u dyn Fn() -> bool) -> Self {
        let packages: Vec<Known<'u>> = universe
            .packages()
            .map(|(name, offers)| Known { name, offers })
            .collect();
        let index = packages.iter().enumerate();
        let mut provider = Self {
            wish,
            core: universe.core(),
            places: index.map(|(at, known)| (known.name, place(at))).collect(),
            packages,
            addresses: BTreeMap::new(),
            refusals: HashMap::new(),
            stop,
        };
        provider.look_for_clashes();
        provider
    }

    fn look_for_clashes(&mut self) {
        for (at, known) in self.packages.iter().enumerate() {
            for (version, offer) in known.offers.iter().enumerate() {
                for port in &offer.ports {
                    let addresses = self.addresses.entry(port.host).or_default();
                    addresses.insert(address(port));
                }
                // An optional dependency refuses the versions that it does not admit.
                for need in offer.conflicts.iter().chain(&offer.optional) {
                    let Subject::Package(name) = &need.requirement.subject else {
                        continue;
                    };
                    if let Some(refused) = self.places.get(name).filter(|p| **p != place(at)) {
                        let by = (place(at), place(version), need.line.unwrap_or(0));
                        self.refusals.entry(*refused).or_default().push(by);
                    }
                }
            }
        }
        for list in self.refusals.values_mut() {
            list.sort_unstable();
            list.dedup();
        }
    }

    pub(super) fn offer(&self, package: u32, version: u32) -> Option<&'u Offer> {
        let known = self.packages.get(usize::try_from(package).ok()?)?;
        known.offers.get(usize::try_from(version).ok()?)
    }

    fn known(&self, package: u32) -> Option<&Known<'u>> {
        self.packages.get(usize::try_from(package).ok()?)
    }

    pub(super) fn is_unwanted(&self, package: u32) -> bool {
        self.known(package)
            .is_some_and(|known| self.wish.unwanted.contains(known.name))
    }

    /// The versions of a package that an offer refuses: those that its conflicts name, and those
    /// that its optional dependencies do not admit.
    fn refused(&self, by: &Offer, refused: u32) -> Places {
        let Some(known) = self.known(refused) else {
            return Places::empty();
        };
        let about =
            |subject: &Subject| matches!(subject, Subject::Package(name) if name == known.name);
        places(known.offers, |offer| {
            let conflict = by.conflicts.iter().any(|need| {
                about(&need.requirement.subject) && need.requirement.admits(&offer.version)
            });
            let unfit = by.optional.iter().any(|need| {
                about(&need.requirement.subject) && !need.requirement.admits(&offer.version)
            });
            conflict || unfit
        })
    }

    fn root(&self) -> Vec<(Node, Places)> {
        let core = if self.wish.any_core {
            Places::full()
        } else {
            places(self.core, |core| core.version == self.wish.core)
        };
        let mut all = vec![(Node::Core, core)];
        for (name, _) in self.wish.staying() {
            if let Some(at) = self.places.get(name) {
                all.push((Node::Package(*at), Places::full()));
            }
        }
        for wanted in &self.wish.wanted {
            if let Some(at) = self.places.get(&wanted.name) {
                let offers = self.known(*at).map_or(&[][..], |known| known.offers);
                let admits = |offer: &Offer| {
                    let constraints = wanted.constraints.as_ref();
                    constraints.is_none_or(|c| c.admit(&offer.version))
                };
                all.push((Node::Package(*at), places(offers, admits)));
            }
        }
        all
    }

    fn package(
        &self,
        package: u32,
        version: u32,
        offer: &Offer,
    ) -> Result<Vec<(Node, Places)>, Unusable> {
        let fits = |core: &CoreRelease| {
            let contracts = offer.contracts_major.zip(core.contracts_major);
            offer.core.fit(&core.version) == Fit::Inside
                && contracts.is_none_or(|(want, have)| want == have)
        };
        let mut all = vec![(Node::Core, places(self.core, fits))];
        for need in &offer.required {
            let requirement = &need.requirement;
            match &requirement.subject {
                Subject::Core => {
                    let set = places(self.core, |core| requirement.admits(&core.version));
                    all.push((Node::Core, set));
                }
                Subject::Package(name) => {
                    let Some(at) = self.places.get(name) else {
                        return Err(Unusable::Unknown {
                            need: requirement.to_string(),
                            line: need.line,
                        });
                    };
                    all.push((Node::Package(*at), self.admitted(*at, need)));
                }
            }
        }
        if self.wish.with_optional {
            for need in &offer.optional {
                if let Subject::Package(name) = &need.requirement.subject
                    && let Some(at) = self.places.get(name).filter(|at| !self.is_unwanted(**at))
                {
                    all.push((Node::Package(*at), self.admitted(*at, need)));
                }
            }
        }
        all.extend(self.clashes(package, version, offer));
        Ok(all)
    }

    fn admitted(&self, package: u32, need: &super::Need) -> Places {
        let offers = self.known(package).map_or(&[][..], |known| known.offers);
        places(offers, |offer| need.requirement.admits(&offer.version))
    }

    /// What this version takes so that no other package can have it.
    fn clashes(&self, package: u32, version: u32, offer: &Offer) -> Vec<(Node, Places)> {
        let own = Places::singleton(package);
        let mut all = Vec::new();
        for port in &offer.ports {
            let addresses = self.addresses.get(&port.host).into_iter().flatten();
            let mine = address(port);
            for at in addresses.filter(|at| mine == EVERYWHERE || **at == mine) {
                all.push((Node::Port(port.host, at.clone()), own.clone()));
            }
        }
        if let Some(service) = &offer.service {
            all.push((Node::Service(service.clone()), own));
        }
        // As the refusing one …
        let about = offer.conflicts.iter().chain(&offer.optional);
        for need in about {
            if let Subject::Package(name) = &need.requirement.subject
                && let Some(refused) = self.places.get(name).filter(|at| **at != package)
            {
                let (by, line) = (package, need.line.unwrap_or(0));
                let node = Node::Conflict {
                    by,
                    version,
                    refused: *refused,
                    line,
                };
                all.push((node, Places::singleton(0_u32)));
            }
        }
        // … and as the refused one.
        for (by, their, line) in self.refusals.get(&package).into_iter().flatten() {
            let refusing = self.offer(*by, *their);
            if refusing.is_some_and(|by| self.refused(by, package).contains(&version)) {
                let node = Node::Conflict {
                    by: *by,
                    version: *their,
                    refused: package,
                    line: *line,
                };
                all.push((node, Places::singleton(1_u32)));
            }
        }
        all
    }

    /// The version that is preferred among those that are possible.
    fn preferred(&self, package: u32, possible: &Places) -> Option<u32> {
        if self.is_unwanted(package) {
            return None;
        }
        let known = self.known(package)?;
        let installed = self.wish.installed.get(known.name);
        let at = |version: &Version| {
            let found = known.offers.binary_search_by(|o| o.version.cmp(version));
            found.ok().map(place).filter(|at| possible.contains(at))
        };
        if let Some(installed) = installed
            && !self.wish.upgrades(known.name)
            && let Some(at) = at(&installed.version)
        {
            return Some(at);
        }
        let visible = |offer: &Offer| {
            let channel = Channel::of_version(&offer.version);
            self.wish.channel.sees(channel, false)
        };
        let newest_first = || {
            let all = known.offers.iter().enumerate().rev();
            all.map(|(at, offer)| (place(at), offer))
                .filter(|(at, _)| possible.contains(at))
        };
        let fitting = newest_first().find(|(_, offer)| visible(offer));
        let fitting = fitting.or_else(|| newest_first().next()).map(|(at, _)| at);
        // An upgrade never goes down by itself.
        match installed.and_then(|installed| at(&installed.version)) {
            Some(now) if fitting.is_some_and(|fitting| fitting < now) => Some(now),
            _ => fitting,
        }
    }

    /// What was chosen, without the nodes that stand for clashes.
    pub(super) fn solution(&self, chosen: SelectedDependencies<Node, u32>) -> Solution {
        let mut solution = Solution {
            core: self.wish.core.clone(),
            packages: BTreeMap::new(),
        };
        for (node, version) in chosen {
            match node {
                Node::Core => {
                    let at = usize::try_from(version).unwrap_or(usize::MAX);
                    if let Some(core) = self.core.get(at) {
                        solution.core = core.version.clone();
                    }
                }
                Node::Package(package) => {
                    let known = self.known(package).zip(self.offer(package, version));
                    if let Some((known, offer)) = known {
                        let version = offer.version.clone();
                        solution.packages.insert(known.name.clone(), version);
                    }
                }
                Node::Root | Node::Port(..) | Node::Service(_) | Node::Conflict { .. } => {}
            }
        }
        solution
    }
}

impl DependencyProvider for Provider<'_> {
    type P = Node;
    type V = u32;
    type VS = Places;
    type Priority = (u32, std::cmp::Reverse<usize>);
    type M = Unusable;
    type Err = Stopped;

    fn prioritize(
        &self,
        node: &Node,
        range: &Places,
        conflicts: &PackageResolutionStatistics,
    ) -> Self::Priority {
        let count = |length: usize| {
            let admitted = (0..length).filter(|at| range.contains(&place(*at)));
            admitted.count()
        };
        // What has fewer choices is decided first; a clash is decided by who takes part in it.
        let choices = match node {
            Node::Root => 0,
            Node::Core => count(self.core.len()),
            Node::Package(package) => count(self.known(*package).map_or(0, |k| k.offers.len())),
            Node::Port(..) | Node::Service(_) | Node::Conflict { .. } => 1,
        };
        (conflicts.conflict_count(), std::cmp::Reverse(choices))
    }

    fn choose_version(&self, node: &Node, range: &Places) -> Result<Option<u32>, Stopped> {
        Ok(match node {
            Node::Root => Some(0),
            Node::Core => {
                let all = self.core.iter().enumerate().rev().map(|(at, _)| place(at));
                let mut fitting = all.filter(|at| range.contains(at));
                fitting.next()
            }
            Node::Package(package) => self.preferred(*package, range),
            // Whoever asked for it has left one version, or none.
            Node::Port(..) | Node::Service(_) | Node::Conflict { .. } => {
                range.as_singleton().copied()
            }
        })
    }

    fn get_dependencies(
        &self,
        node: &Node,
        version: &u32,
    ) -> Result<Dependencies<Node, Places, Unusable>, Stopped> {
        let all = match node {
            Node::Root => self.root(),
            Node::Package(package) => match self.offer(*package, *version) {
                None => Vec::new(),
                Some(offer) => match self.package(*package, *version, offer) {
                    Ok(all) => all,
                    Err(unusable) => return Ok(Dependencies::Unavailable(unusable)),
                },
            },
            Node::Core | Node::Port(..) | Node::Service(_) | Node::Conflict { .. } => Vec::new(),
        };
        // Two demands on one node are one demand for what both admit.
        let mut joined: Vec<(Node, Places)> = Vec::with_capacity(all.len());
        for (node, set) in all {
            match joined.iter_mut().find(|(have, _)| *have == node) {
                Some((_, have)) => *have = have.intersection(&set),
                None => joined.push((node, set)),
            }
        }
        Ok(Dependencies::Available(DependencyConstraints::from_iter(
            joined,
        )))
    }

    fn should_cancel(&self) -> Result<(), Stopped> {
        if (self.stop)() { Err(Stopped) } else { Ok(()) }
    }
}

//! Why it cannot be: the facts that together leave no way, each with the place where it stands.

use std::collections::BTreeSet;

use pubgrub::{DerivationTree, External};
use semver::Version;
use vit_contract::package::{PackageName, Subject};

use super::provider::{Node, Places, Provider, Unusable};
use super::universe::Offer;

/// What speaks against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explanation {
    /// The facts that together leave no way. None of them is superfluous to the proof.
    pub facts: Vec<Fact>,
    /// What would make it possible; each was tried.
    pub help: Vec<Help>,
}

/// What would make it possible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Help {
    /// Another Core release.
    Core(Version),
    /// Another version of what was asked for.
    AnyVersion {
        /// The package.
        name: PackageName,
        /// The version that is possible.
        version: Version,
    },
    /// An installed package goes.
    Remove(PackageName),
    /// A package that is to go stays.
    Keep(PackageName),
}

/// A fact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fact {
    /// The Core release that is or will be there.
    Core {
        /// Its version.
        version: Version,
    },
    /// Somebody asked for a package.
    Asked {
        /// Its name.
        name: PackageName,
        /// In which versions; empty for any.
        constraints: String,
    },
    /// A package is installed.
    Installed {
        /// Its name.
        name: PackageName,
        /// Its version.
        version: Version,
    },
    /// A package is to go.
    Unwanted {
        /// Its name.
        name: PackageName,
    },
    /// A package needs something.
    Needs {
        /// The package.
        name: PackageName,
        /// In which versions.
        versions: String,
        /// What it needs: `service-mcp>=0.5.0`, `Core 1.0.0 to 1.x.x`.
        what: String,
        /// Where that stands.
        place: String,
    },
    /// A package has no such version, or is not known.
    NoVersion {
        /// What was needed or asked for.
        what: String,
    },
    /// Packages that cannot both be there.
    Clash {
        /// What both want: `port 9003`, `compose service x`.
        what: String,
        /// The packages.
        names: BTreeSet<PackageName>,
    },
    /// A package refuses another.
    Refuses {
        /// The package.
        name: PackageName,
        /// In which version.
        version: Version,
        /// What it refuses.
        what: String,
        /// Where that stands.
        place: String,
    },
}

type Tree = DerivationTree<Node, Places, Unusable>;

/// The facts of a proof, in the order of the proof.
pub(super) fn explain(provider: &Provider<'_>, tree: &Tree) -> Explanation {
    let mut facts = Vec::new();
    walk(provider, tree, &mut facts);
    Explanation {
        facts: joined(facts),
        help: Vec::new(),
    }
}

/// The tree can share branches and be deep: an explicit stack, and every branch once.
fn walk(provider: &Provider<'_>, tree: &Tree, facts: &mut Vec<Fact>) {
    let mut stack = vec![tree];
    let mut seen = BTreeSet::new();
    while let Some(tree) = stack.pop() {
        match tree {
            DerivationTree::External(external) => facts.extend(fact(provider, external)),
            DerivationTree::Derived(derived) => {
                if derived.shared_id.is_some_and(|id| !seen.insert(id)) {
                    continue;
                }
                stack.push(&derived.cause2);
                stack.push(&derived.cause1);
            }
        }
    }
}

/// Each fact once, and clashes over one thing as one.
fn joined(facts: Vec<Fact>) -> Vec<Fact> {
    let mut all: Vec<Fact> = Vec::new();
    for fact in facts {
        if let Fact::Clash { what, names } = &fact {
            let same = all.iter_mut().find_map(|have| match have {
                Fact::Clash { what: other, names } if other == what => Some(names),
                _ => None,
            });
            if let Some(have) = same {
                have.extend(names.iter().cloned());
                continue;
            }
        }
        if !all.contains(&fact) {
            all.push(fact);
        }
    }
    all
}

fn fact(provider: &Provider<'_>, external: &External<Node, Places, Unusable>) -> Vec<Fact> {
    match external {
        External::NotRoot(..) => Vec::new(),
        External::NoVersions(Node::Package(package), _) if provider.is_unwanted(*package) => {
            name(provider, *package)
                .map(|name| Fact::Unwanted { name })
                .into_iter()
                .collect()
        }
        // Whoever needs it says which versions; that there are none is the rest of the proof.
        External::NoVersions(..) => Vec::new(),
        External::Custom(node, set, Unusable::Unknown { need, line }) => {
            let Node::Package(package) = node else {
                return Vec::new();
            };
            let mut facts = needs(provider, *package, set, |offer| {
                let place = place(offer, *line);
                offer
                    .required
                    .iter()
                    .any(|n| n.requirement.to_string() == *need)
                    .then(|| (need.clone(), place))
            });
            facts.push(Fact::NoVersion { what: need.clone() });
            facts
        }
        External::FromDependencyOf(node, set, dependency, admitted) => {
            dependency_fact(provider, (node, set), (dependency, admitted))
        }
    }
}

fn dependency_fact(
    provider: &Provider<'_>,
    (node, set): (&Node, &Places),
    (dependency, admitted): (&Node, &Places),
) -> Vec<Fact> {
    match (node, dependency) {
        (Node::Root, Node::Core) => vec![Fact::Core {
            version: provider.wish.core.clone(),
        }],
        (Node::Root, Node::Package(package)) => wanted(provider, *package, admitted),
        (Node::Package(package), Node::Core) => needs(provider, *package, set, |offer| {
            Some((core_of(offer), place(offer, None)))
        }),
        (Node::Package(package), Node::Package(needed)) => {
            let Some(needed) = name(provider, *needed) else {
                return Vec::new();
            };
            let about = |subject: &Subject| matches!(subject, Subject::Package(n) if *n == needed);
            let mut facts = needs(provider, *package, set, |offer| {
                let all = offer.required.iter().chain(&offer.optional);
                let mut about = all.filter(|need| about(&need.requirement.subject));
                let need = about.next()?;
                Some((need.requirement.to_string(), place(offer, need.line)))
            });
            if *admitted == Places::empty() {
                let whats: Vec<Fact> = facts
                    .iter()
                    .filter_map(|fact| match fact {
                        Fact::Needs { what, .. } => Some(Fact::NoVersion { what: what.clone() }),
                        _ => None,
                    })
                    .collect();
                facts.extend(whats);
            }
            facts
        }
        (Node::Package(package), Node::Port(port, _)) => {
            clash(provider, *package, format!("port {port}"))
        }
        (Node::Package(package), Node::Service(service)) => {
            let service = service.rsplit(':').next().unwrap_or(service);
            clash(provider, *package, format!("compose service {service}"))
        }
        (
            Node::Package(_),
            Node::Conflict {
                by,
                version,
                refused,
                line,
            },
        ) => refuses(provider, (*by, *version), *refused, *line),
        _ => Vec::new(),
    }
}

/// Who wants a package: somebody now, or it is installed.
fn wanted(provider: &Provider<'_>, package: u32, admitted: &Places) -> Vec<Fact> {
    let Some(name) = name(provider, package) else {
        return Vec::new();
    };
    let mut facts: Vec<Fact> = provider
        .wish
        .wanted
        .iter()
        .filter(|wanted| wanted.name == name)
        .map(|wanted| Fact::Asked {
            name: name.clone(),
            constraints: wanted
                .constraints
                .as_ref()
                .map_or_else(String::new, ToString::to_string),
        })
        .collect();
    if *admitted == Places::empty() {
        let missing = facts.iter().filter_map(|fact| match fact {
            Fact::Asked { name, constraints } => Some(Fact::NoVersion {
                what: format!("{name}{constraints}"),
            }),
            _ => None,
        });
        let missing: Vec<Fact> = missing.collect();
        facts.extend(missing);
    }
    if let Some(installed) = provider.wish.installed.get(&name)
        && facts.is_empty()
    {
        facts.push(Fact::Installed {
            name,
            version: installed.version.clone(),
        });
    }
    facts
}

/// What the versions of a package in `set` need; versions that need the same are one fact.
fn needs(
    provider: &Provider<'_>,
    package: u32,
    set: &Places,
    what: impl Fn(&Offer) -> Option<(String, String)>,
) -> Vec<Fact> {
    let Some(name) = name(provider, package) else {
        return Vec::new();
    };
    let all: Vec<&Offer> = (0_u32..)
        .map_while(|at| provider.offer(package, at).map(|offer| (at, offer)))
        .filter(|(at, _)| set.contains(at))
        .map(|(_, offer)| offer)
        .collect();
    let mut groups: Vec<(String, String, Vec<&Offer>)> = Vec::new();
    for offer in all {
        let Some((what, place)) = what(offer) else {
            continue;
        };
        match groups.iter_mut().find(|(have, _, _)| *have == what) {
            Some((_, _, offers)) => offers.push(offer),
            None => groups.push((what, place, vec![offer])),
        }
    }
    groups
        .into_iter()
        .map(|(what, place, offers)| Fact::Needs {
            name: name.clone(),
            versions: versions(&offers),
            what,
            place,
        })
        .collect()
}

/// `1.0.0`, or `1.0.0 to 2.1.0`.
fn versions(offers: &[&Offer]) -> String {
    match offers {
        [] => String::new(),
        [one] => one.version.to_string(),
        [first, .., last] => format!("{} to {}", first.version, last.version),
    }
}

fn core_of(offer: &Offer) -> String {
    let range = format!("Core {} to {}", offer.core.min, offer.core.max);
    let contracts = offer
        .contracts_major
        .map_or_else(String::new, |major| format!(", contracts {major}"));
    let also = offer
        .required
        .iter()
        .filter(|need| need.requirement.subject == Subject::Core)
        .map(|need| format!(", {}", need.requirement));
    format!("{range}{contracts}{}", also.collect::<String>())
}

fn clash(provider: &Provider<'_>, package: u32, what: String) -> Vec<Fact> {
    let names: BTreeSet<PackageName> = name(provider, package).into_iter().collect();
    vec![Fact::Clash { what, names }]
}

fn refuses(
    provider: &Provider<'_>,
    (by, version): (u32, u32),
    refused: u32,
    line: usize,
) -> Vec<Fact> {
    let found = name(provider, by)
        .zip(provider.offer(by, version))
        .zip(name(provider, refused));
    let Some(((name, offer), refused)) = found else {
        return Vec::new();
    };
    let about = |subject: &Subject| matches!(subject, Subject::Package(n) if *n == refused);
    let conflict = offer
        .conflicts
        .iter()
        .find(|need| about(&need.requirement.subject))
        .map(|need| need.requirement.to_string());
    let what = conflict.unwrap_or_else(|| {
        let optional = offer.optional.iter();
        let mut wanted = optional.filter(|need| about(&need.requirement.subject));
        let wanted = wanted.next().map(|need| need.requirement.to_string());
        format!("any {refused} but {}", wanted.unwrap_or_default())
    });
    vec![Fact::Refuses {
        name,
        version: offer.version.clone(),
        what,
        place: place(offer, (line > 0).then_some(line)),
    }]
}

fn name(provider: &Provider<'_>, package: u32) -> Option<PackageName> {
    let at = usize::try_from(package).ok()?;
    provider.packages.get(at).map(|known| known.name.clone())
}

/// `file:line`.
fn place(offer: &Offer, line: Option<usize>) -> String {
    line.map_or_else(
        || offer.origin.clone(),
        |line| format!("{}:{line}", offer.origin),
    )
}

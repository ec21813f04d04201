use std::cell::Cell;
use std::collections::BTreeMap;

use proptest::prelude::*;
use semver::Version;
use vit_contract::package::{PackageName, Port, Subject};
use vit_contract::range::{CoreRange, Fit, Max};

use super::*;

fn version(text: &str) -> Version {
    vit_contract::version::parse(text).unwrap()
}

fn name(text: &str) -> PackageName {
    PackageName::parse(text).unwrap()
}

fn needs(list: &[&str]) -> Vec<Need> {
    let need = |(at, text): (usize, &&str)| Need {
        requirement: text.parse().unwrap(),
        line: Some(at + 10),
    };
    list.iter().enumerate().map(need).collect()
}

/// A version of a package for any Core.
fn offer(number: &str) -> Offer {
    Offer {
        version: version(number),
        origin: format!("x-{number}.vit"),
        with_core: false,
        core: CoreRange {
            min: version("0.0.0"),
            max: Max::Major(99),
        },
        contracts_major: None,
        required: Vec::new(),
        optional: Vec::new(),
        conflicts: Vec::new(),
        ports: Vec::new(),
        service: None,
    }
}

fn universe() -> Universe {
    let core = |number: &str| CoreRelease {
        version: version(number),
        contracts_major: Some(version(number).major),
    };
    Universe::new(vec![core("2.0.0"), core("1.0.0"), core("1.5.0")])
}

fn wish(wanted: &[&str], installed: &[(&str, &str)]) -> Wish {
    let installed = installed.iter().map(|(package, number)| {
        let one = Installed {
            version: version(number),
            as_dependency: false,
        };
        (name(package), one)
    });
    let mut wish = Wish::new(version("1.5.0"), installed.collect());
    for text in wanted {
        let end = text.find(['<', '>', '=', '!', '~']).unwrap_or(text.len());
        let (package, rest) = text.split_at(end);
        let constraints = (!rest.is_empty()).then(|| rest.parse().unwrap());
        wish = wish.want(name(package), constraints);
    }
    wish
}

fn never() -> bool {
    false
}

fn solved(universe: &Universe, wish: &Wish) -> Vec<String> {
    let solution = resolve(universe, wish, &never).unwrap();
    let packages = solution.packages.iter();
    packages
        .map(|(name, version)| format!("{name} {version}"))
        .collect()
}

fn refused(universe: &Universe, wish: &Wish) -> Explanation {
    match resolve(universe, wish, &never) {
        Err(Unsolved::Impossible(explanation)) => *explanation,
        other => panic!("{other:?}"),
    }
}

#[test]
fn dependencies_come_along_in_their_newest_fitting_version() {
    let mut all = universe();
    for number in ["1.0.0", "1.5.0", "2.0.0", "2.1.0-beta.1"] {
        all.add(name("service-b"), offer(number));
    }
    let mut a = offer("1.0.0");
    a.required = needs(&["service-b>=1.2,<3"]);
    all.add(name("service-a"), a);
    let got = solved(&all, &wish(&["service-a"], &[]));
    assert_eq!(got, ["service-a 1.0.0", "service-b 2.0.0"]);
    // An installed one stays where it fits, and changes where it does not.
    let got = solved(&all, &wish(&["service-a"], &[("service-b", "1.5.0")]));
    assert_eq!(got, ["service-a 1.0.0", "service-b 1.5.0"]);
    let got = solved(&all, &wish(&["service-a"], &[("service-b", "1.0.0")]));
    assert_eq!(got, ["service-a 1.0.0", "service-b 2.0.0"]);
    // A pre-release comes by its channel, or by being named.
    let mut beta = wish(&["service-b"], &[]);
    beta.channel = vit_contract::channel::Channel::Beta;
    assert_eq!(solved(&all, &beta), ["service-b 2.1.0-beta.1"]);
    let got = solved(&all, &wish(&["service-b==2.1.0-beta.1"], &[]));
    assert_eq!(got, ["service-b 2.1.0-beta.1"]);
    // An upgrade goes up, and never down by itself.
    let mut newer = wish(
        &[],
        &[("service-b", "2.1.0-beta.1"), ("service-a", "1.0.0")],
    );
    newer.upgrades = Upgrades::All;
    assert_eq!(solved(&all, &newer)[1], "service-b 2.1.0-beta.1");
}

#[test]
fn case_22_what_does_not_fit_is_refused_with_its_reason() {
    let mut all = universe();
    all.add(name("service-b"), offer("1.0.0"));
    let mut a = offer("1.0.0");
    a.required = needs(&["service-b>=2.0.0,<3"]);
    all.add(name("service-a"), a);
    let mut c = offer("1.0.0");
    c.required = needs(&["service-gone"]);
    all.add(name("service-c"), c);
    let mut d = offer("1.0.0");
    d.core = CoreRange {
        min: version("2.0.0"),
        max: Max::Major(2),
    };
    all.add(name("service-d"), d);

    let why = refused(&all, &wish(&["service-a"], &[("service-b", "1.0.0")]));
    let needed = Fact::Needs {
        name: name("service-a"),
        versions: "1.0.0".into(),
        what: "service-b>=2.0.0,<3.0.0".into(),
        place: "x-1.0.0.vit:10".into(),
    };
    assert!(why.facts.contains(&needed), "{why:?}");
    let why = refused(&all, &wish(&["service-c"], &[]));
    let missing = Fact::NoVersion {
        what: "service-gone".into(),
    };
    assert!(why.facts.contains(&missing), "{why:?}");
    let why = refused(&all, &wish(&["service-d"], &[]));
    assert!(
        why.facts.contains(&Fact::Core {
            version: version("1.5.0")
        }),
        "{why:?}"
    );
    assert_eq!(why.help, [Help::Core(version("2.0.0"))]);
    let why = refused(&all, &wish(&["service-b>=7"], &[]));
    let other = Help::AnyVersion {
        name: name("service-b"),
        version: version("1.0.0"),
    };
    assert_eq!(why.help, [other]);
    let why = refused(&all, &wish(&["service-nobody"], &[]));
    assert_eq!(why.facts.len(), 1);
}

#[test]
fn case_22_a_cycle_is_no_obstacle() {
    let mut all = universe();
    for (one, other) in [("service-a", "service-b"), ("service-b", "service-a")] {
        let mut found = offer("1.0.0");
        found.required = needs(&[&format!("{other}>=1")]);
        all.add(name(one), found);
    }
    let got = solved(&all, &wish(&["service-a"], &[]));
    assert_eq!(got, ["service-a 1.0.0", "service-b 1.0.0"]);
    // One that nothing can satisfy ends all the same.
    let mut found = offer("2.0.0");
    found.required = needs(&["service-b>=2"]);
    all.add(name("service-a"), found);
    assert_eq!(
        solved(&all, &wish(&["service-a"], &[]))[0],
        "service-a 1.0.0"
    );
}

#[test]
fn case_23_conflicts_count_from_both_sides_and_ports_are_one_each() {
    let mut all = universe();
    let mut a = offer("1.0.0");
    a.conflicts = needs(&["service-b<2"]);
    all.add(name("service-a"), a);
    all.add(name("service-b"), offer("1.0.0"));
    for (wanted, installed) in [
        (&["service-b"][..], &[("service-a", "1.0.0")][..]),
        (&["service-a"], &[("service-b", "1.0.0")]),
        (&["service-a", "service-b"], &[]),
    ] {
        let why = refused(&all, &wish(wanted, installed));
        let refuses = Fact::Refuses {
            name: name("service-a"),
            version: version("1.0.0"),
            what: "service-b<2.0.0".into(),
            place: "x-1.0.0.vit:10".into(),
        };
        assert!(why.facts.contains(&refuses), "{why:?}");
        for (installed, _) in installed {
            assert_eq!(why.help, [Help::Remove(name(installed))]);
        }
    }
    all.add(name("service-b"), offer("2.0.0"));
    let got = solved(&all, &wish(&["service-a"], &[("service-b", "1.0.0")]));
    assert_eq!(got, ["service-a 1.0.0", "service-b 2.0.0"]);

    for (package, port) in [
        ("service-p", "80:1"),
        ("service-q", "127.0.0.1:80:1"),
        ("service-r", "127.0.0.2:80:1"),
    ] {
        let mut found = offer("1.0.0");
        found.ports = vec![Port::parse(port).unwrap()];
        all.add(name(package), found);
    }
    assert_eq!(
        solved(&all, &wish(&["service-q", "service-r"], &[])).len(),
        2
    );
    let why = refused(&all, &wish(&["service-p", "service-r"], &[]));
    let clash = Fact::Clash {
        what: "port 80".into(),
        names: [name("service-p"), name("service-r")].into(),
    };
    assert!(why.facts.contains(&clash), "{why:?}");
    for package in ["service-s", "service-t"] {
        let mut found = offer("1.0.0");
        found.service = Some("compose.yml:web".into());
        all.add(name(package), found);
    }
    let why = refused(&all, &wish(&["service-s"], &[("service-t", "1.0.0")]));
    assert!(
        format!("{why:?}").contains("compose service web"),
        "{why:?}"
    );
}

#[test]
fn optional_dependencies_come_when_asked_for_and_always_fit() {
    let mut all = universe();
    let mut a = offer("1.0.0");
    a.optional = needs(&["service-b>=2", "service-unknown"]);
    all.add(name("service-a"), a);
    all.add(name("service-b"), offer("1.0.0"));
    all.add(name("service-b"), offer("2.0.0"));
    assert_eq!(solved(&all, &wish(&["service-a"], &[])).len(), 1);
    let mut with = wish(&["service-a"], &[]);
    with.with_optional = true;
    assert_eq!(solved(&all, &with), ["service-a 1.0.0", "service-b 2.0.0"]);
    // One that is there all the same must be one that it can make use of.
    let got = solved(&all, &wish(&["service-a"], &[("service-b", "1.0.0")]));
    assert_eq!(got, ["service-a 1.0.0", "service-b 2.0.0"]);
}

#[test]
fn what_others_need_is_not_removed() {
    let mut all = universe();
    let mut a = offer("1.0.0");
    a.required = needs(&["service-b"]);
    all.add(name("service-a"), a);
    all.add(name("service-b"), offer("1.0.0"));
    let mut removal = wish(&[], &[("service-a", "1.0.0"), ("service-b", "1.0.0")]);
    removal.unwanted = vec![name("service-b")];
    let why = refused(&all, &removal);
    let unwanted = Fact::Unwanted {
        name: name("service-b"),
    };
    assert!(why.facts.contains(&unwanted), "{why:?}");
    assert!(why.help.contains(&Help::Keep(name("service-b"))), "{why:?}");
    assert!(
        why.help.contains(&Help::Remove(name("service-a"))),
        "{why:?}"
    );
    removal.unwanted.push(name("service-a"));
    assert_eq!(solved(&all, &removal), Vec::<String>::new());
}

#[test]
fn contracts_of_another_major_do_not_fit() {
    let mut all = universe();
    let mut a = offer("1.0.0");
    a.contracts_major = Some(2);
    all.add(name("service-a"), a);
    let why = refused(&all, &wish(&["service-a"], &[]));
    assert_eq!(why.help, [Help::Core(version("2.0.0"))]);
}

/// `holes` + 1 pigeons, each in one of `holes` holes: what a search of this kind cannot see at
/// a glance.
fn pigeons(holes: usize) -> (Universe, Wish) {
    let mut all = universe();
    let mut names = Vec::new();
    for pigeon in 0..=holes {
        let name = name(&format!("service-p{pigeon}"));
        for hole in 0..holes {
            let mut found = offer(&format!("{hole}.0.0"));
            found.ports = vec![Port::parse(&format!("{}:1", 1000 + hole)).unwrap()];
            all.add(name.clone(), found);
        }
        names.push(name);
    }
    let mut wish = wish(&[], &[]);
    for name in names {
        wish = wish.want(name, None);
    }
    (all, wish)
}

#[test]
fn a_hopeless_search_ends_when_it_is_told_to() {
    let (all, wish) = pigeons(4);
    assert!(matches!(
        resolve(&all, &wish, &never),
        Err(Unsolved::Impossible(_))
    ));
    let (all, wish) = pigeons(11);
    let asked = Cell::new(0);
    let stop = || {
        asked.set(asked.get() + 1);
        asked.get() > 2000
    };
    assert_eq!(resolve(&all, &wish, &stop), Err(Unsolved::GivenUp));
}

/// Whether a set of packages meets every demand, by the words of the format.
fn meets(all: &Universe, wish: &Wish, chosen: &BTreeMap<PackageName, Version>) -> bool {
    let offers: Vec<(&PackageName, &Offer)> = chosen
        .iter()
        .map(|(name, version)| {
            let mut offers = all.offers(name).iter();
            (name, offers.find(|o| o.version == *version).unwrap())
        })
        .collect();
    let there = |need: &Need| match &need.requirement.subject {
        Subject::Core => need.requirement.admits(&wish.core),
        Subject::Package(name) => chosen
            .get(name)
            .is_some_and(|version| need.requirement.admits(version)),
    };
    let asked = wish.wanted.iter().all(|wanted| {
        chosen
            .get(&wanted.name)
            .is_some_and(|version| wanted.constraints.as_ref().is_none_or(|c| c.admit(version)))
    });
    let stays = wish.staying().all(|(name, _)| chosen.contains_key(name));
    let single = offers.iter().all(|(_, offer)| {
        offer.core.fit(&wish.core) == Fit::Inside
            && offer.required.iter().all(there)
            && !offer.conflicts.iter().any(there)
    });
    let apart = offers.iter().enumerate().all(|(at, (_, one))| {
        offers[at + 1..].iter().all(|(_, other)| {
            let clash = |a: &Port| other.ports.iter().any(|b| a.clashes(b));
            !one.ports.iter().any(clash)
        })
    });
    asked && stays && single && apart && wish.unwanted.iter().all(|name| !chosen.contains_key(name))
}

/// Whether any set does, by trying all.
fn any_set(all: &Universe, wish: &Wish) -> bool {
    let lists: Vec<(&PackageName, &[Offer])> = all.packages().collect();
    let mut at = vec![0_usize; lists.len()];
    loop {
        let chosen = at
            .iter()
            .zip(&lists)
            .filter(|(at, _)| **at > 0)
            .map(|(at, (name, offers))| ((*name).clone(), offers[at - 1].version.clone()))
            .collect();
        if meets(all, wish, &chosen) {
            return true;
        }
        let Some(next) = (0..at.len()).find(|i| at[*i] < lists[*i].1.len()) else {
            return false;
        };
        at[next] += 1;
        at[..next].fill(0);
    }
}

/// Four packages in three versions each, with random demands.
fn worlds() -> impl Strategy<Value = (Universe, Wish)> {
    let sign = prop::sample::select(vec![">=", "<", "==", "!="]);
    let need = (0..4_usize, sign, 1..4_u64);
    let one = (
        prop::collection::vec(need.clone(), 0..3),
        prop::collection::vec(need, 0..2),
        prop::option::of(0..3_u16),
        0..4_u64,
    );
    let wanted = prop::collection::vec((0..4_usize, prop::option::of(1..4_u64)), 1..3);
    let installed = prop::collection::btree_map(0..4_usize, 1..4_u64, 0..3);
    (prop::collection::vec(one, 12), wanted, installed).prop_map(|(offers, wanted, installed)| {
        let mut all = universe();
        for (at, (required, conflicts, port, oldest)) in offers.into_iter().enumerate() {
            let own = at / 3;
            let mut found = offer(&format!("{}.0.0", at % 3 + 1));
            let list = |needs: Vec<(usize, &str, u64)>| -> Vec<Need> {
                let text =
                    |(package, sign, number)| format!("service-x{package}{sign}{number}.0.0");
                let other = needs.into_iter().filter(|(package, _, _)| *package != own);
                other
                    .map(|need| {
                        Need::from(
                            text(need)
                                .parse::<vit_contract::package::Requirement>()
                                .unwrap(),
                        )
                    })
                    .collect()
            };
            found.required = list(required);
            found.conflicts = list(conflicts);
            found.ports = port
                .map(|port| Port::parse(&format!("{}:1", 80 + port)).unwrap())
                .into_iter()
                .collect();
            if oldest == 0 {
                found.core.min = version("2.0.0");
            }
            all.add(name(&format!("service-x{own}")), found);
        }
        let wanted: Vec<String> = wanted
            .into_iter()
            .map(|(package, number)| match number {
                Some(number) => format!("service-x{package}>={number}.0.0"),
                None => format!("service-x{package}"),
            })
            .collect();
        let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
        let mut wish = wish(&wanted, &[]);
        for (package, number) in installed {
            let one = Installed {
                version: version(&format!("{number}.0.0")),
                as_dependency: false,
            };
            wish.installed
                .insert(name(&format!("service-x{package}")), one);
        }
        (all, wish)
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn it_finds_a_set_exactly_where_there_is_one((all, wish) in worlds()) {
        let found = resolve(&all, &wish, &never);
        match &found {
            Ok(solution) => prop_assert!(meets(&all, &wish, &solution.packages), "{solution:?}"),
            Err(Unsolved::Impossible(why)) => {
                prop_assert!(!any_set(&all, &wish));
                prop_assert!(!why.facts.is_empty());
            }
            Err(Unsolved::GivenUp) => prop_assert!(false, "given up"),
        }
        prop_assert_eq!(found, resolve(&all, &wish, &never));
    }
}

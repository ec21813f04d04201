//! What is asked of a registry that tells metadata one by one, and that the answers are those of
//! one that tells everything at once.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use vit_contract::channel::Channel;
use vit_contract::output::{
    ChecksumState, Judged, ListedRelease, ReleaseListReport, ReleaseState, WhyReport, WhyState,
};
use vit_contract::release::Checksum;

use super::*;
use crate::cancel::Cancel;
use crate::clock::FixedClock;
use crate::compat::fixture;
use crate::context::Actor;
use crate::environment::Environment;
use crate::event::Silent;
use crate::facts::known::Ask;
use crate::faults::Faults;
use crate::git::scratch::Scratch;
use crate::ops::release::{ListOptions, list_of, show_of};
use crate::ops::update::{Found, search};
use crate::ops::{planning, why};
use crate::registry::scripted::{Batches, Scripted};
use crate::site::Site;

const MANIFEST: &str = "domain_name: finance
domain_version: \"0.2.0\"
status: active
compatibility:
  min_core_version: \"1.0.0\"
  max_core_version: \"9.x.x\"
  contracts_major: 1
  update_channel: stable
ownership:
  team: finance
  tech_lead: A. Lead
  contact: finance@example.org
";

/// An installation of 1.0.0. All releases have its commit: what differs is their metadata.
struct World {
    here: Scratch,
    site: Site,
    cancel: Cancel,
    commit: String,
    tree: String,
}

impl World {
    fn new() -> Self {
        let here = Scratch::new();
        here.write("domains/finance/vertical_manifest.yaml", MANIFEST);
        here.write("contracts/__init__.py", "__all__ = []\n");
        let commit = here.commit("1.0.0");
        here.run(&["tag", "v1.0.0"]);
        Self {
            site: Site::discover(&here.root, &here.environment).unwrap(),
            tree: here.run(&["rev-parse", "HEAD^{tree}"]),
            cancel: Cancel::default(),
            commit,
            here,
        }
    }

    fn with<T>(&self, act: impl FnOnce(&Context<'_>) -> T) -> T {
        act(&Context {
            site: &self.site,
            git: &self.here.git,
            environment: &self.here.environment,
            clock: &FixedClock("2026-11-22T10:00:00Z".parse().unwrap()),
            reporter: &Silent,
            cancel: &self.cancel,
            actor: &Actor::default(),
            faults: &Faults::new(&Environment::default()),
            network: &crate::network::Network::none(),
            channel_override: None,
        })
    }

    fn release(&self, version: &str) -> Release {
        let mut release = fixture::release(version);
        release.commit = Some(self.commit.clone());
        release.tree = Some(self.tree.clone());
        release.metadata.as_mut().unwrap().checksum = None;
        release.metadata_sha256 = Some(format!("sha of {version}"));
        release
    }

    fn releases(&self, versions: &[&str]) -> Scripted {
        Scripted {
            releases: versions.iter().map(|text| self.release(text)).collect(),
            ..Scripted::default()
        }
    }

    fn facts(&self, registry: Scripted, ask: Ask, channel: Channel) -> (Facts, Batches) {
        let batches = Arc::clone(&registry.batches);
        let facts = self.with(|cx| Facts::gather_from(cx, ask, |_| Ok(Box::new(registry))));
        let mut facts = facts.unwrap();
        facts.channel.channel = channel;
        (facts, batches)
    }

    fn search(&self, registry: Scripted, ask: Ask, channel: Channel) -> (Found, Vec<Vec<String>>) {
        let (facts, batches) = self.facts(registry, ask, channel);
        let found = self.with(|cx| search(cx, &facts, None)).unwrap();
        let batches = batches.lock().unwrap().clone();
        (found, batches)
    }

    fn stable(&self, registry: Scripted) -> (Found, Vec<Vec<String>>) {
        self.search(registry, Ask::Anew, Channel::Stable)
    }
}

fn spoil(registry: &mut Scripted, version: &str, how: impl FnOnce(&mut Release)) {
    let found = registry.releases.iter_mut();
    how(found
        .into_iter()
        .find(|r| r.version.to_string() == version)
        .unwrap());
}

/// Its support is over: nothing on the way changes that.
fn ended(release: &mut Release) {
    let metadata = release.metadata.as_mut().unwrap();
    metadata.support_until = Some("2026-01-01".parse().unwrap());
}

fn offered(found: &Found) -> Option<String> {
    let (release, _) = found.offered.as_ref()?;
    Some(release.version.to_string())
}

fn blocked(found: &Found) -> Vec<String> {
    found
        .blocked
        .iter()
        .map(|(r, _)| r.version.to_string())
        .collect()
}

fn said(found: &Found, code: Code) -> usize {
    let (_, way) = found.offered.as_ref().unwrap();
    way.verdict.problems().filter(|p| p.code == code).count()
}

#[test]
fn the_newest_is_read_and_what_is_on_its_way_at_once() {
    let world = World::new();
    let versions = ["0.9.0", "1.0.0", "1.1.0", "1.2.0-rc.1", "1.2.0", "1.3.0"];
    let (found, batches) = world.stable(world.releases(&versions));
    assert_eq!(offered(&found).as_deref(), Some("1.3.0"));
    assert_eq!(batches, [vec!["v1.3.0"], vec!["v1.1.0", "v1.2.0"]]);
    let (found, batches) = world.stable(world.releases(&["1.0.0", "1.1.0"]));
    assert_eq!(offered(&found).as_deref(), Some("1.1.0"));
    assert_eq!(batches, [["v1.1.0"]]);
}

#[test]
fn a_breaking_change_on_the_way_counts_although_nobody_asked_for_that_release() {
    let world = World::new();
    let mut registry = world.releases(&["1.0.0", "1.1.0", "1.2.0"]);
    spoil(&mut registry, "1.1.0", |release| {
        let metadata = release.metadata.as_mut().unwrap();
        metadata.changes.breaking = vec![fixture::change(None, "the bus is gone")];
    });
    let (found, _) = world.stable(registry);
    assert_eq!(offered(&found), None);
    assert_eq!(blocked(&found), ["1.2.0", "1.1.0"]);
}

/// The newest five are blocked; of the 120 betas that nobody sees, none is asked for.
#[test]
fn no_more_is_read_than_is_needed() {
    let world = World::new();
    let versions: Vec<String> = (0..=40).map(|n| format!("1.{n}.0")).collect();
    let betas = (1..=120).map(|n| format!("2.0.0-beta.{n}"));
    let all: Vec<String> = versions.iter().cloned().chain(betas).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let mut registry = world.releases(&all);
    for minor in 36..=40 {
        spoil(&mut registry, &format!("1.{minor}.0"), ended);
    }
    let (found, batches) = world.stable(registry);
    assert_eq!(offered(&found).as_deref(), Some("1.35.0"));
    assert_eq!(blocked(&found).len(), 5);
    let sizes: Vec<usize> = batches.iter().map(Vec::len).collect();
    assert_eq!(sizes, [1, 39], "the newest, then its way; nothing twice");
}

#[test]
fn what_only_the_metadata_calls_a_beta_is_passed_over_in_small_batches() {
    let world = World::new();
    let versions: Vec<String> = (0..=20).map(|n| format!("1.{n}.0")).collect();
    let versions: Vec<&str> = versions.iter().map(String::as_str).collect();
    let mut registry = world.releases(&versions);
    for minor in 12..=20 {
        spoil(&mut registry, &format!("1.{minor}.0"), |release| {
            release.metadata.as_mut().unwrap().channel = Channel::Beta;
        });
    }
    let (found, batches) = world.stable(registry);
    assert_eq!(offered(&found).as_deref(), Some("1.11.0"));
    assert_eq!(blocked(&found), [""; 0]);
    let sizes: Vec<usize> = batches.iter().map(Vec::len).collect();
    // 1.20; 1.19 to 1.17; 1.16 to 1.13; 1.12 to 1.9; then the way to 1.11.
    assert_eq!(sizes, [1, 3, 4, 4, 8]);
}

#[test]
fn lts_is_told_by_metadata_alone() {
    let world = World::new();
    let versions = ["1.0.0", "1.1.0", "1.2.0", "1.3.0"];
    let mut registry = world.releases(&versions);
    spoil(&mut registry, "1.1.0", |release| {
        release.metadata.as_mut().unwrap().lts = true;
    });
    let (found, batches) = world.search(registry, Ask::Anew, Channel::Lts);
    assert_eq!(offered(&found).as_deref(), Some("1.1.0"));
    assert_eq!(batches[0], ["v1.3.0"]);
    assert_eq!(found.unknown, []);
    // Nobody can be asked: that there is nothing would be untrue.
    let (found, batches) = world.search(world.releases(&versions), Ask::Nobody, Channel::Lts);
    assert_eq!((offered(&found), batches.len()), (None, 0));
    assert_eq!(found.unknown[0].code, Code::MetadataNotFetched);
    let evidence = found.unknown[0].evidence.as_deref().unwrap();
    assert!(evidence.ends_with("the same of 2 more"), "{evidence}");
}

#[test]
fn case_07_what_is_no_target_once_it_is_read_is_told_so() {
    let world = World::new();
    let mut registry = world.releases(&["1.0.0", "1.1.0", "9.9.9"]);
    spoil(&mut registry, "9.9.9", |release| {
        let problem = Problem::new(Code::MetadataVersionMismatch, "v9.9.9", "says 1.0.0");
        release.problems.push(problem);
        release.metadata = None;
    });
    let (found, batches) = world.stable(registry);
    assert_eq!(offered(&found).as_deref(), Some("1.1.0"));
    assert_eq!(blocked(&found), [""; 0]);
    let codes: Vec<Code> = found.unusable.iter().map(|p| p.code).collect();
    assert_eq!(codes, [Code::MetadataVersionMismatch]);
    assert_eq!(batches, [["v9.9.9"], ["v1.1.0"]]);
}

#[test]
fn offline_judges_what_was_kept_and_says_what_it_does_not_know() {
    let world = World::new();
    let versions = ["1.0.0", "1.1.0", "1.2.0", "1.3.0"];
    let mut registry = world.releases(&versions);
    registry.kept = ["v1.3.0", "v1.2.0"].map(str::to_owned).into();
    spoil(&mut registry, "1.3.0", ended);
    let (found, batches) = world.search(registry, Ask::Nobody, Channel::Stable);
    assert_eq!(batches, Vec::<Vec<String>>::new(), "nobody was asked");
    assert_eq!(blocked(&found), ["1.3.0"]);
    assert_eq!(offered(&found).as_deref(), Some("1.2.0"));
    assert_eq!(
        said(&found, Code::MetadataNotFetched),
        1,
        "1.1.0 on the way"
    );
    let (found, _) = world.search(world.releases(&versions), Ask::Nobody, Channel::Stable);
    let (release, way) = found.offered.as_ref().unwrap();
    assert_eq!(release.version.to_string(), "1.3.0");
    assert_eq!(way.verdict.answer, Answer::CompatibleWithWarnings);
    assert_eq!(said(&found, Code::MetadataNotFetched), 3);
}

#[test]
fn what_cannot_be_had_of_one_hides_no_other() {
    let world = World::new();
    let mut registry = world.releases(&["1.0.0", "1.1.0", "1.2.0", "1.3.0"]);
    registry.lost.insert("v1.2.0".to_owned());
    spoil(&mut registry, "1.3.0", ended);
    let (found, batches) = world.stable(registry);
    assert_eq!(blocked(&found), ["1.3.0"]);
    assert_eq!(offered(&found).as_deref(), Some("1.2.0"));
    assert_eq!(said(&found, Code::MetadataNotFetched), 1);
    assert_eq!(batches.concat().len(), 3, "what is lost is asked for once");
}

/// When the plan was made its metadata was read. Later it is asked for only where it was not
/// kept, and where that fails, nothing has moved.
#[test]
fn a_plan_is_compared_by_what_was_read() {
    let world = World::new();
    let facts_of = |registry, ask| -> (std::collections::BTreeMap<String, String>, usize) {
        let (facts, batches) = world.facts(registry, ask, Channel::Stable);
        let plan = world.with(|cx| {
            let release = planning::find(&facts, &fixture::version("1.1.0")).unwrap();
            let target = facts.target(cx, release, true).unwrap();
            planning::make(cx, &facts, &target, &crate::plan::Choice::default()).unwrap()
        });
        let asked = batches.lock().unwrap().len();
        (plan.facts, asked)
    };
    let registry = || world.releases(&["1.0.0", "1.1.0"]);
    let (made, asked) = facts_of(registry(), Ask::Anew);
    assert_eq!(
        (made["release metadata"].as_str(), asked),
        ("sha of 1.1.0", 1)
    );
    let mut kept = registry();
    kept.kept.insert("v1.1.0".to_owned());
    assert_eq!(facts_of(kept, Ask::Missing), (made.clone(), 0));
    assert_eq!(facts_of(registry(), Ask::Missing), (made.clone(), 1));
    let mut lost = registry();
    lost.lost.insert("v1.1.0".to_owned());
    let (now, _) = facts_of(lost, Ask::Missing);
    assert_eq!(now.get("release metadata"), None);
    let others = |facts: &std::collections::BTreeMap<String, String>| {
        let mut facts = facts.clone();
        facts.remove("release metadata");
        facts
    };
    assert_eq!(others(&now), others(&made));
}

#[test]
fn a_release_that_was_listed_without_a_commit_keeps_what_was_read() {
    let world = World::new();
    let next = world
        .here
        .run(&["commit-tree", "-p", "HEAD", "-m", "1.1.0", "HEAD^{tree}"]);
    world.here.run(&["tag", "v1.1.0", &next]);
    let mut registry = world.releases(&["1.0.0", "1.1.0"]);
    spoil(&mut registry, "1.1.0", |release| {
        (release.commit, release.tree) = (None, None);
    });
    let (facts, _) = world.facts(registry, Ask::Anew, Channel::Stable);
    world.with(|cx| {
        let release = planning::find(&facts, &fixture::version("1.1.0")).unwrap();
        let target = facts.target(cx, release, false).unwrap();
        assert_eq!(target.release.commit.as_ref(), Some(&next));
        assert_eq!(target.position.tree, world.tree);
        assert!(target.release.metadata.is_some() && !target.release.unread);
        assert!(target.way[0].commit.is_some());
    });
}

#[test]
fn what_is_not_here_is_not_fetched_offline() {
    let world = World::new();
    let mut registry = world.releases(&["1.0.0", "1.1.0", "1.2.0"]);
    spoil(&mut registry, "1.2.0", |release| {
        (release.commit, release.tree) = (None, None);
    });
    let (found, _) = world.search(registry, Ask::Nobody, Channel::Stable);
    assert_eq!(offered(&found).as_deref(), Some("1.1.0"));
    let (_, verdict) = &found.blocked[0];
    assert!(verdict.problems().any(|p| p.code == Code::ObjectsMissing));
}

fn why_of(world: &World, registry: Scripted, version: Option<&str>) -> (WhyReport, Vec<String>) {
    let (facts, batches) = world.facts(registry, Ask::Anew, Channel::Stable);
    let options = why::WhyOptions {
        version: version.map(fixture::version),
        offline: false,
    };
    let report = world.with(|cx| why::look(cx, &facts, &options)).unwrap();
    let asked = batches.lock().unwrap().concat();
    (report, asked)
}

#[test]
fn why_reads_what_it_judges() {
    use WhyState::{Blocked, Hidden, Installed, Offered};

    let world = World::new();
    let registry = || {
        let versions = ["0.9.0", "1.0.0", "1.1.0", "1.2.0", "1.3.0-beta.1", "2.0.0"];
        let mut registry = world.releases(&versions);
        spoil(&mut registry, "2.0.0", ended);
        spoil(&mut registry, "1.2.0", |release| {
            release.metadata.as_mut().unwrap().channel = Channel::Canary;
        });
        registry
    };
    let (report, asked) = why_of(&world, registry(), None);
    let states: Vec<WhyState> = report.releases.iter().map(|r| r.state).collect();
    assert_eq!(states, [Blocked, Hidden, Hidden, Offered]);
    assert!(!asked.contains(&"v1.3.0-beta.1".to_owned()), "{asked:?}");
    let (report, asked) = why_of(&world, registry(), Some("1.3.0-beta.1"));
    assert_eq!(report.releases[0].state, Hidden);
    assert!(asked.contains(&"v1.3.0-beta.1".to_owned()), "{asked:?}");
    let (report, _) = why_of(&world, registry(), Some("1.0.0"));
    assert_eq!(report.releases[0].state, Installed);
}

#[test]
fn a_search_for_the_first_bad_one_knows_every_release_in_one_call() {
    let world = World::new();
    let versions = ["1.0.0", "1.1.0", "1.2.0", "1.3.0-rc.1", "1.3.0", "1.4.0"];
    let mut registry = world.releases(&versions);
    spoil(&mut registry, "1.2.0", |release| {
        release.metadata.as_mut().unwrap().channel = Channel::Beta;
    });
    let (facts, batches) = world.facts(registry, Ask::Anew, Channel::Stable);
    let below = facts.newest().below(&fixture::version("1.4.0"));
    let rest = world.with(|cx| below.rest(cx, &facts)).unwrap();
    let tags: Vec<&str> = rest.iter().map(|r| r.tag.as_str()).collect();
    assert_eq!(tags, ["v1.1.0", "v1.3.0"]);
    assert_eq!(*batches.lock().unwrap(), [["v1.1.0", "v1.2.0", "v1.3.0"]]);
}

fn any_release() -> impl Strategy<Value = (String, u8)> {
    let pre = prop::sample::select(vec!["", "", "", "-beta.1", "-rc.1", "-alpha"]);
    (0..3u64, 0..4u64, pre, 0..8u8)
        .prop_map(|(major, minor, pre, kind)| (format!("{}.{minor}.0{pre}", major + 1), kind))
}

fn spoilt_one(release: &mut Release, kind: u8) {
    let metadata = release.metadata.as_mut().unwrap();
    match kind {
        0 => ended(release),
        1 => metadata.channel = Channel::Beta,
        2 => metadata.lts = true,
        3 => metadata.changes.breaking = vec![fixture::change(None, "x")],
        4 => metadata.requires_from = Some(fixture::version("1.2.0")),
        5 => {
            let problem = Problem::new(Code::MetadataUnreadable, &release.tag, "x");
            release.problems.push(problem);
            release.metadata = None;
        }
        _ => {}
    }
}

/// Whatever the releases are: asked one by one, the answer is the same as with everything told at
/// once, and nothing is asked for twice.
#[test]
fn the_answer_does_not_depend_on_when_metadata_is_read() {
    let world = World::new();
    let releases = prop::collection::btree_map(any_release().prop_map(|r| r.0), 0..8u8, 0..8);
    let channels = prop::sample::select(Channel::ALL.to_vec());
    let config = Config {
        cases: 12,
        failure_persistence: None,
        ..Config::default()
    };
    let checked = TestRunner::new(config).run(&(releases, channels), |(releases, channel)| {
        let registry = |eager| {
            let versions: Vec<&str> = releases.keys().map(String::as_str).collect();
            let mut registry = world.releases(&versions);
            for (version, kind) in &releases {
                spoil(&mut registry, version, |release| spoilt_one(release, *kind));
            }
            registry.eager = eager;
            registry
        };
        let (lazy, batches) = world.search(registry(false), Ask::Anew, channel);
        let (eager, none) = world.search(registry(true), Ask::Anew, channel);
        prop_assert_eq!(none.len(), 0);
        prop_assert_eq!(offered(&lazy), offered(&eager));
        let verdicts = |found: &Found| -> Vec<(String, Verdict)> {
            let of = |(r, verdict): &(Release, Verdict)| (r.tag.clone(), verdict.clone());
            found.blocked.iter().map(of).collect()
        };
        prop_assert_eq!(verdicts(&lazy), verdicts(&eager));
        let way = |found: &Found| {
            let (_, way) = found.offered.as_ref()?;
            Some((way.through(), way.verdict.clone()))
        };
        prop_assert_eq!(way(&lazy), way(&eager));
        let unusable = |found: &Found| -> BTreeSet<String> {
            found.unusable.iter().map(|p| p.subject.clone()).collect()
        };
        prop_assert!(unusable(&lazy).is_subset(&unusable(&eager)));
        let asked = batches.concat();
        let distinct: BTreeSet<&String> = asked.iter().collect();
        prop_assert_eq!(asked.len(), distinct.len());
        Ok(())
    });
    checked.unwrap();
}

fn listed(world: &World, registry: Scripted, options: &ListOptions) -> (ReleaseListReport, usize) {
    let (facts, batches) = world.facts(registry, Ask::unless(options.offline), Channel::Stable);
    let report = world.with(|cx| list_of(cx, &facts, options)).unwrap();
    let batches = batches.lock().unwrap();
    assert!(batches.iter().skip(1).all(|batch| batch.len() <= 4));
    (report, batches.concat().len())
}

fn states(report: &ReleaseListReport) -> Vec<(String, ReleaseState, Option<Code>)> {
    let of = |r: &ListedRelease| (r.version.to_string(), r.state, r.reason);
    report.releases.iter().map(of).collect()
}

#[test]
fn a_list_says_how_every_release_stands() {
    use ReleaseState::{Blocked, Compatible, Hidden, Installed, Older};

    let world = World::new();
    let registry = || {
        let versions = [
            "0.9.0",
            "1.0.0",
            "1.1.0",
            "1.2.0",
            "1.3.0-beta.1",
            "2.0.0",
            "2.1.0",
        ];
        let mut registry = world.releases(&versions);
        spoil(&mut registry, "2.1.0", |release| spoilt_one(release, 5));
        spoil(&mut registry, "2.0.0", ended);
        spoil(&mut registry, "1.2.0", |release| {
            // Its objects are not here.
            (release.commit, release.tree) = (Some("1".repeat(40)), None);
        });
        registry
    };
    let all = |version: &str, state, reason| (version.to_owned(), state, reason);
    let (report, _) = listed(&world, registry(), &ListOptions::default());
    let warned = ReleaseState::CompatibleWithWarnings;
    let missing = Some(Code::SmokeTestMissing);
    let expected = [
        all("2.1.0", Blocked, Some(Code::MetadataUnreadable)),
        all("2.0.0", Blocked, Some(Code::SupportEnded)),
        all("1.2.0", warned, missing),
        all("1.1.0", warned, missing),
        all("1.0.0", Installed, None),
        all("0.9.0", Older, None),
    ];
    assert_eq!(states(&report), expected);
    let judged: Vec<_> = report.releases.iter().map(|r| r.judged).collect();
    let (whole, metadata) = (Some(Judged::Whole), Some(Judged::Metadata));
    assert_eq!(judged, [None, whole, metadata, whole, None, None]);
    let options = ListOptions {
        all_channels: true,
        limit: Some(3),
        offline: false,
    };
    let (report, asked) = listed(&world, registry(), &options);
    assert_eq!(states(&report)[2], all("1.3.0-beta.1", Hidden, None));
    assert_eq!((report.releases.len(), report.more), (3, 4));
    assert_eq!(asked, 5, "three, and the way to 2.0.0");
    let offline = ListOptions {
        offline: true,
        ..ListOptions::default()
    };
    let (report, asked) = listed(&world, registry(), &offline);
    assert_eq!(asked, 0);
    assert_ne!(
        report.releases[0].state, Compatible,
        "nothing is known of it"
    );
}

#[test]
fn the_newest_that_was_looked_at_in_full_is_the_offer() {
    let world = World::new();
    let registry = world.releases(&["1.0.0", "1.1.0", "1.2.0"]);
    let (report, _) = listed(&world, registry, &ListOptions::default());
    let states: Vec<ReleaseState> = report.releases.iter().map(|r| r.state).collect();
    let warned = ReleaseState::CompatibleWithWarnings;
    assert_eq!(
        states,
        [ReleaseState::Offered, warned, ReleaseState::Installed]
    );
}

/// Ten thousand releases are listed, and only those that are shown are asked for.
#[test]
fn a_long_list_asks_for_what_it_shows() {
    let world = World::new();
    let mut registry = world.releases(&["1.0.0"]);
    for patch in 0..10_000 {
        registry
            .releases
            .push(world.release(&format!("0.1.{patch}")));
    }
    let options = ListOptions {
        limit: Some(20),
        ..ListOptions::default()
    };
    let (report, asked) = listed(&world, registry, &options);
    assert_eq!((report.releases.len(), report.more, asked), (20, 9_981, 20));
}

#[test]
fn what_nobody_told_of_a_release_is_said_when_it_is_shown() {
    let world = World::new();
    let registry = world.releases(&["1.0.0", "1.1.0"]);
    let (facts, _) = world.facts(registry, Ask::Nobody, Channel::Stable);
    let shown = world.with(|cx| show_of(cx, &facts, &fixture::version("1.1.0")));
    let shown = shown.unwrap();
    assert!(shown.metadata.is_none());
    let mut problems = shown.verdict.problems();
    assert!(problems.any(|p| p.code == Code::MetadataNotFetched));
}

#[test]
fn the_checksum_and_the_objects_are_told_apart() {
    let world = World::new();
    let mut registry = world.releases(&["1.0.0", "1.1.0", "1.2.0"]);
    spoil(&mut registry, "1.1.0", |release| {
        release.metadata.as_mut().unwrap().checksum =
            Some(Checksum::GitCommitSha(world.commit.clone()));
    });
    spoil(&mut registry, "1.2.0", |release| {
        ended(release);
        (release.commit, release.tree) = (Some("1".repeat(40)), None);
    });
    let (facts, _) = world.facts(registry, Ask::Anew, Channel::Stable);
    let show = |text| world.with(|cx| show_of(cx, &facts, &fixture::version(text)));
    let there = show("1.1.0").unwrap();
    assert_eq!(there.checksum, ChecksumState::Verified);
    assert_eq!(there.judged, Judged::Whole);
    assert_eq!(there.metadata_sha256.as_deref(), Some("sha of 1.1.0"));
    assert_eq!(there.verdict.verticals[0].vertical, "finance");
    let far = show("1.2.0").unwrap();
    assert_eq!(
        (far.judged, far.checksum),
        (Judged::Metadata, ChecksumState::None)
    );
    assert_eq!(far.state, ReleaseState::Blocked);
    let codes: Vec<Code> = far.verdict.problems().map(|p| p.code).collect();
    assert!(codes.contains(&Code::ObjectsMissing) && codes.contains(&Code::SupportEnded));
    assert_eq!(show("1.0.0").unwrap().state, ReleaseState::Installed);
    let Err(EngineError::BadInput { hints, .. }) = show("7.7.7") else {
        panic!("7.7.7 was shown");
    };
    assert_eq!(hints[0], "the newest releases are 1.2.0, 1.1.0, 1.0.0");
}

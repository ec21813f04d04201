use std::path::Path;

use vit_contract::code::Code;
use vit_contract::settings::{RegistryKind, RegistrySettings};

use super::*;
use crate::cancel::Cancel;
use crate::clock::FixedClock;
use crate::context::Actor;
use crate::environment::Environment;
use crate::event::Silent;
use crate::faults::Faults;
use crate::git::scratch::Scratch;
use crate::site::Site;

/// An installation and the Core repository that it follows.
pub(crate) struct World {
    pub(crate) core: Scratch,
    pub(crate) here: Scratch,
    pub(crate) site: Site,
    pub(crate) faults: Faults,
    cancel: Cancel,
}

impl World {
    /// An installation that is a clone of Core's first release, without its tags.
    pub(crate) fn new() -> Self {
        let core = Scratch::new();
        publish(&core, "1.0.0");
        let here = Scratch::new();
        let url = core.root.to_str().unwrap();
        here.run(&["remote", "add", "origin", url]);
        here.run(&["fetch", "--quiet", "--no-tags", "origin"]);
        here.run(&["reset", "--quiet", "--hard", "origin/main"]);
        let site = Site::discover(&here.root, &here.environment).unwrap();
        let cancel = Cancel::default();
        Self {
            core,
            here,
            site,
            faults: Faults::new(&Environment::default()),
            cancel,
        }
    }

    pub(crate) fn with<T>(&self, act: impl FnOnce(&Context<'_>) -> T) -> T {
        act(&Context {
            site: &self.site,
            git: &self.here.git,
            environment: &self.here.environment,
            clock: &FixedClock("2026-11-22T10:00:00Z".parse().unwrap()),
            reporter: &Silent,
            cancel: &self.cancel,
            actor: &Actor::default(),
            faults: &self.faults,
            network: &crate::network::Network::none(),
            channel_override: None,
        })
    }

    pub(crate) fn list(&self, refresh: bool) -> Result<Listing, EngineError> {
        self.with(|cx| open(cx, None)?.list(cx, refresh))
    }

    pub(crate) fn settings(&mut self, kind: RegistryKind, location: &str) {
        self.site.settings.registry = RegistrySettings {
            kind,
            location: Some(location.to_owned()),
        };
    }

    /// Makes Core unreachable.
    pub(crate) fn cut(&self) {
        std::fs::rename(&self.core.root, self.core.beside("away")).unwrap();
    }
}

pub(crate) fn metadata_of(version: &str) -> String {
    format!(
        r#"{{"version": "{version}", "release_date": "2026-02-19T16:45:00Z", "channel": "stable",
            "contracts_version": "1.0.0", "changes": {{"features": ["x"]}}}}"#
    )
}

pub(crate) fn publish(core: &Scratch, version: &str) -> String {
    core.write("release_metadata.json", &metadata_of(version));
    let commit = core.commit(version);
    core.run(&["tag", &format!("v{version}")]);
    commit
}

pub(crate) fn find<'l>(listing: &'l Listing, tag: &str) -> &'l Release {
    listing.releases.iter().find(|r| r.tag == tag).unwrap()
}

pub(crate) fn codes(release: &Release) -> Vec<Code> {
    release
        .problems
        .iter()
        .map(|problem| problem.code)
        .collect()
}

#[test]
fn case_01_the_newest_stable_is_found_behind_120_betas() {
    let world = World::new();
    for minor in 1..40 {
        publish(&world.core, &format!("1.{minor}.0"));
    }
    for beta in 1..=120 {
        world.core.run(&["tag", &format!("v2.0.0-beta.{beta}")]);
    }
    let listing = world.list(true).unwrap();
    assert_eq!(listing.releases.len(), 160);
    let stable = listing
        .releases
        .iter()
        .rev()
        .find(|r| r.version.pre.is_empty());
    assert_eq!(stable.unwrap().tag, "v1.39.0");
    assert_eq!(listing.releases.last().unwrap().tag, "v2.0.0-beta.120");
    assert!(find(&listing, "v1.20.0").is_usable());
    // The tag of 2.0.0-beta.7 is on the commit of 1.39.0, whose metadata says so.
    assert!(!find(&listing, "v2.0.0-beta.7").is_usable());
}

#[test]
fn releases_are_fetched_beside_the_users_tags() {
    let world = World::new();
    let commit = publish(&world.core, "1.1.0");
    world.core.run(&["tag", "-a", "-m", "x", "v1.2.0-rc.1+b7"]);
    world.core.run(&["tag", "latest"]);
    let listing = world.list(true).unwrap();
    let release = find(&listing, "v1.1.0");
    assert_eq!(release.commit.as_ref(), Some(&commit));
    let tree = world.core.run(&["rev-parse", "v1.1.0^{tree}"]);
    assert_eq!(release.tree.as_ref(), Some(&tree));
    assert_eq!(release.problems, []);
    let metadata = release.metadata.as_ref().unwrap();
    assert_eq!(metadata.version.to_string(), "1.1.0");
    assert!(release.metadata_sha256.is_some());
    assert_eq!(listing.source.ignored_tags, 1);
    assert_eq!(
        find(&listing, "v1.2.0-rc.1+b7").commit.as_ref(),
        Some(&commit)
    );
    assert_eq!(world.here.run(&["tag"]), "");

    // Nothing new: what was fetched is what is listed, with and without asking.
    assert_eq!(world.list(true).unwrap(), listing);
    assert_eq!(world.list(false).unwrap(), listing);
}

#[test]
fn tags_of_a_clone_need_no_fetch() {
    let world = World::new();
    world.here.run(&["fetch", "--quiet", "--tags", "origin"]);
    let calls = world.here.beside("calls");
    let script = format!("echo x >> '{}'; git upload-pack", calls.display());
    let key = "remote.origin.uploadpack";
    world.here.run(&["config", "--global", key, &script]);
    // What the repository itself names does not run.
    let never = world.here.beside("never");
    let other = format!("touch '{}'; git upload-pack", never.display());
    world.here.run(&["config", key, &other]);
    let listing = world.list(true).unwrap();
    assert!(find(&listing, "v1.0.0").is_usable() && !never.exists());
    assert_eq!(world.here.git.refs(&["refs/vit/"]).unwrap().len(), 1);
    let asked = || std::fs::read_to_string(&calls).unwrap().lines().count();
    assert_eq!(asked(), 1);
    publish(&world.core, "1.1.0");
    world.list(true).unwrap();
    assert_eq!(asked(), 3, "a new tag: asked and fetched");
}

#[test]
fn case_07_each_release_answers_for_itself() {
    let world = World::new();
    for (tag, text) in [
        ("v1.1.0", "[1, 2]"),
        ("v1.2.0", "7"),
        ("v1.3.0", "\u{1}garbage"),
        ("v9.9.9", &metadata_of("1.0.0")),
        ("v1.4.0", &" ".repeat(1_100_000)),
    ] {
        world.core.write("release_metadata.json", text);
        world.core.commit(tag);
        world.core.run(&["tag", tag]);
    }
    world.core.run(&["rm", "--quiet", "release_metadata.json"]);
    world.core.commit("none");
    world.core.run(&["tag", "v1.5.0"]);
    world.core.write("releases.json", &metadata_of("1.6.0"));
    world.core.commit("other name");
    world.core.run(&["tag", "v1.6.0"]);
    world.core.run(&["tag", "v1.7.0", "HEAD:releases.json"]);
    world.core.run(&["tag", "v1.8.0", "HEAD^{tree}"]);
    let listing = world.list(true).unwrap();
    let code = |tag| codes(find(&listing, tag));
    for tag in ["v1.1.0", "v1.2.0", "v1.3.0", "v1.4.0"] {
        assert_eq!(code(tag), [Code::MetadataUnreadable], "{tag}");
        assert!(!find(&listing, tag).is_usable());
    }
    assert_eq!(code("v9.9.9"), [Code::MetadataVersionMismatch]);
    assert_eq!(code("v1.5.0"), [Code::MetadataMissing]);
    assert!(find(&listing, "v1.5.0").is_usable());
    assert_eq!(code("v1.6.0"), []);
    for tag in ["v1.7.0", "v1.8.0"] {
        assert_eq!(code(tag), [Code::ObjectsMissing]);
    }
    assert_eq!(code("v1.0.0"), []);
}

#[test]
fn case_08_an_unreachable_remote_is_an_error_or_the_older_answer() {
    let world = World::new();
    let before = world.list(true).unwrap();
    world.cut();
    let stale = world.list(true).unwrap();
    assert!(stale.source.stale);
    assert_eq!(stale.problems[0].code, Code::RegistryStale);
    assert_eq!(stale.releases, before.releases);
    assert_eq!(stale.source.fetched, before.source.fetched);

    let empty = World::new();
    empty.cut();
    assert!(matches!(
        empty.list(true),
        Err(EngineError::Registry { .. })
    ));
    assert!(matches!(
        empty.list(false),
        Err(EngineError::BadInput { .. })
    ));
}

#[test]
fn case_08_garbage_in_the_kept_answer_is_no_harm() {
    let world = World::new();
    let before = world.list(true).unwrap();
    world.here.write(".git/vit/registry.json", "{");
    world.cut();
    assert_eq!(world.list(true).unwrap().releases, before.releases);
}

#[test]
fn case_28_a_moved_tag_is_blocked_and_stays_what_it_was() {
    let world = World::new();
    let first = publish(&world.core, "1.1.0");
    world.list(true).unwrap();
    world.core.write("file", "other");
    let second = world.core.commit("other");
    world.core.run(&["tag", "--force", "v1.1.0"]);
    // Made anew, annotated, for the same commit: not moved.
    world
        .core
        .run(&["tag", "--force", "-a", "-m", "x", "v1.0.0", "v1.0.0"]);
    let check = |listing: &Listing| {
        let release = find(listing, "v1.1.0");
        assert_eq!(codes(release), [Code::TagMoved]);
        assert_eq!(release.commit.as_ref(), Some(&first));
        let evidence = release.problems[0].evidence.as_ref().unwrap();
        assert!(evidence.contains(&first) && evidence.contains(&second));
        assert!(find(listing, "v1.0.0").is_usable());
    };
    check(&world.list(true).unwrap());
    // It is not forgotten when nobody is asked.
    check(&world.list(false).unwrap());
    let listing = world.list(false).unwrap();
    let hint = find(&listing, "v1.1.0").problems[0].hint.clone().unwrap();
    assert!(hint.contains("vit ledger accept 1.1.0 --reason"), "{hint}");
    // Nor where what was fetched is gone: the ledger knows it.
    world
        .here
        .run(&["update-ref", "-d", "refs/vit/releases/v1.1.0"]);
    let listing = world.list(true).unwrap();
    let release = find(&listing, "v1.1.0");
    assert_eq!(release.commit, Some(second));
    assert_eq!(codes(release), [Code::TagMoved]);
}

#[test]
fn a_withdrawn_tag_is_listed_and_cannot_be_a_target() {
    let world = World::new();
    publish(&world.core, "1.1.0");
    world.list(true).unwrap();
    world.core.run(&["tag", "--delete", "v1.1.0"]);
    let listing = world.list(true).unwrap();
    let release = find(&listing, "v1.1.0");
    assert_eq!(codes(release), [Code::Withdrawn]);
    assert!(!release.is_usable());
    assert_eq!(listing, world.list(false).unwrap());
    world.core.run(&["tag", "v1.1.0"]);
    assert!(find(&world.list(true).unwrap(), "v1.1.0").is_usable());
}

#[test]
fn without_remotes_the_own_tags_count() {
    let world = World::new();
    world.here.run(&["remote", "remove", "origin"]);
    let none = world.list(true).unwrap_err();
    assert!(matches!(none, EngineError::BadInput { .. }), "{none}");
    world.here.run(&["tag", "v1.0.0"]);
    let listing = world.list(true).unwrap();
    assert_eq!(listing.source.location, "local tags");
    let release = find(&listing, "v1.0.0").clone();
    assert!(release.is_usable());
    world.with(|cx| open(cx, None).unwrap().fetch(cx, &release).unwrap());
}

#[test]
fn the_remote_is_chosen_by_settings_then_manifest_then_name() {
    let mut world = World::new();
    let chosen = |world: &World, manifest: Option<&str>| {
        world.with(|cx| choice::git_remote(cx, manifest).map(|c| c.map(|c| c.shown)))
    };
    let url = world.core.root.to_str().unwrap().to_owned();
    assert_eq!(chosen(&world, None).unwrap().unwrap(), "origin");
    let own = |world: &World| world.with(|cx| open(cx, None).unwrap().remote().map(str::to_owned));
    assert_eq!(own(&world).as_deref(), Some("origin"));
    world.here.run(&["remote", "add", "upstream", &url]);
    world.here.run(&["remote", "add", "core", &url]);
    assert_eq!(chosen(&world, None).unwrap().unwrap(), "upstream");
    assert_eq!(chosen(&world, Some("core")).unwrap().unwrap(), "core");
    assert_eq!(chosen(&world, Some("none")).unwrap().unwrap(), "upstream");
    world.settings(RegistryKind::Git, "origin");
    assert_eq!(chosen(&world, Some("core")).unwrap().unwrap(), "origin");
    world.settings(RegistryKind::Git, &url);
    assert_eq!(chosen(&world, None).unwrap().unwrap(), url);
    assert_eq!(own(&world), None, "a URL is no remote of the repository's");
    assert_eq!(world.list(true).unwrap().releases.len(), 1);
    world.settings(RegistryKind::Git, "nowhere");
    assert!(matches!(
        chosen(&world, None),
        Err(EngineError::BadInput { .. })
    ));
    for unsafe_location in ["ext::sh -c x", "--upload-pack=x"] {
        world.settings(RegistryKind::Git, unsafe_location);
        let refused = chosen(&world, None);
        assert!(matches!(refused, Err(EngineError::Git(_))));
    }
    world.site.settings.registry.location = None;
    world
        .here
        .run(&["config", "remote.upstream.url", "ext::sh -c x"]);
    assert!(matches!(chosen(&world, None), Err(EngineError::Git(_))));
}

#[test]
fn a_folder_of_metadata_is_a_registry() {
    let mut world = World::new();
    let commit = publish(&world.core, "1.1.0");
    let put = |world: &World, path: &str, text: &str| {
        world.here.write(&format!("../registry è/{path}"), text);
    };
    put(&world, "1.0.0/releases.json", &metadata_of("1.0.0"));
    put(&world, "1.1.0/release_metadata.json", &metadata_of("1.1.0"));
    put(&world, "v1.1.0/release_metadata.json", "{");
    put(&world, "1.2.0/other", "");
    put(&world, "README", "");
    put(&world, "banana/release_metadata.json", "{}");
    world.here.write("../secret.json", &metadata_of("1.3.0"));
    let folder = world.here.beside("registry è");
    let link = |target: &Path, name: &str| {
        std::fs::create_dir(folder.join(name)).unwrap();
        let path = folder.join(name).join("release_metadata.json");
        std::os::unix::fs::symlink(target, path).unwrap();
    };
    link(&world.here.beside("secret.json"), "1.3.0");
    link(Path::new("/dev/zero"), "1.4.0");
    put(
        &world,
        "1.5.0/release_metadata.json",
        &" ".repeat(1_100_000),
    );

    let url = format!(
        "file://{}/registry%20%C3%A8",
        folder.parent().unwrap().display()
    );
    world.settings(RegistryKind::Dir, &url);
    let listing = world.list(true).unwrap();
    let tags: Vec<_> = listing.releases.iter().map(|r| r.tag.as_str()).collect();
    assert_eq!(
        tags,
        ["v1.0.0", "v1.1.0", "v1.2.0", "v1.3.0", "v1.4.0", "v1.5.0"]
    );
    assert_eq!(listing.source.ignored_tags, 3);
    let release = find(&listing, "v1.1.0");
    assert!(release.metadata.is_some() && release.commit.is_none());
    assert_eq!(codes(find(&listing, "v1.2.0")), [Code::MetadataMissing]);
    for tag in ["v1.3.0", "v1.4.0", "v1.5.0"] {
        assert_eq!(codes(find(&listing, tag)), [Code::MetadataUnreadable]);
        assert!(find(&listing, tag).metadata.is_none());
    }

    let fetch = |tag| world.with(|cx| open(cx, None)?.fetch(cx, find(&listing, tag)));
    fetch("v1.1.0").unwrap();
    let again = world.list(false).unwrap();
    assert_eq!(find(&again, "v1.1.0").commit, Some(commit));
    assert!(find(&again, "v1.1.0").tree.is_some());
    let Err(EngineError::Refused { problems, .. }) = fetch("v1.2.0") else {
        panic!("a tag that does not exist was fetched");
    };
    assert_eq!(problems[0].code, Code::ObjectsMissing);

    world.settings(RegistryKind::Dir, "../nowhere");
    assert!(matches!(
        world.list(true),
        Err(EngineError::BadInput { .. })
    ));
}

#[test]
fn a_wish_to_stop_is_not_taken_for_a_network_failure() {
    let world = World::new();
    world.list(true).unwrap();
    let flag = world.cancel.flag();
    flag.store(true, std::sync::atomic::Ordering::SeqCst);
    let stopped = world.list(true).unwrap_err();
    assert!(stopped.to_string().contains("stopped on request"));
}

#[test]
fn case_32_a_remotes_credentials_are_not_kept() {
    let world = World::new();
    world.list(true).unwrap();
    let url = "https://user:s3cret@127.0.0.1:1/core.git";
    world.here.run(&["config", "remote.origin.url", url]);
    let listing = world.list(true).unwrap();
    assert!(!format!("{listing:?}").contains("s3cret"));
    let kept = std::fs::read_to_string(world.site.state_dir.join("registry.json"));
    assert!(!kept.unwrap().contains("s3cret"));
}

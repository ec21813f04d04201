use vit_contract::release::Release;

use super::*;
use crate::ops::ledger as ops;
use crate::registry::tests::{World, codes, find, metadata_of, publish};
use crate::registry::{Registry, open};

fn ledger(world: &World) -> Ledger {
    ledger::read(&world.site.state_dir).unwrap()
}

fn retag(world: &World, tag: &str) -> String {
    world.core.run(&["tag", "--force", tag]);
    world.core.run(&["rev-parse", &format!("{tag}^{{commit}}")])
}

fn evidence(release: &Release) -> String {
    release.problems[0].evidence.clone().unwrap_or_default()
}

#[test]
fn first_sight_is_recorded_once_and_with_its_metadata() {
    let world = World::new();
    let commit = publish(&world.core, "1.1.0");
    let listing = world.list(true).unwrap();
    let seen = ledger(&world);
    assert_eq!((seen.lines, seen.known.len()), (2, 2));
    let known = &seen.known["v1.1.0"];
    let release = find(&listing, "v1.1.0");
    assert_eq!(known.what.commit.as_ref(), Some(&commit));
    assert_eq!(known.what.tree, release.tree);
    assert_eq!(known.what.metadata_sha256, release.metadata_sha256);
    assert_eq!(known.source, "git origin");
    assert_eq!(seen.metadata(known).unwrap()["version"], "1.1.0");
    world.list(true).unwrap();
    world.list(false).unwrap();
    assert_eq!(ledger(&world).lines, 2, "nothing new, nothing written");
    publish(&world.core, "1.2.0");
    world.list(true).unwrap();
    assert_eq!(ledger(&world).lines, 3);
}

#[test]
fn case_28_a_moved_tag_with_the_same_tree_warns_and_installs_what_was_seen_first() {
    let world = World::new();
    let first = publish(&world.core, "1.1.0");
    world.list(true).unwrap();
    world.core.run(&[
        "commit",
        "--quiet",
        "--amend",
        "--allow-empty",
        "-m",
        "in other words",
    ]);
    let second = retag(&world, "v1.1.0");
    assert_ne!(first, second);
    for refresh in [true, false] {
        let listing = world.list(refresh).unwrap();
        let release = find(&listing, "v1.1.0");
        assert_eq!(codes(release), [Code::TagRecreated]);
        assert!(release.is_usable() && release.commit.as_ref() == Some(&first));
        assert!(evidence(release).contains(&first) && evidence(release).contains(&second));
    }
    // What the remote said last is lost: what was noted of it still stands, until it is asked.
    std::fs::remove_file(world.site.state_dir.join("registry.json")).unwrap();
    let listing = world.list(false).unwrap();
    assert_eq!(codes(find(&listing, "v1.1.0")), [Code::TagRecreated]);
    // Another tree, later: blocked, and the evidence names both trees.
    world.core.write("file", "x");
    world.core.commit("other");
    let third = retag(&world, "v1.1.0");
    let tree = world.core.run(&["rev-parse", "v1.1.0^{tree}"]);
    let listing = world.list(true).unwrap();
    let release = find(&listing, "v1.1.0");
    assert_eq!(codes(release), [Code::TagMoved]);
    assert!(evidence(release).contains(&third) && evidence(release).contains(&tree));
    let here = |name: &str| world.here.run(&["rev-parse", name]);
    assert_eq!(
        here("refs/vit/releases/v1.1.0"),
        first,
        "never written over"
    );
    assert_eq!(here("refs/vit/moved/v1.1.0"), third);
    // It goes back: nothing is wrong any more, and the ledger tells the story.
    world.core.run(&["tag", "--force", "v1.1.0", &first]);
    assert!(
        find(&world.list(true).unwrap(), "v1.1.0")
            .problems
            .is_empty()
    );
    let lines = ledger(&world).lines;
    let notes: Vec<String> = ledger(&world).known["v1.1.0"]
        .notes
        .iter()
        .filter_map(|line| line.text.clone())
        .collect();
    assert_eq!(notes, ["tag_recreated", "tag_moved", "as_first_seen"]);
    world.list(true).unwrap();
    assert_eq!(ledger(&world).lines, lines);
}

#[test]
fn a_tag_that_is_annotated_anew_is_nothing() {
    let world = World::new();
    world.list(true).unwrap();
    world
        .core
        .run(&["tag", "--force", "-a", "-m", "x", "v1.0.0", "v1.0.0"]);
    assert!(
        find(&world.list(true).unwrap(), "v1.0.0")
            .problems
            .is_empty()
    );
}

/// A place whose tag has moved, and that does not give out what it is now.
struct Closed(Moved);

impl Registry for Closed {
    fn list(&self, cx: &Context<'_>, refresh: bool) -> Result<Listing, EngineError> {
        super::super::place(cx, None)?.list(cx, refresh)
    }

    fn fetch(&self, _: &Context<'_>, _: &Release) -> Result<(), EngineError> {
        Ok(())
    }

    fn moved(&self) -> Vec<Moved> {
        vec![self.0.clone()]
    }

    fn fetch_aside(&self, _: &Context<'_>, _: &[String]) -> Result<(), EngineError> {
        Err(super::super::failed(
            "there",
            std::io::Error::other("closed\u{1b}[2J"),
        ))
    }

    fn remote(&self) -> Option<&str> {
        None
    }
}

#[test]
fn what_cannot_be_fetched_is_blocked() {
    let world = World::new();
    let first = publish(&world.core, "1.1.0");
    let moved = Moved {
        tag: "v1.1.0".into(),
        object: "b".repeat(40),
        commit: "b".repeat(40),
    };
    world.with(|cx| {
        let place = Ledgered::new(Box::new(Closed(moved)));
        for refresh in [true, false] {
            let listing = place.list(cx, refresh).unwrap();
            let release = find(&listing, "v1.1.0");
            assert_eq!(codes(release), [Code::TagMoved]);
            assert!(evidence(release).contains(&first));
            assert!(!evidence(release).contains('\u{1b}'));
            assert_eq!(evidence(release).contains("could not be fetched"), refresh);
        }
    });
    // Nor can it be accepted.
    let version = "1.1.0".parse().unwrap();
    assert!(world.with(|cx| ops::pending(cx, &version)).is_err());
}

#[test]
fn a_lost_or_damaged_ledger_is_said_and_the_refs_still_count() {
    let world = World::new();
    let first = publish(&world.core, "1.1.0");
    world.list(true).unwrap();
    world.core.write("file", "x");
    world.core.commit("other");
    retag(&world, "v1.1.0");
    world.here.write(".git/vit/ledger.jsonl", "garbage\n");
    for _ in 0..2 {
        let listing = world.list(true).unwrap();
        assert_eq!(listing.problems[0].code, Code::LedgerDamaged);
        let release = find(&listing, "v1.1.0");
        assert_eq!(codes(release), [Code::TagMoved]);
        assert!(evidence(release).contains(&first));
    }
    let anew = ledger(&world);
    assert_eq!(anew.damaged, None);
    assert_eq!(anew.known["v1.1.0"].what.commit.as_ref(), Some(&first));
}

#[test]
fn a_ledger_that_cannot_be_written_hides_no_release() {
    let mut world = World::new();
    let rules = [("VIT_FAULT".into(), "ledger.append.before=erofs".into())];
    world.faults = crate::faults::Faults::new(&crate::environment::Environment::new(rules));
    let listing = world.list(true).unwrap();
    assert!(find(&listing, "v1.0.0").is_usable());
    if cfg!(feature = "faults") {
        assert_eq!(listing.problems[0].code, Code::LedgerNotWritten);
        assert_eq!(world.list(false).unwrap().problems, []);
    }
}

/// A folder of metadata, whose commits are this repository's own tags.
fn folder(world: &mut World) {
    use vit_contract::settings::RegistryKind;

    publish(&world.core, "1.1.0");
    world.here.run(&["fetch", "--quiet", "--tags", "origin"]);
    for version in ["1.0.0", "1.1.0"] {
        put(world, version, &metadata_of(version));
    }
    let folder = world.here.beside("registry");
    world.settings(RegistryKind::Dir, folder.to_str().unwrap());
}

fn put(world: &World, version: &str, text: &str) {
    let path = format!("../registry/{version}/release_metadata.json");
    world.here.write(&path, text);
}

#[test]
fn metadata_that_changes_is_told_by_its_fields() {
    let mut world = World::new();
    folder(&mut world);
    let text = metadata_of("1.1.0");
    let breaking = text.replace(
        r#""features": ["x"]"#,
        r#""breaking": [{"id": "b1", "text": "y"}]"#,
    );
    put(&world, "1.1.0", &breaking);
    assert!(
        find(&world.list(true).unwrap(), "v1.1.0")
            .problems
            .iter()
            .all(|p| !p.blocks())
    );
    put(&world, "1.1.0", &text);
    let listing = world.list(true).unwrap();
    let release = find(&listing, "v1.1.0");
    let changed = release
        .problems
        .iter()
        .find(|p| p.code == Code::MetadataChanged)
        .unwrap();
    assert!(!changed.blocks());
    let told = changed.evidence.clone().unwrap();
    for part in [
        "changes.breaking",
        "changes.features",
        "asks for less",
        "`b1`",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    // Only the form.
    put(&world, "1.1.0", &breaking.replace(",", " ,"));
    let listing = world.list(true).unwrap();
    let release = find(&listing, "v1.1.0");
    let changed = release
        .problems
        .iter()
        .find(|p| p.code == Code::MetadataChanged)
        .unwrap();
    assert!(
        changed
            .evidence
            .clone()
            .unwrap()
            .contains("only how it is written")
    );
    put(&world, "1.1.0", &breaking);
    let listing = world.list(true).unwrap();
    assert!(!codes(find(&listing, "v1.1.0")).contains(&Code::MetadataChanged));
    let notes = ledger(&world).known["v1.1.0"].notes.len();
    assert_eq!(notes, 3, "changed, changed otherwise, as before");
}

#[test]
fn a_folder_that_loses_a_release_has_withdrawn_it() {
    let mut world = World::new();
    folder(&mut world);
    world.list(true).unwrap();
    let away = world.here.beside("registry/1.1.0");
    std::fs::rename(&away, world.here.beside("away")).unwrap();
    let listing = world.list(true).unwrap();
    let release = find(&listing, "v1.1.0");
    assert_eq!(codes(release), [Code::Withdrawn]);
    assert!(!release.is_usable() && release.metadata.is_some());
    std::fs::rename(world.here.beside("away"), &away).unwrap();
    assert!(find(&world.list(true).unwrap(), "v1.1.0").is_usable());
    // Another place that never had it withdraws nothing.
    world.here.write(
        "../elsewhere/1.0.0/release_metadata.json",
        &metadata_of("1.0.0"),
    );
    let elsewhere = world.here.beside("elsewhere");
    world.settings(
        vit_contract::settings::RegistryKind::Dir,
        elsewhere.to_str().unwrap(),
    );
    let listing = world.list(true).unwrap();
    assert!(
        listing
            .releases
            .iter()
            .all(|release| release.tag != "v1.1.0")
    );
}

/// A place that lists without metadata and without commits, as servers do.
struct Later(String);

impl Registry for Later {
    fn list(&self, cx: &Context<'_>, refresh: bool) -> Result<Listing, EngineError> {
        let mut listing = super::super::place(cx, None)?.list(cx, refresh)?;
        for release in &mut listing.releases {
            *release = Release {
                metadata: None,
                metadata_sha256: None,
                commit: None,
                tree: None,
                unread: true,
                problems: Vec::new(),
                ..release.clone()
            };
        }
        Ok(listing)
    }

    fn read(&self, _: &Context<'_>, releases: &mut [Release], _: bool) -> Result<(), EngineError> {
        for release in releases {
            release.unread = false;
            release.metadata_sha256 = Some(self.0.clone());
        }
        Ok(())
    }

    fn fetch(&self, _: &Context<'_>, _: &Release) -> Result<(), EngineError> {
        Ok(())
    }

    fn remote(&self) -> Option<&str> {
        None
    }
}

#[test]
fn what_is_learned_later_completes_what_was_seen() {
    let world = World::new();
    let read = |hash: &str| {
        world.with(|cx| {
            let place = Ledgered::new(Box::new(Later(hash.to_owned())));
            let mut listing = place.list(cx, true).unwrap();
            assert!(listing.releases[0].unread && listing.releases[0].problems.is_empty());
            place.read(cx, &mut listing.releases, true).unwrap();
            codes(&listing.releases[0])
        })
    };
    assert_eq!(read("aa"), []);
    let known = ledger(&world).known["v1.0.0"].clone();
    assert_eq!(
        (known.what.metadata_sha256.as_deref(), known.what.commit),
        (Some("aa"), None)
    );
    assert_eq!(known.source, "git origin");
    assert_eq!(read("bb"), [Code::MetadataChanged]);
    assert_eq!(read("bb"), [Code::MetadataChanged]);
    let lines = ledger(&world).lines;
    assert_eq!(read("bb"), [Code::MetadataChanged]);
    assert_eq!(ledger(&world).lines, lines);
    // The commit, from another place, which reads the metadata elsewhere.
    world.list(true).unwrap();
    let known = ledger(&world).known["v1.0.0"].clone();
    assert!(known.what.commit.is_some() && known.what.tree.is_some());
    assert_eq!(known.what.metadata_sha256.as_deref(), Some("aa"));
}

#[test]
fn accepting_lets_what_it_is_now_count() {
    let world = World::new();
    let first = publish(&world.core, "1.1.0");
    world.list(true).unwrap();
    let version = "1.1.0".parse().unwrap();
    let refused = world.with(|cx| ops::pending(cx, &version)).unwrap_err();
    assert!(refused.to_string().contains("is what it was"), "{refused}");
    world.core.write(
        "release_metadata.json",
        &metadata_of("1.1.0").replace('x', "y"),
    );
    world.core.commit("other");
    let second = retag(&world, "v1.1.0");
    let pending = world.with(|cx| ops::pending(cx, &version)).unwrap();
    assert_eq!(pending.was.commit.as_ref(), Some(&first));
    assert_eq!(pending.is.commit.as_ref(), Some(&second));
    for empty in ["", "  ", &"x".repeat(501)] {
        assert!(world.with(|cx| ops::accept(cx, &pending, empty)).is_err());
    }
    let report = world
        .with(|cx| ops::accept(cx, &pending, " they said so "))
        .unwrap();
    assert_eq!(report.is.commit.as_ref(), Some(&second));
    assert_ne!(report.is.metadata_sha256, report.was.metadata_sha256);
    assert_eq!(
        world.here.run(&["rev-parse", "refs/vit/releases/v1.1.0"]),
        second
    );
    for refresh in [false, true] {
        let listing = world.list(refresh).unwrap();
        let release = find(&listing, "v1.1.0");
        assert_eq!(
            (&release.problems, release.commit.as_ref()),
            (&Vec::new(), Some(&second))
        );
    }
    assert_eq!(world.here.git.refs(&[MOVED]).unwrap(), []);
    let shown = world.with(|cx| ops::show(cx, Some(&version))).unwrap();
    let note = shown.releases[0].notes.last().unwrap().clone();
    assert!(shown.ok && note.accepted && note.text == "they said so");
    // Said yes to once is not said yes to for ever.
    assert!(world.with(|cx| ops::accept(cx, &pending, "again")).is_err());
    assert!(
        world
            .with(|cx| ops::show(cx, Some(&"9.0.0".parse().unwrap())))
            .is_err()
    );
}

#[test]
fn what_was_shown_is_what_is_accepted() {
    let world = World::new();
    publish(&world.core, "1.1.0");
    world.list(true).unwrap();
    world.core.write("file", "x");
    world.core.commit("other");
    retag(&world, "v1.1.0");
    let version = "1.1.0".parse().unwrap();
    let pending = world.with(|cx| ops::pending(cx, &version)).unwrap();
    world.core.write("file", "y");
    world.core.commit("third");
    retag(&world, "v1.1.0");
    world.list(true).unwrap();
    let refused = world
        .with(|cx| ops::accept(cx, &pending, "why"))
        .unwrap_err();
    let EngineError::Refused { problems, .. } = refused else {
        panic!("{refused}");
    };
    assert_eq!(problems[0].code, Code::FactsMoved);
}

#[cfg(feature = "faults")]
#[test]
fn a_crash_between_the_ref_and_the_ledger_is_blocked_until_accepted_again() {
    for point in [
        "ledger.accept.ref",
        "ledger.append.before",
        "ledger.append.written",
    ] {
        let mut world = World::new();
        publish(&world.core, "1.1.0");
        world.list(true).unwrap();
        world.core.write("file", "x");
        world.core.commit("other");
        let second = retag(&world, "v1.1.0");
        let version = "1.1.0".parse().unwrap();
        let pending = world.with(|cx| ops::pending(cx, &version)).unwrap();
        let none = world.faults.clone();
        let rules = [("VIT_FAULT".into(), format!("{point}=eio").into())];
        world.faults = crate::faults::Faults::new(&crate::environment::Environment::new(rules));
        assert!(
            world.with(|cx| ops::accept(cx, &pending, "why")).is_err(),
            "{point}"
        );
        world.faults = none;
        let listing = world.list(true).unwrap();
        assert_eq!(codes(find(&listing, "v1.1.0")), [Code::TagMoved], "{point}");
        let pending = world.with(|cx| ops::pending(cx, &version)).unwrap();
        world.with(|cx| ops::accept(cx, &pending, "why")).unwrap();
        let listing = world.list(true).unwrap();
        let release = find(&listing, "v1.1.0");
        assert_eq!(
            (&release.problems, release.commit.as_ref()),
            (&Vec::new(), Some(&second))
        );
    }
}

#[test]
fn own_tags_are_held_against_the_ledger_too() {
    let world = World::new();
    world.here.run(&["remote", "remove", "origin"]);
    world.here.run(&["tag", "v1.0.0"]);
    world.list(true).unwrap();
    world.here.write("file", "x");
    world.here.commit("other");
    world.here.run(&["tag", "--force", "v1.0.0"]);
    let listing = world
        .with(|cx| open(cx, None).unwrap().list(cx, true))
        .unwrap();
    assert_eq!(codes(find(&listing, "v1.0.0")), [Code::TagMoved]);
    let version = "1.0.0".parse().unwrap();
    let pending = world.with(|cx| ops::pending(cx, &version)).unwrap();
    world.with(|cx| ops::accept(cx, &pending, "mine")).unwrap();
    assert!(find(&world.list(true).unwrap(), "v1.0.0").is_usable());
}

//! Publishing, placing verticals, copying.

use std::time::Instant;

use serde_json::Value;
use vit_testkit::World;
use vit_testkit::core_repo::{EXECUTABLE, File, ODD_NAME, SYMLINK};
use vit_testkit::tree_hash::{Seen, look};

fn metadata(world: &World, tag: &str, file: &str) -> Value {
    let text = world.git_in(&world.origin(), &["show", &format!("{tag}:{file}")]);
    serde_json::from_str(&text).expect("metadata is JSON")
}

fn has(world: &World, tag: &str, file: &str) -> bool {
    let listed = world.git_in(
        &world.origin(),
        &["ls-tree", "-r", "--name-only", "-z", tag],
    );
    listed.split('\0').any(|path| path == file)
}

#[test]
fn a_new_world_is_a_clean_clone_of_its_first_release() {
    let world = World::default();
    let state = world.state();
    assert_eq!(state.head, world.commit_of("v1.0.0"));
    assert_eq!(state.index, world.tree_of("v1.0.0"));
    assert_eq!(state.branch.as_deref(), Some("refs/heads/main"));
    assert_eq!(state.status, Vec::<String>::new());
    assert!(state.files.len() > 24, "{state:?}");
    assert!(matches!(
        state.files[EXECUTABLE],
        Seen::File {
            executable: true,
            ..
        }
    ));
    assert_eq!(state.files[SYMLINK.0], Seen::Symlink(SYMLINK.1.into()));
    assert!(state.files.contains_key(ODD_NAME));
    assert!(
        world
            .read("vitruvyan_core/__init__.py")
            .contains("__version__ = \"1.0.0\"")
    );
    assert!(world.history().is_empty());
}

#[test]
fn a_world_can_be_detached_and_start_anywhere() {
    let world = World::builder()
        .core("0.9.0-beta.1", |r| {
            r.vertical("energy", |v| v.smoke("exit 1"))
        })
        .detached()
        .build();
    assert_eq!(world.state().branch, None);
    assert!(
        world
            .git(&["ls-files"])
            .contains("domains/energy/vertical_manifest.yaml")
    );
    assert_eq!(
        metadata(&world, "v0.9.0-beta.1", "release_metadata.json")["channel"],
        "beta"
    );
}

#[test]
fn releases_change_files_and_reach_the_installation_by_fetch_only() {
    let world = World::default();
    world
        .publish("1.1.0", |r| {
            r.file("vitruvyan_core/x.py", Some("x = 1\n"))
                .remove_file("vitruvyan_core/core/cache.py")
                .executable("scripts/new.sh", "#!/bin/sh\n")
                .feature("x")
                .annotated(false)
        })
        .publish("1.2.0", |r| {
            r.breaking("the bus is async").contracts("2.0.0")
        });
    assert!(has(&world, "v1.2.0", "vitruvyan_core/x.py"));
    assert!(!has(&world, "v1.1.0", "vitruvyan_core/core/cache.py"));
    assert!(has(&world, "v1.0.0", "vitruvyan_core/core/cache.py"));
    let second = metadata(&world, "v1.2.0", "release_metadata.json");
    assert_eq!(second["contracts_version"], "2.0.0");
    assert_eq!(second["changes"]["breaking"][0], "the bus is async");
    assert!(second["migration_guide_url"].is_string());
    assert!(second.get("checksum").is_none());
    let kind = |tag: &str| world.git_in(&world.origin(), &["cat-file", "-t", tag]);
    assert_eq!(
        (kind("v1.1.0"), kind("v1.2.0")),
        ("commit".into(), "tag".into())
    );

    assert_eq!(world.git(&["tag"]), "v1.0.0");
    world.git(&["fetch", "-q", "--tags"]);
    world.git(&["checkout", "-q", "v1.2.0"]);
    assert_eq!(world.state().index, world.tree_of("v1.2.0"));
}

#[test]
fn metadata_comes_in_every_shape() {
    let world = World::default();
    world
        .publish("1.1.0", vit_testkit::Release::legacy_metadata)
        .publish("1.2.0", vit_testkit::Release::no_metadata)
        .publish("1.3.0", |r| r.raw_metadata(*b"[1, 2"))
        .publish("1.4.0", |r| r.checksum_of("v1.0.0"))
        .publish("1.5.0", |r| {
            r.field("version", "1.0.0")
                .without_field("contracts_version")
        });
    assert!(!has(&world, "v1.1.0", "release_metadata.json"));
    let legacy = metadata(&world, "v1.1.0", "releases.json");
    assert_eq!(legacy["checksum"]["value"], "TBD");
    assert!(legacy["changes"]["breaking_changes"].is_array());
    assert!(
        !has(&world, "v1.2.0", "release_metadata.json") && !has(&world, "v1.2.0", "releases.json")
    );
    let raw = world.git_in(&world.origin(), &["show", "v1.3.0:release_metadata.json"]);
    assert_eq!(raw, "[1, 2");
    let wrong = metadata(&world, "v1.4.0", "release_metadata.json");
    assert_eq!(wrong["checksum"]["value"], world.commit_of("v1.0.0"));
    let last = metadata(&world, "v1.5.0", "release_metadata.json");
    assert_eq!(last["version"], "1.0.0");
    assert!(last.get("contracts_version").is_none());

    let mirrored = std::fs::read(world.mirror().join("1.5.0/release_metadata.json")).unwrap();
    let mirrored: Value = serde_json::from_slice(&mirrored).unwrap();
    assert_eq!(mirrored["checksum"]["value"], world.commit_of("v1.5.0"));
    assert!(!world.mirror().join("1.2.0").exists());
}

#[test]
fn a_maintenance_line_leaves_main_alone() {
    let world = World::default();
    world
        .publish("1.1.0", |r| r)
        .publish("1.0.1", |r| r.on_top_of("refs/tags/v1.0.0"))
        .publish("1.2.0", |r| r);
    let is_ancestor = |a: &str, b: &str| {
        world.git_in(&world.origin(), &["merge-base", a, b]) == world.commit_of(a)
    };
    assert!(is_ancestor("v1.1.0", "v1.2.0"));
    assert!(!is_ancestor("v1.0.1", "v1.2.0"));
    world.commit_upstream(&[File::plain("later.txt", "x")], "work");
    assert_ne!(
        world.commit_of("refs/heads/main"),
        world.commit_of("v1.2.0")
    );
}

#[test]
fn verticals_stand_in_the_installation_and_git_does_not_track_them() {
    let world = World::default();
    world.vertical("finance", |v| {
        v.range("1.0.0", "1.4.x")
            .uses("contracts.GraphPlugin")
            .timeout(60)
            .smoke("exit 1")
    });
    assert_eq!(world.git(&["status", "--porcelain"]), "?? domains/");
    let manifest = world.read("domains/finance/vertical_manifest.yaml");
    for line in [
        "domain_name: finance",
        "  max_core_version: \"1.4.x\"",
        "  smoke_tests_timeout: 60",
        "contracts_used: [\"contracts.GraphPlugin\"]",
        "  contact: finance@example.org",
    ] {
        assert!(manifest.contains(line), "{line} in\n{manifest}");
    }
    assert!(matches!(
        look(&world.path("domains/finance/smoke_tests/run.sh")),
        Seen::File {
            executable: true,
            ..
        }
    ));
    world.vertical("energy", |v| v.ignored().raw_manifest(*b"- x\n").no_smoke());
    assert_eq!(
        world
            .git(&["status", "--porcelain", "-uall"])
            .matches("energy")
            .count(),
        0
    );
    assert_eq!(world.read("domains/energy/vertical_manifest.yaml"), "- x\n");
    world.vertical("root", |v| v.at("").smoke_not_executable());
    assert!(world.path("vertical_manifest.yaml").is_file());
}

#[test]
fn the_same_world_has_the_same_commits() {
    let make = || {
        let world = World::default();
        world.publish("1.1.0", |r| r.feature("x"));
        (world.commit_of("v1.0.0"), world.commit_of("v1.1.0"))
    };
    assert_eq!(make(), make());
}

#[test]
fn a_world_is_put_back_and_copied_exactly() {
    let world = World::default();
    world.vertical("finance", |v| v).publish("1.1.0", |r| r);
    let (before, saved) = (world.state(), world.save());
    let copy = world.copy();
    world.git(&["fetch", "-q", "--tags"]);
    world.git(&["checkout", "-q", "v1.1.0"]);
    world.write("stray.txt", "x");
    assert_ne!(world.state(), before);
    copy.state().assert_same(&before);
    assert_eq!(copy.git(&["tag"]), "v1.0.0");
    assert!(
        copy.git(&["remote", "get-url", "origin"])
            .starts_with(copy.root().to_str().unwrap())
    );
    world.restore(&saved);
    world.state().assert_same(&before);
    assert_eq!(world.git(&["tag"]), "v1.0.0");
}

#[test]
fn a_large_core_is_one_import() {
    let start = Instant::now();
    let world = World::builder().core_files(2000).build();
    assert!(world.state().files.len() > 2000);
    // Printed, not judged: times of a shared machine prove nothing.
    eprintln!("2,000 files: {:?}", start.elapsed());
    let start = Instant::now();
    let _world = World::default();
    eprintln!("basic world: {:?}", start.elapsed());
}

#[test]
fn engine_tests_get_the_same_environment_as_the_program() {
    let world = World::new("/bin/sh");
    let run = world.vit(&["-c", "env"]);
    for (name, value) in world.environment() {
        let line = format!("{}={}", name.display(), value.display());
        assert!(
            run.stdout.lines().any(|found| found == line),
            "{line}\n{run:?}"
        );
    }
}

//! `vit rollback`: the environment of a snapshot, and which kept ones stay.

use vit_testkit::faults::{self, Fault};
use vit_testkit::python;

use super::{assert_same_env, kept, manifest, problem_codes, rollback, upgrade, with_stub, world};
use crate::transaction::{outcomes, put, sound};

/// A rollback is rolled back, and each environment comes back exactly.
#[test]
fn case_10_a_rollback_can_be_rolled_back_with_its_environment() {
    if !python::need() {
        return;
    }
    let world = world("exit 0");
    let old = manifest(&world);
    upgrade(&world).run().assert_code(0);
    let new = manifest(&world);
    assert_ne!(old, new);
    let back = rollback(&world).run();
    back.assert_code(0);
    assert_same_env(&world, &old);
    let tag = back.json()["snapshot_tag"].as_str().unwrap().to_owned();
    with_stub(&world, &["rollback", "--to", &tag, "--yes"])
        .run()
        .assert_code(0);
    assert_same_env(&world, &new);
    sound(&world).unwrap();
    assert_eq!(outcomes(&world), ["success"; 3]);
}

/// The environment of a snapshot may have been kept by a later transaction.
#[test]
fn a_snapshot_before_an_upgrade_of_code_has_its_environment_too() {
    if !python::need() {
        return;
    }
    let world = world("exit 0");
    world
        .publish("1.0.1", |r| r.on_top_of("v1.0.0").feature("code only"))
        .publish("1.2.0", |r| r.file("base.txt", Some("beta==2.0\n")));
    let first = manifest(&world);
    let to = |version: &str| {
        with_stub(&world, &["upgrade", "--target", version, "--yes", "--json"]).run()
    };
    let code_only = to("1.0.1");
    code_only.assert_code(0);
    assert_eq!(kept(&world).len(), 0);
    let tag = code_only.json()["snapshot_tag"]
        .as_str()
        .unwrap()
        .to_owned();
    to("1.1.0").assert_code(0);
    to("1.2.0").assert_code(0);
    assert_eq!(kept(&world).len(), 2);
    with_stub(&world, &["rollback", "--to", &tag, "--yes"])
        .run()
        .assert_code(0);
    assert_same_env(&world, &first);
}

/// A failed upgrade leaves no twin, and none is missed.
#[test]
fn a_rollback_past_a_failed_upgrade() {
    if !python::need() {
        return;
    }
    let world = world("[ ! -e fail ]");
    let before = manifest(&world);
    world.write("domains/finance/fail", "");
    upgrade(&world).run().assert_code(3);
    assert_eq!(kept(&world).len(), 0);
    std::fs::remove_file(world.path("domains/finance/fail")).unwrap();
    upgrade(&world).run().assert_code(0);
    rollback(&world).run().assert_code(0);
    assert_same_env(&world, &before);
}

/// What somebody has installed by hand is named before it goes, and is not lost.
#[test]
fn packages_of_ones_own_are_named_before_they_vanish() {
    if !python::need() {
        return;
    }
    let world = world("exit 0");
    upgrade(&world).run().assert_code(0);
    let site = super::env_of(&world).site_packages();
    for number in 1..=6 {
        let folder = site.join(format!("own_{number}-1.0.dist-info"));
        std::fs::create_dir(&folder).unwrap();
        put(folder.join("METADATA"), "Name: own\n");
    }
    let new = manifest(&world);
    let plan = with_stub(&world, &["rollback", "--dry-run", "--json"]).run();
    plan.assert_code(0);
    assert_eq!(problem_codes(&plan), ["environment_additions"]);
    assert_eq!(
        plan.json()["preflight"][0]["evidence"],
        "own_1-1.0, own_2-1.0, own_3-1.0, own_4-1.0, own_5-1.0, and 1 more"
    );
    let back = rollback(&world).run();
    back.assert_code(0);
    let tag = back.json()["snapshot_tag"].as_str().unwrap().to_owned();
    let again = with_stub(&world, &["rollback", "--to", &tag, "--yes", "--json"]).run();
    again.assert_code(0);
    assert_eq!(problem_codes(&again), [""; 0], "nothing was added since");
    assert_same_env(&world, &new);
}

/// An environment that somebody has removed needs no folder to come back to.
#[test]
fn a_rollback_brings_a_removed_environment_back() {
    if !python::need() {
        return;
    }
    let world = world("exit 0");
    let old = manifest(&world);
    upgrade(&world).run().assert_code(0);
    std::fs::remove_dir_all(world.path(".venv")).unwrap();
    // One that fails leaves it as it found it, wherever it fails.
    for point in ["journal.armed.before", "tree.sync", "journal.probed.before"] {
        let failing = faults::with(rollback(&world), point, Fault::Eio).run();
        assert!(
            matches!(failing.code(), Some(2 | 3)),
            "{point}: {failing:?}"
        );
        assert!(!world.path(".venv").exists(), "{point}");
    }
    let killed = faults::with(rollback(&world), "journal.probed.before", Fault::Kill).run();
    assert!(killed.was_killed());
    with_stub(&world, &["recover"]).run().assert_code(3);
    assert!(!world.path(".venv").exists());
    rollback(&world).run().assert_code(0);
    assert_same_env(&world, &old);
    sound(&world).unwrap();
}

/// A kept environment that is gone blocks, and says what can be done.
#[test]
fn a_lost_twin_blocks_with_what_to_do() {
    if !python::need() {
        return;
    }
    let world = world("exit 0");
    upgrade(&world).run().assert_code(0);
    let (tree, env) = (world.state(), manifest(&world));
    std::fs::remove_dir_all(world.path(".git/vit/environments")).unwrap();
    let run = rollback(&world).run();
    run.assert_code(1);
    assert_eq!(problem_codes(&run), ["environment_twin_lost"]);
    world.state().assert_same(&tree);
    assert_same_env(&world, &env);
    let settings = world.root().join("settings");
    std::fs::create_dir(&settings).unwrap();
    world.write("vit.toml", "[environment]\nmanage = false\n");
    rollback(&world).run().assert_code(0);
    assert_same_env(&world, &env);
}

/// Twins go with their snapshots, but not one that a snapshot still needs.
#[test]
fn twins_go_with_their_snapshots() {
    if !python::need() {
        return;
    }
    let world = world("exit 0");
    world.write("vit.toml", "snapshot_retention = 1\n");
    let old = manifest(&world);
    for _ in 0..3 {
        upgrade(&world).run().assert_code(0);
        assert!(kept(&world).len() <= 2, "{:?}", kept(&world));
        rollback(&world).run().assert_code(0);
        assert!(kept(&world).len() <= 2, "{:?}", kept(&world));
        assert_same_env(&world, &old);
    }
    sound(&world).unwrap();
}

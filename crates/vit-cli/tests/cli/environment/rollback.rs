//! `vit rollback`: the environment of a snapshot, and which kept ones stay.

use vit_testkit::python;

use super::{assert_same_env, kept, manifest, problem_codes, rollback, upgrade, with_stub, world};
use crate::transaction::{outcomes, sound};

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

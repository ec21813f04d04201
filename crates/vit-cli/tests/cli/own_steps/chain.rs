//! `vit rollback` takes back what the steps of the upgrades did that it leaves behind.

use vit_testkit::World;

use super::{log, maker, there, world_with};
use crate::transaction::{outcomes, rollback, sound, upgrade};

/// 1.0.0 → 1.1.0 → 1.2.0, both with the same steps.
fn two_upgrades() -> World {
    let world = world_with(&format!("{}{}", maker("a"), maker("b")), "exit 0");
    upgrade(&world).run().assert_code(0);
    world.publish("1.2.0", |r| {
        r.file("vitruvyan_core/core/newer.py", Some("NEWER = 1\n"))
    });
    upgrade(&world).run().assert_code(0);
    std::fs::remove_file(world.tmp().join("log")).unwrap();
    world
}

fn snapshots(world: &World) -> Vec<String> {
    let list = world.vit(&["rollback", "--list", "--json"]).json();
    list["snapshots"]
        .as_array()
        .unwrap()
        .iter()
        .map(|snapshot| snapshot["tag"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_rollback_undoes_the_steps_before_the_tree_goes_back() {
    let world = world_with(&format!("{}{}", maker("a"), maker("b")), "exit 0");
    let before = world.state();
    upgrade(&world).run().assert_code(0);
    let after = world.state();
    let plan = world.vit(&["rollback", "--dry-run"]);
    plan.assert_stdout("undo b (1.0.0 → 1.1.0)");
    let run = rollback(&world).run();
    run.assert_code(0);
    assert_eq!(
        log(&world)[2..],
        ["undo b 1.1.0 1.0.0", "undo a 1.1.0 1.0.0"]
    );
    let steps = run.json()["plan"]["steps"].clone();
    let kinds: Vec<&str> = (0..3)
        .map(|at| steps[at]["step"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["command", "command", "switch_tree"]);
    world.state().assert_same(&before);
    // Forward again, by going back to the state before the rollback: the steps run again.
    let tag = snapshots(&world).remove(0);
    world
        .vit(&["rollback", "--yes", "--to", &tag])
        .assert_code(0);
    assert_eq!(
        log(&world)[4..],
        ["step a 1.0.0 1.1.0", "step b 1.0.0 1.1.0"]
    );
    world.state().assert_same(&after);
    sound(&world).unwrap();
}

#[test]
fn over_two_upgrades_each_step_is_undone_with_its_own_versions() {
    let world = two_upgrades();
    let oldest = snapshots(&world).pop().unwrap();
    world
        .vit(&["rollback", "--yes", "--to", &oldest])
        .assert_code(0);
    assert_eq!(
        log(&world),
        [
            "undo b 1.2.0 1.1.0",
            "undo a 1.2.0 1.1.0",
            "undo b 1.1.0 1.0.0",
            "undo a 1.1.0 1.0.0"
        ]
    );
    assert!(!there(&world, "a.made"));
    sound(&world).unwrap();
}

#[test]
fn an_upgrade_that_was_rolled_back_has_nothing_to_undo() {
    let world = world_with(&maker("a"), crate::transaction::FAILS_ON_NEW);
    upgrade(&world).run().assert_code(3);
    world.vertical("finance", |v| v.smoke("exit 0"));
    upgrade(&world).run().assert_code(0);
    std::fs::remove_file(world.tmp().join("log")).unwrap();
    let oldest = snapshots(&world).pop().unwrap();
    world
        .vit(&["rollback", "--yes", "--to", &oldest])
        .assert_code(0);
    assert_eq!(log(&world), ["undo a 1.1.0 1.0.0"]);
}

#[test]
fn a_failing_undo_rolls_the_rollback_back() {
    let settings = format!(
        "{}[[step]]\nname = \"db\"\nrun = \": > db.made\"\nundo = \"test -e ok && rm db.made\"\n",
        maker("a")
    );
    let world = world_with(&settings, "exit 0");
    upgrade(&world).run().assert_code(0);
    let before = world.state();
    let run = rollback(&world).run();
    run.assert_code(3);
    let cause = run.json()["problems"][0].clone();
    assert_eq!(
        (cause["code"].as_str(), cause["subject"].as_str()),
        (Some("own_step_failed"), Some("db"))
    );
    world.state().assert_same(&before);
    assert_eq!(outcomes(&world), ["success", "rollback_executed"]);
    sound(&world).unwrap();
}

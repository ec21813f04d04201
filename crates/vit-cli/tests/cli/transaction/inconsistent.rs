//! An undo that fails: exit 4, and until `vit repair` has succeeded every command that changes
//! something refuses, while reading ones go on. TRANSACTION.md, invariant 2.

use vit_testkit::World;
use vit_testkit::faults::{self, Fault};
use vit_testkit::state::State;

use super::{FAILS_ON_NEW, outcomes, rollback, sound, status, upgrade, world};

/// A world whose upgrade has failed and could not be undone, and its state before.
fn inconsistent() -> (World, State) {
    let world = world(FAILS_ON_NEW);
    let before = world.state();
    let run = faults::with(upgrade(&world), "undo.switch-tree", Fault::Eio).run();
    run.assert_code(4);
    assert_eq!(status(&run), "inconsistent");
    assert_eq!(run.json()["next"], "vit repair");
    assert_eq!(outcomes(&world), ["inconsistent"]);
    assert_ne!(world.state(), before);
    (world, before)
}

#[test]
fn every_command_that_changes_something_refuses() {
    let (world, _) = inconsistent();
    let (state, history) = (world.state(), world.history());
    for args in [
        &["upgrade", "--yes"][..],
        &["rollback", "--yes"],
        &["recover"],
        &["channel", "beta"],
        &["channel", "--unset"],
        &["hold"],
        &["hold", "1.2.0"],
        &["unhold"],
    ] {
        let run = world.vit(args);
        run.assert_code(4).assert_stderr("vit repair");
    }
    world.state().assert_same(&state);
    assert_eq!(world.history(), history);
}

#[test]
fn reading_goes_on_and_tells() {
    let (world, _) = inconsistent();
    for args in [
        &["status"][..],
        &["history"],
        &["history", "show", "last"],
        &["channel"],
        &["rollback", "--list"],
    ] {
        world.vit(args).assert_code(0);
    }
    world.vit(&["status"]).assert_stdout("vit repair");
    world.vit(&["status", "--exit-code"]).assert_code(4);
    world
        .vit(&["verify"])
        .assert_code(1)
        .assert_stdout("vit repair");
    let plan = world.vit(&["plan"]);
    assert!(matches!(plan.code(), Some(0 | 1)), "{plan:?}");
}

/// Whoever mended by hand meanwhile finds what they wrote in the evidence.
#[test]
fn repair_keeps_what_was_changed_since() {
    let (world, _) = inconsistent();
    let file = world.installation().join("README.md");
    std::fs::write(&file, "mended by hand\n").unwrap();
    world.vit(&["repair", "--yes"]).assert_code(0);
    assert_ne!(std::fs::read_to_string(&file).unwrap(), "mended by hand\n");
    let evidence = world.installation().join(".git/vit/evidence");
    let mut diffs = String::new();
    for folder in std::fs::read_dir(evidence).unwrap().flatten() {
        for kept in std::fs::read_dir(folder.path()).unwrap().flatten() {
            if kept.file_name().to_string_lossy().starts_with("tree.diff") {
                diffs += &std::fs::read_to_string(kept.path()).unwrap();
            }
        }
    }
    assert!(diffs.contains("mended by hand"), "{diffs}");
}

#[test]
fn repair_puts_the_old_state_back() {
    let (world, before) = inconsistent();
    let run = world.vit(&["repair", "--yes", "--json"]);
    run.assert_code(0);
    assert_eq!(run.json()["proof"]["verified"], true);
    world.state().assert_same(&before);
    assert_eq!(outcomes(&world), ["inconsistent", "success"]);
    assert_eq!(world.history()[1]["kind"], "repair");
    sound(&world).unwrap();
    let again = world.vit(&["repair", "--yes", "--json"]);
    again.assert_code(0);
    assert_eq!(status(&again), "nothing_to_do");
    assert_eq!(world.history().len(), 2);
    world.vit(&["channel", "beta"]).assert_code(0);
    rollback(&world).run().assert_code(2);
}

#[test]
fn a_repair_that_fails_changes_nothing_of_that() {
    let (world, before) = inconsistent();
    for _ in 0..2 {
        let repair = world.command(["repair", "--yes", "--json"]);
        let run = faults::with(repair, "undo.switch-tree", Fault::Eio).run();
        run.assert_code(4);
        assert_eq!(status(&run), "inconsistent");
        world.vit(&["upgrade", "--yes"]).assert_code(4);
    }
    assert_eq!(outcomes(&world), ["inconsistent"]);
    world.vit(&["repair", "--yes"]).assert_code(0);
    world.state().assert_same(&before);
    sound(&world).unwrap();
}

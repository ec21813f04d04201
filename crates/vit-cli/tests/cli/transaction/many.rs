//! Two at once, and many within a second: CASES.md 14 and 17.

use std::collections::BTreeSet;

use rustix::process::Signal;
use vit_testkit::processes;

use super::{PATIENCE, outcomes, put, rollback, sound, upgrade, upgrade_again, world};

/// A smoke test that says that it runs, and waits until it may go on.
const WAITS: &str = ": > \"$TMPDIR/started\"\n\
     while [ -d \"$TMPDIR\" ] && [ ! -e \"$TMPDIR/go\" ]; do sleep 0.02; done";

#[test]
fn case_14_two_upgrades_at_once() {
    let world = world(WAITS);
    let mut first = upgrade(&world).spawn();
    first.until("its smoke test", || world.tmp().join("started").exists());
    let pid = first.pid().unwrap().as_raw_pid();
    for args in [
        &["upgrade", "--yes"][..],
        &["channel", "beta"],
        &["recover"],
    ] {
        let second = world.vit(args);
        second
            .assert_code(1)
            .assert_stderr(&format!("vit upgrade (process {pid} of"));
    }
    // Readers are not held up.
    world.vit(&["status"]).assert_code(0);
    world.vit(&["history"]).assert_code(0);
    put(world.tmp().join("go"), "");
    first.wait().assert_code(0);
    assert_eq!(outcomes(&world), ["success"]);
    sound(&world).unwrap();
}

#[test]
fn case_14_the_lock_of_a_dead_process_holds_nobody() {
    let world = world(WAITS);
    let before = world.state();
    let mut first = upgrade(&world).spawn();
    first.until("its smoke test", || world.tmp().join("started").exists());
    first.signal(Signal::KILL);
    assert!(first.wait().was_killed());
    world.vit(&["recover"]).assert_code(3);
    world.state().assert_same(&before);
    assert!(processes::all_gone(&world.root(), PATIENCE));
    put(world.tmp().join("go"), "");
    upgrade(&world).run().assert_code(0);
    sound(&world).unwrap();
}

/// The clock stands still, as within one second.
const NOW: &str = "2026-03-01T08:00:00Z";

#[test]
fn case_17_ten_within_a_second() {
    let world = world("exit 0");
    for _ in 0..5 {
        upgrade_again(&world)
            .env("VIT_TEST_NOW", NOW)
            .run()
            .assert_code(0);
        rollback(&world)
            .env("VIT_TEST_NOW", NOW)
            .run()
            .assert_code(0);
    }
    let list = world.vit(&["rollback", "--list", "--json"]).json();
    let ids: BTreeSet<&str> = list["snapshots"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|snapshot| snapshot["id"].as_str())
        .collect();
    assert_eq!(ids.len(), 10, "{list:#}");
    assert_eq!(outcomes(&world), ["success"; 10]);
    sound(&world).unwrap();
}

/// The ids of snapshots that are pruned are not used again, and what `vit rollback` needs stays.
#[test]
fn case_17_old_snapshots_go_and_never_the_one_that_is_needed() {
    let world = world("exit 0");
    world.write(".vit-note", "untracked\n");
    for version in ["1.2.0", "1.3.0", "1.4.0"] {
        world.publish(version, |r| {
            r.file("vit.toml", Some("snapshot_retention = 2\n"))
        });
    }
    let before = world.state();
    for version in ["1.1.0", "1.2.0", "1.3.0", "1.4.0"] {
        let target = ["upgrade", "--yes", "--target", version];
        world
            .command(target)
            .env("VIT_TEST_NOW", NOW)
            .run()
            .assert_code(0);
    }
    // Back and forth between the last two: the newest snapshots are those of rollbacks.
    let forth = [
        "upgrade",
        "--yes",
        "--target",
        "1.4.0",
        "--retry-quarantined",
        "again",
    ];
    for _ in 0..3 {
        rollback(&world)
            .env("VIT_TEST_NOW", NOW)
            .run()
            .assert_code(0);
        world
            .command(forth)
            .env("VIT_TEST_NOW", NOW)
            .run()
            .assert_code(0);
    }
    let history = world.history();
    let ids: BTreeSet<&str> = history.iter().filter_map(|e| e["id"].as_str()).collect();
    assert_eq!(ids.len(), 10, "an id was used twice: {ids:?}");
    let list = world.vit(&["rollback", "--list", "--json"]).json();
    let kept = list["snapshots"].as_array().unwrap().len();
    assert!((2..=3).contains(&kept), "{list:#}");
    rollback(&world)
        .env("VIT_TEST_NOW", NOW)
        .run()
        .assert_code(0);
    assert!(world.read("vitruvyan_core/__init__.py").contains("1.3.0"));
    assert_ne!(world.state(), before);
    sound(&world).unwrap();
}

/// Transactions that were stopped before they were armed leave no snapshot; each has an id and an
/// entry of its own all the same.
#[test]
fn case_17_stopped_ones_within_a_second_are_told_apart() {
    use vit_testkit::faults::{Fault, with};
    let world = world("exit 0");
    for point in [
        "journal.fetched.before",
        "journal.judged.before",
        "journal.armed.before",
    ] {
        let run = upgrade(&world).env("VIT_TEST_NOW", NOW);
        with(run, point, Fault::Eio).run().assert_code(2);
    }
    assert_eq!(outcomes(&world), ["failed"; 3]);
    let history = world.history();
    let ids: BTreeSet<&str> = history.iter().filter_map(|e| e["id"].as_str()).collect();
    assert_eq!(ids.len(), 3, "{ids:?}");
    sound(&world).unwrap();
}

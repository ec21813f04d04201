//! The program is killed at every point that it passes; after `vit recover` the installation is
//! the old one or the new one by content, with one true history entry. TRANSACTION.md,
//! invariant 1.
//!
//! Points that the same code passes in the same state are killed once: the way to ARMED by the
//! first matrix, and by the others what differs after it.

use std::collections::BTreeSet;
use std::path::Path;

use vit_engine::exec::record::Entry;
use vit_testkit::faults::{self, Fault};
use vit_testkit::kill::{Matrix, RecoveryKills};
use vit_testkit::{Invocation, World};

use crate::transaction::{
    FAILS_ON_NEW, builder, outcomes, rollback, sound, survivor_is_sound, upgrade, upgrade_again,
    with_update, world,
};

/// Records on the way to ARMED, and files that every command writes.
fn before_armed(point: &str) -> bool {
    [
        "begun",
        "fetched",
        "judged",
        "rehearsed",
        "snapped",
        "armed",
    ]
    .iter()
    .any(|kind| point.starts_with(&format!("journal.{kind}.")))
        || point == "reserve.allocate"
        || point.starts_with("ledger.")
        || point.starts_with("atomic.")
            && !point.contains("history")
            && !point.contains("quarantine")
}

#[test]
fn an_upgrade_killed_at_any_point() {
    let world = world("exit 0");
    let report = Matrix::new(&world, upgrade)
        .recovery_kills(RecoveryKills::Distinct)
        .check(survivor_is_sound)
        .threads(2)
        .run();
    for part in ["begun", "committed", "closed"] {
        for when in ["before", "written", "synced"] {
            let point = format!("journal.{part}.{when}");
            assert!(report.points.contains(&point), "{point}: {report:?}");
        }
    }
    for point in ["journal.aborted.written", "journal.rollback_begun.synced"] {
        assert!(
            report.recovery_points.iter().any(|p| p == point),
            "{report:?}"
        );
    }
}

#[test]
fn an_upgrade_without_branch_killed_at_any_point() {
    let world = with_update(builder().detached(), "exit 0");
    let _ = Matrix::new(&world, upgrade)
        .only(|point| !before_armed(point))
        .check(survivor_is_sound)
        .threads(2)
        .run();
}

#[test]
fn an_upgrade_that_moves_the_branch_killed_at_any_point() {
    let world = world("exit 0");
    let with_branch = |w: &World| w.command(["upgrade", "--yes", "--json", "--branch"]);
    let _ = Matrix::new(&world, with_branch)
        .only(|point| !before_armed(point))
        .check(survivor_is_sound)
        .threads(2)
        .run();
}

#[test]
fn an_upgrade_that_rolls_back_killed_at_any_point() {
    let world = world(FAILS_ON_NEW);
    let report = Matrix::new(&world, upgrade)
        .only(|point| !before_armed(point))
        .check(survivor_is_sound)
        .threads(2)
        .run();
    assert!(report.points.iter().any(|p| p == "undo.switch-tree"));
}

#[test]
fn a_rollback_killed_at_any_point() {
    let world = world("exit 0");
    upgrade(&world).run().assert_code(0);
    let _ = Matrix::new(&world, rollback)
        .only(|point| point.starts_with("journal.") || !before_armed(point))
        .check(survivor_is_sound)
        .threads(2)
        .run();
}

/// The program with undoing that fails, whatever else the matrix asks of it.
fn without_undo(world: &World, args: &str) -> Invocation {
    let line = format!(
        "VIT_FAULT=\"$VIT_FAULT,undo.switch-tree=eio\" exec '{}' {args}",
        world.bin().display()
    );
    world.program(Path::new("/bin/sh"), ["-c", &line])
}

#[test]
fn a_repair_killed_at_any_point() {
    let world = world(FAILS_ON_NEW);
    let before = world.state();
    without_undo(&world, "upgrade --yes --json")
        .run()
        .assert_code(4);
    let report = Matrix::new(&world, repair)
        .recovery(repair)
        .check(|survivor| {
            survivor.world.state().assert_same(&before);
            sound(survivor.world)
        })
        .threads(2)
        .run();
    let repaired = |p: &String| p == "journal.repaired.synced";
    assert!(report.points.iter().any(repaired), "{report:?}");
}

fn repair(world: &World) -> Invocation {
    world.command(["repair", "--yes", "--json"])
}

/// A failed undo is no state that a matrix knows, so its last points are gone through here: what
/// is not written down yet is rolled back by the recovery, what is stays for `vit repair`.
#[test]
fn an_upgrade_that_cannot_be_undone_killed_at_its_last_points() {
    let start = world(FAILS_ON_NEW);
    let before = start.state();
    let (_, points) = faults::trace(without_undo(&start.copy(), "upgrade --yes --json"));
    let from = points
        .iter()
        .position(|p| p == "journal.inconsistent.before")
        .expect("an undo that fails is written down");
    for point in &points[from..] {
        let world = start.copy();
        let killed = faults::with(
            without_undo(&world, "upgrade --yes --json"),
            point,
            Fault::Kill,
        );
        assert!(killed.run().was_killed(), "{point}");
        let recovered = world.vit(&["recover", "--json"]);
        match recovered.code() {
            Some(3) => assert_eq!(outcomes(&world), ["rollback_executed"], "{point}"),
            Some(4) => {
                assert_eq!(outcomes(&world), ["inconsistent"], "{point}");
                repair(&world).run().assert_code(0);
                assert_eq!(outcomes(&world), ["inconsistent", "success"], "{point}");
            }
            _ => panic!("{point}: {recovered:?}"),
        }
        world.state().assert_same(&before);
        sound(&world).unwrap_or_else(|error| panic!("{point}: {error}"));
    }
}

/// A new record cannot be added without being killed at: every kind is passed by one of the
/// matrices above or, `inconsistent` alone, by the test before this one.
#[test]
fn every_kind_of_record_is_killed_at() {
    let mut seen = BTreeSet::new();
    let mut note = |invocation: Invocation, code: Option<i32>| {
        let (run, points) = faults::trace(invocation);
        assert_eq!(run.code(), code, "{run:?}");
        seen.extend(points.iter().filter_map(|point| {
            let name = point.strip_prefix("journal.")?.strip_suffix(".written")?;
            Some(name.split(':').next().unwrap_or(name).to_owned())
        }));
    };
    let good = world("exit 0");
    let armed = faults::with(upgrade(&good), "journal.armed.before", Fault::Kill);
    note(armed, None);
    note(good.command(["recover", "--json"]), Some(0));
    let rehearsed = good.command(["upgrade", "--rehearse", "--yes", "--json"]);
    note(rehearsed, Some(0));
    note(rollback(&good), Some(0));
    let soaked = world("exit 0");
    note(crate::trial::soak(&soaked, "1m"), Some(0));
    let failing = world(FAILS_ON_NEW);
    note(without_undo(&failing, "upgrade --yes --json"), Some(4));
    note(repair(&failing), Some(0));
    // What could not be undone is remembered too, once it is repaired.
    note(upgrade(&failing), Some(1));
    note(upgrade_again(&failing), Some(3));
    assert_eq!(seen, Entry::KINDS.map(str::to_owned).into());
}

//! Writes, syncs and renames that fail: CASES.md 12 and 33. The exit status tells the truth, the
//! error names the file, the state is the old or the new one, and `vit recover` finds its way.
//!
//! Each operation goes through all its points with one of the three errors: nothing in the
//! program looks at which of them it is.

use vit_testkit::World;
use vit_testkit::faults::{self, Fault};
use vit_testkit::kill::Matrix;

use crate::transaction::{
    FAILS_ON_NEW, outcomes, rollback, sound, status, survivor_is_sound, upgrade, upgrade_again,
    world,
};

/// The file that a fault point is about.
fn file_of(point: &str) -> &str {
    match point {
        "reserve.allocate" => "reserve",
        _ if point.starts_with("journal.") => "journal.jsonl",
        _ => point
            .strip_prefix("atomic.")
            .and_then(|rest| rest.rsplit_once('.'))
            .map_or(point, |(file, _)| file),
    }
}

#[test]
fn case_33_an_upgrade_with_an_error_at_any_point() {
    let world = world("exit 0");
    let _ = Matrix::new(&world, upgrade)
        .fault(Fault::Eio)
        .check(survivor_is_sound)
        .threads(2)
        .run();
}

#[test]
fn case_33_an_upgrade_that_rolls_back_with_an_error_at_any_point() {
    let world = world(FAILS_ON_NEW);
    let _ = Matrix::new(&world, upgrade)
        .fault(Fault::Enospc)
        // An undo that fails is no way back to the old state: `transaction::inconsistent`.
        .only(|point| point != "undo.switch-tree" && after_armed(point))
        .check(survivor_is_sound)
        .threads(2)
        .run();
}

#[test]
fn case_33_a_rollback_with_an_error_at_any_point() {
    let world = world("exit 0");
    upgrade(&world).run().assert_code(0);
    let _ = Matrix::new(&world, rollback)
        .fault(Fault::Erofs)
        .check(survivor_is_sound)
        .threads(2)
        .run();
}

fn after_armed(point: &str) -> bool {
    ["begun", "fetched", "judged", "snapped", "armed"]
        .iter()
        .all(|kind| !point.starts_with(&format!("journal.{kind}.")))
        && (!point.starts_with("atomic.") || point.contains("history"))
        && point != "reserve.allocate"
}

/// Before ARMED, an error means exit 2 and that nothing was changed. Three files are done without:
/// who holds the lock, the memory of what the registry said, and the ledger of releases.
#[test]
fn case_33_before_armed_an_error_changes_nothing_and_names_the_file() {
    let start = world("exit 0");
    let (_, points) = faults::trace(upgrade(&start.copy()));
    let armed = points.iter().position(|p| p == "journal.armed.synced");
    let before = start.state();
    for (number, point) in points[..=armed.expect("it is armed")].iter().enumerate() {
        let without = ["lock.owner", "registry.json", "ledger."];
        if without.iter().any(|file| point.contains(file)) {
            continue;
        }
        let world = start.copy();
        let fault = Fault::ERRORS[number % 3];
        let run = faults::with(upgrade(&world), point, fault).run();
        run.assert_code(2);
        let said = format!("{}{}", run.stdout, run.stderr);
        assert!(said.contains(file_of(point)), "{point}: {run:?}");
        assert!(!said.contains("is done and proven"), "{point}: {run:?}");
        world.state().assert_same(&before);
        assert_eq!(world.git(&["tag", "--list", "pre-*"]), "", "{point}");
        sound(&world).unwrap_or_else(|error| panic!("{point}: {error}"));
    }
}

/// CASES.md 12: the outcome stands, the old history is intact, and the entry is written as soon
/// as it can be.
#[test]
fn case_12_a_history_that_cannot_be_written_changes_nothing_else() {
    let world = world("exit 0");
    upgrade(&world).run().assert_code(0);
    let new = world.state();
    let written = world.history();
    let point = "atomic.upgrade_history.json.write";
    let run = faults::with(rollback(&world), point, Fault::Enospc).run();
    run.assert_code(0).assert_stdout("upgrade_history.json");
    assert_eq!(status(&run), "applied");
    assert_eq!(world.history(), written);
    assert_ne!(world.state(), new);
    world.vit(&["history", "verify"]).assert_code(1);

    world.vit(&["recover", "--json"]).assert_code(0);
    assert_eq!(outcomes(&world), ["success", "success"]);
    assert_eq!(world.history()[1]["kind"], "rollback");
    sound(&world).unwrap();
}

/// The same when nobody recovers: the next transaction brings what is missing.
#[test]
fn case_12_the_next_transaction_brings_what_the_history_misses() {
    let world = world(FAILS_ON_NEW);
    for point in ["atomic.upgrade_history.json.rename", "none"] {
        // What failed once is tried again for a reason only.
        let failed = faults::with(upgrade_again(&world), point, Fault::Erofs).run();
        failed.assert_code(3);
        let entries = if point == "none" { 2 } else { 0 };
        assert_eq!(world.history().len(), entries, "{failed:?}");
    }
    assert_eq!(outcomes(&world), ["rollback_executed"; 2]);
    sound(&world).unwrap();
}

/// Two failures on the way back at once: the journal cannot be written any more, and the old
/// state is there all the same.
#[test]
fn a_journal_that_cannot_be_written_does_not_stop_the_undo() {
    let world: World = world(FAILS_ON_NEW);
    let before = world.state();
    let kinds = [
        "rollback_begun",
        "evidence",
        "undone:switch-tree",
        "verified",
        "closed",
    ];
    let points: Vec<String> = kinds
        .iter()
        .map(|kind| format!("journal.{kind}.before"))
        .collect();
    let rules: Vec<(&str, Fault)> = points.iter().map(|p| (p.as_str(), Fault::Eio)).collect();
    let run = faults::with_all(upgrade(&world), &rules).run();
    run.assert_code(3).assert_stdout("journal.jsonl");
    world.state().assert_same(&before);
    world.vit(&["recover"]).assert_code(3);
    world.state().assert_same(&before);
    assert_eq!(outcomes(&world), ["rollback_executed"]);
    sound(&world).unwrap();
}

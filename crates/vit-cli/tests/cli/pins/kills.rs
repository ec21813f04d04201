//! The program is killed on the way to new pins and back.

use vit_testkit::kill::Matrix;

use super::{FAILS, apply, kept_plan, project};
use crate::transaction::survivor_is_sound;

/// Points that every upgrade passes before it is armed are killed by the matrices of `kill.rs`.
fn after_armed(point: &str) -> bool {
    let early = ["begun", "fetched", "judged", "snapped", "armed"]
        .iter()
        .any(|kind| point.starts_with(&format!("journal.{kind}.")));
    !(early
        || point == "reserve.allocate"
        || point.starts_with("atomic.") && !point.contains("history"))
}

#[test]
fn new_pins_killed_at_any_point() {
    let world = project("exit 0");
    // The same plan, so the same commit, in every copy of the world.
    kept_plan(&world);
    let report = Matrix::new(&world, apply)
        .only(after_armed)
        .check(survivor_is_sound)
        .threads(2)
        .run();
    assert!(
        report
            .points
            .iter()
            .any(|p| p == "journal.committed.synced"),
        "{report:?}"
    );
}

#[test]
fn new_pins_that_roll_back_killed_at_any_point() {
    let world = project(FAILS);
    kept_plan(&world);
    let report = Matrix::new(&world, apply)
        .only(after_armed)
        .check(survivor_is_sound)
        .threads(2)
        .run();
    assert!(
        report.points.iter().any(|p| p == "undo.switch-tree"),
        "{report:?}"
    );
}

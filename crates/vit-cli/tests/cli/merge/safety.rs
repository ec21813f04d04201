//! Merge drivers of a repository's own configuration do not run; killed at any point, a merge is
//! either made or not.

use vit_testkit::World;
use vit_testkit::core_repo::File;
use vit_testkit::kill::{Matrix, RecoveryKills, Survivor};

use super::world;
use crate::installation::{answer, codes, problem};
use crate::transaction::{FAILS_ON_NEW, rollback, sound, upgrade};

/// A world in which both sides changed `both.txt`, for which a merge driver is asked.
fn with_driver() -> (World, String) {
    let world = world();
    world.commit_own(
        &[
            File::plain(".gitattributes", "both.txt merge=theirs\n"),
            File::plain("both.txt", "ours\n"),
        ],
        "a driver",
    );
    world.publish("1.2.0", |r| r.file("both.txt", Some("theirs\n")));
    let sprung = world.root().join("sprung");
    let driver = format!("touch '{}'; cp %B %A", sprung.display());
    (world, driver)
}

#[test]
fn a_merge_driver_of_the_repository_does_not_run() {
    let (world, driver) = with_driver();
    world.git(&["config", "merge.theirs.driver", &driver]);
    let plan = answer(&world, &["plan", "--target", "1.2.0"], 1);
    assert_eq!(problem(&plan, "merge_conflict")["subject"], "both.txt");
    let warned = problem(&plan, "unsafe_git_config");
    assert!(
        warned["evidence"]
            .to_string()
            .contains("merge.theirs.driver"),
        "{warned:#}"
    );
    assert!(!world.root().join("sprung").exists());
}

#[test]
fn a_merge_driver_of_the_users_own_runs() {
    let (world, driver) = with_driver();
    world.git(&["config", "--global", "merge.theirs.driver", &driver]);
    world.git(&["config", "merge.theirs.driver", "false"]);
    let report = answer(&world, &["upgrade", "--yes", "--target", "1.2.0"], 0);
    assert!(!codes(&report).contains(&"merge_conflict".to_owned()));
    assert_eq!(world.read("both.txt"), "theirs\n");
    assert!(world.root().join("sprung").exists());
}

/// What no point may pass: a ref that is neither as before nor as after.
fn refs_are_one_side(
    (old, new): (&[String], &[String]),
    survivor: &Survivor<'_>,
) -> Result<(), String> {
    let refs = survivor.world.refs();
    if refs != old && refs != new {
        return Err(format!(
            "the refs are neither the old nor the new ones: {refs:#?}"
        ));
    }
    sound(survivor.world)
}

/// The refs before and after an operation; its time is fixed, so that the commit it makes is the
/// same on every run.
fn both_sides(
    world: &World,
    operate: impl Fn(&World) -> vit_testkit::Invocation,
) -> [Vec<String>; 2] {
    let copy = world.copy();
    let old = copy.refs();
    operate(&copy).run();
    [old, copy.refs()]
}

fn at_noon(invocation: vit_testkit::Invocation) -> vit_testkit::Invocation {
    invocation.env("VIT_TEST_NOW", crate::installation::NOW)
}

/// The way to ARMED is that of every upgrade.
fn after_armed(point: &str) -> bool {
    !["begun", "fetched", "judged", "snapped", "armed"]
        .iter()
        .any(|kind| point.starts_with(&format!("journal.{kind}.")))
        && !point.starts_with("atomic.")
        && point != "reserve.allocate"
}

#[test]
fn a_merge_killed_at_any_point() {
    let world = world();
    world.vertical("finance", |v| v);
    let operate = |world: &World| at_noon(upgrade(world));
    let [old, new] = both_sides(&world, operate);
    assert_ne!(old, new);
    let report = Matrix::new(&world, operate)
        .only(after_armed)
        .recovery_kills(RecoveryKills::Distinct)
        .check(|survivor| refs_are_one_side((&old, &new), survivor))
        .threads(2)
        .run();
    assert!(
        report
            .points
            .iter()
            .any(|p| p == "journal.committed.written")
    );
}

#[test]
fn a_merge_that_rolls_back_killed_at_any_point() {
    let world = world();
    world.vertical("finance", |v| v.smoke(FAILS_ON_NEW));
    let operate = |world: &World| at_noon(upgrade(world));
    let [old, new] = both_sides(&world, operate);
    assert_eq!(old, new);
    let report = Matrix::new(&world, operate)
        .only(after_armed)
        .check(|survivor| refs_are_one_side((&old, &old), survivor))
        .threads(2)
        .run();
    assert!(report.points.iter().any(|p| p == "undo.switch-tree"));
}

#[test]
fn a_rollback_of_a_merge_killed_at_any_point() {
    let world = world();
    at_noon(upgrade(&world)).run().assert_code(0);
    let [old, new] = both_sides(&world, rollback);
    let _ = Matrix::new(&world, rollback)
        .only(after_armed)
        .check(|survivor| refs_are_one_side((&old, &new), survivor))
        .threads(2)
        .run();
}

//! Killed at every point that the environment's part of the transaction passes: after recovery,
//! tree and environment are both old or both new, by content.

use std::collections::BTreeMap;

use vit_testkit::faults::Fault;
use vit_testkit::kill::{Matrix, RecoveryKills, Side, Survivor};
use vit_testkit::{World, python};

use super::{manifest, rollback, upgrade, with_stub, world};
use crate::transaction::sound;

type Env = BTreeMap<String, String>;

/// Points that are the environment's, and the records around them.
fn of_environment(point: &str) -> bool {
    point.starts_with("environment.")
        || point == "undo.environment"
        || point.contains("environment:") && point.starts_with("journal.")
        || point.ends_with(":environment.synced")
        || ["snapped", "probing", "committed", "verified"]
            .iter()
            .any(|kind| point == format!("journal.{kind}.synced"))
}

fn check<'a>(
    old: &'a Env,
    new: &'a Env,
) -> impl Fn(&Survivor<'_>) -> Result<(), String> + Sync + 'a {
    move |survivor| {
        let expected = if survivor.side == Side::Old { old } else { new };
        let diff = python::manifest_diff(expected, &manifest(survivor.world));
        if !diff.is_empty() {
            return Err(format!(
                "the environment is not {:?}:\n{}",
                survivor.side,
                diff.join("\n")
            ));
        }
        let left: Vec<_> = super::kept(survivor.world);
        if survivor.side == Side::Old && left.len() > 1 {
            return Err(format!("twins were left behind: {left:?}"));
        }
        sound(survivor.world)
    }
}

/// What the environment becomes when nothing interrupts.
fn ends(world: &World, operation: fn(&World) -> vit_testkit::Invocation) -> (Env, Env) {
    let copy = world.copy();
    let old = manifest(&copy);
    let _ = operation(&copy).run();
    (old, manifest(&copy))
}

#[test]
fn an_upgrade_killed_at_any_point_of_the_environment() {
    if !python::need() {
        return;
    }
    let world = world("exit 0");
    let (old, new) = ends(&world, upgrade);
    assert_ne!(old, new);
    let report = Matrix::new(&world, upgrade)
        .only(of_environment)
        .recovery(|w| with_stub(w, &["recover", "--json"]))
        .recovery_kills(RecoveryKills::Distinct)
        .check(check(&old, &new))
        .threads(2)
        .run();
    for point in [
        "environment.install",
        "environment.installed",
        "environment.sync",
    ] {
        assert!(
            report.points.iter().any(|p| p == point),
            "{point}: {report:?}"
        );
    }
    for point in ["undo.environment", "environment.twin.exchange"] {
        assert!(
            report.recovery_points.iter().any(|p| p == point),
            "{point}: {report:?}"
        );
    }
}

#[test]
fn an_upgrade_that_rolls_back_killed_at_any_point_of_the_environment() {
    if !python::need() {
        return;
    }
    let world = world("exit 1");
    let (old, new) = ends(&world, upgrade);
    assert_eq!(old, new);
    let report = Matrix::new(&world, upgrade)
        .only(|point| of_environment(point) && point != "environment.twin.make")
        .check(check(&old, &new))
        .threads(2)
        .run();
    assert!(report.points.iter().any(|p| p == "undo.environment"));
}

#[test]
fn a_rollback_killed_at_any_point_of_the_environment() {
    if !python::need() {
        return;
    }
    let world = world("exit 0");
    upgrade(&world).run().assert_code(0);
    // The kept environment names its own folder, so nothing moves: one thread, in place.
    let (old, start) = (manifest(&world), world.save());
    let (_, points) = vit_testkit::faults::trace(rollback(&world));
    let new = manifest(&world);
    assert_ne!(old, new);
    let points: std::collections::BTreeSet<String> =
        points.into_iter().filter(|p| of_environment(p)).collect();
    assert!(points.contains("environment.twin.exchange"), "{points:?}");
    for point in points {
        world.restore(&start);
        let killed = vit_testkit::faults::with(rollback(&world), &point, Fault::Kill).run();
        assert!(killed.was_killed(), "{point}: {killed:?}");
        let recovered = with_stub(&world, &["recover", "--json"]).run();
        assert!(
            matches!(recovered.code(), Some(0 | 3)),
            "{point}: {recovered:?}"
        );
        let now = manifest(&world);
        let on_new = world.git(&["rev-parse", "HEAD"]) == world.commit_of("v1.0.0");
        assert_eq!(
            now,
            if on_new { new.clone() } else { old.clone() },
            "{point}"
        );
        sound(&world).unwrap_or_else(|error| panic!("{point}: {error}"));
    }
}

/// The same with errors instead of a kill: what the program says of itself is true.
#[test]
fn an_upgrade_that_fails_at_any_point_of_the_environment() {
    if !python::need() {
        return;
    }
    let world = world("exit 0");
    let (old, new) = ends(&world, upgrade);
    for fault in [Fault::Eio, Fault::Enospc] {
        let _ = Matrix::new(&world, upgrade)
            .only(|point| point.starts_with("environment."))
            .fault(fault)
            .check(check(&old, &new))
            .threads(2)
            .run();
    }
}

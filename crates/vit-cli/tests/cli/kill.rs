//! The program is killed at every point that it passes; after `vit recover` the installation is
//! the old one or the new one by content, with one true history entry. TRANSACTION.md,
//! invariant 1.

use std::collections::BTreeSet;

use vit_engine::exec::record::Entry;
use vit_testkit::faults;
use vit_testkit::kill::{Matrix, RecoveryKills, Survivor};
use vit_testkit::{Invocation, World};

/// A smoke test that fails on the new release and passes on the old one.
const FAILS_ON_NEW: &str = "[ \"$VIT_TO_VERSION\" = 1.0.0 ] || exit 1";

/// Core 1.0.0 with a tracked vertical, and 1.1.0 published; `smoke` is the script of an untracked
/// vertical.
pub(crate) fn world(smoke: &str, detached: bool) -> World {
    let mut builder = World::builder()
        .bin(env!("CARGO_BIN_EXE_vit"))
        .core("1.0.0", |r| r.vertical("tracked", |v| v));
    if detached {
        builder = builder.detached();
    }
    let world = builder.build();
    world
        .vertical("finance", |v| v.smoke(smoke).file("rules.py", "RULES = 1\n"))
        .publish("1.1.0", |r| {
            r.feature("a faster bus")
                .remove_file("vitruvyan_core/core/cache.py")
                .file("vitruvyan_core/core/new.py", Some("NEW = 1\n"))
        });
    world
}

fn upgrade(world: &World) -> Invocation {
    world.command(["upgrade", "--yes", "--json"])
}

/// What must hold of every survivor beside what the matrix itself looks at.
fn sound(survivor: &Survivor<'_>) -> Result<(), String> {
    let world = survivor.world;
    for args in [&["verify"][..], &["history", "verify"]] {
        let run = world.vit(args);
        if run.code() != Some(0) {
            return Err(format!("not sound\n{run:?}"));
        }
    }
    let idle = world.vit(&["recover", "--json"]);
    if idle.json()["status"] != "nothing_to_do" {
        return Err(format!("the second recovery had something to do\n{idle:?}"));
    }
    Ok(())
}

#[test]
fn an_upgrade_killed_at_any_point() {
    let world = world("exit 0", false);
    let report = Matrix::new(&world, upgrade)
        .recovery_kills(RecoveryKills::Distinct)
        .check(sound)
        .threads(2)
        .run();
    eprintln!("{} {} {:#?}", report.cases, report.recovery_cases, report.points);
}

#[test]
fn an_upgrade_that_fails_killed_at_any_point() {
    let world = world(FAILS_ON_NEW, false);
    let report = Matrix::new(&world, upgrade)
        .check(sound)
        .threads(2)
        .run();
    eprintln!("{} {} {:#?}", report.cases, report.recovery_cases, report.points);
}

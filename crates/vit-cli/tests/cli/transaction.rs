//! The transaction from outside: the worlds that its tests share, and how it behaves when two
//! come at once, when many come within a second, and when somebody asks it to stop.

use std::path::Path;
use std::time::Duration;

use vit_testkit::kill::Survivor;
use vit_testkit::{Invocation, Run, World, WorldBuilder};

mod damage;
mod failed;
mod inconsistent;
mod many;
mod signals;
mod soak;
mod syncs;

/// A smoke test that fails on the new release and passes on the old one.
pub(crate) const FAILS_ON_NEW: &str = "[ \"$VIT_TO_VERSION\" = 1.0.0 ] || exit 1";

/// How long a test waits for something that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Core 1.0.0 with a tracked vertical.
pub(crate) fn builder() -> WorldBuilder {
    World::builder()
        .bin(env!("CARGO_BIN_EXE_vit"))
        .core("1.0.0", |r| r.vertical("tracked", |v| v))
}

/// A world with an untracked vertical whose smoke test is `smoke`, and with 1.1.0 published.
pub(crate) fn with_update(builder: WorldBuilder, smoke: &str) -> World {
    let world = builder.build();
    world
        .vertical("finance", |v| {
            v.smoke(smoke).file("rules.py", "RULES = 1\n")
        })
        .publish("1.1.0", |r| {
            r.feature("a faster bus")
                .remove_file(vit_testkit::smoke::REMOVED)
                .file("vitruvyan_core/core/new.py", Some("NEW = 1\n"))
        });
    world
}

/// The usual world, on `main`.
pub(crate) fn world(smoke: &str) -> World {
    with_update(builder(), smoke)
}

/// Writes a file.
#[expect(
    clippy::disallowed_methods,
    reason = "the rule is for the program's state, this is a test's"
)]
pub(crate) fn put(path: impl AsRef<Path>, text: impl AsRef<[u8]>) {
    let path = path.as_ref();
    std::fs::write(path, text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
}

/// `vit upgrade`.
pub(crate) fn upgrade(world: &World) -> Invocation {
    world.command(["upgrade", "--yes", "--json"])
}

/// `vit upgrade` to what was rolled back before.
pub(crate) fn upgrade_again(world: &World) -> Invocation {
    world.command(["upgrade", "--yes", "--json", "--retry-quarantined", "again"])
}

/// `vit rollback`.
pub(crate) fn rollback(world: &World) -> Invocation {
    world.command(["rollback", "--yes", "--json"])
}

/// Checks that `vit verify` and `vit history verify` find nothing and that nothing is open.
pub(crate) fn sound(world: &World) -> Result<(), String> {
    // `verify` holds what `history verify` checks, and more.
    for args in [&["verify"][..], &["history", "verify"]] {
        let run = world.vit(args);
        if run.code() != Some(0) {
            return Err(format!("not sound\n{run:?}"));
        }
    }
    let idle = world.vit(&["recover", "--json"]);
    if idle.json()["status"] != "nothing_to_do" {
        return Err(format!("there was still something to do\n{idle:?}"));
    }
    Ok(())
}

/// The same for a survivor of a matrix.
pub(crate) fn survivor_is_sound(survivor: &Survivor<'_>) -> Result<(), String> {
    sound(survivor.world)
}

/// The field `status` of what a run prints.
#[track_caller]
pub(crate) fn status(run: &Run) -> String {
    run.json()["status"].as_str().unwrap_or_default().to_owned()
}

/// How the transactions of a world ended, the oldest first.
pub(crate) fn outcomes(world: &World) -> Vec<String> {
    let text = |entry: &serde_json::Value| entry["status"].as_str().unwrap_or("?").to_owned();
    world.history().iter().map(text).collect()
}

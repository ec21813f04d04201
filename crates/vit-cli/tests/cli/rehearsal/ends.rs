//! How a rehearsal ends before its time: killed at every point, stopped, killed by a smoke test.
//! The next command leaves nothing of it.

use std::os::unix::fs::PermissionsExt as _;

use rustix::process::Signal;
use vit_testkit::faults::{self, Fault};
use vit_testkit::{Invocation, World, processes, smoke};

use super::{INDIRECT, Live, left};
use crate::transaction::{PATIENCE, outcomes, put, sound, upgrade, world};

fn rehearsing(world: &World) -> Invocation {
    world.command(["plan", "--rehearse", "--json"])
}

#[test]
fn killed_at_any_point() {
    let start = world("exit 0");
    start.vit(&["plan"]).assert_code(0);
    let (_, points) = faults::trace(rehearsing(&start.copy()));
    let own = points.iter().filter(|p| p.starts_with("rehearsal."));
    assert_eq!(own.count(), 6, "{points:?}");
    let next: [&[&str]; 3] = [&["recover"], &["plan", "--rehearse"], &["hold", "9.9.9"]];
    for (number, point) in points.iter().enumerate() {
        let world = start.copy();
        let (state, live) = (world.state(), Live::of(&world));
        let killed = faults::with(rehearsing(&world), point, Fault::Kill).run();
        assert!(killed.was_killed(), "{point}: {killed:?}");
        world.state().assert_same(&state);
        assert_eq!(Live::of(&world), live, "{point}");
        world.vit(next[number % next.len()]).assert_code(0);
        assert_eq!(left(&world), [""; 0], "{point}");
        world.state().assert_same(&state);
        assert_eq!(Live::of(&world), live, "{point}");
    }
}

/// An upgrade that is killed in its rehearsal has not begun: the history knows nothing of it.
#[test]
fn an_upgrade_killed_in_its_rehearsal() {
    let start = world("exit 0");
    for point in [
        "rehearsal.repository",
        "rehearsal.probe",
        "rehearsal.remove",
    ] {
        let world = start.copy();
        let state = world.state();
        let run = world.command(["upgrade", "--rehearse", "--yes", "--json"]);
        assert!(faults::with(run, point, Fault::Kill).run().was_killed());
        let recovered = world.vit(&["recover", "--json"]);
        recovered.assert_code(0);
        assert_eq!(recovered.json()["status"], "nothing_to_do");
        assert_eq!(left(&world), [""; 0], "{point}");
        assert_eq!(outcomes(&world), [""; 0]);
        world.state().assert_same(&state);
        upgrade(&world).run().assert_code(0);
        sound(&world).unwrap();
    }
}

/// Ctrl-C ends it: exit 2, nothing left, nothing running.
#[test]
fn stopped_by_a_signal() {
    for args in [
        &["plan", "--rehearse"][..],
        &["upgrade", "--rehearse", "--yes"],
    ] {
        let world = world(
            "sleep 60 &\n: > \"$TMPDIR/started\"\nwhile [ -d \"$VIT_CORE_ROOT\" ]; do sleep 0.05; done",
        );
        let state = world.state();
        let mut run = world.command(args).spawn();
        run.until("the smoke test", || world.tmp().join("started").exists());
        run.signal_group(Signal::INT);
        run.wait()
            .assert_code(2)
            .assert_stderr("the rehearsal was stopped on request");
        assert_eq!(left(&world), [""; 0]);
        assert!(processes::all_gone(&world.root(), PATIENCE));
        assert_eq!(outcomes(&world), [""; 0]);
        world.state().assert_same(&state);
    }
}

/// The same where the smoke test will not end by itself.
#[test]
fn stopped_while_sigterm_is_ignored() {
    let world = world(INDIRECT);
    let text = smoke::IGNORES_TERM.passes();
    let text = text.replace("while", ": > \"$TMPDIR/started\"\nwhile");
    put(world.tmp().join("script"), text);
    let state = world.state();
    let mut run = rehearsing(&world).spawn();
    run.until("the smoke test", || world.tmp().join("started").exists());
    run.signal(Signal::INT);
    run.wait().assert_code(2);
    assert_eq!(left(&world), [""; 0]);
    assert!(processes::all_gone(&world.root(), PATIENCE));
    world.state().assert_same(&state);
}

/// A smoke test that kills the program, with something at work that outlives it.
#[test]
fn killed_by_its_smoke_test() {
    let daemon = smoke::DAEMON.passes();
    let daemon = daemon.replace("\nexit 0", "\nkill -9 $parent\nsleep 1");
    for text in [
        format!("parent=$PPID\n{daemon}"),
        smoke::KILLS_PARENT.passes(),
        smoke::KILLS_PARENT.fails(),
    ] {
        let world = world(INDIRECT);
        let state = world.state();
        put(world.tmp().join("script"), text);
        let run = rehearsing(&world).run();
        assert!(run.was_killed(), "{run:?}");
        assert_eq!(left(&world).len(), 2);
        world.vit(&["recover"]).assert_code(0);
        assert_eq!(left(&world), [""; 0]);
        assert!(processes::all_gone(&world.root(), PATIENCE));
        world.state().assert_same(&state);
    }
}

/// What cannot be removed is told by every command that looks, and keeps none from its work.
#[test]
fn what_cannot_be_removed_is_told() {
    let world = world("exit 0");
    // A folder where the lock is: it can be neither opened nor taken.
    let folder = world.path(".git/vit/rehearsals/rehearsal-20260101-000000.lock");
    std::fs::create_dir_all(&folder).unwrap();
    let state = world.state();
    for args in [
        &["recover"][..],
        &["hold", "9.9.9"],
        &["plan", "--rehearse"],
        &["upgrade", "--yes"],
        &["rollback", "--yes"],
    ] {
        world
            .vit(args)
            .assert_code(0)
            .assert_stderr("rehearsal-20260101-000000.lock");
    }
    world.state().assert_same(&state);
    assert!(folder.is_dir());
}

/// What somebody else rehearses now is not swept.
#[test]
fn a_rehearsal_at_work_is_left_alone() {
    let world = world(
        "[ -e \"$TMPDIR/started\" ] && exit 0\n: > \"$TMPDIR/started\"\n\
         while [ ! -e \"$TMPDIR/go\" ]; do sleep 0.05; done",
    );
    let mut run = rehearsing(&world).spawn();
    run.until("the smoke test", || world.tmp().join("started").exists());
    world.vit(&["recover"]).assert_code(0);
    assert_eq!(left(&world).len(), 2);
    world.vit(&["plan", "--rehearse"]).assert_code(0);
    assert_eq!(left(&world).len(), 2);
    put(world.tmp().join("go"), "");
    run.wait().assert_code(0);
    assert_eq!(left(&world), [""; 0]);
}

/// Folders that nobody may write to are removed all the same, by whoever may (root always may).
#[test]
fn read_only_folders_are_removed() {
    let world = world(
        "mkdir -p \"$VIT_CORE_ROOT/a/b\" && : > \"$VIT_CORE_ROOT/a/b/c\" && \
         chmod 500 \"$VIT_CORE_ROOT/a/b\" \"$VIT_CORE_ROOT/a\"",
    );
    world.vit(&["plan", "--rehearse"]).assert_code(0);
    assert_eq!(left(&world), [""; 0]);
    let mode = world.path(".git/vit/rehearsals").metadata().unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o700);
}

//! Ctrl-C and its kin: before ARMED nothing is done, after it everything is undone, and a second
//! one does not abandon that.

use std::os::unix::fs::PermissionsExt as _;

use rustix::process::Signal;
use vit_testkit::{World, processes};

use super::{PATIENCE, outcomes, put, sound, status, upgrade, world};

/// A smoke test that says that it runs and does not end, with grandchildren.
const ENDLESS: &str = "sleep 60 &\n: > \"$TMPDIR/started\"\n\
     while [ -d \"$VIT_CORE_ROOT\" ]; do sleep 0.05; done";

#[test]
fn an_interrupted_smoke_test_is_rolled_back() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let world = world(ENDLESS);
        let before = world.state();
        let mut run = upgrade(&world).spawn();
        run.until("the smoke test", || world.tmp().join("started").exists());
        run.signal_group(signal);
        let run = run.wait();
        run.assert_code(3);
        assert_eq!(status(&run), "rollback_executed");
        assert_eq!(run.json()["problems"][0]["code"], "interrupted");
        world.state().assert_same(&before);
        assert!(processes::all_gone(&world.root(), PATIENCE));
        assert_eq!(outcomes(&world), ["rollback_executed"]);
        sound(&world).unwrap();
    }
}

#[test]
fn a_second_signal_does_not_abandon_the_rollback() {
    let world = world(
        "trap ': > \"$TMPDIR/stopping\"; sleep 0.3; exit 1' TERM\n: > \"$TMPDIR/started\"\n\
         while [ -d \"$VIT_CORE_ROOT\" ]; do sleep 0.05; done",
    );
    let before = world.state();
    let mut run = upgrade(&world).spawn();
    run.until("the smoke test", || world.tmp().join("started").exists());
    run.signal_group(Signal::INT);
    run.until("the end of the smoke test", || {
        world.tmp().join("stopping").exists()
    });
    for signal in [Signal::INT, Signal::TERM, Signal::INT] {
        run.signal_group(signal);
    }
    run.wait()
        .assert_code(3)
        .assert_stderr("stopping at the next safe point");
    world.state().assert_same(&before);
    sound(&world).unwrap();
}

/// Puts a git in front of the real one that waits, once, when a snapshot is about to be taken:
/// the plan of the transaction is written, its refs are not.
fn git_that_waits(world: &World) -> std::ffi::OsString {
    let path = world
        .environment()
        .into_iter()
        .find_map(|(name, value)| (name == "PATH").then_some(value))
        .unwrap_or_default();
    let real = std::env::split_paths(&path)
        .map(|folder| folder.join("git"))
        .find(|git| git.is_file())
        .expect("there is a git");
    let folder = world.root().join("bin");
    std::fs::create_dir(&folder).expect("a folder can be made");
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in *update-ref*)\n\
         if [ -d .git/vit/transactions ] && mkdir '{tmp}/waiting' 2>/dev/null; then\n\
         while [ -d '{tmp}' ] && [ ! -e '{tmp}/go' ]; do sleep 0.02; done; fi;;\nesac\n\
         exec '{git}' \"$@\"\n",
        tmp = world.tmp().display(),
        git = real.display(),
    );
    let git = folder.join("git");
    put(&git, script);
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(&git, executable).expect("it is ours");
    let mut all = std::ffi::OsString::from(folder);
    all.push(":");
    all.push(path);
    all
}

#[test]
fn before_armed_a_signal_means_that_nothing_is_done() {
    let world = world("exit 0");
    let before = world.state();
    let mut run = upgrade(&world).env("PATH", git_that_waits(&world)).spawn();
    run.until("the snapshot", || world.tmp().join("waiting").exists());
    run.signal(Signal::TERM);
    // Told before git may go on: then the program has seen it.
    let told = || processes::of_world(&world.root()).len() > 1;
    run.until("git to be at work", told);
    put(world.tmp().join("go"), "");
    let run = run.wait();
    run.assert_code(2);
    assert_eq!(status(&run), "aborted");
    world.state().assert_same(&before);
    assert_eq!(outcomes(&world), ["failed"]);
    assert_eq!(world.git(&["tag", "--list", "pre-*"]), "");
    assert_eq!(world.git(&["for-each-ref", "refs/vit/snapshots"]), "");
    sound(&world).unwrap();
    upgrade(&world).run().assert_code(0);
}

//! Running programs in a world.

use std::path::Path;
use std::time::Duration;

use vit_testkit::World;
use vit_testkit::processes::all_gone;

const SH: &str = "/bin/sh";

#[test]
fn the_environment_is_named_variable_by_variable() {
    let world = World::new(SH);
    let run = world
        .command(["-c", "env | sort; pwd; cat"])
        .env("VIT_CHANNEL", "beta")
        .run();
    run.assert_code(0);
    let names: Vec<&str> = run
        .stdout
        .lines()
        .filter_map(|line| line.split_once('=').map(|(name, _)| name))
        .filter(|name| !matches!(*name, "_" | "PWD" | "OLDPWD" | "SHLVL"))
        .collect();
    assert_eq!(
        names,
        [
            "HOME",
            "LANG",
            "PATH",
            "TMPDIR",
            "VIT_CHANNEL",
            "VIT_TESTKIT_WORLD"
        ]
    );
    run.assert_stdout("LANG=C.UTF-8")
        .assert_stdout(world.installation().to_str().unwrap());
}

#[test]
fn output_input_status_and_signal_are_told_apart() {
    let world = World::new(SH);
    let run = world
        .command(["-c", "cat; echo trouble >&2; exit 3"])
        .stdin("{\"a\": 1}")
        .run();
    assert_eq!((run.code(), run.signal()), (Some(3), None));
    assert_eq!(run.json()["a"], 1);
    run.assert_stderr("trouble");
    assert!(world.vit(&["-c", "kill -9 $$"]).was_killed());
}

#[test]
#[should_panic(expected = "the whole story")]
fn a_wrong_status_shows_the_whole_output() {
    World::new(SH)
        .vit(&["-c", "echo the whole story; exit 1"])
        .assert_code(0);
}

#[test]
#[should_panic(expected = "did not end in its time")]
fn a_run_that_hangs_is_ended() {
    let world = World::new(SH);
    let _ = world
        .command(["-c", "sleep 60"])
        .patience(Duration::from_millis(50))
        .run();
}

#[test]
fn what_a_world_leaves_running_is_found_and_ended() {
    let world = World::new(SH);
    let daemon = "setsid sh -c 'trap \"\" TERM HUP; while :; do sleep 0.1; done' &";
    let run = world.program(Path::new(SH), ["-c", daemon]).run();
    run.assert_code(0);
    assert!(!world.processes().is_empty());
    assert!(!all_gone(&world.root(), Duration::ZERO));
    let root = world.root();
    drop(world);
    assert!(all_gone(&root, Duration::ZERO));
    assert!(!root.exists());
}

#[test]
fn a_run_under_way_can_be_waited_for_and_signalled() {
    let world = World::new(SH);
    let script = "trap 'echo stopped; exit 7' TERM; : > ready; while :; do sleep 0.01; done";
    let mut running = world.command(["-c", script]).spawn();
    let ready = world.path("ready");
    running.until("the file", || ready.exists());
    running.signal_group(rustix::process::Signal::TERM);
    running.wait().assert_code(7).assert_stdout("stopped");
}

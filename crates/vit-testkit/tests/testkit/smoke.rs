//! The misbehaving smoke tests do what they say, in a shell, in a world.

use std::path::Path;

use vit_testkit::smoke::{self, Hostile};
use vit_testkit::{Run, State, World};

fn world() -> World {
    let world = World::new("/bin/sh");
    world
        .vertical("finance", |v| v)
        .publish("1.1.0", |r| r.remove_file(smoke::REMOVED));
    world.git(&["fetch", "-q", "--tags"]);
    world.git(&["checkout", "-q", "v1.1.0"]);
    world
}

fn run(world: &World, script: &str) -> Run {
    world
        .program(Path::new("/bin/sh"), ["-c", script])
        .env("VIT_CORE_ROOT", world.installation())
        .env("VIT_VERTICAL", "finance")
        .env("VIT_PHASE", "probe")
        .run()
}

/// What a script does to a world, and whether something of it still runs.
fn effect(hostile: Hostile) -> (State, State, World, Run) {
    let world = world();
    let before = world.state();
    let run = run(&world, &hostile.exits(5));
    (before, world.state(), world, run)
}

#[test]
fn every_script_is_good_shell() {
    let world = World::new("/bin/sh");
    for hostile in smoke::TAME.iter().chain(&smoke::WILD) {
        for script in [hostile.passes(), hostile.in_probe_only(1)] {
            world.write("script", script);
            let run = world.vit(&["-n", "script"]);
            assert_eq!(run.code(), Some(0), "{}: {run:?}", hostile.name);
        }
    }
}

#[test]
fn tame_scripts_come_to_their_end() {
    for hostile in smoke::TAME {
        let (_, _, _, run) = effect(hostile);
        assert_eq!(run.code(), Some(5), "{}: {run:?}", hostile.name);
    }
}

#[test]
fn scripts_that_touch_the_tree_change_its_state() {
    for hostile in [
        smoke::EDITS_TRACKED,
        smoke::STAGES,
        smoke::UNTRACKED_IN_THE_WAY,
        smoke::FOLDER_IN_THE_WAY,
        smoke::FILE_FOR_FOLDER,
        smoke::SYMLINK_FOR_FOLDER,
        smoke::FLIPS_MODES,
        smoke::HIDES_AN_EDIT,
        smoke::COMMITS,
        smoke::CHECKS_OUT,
        smoke::DELETES_INDEX,
        smoke::SPOILS_INDEX,
        smoke::HIDES_FROM_GIT,
        smoke::REMOVES_VERTICAL,
    ] {
        let (before, after, _, run) = effect(hostile);
        assert_ne!(before, after, "{}: {run:?}", hostile.name);
    }
}

#[test]
fn daemons_go_on_writing() {
    for daemon in [smoke::DAEMON, smoke::BARE_DAEMON] {
        let (_, _, world, _) = effect(daemon);
        let size = || world.read("vitruvyan_core/__init__.py").len();
        let first = size();
        let start = std::time::Instant::now();
        while size() == first {
            assert!(
                start.elapsed().as_secs() < 10,
                "{}: nothing is written",
                daemon.name
            );
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

#[test]
fn a_script_can_behave_after_the_rollback() {
    let world = world();
    let before = world.state();
    let script = smoke::EDITS_TRACKED.in_probe_only(1);
    let run = world
        .program(Path::new("/bin/sh"), ["-c", &script])
        .env("VIT_PHASE", "rollback")
        .run();
    run.assert_code(0);
    world.state().assert_same(&before);
}

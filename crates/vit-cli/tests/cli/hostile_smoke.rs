//! Smoke tests that misbehave: the state is the old or the new one exactly, nothing is left
//! running, and nothing works on in the tree. TRANSACTION.md, invariant 4; CASES.md 11 and 16.

use std::collections::BTreeSet;

use rustix::process::Signal;
use vit_testkit::smoke::{self, Hostile};
use vit_testkit::state::State;
use vit_testkit::{Run, World, processes};

use crate::transaction::{PATIENCE, outcomes, put, sound, status, upgrade, world};

mod disk;

/// The vertical's script is the same for all, so that the new state is; what it does stands
/// outside the tree.
const INDIRECT: &str = "exec /bin/sh \"$TMPDIR/script\"";

/// The world, and the state that a good upgrade leads to.
fn start() -> (World, State) {
    let start = world(INDIRECT);
    let good = start.copy();
    script(&good, "exit 0");
    upgrade(&good).run().assert_code(0);
    (start, good.state())
}

fn script(world: &World, text: &str) {
    put(world.tmp().join("script"), text);
}

/// Files that are there and in `expected` are not, nothing else being different.
fn only_more(found: &State, expected: &State) -> Option<BTreeSet<String>> {
    let mut rest = found.clone();
    rest.files
        .retain(|path, _| expected.files.contains_key(path));
    rest.status = expected.status.clone();
    let more = |path: &&String| !expected.files.contains_key(*path);
    (rest == *expected).then(|| found.files.keys().filter(more).cloned().collect())
}

/// Judges what an upgrade left: the old state wholly, or the new one with no more than the
/// untracked files that the report names.
fn judge(world: &World, run: &Run, old: &State, new: &State) -> Result<(), String> {
    if !processes::all_gone(&world.root(), PATIENCE) {
        return Err(format!("still at work: {:?}\n{run:?}", world.processes()));
    }
    let state = world.state();
    let fits = match run.code() {
        Some(3) => state == *old,
        Some(0) => only_more(&state, new).is_some_and(|more| {
            more.iter().all(|path| {
                let folder = path.rsplit_once('/').map_or(path.as_str(), |(up, _)| up);
                run.stdout.contains(path.as_str()) || run.stdout.contains(folder)
            })
        }),
        _ => false,
    };
    if !fits {
        let (to_old, to_new) = (old.diff(&state), new.diff(&state));
        return Err(format!("from old:\n{to_old}from new:\n{to_new}{run:?}"));
    }
    if world.path(".git/index.lock").exists() {
        return Err(format!("index.lock was left behind\n{run:?}"));
    }
    sound(world)
}

fn go_through(scripts: &[Hostile], variant: fn(Hostile) -> String) {
    let (start, new) = start();
    let old = start.state();
    let failures: Vec<String> = scripts
        .iter()
        .filter_map(|hostile| {
            let world = start.copy();
            script(&world, &variant(*hostile));
            let run = upgrade(&world).run();
            let judged = judge(&world, &run, &old, &new);
            judged.err().map(|e| format!("{}: {e}", hostile.name))
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

#[test]
fn tame_ones_that_fail() {
    go_through(&smoke::TAME, Hostile::fails);
}

#[test]
fn tame_ones_that_pass() {
    go_through(&smoke::TAME, Hostile::passes);
}

#[test]
fn tame_ones_that_behave_once_the_old_release_is_back() {
    go_through(&smoke::TAME, |hostile| hostile.in_probe_only(1));
}

#[test]
fn ones_that_print_much() {
    for variant in [Hostile::fails, Hostile::passes] {
        go_through(&[smoke::LONG_LINE, smoke::MANY_LINES], variant);
    }
}

/// What is printed is counted to the last byte and kept in part.
#[test]
fn fifty_megabytes_are_counted() {
    let (world, _) = start();
    script(&world, &smoke::LONG_LINE.fails());
    let run = upgrade(&world).run();
    run.assert_code(3);
    let result = &run.json()["smoke_tests"][0];
    assert_eq!(result["output_bytes"], 50 * 1024 * 1024);
    assert!(run.stdout.len() < 256 * 1024, "{}", run.stdout.len());
    let evidence = run.json()["evidence"].as_str().unwrap().to_owned();
    let log = std::path::Path::new(&evidence).join("smoke-finance.log");
    assert!(log.metadata().unwrap().len() < 1024 * 1024);
}

#[test]
fn one_that_kills_itself_has_failed() {
    go_through(&[smoke::KILLS_ITSELF], Hostile::passes);
}

#[test]
fn odd_statuses_are_failures() {
    for odd in smoke::ODD_STATUSES {
        let (world, _) = start();
        let before = world.state();
        script(&world, &format!("exit {odd}"));
        upgrade(&world).run().assert_code(3);
        world.state().assert_same(&before);
    }
}

/// The program dies of the smoke test, once or again in the smoke test of the old release.
#[test]
fn one_that_kills_the_program() {
    for script_text in [
        smoke::KILLS_PARENT.fails(),
        smoke::KILLS_PARENT.in_probe_only(1),
        format!(
            "[ \"$VIT_PHASE\" = probe ] && exit 1\n{}",
            daemon_and_kill()
        ),
        daemon_and_kill(),
    ] {
        let (world, _) = start();
        let before = world.state();
        script(&world, &script_text);
        let run = upgrade(&world).run();
        assert!(run.was_killed(), "{run:?}");
        world.vit(&["recover"]).assert_code(3);
        assert!(
            processes::all_gone(&world.root(), PATIENCE),
            "{script_text}"
        );
        world.state().assert_same(&before);
        assert_eq!(outcomes(&world), ["rollback_executed"]);
        sound(&world).unwrap();
    }
}

/// Leaves something that writes into the tree, then kills the program.
fn daemon_and_kill() -> String {
    format!(
        "parent=$PPID\n{}",
        smoke::DAEMON
            .passes()
            .replace("\nexit 0", "\nkill -9 $parent\nsleep 1")
    )
}

/// A smoke test that does not end by itself nor by SIGTERM: Ctrl-C ends it.
#[test]
fn case_16_one_that_ignores_sigterm() {
    let (world, _) = start();
    let before = world.state();
    let text = smoke::IGNORES_TERM.fails();
    script(
        &world,
        &text.replace("while", ": > \"$TMPDIR/started\"\nwhile"),
    );
    let mut run = upgrade(&world).spawn();
    run.until("the smoke test", || world.tmp().join("started").exists());
    run.signal(Signal::INT);
    run.wait().assert_code(3);
    assert!(processes::all_gone(&world.root(), PATIENCE));
    world.state().assert_same(&before);
    sound(&world).unwrap();
}

/// No rollback brings a tag back that is not its own; `vit verify` says so.
#[test]
fn one_that_moves_a_tag_is_found_out() {
    let (world, _) = start();
    let before = world.state();
    script(&world, &smoke::TAGS.in_probe_only(1));
    upgrade(&world).run().assert_code(3);
    world.state().assert_same(&before);
    world
        .vit(&["verify"])
        .assert_code(1)
        .assert_stdout("v1.0.0");
}

/// Hooks and programs that a smoke test writes into git's configuration never run in `vit`.
#[test]
fn one_that_writes_into_gits_configuration() {
    for status in [0, 1] {
        let (world, new) = start();
        let old = world.state();
        script(&world, &smoke::WRITES_CONFIG.in_probe_only(status));
        let run = upgrade(&world).run();
        assert!(!world.tmp().join("pwned").exists(), "{run:?}");
        let expected = if status == 0 { &new } else { &old };
        world.git(&["config", "--unset", "core.fsmonitor"]);
        world.git(&["config", "--unset", "core.hooksPath"]);
        world.state().assert_same(expected);
    }
}

/// CASES.md 11, all of it at once.
#[test]
fn case_11_everything_at_once() {
    let (world, _) = start();
    let before = world.state();
    script(
        &world,
        "cd \"$VIT_CORE_ROOT\"\n[ \"$VIT_PHASE\" = probe ] || exit 0\n\
         echo x >> README.md\necho mine > vitruvyan_core/core/cache.py\n\
         rm -rf domains/finance domains/tracked\nrm -f .git/index\nexit 1",
    );
    let run = upgrade(&world).run();
    run.assert_code(3);
    assert_eq!(status(&run), "rollback_executed");
    assert_eq!(run.json()["proof"]["verified"], true);
    world.state().assert_same(&before);
    sound(&world).unwrap();
}

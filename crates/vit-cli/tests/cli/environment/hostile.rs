//! Smoke tests and installers that do to the environment what they should not.

use vit_testkit::python;

use super::{assert_same_env, kept, manifest, upgrade, with_stub, world};
use crate::transaction::{outcomes, put, sound, status};

/// Each wrecks the environment and fails, or passes and leaves none.
#[test]
fn whatever_a_smoke_test_does_the_environment_comes_back() {
    if !python::need() {
        return;
    }
    let site = "$(echo .venv/lib/python*/site-packages)";
    let prepared = world("exit 1");
    for wreck in [
        "git clean -ffdxq; exit 1".to_owned(),
        // A smoke test that passes and leaves no environment has not passed.
        "[ $VIT_PHASE = rollback ] || git clean -ffdxq; exit 0".to_owned(),
        "rm -rf .venv; : > .venv; exit 1".to_owned(),
        "rm -rf .venv; ln -s / .venv; exit 1".to_owned(),
        format!("echo broken >> {site}/alpha/__init__.py; exit 1"),
        format!("rm -r {site}/alpha; mkdir -p {site}/x/y; chmod 0 {site}/x; exit 1"),
        "chmod 700 .venv/bin; echo x > .venv/bin/activate; chmod -R a-w .venv; exit 1".to_owned(),
        "mv .venv elsewhere; exit 1".to_owned(),
        // In the restored environment, too.
        format!("echo x > {site}/left.py; python -c 'import alpha'; rm -r .venv/bin; exit 1"),
    ] {
        let world = prepared.copy();
        world.vertical("finance", |v| {
            v.smoke(&format!("cd \"$VIT_CORE_ROOT\"; {wreck}"))
        });
        let (tree, before) = (world.state(), manifest(&world));
        let run = upgrade(&world).run();
        assert_eq!(
            (run.code(), status(&run).as_str()),
            (Some(3), "rollback_executed"),
            "{wreck}: {run:?}"
        );
        assert_same_env(&world, &before);
        let after = world.state();
        let diff = tree.diff(&after);
        assert!(diff.is_empty(), "{wreck}\n{diff}");
        assert_eq!(kept(&world).len(), 0, "{wreck}");
        sound(&world).unwrap();
    }
}

/// A smoke test that passes and changes what was installed has not passed: the proof would bless
/// what no installer has made. Bytecode is Python's own.
#[test]
fn a_smoke_test_that_passes_may_not_change_what_was_installed() {
    if !python::need() {
        return;
    }
    let prepared = world("exit 1");
    let site = "$(echo .venv/lib/python*/site-packages)";
    for (change, named) in [
        (
            format!("echo x >> {site}/alpha/__init__.py"),
            Some("alpha/__init__.py: has other content"),
        ),
        (
            format!("echo x > {site}/left.py"),
            Some("left.py: should not be there"),
        ),
        ("python -c 'import alpha, beta'".to_owned(), None),
    ] {
        let world = prepared.copy();
        world.vertical("finance", |v| {
            v.smoke(&format!(
                "cd \"$VIT_CORE_ROOT\"; [ $VIT_PHASE = rollback ] || {change}"
            ))
        });
        let (tree, before) = (world.state(), manifest(&world));
        let rehearsed = with_stub(&world, &["plan", "--rehearse", "--json"]).run();
        let told = rehearsed.stdout.contains("environment_mismatch");
        assert_eq!(told, named.is_some(), "{rehearsed:?}");
        let run = upgrade(&world).run();
        let Some(named) = named else {
            run.assert_code(0);
            sound(&world).unwrap();
            continue;
        };
        run.assert_code(3);
        let cause = run.json()["problems"][0].clone();
        assert_eq!(cause["code"], "environment_mismatch", "{run:?}");
        let evidence = cause["evidence"].as_str().unwrap();
        assert!(evidence.contains(named), "{evidence}");
        assert_same_env(&world, &before);
        world.state().assert_same(&tree);
        sound(&world).unwrap();
    }
}

/// A write through a hard link that the twin shares with the live file. A twin that was written
/// into is never called right: it is mended from another one, or the end is inconsistent.
#[test]
fn a_write_through_a_hard_link_is_never_taken_for_the_old_content() {
    if !python::need() {
        return;
    }
    let large = ".venv/lib/large.bin";
    let script =
        format!("cd \"$VIT_CORE_ROOT\"; [ $VIT_PHASE = rollback ] || echo x >> {large}; exit 1");
    let world = world(&script);
    put(world.path(large), "x".repeat(100_000));
    let before = manifest(&world);
    let run = upgrade(&world).run();
    if run.code() == Some(3) {
        // The file system clones files, so the twin had a copy of its own.
        assert_same_env(&world, &before);
        return;
    }
    run.assert_code(4);
    assert_eq!(status(&run), "inconsistent");
    assert!(run.stdout.contains("large.bin"), "{run:?}");
    assert_eq!(outcomes(&world), ["inconsistent"]);
    // Everything else is back, and a repair says the same until somebody brings the file.
    world.vit(&["repair", "--yes"]).assert_code(4);
    put(world.path(large), "x".repeat(100_000));
    world.vit(&["repair", "--yes", "--json"]).assert_code(0);
    assert_same_env(&world, &before);
    sound(&world).unwrap();
}

/// An installer that dies in the middle, takes the program with it, or never ends.
#[test]
fn an_installer_that_dies_in_the_middle() {
    if !python::need() {
        return;
    }
    let prepared = world("exit 0");
    let stub = prepared.root().join("bin/uv");
    let text = std::fs::read_to_string(&stub).unwrap();
    for (end, code) in [
        ("kill -9 $$", Some(3)),
        ("kill -9 $PPID; sleep 30", None),
        ("exit 7", Some(3)),
    ] {
        let world = prepared.copy();
        let (tree, before) = (world.state(), manifest(&world));
        let broken = text.replace("echo \"VERSION", &format!("{end}; echo \"VERSION"));
        put(world.root().join("bin/uv"), broken);
        let run = upgrade(&world).run();
        assert_eq!(run.code(), code, "{end}: {run:?}");
        if code.is_none() {
            assert_ne!(manifest(&world), before);
            with_stub(&world, &["recover"]).run().assert_code(3);
        }
        world.state().assert_same(&tree);
        assert_same_env(&world, &before);
        assert_eq!(world.processes(), Vec::<u32>::new());
        sound(&world).unwrap();
    }
}

/// More time than it gets.
#[test]
fn an_installer_that_never_ends() {
    if !python::need() {
        return;
    }
    let world = world("exit 0");
    world.write("vit.toml", "[environment]\ntimeout = 1\n");
    put(
        world.root().join("bin/uv"),
        "#!/bin/sh\n[ \"$1\" != --version ] || { echo uv 1.0; exit; }\nsleep 60 & sleep 60\n",
    );
    let before = manifest(&world);
    let run = upgrade(&world).run();
    run.assert_code(3);
    assert!(run.stdout.contains("did not end within 1 s"), "{run:?}");
    assert_same_env(&world, &before);
    assert_eq!(world.processes(), Vec::<u32>::new());
}

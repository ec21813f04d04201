//! Edited pins are installed into a real environment, and both go back together.

use vit_testkit::python::{self, Env, Wheel};
use vit_testkit::{World, tools};

use super::world;
use crate::transaction::{rollback, sound, upgrade};

/// A smoke test that imports the new release from the environment.
const IMPORTS_NEW: &str =
    "exec .venv/bin/python -B -c 'import vitruvyan_core as c; assert c.__version__ == \"1.1.0\"'";

fn wheels(world: &World) -> std::path::PathBuf {
    let wheels = world.root().join("wheels");
    for version in ["1.0.0", "1.1.0"] {
        Wheel::new("vitruvyan-core", version)
            .module(&format!("__version__ = \"{version}\"\n"))
            .write(&wheels);
    }
    wheels
}

/// A project with an environment that has 1.0.0.
fn installed(smoke: &str) -> (World, Env) {
    let text = "# kept\nvitruvyan-core==1.0.0  # why\n";
    let world = world(smoke, &[("requirements.txt", text)]);
    let env = python::venv(&world.path(".venv"));
    let args = ["-m", "pip", "install", "-q", "-r", "requirements.txt"];
    let install = world.program(&env.python(), args);
    python::offline(install, &wheels(&world))
        .run()
        .assert_code(0);
    (world, env)
}

#[test]
fn the_new_pin_is_installed_and_proven_and_both_go_back() {
    if !python::need_pip() {
        return;
    }
    let (world, env) = installed(IMPORTS_NEW);
    let (tree, before) = (world.state(), env.manifest());
    let run = python::offline(upgrade(&world), &world.root().join("wheels")).run();
    run.assert_code(0);
    assert_eq!(run.json()["plan"]["strategy"], "package");
    assert_eq!(env.distributions(), ["vitruvyan_core 1.1.0"]);
    assert_eq!(
        world.read("requirements.txt"),
        "# kept\nvitruvyan-core==1.1.0  # why\n"
    );
    let status = world.vit(&["status", "--json"]).json();
    assert_eq!(
        status["problems"].as_array().map(Vec::len),
        Some(0),
        "{status}"
    );
    sound(&world).unwrap();
    // Nothing is resolved on the way back: there is no index and there are no wheels.
    rollback(&world).run().assert_code(0);
    world.state().assert_same(&tree);
    let differing = python::manifest_diff(&before, &env.manifest());
    assert!(differing.is_empty(), "{differing:?}");
}

#[test]
fn a_failing_smoke_test_takes_pin_and_environment_back() {
    if !python::need_pip() {
        return;
    }
    let (world, env) = installed(&IMPORTS_NEW.replace("1.1.0", "1.0.0"));
    let (tree, before) = (world.state(), env.manifest());
    let run = python::offline(upgrade(&world), &world.root().join("wheels")).run();
    run.assert_code(3);
    world.state().assert_same(&tree);
    let differing = python::manifest_diff(&before, &env.manifest());
    assert!(differing.is_empty(), "{differing:?}");
    sound(&world).unwrap();
}

#[test]
fn a_release_that_cannot_be_installed_is_taken_back() {
    if !python::need_pip() {
        return;
    }
    let (world, env) = installed("exit 0");
    let (tree, before) = (world.state(), env.manifest());
    // No wheel of the new release.
    std::fs::remove_dir_all(world.root().join("wheels")).unwrap();
    std::fs::create_dir(world.root().join("wheels")).unwrap();
    let run = python::offline(upgrade(&world), &world.root().join("wheels")).run();
    run.assert_code(3);
    world.state().assert_same(&tree);
    let differing = python::manifest_diff(&before, &env.manifest());
    assert!(differing.is_empty(), "{differing:?}");
}

#[test]
fn a_project_with_a_lock_is_installed_as_it_is_locked() {
    if !tools::need("uv") || !python::need() {
        return;
    }
    let text = "[project]\nname = \"app\"\nversion = \"0.1.0\"\nrequires-python = \">=3.11\"\ndependencies = [\"vitruvyan-core==1.0.0\"] # kept\n";
    let world = world(IMPORTS_NEW, &[("pyproject.toml", text)]);
    let folder = wheels(&world);
    let env = python::bare_venv(&world.path(".venv"));
    for args in [&["lock"][..], &["sync", "--frozen"]] {
        let run = world.program("uv".as_ref(), args);
        python::offline(run, &folder).run().assert_code(0);
    }
    world.git(&["add", "uv.lock"]);
    world.git(&["commit", "--quiet", "-m", "The lock"]);
    let (tree, before) = (world.state(), env.manifest());
    let run = python::offline(upgrade(&world), &folder).run();
    run.assert_code(0);
    let words = run.json()["plan"]["steps"][1]["action"]["commands"][0].to_string();
    assert!(
        words.contains("\"sync\",\"--frozen\",\"--inexact\""),
        "{words}"
    );
    assert_eq!(env.distributions(), ["vitruvyan_core 1.1.0"]);
    rollback(&world).run().assert_code(0);
    world.state().assert_same(&tree);
    let differing = python::manifest_diff(&before, &env.manifest());
    assert!(differing.is_empty(), "{differing:?}");
}

//! When the environment is left alone, and what is purged with the tree.

use vit_testkit::python;

use super::{assert_same_env, env_of, kept, manifest, rollback, upgrade, with_stub, world};
use crate::transaction::{put, sound};

/// Only code changes: no step, no twin, and the plan says so.
#[test]
fn a_release_that_changes_code_only_leaves_the_step_out() {
    if !python::need() {
        return;
    }
    let world = world("exit 0");
    world.publish("1.1.1", |r| {
        r.file("requirements.txt", Some("alpha==1.0\n"))
            .file("base.txt", None)
    });
    let before = manifest(&world);
    let plan = with_stub(&world, &["plan", "--json"]).run();
    assert_eq!(plan.json()["environment"]["state"], "unchanged");
    assert_eq!(plan.json()["environment"]["found_by"], ".venv");
    assert_eq!(plan.json()["steps"].as_array().map(Vec::len), Some(1));
    with_stub(&world, &["plan"])
        .run()
        .assert_stdout("nothing that it depends on changes");
    upgrade(&world).run().assert_code(0);
    assert_same_env(&world, &before);
    assert_eq!(kept(&world), [""; 0]);
    let back = rollback(&world).run();
    back.assert_code(0);
    assert_eq!(back.json()["plan"]["environment"]["state"], "unchanged");
    assert_same_env(&world, &before);
    sound(&world).unwrap();
}

/// What was planned for one environment is not carried out on another.
#[test]
fn a_plan_is_refused_after_somebody_installed_something() {
    if !python::need() {
        return;
    }
    let world = world("exit 0");
    let file = world.root().join("plan.json");
    let file = file.to_str().unwrap();
    with_stub(&world, &["plan", "--out", file])
        .run()
        .assert_code(0);
    let other = world.root().join("other.txt");
    put(&other, "gamma==1.0\n");
    let python = env_of(&world).python();
    let args = [
        "pip",
        "install",
        "--python",
        python.to_str().unwrap(),
        "-r",
        other.to_str().unwrap(),
    ];
    world
        .program(&world.root().join("bin/uv"), args)
        .run()
        .assert_code(0);
    let before = manifest(&world);
    let run = with_stub(&world, &["upgrade", "--plan", file, "--yes"]).run();
    run.assert_code(1);
    run.assert_stderr("environment: planned with");
    assert_same_env(&world, &before);
    // Running Python in it is no change.
    with_stub(&world, &["plan", "--out", file])
        .run()
        .assert_code(0);
    let python = env_of(&world).python();
    world
        .program(&python, ["-c", "import alpha"])
        .run()
        .assert_code(0);
    assert_ne!(manifest(&world), before, "Python has written bytecode");
    with_stub(&world, &["upgrade", "--plan", file, "--yes"])
        .run()
        .assert_code(0);
}

/// A package that a release deletes is not importable any more although Python has left bytecode
/// in its folder; and the other way round on the way back.
#[test]
fn a_deleted_package_is_not_importable() {
    if !python::need() {
        return;
    }
    let world = world("exit 0");
    let python = env_of(&world).python();
    let import = |name: &str| {
        let code = format!("import vitruvyan_core.{name}");
        let run = world.program(&python, ["-c", &code]).run();
        run.code() == Some(0)
    };
    world.publish("1.2.0", |r| {
        r.file("vitruvyan_core/orders/__init__.py", None)
            .file("vitruvyan_core/fresh/__init__.py", Some("NEW = 1\n"))
    });
    assert!(import("orders") && !import("fresh"));
    assert!(world.path("vitruvyan_core/orders/__pycache__").is_dir());
    upgrade(&world).run().assert_code(0);
    assert!(!import("orders") && import("fresh"));
    rollback(&world).run().assert_code(0);
    assert!(import("orders") && !import("fresh"));
}

/// A `vit verify` after somebody has changed the environment.
#[test]
fn verify_says_that_somebody_has_changed_the_environment() {
    if !python::need() {
        return;
    }
    let world = world("exit 0");
    upgrade(&world).run().assert_code(0);
    world
        .vit(&["verify"])
        .assert_code(0)
        .assert_stdout("is what the upgrade made of it");
    let python = env_of(&world).python();
    world
        .program(&python, ["-c", "import alpha"])
        .run()
        .assert_code(0);
    world
        .vit(&["verify"])
        .assert_stdout("is what the upgrade made of it");
    put(
        env_of(&world).site_packages().join("alpha/__init__.py"),
        "VERSION = 'mine'\n",
    );
    let run = world.vit(&["verify"]);
    run.assert_code(0);
    run.assert_stdout("1 file has changed");
    run.assert_stdout("alpha/__init__.py");
}

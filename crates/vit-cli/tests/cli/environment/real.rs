//! With pip and uv themselves.

use std::path::Path;

use vit_testkit::{Invocation, World, python, tools};

use super::{NEEDS_OLD, assert_same_env, builder, env_of, kept, manifest, wheels};
use crate::transaction::{outcomes, sound, status};

/// A project that is installed editable, with pip's own work in its environment.
fn world(smoke: &str) -> World {
    let world = builder("")
        .core("1.0.0", |r| {
            r.files(python::project("core-of-tests", "1.0.0", &["alpha==1.0"]))
                .file(".gitignore", Some("/.venv/\n__pycache__/\n"))
        })
        .build();
    world
        .vertical("finance", |v| v.smoke(smoke))
        .publish("1.1.0", |r| {
            r.files(python::project("core-of-tests", "1.1.0", &["alpha==2.0"]))
        })
        .publish("1.2.0", |r| {
            r.files(python::project("core-of-tests", "1.2.0", &["alpha==3.0"]))
        });
    let folder = wheels(&world);
    let env = python::venv(&world.path(".venv"));
    let install = world.program(&env.python(), ["-m", "pip", "install", "-q", "-e", "."]);
    python::offline(install, &folder).run().assert_code(0);
    world
}

/// A run that finds pip only: no `uv` in the PATH.
fn with_pip(world: &World, args: &[&str]) -> Invocation {
    let run = world.command(args).env(
        "PATH",
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    );
    python::offline(run, &world.root().join("wheels"))
}

fn with_uv(world: &World, args: &[&str]) -> Invocation {
    python::offline(world.command(args), &world.root().join("wheels"))
}

type Prepare = fn(&World, &[&str]) -> Invocation;

/// A dependency change that breaks a smoke test: everything is as it was, to the last byte.
fn breaks_and_comes_back(prepare: Prepare, installer: &str) {
    let world = world(NEEDS_OLD);
    let (tree, before) = (world.state(), manifest(&world));
    let run = prepare(&world, &["upgrade", "--target", "1.1.0", "--yes", "--json"]).run();
    run.assert_code(3);
    assert_eq!(status(&run), "rollback_executed");
    let step = &run.json()["plan"]["steps"][1];
    assert_eq!(step["action"]["installer"], installer, "{step:#}");
    assert_eq!(run.json()["proof"]["verified"], true);
    assert!(run.json()["proof"]["environment"]["files"].as_u64() > Some(100));
    world.state().assert_same(&tree);
    assert_same_env(&world, &before);
    assert_eq!(kept(&world), [""; 0]);
    let id = run.json()["id"].as_str().unwrap().to_owned();
    let evidence = world.read(&format!(".git/vit/evidence/{id}/environment.diff.txt"));
    assert!(evidence.contains("alpha-2.0"), "{evidence}");
    sound(&world).unwrap();
}

/// Two upgrades and two rollbacks: each environment comes back exactly.
fn there_and_back(prepare: Prepare) {
    let world = world("exit 0");
    let first = manifest(&world);
    prepare(&world, &["upgrade", "--target", "1.1.0", "--yes"])
        .run()
        .assert_code(0);
    let second = manifest(&world);
    assert_eq!(
        env_of(&world).distributions(),
        ["alpha 2.0", "beta 1.0", "core_of_tests 1.1.0"]
    );
    let stale = env_of(&world).run(&world.home(), "import alpha.old");
    assert!(stale.is_err(), "{stale:?}");
    prepare(&world, &["upgrade", "--target", "1.2.0", "--yes"])
        .run()
        .assert_code(0);
    assert_eq!(
        env_of(&world).distributions(),
        ["alpha 3.0", "beta 1.0", "core_of_tests 1.2.0"]
    );
    sound(&world).unwrap();
    // No installer, no index, no wheels: nothing is resolved on the way back.
    std::fs::remove_dir_all(world.root().join("wheels")).unwrap();
    for expected in [&second, &first] {
        world.vit(&["rollback", "--yes"]).assert_code(0);
        assert_same_env(&world, expected);
        sound(&world).unwrap();
    }
    assert_eq!(outcomes(&world), ["success"; 4]);
    let code = "import alpha, vitruvyan_core; print(alpha.VERSION)";
    assert_eq!(
        env_of(&world).run(&world.home(), code),
        Ok("1.0".to_owned())
    );
}

#[test]
fn a_change_that_breaks_a_smoke_test_comes_back_with_pip() {
    if python::need_pip() {
        breaks_and_comes_back(with_pip, "pip");
    }
}

#[test]
fn a_change_that_breaks_a_smoke_test_comes_back_with_uv() {
    if python::need_pip() && tools::need("uv") {
        breaks_and_comes_back(with_uv, "uv");
    }
}

#[test]
fn there_and_back_with_pip() {
    if python::need_pip() {
        there_and_back(with_pip);
    }
}

#[test]
fn there_and_back_with_uv() {
    if python::need_pip() && tools::need("uv") {
        there_and_back(with_uv);
    }
}

/// The same with the network taken away, not only the index.
#[test]
fn a_rollback_needs_no_network() {
    let works = || {
        let world = World::default();
        let run = world.program(Path::new("unshare"), ["-rn", "true"]).run();
        run.code() == Some(0)
    };
    if !python::need_pip() || !tools::need_that("unshare -n", works) {
        return;
    }
    let world = world(NEEDS_OLD);
    let before = manifest(&world);
    let bin = world.bin().to_str().unwrap().to_owned();
    let args = [
        "-rn", &bin, "upgrade", "--target", "1.1.0", "--yes", "--json",
    ];
    let run = world.program(Path::new("unshare"), args);
    let run = python::offline(run, &world.root().join("wheels")).run();
    run.assert_code(3);
    assert_same_env(&world, &before);
}

/// An index that has not what is wanted.
#[test]
fn an_installation_that_fails_is_named_and_undone() {
    if !python::need_pip() {
        return;
    }
    let world = world("exit 0");
    let (tree, before) = (world.state(), manifest(&world));
    std::fs::remove_file(world.root().join("wheels/beta-1.0-py3-none-any.whl")).unwrap();
    let run = with_pip(&world, &["upgrade", "--target", "1.1.0", "--yes", "--json"])
        .env(
            "PIP_EXTRA_INDEX_URL",
            "https://me:secret-word@index.invalid/simple",
        )
        .run();
    run.assert_code(3);
    let problem = &run.json()["problems"][0];
    assert_eq!(problem["code"], "dependency_install_failed");
    let evidence = problem["evidence"].as_str().unwrap();
    for part in ["pip install", "exit status 1", "beta"] {
        assert!(evidence.contains(part), "{part}: {evidence}");
    }
    assert!(!format!("{run:?}").contains("secret-word"));
    let id = run.json()["id"].as_str().unwrap().to_owned();
    let log = world.read(&format!(".git/vit/evidence/{id}/environment-install.log"));
    assert!(
        log.contains("No matching distribution") && !log.contains("secret-word"),
        "{log}"
    );
    world.state().assert_same(&tree);
    assert_same_env(&world, &before);
}

//! An environment on a file system of its own: what is kept of it stands beside it, and there may
//! be no room.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use vit_testkit::{World, python};

use super::{rollback, upgrade, world};
use crate::small_disk::{Small, run};
use crate::transaction::{put, sound, status};

/// A world whose environment lies elsewhere, named in the settings; and that place.
fn elsewhere(smoke: &str) -> Option<(World, Small, PathBuf)> {
    if !python::need() {
        return None;
    }
    let world = world(smoke);
    let place = world.root().join("elsewhere");
    std::fs::create_dir(&place).unwrap();
    let small = Small::mount(&place, 4)?;
    assert!(run("mv", &["-t", place.to_str()?], &world.path(".venv")));
    let env = place.join(".venv");
    world.write(
        "vit.toml",
        format!("[environment]\npath = {:?}\n", env.to_str()?),
    );
    Some((world, small, env))
}

/// What stands beside an environment, itself left out.
fn beside(env: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(env.parent().unwrap()).unwrap().flatten();
    let names = entries.map(|entry| entry.file_name().into_string().unwrap());
    names.filter(|name| name != ".venv").collect()
}

#[track_caller]
fn assert_same(env: &Path, before: &BTreeMap<String, String>) {
    let diff = python::manifest_diff(before, &python::manifest(env));
    assert!(diff.is_empty(), "{}", diff.join("\n"));
}

#[test]
fn an_environment_elsewhere_comes_back_and_leaves_nothing_beside_it() {
    let Some((world, _small, env)) = elsewhere("[ ! -e fail ]") else {
        return;
    };
    let (tree, before) = (world.state(), python::manifest(&env));
    world.write("domains/finance/fail", "");
    upgrade(&world).run().assert_code(3);
    std::fs::remove_file(world.path("domains/finance/fail")).unwrap();
    world.state().assert_same(&tree);
    assert_same(&env, &before);
    assert_eq!(beside(&env), [""; 0]);
    upgrade(&world).run().assert_code(0);
    assert_eq!(beside(&env).len(), 1, "{:?}", beside(&env));
    rollback(&world).run().assert_code(0);
    world.state().assert_same(&tree);
    assert_same(&env, &before);
    sound(&world).unwrap();
}

#[test]
fn case_12_an_installer_that_fills_its_disk() {
    let Some((world, _small, env)) = elsewhere("exit 0") else {
        return;
    };
    let stub = world.root().join("bin/uv");
    let text = std::fs::read_to_string(&stub).unwrap();
    let fills = "dd if=/dev/zero of=\"$site/large\" bs=1M count=16; echo \"VERSION";
    put(&stub, text.replace("echo \"VERSION", fills));
    let (tree, before) = (world.state(), python::manifest(&env));
    let run = upgrade(&world).run();
    run.assert_code(3);
    assert_eq!(status(&run), "rollback_executed");
    assert_eq!(
        run.json()["problems"][0]["code"],
        "dependency_install_failed"
    );
    world.state().assert_same(&tree);
    assert_same(&env, &before);
    assert_eq!(beside(&env), [""; 0]);
    sound(&world).unwrap();
}

/// Where a twin has no room, nothing begins.
#[test]
fn case_12_a_disk_without_room_for_a_twin() {
    let Some((world, _small, env)) = elsewhere("exit 0") else {
        return;
    };
    put(env.join("large"), vec![b'x'; 2 * 1024 * 1024]);
    put(env.parent().unwrap().join("full"), vec![b'x'; 1024 * 1024]);
    let (tree, before) = (world.state(), python::manifest(&env));
    let run = upgrade(&world).run();
    run.assert_code(1);
    assert_eq!(super::problem_codes(&run), ["low_disk"]);
    world.state().assert_same(&tree);
    assert_same(&env, &before);
}

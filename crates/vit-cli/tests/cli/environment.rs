//! The Python environment in the transaction: what is installed, what is put back, and that it is
//! put back to the last byte. Environments here are real ones; most are filled by a stand-in for
//! `uv` that writes files, some by pip and uv themselves, with no index and no network.

use std::collections::BTreeMap;
use std::path::PathBuf;

use vit_testkit::python::{self, Env, Wheel};
use vit_testkit::{Invocation, Run, World, WorldBuilder};

mod filesystem;
mod finding;
mod full;
mod hostile;
mod kill;
mod real;
mod rollback;
mod unchanged;

/// A smoke test that fails on the new release, with the environment's own Python.
pub(crate) const NEEDS_OLD: &str =
    "python -B -c 'import alpha, sys; sys.exit(alpha.VERSION != \"1.0\")'";

/// Core 1.0.0 with these requirements.
pub(crate) fn builder(requirements: &str) -> WorldBuilder {
    World::builder()
        .bin(env!("CARGO_BIN_EXE_vit"))
        .core("1.0.0", |r| {
            r.file("pyproject.toml", Some("[tool.ruff]\n"))
                .file("requirements.txt", Some(requirements))
                .file(".gitignore", Some("__pycache__/\n"))
        })
}

/// A world with a small environment, filled by the stand-in, and with 1.1.0 published, which wants
/// a newer alpha and a new beta.
pub(crate) fn world(smoke: &str) -> World {
    let world = builder("alpha==1.0\n").build();
    world
        .vertical("finance", |v| v.smoke(smoke))
        .publish("1.1.0", |r| {
            r.file("requirements.txt", Some("-r base.txt\nalpha==2.0\n"))
                .file("base.txt", Some("beta==1.0\n"))
                .file("vitruvyan_core/core/new.py", Some("NEW = 1\n"))
        });
    python::stub_uv(&world.root().join("bin"));
    let env = python::bare_venv(&world.path(".venv"));
    let uv = world.root().join("bin/uv");
    let python = env.python();
    let args = [
        "pip",
        "install",
        "--python",
        python.to_str().unwrap(),
        "-r",
        "requirements.txt",
    ];
    world.program(&uv, args).run().assert_code(0);
    world
}

/// The environment of a world.
pub(crate) fn env_of(world: &World) -> Env {
    Env {
        path: world.path(".venv"),
    }
}

/// The environment by its content.
pub(crate) fn manifest(world: &World) -> BTreeMap<String, String> {
    env_of(world).manifest()
}

/// Checks that the environment is what it was.
#[track_caller]
pub(crate) fn assert_same_env(world: &World, before: &BTreeMap<String, String>) {
    let diff = python::manifest_diff(before, &manifest(world));
    assert!(diff.is_empty(), "{}", diff.join("\n"));
}

/// A run with the stand-in for `uv` first in the PATH.
pub(crate) fn with_stub(world: &World, args: &[&str]) -> Invocation {
    let mut path = world.root().join("bin").into_os_string();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    world.command(args).env("PATH", path)
}

/// `vit upgrade` with the stand-in.
pub(crate) fn upgrade(world: &World) -> Invocation {
    with_stub(world, &["upgrade", "--yes", "--json"])
}

/// `vit rollback` with the stand-in.
pub(crate) fn rollback(world: &World) -> Invocation {
    with_stub(world, &["rollback", "--yes", "--json"])
}

/// Nothing of a finished transaction is left but what a rollback needs.
#[track_caller]
pub(crate) fn kept(world: &World) -> Vec<String> {
    let folder = world.path(".git/vit/environments");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

/// The codes of the problems that a run tells.
pub(crate) fn problem_codes(run: &Run) -> Vec<String> {
    let json = run.json();
    let mut problems: Vec<serde_json::Value> = Vec::new();
    for list in ["problems", "preflight"] {
        problems.extend(json[list].as_array().into_iter().flatten().cloned());
    }
    problems
        .iter()
        .filter_map(|problem| Some(problem["code"].as_str()?.to_owned()))
        .collect()
}

/// A folder with the wheels of the real tests: alpha in three versions, beta that alpha 2.0 needs.
pub(crate) fn wheels(world: &World) -> PathBuf {
    let folder = world.root().join("wheels");
    for version in ["1.0", "2.0", "3.0"] {
        let wheel = Wheel::new("alpha", version)
            .module(&format!("VERSION = '{version}'\n"))
            .file("alpha/large.py", &format!("# {version}\n").repeat(4096));
        let wheel = if version == "1.0" {
            wheel.file("alpha/old.py", "OLD = 1\n")
        } else {
            wheel.requires("beta")
        };
        wheel.write(&folder);
    }
    Wheel::new("beta", "1.0").module("N = 1\n").write(&folder);
    folder
}

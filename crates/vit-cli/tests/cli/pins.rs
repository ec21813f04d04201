//! Core as an installed package: the pins of a project of its own are edited as one commit, and
//! everything goes back byte for byte.

use std::fs;

use serde_json::Value;
use vit_testkit::{Invocation, Run, World};

use crate::transaction::{outcomes, rollback, sound, upgrade};

mod environment;
mod kills;
mod locks;

/// A smoke test that fails on the new release.
const FAILS: &str = "grep -q 'Core.*1[.]0[.]0' requirements.txt";

/// The files of an ordinary project, with more than one pin and an ending without a line break.
const REQUIREMENTS: &str = "# the core, kept\r\nVitruvyan_Core [bus] == 1.0.0  # why\r\n-r requirements/dev.txt\r\nother==1.0.0";
const DEV: &str = "pytest\nvitruvyan-core==1.0.0 ; python_version < '4'\n";
const PYPROJECT: &str = "[project]\nname = \"app\"   # kept\nversion = \"1.0.0\"\ndependencies = [\n  'vitruvyan-core>=1.0,<2',\n]\n";

/// A repository of its own with these files, and Core's as the remote `upstream`; 1.1.0 is there.
pub(crate) fn world(smoke: &str, files: &[(&str, &str)]) -> World {
    let world = World::builder()
        .bin(env!("CARGO_BIN_EXE_vit"))
        .core("1.0.0", |r| r)
        .build();
    fs::remove_dir_all(world.installation()).unwrap();
    fs::create_dir(world.installation()).unwrap();
    world.git(&["init", "--quiet", "--initial-branch=main"]);
    for (name, value) in [("user.name", "A Team"), ("user.email", "team@example.org")] {
        world.git(&["config", name, value]);
    }
    let origin = world.origin();
    world.git(&["remote", "add", "upstream", origin.to_str().unwrap()]);
    for (path, text) in files {
        world.write(path, *text);
    }
    world.write(".gitignore", ".vitruvyan/\n.venv/\n");
    world.vertical("app", |v| {
        v.at("").smoke(smoke).uses("contracts.GraphPlugin")
    });
    world.git(&["add", "--all"]);
    world.git(&["commit", "--quiet", "-m", "The project"]);
    world.publish("1.1.0", |r| r.feature("a faster bus"));
    world
}

fn project(smoke: &str) -> World {
    world(
        smoke,
        &[
            ("requirements.txt", REQUIREMENTS),
            ("requirements/dev.txt", DEV),
            ("pyproject.toml", PYPROJECT),
        ],
    )
}

/// The plan, which may be blocked.
fn plan(world: &World) -> Value {
    world.vit(&["plan", "--json", "--target", "1.1.0"]).json()
}

/// The codes of a plan's problems that block.
fn blocking(plan: &Value) -> Vec<String> {
    problems(plan, "blocked")
}

fn problems(plan: &Value, severity: &str) -> Vec<String> {
    let all = plan["preflight"].as_array().cloned().unwrap_or_default();
    let chosen = all.iter().filter(|p| p["severity"] == severity);
    chosen
        .map(|p| p["code"].as_str().unwrap_or("?").to_owned())
        .collect()
}

fn head(world: &World) -> String {
    world.git(&["rev-parse", "HEAD"])
}

#[test]
fn an_upgrade_edits_every_pin_in_one_commit_and_a_rollback_restores_every_byte() {
    let world = project("grep -q 1.1.0 requirements.txt && grep -q 1.1.0 requirements/dev.txt");
    // A tag of the project's own says nothing of Core.
    world.git(&["tag", "v7.0.0"]);
    let (before, old) = (world.state(), head(&world));
    let status = world.vit(&["status", "--json"]).json();
    assert_eq!(status["core_version"], "1.0.0");
    assert_eq!(status["core_version_source"], "requirements.txt, line 2");
    let update = world.vit(&["update", "--json"]).json();
    assert_eq!(update["offered"]["version"], "1.1.0", "{update}");

    let found = plan(&world);
    assert_eq!(found["strategy"], "package");
    assert!(blocking(&found).is_empty(), "{found}");
    assert_eq!(problems(&found, "info"), ["pin_range_kept"]);
    assert!(problems(&found, "warning").is_empty(), "{found}");
    assert_eq!(found["files_changed"], 2);
    world
        .vit(&["plan", "--target", "1.1.0"])
        .assert_stdout("v1.1.0 pinned as one commit, 2 files change\n")
        .assert_stdout("  edits requirements.txt: 1.0.0 → 1.1.0\n")
        .assert_stdout("  edits requirements/dev.txt: 1.0.0 → 1.1.0\n");
    before.assert_same(&world.state());

    upgrade(&world).run().assert_code(0);
    let edited = |text: &str| text.replace("ore [bus] == 1.0.0", "ore [bus] == 1.1.0");
    assert_eq!(world.read("requirements.txt"), edited(REQUIREMENTS));
    assert_eq!(
        world.read("requirements/dev.txt"),
        DEV.replace("core==1.0.0", "core==1.1.0")
    );
    assert_eq!(world.read("pyproject.toml"), PYPROJECT);
    assert_eq!(world.git(&["rev-parse", "HEAD^"]), old);
    assert_eq!(world.git(&["rev-list", "--count", "HEAD"]), "2");
    assert_eq!(world.git(&["symbolic-ref", "HEAD"]), "refs/heads/main");
    assert_eq!(
        world.git(&["log", "-1", "--format=%s %an"]),
        "Core 1.1.0 A Team"
    );
    assert_eq!(
        world.git(&["diff", "--name-only", "HEAD^"]),
        "requirements.txt\nrequirements/dev.txt"
    );
    let status = world.vit(&["status", "--json"]).json();
    assert_eq!(status["core_version"], "1.1.0");
    sound(&world).unwrap();
    let again = world.vit(&["upgrade", "--yes", "--target", "1.1.0"]);
    again.assert_code(0);
    assert_eq!(world.git(&["rev-list", "--count", "HEAD"]), "2");

    rollback(&world).run().assert_code(0);
    world.state().assert_same(&before);
    assert_eq!(head(&world), old);
    assert_eq!(outcomes(&world), ["success", "success"]);
    sound(&world).unwrap();
}

#[test]
fn a_failing_smoke_test_restores_every_byte() {
    let world = project(FAILS);
    let before = world.state();
    upgrade(&world).run().assert_code(3);
    world.state().assert_same(&before);
    assert_eq!(world.read("requirements.txt"), REQUIREMENTS);
    sound(&world).unwrap();
}

#[test]
fn a_detached_head_stays_detached_and_comes_back() {
    let world = project("exit 0");
    world.git(&["checkout", "--quiet", "--detach"]);
    let (before, main) = (world.state(), world.git(&["rev-parse", "main"]));
    upgrade(&world).run().assert_code(0);
    assert_eq!(world.git(&["rev-parse", "main"]), main);
    assert_eq!(world.git(&["rev-parse", "--abbrev-ref", "HEAD"]), "HEAD");
    assert_eq!(world.git(&["rev-parse", "HEAD^"]), main);
    rollback(&world).run().assert_code(0);
    world.state().assert_same(&before);
}

#[test]
fn a_pin_of_git_becomes_the_tag_of_the_release() {
    let text = "-e git+https://git@example.org/core.git@v1.0.0#egg=vitruvyan-core\n";
    let world = world("exit 0", &[("requirements.txt", text)]);
    upgrade(&world).run().assert_code(0);
    assert_eq!(
        world.read("requirements.txt"),
        text.replace("v1.0.0", "v1.1.0")
    );
}

#[test]
fn what_cannot_be_edited_blocks_and_says_what_to_change() {
    for (text, code, words) in [
        (
            "vitruvyan-core==1.0.0 --hash=sha256:00\n",
            "pin_hashed",
            "--generate-hashes",
        ),
        ("vitruvyan-core~=1.0.0\n", "pin_range", "let 1.1.0 in"),
        (
            "vitruvyan-core>=1.0\n",
            "pin_open",
            "vitruvyan-core==<version>",
        ),
        (
            "vitruvyan-core @ git+https://example.org/core@main\n",
            "pin_unclear",
            "@v1.1.0",
        ),
    ] {
        let world = world("exit 0", &[("requirements.txt", text)]);
        let before = world.state();
        let found = plan(&world);
        assert_eq!(blocking(&found), [code], "{found}");
        let told = world.vit(&["plan", "--target", "1.1.0"]);
        told.assert_code(1).assert_stdout(words);
        world
            .vit(&["upgrade", "--yes", "--target", "1.1.0"])
            .assert_code(1);
        let update = world.vit(&["update", "--json"]);
        update.assert_code(1);
        before.assert_same(&world.state());
    }
}

#[test]
fn an_untracked_pin_and_another_tools_lock_block() {
    let world = project("exit 0");
    world.write("requirements-local.txt", "vitruvyan-core==1.0.0\n");
    world.write("requirements-other.txt", "other==1.0.0\n");
    assert_eq!(blocking(&plan(&world)), ["pin_untracked"]);
    fs::remove_file(world.path("requirements-local.txt")).unwrap();
    world.write(
        "poetry.lock",
        "[[package]]\nname = \"vitruvyan-core\"\nversion = \"1.0.0\"\n",
    );
    world.git(&["add", "poetry.lock"]);
    world.git(&["commit", "--quiet", "-m", "A lock"]);
    let found = plan(&world);
    assert_eq!(blocking(&found), ["pin_lock_stale"]);
    assert!(found.to_string().contains("`poetry lock`"), "{found}");
}

#[test]
fn pins_that_disagree_and_pins_to_no_release_are_told() {
    let world = world(
        "exit 0",
        &[
            ("requirements.txt", "vitruvyan-core==1.0.0\n"),
            ("requirements-dev.txt", "vitruvyan-core==0.9.0\n"),
        ],
    );
    let status = world.vit(&["status"]);
    status.assert_code(0);
    let words = "requirements-dev.txt, line 1 says 0.9.0, requirements.txt, line 1 says 1.0.0";
    status.assert_stdout(words);
    let found = plan(&world);
    assert_eq!(
        problems(&found, "warning"),
        ["pin_disagreement", "pin_no_release"]
    );
    upgrade(&world).run().assert_code(0);
    for file in ["requirements.txt", "requirements-dev.txt"] {
        assert_eq!(world.read(file), "vitruvyan-core==1.1.0\n");
    }
}

#[test]
fn a_changed_pin_file_and_a_missing_author_block() {
    let world = project("exit 0");
    world.git(&["config", "--unset", "user.email"]);
    assert_eq!(blocking(&plan(&world)), ["identity_missing"]);
    world.git(&["config", "user.email", "team@example.org"]);
    world.write("requirements.txt", "vitruvyan-core==1.0.0\n");
    assert_eq!(blocking(&plan(&world)), ["dirty_tree"]);
}

#[test]
fn another_name_of_the_distribution_and_a_pre_release() {
    let world = world(
        "exit 0",
        &[
            (
                "requirements.txt",
                "vitruvyan-core==0.1.0\nplatform_core==1.0.0\n",
            ),
            ("vit.toml", "core_distribution = \"Platform.Core\"\n"),
        ],
    );
    world.publish("1.2.0-beta.1", |r| r.feature("a bus"));
    let to = world.vit(&[
        "upgrade",
        "--yes",
        "--target",
        "1.2.0-beta.1",
        "--channel",
        "beta",
    ]);
    to.assert_code(0);
    assert_eq!(
        world.read("requirements.txt"),
        "vitruvyan-core==0.1.0\nplatform_core==1.2.0b1\n"
    );
    let status = world.vit(&["status", "--json"]).json();
    assert_eq!(status["core_version"], "1.2.0-beta.1");
    assert_eq!(
        status["problems"].as_array().map(Vec::len),
        Some(0),
        "{status}"
    );
}

#[test]
fn what_the_environment_has_is_compared_with_the_pin() {
    let world = project("exit 0");
    world.write(".venv/pyvenv.cfg", "home = /usr/bin\n");
    world.write(
        ".venv/lib/python3.11/site-packages/vitruvyan_core-0.9.0.dist-info/METADATA",
        "Metadata-Version: 2.1\nName: vitruvyan-core\nVersion: 0.9.0\n",
    );
    let told = world.vit(&["status"]);
    told.assert_stdout("vitruvyan_core-0.9.0.dist-info in the environment says 0.9.0");
    // Where no file names one version, the environment does.
    world.write("requirements.txt", "vitruvyan-core>=0.9\n");
    world.write("requirements/dev.txt", "pytest\n");
    world.git(&["commit", "--quiet", "-a", "-m", "Ranges"]);
    let status = world.vit(&["status", "--json"]).json();
    assert_eq!(status["core_version"], "0.9.0");
}

#[test]
fn an_included_file_outside_the_repository_is_not_read() {
    let world = world(
        "exit 0",
        &[
            (
                "requirements.txt",
                "-r ../outside.txt\n-r requirements.txt\n-c more.txt\nvitruvyan-core==1.0.0\n",
            ),
            ("more.txt", "-r requirements.txt\nvitruvyan-core==1.0.0\n"),
        ],
    );
    fs::write(world.root().join("outside.txt"), "vitruvyan-core==1.0.0\n").unwrap();
    upgrade(&world).run().assert_code(0);
    assert_eq!(
        world.read("more.txt"),
        "-r requirements.txt\nvitruvyan-core==1.1.0\n"
    );
    let outside = fs::read_to_string(world.root().join("outside.txt")).unwrap();
    assert_eq!(outside, "vitruvyan-core==1.0.0\n");
}

/// A plan that was kept names its commit: applied later, it makes that very one.
fn kept_plan(world: &World) -> std::path::PathBuf {
    let path = world.home().join("plan.json");
    let out = path.to_str().unwrap();
    world
        .vit(&["plan", "--target", "1.1.0", "--out", out])
        .assert_code(0);
    path
}

fn apply(world: &World) -> Invocation {
    let path = world.home().join("plan.json");
    world.command([
        "upgrade",
        "--yes",
        "--json",
        "--plan",
        path.to_str().unwrap(),
    ])
}

#[test]
fn a_kept_plan_makes_the_commit_that_it_names() {
    let world = project("exit 0");
    let path = kept_plan(&world);
    let planned: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let run: Run = apply(&world).run();
    run.assert_code(0);
    assert_eq!(planned["to"]["commit"], head(&world));
}

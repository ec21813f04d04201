//! Rehearsals where the upgrade is more than a switch: the merge of a team's own commits, Core as a
//! submodule, Core as a pinned package, a chain of releases.

use std::fs;

use vit_testkit::core_repo::File;
use vit_testkit::{World, python};

use super::{compare, environment, fits, left, outcome, rehearse};
use crate::environment::{upgrade as upgrade_with_stub, with_stub};
use crate::installation::answer;
use crate::merge::text;
use crate::transaction::{FAILS_ON_NEW, outcomes, put, sound, upgrade};
use crate::{merge, paths, pins, submodule};

/// What the rehearsal says, where the upgrade agrees.
#[track_caller]
fn predicted(world: &World) -> String {
    compare("", world).unwrap_or_else(|error| panic!("{error}"))
}

fn merging(smoke: &str) -> World {
    let world = merge::world();
    world.vertical("finance", |v| v.smoke(smoke));
    world
}

#[test]
fn a_merge_that_passes() {
    // The team's own work and the release's, together.
    let world = merging(
        "cd \"$VIT_CORE_ROOT\" && grep -q RULES ours/rules.py && grep -q NEW vitruvyan_core/core/new.py",
    );
    assert_eq!(predicted(&world), "pass");
    assert!(world.path("vitruvyan_core/core/new.py").exists());
}

#[test]
fn a_merge_whose_smoke_test_fails() {
    assert_eq!(predicted(&merging(FAILS_ON_NEW)), "fail");
}

/// A smoke test that sees the new Core, from outside and by git, and nothing of the old one.
const SEES_NEW: &str = "cd \"$VIT_CORE_ROOT\" && grep -q NEW core/vitruvyan_core/core/new.py && \
    test ! -e core/vitruvyan_core/core/vault.py && test -z \"$(git status --porcelain)\" && \
    test -z \"$(git -C core status --porcelain)\" && git -C core rev-parse v1.0.0 && \
    test \"$(git -C core rev-parse HEAD)\" = \"$(git rev-parse HEAD:core)\" && \
    test \"$(git -C core rev-parse --show-toplevel)\" = \"$PWD/core\"";

/// Refs and configuration of the submodule's own repository.
fn live_of_core(world: &World) -> (String, Vec<u8>) {
    let refs = world.git_in(&world.path("core"), &["for-each-ref"]);
    (
        refs,
        fs::read(world.path(".git/modules/core/config")).unwrap(),
    )
}

#[test]
fn a_submodule_that_passes() {
    for detached in [false, true] {
        let world = submodule::world(SEES_NEW, detached);
        let before = live_of_core(&world);
        let run = rehearse(&world);
        assert_eq!(live_of_core(&world), before);
        assert_eq!(outcome(&run), "pass", "{run:?}");
        assert_eq!(predicted(&world), "pass");
    }
}

#[test]
fn a_submodule_whose_smoke_test_fails() {
    // It works with the old Core only.
    let needs_old = "test -e core/vitruvyan_core/core/vault.py";
    for smoke in [FAILS_ON_NEW, needs_old] {
        assert_eq!(
            predicted(&submodule::world(smoke, false)),
            "fail",
            "{smoke}"
        );
    }
}

/// What a smoke test makes of the submodule is seen, and is not made of the live one.
#[test]
fn a_submodule_that_a_smoke_test_changes() {
    let edits = "echo x >> core/README.md; exit 0";
    let branches = "git -C core checkout -q -b strange; git -C core config a.b c; exit 0";
    let commits = "cd core && git -c user.name=x -c user.email=x@example.org commit -q \
                   --allow-empty -m x; exit 0";
    for smoke in [edits, branches, commits] {
        let world = submodule::world(smoke, false);
        let before = live_of_core(&world);
        let run = rehearse(&world);
        assert_eq!(outcome(&run), "fail", "{smoke}: {run:?}");
        assert_eq!(live_of_core(&world), before, "{smoke}");
        upgrade(&world).run().assert_code(3);
    }
}

/// Adds a repository of a library as the submodule `lib`.
fn with_library(world: &World) {
    let library = world.root().join("library");
    world.git_in(&world.root(), &["init", "-q", library.to_str().unwrap()]);
    put(library.join("lib.py"), "LIB = 1\n");
    world.git_in(&library, &["add", "lib.py"]);
    let author = ["-c", "user.name=x", "-c", "user.email=x@example.org"];
    world.git_in(&library, &[&author[..], &["commit", "-qm", "lib"]].concat());
    let allow = ["-c", "protocol.file.allow=always"];
    let add = [
        "submodule",
        "--quiet",
        "add",
        library.to_str().unwrap(),
        "lib",
    ];
    world.git(&[&allow[..], &add].concat());
    world.git(&["commit", "-qm", "a library"]);
}

#[test]
fn other_submodules_are_there_or_are_named() {
    let world = submodule::world("test -f lib/lib.py && test -f core/.env", false);
    with_library(&world);
    // What git ignores in a submodule is there too.
    put(world.path(".git/modules/core/info/exclude"), ".env\n");
    put(world.path("core/.env"), "secret\n");
    let run = rehearse(&world);
    assert_eq!(outcome(&run), "pass", "{run:?}");
    let sentence = "submodules whose folder is empty in the rehearsal: lib";
    let shared = |run: &vit_testkit::Run| run.json()["rehearsal"]["shared"].to_string();
    assert!(!shared(&run).contains(sentence), "{run:?}");
    let there = world.copy();
    assert_eq!(predicted(&there), "pass");

    world.git(&["submodule", "--quiet", "deinit", "-f", "lib"]);
    let run = rehearse(&world);
    assert!(shared(&run).contains(sentence), "{run:?}");
    assert_eq!(predicted(&world), "fail");
}

/// A project that pins Core, with an environment of the stand-in's that has 1.0.0.
fn pinned(smoke: &str) -> World {
    let world = pins::world(smoke, &[("requirements.txt", "vitruvyan_core==1.0.0\n")]);
    python::stub_uv(&world.root().join("bin"));
    let env = python::bare_venv(&world.path(".venv"));
    let python = env.python();
    let to = ["pip", "install", "--python", python.to_str().unwrap()];
    let uv = world.root().join("bin/uv");
    world
        .program(&uv, [&to[..], &["-r", "requirements.txt"]].concat())
        .run()
        .assert_code(0);
    world
}

/// Passes where pin and environment are of this version, both of the tree that is tried.
fn needs(version: &str) -> String {
    format!(
        "grep -q =={version} requirements.txt && exec .venv/bin/python -B -c 'import os, \
         vitruvyan_core as c; assert c.VERSION == \"{version}\", c.VERSION; assert \
         c.__file__.startswith(os.environ[\"VIT_CORE_ROOT\"]), c.__file__'"
    )
}

#[test]
fn pins_with_an_environment() {
    if !python::need() {
        return;
    }
    for (version, expected) in [("1.1.0", "pass"), ("1.0.0", "fail")] {
        let world = pinned(&needs(version));
        let plan = with_stub(&world, &["plan", "--json"]).run();
        assert_eq!(plan.json()["strategy"], "package", "{plan:?}");
        let rehearsed = environment::rehearse(&world);
        assert_eq!(rehearsed.json()["rehearsal"]["environment"], true);
        let upgraded = upgrade_with_stub(&world).run();
        let said = fits("pins", &rehearsed, &upgraded);
        assert_eq!(said.as_deref(), Ok(expected));
        sound(&world).unwrap();
    }
}

/// Without an environment, the pins are edited all the same.
#[test]
fn pins_alone() {
    let files = [("requirements.txt", "vitruvyan-core==1.0.0\n")];
    for (version, expected) in [("1.1.0", "pass"), ("1.0.0", "fail")] {
        let smoke = format!("grep -q =={version} requirements.txt");
        assert_eq!(predicted(&pins::world(&smoke, &files)), expected);
    }
}

/// Each hop of a chain is rehearsed before it, from where the hop before has led.
#[test]
fn every_hop_of_a_chain() {
    let log = "echo \"$VIT_PHASE $VIT_TO_VERSION\" >> \"$TMPDIR/log\"";
    let fails = "[ \"$VIT_TO_VERSION\" != 2.0.0 ] || exit 1";
    let logged = |world: &World| fs::read_to_string(world.tmp().join("log")).unwrap();

    let good = paths::chained(log);
    let plan = answer(&good, &["plan", "--rehearse"], 0);
    assert_eq!(text(&plan, "/then/0"), "2.0.0");
    assert_eq!(logged(&good), "rehearsal 1.5.0\n");
    let report = answer(&good, &["upgrade", "--rehearse", "--yes"], 0);
    assert_eq!(text(&report, "/plan/rehearsal/outcome"), "pass");
    assert_eq!(text(&report, "/plan/to/version"), "2.0.0");
    let all = "rehearsal 1.5.0\nrehearsal 1.5.0\nprobe 1.5.0\nrehearsal 2.0.0\nprobe 2.0.0\n";
    assert_eq!(logged(&good), all);

    let bad = paths::chained(&format!("{log}; {fails}"));
    let report = answer(&bad, &["upgrade", "--rehearse", "--yes"], 1);
    assert_eq!(text(&report, "/hops/1/status"), "blocked");
    assert_eq!(text(&report, "/plan/rehearsal/outcome"), "fail");
    assert_eq!(
        logged(&bad),
        all.replace("rehearsal 1.5.0\nr", "r")
            .replace("probe 2.0.0\n", "")
    );
    assert_eq!(outcomes(&bad), ["success"]);
    assert_eq!(answer(&bad, &["status"], 0)["core_version"], "1.5.0");
    assert_eq!(left(&bad), [""; 0]);
}

/// A vertical that is a repository of its own: its files are there, its git folder is not, and
/// that is said.
#[test]
fn a_repository_inside_the_installation() {
    let world = merging("test -f own.txt && test ! -e .git");
    let folder = world.path("domains/finance");
    world.git_in(&folder, &["init", "-q"]);
    put(folder.join("own.txt"), "mine\n");
    let run = rehearse(&world);
    let shared = run.json()["rehearsal"]["shared"].to_string();
    assert_eq!(outcome(&run), "pass", "{run:?}");
    assert!(shared.contains("domains/finance/.git"), "{shared}");
    assert!(folder.join(".git/HEAD").is_file());
}

/// The submodule is Core's by its settings' name, too.
#[test]
fn a_submodule_that_is_named() {
    let world = submodule::world(SEES_NEW, false);
    let settings = "core_submodule = \"core\"\ncritical_paths = []\n";
    world.commit_own(&[File::plain("vit.toml", settings)], "settings");
    assert_eq!(predicted(&world), "pass");
}

//! Core as a submodule of a vertical's repository: what is upgraded is the pointer, and the
//! submodule's own working tree.

use serde_json::Value;
use vit_testkit::World;
use vit_testkit::core_repo::File;
use vit_testkit::kill::{Matrix, RecoveryKills};

use crate::installation::{answer, builder, codes, problem, vit};
use crate::merge::text;
use crate::transaction::{FAILS_ON_NEW, put, rollback, sound, upgrade};

/// A vertical's repository; its smoke test is `smoke`. Core 1.1.0 is published.
pub(crate) fn world(smoke: &str, detached: bool) -> World {
    let world = builder().build();
    let manifest = vit_testkit::Vertical::new("ours").manifest();
    let files = vec![
        File::plain("vertical_manifest.yaml", manifest),
        File {
            path: "smoke_tests/run.sh".into(),
            content: vit_testkit::core_repo::Content::Executable(
                format!("#!/bin/sh\n{smoke}\n").into_bytes(),
            ),
        },
        File::plain("rules.py", "RULES = 1\n"),
    ];
    world.with_core_as_submodule(&files, detached);
    // The team's own release tags say nothing of Core.
    world.git(&["tag", "v0.3.0"]);
    world.publish("1.1.0", |r| {
        r.feature("a faster bus")
            .remove_file("vitruvyan_core/core/vault.py")
            .file("vitruvyan_core/core/new.py", Some("NEW = 1\n"))
    });
    world
}

fn pointer(world: &World) -> String {
    world.git(&["rev-parse", "HEAD:core"])
}

#[track_caller]
fn there_and_back(world: &World) {
    let (before, refs) = (world.state(), world.refs());
    let inside = world.git_in(
        &world.path("core"),
        &["for-each-ref", "refs/heads", "refs/tags", "refs/remotes"],
    );
    assert_eq!(answer(world, &["status"], 0)["core_version"], "1.0.0");
    let update = answer(world, &["update"], 0);
    assert_eq!(update["offered"]["version"], "1.1.0", "{update:#}");
    let plan = answer(world, &["plan"], 0);
    assert_eq!(text(&plan, "/strategy"), "submodule");
    assert_eq!(plan["files_changed"], 1);
    world.state().assert_same(&before);

    answer(world, &["upgrade", "--yes"], 0);
    let state = world.state();
    assert_eq!(pointer(world), world.commit_of("v1.1.0"));
    assert_eq!(state.branch, before.branch);
    assert_eq!(state.status, Vec::<String>::new());
    let core = &state.submodules["core"];
    assert_eq!(
        (core.head.as_str(), core.index.as_str()),
        (
            world.commit_of("v1.1.0").as_str(),
            world.tree_of("v1.1.0").as_str()
        )
    );
    assert_eq!(core.branch, None);
    assert!(world.path("core/vitruvyan_core/core/new.py").exists());
    assert!(!world.path("core/vitruvyan_core/core/vault.py").exists());
    assert_eq!(world.git(&["rev-parse", "HEAD^"]), before.head);
    assert_eq!(world.git(&["diff", "--name-only", "HEAD^", "HEAD"]), "core");
    assert_eq!(
        world.git(&["log", "-1", "--format=%s"]),
        "Move core to Core v1.1.0"
    );
    assert_eq!(answer(world, &["status"], 0)["core_version"], "1.1.0");
    assert_eq!(answer(world, &["update"], 0)["status"], "up_to_date");
    answer(world, &["verify"], 0);

    answer(world, &["rollback", "--yes"], 0);
    world.state().assert_same(&before);
    assert_eq!(world.refs(), refs);
    let now = world.git_in(
        &world.path("core"),
        &["for-each-ref", "refs/heads", "refs/tags", "refs/remotes"],
    );
    assert_eq!(now, inside);
    answer(world, &["verify"], 0);
    answer(world, &["history", "verify"], 0);
}

#[test]
fn the_pointer_and_the_submodule_move_and_come_back() {
    there_and_back(&world("exit 0", false));
}

#[test]
fn a_detached_submodule_and_a_detached_head() {
    let world = world("exit 0", true);
    world.git(&["checkout", "-q", "--detach"]);
    there_and_back(&world);
}

#[test]
fn the_submodule_can_be_named() {
    let world = world("exit 0", false);
    world.commit_own(
        &[File::plain(
            "vit.toml",
            "core_submodule = \"core\"\ncritical_paths = []\n",
        )],
        "settings",
    );
    there_and_back(&world);
    // A name that is none.
    world.commit_own(
        &[File::plain(
            "vit.toml",
            "core_submodule = \"elsewhere\"\n[registry]\nlocation = \"core\"\n",
        )],
        "wrong",
    );
    let plan = answer(&world, &["plan", "--target", "1.1.0"], 1);
    assert_eq!(problem(&plan, "submodule_unusable")["severity"], "blocked");
    world.commit_own(
        &[File::plain("vit.toml", "core_submodule = \"../core\"\n")],
        "outside",
    );
    answer(&world, &["plan"], 2);
}

#[test]
fn smoke_tests_see_the_new_core_and_a_failing_one_undoes_everything() {
    let seen = "grep -q NEW core/vitruvyan_core/core/new.py || exit 9";
    let good = world(seen, false);
    answer(&good, &["upgrade", "--yes"], 0);

    // It edits a file of the submodule and leaves one behind.
    let edits = format!("{FAILS_ON_NEW} && exit 0");
    let hostile =
        "echo x >> core/README.md; echo y > core/left.txt; git -C core checkout -q -b strange";
    for smoke in [
        edits.clone(),
        format!("{hostile}\n{FAILS_ON_NEW}"),
        format!("{hostile}\nexit 0"),
    ] {
        let bad = world(&smoke, false);
        let (before, refs) = (bad.state(), bad.refs());
        let report = answer(&bad, &["upgrade", "--yes"], 3);
        assert_eq!(report["status"], "rollback_executed", "{smoke}: {report:#}");
        bad.state().assert_same(&before);
        assert_eq!(bad.refs(), refs, "{smoke}");
        answer(&bad, &["verify"], 0);
    }
}

#[test]
fn what_the_smoke_test_of_a_rollback_changes_in_the_submodule_is_put_back() {
    let world = world(
        "test -f core/vitruvyan_core/core/new.py || echo x >> core/README.md",
        false,
    );
    let before = world.state();
    answer(&world, &["upgrade", "--yes"], 0);
    let report = answer(&world, &["rollback", "--yes"], 0);
    assert!(
        codes(&report).contains(&"tree_mismatch".to_owned()),
        "{report:#}"
    );
    world.state().assert_same(&before);
    answer(&world, &["verify"], 0);
}

#[test]
fn a_stopped_upgrade_leaves_no_ref_in_the_submodule() {
    let refs = |world: &World| {
        world.git_in(
            &world.path("core"),
            &["for-each-ref", "--format=%(refname)", "refs/vit/snapshots"],
        )
    };
    let world = world("exit 0", false);
    let before = world.state();
    let failing = at_noon(upgrade(&world)).env("VIT_FAULT", "journal.snapped.before=eio");
    failing.run().assert_code(2);
    assert_eq!(refs(&world), "");
    let killed = at_noon(upgrade(&world)).env("VIT_FAULT", "journal.snapped.synced=kill");
    assert!(killed.run().code().is_none(), "it was killed");
    assert_ne!(refs(&world), "", "the old commit is kept");
    vit(&world, &["recover"]).assert_code(0);
    assert_eq!(refs(&world), "");
    world.state().assert_same(&before);
    sound(&world).unwrap();
}

/// Blocked with this code, and nothing has changed.
#[track_caller]
fn blocked(world: &World, code: &str) -> Value {
    let before = world.state();
    let report = answer(world, &["upgrade", "--yes", "--target", "1.1.0"], 1);
    let found = problem(&report, code);
    assert!(found["hint"].is_string(), "{found:#}");
    world.state().assert_same(&before);
    found
}

#[test]
fn a_dirty_submodule_blocks() {
    let changed = world("exit 0", false);
    put(changed.path("core/README.md"), "mine\n");
    let found = blocked(&changed, "submodule_dirty");
    assert!(text(&found, "/evidence").contains("README.md"), "{found:#}");

    let left = world("exit 0", false);
    put(left.path("core/mine.txt"), "mine\n");
    blocked(&left, "submodule_dirty");

    let elsewhere = world("exit 0", false);
    elsewhere.git_in(
        &elsewhere.path("core"),
        &["commit", "-q", "--allow-empty", "-m", "other"],
    );
    let found = blocked(&elsewhere, "submodule_dirty");
    assert!(
        text(&found, "/evidence").starts_with("recorded "),
        "{found:#}"
    );
}

#[test]
fn commits_of_ones_own_inside_the_submodule_are_never_dropped() {
    let world = world("exit 0", false);
    put(world.path("core/README.md"), "ours\n");
    world.git_in(&world.path("core"), &["commit", "-qam", "our Core"]);
    world.commit_own(&[File::plain("core-moved.txt", "")], "a note");
    world.git(&["add", "core"]);
    world.git(&["commit", "-qm", "our own Core"]);
    let found = blocked(&world, "own_commits");
    assert_eq!(found["subject"], "core");
}

#[test]
fn without_a_checkout_it_is_told() {
    let world = world("exit 0", false);
    world.commit_own(
        &[File::plain(
            "vit.toml",
            "core_submodule = \"core\"\n[registry]\nlocation = \"../origin.git\"\n",
        )],
        "settings",
    );
    world.git(&["submodule", "--quiet", "deinit", "-f", "core"]);
    let found = blocked(&world, "submodule_unusable");
    assert_eq!(text(&found, "/hint"), "`git submodule update --init core`");
}

#[test]
fn without_a_checkout_and_settings_the_hint_names_it() {
    let world = world("exit 0", false);
    world.git(&["tag", "-d", "v0.3.0"]);
    world.git(&["remote", "remove", "origin"]);
    world.git(&["submodule", "--quiet", "deinit", "-f", "core"]);
    let run = vit(&world, &["plan"]);
    run.assert_code(2);
    assert!(
        run.stderr.contains("git submodule update --init core"),
        "{run:?}"
    );
}

#[test]
fn a_plan_says_what_moves() {
    let world = world("exit 0", false);
    let shown = vit(&world, &["plan"]);
    assert!(
        shown
            .stdout
            .contains("main, the submodule core at v1.1.0, 1 file changes"),
        "{shown:?}"
    );
    let plan = answer(&world, &["plan"], 0);
    assert!(
        !codes(&plan).contains(&"submodules_present".to_owned()),
        "{plan:#}"
    );
    let names: Vec<&str> = plan["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["step"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["switch_tree", "switch_submodule"]);
}

fn after_armed(point: &str) -> bool {
    !["begun", "fetched", "judged", "armed"]
        .iter()
        .any(|kind| point.starts_with(&format!("journal.{kind}.")))
        && !point.starts_with("atomic.")
        && point != "reserve.allocate"
}

fn at_noon(invocation: vit_testkit::Invocation) -> vit_testkit::Invocation {
    invocation.env("VIT_TEST_NOW", crate::installation::NOW)
}

#[test]
fn an_upgrade_of_a_submodule_killed_at_any_point() {
    let world = world("exit 0", false);
    let report = Matrix::new(&world, |world| at_noon(upgrade(world)))
        .only(after_armed)
        .recovery_kills(RecoveryKills::Distinct)
        .check(|survivor| sound(survivor.world))
        .threads(2)
        .run();
    for point in ["submodule.brought", "submodule.switched"] {
        assert!(report.points.iter().any(|p| p == point), "{report:?}");
    }
    assert!(
        report
            .recovery_points
            .iter()
            .any(|p| p == "undo.switch-submodule"),
        "{report:?}"
    );
}

#[test]
fn an_upgrade_of_a_submodule_that_rolls_back_killed_at_any_point() {
    let world = world(FAILS_ON_NEW, false);
    let _ = Matrix::new(&world, |world| at_noon(upgrade(world)))
        .only(|point| {
            after_armed(point)
                && (point.contains("undo")
                    || point.contains("submodule")
                    || point.contains("rollback"))
        })
        .check(|survivor| sound(survivor.world))
        .threads(2)
        .run();
}

#[test]
fn a_rollback_of_a_submodule_killed_at_any_point() {
    let world = world("exit 0", false);
    at_noon(upgrade(&world)).run().assert_code(0);
    let _ = Matrix::new(&world, rollback)
        .only(after_armed)
        .check(|survivor| sound(survivor.world))
        .threads(1)
        .run();
}

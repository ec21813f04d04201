//! The memory of failures: what failed here is not tried again until something changes.

use std::path::PathBuf;

use serde_json::Value;
use vit_testkit::World;
use vit_testkit::faults::{self, Fault};

use crate::installation::{answer, codes, problem};
use crate::transaction::{builder, outcomes, put, sound};

/// Fails on 1.2.0 alone.
const FAILS_ON_1_2: &str = "[ \"$VIT_TO_VERSION\" != 1.2.0 ] || exit 1";

/// Core 1.0.0, 1.1.0 that is good, and 1.2.0 that the vertical's smoke test refuses.
fn world() -> World {
    with_smoke(FAILS_ON_1_2)
}

fn with_smoke(smoke: &str) -> World {
    let world = builder().build();
    world
        .vertical("finance", |v| {
            v.smoke(smoke).file("rules.py", "RULES = 1\n")
        })
        .publish("1.1.0", |r| r.feature("good"))
        .publish("1.2.0", |r| r.feature("bad"));
    world
}

/// The same after 1.2.0 has failed.
fn failed() -> World {
    let world = world();
    answer(&world, &["upgrade", "--yes"], 3);
    world
}

fn file(world: &World) -> PathBuf {
    world.path(".git/vit/quarantine.json")
}

fn remembered(world: &World) -> Value {
    let text = std::fs::read_to_string(file(world)).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn offered(world: &World) -> String {
    let report = answer(world, &["update"], 0);
    report["offered"]["version"]
        .as_str()
        .unwrap_or("none")
        .to_owned()
}

#[test]
fn a_release_that_failed_is_passed_over_for_the_newest_good_one() {
    let world = failed();
    let report = answer(&world, &["update"], 0);
    assert_eq!(report["offered"]["version"], "1.1.0");
    let details = report["details"].as_str().unwrap();
    assert!(
        details.contains("skipped 1.2.0: failed once, on "),
        "{details}"
    );
    assert!(details.contains("smoke_test_failed: finance"), "{details}");
    let blocked = &report["blocked"][0];
    assert_eq!(blocked["version"], "1.2.0");
    let found = &blocked["verdict"]["release"][0];
    assert_eq!(found["code"], "quarantined");
    let evidence = found["evidence"].as_str().unwrap();
    assert!(evidence.contains("transaction 2026"), "{evidence}");
    let hint = found["hint"].as_str().unwrap();
    assert!(hint.contains("--retry-quarantined REASON"), "{hint}");
    let id = remembered(&world)["releases"][0]["transaction"].clone();
    assert!(hint.contains(id.as_str().unwrap()), "{hint}");

    answer(&world, &["upgrade", "--yes"], 0);
    assert_eq!(outcomes(&world), ["rollback_executed", "success"]);
    assert_eq!(answer(&world, &["status"], 0)["core_version"], "1.1.0");
    sound(&world).unwrap();
}

#[test]
fn what_has_failed_since_the_last_check_is_not_called_available() {
    let world = world();
    assert_eq!(offered(&world), "1.2.0");
    world.vit(&["status", "--exit-code"]).assert_code(10);
    answer(&world, &["upgrade", "--yes"], 3);
    let status = world.vit(&["status", "--exit-code", "--json"]);
    status.assert_code(0);
    assert_eq!(status.json()["last_check"], Value::Null);
    assert_eq!(status.json()["next"], "vit update");
    assert_eq!(offered(&world), "1.1.0");
    world.vit(&["status", "--exit-code"]).assert_code(10);
}

#[test]
fn a_named_target_is_refused_too_and_the_newest_possible_one_is_named() {
    let world = failed();
    let plan = answer(&world, &["plan", "--target", "1.2.0"], 1);
    problem(&plan, "quarantined");
    let next = plan["next"].as_str().unwrap();
    assert!(next.starts_with("vit upgrade --target 1.1.0 "), "{next}");
    let before = world.state();
    let refused = answer(&world, &["upgrade", "--target", "1.2.0", "--yes"], 1);
    problem(&refused, "quarantined");
    world.state().assert_same(&before);
    assert_eq!(outcomes(&world), ["rollback_executed"]);
}

#[test]
fn it_is_tried_again_with_a_reason_that_is_recorded_and_counts_on() {
    let world = failed();
    let args = [
        "upgrade",
        "--yes",
        "--retry-quarantined",
        "the database is up",
    ];
    let run = world.vit(&args);
    run.assert_code(3);
    assert!(
        run.stdout.contains("tried again: the database is up"),
        "{run:?}"
    );
    let entries = world.history();
    assert_eq!(entries[1]["retry_reason"], "the database is up");
    assert_eq!(remembered(&world)["releases"][0]["times"], 2);
    let report = answer(&world, &["update"], 0);
    let details = report["details"].as_str().unwrap();
    assert!(details.contains("failed 2 times, last on "), "{details}");
    let id = entries[1]["id"].as_str().unwrap();
    let shown = world.vit(&["history", "show", id]);
    assert!(shown.stdout.contains("tried again"), "{shown:?}");
    // An empty reason is none.
    for reason in ["", "   "] {
        let run = world.vit(&["upgrade", "--yes", "--retry-quarantined", reason]);
        run.assert_code(2);
        assert!(run.stderr.contains("a reason is needed"), "{run:?}");
    }
}

#[test]
fn a_proof_lifts_it() {
    let world = with_smoke("[ \"$VIT_TO_VERSION\" != 1.2.0 ] || [ -e \"$HOME/up\" ] || exit 1");
    answer(&world, &["upgrade", "--yes"], 3);
    put(world.home().join("up"), "");
    assert_eq!(
        offered(&world),
        "1.1.0",
        "the home folder is nothing that is known of"
    );
    let args = ["upgrade", "--yes", "--retry-quarantined", "it is up"];
    let report = answer(&world, &args, 0);
    problem(&report["plan"], "quarantined");
    assert_eq!(remembered(&world)["releases"], Value::Array(Vec::new()));
    assert!(answer(&world, &["status"], 0).get("quarantine").is_none());
}

#[test]
fn it_ends_when_something_changes_and_says_what() {
    let info = |world: &World, part: &str| {
        assert_eq!(offered(world), "1.2.0");
        let plan = answer(world, &["plan"], 0);
        let found = problem(&plan, "quarantined");
        assert_eq!(found["severity"], "info");
        let message = found["message"].as_str().unwrap();
        assert!(message.ends_with(part), "{message}");
    };
    let world = failed();
    let lifted = || answer(&world, &["status"], 0)["quarantine"][0]["lifted_by"].clone();
    assert_eq!(lifted(), Value::Null);
    world.write("domains/finance/rules.py", "RULES = 2\n");
    assert_eq!(lifted(), serde_json::json!(["vertical finance: files"]));
    world
        .vit(&["status"])
        .assert_stdout("; lifted, since then something has changed: vertical finance: files");
    info(&world, "vertical finance: files");
    world.write("domains/finance/rules.py", "RULES = 1\n");
    assert_eq!(offered(&world), "1.1.0", "as it was: it would fail again");

    let manifest = world.read("domains/finance/vertical_manifest.yaml");
    world.write(
        "domains/finance/vertical_manifest.yaml",
        format!("{manifest}# x\n"),
    );
    info(
        &world,
        "vertical finance: files, vertical finance: manifest",
    );
    world.write("domains/finance/vertical_manifest.yaml", manifest);

    world.vertical("energy", |v| v);
    info(&world, "vertical energy: files, vertical energy: manifest");
    std::fs::remove_dir_all(world.path("domains/energy")).unwrap();

    std::fs::create_dir_all(world.path(".venv/lib/python3.11/site-packages/bus-1.0.dist-info"))
        .unwrap();
    put(world.path(".git/info/exclude"), ".venv/\n");
    world.write(".venv/pyvenv.cfg", "version = 3.11\n");
    info(&world, "Python environment");
    std::fs::remove_dir_all(world.path(".venv")).unwrap();
    assert_eq!(offered(&world), "1.1.0");
}

#[test]
fn what_git_ignores_in_a_vertical_does_not_lift_it() {
    let world = world();
    put(world.path(".git/info/exclude"), "*.log\n");
    answer(&world, &["upgrade", "--yes"], 3);
    world.write("domains/finance/run.log", "a line\n");
    world.write("domains/finance/__pycache__/rules.pyc", "x");
    assert_eq!(offered(&world), "1.1.0");
    world.write("domains/finance/more.py", "MORE = 1\n");
    assert_eq!(offered(&world), "1.2.0");
}

#[test]
fn a_release_published_again_leaves_it() {
    // The metadata of a folder of releases can be corrected; the commit is the same.
    let world = failed();
    let plan = answer(&world, &["plan", "--target", "1.2.0"], 1);
    assert!(
        plan["facts"]["quarantine"]
            .as_str()
            .unwrap()
            .starts_with("held: ")
    );
    assert!(plan["quarantine_key"]["release metadata"].is_string());
    assert!(plan["quarantine_key"]["release commit"].is_string());
    assert!(plan["quarantine_key"]["settings"].is_string());
    assert!(plan["quarantine_key"]["vertical tracked: files"].is_string());
}

#[test]
fn a_stop_a_crash_and_a_full_disk_are_not_the_releases_fault() {
    let world = with_smoke("exit 0");
    let upgrade = world.command(["upgrade", "--yes", "--json"]);
    let killed = faults::with(upgrade, "journal.probed.before", Fault::Kill).run();
    assert!(killed.was_killed(), "{killed:?}");
    answer(&world, &["recover"], 3);
    assert_eq!(outcomes(&world), ["rollback_executed"]);
    assert_eq!(offered(&world), "1.2.0");

    let world = with_smoke("exit 0");
    let failing = faults::with(
        world.command(["upgrade", "--yes", "--json"]),
        "journal.done:switch-tree.before",
        Fault::Enospc,
    );
    failing.run().assert_code(3);
    assert_eq!(offered(&world), "1.2.0");
    assert!(!file(&world).exists());
}

#[test]
fn a_write_that_failed_changes_nothing_and_is_made_up_for() {
    let world = world();
    let (_, points) = faults::trace(world.copy().command(["upgrade", "--yes", "--json"]));
    let writes: Vec<&String> = points
        .iter()
        .filter(|p| p.contains("quarantine.json"))
        .collect();
    assert!(!writes.is_empty(), "{points:?}");
    for point in writes {
        let world = world.copy();
        let failing = faults::with(
            world.command(["upgrade", "--yes", "--json"]),
            point,
            Fault::Eio,
        );
        failing.run().assert_code(3);
        assert_eq!(answer(&world, &["recover"], 0)["status"], "nothing_to_do");
        assert_eq!(offered(&world), "1.1.0", "{point}");
        assert_eq!(remembered(&world)["releases"][0]["times"], 1, "{point}");
    }
}

#[test]
fn a_damaged_file_is_told_and_the_journal_takes_its_place() {
    let world = failed();
    put(file(&world), "{\"format\": 1,");
    let report = answer(&world, &["update"], 0);
    assert_eq!(report["offered"]["version"], "1.1.0");
    assert!(
        codes(&report).contains(&"file_unreadable".to_owned()),
        "{report:#}"
    );
    answer(&world, &["recover"], 0);
    assert_eq!(remembered(&world)["releases"][0]["version"], "1.2.0");
    let report = answer(&world, &["update"], 0);
    assert!(
        !codes(&report).contains(&"file_unreadable".to_owned()),
        "{report:#}"
    );
}

#[test]
fn going_back_by_hand_is_remembered_and_coming_again_lifts_it() {
    let world = with_smoke("exit 0");
    answer(&world, &["upgrade", "--yes"], 0);
    answer(&world, &["rollback", "--yes"], 0);
    let entry = &remembered(&world)["releases"][0];
    assert_eq!(entry["version"], "1.2.0");
    assert_eq!(entry["by_hand"], true);
    let cause = entry["cause"].as_str().unwrap();
    assert!(cause.starts_with("rolled back by hand by "), "{cause}");
    let report = answer(&world, &["update"], 0);
    assert_eq!(report["offered"]["version"], "1.1.0");
    let details = report["details"].as_str().unwrap();
    assert!(
        details.contains("skipped 1.2.0: rolled back by hand on "),
        "{details}"
    );
    let status = world.vit(&["status"]);
    assert!(status.stdout.contains("quarantine"), "{status:?}");
    let history = world.vit(&["history"]);
    assert!(history.stdout.contains("in quarantine"), "{history:?}");

    // A rollback of the rollback says that it was meant after all.
    let snapshot = world.history()[1]["snapshot_tag"]
        .as_str()
        .unwrap()
        .to_owned();
    answer(&world, &["rollback", "--to", &snapshot, "--yes"], 0);
    assert_eq!(answer(&world, &["status"], 0)["core_version"], "1.2.0");
    assert_eq!(remembered(&world)["releases"], Value::Array(Vec::new()));
}

#[test]
fn a_plan_made_before_the_failure_is_refused_after_it() {
    let world = world();
    let path = world.root().join("plan.json").display().to_string();
    answer(&world, &["plan", "--out", &path], 0);
    answer(&world, &["upgrade", "--yes"], 3);
    let refused = answer(&world, &["upgrade", "--plan", &path, "--yes"], 1);
    let moved = problem(&refused, "facts_moved");
    let evidence = moved["evidence"].as_str().unwrap();
    assert!(
        evidence.contains("quarantine: planned with none, now held"),
        "{evidence}"
    );
}

#[test]
fn a_plan_carries_the_reason() {
    let world = failed();
    let path = world.root().join("plan.json").display().to_string();
    let plan = answer(
        &world,
        &["plan", "--retry-quarantined", "a trial", "--out", &path],
        0,
    );
    assert_eq!(plan["retry_reason"], "a trial");
    answer(&world, &["upgrade", "--plan", &path, "--yes"], 3);
    assert_eq!(world.history()[1]["retry_reason"], "a trial");
    assert_eq!(remembered(&world)["releases"][0]["times"], 2);
}

#[test]
fn why_names_a_release_on_the_way_that_is_kept_back() {
    let world = builder().build();
    world
        .vertical("finance", |v| {
            v.smoke("[ \"$VIT_TO_VERSION\" != 1.1.0 ] || exit 1")
        })
        .publish("1.1.0", |r| r.feature("the way"))
        .publish("1.2.0", |r| r.field("requires_from", "1.1.0"));
    let way = |world: &World| answer(world, &["why", "1.2.0"], 0)["releases"][0].clone();
    assert_eq!(way(&world)["through"], serde_json::json!(["1.1.0"]));
    answer(&world, &["upgrade", "--target", "1.1.0", "--yes"], 3);
    let closed = way(&world);
    assert_eq!(closed["state"], "blocked");
    let reasons = closed["reasons"].as_array().unwrap();
    let found = reasons.iter().find(|r| r["code"] == "quarantined").unwrap();
    assert_eq!(found["subject"], "v1.1.0");
    let message = found["message"].as_str().unwrap();
    assert!(
        message.starts_with("the way leads through it: it was rolled back"),
        "{message}"
    );
}

//! What a rehearsal looks like in its plan: outcome, evidence, what was shared, the digest, the
//! journal's record.

use std::fs;
use std::path::Path;

use super::{codes, left, outcome, rehearse};
use crate::installation::valid;
use crate::transaction::{builder, put, upgrade, with_update, world};

#[test]
fn a_failure_names_its_check_and_its_evidence() {
    let world = world(
        "echo x >> \"$VIT_CORE_ROOT/README.md\"; echo phase $VIT_PHASE; echo no bus >&2; exit 1",
    );
    let run = rehearse(&world);
    run.assert_code(1);
    let plan = run.json();
    assert_eq!(plan["answer"], "blocked");
    let mut problems = plan["preflight"].as_array().unwrap().iter();
    let problem = problems.find(|p| p["code"] == "rehearsal_failed").unwrap();
    assert_eq!(problem["subject"], "finance");
    let evidence = problem["evidence"].as_str().unwrap();
    assert!(evidence.contains("last line: no bus"), "{evidence}");
    let folder = plan["rehearsal"]["evidence"].as_str().unwrap();
    assert!(evidence.contains(folder), "{evidence}");
    let read = |name: &str| fs::read_to_string(Path::new(folder).join(name)).unwrap();
    assert_eq!(read("smoke-finance.log"), "phase rehearsal\nno bus\n");
    assert!(read("tree.diff").contains("+x"));
    assert!(read("cause.json").contains("smoke_test_failed"));
    // The same of an upgrade: refused before anything is asked, nothing written down.
    let refused = world.vit(&["upgrade", "--rehearse", "--yes", "--json"]);
    refused.assert_code(1);
    assert_eq!(valid(&refused)["status"], "blocked");
    assert_eq!(world.history().len(), 0);
}

#[test]
fn what_is_shared_is_said() {
    let world = builder().build();
    world.vertical("finance", |v| v).publish("1.1.0", |r| {
        r.file(
            "docker-compose.yml",
            Some("services:\n  a:\n    ports: [\"8080:80\"]\n"),
        )
        .file(
            "infrastructure/docker/compose.db.yaml",
            Some("services:\n  b:\n    ports:\n      - 127.0.0.1:5432:5432\n"),
        )
        .file("compose.yaml", Some("a: *b\n"))
    });
    fs::create_dir_all(world.path("domains/finance/node_modules/x")).unwrap();
    let run = rehearse(&world);
    let plan = valid(&run);
    let shared = plan["rehearsal"]["shared"].to_string();
    for text in [
        "live ones",
        "8080",
        "5432",
        "compose.yaml publishes could not",
    ] {
        assert!(shared.contains(text), "{text}: {shared}");
    }
    let text = world.vit(&["plan", "--rehearse"]);
    text.assert_code(0)
        .assert_stdout("rehearsal passed")
        .assert_stdout("5432")
        .assert_stderr("rehearse the target aside");
}

#[test]
fn two_that_say_the_same_have_one_digest() {
    let world = world("date +%N; echo $$");
    let digest = || {
        let run = rehearse(&world);
        run.json()["digest"].as_str().unwrap().to_owned()
    };
    let (first, second) = (digest(), digest());
    assert_eq!(first, second);
    let plain = world.vit(&["plan", "--json"]).json();
    assert_ne!(plain["digest"], first.as_str());
}

#[test]
fn a_stored_plan_keeps_its_rehearsal() {
    let world = world("exit 0");
    let file = world.tmp().join("plan.json");
    let name = file.to_str().unwrap();
    world
        .vit(&["plan", "--rehearse", "--out", name])
        .assert_code(0);
    let shown = world.vit(&["upgrade", "--plan", name, "--dry-run"]);
    shown.assert_code(0).assert_stdout(", held 20");
    let run = world.vit(&["upgrade", "--plan", name, "--yes", "--json"]);
    run.assert_code(0);
    let stored: serde_json::Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(run.json()["plan"]["rehearsal"], stored["rehearsal"]);
    let journal = fs::read_to_string(world.path(".git/vit/journal.jsonl")).unwrap_or_default();
    let rotated = fs::read_dir(world.path(".git/vit")).unwrap().flatten();
    let all: String = rotated
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("journal"))
        .filter_map(|entry| fs::read_to_string(entry.path()).ok())
        .collect();
    assert!((journal + &all).contains("\"rehearsed\""));
}

/// One that failed and was stored is refused; one that was edited into a pass too.
#[test]
fn a_stored_plan_that_failed_is_refused() {
    let world = world("exit 1");
    let file = world.tmp().join("plan.json");
    let name = file.to_str().unwrap();
    world
        .vit(&["plan", "--rehearse", "--out", name])
        .assert_code(1);
    let args = ["upgrade", "--plan", name, "--yes"];
    world.vit(&args).assert_code(1);
    let text = fs::read_to_string(&file).unwrap();
    put(
        &file,
        text.replace("\"outcome\": \"fail\"", "\"outcome\": \"pass\""),
    );
    world.vit(&args).assert_code(2).assert_stderr("digest");
    assert_eq!(world.history().len(), 0);
}

#[test]
fn that_it_could_not_tell_can_be_accepted() {
    let world = world("[ $VIT_PHASE = rehearsal ] && exit 2; exit 0");
    assert_eq!(outcome(&rehearse(&world)), "could_not_tell");
    let args = [
        "upgrade",
        "--rehearse",
        "--accept",
        "rehearsal_could_not_tell",
        "--yes",
        "--json",
    ];
    let run = world.vit(&args);
    run.assert_code(0);
    let accepted = run.json()["plan"]["accepted"].to_string();
    assert!(accepted.contains("rehearsal_could_not_tell"), "{accepted}");
}

/// A vertical too large to be copied is not tried, and that is said.
#[test]
fn a_vertical_that_is_too_large() {
    let world = world("exit 1");
    let large = fs::File::create(world.path("domains/finance/large")).unwrap();
    large.set_len(300 * 1024 * 1024).unwrap();
    let run = rehearse(&world);
    run.assert_code(0);
    assert_eq!(outcome(&run), "could_not_tell");
    assert_eq!(codes(&run), ["rehearsal_could_not_tell"]);
}

/// A plan that is blocked is not rehearsed; one without a rehearsal is as it always was.
#[test]
fn what_is_blocked_is_not_rehearsed() {
    let world = with_update(builder(), ": > \"$TMPDIR/ran\"");
    world.write("README.md", "changed\n");
    let run = rehearse(&world);
    run.assert_code(1);
    assert!(run.json()["rehearsal"].is_null());
    assert!(!world.tmp().join("ran").exists());
    world.git(&["checkout", "-q", "README.md"]);
    let plan = world.vit(&["plan", "--json"]).json();
    assert!(plan["rehearsal"].is_null());
    assert_eq!(left(&world), [""; 0]);
    upgrade(&world).run().assert_code(0);
}

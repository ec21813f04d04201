//! `vit explain`: the story of every kind of transaction, evidence that can be trusted, and no
//! secret in anything that is kept.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use vit_testkit::World;
use vit_testkit::faults::{self, Fault};

use crate::transaction::{FAILS_ON_NEW, put, rollback, upgrade, world};

/// What is planted: as the value of a variable, and as a token that is known by its shape.
const SECRET: &str = "correct-horse-battery";
const TOKEN: &str = "ghp_0123456789abcdef0123456789abcdef0123";

fn explain(world: &World, args: &[&str]) -> Value {
    let run = world.vit(&[&["explain", "--json"][..], args].concat());
    run.assert_code(0);
    run.json()
}

fn texts(value: &Value, field: &str) -> Vec<String> {
    let items = value.as_array().cloned().unwrap_or_default();
    let text = |item: &Value| item[field].as_str().unwrap_or_default().to_owned();
    items.iter().map(text).collect()
}

/// The evidence of the only transaction that has some.
fn bundle(world: &World) -> PathBuf {
    let folder = world.path(".git/vit/evidence");
    let mut found = fs::read_dir(folder).unwrap().flatten();
    let first = found.next().unwrap().path();
    assert!(found.next().is_none());
    first
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

#[test]
fn an_upgrade_that_went_well_and_its_rollback() {
    let world = world("exit 0");
    world.vit(&["explain"]).assert_code(2);
    upgrade(&world).run().assert_code(0);
    let story = explain(&world, &[]);
    assert_eq!(story["state"], "applied");
    assert_eq!(story["kind"], "upgrade");
    assert_eq!(story["allowed"]["answer"], "compatible");
    assert_eq!(story["snapshot"]["there"], true);
    assert_eq!(story["proof"]["verified"], true);
    let stages = texts(&story["stages"], "what");
    assert_eq!(
        stages,
        [
            "fetch the release",
            "judge every vertical",
            "take a snapshot",
            "switch the tree",
            "run the smoke tests",
            "prove and commit",
            "tidy up"
        ]
    );
    let first = story["id"].as_str().unwrap().to_owned();
    rollback(&world).run().assert_code(0);
    let back = explain(&world, &["last"]);
    assert_eq!(back["kind"], "rollback");
    let story = explain(&world, &[&first]);
    assert_eq!(story["since"].as_array().unwrap().len(), 1);
    let since = story["since_details"].as_str().unwrap();
    assert!(since.contains("went back to 1.0.0"), "{since}");
}

#[test]
fn an_upgrade_that_failed_and_was_tried_again() {
    let world = world(&format!("echo the reason; {FAILS_ON_NEW}"));
    let run = upgrade(&world).run();
    run.assert_code(3);
    let id = run.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(run.json()["next"], format!("vit explain {id}"));
    let again = world.command([
        "upgrade",
        "--yes",
        "--json",
        "--retry-quarantined",
        "to be sure",
    ]);
    again.run().assert_code(3);

    let story = explain(&world, &[&id]);
    assert_eq!(story["state"], "rolled_back");
    assert_eq!(story["cause"]["code"], "smoke_test_failed");
    assert_eq!(story["cause"]["subject"], "finance");
    assert!(texts(&story["smoke_tests"], "tail").contains(&"the reason\n".to_owned()));
    let after = texts(&story["smoke_tests_after_rollback"], "outcome");
    assert!(after.iter().all(|outcome| outcome == "pass"), "{after:?}");
    assert!(!after.is_empty());
    assert_eq!(texts(&story["undone"], "step"), ["switch-tree"]);
    assert_eq!(story["evidence"]["state"], "intact");
    let since = story["since_details"].as_str().unwrap();
    assert!(
        since.contains("the same release failed 1 more time"),
        "{since}"
    );
    let advice = texts(&story["advice"], "what").join("\n");
    assert!(advice.contains("vit hold 1.1.0"), "{advice}");
    let text = world.vit(&["explain", &id]);
    text.assert_code(0)
        .assert_stdout("the reason")
        .assert_stdout("first cause");
    world
        .vit(&["explain", "2"])
        .assert_code(2)
        .assert_stderr(&id);
    world
        .vit(&["explain", "1999"])
        .assert_code(2)
        .assert_stderr(&id);
}

#[test]
fn it_failed_before_the_upgrade_too() {
    let world = world("exit 1");
    upgrade(&world).run().assert_code(3);
    let advice = texts(&explain(&world, &[])["advice"], "what").join("\n");
    assert!(advice.contains("it failed before the upgrade"), "{advice}");
}

#[test]
fn one_that_was_stopped_and_one_that_was_killed() {
    let world = world("exit 0");
    let stopped = faults::with(upgrade(&world), "journal.snapped.before", Fault::Eio).run();
    assert_eq!(stopped.json()["status"], "aborted");
    let story = explain(&world, &[]);
    assert_eq!(story["state"], "aborted");
    assert_eq!(
        story["stages"].as_array().unwrap().last().unwrap()["what"],
        "tidy up"
    );
    assert!(texts(&story["stages"], "outcome").contains(&"failed".to_owned()));

    let killed = faults::with(
        upgrade(&world),
        "journal.done:switch-tree.before",
        Fault::Kill,
    );
    assert!(killed.run().was_killed());
    let story = explain(&world, &[]);
    assert_eq!(story["state"], "interrupted");
    assert_eq!(story["next"], "vit recover");
    let last = story["stages"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(last["what"], "switch the tree");
    world.vit(&["recover"]).assert_code(3);
    let story = explain(&world, &[]);
    assert_eq!(story["state"], "rolled_back");
    assert_eq!(story["cause"]["code"], "interrupted");
    assert_eq!(story["evidence"]["state"], "intact");
}

#[test]
fn one_that_could_not_be_undone_and_its_repair() {
    let world = world(FAILS_ON_NEW);
    faults::with(upgrade(&world), "undo.switch-tree", Fault::Eio)
        .run()
        .assert_code(4);
    let story = explain(&world, &[]);
    assert_eq!(story["state"], "inconsistent");
    assert_eq!(story["next"], "vit repair");
    assert_eq!(story["cause"]["code"], "smoke_test_failed");
    assert!(!texts(&story["later_causes"], "code").is_empty());
    world.vit(&["repair", "--yes"]).assert_code(0);
    let story = explain(&world, &[]);
    assert_eq!(story["state"], "repaired");
    assert_eq!(story["cause"]["code"], "smoke_test_failed");
    assert_eq!(story["evidence"]["state"], "intact");
}

/// A death on the way back, and a recovery that fails differently: the first cause stays.
#[test]
fn the_first_cause_is_never_overwritten() {
    let world = world(FAILS_ON_NEW);
    let killed = faults::with(
        upgrade(&world),
        "journal.undone:switch-tree.before",
        Fault::Kill,
    );
    assert!(killed.run().was_killed());
    let cause = bundle(&world).join("cause.json");
    let before = fs::read(&cause).unwrap();
    let recover = world.command(["recover", "--json"]);
    faults::with(recover, "undo.switch-tree", Fault::Enospc).run();
    assert_eq!(fs::read(&cause).unwrap(), before);
    let story = explain(&world, &[]);
    assert_eq!(story["cause"]["code"], "smoke_test_failed");
    let later = texts(&story["later_causes"], "code");
    assert!(later.contains(&"interrupted".to_owned()), "{later:?}");
    assert!(later.contains(&"step_failed".to_owned()), "{later:?}");
    assert_eq!(story["evidence"]["state"], "intact");
}

#[test]
fn evidence_that_was_changed_is_told() {
    let world = world(&format!("echo out; {FAILS_ON_NEW}"));
    upgrade(&world).run().assert_code(3);
    let folder = bundle(&world);
    assert_eq!(
        fs::metadata(&folder).unwrap().permissions().mode() & 0o777,
        0o700
    );
    for file in files(&folder) {
        let mode = fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{}", file.display());
    }
    put(folder.join("smoke-finance.log"), "all is well\n");
    fs::remove_file(folder.join("versions.json")).unwrap();
    put(folder.join("new.txt"), "?");
    let evidence = explain(&world, &[])["evidence"].clone();
    assert_eq!(evidence["state"], "altered");
    assert_eq!(
        evidence["findings"],
        serde_json::json!([
            "smoke-finance.log was altered",
            "versions.json is missing",
            "new.txt was added"
        ])
    );
    fs::remove_file(folder.join("index.json")).unwrap();
    assert_eq!(explain(&world, &[])["evidence"]["state"], "unlisted");
    fs::remove_dir_all(&folder).unwrap();
    let story = explain(&world, &[]);
    assert_eq!(story["evidence"]["state"], "gone");
    assert_eq!(
        story["cause"]["code"], "smoke_test_failed",
        "the journal knows"
    );
}

/// Neither a full disk nor a folder that is none stops the undo.
#[test]
fn evidence_that_cannot_be_kept_never_stops_the_undo() {
    for point in ["evidence.put", "evidence.index"] {
        let world = world(FAILS_ON_NEW);
        let before = world.state();
        faults::with(upgrade(&world), point, Fault::Enospc)
            .run()
            .assert_code(3);
        world.state().assert_same(&before);
        assert_eq!(explain(&world, &[])["cause"]["code"], "smoke_test_failed");
    }
    let world = world(FAILS_ON_NEW);
    let before = world.state();
    fs::create_dir_all(world.path(".git/vit")).unwrap();
    put(world.path(".git/vit/evidence"), "in the way");
    upgrade(&world).run().assert_code(3);
    world.state().assert_same(&before);
    assert_eq!(explain(&world, &[])["state"], "rolled_back");
}

/// What is left when journal, history and plans are damaged or gone.
#[test]
fn it_tells_what_is_left_in_a_damaged_installation() {
    let world = world(FAILS_ON_NEW);
    upgrade(&world).run().assert_code(3);
    put(
        world.path(".vitruvyan/upgrade_history.json"),
        "{ no history",
    );
    let story = explain(&world, &[]);
    assert_eq!(story["state"], "rolled_back");
    assert!(
        story["unknown"][0].as_str().unwrap().contains("history"),
        "{story}"
    );
    let id = story["id"].as_str().unwrap().to_owned();
    fs::remove_file(world.path(".git/vit/journal.jsonl")).unwrap();
    let story = explain(&world, &[&id[..10]]);
    assert_eq!(story["state"], "unknown");
    assert_eq!(
        story["cause"]["code"], "smoke_test_failed",
        "the evidence knows"
    );
}

#[test]
fn no_secret_is_kept_or_shown() {
    // In two writes, wrapped over two lines, in a tracked file, and in the last line: the cause.
    let script = format!(
        "printf 'a {half}'; sleep 0.1; echo '{rest} b'\nprintf '{half}\\n{rest}\\n'\n\
         echo \"token {TOKEN}\" | tee -a ../README.md\n\
         curl_would_say='https://ana:{SECRET}@host/?token=abcdef'; echo \"$curl_would_say\"\n\
         echo \"$DEPLOY_TOKEN\"; {FAILS_ON_NEW}",
        half = &SECRET[..9],
        rest = &SECRET[9..],
    );
    let world = world(&script.replace("../README.md", "\"$VIT_CORE_ROOT/README.md\""));
    let run = world
        .command(["upgrade", "--yes", "-v"])
        .env("DEPLOY_TOKEN", SECRET)
        .run();
    run.assert_code(3)
        .assert_stdout("[redacted: the value of DEPLOY_TOKEN]");
    let report = world.command(["explain", "--json"]).run();
    let markdown = world.command(["explain", "--markdown"]).run();
    let mut kept: Vec<(String, String)> = [&run, &report, &markdown]
        .iter()
        .map(|run| {
            (
                "a stream".to_owned(),
                format!("{}{}", run.stdout, run.stderr),
            )
        })
        .collect();
    for file in [world.path(".git/vit"), world.path(".vitruvyan")]
        .iter()
        .flat_map(|f| files(f))
    {
        let bytes = fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        kept.push((file.display().to_string(), text));
    }
    for (place, text) in &kept {
        let flat: String = text.lines().collect();
        for secret in [SECRET, TOKEN, "abcdef'"] {
            assert!(!flat.contains(secret), "{secret} in {place}:\n{text}");
        }
    }
    assert!(kept.iter().any(|(place, text)| {
        place.ends_with("tree.diff") && text.contains("[redacted: GitHub token]")
    }));
}

#[test]
fn case_30_output_is_harmless_in_every_form() {
    let world = world(&format!(
        "printf '\\033[2J\\033]52;c;eA==\\007 <b>|`` @all\\n'; {FAILS_ON_NEW}"
    ));
    upgrade(&world).run().assert_code(3);
    for args in [
        &["explain"][..],
        &["explain", "--markdown"],
        &["explain", "--json"],
    ] {
        let run = world.vit(args);
        run.assert_code(0);
        assert!(
            !run.stdout.contains('\u{1b}') && !run.stdout.contains('\u{7}'),
            "{run:?}"
        );
    }
}

#[test]
fn a_story_for_a_ticket() {
    let world = world(&format!("echo the reason; {FAILS_ON_NEW}"));
    let now = "2026-03-01T08:00:00Z";
    upgrade(&world)
        .env("VIT_TEST_NOW", now)
        .run()
        .assert_code(3);
    let run = world.vit(&["explain", "--markdown"]);
    run.assert_code(0)
        .assert_stdout("## Core upgrade `20260301-080000`: rolled back")
        .assert_stdout(
            "### First cause\n\n```text\nfinance: the smoke test failed [smoke_test_failed]",
        )
        .assert_stdout("```text\nthe reason\n```")
        .assert_stdout("| `run the smoke tests` | failed | 0.0s |")
        .assert_stdout("### Proof: verified")
        .assert_stdout("- [ ] vertical's owner: ");
}

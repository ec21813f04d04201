//! `status`, `verify`, `history verify`, `doctor`: on a healthy installation and on one that
//! somebody has been at.

use std::process::Command;

use insta::assert_snapshot;
use serde_json::Value;
use vit_testkit::World;

use crate::installation::{answer, codes, command, problem, shown, vit, world};

/// A world that was upgraded to 1.1.0.
fn upgraded() -> World {
    let world = world();
    world.vertical("finance", |v| v);
    world.publish("1.1.0", |r| r);
    answer(&world, &["upgrade", "--yes"], 0);
    world
}

/// A check that failed, by name.
#[track_caller]
fn failed(report: &Value, name: &str) -> Value {
    let checks = report["checks"].as_array().unwrap();
    let found = checks
        .iter()
        .find(|check| check["name"] == name && check["state"] == "failed");
    found
        .cloned()
        .unwrap_or_else(|| panic!("{name} did not fail: {report:#}"))
}

#[test]
fn a_healthy_installation() {
    let world = upgraded();
    answer(&world, &["update"], 0);
    assert_snapshot!(shown(&world, &vit(&world, &["status"])), @"
    exit: 0
    --- stdout
    Core 1.1.0 (the last transaction)
      root      WORLD/in stallàtion
      head      HASH detached
      channel   stable (set by manifest of finance)
      releases  up to date (git origin, asked now)
      last      1.0.0 → 1.1.0 success on 2026-03-01 08:00:00Z

      vertical  version  status  takes Core     answer  smoke test  manifest
      finance   0.2.0    active  1.0.0..=1.x.x  ok      yes         domains/finance/vertical_manifest.yaml
    ");
    assert_snapshot!(shown(&world, &vit(&world, &["verify"])), @"
    exit: 0
    --- stdout
    ok    transaction              none is open
    ok    release                  HEAD is v1.1.0, commit HASH
    ok    tree                     every tracked file hashes to tree HASH
    ok    index                    nothing is staged
    ok    hash chain               1 entry, every link holds
    ok    journal                  11 records, every link holds
    ok    history against journal  they tell the same

    all is well
    ");
    assert_snapshot!(shown(&world, &vit(&world, &["history", "verify"])), @"
    exit: 0
    --- stdout
    ok    hash chain               1 entry, every link holds
    ok    journal                  11 records, every link holds
    ok    history against journal  they tell the same

    all is well
    ");
    let doctor = shown(&world, &vit(&world, &["doctor"]));
    let without_git: Vec<&str> = doctor
        .lines()
        .filter(|line| !line.starts_with("ok    git "))
        .collect();
    assert_snapshot!(without_git.join("\n"), @"
    exit: 0
    --- stdout
    ok    sh                        /bin/sh
    ok    installation              WORLD/in stallàtion
    ok    state folder              WORLD/in stallàtion/.git/vit
    ok    transactions              none is open
    ok    core version              1.1.0, told by the last transaction
    ok    working tree              clean
    ok    vertical domains/finance  domains/finance/vertical_manifest.yaml
    ok    environment               dependencies are not managed: no Python environment was found (settings, VIRTUAL_ENV, .venv, venv)
    ok    releases                  2 known from origin
    ok    ledger                    2 releases were seen

    all is well
    ");
}

#[test]
fn an_edit_with_its_time_put_back_is_found() {
    let world = upgraded();
    let script = "touch -r README.md ../time && sed -i 's/Core/Kore/' README.md \
                  && touch -r ../time README.md";
    let done = Command::new("sh")
        .args(["-c", script])
        .current_dir(world.installation())
        .status()
        .unwrap();
    assert!(done.success());
    let report = answer(&world, &["verify"], 1);
    let tree = failed(&report, "tree");
    assert!(tree["found"].to_string().contains("README.md"), "{tree:#}");
    // Also where git was told to overlook it.
    world.git(&["update-index", "--assume-unchanged", "README.md"]);
    failed(&answer(&world, &["verify"], 1), "tree");
    assert_snapshot!(shown(&world, &vit(&world, &["verify"])), @"
    exit: 1
    --- stdout
    ok    transaction              none is open
    ok    release                  HEAD is v1.1.0, commit HASH
    FAIL  tree                     1 file differs: README.md
          fix: `git update-index --really-refresh`, then `git diff HEAD` shows how; `git restore FILE` puts a file back
    ok    index                    nothing is staged
    ok    hash chain               1 entry, every link holds
    ok    journal                  11 records, every link holds
    ok    history against journal  they tell the same

    1 check failed
    ");
}

#[test]
fn a_file_that_is_gone_and_a_staged_one_are_found() {
    let world = upgraded();
    std::fs::remove_file(world.path("pyproject.toml")).unwrap();
    let report = answer(&world, &["verify"], 1);
    assert!(
        failed(&report, "tree")["found"]
            .to_string()
            .contains("pyproject.toml")
    );
    world.git(&["restore", "pyproject.toml"]);
    answer(&world, &["verify"], 0);
    world.write("more.txt", "x\n");
    world.git(&["add", "more.txt"]);
    let report = answer(&world, &["verify"], 1);
    assert!(
        failed(&report, "index")["found"]
            .to_string()
            .contains("more.txt")
    );
    let status = answer(&world, &["status"], 0);
    assert_eq!(status["changed_files"], serde_json::json!(["more.txt"]));
    assert_eq!(status["changed_count"], 1);
}

#[test]
fn a_tag_of_ones_own_that_points_elsewhere_is_found() {
    let world = upgraded();
    world.git(&["tag", "-f", "v1.1.0", "v1.0.0"]);
    let report = answer(&world, &["verify"], 1);
    failed(&report, "tag");
    assert_snapshot!(shown(&world, &vit(&world, &["verify"])), @"
    exit: 1
    --- stdout
    ok    transaction              none is open
    ok    release                  HEAD is v1.1.0, commit HASH
    FAIL  tag                      first seen at HASH, your tag points at HASH
          fix: ask the Core team which of the two is the release
    ok    tree                     every tracked file hashes to tree HASH
    ok    index                    nothing is staged
    ok    hash chain               1 entry, every link holds
    ok    journal                  11 records, every link holds
    ok    history against journal  they tell the same

    1 check failed
    ");
}

#[test]
fn a_commit_on_top_is_found() {
    let world = upgraded();
    world.write("README.md", "mine\n");
    world.git(&["commit", "-qam", "mine"]);
    let report = answer(&world, &["verify"], 0);
    let checks = report["checks"].as_array().unwrap();
    let release = checks.iter().find(|c| c["name"] == "release").unwrap();
    assert_eq!(release["state"], "warning", "{report:#}");
    assert!(
        release["found"]
            .to_string()
            .contains("commits on top of v1.1.0")
    );
    assert_snapshot!(shown(&world, &vit(&world, &["status"])), @"
    exit: 0
    --- stdout
    Core 1.1.0 (__version__ in vitruvyan_core/__init__.py)
      root      WORLD/in stallàtion
      head      HASH detached
      channel   stable (set by manifest of finance)
      releases  not asked since 1.1.0 is here: `vit update`
      last      1.0.0 → 1.1.0 success on 2026-03-01 08:00:00Z

      vertical  version  status  takes Core     answer  smoke test  manifest
      finance   0.2.0    active  1.0.0..=1.x.x  ok      yes         domains/finance/vertical_manifest.yaml

    next: vit update
    ");
}

#[test]
fn case_13_an_edited_history_is_found_and_kept_aside_whole() {
    let world = upgraded();
    let path = world.path(".vitruvyan/upgrade_history.json");
    let text = std::fs::read_to_string(&path).unwrap();
    let edited = text.replace("\"ana\"", "\"bob\"");
    assert_ne!(edited, text);
    std::fs::write(&path, &edited).unwrap();
    let report = answer(&world, &["history", "verify"], 1);
    failed(&report, "history file");
    failed(&answer(&world, &["verify"], 1), "history file");
    let history = answer(&world, &["history"], 0);
    assert_eq!(history["verified"], false);
    assert_snapshot!(shown(&world, &vit(&world, &["history", "verify"])), @"
    exit: 1
    --- stdout
    FAIL  history file             entry 0 (20260301-080000): its content does not have its hash
          fix: nothing to do: the next transaction moves the file aside and goes on
    ok    journal                  11 records, every link holds
    FAIL  history against journal  not in the history, or told otherwise there: 20260301-080000
          fix: the journal in the state folder is right: `vit recover` brings what is missing

    2 checks failed
    ");
    kept_aside(&world, edited.as_bytes());
}

#[test]
fn case_13_a_truncated_history_is_kept_aside_whole_and_the_upgrade_is_unharmed() {
    let world = upgraded();
    let path = world.path(".vitruvyan/upgrade_history.json");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes.truncate(bytes.len() / 2);
    std::fs::write(&path, &bytes).unwrap();
    for args in [&["status"][..], &["history"], &["update"]] {
        let report = answer(&world, args, 0);
        assert!(
            codes(&report).contains(&"history_damaged".to_owned()),
            "{report:#}"
        );
    }
    answer(&world, &["history", "verify"], 1);
    assert_snapshot!(shown(&world, &vit(&world, &["history"])), @"
    exit: 0
    --- stdout
    nothing stands in the history
    the chain of hashes does not hold: `vit history verify`

    1 warning
      .vitruvyan/upgrade_history.json: the history cannot be read [history_damaged]
        at .vitruvyan/upgrade_history.json:15:9
        EOF while parsing a string
        fix (you): nothing to do: the next transaction moves the file aside and goes on
    ");
    kept_aside(&world, &bytes);
}

/// The next upgrade works, says where the damaged file is, and tells its own truth and what the
/// journal knows.
#[track_caller]
fn kept_aside(world: &World, damaged: &[u8]) {
    world.publish("1.2.0", |r| r);
    let report = answer(world, &["upgrade", "--yes"], 0);
    assert_eq!(report["status"], "applied");
    let told = problem(&report, "history_damaged");
    assert_eq!(told["severity"], "warning");
    let folder = world.path(".vitruvyan");
    let aside: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap() != "upgrade_history.json")
        .collect();
    assert_eq!(aside.len(), 1, "{aside:?}");
    assert_eq!(std::fs::read(&aside[0]).unwrap(), damaged);
    let name = aside[0].file_name().unwrap().to_str().unwrap();
    assert!(told.to_string().contains(name), "{told:#} names {name}");
    answer(world, &["history", "verify"], 0);
    let versions: Vec<String> = world
        .history()
        .iter()
        .map(|e| e["to_version"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(versions, ["1.1.0", "1.2.0"]);
    answer(world, &["rollback", "--yes"], 0);
}

#[test]
fn case_12_a_full_disk_while_the_history_is_written_changes_no_outcome() {
    let world = upgraded();
    world.publish("1.2.0", |r| r);
    let before = std::fs::read(world.path(".vitruvyan/upgrade_history.json")).unwrap();
    for point in ["write", "sync", "rename"] {
        let saved = world.save();
        let rule = format!("atomic.upgrade_history.json.{point}=enospc");
        let run = command(&world, &["upgrade", "--yes", "--json"])
            .env("VIT_FAULT", rule)
            .run();
        run.assert_code(0);
        assert_eq!(run.json()["status"], "applied");
        assert_eq!(world.git(&["rev-parse", "HEAD"]), world.commit_of("v1.2.0"));
        let now = std::fs::read(world.path(".vitruvyan/upgrade_history.json")).unwrap();
        assert_eq!(now, before, "the old history is intact");
        answer(&world, &["status"], 0);
        // The next transaction tells what is missing, or the verification does.
        answer(&world, &["rollback", "--yes"], 0);
        world.restore(&saved);
    }
}

#[test]
fn the_history_of_the_wild_is_read() {
    let world = upgraded();
    world.write(
        ".vitruvyan/upgrade_history.json",
        r#"{"upgrades": [{"timestamp": "2025-01-01T00:00:00Z", "from_version": "0.9.0", "to_version": "1.0.0", "success": true}]}"#,
    );
    let history = answer(&world, &["history"], 0);
    assert_eq!(history["history"][0]["to_version"], "1.0.0", "{history:#}");
}

#[test]
fn a_core_whose_package_and_tag_disagree_is_told() {
    let world = crate::installation::builder()
        .core("1.0.0", |r| r.dunder_version("0.9.9"))
        .build();
    let status = answer(&world, &["status"], 0);
    assert_eq!(status["core_version"], "1.0.0");
    let found = problem(&status, "core_version_disagreement");
    let evidence = found["evidence"].to_string();
    assert!(
        evidence.contains("1.0.0") && evidence.contains("0.9.9"),
        "{evidence}"
    );
}

#[test]
fn one_entry_can_be_shown_by_the_beginning_of_its_id() {
    let world = upgraded();
    for id in ["20260301-080000", "2026", "last"] {
        let report = answer(&world, &["history", "show", id], 0);
        assert_eq!(report["history"][0]["to_version"], "1.1.0");
        assert_eq!(report["verified"], true);
    }
    answer(&world, &["history", "show", "1999"], 2);
    let run = vit(&world, &["history", "show", "\u{1b}[31m"]);
    assert_snapshot!(shown(&world, &run), @r"
    exit: 2
    --- stderr
    error: there is no transaction \x1b[31m
    hint: the newest are 20260301-080000
    ");
}

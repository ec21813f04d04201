//! Plans: made, kept in files, compared with the facts, refused; holds and accepted warnings.

use insta::assert_snapshot;
use serde_json::Value;
use vit_testkit::World;

use crate::installation::{answer, codes, four_facts, problem, shown, vit, world};

/// A world where 1.1.0 waits for a vertical whose smoke test passes.
fn ready() -> World {
    let world = world();
    world.vertical("finance", |v| v.uses("contracts.GraphPlugin"));
    world.publish("1.1.0", |r| r.feature("a faster bus").fix("no more leaks"));
    world
}

/// The same with its plan in a file.
fn planned() -> (World, String) {
    let world = ready();
    let file = world.root().join("upgrade plan.json").display().to_string();
    let plan = answer(&world, &["plan", "--out", &file], 0);
    assert_eq!(plan["schema"], "vit.plan/1");
    let written: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(written, plan, "the file is what was printed");
    (world, file)
}

/// The plan is refused, this fact is named, and nothing has changed.
#[track_caller]
fn refused(world: &World, file: &str, fact: &str) {
    let before = world.state();
    let error = answer(world, &["upgrade", "--plan", file, "--yes"], 1);
    let moved = problem(&error, "facts_moved");
    let evidence = moved["evidence"].as_str().unwrap_or_default();
    assert!(evidence.contains(&format!("{fact}: ")), "{error:#}");
    world.state().assert_same(&before);
}

#[test]
fn a_plan_shows_what_will_happen() {
    let world = ready();
    assert_snapshot!(shown(&world, &vit(&world, &["plan"])), @"
    exit: 0
    --- stdout
    upgrade 1.0.0 → 1.1.0   channel stable   ok
      HASH main → HASH detached at v1.1.0, 3 files change

    changes in 1.1.0
      features
        - a faster bus
      fixes
        - no more leaks

      vertical  answer  smoke test
      finance   ok      at most 5m 00s

      contract               in the target  used by
      contracts.GraphPlugin  exported       finance

    time         about 31s (an estimate: nothing was measured here yet)
    disk         16.0 MiB needed, FREE free
    environment  dependencies are not managed: no Python environment was found (settings, VIRTUAL_ENV, .venv, venv)
    risk         low
                 - no breaking change, every active vertical has a smoke test
    way back     1. before anything changes, the tag pre-upgrade-<time> and a private ref keep the old state
                 2. on any failure the tree goes back to 1.0.0 by itself, HEAD is on branch main again
                 3. every tracked file is hashed against the old tree before it is called restored
                 4. later, `vit rollback` does the same

    next: vit upgrade
    --- stderr
         ask origin
    ");
}

#[test]
fn an_upgrade_is_told_step_by_step_and_asks_the_registry_once() {
    let world = ready();
    let run = vit(&world, &["upgrade", "--yes"]);
    assert_eq!(run.stderr.matches("ask origin").count(), 1, "{run:?}");
    assert_snapshot!(shown(&world, &run), @"
    exit: 0
    --- stdout
    upgrade 1.0.0 → 1.1.0   channel stable   ok
      HASH main → HASH detached at v1.1.0, 3 files change

    changes in 1.1.0
      features
        - a faster bus
      fixes
        - no more leaks

      vertical  answer  smoke test
      finance   ok      at most 5m 00s

      contract               in the target  used by
      contracts.GraphPlugin  exported       finance

    time         about 31s (an estimate: nothing was measured here yet)
    disk         16.0 MiB needed, FREE free
    environment  dependencies are not managed: no Python environment was found (settings, VIRTUAL_ENV, .venv, venv)
    risk         low
                 - no breaking change, every active vertical has a smoke test
    way back     1. before anything changes, the tag pre-upgrade-<time> and a private ref keep the old state
                 2. on any failure the tree goes back to 1.0.0 by itself, HEAD is on branch main again
                 3. every tracked file is hashed against the old tree before it is called restored
                 4. later, `vit rollback` does the same

    upgraded 1.0.0 → 1.1.0 (0.0s)
      proof        verified by content
      head         HASH
      branch       detached
      tree         HASH
      snapshot     pre-upgrade-20260301-080000
      transaction  20260301-080000

      smoke test  outcome  took
      finance     pass     0.0s

    next: vit status
    --- stderr
         ask origin
    ok   fetch the release (0.0s)
    ok   judge every vertical (0.0s)
    ok   take a snapshot (0.0s)
    ok   switch the tree (0.0s)
         smoke test of finance (at most 300 s)
    ok   smoke test of finance (0.0s)
    ok   run the smoke tests (0.0s)
    ok   prove and commit (0.0s)
    ok   tidy up (0.0s)
    ");
}

#[test]
fn a_rollback_is_told_step_by_step_and_stands_in_the_history() {
    let world = ready();
    answer(&world, &["upgrade", "--yes"], 0);
    assert_snapshot!(shown(&world, &vit(&world, &["rollback", "--yes"])), @"
    exit: 0
    --- stdout
    rollback 1.1.0 → 1.0.0   channel stable   ok
      HASH detached → HASH main at pre-upgrade-20260301-080000, 3 files change

      vertical  smoke test, told and not deciding
      finance   at most 5m 00s

    time         about 31s (an estimate: nothing was measured here yet)
    disk         16.0 MiB needed, FREE free
    environment  dependencies are not managed: no Python environment was found (settings, VIRTUAL_ENV, .venv, venv)
    risk         low
                 - the snapshot was a working state of this installation
    way back     1. the tag pre-rollback-<time> keeps the present state
                 2. `vit rollback --to pre-rollback-<time>` comes back to it

    went back 1.1.0 → 1.0.0 (0.0s)
      proof        verified by content
      head         HASH
      branch       main
      tree         HASH
      snapshot     pre-rollback-20260301-080000-2
      transaction  20260301-080000-2

      smoke test  outcome  took
      finance     pass     0.0s

    next: vit status
    --- stderr
    ok   fetch the release (0.0s)
    ok   judge every vertical (0.0s)
    ok   take a snapshot (0.0s)
    ok   switch the tree (0.0s)
         smoke test of finance (at most 300 s)
    ok   smoke test of finance (0.0s)
    ok   run the smoke tests (0.0s)
    ok   prove and commit (0.0s)
    ok   tidy up (0.0s)
    ");
    assert_snapshot!(shown(&world, &vit(&world, &["history"])), @"
    exit: 0
    --- stdout
    id                 when                  what      from → to      outcome  took  who
    20260301-080000-2  2026-03-01 08:00:00Z  rollback  1.1.0 → 1.0.0  success  0.0s  ana@HOST
    20260301-080000    2026-03-01 08:00:00Z  upgrade   1.0.0 → 1.1.0  success  0.0s  ana@HOST

    in quarantine: not offered until something that they depend on changes
      1.1.0: taken back on 2026-03-01 08:00:00Z: rolled back by hand by ana@HOST (transaction 20260301-080000-2)
    ");
    assert_snapshot!(shown(&world, &vit(&world, &["rollback", "--list"])), @"
    exit: 0
    --- stdout
      snapshot                        taken                 Core   head        branch
      pre-rollback-20260301-080000-2  2026-03-01 08:00:00Z  1.1.0  HASH  detached
      pre-upgrade-20260301-080000     2026-03-01 08:00:00Z  1.0.0  HASH  main
    ");
}

#[test]
fn a_plan_in_a_file_is_carried_out() {
    let (world, file) = planned();
    let report = answer(&world, &["upgrade", "--plan", &file, "--yes"], 0);
    assert_eq!(report["status"], "applied");
    assert_eq!(world.git(&["rev-parse", "HEAD"]), world.commit_of("v1.1.0"));
    // Once is enough.
    refused(&world, &file, "head");
}

#[test]
fn a_plan_is_refused_after_a_commit() {
    let (world, file) = planned();
    world.write("notes.txt", "mine\n");
    world.git(&["add", "notes.txt"]);
    world.git(&["commit", "-qm", "mine"]);
    refused(&world, &file, "head");
}

#[test]
fn a_plan_is_refused_on_another_branch() {
    let (world, file) = planned();
    world.git(&["switch", "-qc", "work"]);
    refused(&world, &file, "branch");
}

#[test]
fn a_plan_is_refused_after_its_tag_has_moved_here() {
    let (world, file) = planned();
    world.git(&["update-ref", "refs/vit/releases/v1.1.0", "HEAD"]);
    let error = answer(&world, &["upgrade", "--plan", &file, "--yes"], 1);
    let evidence = problem(&error, "facts_moved")["evidence"].to_string();
    assert!(evidence.contains("target commit: "), "{error:#}");
}

#[test]
fn a_plan_is_refused_after_a_manifest_has_changed() {
    let (world, file) = planned();
    world.vertical("finance", |v| v.range("1.0.0", "1.0.x"));
    refused(&world, &file, "vertical manifests");
    world.vertical("finance", |v| v.uses("contracts.GraphPlugin"));
    world.vertical("energy", |v| v);
    refused(&world, &file, "vertical manifests");
}

#[test]
fn a_plan_is_refused_after_settings_channel_or_holds_have_changed() {
    let (world, file) = planned();
    std::fs::write(world.path(".git/info/exclude"), "vit.toml\n.vitruvyan\n").unwrap();
    world.write("vit.toml", "[policy]\nsnapshots = 20\n");
    let settings = vit(&world, &["status"]);
    if !settings.stdout.contains("unknown_setting") {
        refused(&world, &file, "settings");
    }
    world.write("vit.toml", "critical_paths = [\"contracts\"]\n");
    refused(&world, &file, "settings");
    std::fs::remove_file(world.path("vit.toml")).unwrap();
    answer(&world, &["channel", "beta"], 0);
    refused(&world, &file, "channel");
    answer(&world, &["channel", "--unset"], 0);
    answer(&world, &["hold", "3.0.0"], 0);
    refused(&world, &file, "holds");
    answer(&world, &["unhold"], 0);
    // Everything is as it was: the plan holds again.
    answer(&world, &["upgrade", "--plan", &file, "--yes"], 0);
}

#[test]
fn a_plan_is_refused_when_the_tree_has_become_dirty() {
    let (world, file) = planned();
    world.write("README.md", "mine\n");
    refused(&world, &file, "working tree");
}

#[test]
fn a_plan_that_is_none_is_refused_with_the_reason() {
    let (world, file) = planned();
    let text = std::fs::read_to_string(&file).unwrap();
    let mut other: Value = serde_json::from_str(&text).unwrap();
    other["schema"] = "vit.plan/2".into();
    let before = world.state();
    for (content, reason) in [
        (
            text.replace("1.1.0", "1.0.9"),
            "was changed after it was made",
        ),
        (text.replace("checkout", "checkotu"), "is not a whole plan"),
        (other.to_string(), "its schema is vit.plan/2"),
        (
            "{\"schema\": \"vit.status/1\"}".into(),
            "its schema is vit.status/1",
        ),
        ("banana".into(), "is not JSON"),
        (String::new(), "is not JSON"),
        ("\u{feff}{}".into(), "is not JSON"),
        ("[".repeat(200_000), "is not JSON"),
        (" ".repeat(16 * 1024 * 1024 + 1), "larger than 16 MiB"),
    ] {
        std::fs::write(&file, content).unwrap();
        let error = answer(&world, &["upgrade", "--plan", &file, "--yes"], 2);
        assert_eq!(error["kind"], "bad_input");
        assert!(
            error["message"][0].to_string().contains(reason),
            "{error:#}"
        );
    }
    let folder = world.root().display().to_string();
    answer(&world, &["upgrade", "--plan", &folder, "--yes"], 2);
    world.state().assert_same(&before);
}

#[test]
fn an_accepted_warning_stands_in_the_history() {
    let world = world();
    world.vertical("finance", vit_testkit::Vertical::no_smoke);
    world.publish("1.1.0", |r| r);
    let report = answer(
        &world,
        &["upgrade", "--yes", "--accept", "smoke_test_missing"],
        0,
    );
    assert_eq!(report["status"], "applied");
    let entry = &world.history()[0];
    assert_eq!(entry["accepted"][0]["code"], "smoke_test_missing");
    assert_eq!(entry["accepted"][0]["subjects"][0], "finance");
    assert_snapshot!(shown(&world, &vit(&world, &["history", "show", "last"])), @"
    exit: 0
    --- stdout
    upgrade 1.0.0 → 1.1.0 success
      id           20260301-080000
      when         2026-03-01 08:00:00Z
      who          ana@HOST
      took         0.0s
      smoke tests  not_run
      snapshot     pre-upgrade-20260301-080000
      accepted     smoke_test_missing for finance
      proof        verified by content
      head         HASH
      branch       detached
      tree         HASH
      hash         HASH
    ");
}

#[test]
fn only_warnings_can_be_accepted() {
    let world = ready();
    world.vertical("finance", |v| v.range("1.0.0", "1.0.x"));
    let before = world.state();
    for verb in [
        &["plan", "--target", "1.1.0"][..],
        &["upgrade", "--yes", "--target", "1.1.0"],
        &["upgrade", "--dry-run", "--target", "1.1.0"],
    ] {
        for (code, exit, kind) in [
            ("core_above_maximum", 2, "bad_input"),
            ("dirty_tree", 2, "bad_input"),
            ("banana", 2, "usage"),
        ] {
            let args: Vec<&str> = verb.iter().copied().chain(["--accept", code]).collect();
            let error = answer(&world, &args, exit);
            assert_eq!(error["kind"], kind, "{error:#}");
        }
    }
    world.state().assert_same(&before);
    let run = vit(&world, &["plan", "--accept", "core_above_maximum"]);
    assert_snapshot!(shown(&world, &run), @"
    exit: 1
    --- stdout
    1.0.0 stays: everything newer is blocked (1 release)

    1.1.0 is blocked (stable, released 2026-01-02)
      finance: Core 1.1.0 is above max_core_version 1.0.x [core_above_maximum]
        target 1.1.0, accepted range 1.0.0..=1.0.x
        fix (vertical's owner): test the vertical against Core 1.1.0, then raise max_core_version

    channel stable (set by manifest of finance); releases from git origin, asked now

    next: do what the hints say, then `vit update` again
    --- stderr
         ask origin
    ");
}

#[test]
fn what_is_held_is_not_installed() {
    let world = ready();
    world.publish("1.2.0", |r| r);
    assert_snapshot!(shown(&world, &vit(&world, &["hold", "1.2.0"])), @"
    exit: 0
    --- stdout
    1.2.0 is held
    held: 1.2.0
    ");
    let report = answer(&world, &["update"], 0);
    assert_eq!(report["offered"]["version"], "1.1.0");
    assert_eq!(report["blocked"][0]["version"], "1.2.0");
    assert!(codes(&report["blocked"][0]).contains(&"held".to_owned()));
    let named = answer(&world, &["upgrade", "--yes", "--target", "1.2.0"], 1);
    assert_eq!(problem(&named, "held")["hint"], "vit unhold 1.2.0");
    let all = answer(&world, &["hold"], 0);
    assert_eq!(all["holds"], serde_json::json!(["1.2.0", "all"]));
    assert_eq!(answer(&world, &["update"], 1)["reason"], "held");
    assert_snapshot!(shown(&world, &vit(&world, &["upgrade", "--yes"])), @"
    exit: 1
    --- stdout
    1.0.0 stays: everything newer is blocked (2 releases)

    1.2.0 is blocked (stable, released 2026-01-03)
      v1.2.0: it is held [held]
        since 2026-03-01T08:00:00Z
        fix (you): vit unhold 1.2.0

    1.1.0 is blocked (stable, released 2026-01-02)
      v1.1.0: it is held [held]
        since 2026-03-01T08:00:00Z
        fix (you): vit unhold

    channel stable (set by manifest of finance); releases from git origin, asked now

    next: do what the hints say, then `vit update` again
    --- stderr
         ask origin
    ");
    answer(&world, &["unhold", "7.0.0"], 2);
    let none = answer(&world, &["unhold"], 0);
    assert_eq!(none["holds"], serde_json::json!([]));
    let report = answer(&world, &["update"], 0);
    assert_eq!(report["offered"]["version"], "1.2.0");
}

#[test]
fn a_blocked_plan_can_be_looked_at_and_is_not_carried_out() {
    let world = ready();
    world.vertical("finance", |v| v.range("1.0.0", "1.0.x"));
    let file = world.root().join("plan.json").display().to_string();
    let plan = answer(&world, &["plan", "--target", "1.1.0", "--out", &file], 1);
    assert_eq!(plan["answer"], "blocked");
    let before = four_facts(&world);
    for args in [
        &["upgrade", "--yes", "--target", "1.1.0"][..],
        &["upgrade", "--yes", "--plan", &file],
        &["upgrade", "--dry-run", "--plan", &file],
    ] {
        let report = answer(&world, args, 1);
        assert!(codes(&report).contains(&"core_above_maximum".to_owned()));
    }
    assert_eq!(four_facts(&world), before);
    assert!(world.history().is_empty());
    let run = vit(&world, &["upgrade", "--yes", "--target", "1.1.0"]);
    assert_snapshot!(shown(&world, &run), @"
    exit: 1
    --- stdout
    upgrade 1.0.0 → 1.1.0   channel stable   blocked
      HASH main → HASH detached at v1.1.0, 3 files change

    changes in 1.1.0
      features
        - a faster bus
      fixes
        - no more leaks

      vertical  answer   smoke test
      finance   blocked  at most 5m 00s

    time         about 31s (an estimate: nothing was measured here yet)
    disk         16.0 MiB needed, FREE free
    environment  dependencies are not managed: no Python environment was found (settings, VIRTUAL_ENV, .venv, venv)
    risk         low
                 - no breaking change, every active vertical has a smoke test
    way back     1. before anything changes, the tag pre-upgrade-<time> and a private ref keep the old state
                 2. on any failure the tree goes back to 1.0.0 by itself, HEAD is on branch main again
                 3. every tracked file is hashed against the old tree before it is called restored
                 4. later, `vit rollback` does the same

    1 problem blocks
      finance: Core 1.1.0 is above max_core_version 1.0.x [core_above_maximum]
        target 1.1.0, accepted range 1.0.0..=1.0.x
        fix (vertical's owner): test the vertical against Core 1.1.0, then raise max_core_version

    next: mend what is listed above, then `vit plan` again
    --- stderr
         ask origin

    nothing was changed: 1 problem blocks
    ");
}

#[test]
fn case_10_two_upgrades_and_two_rollbacks_and_the_rollback_of_a_rollback() {
    let world = ready();
    let at_1_0 = four_facts(&world);
    answer(&world, &["upgrade", "--yes"], 0);
    let at_1_1 = four_facts(&world);
    world.publish("1.2.0", |r| r);
    answer(&world, &["upgrade", "--yes"], 0);
    let at_1_2 = four_facts(&world);
    let back = answer(&world, &["rollback", "--yes"], 0);
    assert_eq!(back["to_version"], "1.1.0");
    assert_eq!(four_facts(&world), at_1_1);
    let back = answer(&world, &["rollback", "--yes"], 0);
    assert_eq!(back["to_version"], "1.0.0");
    assert_eq!(four_facts(&world), at_1_0);
    assert_eq!(
        answer(&world, &["rollback", "--yes"], 2)["kind"],
        "bad_input"
    );
    assert_snapshot!(shown(&world, &vit(&world, &["rollback", "--yes"])), @"
    exit: 2
    --- stderr
    error: there is nothing to go back to: no upgrade of vit brought what is checked out now
    hint: name a snapshot: `vit rollback --to SNAPSHOT`
    hint: the newest snapshots are pre-rollback-20260301-080000-4, pre-rollback-20260301-080000-3, pre-upgrade-20260301-080000-2, pre-upgrade-20260301-080000
    ");
    // The first rollback is itself undone.
    let list = answer(&world, &["rollback", "--list"], 0);
    let tags: Vec<&str> = list["snapshots"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| s["tag"].as_str().unwrap())
        .collect();
    let first = tags
        .iter()
        .rfind(|tag| tag.starts_with("pre-rollback-"))
        .unwrap();
    let again = answer(&world, &["rollback", "--yes", "--to", first], 0);
    assert_eq!(again["to_version"], "1.2.0");
    assert_eq!(four_facts(&world), at_1_2);
    let statuses: Vec<String> = world
        .history()
        .iter()
        .map(|e| e["status"].to_string())
        .collect();
    assert_eq!(statuses.len(), 5, "{statuses:?}");
    answer(&world, &["history", "verify"], 0);
    answer(&world, &["verify"], 0);
}

/// A plan that was made with `--channel` is carried out with that channel.
#[test]
fn a_plan_of_another_channel_is_carried_out_as_it_was_made() {
    let world = world();
    world.publish("1.1.0-beta.1", |r| r.channel("beta"));
    let file = world.root().join("plan.json");
    let file = file.to_str().unwrap();
    answer(&world, &["plan", "--channel", "beta", "--out", file], 0);
    let report = answer(&world, &["upgrade", "--plan", file, "--yes"], 0);
    assert_eq!(report["to_version"], "1.1.0-beta.1");
}

//! Bundles: what is made in one installation upgrades another one that has no network.

use std::path::{Path, PathBuf};

use serde_json::Value;
use vit_testkit::{Release, World};

use crate::installation::{NOW, answer, codes, command, problem, valid, vit, world};

mod hostile;
mod kill;
mod wheels;

/// One who has a network, with 1.1.0 and 1.2.0 published, and one who has not: the same Core
/// 1.0.0, and its origin is gone.
pub(crate) fn pair() -> (World, World) {
    let (sender, receiver) = (world(), world());
    for world in [&sender, &receiver] {
        world.vertical("finance", |v| v);
    }
    sender
        .publish("1.1.0", first)
        .publish("1.2.0", |r| r.feature("a quieter bus"));
    // It was asked once, long ago.
    assert_eq!(answer(&receiver, &["update"], 0)["status"], "up_to_date");
    std::fs::remove_dir_all(receiver.origin()).unwrap();
    (sender, receiver)
}

/// What an installation has checked out.
pub(crate) fn head(world: &World) -> String {
    world.git(&["rev-parse", "HEAD"])
}

fn first(release: Release) -> Release {
    release
        .feature("a faster bus")
        .file("vitruvyan_core/core/new.py", Some("NEW = 1\n"))
}

/// A path as an argument.
pub(crate) fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Makes a bundle; its file.
#[track_caller]
pub(crate) fn create(sender: &World, name: &str, args: &[&str]) -> PathBuf {
    let out = sender.root().join(name);
    let args: Vec<&str> = ["bundle", "create", "--out", text(&out)]
        .into_iter()
        .chain(args.iter().copied())
        .collect();
    let report = answer(sender, &args, 0);
    assert_eq!(report["status"], "created", "{report:#}");
    let bytes = std::fs::read(&out).unwrap();
    assert_eq!(report["bytes"], bytes.len());
    assert_eq!(report["sha256"], vit_contract::digest::sha256(&bytes));
    out
}

/// Imports a bundle.
#[track_caller]
pub(crate) fn import(receiver: &World, file: &Path, code: i32) -> Value {
    answer(receiver, &["bundle", "import", text(file)], code)
}

#[test]
fn an_installation_without_network_upgrades_from_a_bundle() {
    let (sender, receiver) = pair();
    let args = ["--target", "1.2.0", "--from", "1.0.0"];
    let file = create(&sender, "one", &args);
    let again = create(&sender, "two", &args);
    assert_eq!(
        std::fs::read(&file).unwrap(),
        std::fs::read(&again).unwrap(),
        "the same to the byte"
    );
    let report = answer(&receiver, &["bundle", "verify", text(&file)], 0);
    assert_eq!(report["status"], "usable", "{report:#}");
    let releases = report["manifest"]["releases"].as_array().unwrap();
    let tags: Vec<&str> = releases
        .iter()
        .map(|r| r["tag"].as_str().unwrap())
        .collect();
    assert_eq!(tags, ["v1.1.0", "v1.2.0"]);
    assert_eq!(report["manifest"]["base"][0], head(&receiver));

    let imported = import(&receiver, &file, 0);
    assert_eq!(imported["status"], "imported");
    assert_eq!(imported["imported"], NOW);
    let before = receiver.refs();
    assert_eq!(import(&receiver, &file, 0)["status"], "already_imported");
    assert_eq!(receiver.refs(), before);
    let record = format!(
        ".git/vit/imports/{}.json",
        imported["sha256"].as_str().unwrap()
    );
    let record: Value = serde_json::from_str(&receiver.read(&record)).unwrap();
    assert_eq!(
        (&record["user"], &record["file"]),
        (&"ana".into(), &"one".into())
    );

    let update = answer(&receiver, &["update"], 0);
    assert_eq!(update["offered"]["version"], "1.2.0", "{update:#}");
    let note = problem(&update, "release_imported");
    let said = format!(
        "imported from bundle {}",
        &record["sha256"].as_str().unwrap()[..12]
    );
    assert_eq!(note["message"], format!("{said}, on 2026-03-01"));
    assert_eq!(note["severity"], "info");
    // The changes on the way are those that the sender sees.
    let plans = [&sender, &receiver].map(|w| answer(w, &["plan"], 0));
    assert_eq!(plans[0]["changes"], plans[1]["changes"]);
    assert_eq!(plans[1]["changes"].as_array().unwrap().len(), 2);

    let plan = receiver.root().join("plan.json");
    vit(&receiver, &["plan", "--out", text(&plan)]).assert_code(0);
    let run = vit(&receiver, &["upgrade", "--plan", text(&plan), "--yes"]);
    run.assert_code(0);
    assert_eq!(head(&receiver), sender.commit_of("v1.2.0"));
    assert_eq!(answer(&receiver, &["update"], 0)["status"], "up_to_date");
    vit(&receiver, &["verify"]).assert_code(0);
    vit(&receiver, &["rollback", "--yes"]).assert_code(0);
    assert_eq!(answer(&receiver, &["status"], 0)["core_version"], "1.0.0");
}

/// The verdict is the one that a network would give: what breaks on the way breaks here too.
#[test]
fn what_breaks_on_the_way_is_known_from_the_bundle_too() {
    let (sender, receiver) = (world(), world());
    for world in [&sender, &receiver] {
        world.vertical("finance", |v| v);
    }
    sender
        .publish("1.1.0", |r| r.breaking("the bus is gone"))
        .publish("1.2.0", |r| r);
    receiver.git(&["remote", "remove", "origin"]);
    let file = create(&sender, "b", &["--target", "1.2.0", "--full"]);
    import(&receiver, &file, 0);
    for world in [&sender, &receiver] {
        let plan = answer(world, &["plan", "--target", "1.2.0"], 1);
        assert!(
            codes(&plan).contains(&"breaking_change".to_owned()),
            "{plan:#}"
        );
    }
}

#[test]
fn an_installation_with_no_remote_and_no_tag_lives_on_bundles_alone() {
    let (sender, receiver) = pair();
    receiver.git(&["remote", "remove", "origin"]);
    for tag in receiver.git(&["tag", "--list"]).lines() {
        receiver.git(&["tag", "-d", tag]);
    }
    answer(&receiver, &["update"], 2);
    let file = create(&sender, "b", &["--target", "1.1.0"]);
    import(&receiver, &file, 0);
    for args in [&["update"][..], &["update", "--offline"]] {
        let update = answer(&receiver, args, 0);
        assert_eq!(update["offered"]["version"], "1.1.0", "{update:#}");
        assert_eq!(update["source"]["kind"], "imported");
    }
    // A registry that is not there is no hindrance either.
    let away = "[registry]\nkind = \"dir\"\nlocation = \"/nowhere\"\n";
    receiver.write("vit.toml", away);
    let update = answer(&receiver, &["update"], 0);
    assert_eq!(update["offered"]["version"], "1.1.0", "{update:#}");
    assert!(codes(&update).contains(&"registry_fallback".to_owned()));
    std::fs::remove_file(receiver.path("vit.toml")).unwrap();
    vit(&receiver, &["upgrade", "--yes"]).assert_code(0);
    // A second bundle goes on from there, and leaves out what the first one brought.
    let next = create(&sender, "c", &["--target", "1.2.0", "--from", "1.1.0"]);
    assert!(std::fs::metadata(&next).unwrap().len() < std::fs::metadata(&file).unwrap().len());
    import(&receiver, &next, 0);
    vit(&receiver, &["upgrade", "--yes"]).assert_code(0);
    assert_eq!(head(&receiver), sender.commit_of("v1.2.0"));
}

#[test]
fn what_a_bundle_builds_on_must_be_there() {
    let (sender, receiver) = pair();
    let file = create(&sender, "thin", &["--target", "1.2.0", "--from", "1.1.0"]);
    let before = receiver.refs();
    let report = answer(&receiver, &["bundle", "verify", text(&file)], 1);
    assert_eq!(report["status"], "not_usable_here");
    assert_eq!(report["missing"][0], sender.commit_of("v1.1.0"));
    let error = import(&receiver, &file, 1);
    let hint = problem(&error, "bundle_base_missing")["hint"].clone();
    assert!(hint.as_str().unwrap().contains("--full"), "{hint}");
    assert_eq!(receiver.refs(), before);
    assert!(!receiver.path(".git/vit/imports").exists());
}

#[test]
fn a_tag_that_was_seen_elsewhere_is_never_overwritten() {
    let (sender, receiver) = pair();
    let file = create(&sender, "b", &["--target", "1.2.0"]);
    let seen = head(&receiver);
    receiver.git(&["update-ref", "refs/vit/releases/v1.1.0", &seen]);
    let before = receiver.refs();
    for (command, code) in [("verify", 1), ("import", 1)] {
        let told = answer(&receiver, &["bundle", command, text(&file)], code);
        let evidence = problem(&told, "tag_moved")["evidence"].to_string();
        assert!(evidence.contains(&seen), "{evidence}");
    }
    assert_eq!(receiver.refs(), before);
}

/// An older answer of the remote, or one that never knew the release, does not withdraw it; one
/// that has offered it does. A tag that moves is told as ever.
#[test]
fn what_the_remote_says_of_an_imported_release_counts() {
    let (sender, receiver) = (world(), world());
    for world in [&sender, &receiver] {
        world.vertical("finance", |v| v);
    }
    sender.publish("1.1.0", first);
    assert_eq!(answer(&receiver, &["update"], 0)["status"], "up_to_date");
    let file = create(&sender, "b", &["--target", "1.1.0"]);
    import(&receiver, &file, 0);
    let on = |day: u8| {
        let run = command(&receiver, &["update", "--json"])
            .env("VIT_TEST_NOW", format!("2026-03-{day:02}T08:00:00Z"))
            .run();
        valid(&run)
    };
    for update in [answer(&receiver, &["update", "--offline"], 0), on(2)] {
        assert_eq!(update["offered"]["version"], "1.1.0", "{update:#}");
        assert!(codes(&update).contains(&"release_imported".to_owned()));
    }
    receiver.publish("1.1.0", first);
    assert_eq!(
        receiver.git_in(&receiver.origin(), &["rev-parse", "v1.1.0^{commit}"]),
        sender.commit_of("v1.1.0")
    );
    let offered = on(3);
    assert_eq!(offered["offered"]["version"], "1.1.0");
    assert!(!codes(&offered).contains(&"release_imported".to_owned()));
    let origin = receiver.origin();
    receiver.git_in(&origin, &["tag", "-d", "v1.1.0"]);
    let withdrawn = on(4);
    assert_eq!(withdrawn["compatible"], false, "{withdrawn:#}");
    assert!(withdrawn["unusable"].to_string().contains("withdrawn"));
    receiver.git_in(&origin, &["tag", "v1.1.0", "v1.0.0"]);
    assert_eq!(on(5)["reason"], "tag_moved");
}

#[test]
fn a_bundle_is_looked_at_without_an_installation() {
    let (sender, _) = pair();
    let elsewhere = tempfile::tempdir().unwrap();
    let look = |file: &Path| {
        let args = ["-C", text(elsewhere.path()), "bundle", "verify", text(file)];
        answer(&sender, &args, 0)
    };
    let full = look(&create(&sender, "full", &["--target", "1.1.0"]));
    assert_eq!(
        (&full["status"], &full["missing"]),
        (&"usable".into(), &Value::Null)
    );
    let thin = create(&sender, "thin", &["--target", "1.1.0", "--from", "1.0.0"]);
    let thin = look(&thin);
    assert_eq!(thin["manifest"]["base"][0], sender.commit_of("v1.0.0"));
    assert!(thin["details"].to_string().contains("must have"));
    assert!(thin.get("installation").is_none());
}

#[test]
fn what_is_no_release_or_no_target_goes_into_no_bundle() {
    let (sender, _) = pair();
    sender.publish("1.3.0", |r| r.field("version", "9.9.9"));
    let out = sender.root().join("out");
    let refused = |args: &[&str], code| {
        let args: Vec<&str> = ["bundle", "create", "--out", text(&out)]
            .into_iter()
            .chain(args.iter().copied())
            .collect();
        let told = answer(&sender, &args, code);
        assert!(!out.exists() || std::fs::read(&out).unwrap() == b"mine");
        told
    };
    let unusable = refused(&["--target", "1.3.0"], 1);
    assert_eq!(codes(&unusable), ["metadata_version_mismatch"]);
    let unknown = refused(&["--target", "7.0.0"], 2);
    assert!(unknown["hints"].to_string().contains("1.2.0"));
    refused(&["--target", "banana"], 2);
    refused(&["--target", "1.1.0", "--from", "1.1.0"], 2);
    refused(&["--target", "1.1.0", "--wheels", text(&sender.home())], 2);
    crate::transaction::put(&out, "mine");
    refused(&["--target", "1.1.0"], 2);
    assert_eq!(std::fs::read(&out).unwrap(), b"mine");
    create(&sender, "out", &["--target", "1.1.0", "--force"]);
    let left: Vec<_> = std::fs::read_dir(sender.root())
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().contains("vit-tmp"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Metadata that stand beside the tree come along, and count as they do at the sender's.
#[test]
fn metadata_that_stand_beside_the_tree_come_along() {
    let (sender, receiver) = pair();
    let folder = sender.mirror().join("1.1.0/release_metadata.json");
    let changed = std::fs::read_to_string(&folder)
        .unwrap()
        .replace("a faster bus", "a bus from the mirror");
    crate::transaction::put(&folder, changed);
    let toml = format!(
        "[registry]\nkind = \"dir\"\nlocation = {:?}\n",
        text(&sender.mirror())
    );
    sender.write("vit.toml", toml);
    let file = create(&sender, "b", &["--target", "1.1.0"]);
    let report = import(&receiver, &file, 0);
    let release = &report["manifest"]["releases"];
    assert!(
        release.to_string().contains("metadata/v1.1.0/"),
        "{release:#}"
    );
    let plan = answer(&receiver, &["plan", "--target", "1.1.0"], 0);
    assert!(
        plan["changes"]
            .to_string()
            .contains("a bus from the mirror"),
        "{plan:#}"
    );
}

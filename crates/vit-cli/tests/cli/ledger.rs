//! The ledger and signed tags, as a whole: what is judged, planned, proven and accepted.

use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;
use serde_json::Value;
use vit_testkit::World;
use vit_testkit::tools::need;

use crate::installation::{answer, codes, problem, vit, world};

fn moved() -> (World, String) {
    let world = world();
    world.publish("1.1.0", |r| r.feature("x"));
    answer(&world, &["update"], 0);
    let plan = world.path("../plan.json");
    answer(&world, &["plan", "--out", plan.to_str().unwrap()], 0);
    let first = world.commit_of("v1.1.0");
    world.publish("1.2.0", |r| r.feature("y"));
    let second = world.commit_of("v1.2.0");
    world.git_in(&world.origin(), &["tag", "-f", "v1.1.0", &second]);
    (world, first)
}

/// A plan that was made before a tag moved is not carried out after it.
#[test]
fn case_28_a_plan_does_not_outlive_its_tag() {
    let (world, first) = moved();
    let plan = world.path("../plan.json");
    let apply = ["upgrade", "--plan", plan.to_str().unwrap(), "--yes"];
    answer(&world, &["update"], 0);
    let before = world.state();
    let refused = answer(&world, &apply, 1);
    assert!(codes(&refused).contains(&"tag_moved".to_owned()));
    let accept = ["ledger", "accept", "1.1.0", "--reason", "they said so"];
    answer(&world, &accept, 2);
    let report = answer(&world, &[&accept[..], &["--yes"]].concat(), 0);
    assert_eq!(report["was"]["commit"], first.as_str());
    let refused = answer(&world, &apply, 1);
    let found = problem(&refused, "facts_moved");
    assert!(found["evidence"].to_string().contains("target commit"));
    world.state().assert_same(&before);
    let shown = answer(&world, &["ledger", "show", "1.1.0"], 0);
    let note = shown["releases"][0]["notes"]
        .as_array()
        .unwrap()
        .last()
        .unwrap()
        .clone();
    assert_eq!(
        (&note["accepted"], &note["actor"]),
        (&true.into(), &"ana".into())
    );
    answer(&world, &[&accept[..], &["--yes"]].concat(), 2);
}

#[test]
fn a_damaged_ledger_is_said_wherever_somebody_looks() {
    let world = world();
    world.publish("1.1.0", |r| r.feature("x"));
    answer(&world, &["update"], 0);
    let path = world.path(".git/vit/ledger.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("git origin", "git 0rigin", 1)).unwrap();
    let status = answer(&world, &["status"], 0);
    assert_eq!(problem(&status, "ledger_damaged")["severity"], "warning");
    let doctor = answer(&world, &["doctor"], 0);
    let check = |report: &Value| {
        let checks = report["checks"].as_array().unwrap().clone();
        checks
            .into_iter()
            .find(|check| check["name"] == "ledger")
            .unwrap()
    };
    assert_eq!(check(&doctor)["state"], "warning");
    answer(&world, &["ledger", "show"], 1);
    // It is begun anew, and said until somebody has looked at the kept one.
    for _ in 0..2 {
        let update = answer(&world, &["update"], 0);
        assert!(codes(&update).contains(&"ledger_damaged".to_owned()));
    }
    answer(&world, &["ledger", "show"], 0);
    let kept: Vec<_> = std::fs::read_dir(world.path(".git/vit"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains("ledger.jsonl.damaged-"))
        .collect();
    assert_eq!(kept.len(), 1);
    std::fs::remove_file(&kept[0]).unwrap();
    assert!(!codes(&answer(&world, &["update"], 0)).contains(&"ledger_damaged".to_owned()));
    assert_eq!(check(&answer(&world, &["doctor"], 0))["state"], "ok");
}

fn key(folder: &Path, name: &str) -> String {
    let path = folder.join(name);
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-C", name, "-f"])
        .arg(&path)
        .status()
        .unwrap();
    assert!(made.success());
    let public = std::fs::read_to_string(path.with_extension("pub")).unwrap();
    format!("{name}@example.org {public}")
}

fn sign(world: &World, version: &str, key: &Path) {
    let key = format!("user.signingkey={}", key.display());
    let tag = format!("v{version}");
    let commit = format!("{tag}^{{commit}}");
    let args = [
        "-c",
        "gpg.format=ssh",
        "-c",
        &key,
        "tag",
        "-f",
        "-s",
        "-m",
        "m",
        &tag,
        &commit,
    ];
    world.git_in(&world.origin(), &args);
}

#[test]
fn a_release_has_to_be_signed_where_the_settings_say_so() {
    if !need("ssh-keygen") {
        return;
    }
    let world = world();
    let keys = world.tmp();
    let allowed = keys.join("allowed");
    std::fs::write(&allowed, key(&keys, "team")).unwrap();
    key(&keys, "eve");
    let trust = format!(
        "[trust]\nrequire_signed_tags = true\nallowed_signers = \"{}\"\n",
        allowed.display()
    );
    world.write("vit.toml", trust);
    for version in ["1.1.0", "1.2.0", "1.3.0"] {
        world.publish(version, |r| r.feature("x"));
    }
    sign(&world, "1.1.0", &keys.join("team"));
    sign(&world, "1.2.0", &keys.join("eve"));
    let update = answer(&world, &["update"], 0);
    assert_eq!(update["offered"]["version"], "1.1.0");
    let blocked = |version: &str| {
        let all = update["blocked"].as_array().unwrap().iter();
        let mut found = all.filter(|candidate| candidate["version"] == version);
        codes(found.next().unwrap())
    };
    assert!(blocked("1.3.0").contains(&"tag_unsigned".to_owned()));
    assert!(blocked("1.2.0").contains(&"tag_signature_bad".to_owned()));
    answer(&world, &["upgrade", "--yes", "--target", "1.2.0"], 1);
    let plan = answer(&world, &["plan"], 0);
    assert_eq!(plan["signed_by"]["signer"], "team@example.org");
    let shown = vit(&world, &["plan"]).stdout;
    let line = shown
        .lines()
        .find(|line| line.contains("signed by"))
        .unwrap();
    let (line, _) = line.split_once("SHA256:").unwrap();
    assert_snapshot!(line.trim(), @"signed by team@example.org (ssh key");
    answer(&world, &["upgrade", "--yes"], 0);
    let proof = &world.history()[0]["proof"];
    assert_eq!(proof["signed_by"], plan["signed_by"]);
}

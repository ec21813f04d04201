//! `vit demo`: the story goes as told on any machine, and its folder can be played with.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::program::{Run, command, run};

/// A folder whose name nobody would choose.
struct Odd {
    _all: tempfile::TempDir,
    folder: PathBuf,
}

fn odd() -> Odd {
    let all = tempfile::tempdir().expect("a temporary folder");
    let folder = all.path().join("tmp di città – 'x' $(y)");
    std::fs::create_dir(&folder).expect("a folder in it");
    Odd { _all: all, folder }
}

/// Runs the demo with a temporary folder of its own.
fn demo(temporary: &Path, args: &[&str]) -> Run {
    let mut command = command(temporary);
    command
        .env_remove("VIT_TEST_NOW")
        .env("TMPDIR", temporary)
        .arg("demo")
        .args(args);
    run(with_path(&mut command))
}

fn with_path(command: &mut std::process::Command) -> &mut std::process::Command {
    #[expect(clippy::disallowed_methods, reason = "git and sh are found through it")]
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env("PATH", path)
}

fn json(run: &Run) -> Value {
    assert_eq!(run.code, Some(0), "{run}");
    serde_json::from_str(&run.stdout).expect("one JSON object")
}

/// Everything at once, in a temporary folder with an odd name, without a user git configuration,
/// with variables in the way that would make it another story.
#[test]
fn the_story_goes_as_told_and_its_folder_can_be_played_with() {
    let odd = odd();
    let mut command = command(&odd.folder);
    command
        .env_remove("VIT_TEST_NOW")
        .env("TMPDIR", &odd.folder)
        .env("VIT_CHANNEL", "canary")
        .env("VIT_STATE_DIR", odd.folder.join("state"))
        .env("GIT_DIR", "/nowhere")
        .env("CI", "true")
        .args(["demo", "--json"]);
    let report = json(&run(with_path(&mut command)));
    let schema = include_str!("../../../../docs/schemas/vit.demo.schema.json");
    let schema = serde_json::from_str(schema).unwrap();
    assert!(jsonschema::is_valid(&schema, &report));
    let steps = report["steps"].as_array().unwrap();
    for step in steps {
        assert_eq!(step["exit_code"], step["expected"]);
    }
    let codes: Vec<u64> = steps
        .iter()
        .map(|step| step["exit_code"].as_u64().unwrap())
        .collect();
    for code in [0, 1, 3, 137] {
        assert!(codes.contains(&code), "no step ends with {code}: {codes:?}");
    }
    assert!(!odd.folder.join("state").exists());

    let installation = report["installation"].as_str().unwrap();
    assert!(Path::new(installation).starts_with(&odd.folder));
    let status = vit(installation, &["status", "--json"]);
    assert_eq!(json(&status)["core_version"], "1.2.1");
    let rolled_back = vit(installation, &["rollback", "--yes", "--json"]);
    assert_eq!(json(&rolled_back)["status"], "applied");
    let beta = vit(installation, &["update", "--channel", "beta", "--json"]);
    assert_eq!(json(&beta)["latest_version"], "1.3.0-beta.1");
    let check = vit(installation, &["verify", "--json"]);
    assert_eq!(json(&check)["ok"], true);
}

fn vit(installation: &str, args: &[&str]) -> Run {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut command = command(folder.path());
    command
        .env_remove("VIT_TEST_NOW")
        .args(["-C", installation])
        .args(args);
    run(with_path(&mut command))
}

/// What is told for people, in a folder that was named.
#[test]
fn it_tells_what_happens_why_and_how_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let told = demo(folder.path(), &["new/playground"]);
    assert_eq!((told.code, told.stderr.as_str()), (Some(0), ""), "{told}");
    for part in [
        "1/13  What is installed",
        "$ vit upgrade --yes",
        "exit 0: success",
        "exit 1: blocked",
        "exit 3: rollback executed",
        "exit 137: killed by signal 9",
        "git write-tree",
        "13 steps as told",
        "PLAY ON",
        "alias vit=",
        "rm -rf ",
    ] {
        assert!(told.stdout.contains(part), "{part} is not in\n{told}");
    }
    assert!(!told.stdout.contains('\u{1b}'));
    assert!(folder.path().join("new/playground/installation").is_dir());
}

#[test]
fn quiet_prints_the_result_and_colour_reaches_the_commands() {
    let folder = tempfile::tempdir().unwrap();
    let quiet = demo(folder.path(), &["--quiet", "a"]);
    assert_eq!((quiet.code, quiet.stdout.lines().count()), (Some(0), 1));
    assert!(quiet.stdout.starts_with("13 steps as told"), "{quiet}");
    let coloured = demo(folder.path(), &["--color", "always", "b"]);
    assert_eq!(coloured.code, Some(0));
    assert!(coloured.stdout.contains("\u{1b}[32mok"), "{coloured}");
}

#[test]
fn a_folder_that_holds_something_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::File::create(&file).unwrap();
    for (name, why) in [(".", "is not empty"), ("file", "is not a folder")] {
        let refused = demo(folder.path(), &[name]);
        assert_eq!(refused.code, Some(2), "{refused}");
        assert!(refused.stderr.contains(why), "{refused}");
        assert_eq!(refused.stdout, "");
    }
    let elsewhere = demo(folder.path(), &["-C", "/", "."]);
    assert_eq!(elsewhere.code, Some(2), "{elsewhere}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn without_a_place_or_without_git_it_says_what_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let mut no_place = command(folder.path());
    no_place
        .env("TMPDIR", folder.path().join("none"))
        .arg("demo");
    let no_place = run(with_path(&mut no_place));
    assert_eq!(no_place.code, Some(2));
    assert!(no_place.stderr.contains("TMPDIR"), "{no_place}");

    let mut no_git = command(folder.path());
    no_git.env("PATH", folder.path()).args(["demo", "x"]);
    let no_git = run(&mut no_git);
    assert_eq!(no_git.code, Some(2));
    assert!(no_git.stderr.contains("`git` was not found"), "{no_git}");
}

/// `vit demo | head -1`
#[test]
fn a_reader_that_goes_away_does_not_stop_the_story() {
    let folder = tempfile::tempdir().unwrap();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = command(folder.path());
    command
        .env_remove("VIT_TEST_NOW")
        .args(["demo", "x"])
        .stdout(Stdio::from(writer));
    let run = run(with_path(&mut command));
    assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""));
    let installation = folder.path().join("x/installation");
    let status = vit(installation.to_str().unwrap(), &["status", "--json"]);
    assert_eq!(json(&status)["core_version"], "1.2.1");
}

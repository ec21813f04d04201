//! `vit cache`: outside of an installation, with a folder that is there, missing or not safe.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use insta::assert_snapshot;
use serde_json::Value;

use crate::program::{Run, command, run};

/// Runs it in a folder that is no installation; `HOME` is that folder.
fn vit(dir: &Path, args: &[&str]) -> Run {
    run(command(dir).args(args))
}

/// What it said, with the folder's name taken out.
fn shown(dir: &Path, args: &[&str]) -> String {
    let text = vit(dir, args).to_string();
    text.replace(dir.to_str().unwrap(), "DIR")
}

fn json(dir: &Path, args: &[&str], code: i32) -> Value {
    let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
    let run = vit(dir, &args);
    assert_eq!(run.code, Some(code), "{run}");
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn outside_of_an_installation_it_tells_and_cleans() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    assert_snapshot!(shown(dir, &["cache"]), @"
    exit: 0
    --- stdout
    folder  DIR/.cache/vit (by HOME)
    kept    0 answers
    size    0 B of 256 MiB
    ");
    assert!(!dir.join(".cache").exists(), "looking makes nothing");
    // A body that nothing refers to, and something that is none of ours.
    let shard = dir.join(".cache/vit/blobs/sha256/ab");
    fs::create_dir_all(&shard).unwrap();
    fs::set_permissions(dir.join(".cache/vit"), Permissions::from_mode(0o700)).unwrap();
    fs::write(shard.join("c".repeat(62)), "0123456789").unwrap();
    fs::write(shard.join("notes"), "mine").unwrap();
    let info = json(dir, &["cache", "info"], 0);
    assert_eq!(
        (&info["schema"], &info["bytes"]),
        (&"vit.cache-info/1".into(), &10.into())
    );
    // It may be that of a process that is at work.
    let younger = json(dir, &["cache", "clean", "--older-than", "1000d"], 0);
    assert_eq!(younger["files_removed"], 0);
    assert_snapshot!(shown(dir, &["cache", "clean"]), @"
    exit: 0
    --- stdout
    0 answers removed, 10 B freed in DIR/.cache/vit
    ");
    assert!(shard.join("notes").exists());
    let again = json(dir, &["cache", "clean"], 0);
    assert_eq!(
        (&again["schema"], &again["bytes_freed"]),
        (&"vit.cache-clean/1".into(), &0.into())
    );
}

/// CASES.md 34: a folder that is not safe is told with its fix, and not cleaned.
#[test]
fn case_34_a_folder_that_is_not_safe_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let cache = dir.join(".cache/vit");
    fs::create_dir_all(&cache).unwrap();
    fs::set_permissions(&cache, Permissions::from_mode(0o777)).unwrap();
    assert_snapshot!(shown(dir, &["cache", "info"]), @"
    exit: 0
    --- stdout
    folder  DIR/.cache/vit (by HOME)

    1 warning
      DIR/.cache/vit: a cache folder is world-writable [cache_unusable]
        its mode is 0777
        fix (you): `chmod -R o-w 'DIR/.cache/vit'`
    ");
    let refused = json(dir, &["cache", "clean"], 1);
    assert_eq!(refused["problems"][0]["code"], "cache_unusable");
}

#[test]
fn a_span_that_is_none_is_a_usage_error() {
    let dir = tempfile::tempdir().unwrap();
    let run = vit(dir.path(), &["cache", "clean", "--older-than", "5"]);
    assert_eq!(run.code, Some(2), "{run}");
    assert!(run.stderr.contains("no span of time"), "{run}");
}

#[test]
fn without_a_place_there_is_nothing_to_clean() {
    let dir = tempfile::tempdir().unwrap();
    let bare = |args: &[&str]| run(command(dir.path()).env_remove("HOME").args(args));
    let info = bare(&["cache", "info"]);
    assert_eq!(info.code, Some(0), "{info}");
    assert!(info.stdout.contains("set VIT_CACHE_DIR"), "{info}");
    let clean = bare(&["cache", "clean"]);
    assert_eq!(clean.code, Some(1), "{clean}");
    assert!(
        clean.stderr.contains("there is no cache to clean"),
        "{clean}"
    );
}

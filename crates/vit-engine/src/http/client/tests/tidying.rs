//! What is removed from the cache, when, and what `vit cache` says.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};

use super::stage::{Stage, fresh, minutes, request};
use crate::http::client::{Freshness, Origin};
use crate::ops::cache::{clean, info};

const HOUR: Duration = Duration::from_hours(1);
const DAYS: i64 = 60 * 24;

fn url(name: &str) -> String {
    format!("https://releases.example.org/{name}")
}

/// Keeps an answer, and lets its files look as if they were written when it was asked for.
fn keep(stage: &Stage, name: &str, body: &str) {
    let before = stage.files();
    stage.server.put(&url(name), body, &[]);
    assert_eq!(stage.body(&request(&url(name))).1, Origin::Sent);
    for path in stage.files() {
        if !before.contains(&path) {
            written(&path, stage.now.get());
        }
    }
}

fn written(path: &Path, at: Timestamp) {
    File::open(path)
        .unwrap()
        .set_modified(SystemTime::from(at))
        .unwrap();
}

fn is_kept(stage: &Stage, name: &str) -> bool {
    stage.get(&fresh(&url(name), Freshness::Kept)).is_ok()
}

fn below(stage: &Stage, folder: &str) -> Vec<PathBuf> {
    let folder = stage.cache().join(folder);
    let mut files = stage.files();
    files.retain(|path| path.starts_with(&folder));
    files
}

#[test]
fn once_a_day_what_is_old_goes() {
    let stage = Stage::new();
    keep(&stage, "old", "old");
    stage.process(|client| client.keep_derived("k", &["a"], b"old"));
    written(&stage.only("derived"), stage.now.get());
    let temporary = stage
        .cache()
        .join(format!("entries/.{}.xyz.vit-tmp", "a".repeat(64)));
    fs::write(&temporary, "half").unwrap();
    written(&temporary, stage.now.get());
    stage.later(minutes(89 * DAYS));
    keep(&stage, "young", "young");
    assert!(is_kept(&stage, "old") && is_kept(&stage, "young"));
    assert!(!temporary.exists());
    stage.later(minutes(2 * DAYS));
    // Offline, nothing is removed: it could not be had again.
    assert!(is_kept(&stage, "old"));
    keep(&stage, "new", "new");
    assert!(!is_kept(&stage, "old"));
    assert!(is_kept(&stage, "young") && is_kept(&stage, "new"));
    assert_eq!(below(&stage, "blobs").len(), 2);
    assert_eq!(below(&stage, "derived"), Vec::<PathBuf>::new());

    // Not twice on a day.
    let stray = stage.cache().join("blobs/sha256/aa").join("b".repeat(62));
    fs::create_dir_all(stray.parent().unwrap()).unwrap();
    fs::write(&stray, "stray").unwrap();
    written(&stray, "2019-01-01T00:00:00Z".parse().unwrap());
    stage.later(minutes(60));
    keep(&stage, "more", "more");
    assert!(stray.exists());
    stage.later(minutes(24 * 60));
    keep(&stage, "tomorrow", "tomorrow");
    assert!(!stray.exists());
}

/// A body that two answers share stays as long as one of them does.
#[test]
fn a_shared_body_stays() {
    let stage = Stage::new();
    keep(&stage, "a", "the same");
    stage.later(minutes(2 * DAYS));
    keep(&stage, "b", "the same");
    assert_eq!(below(&stage, "blobs").len(), 1);
    let report = clean(&stage.environment(), stage.now.get(), Some(24 * HOUR)).unwrap();
    assert_eq!((report.entries_removed, report.files_removed), (1, 1));
    assert!(!is_kept(&stage, "a") && is_kept(&stage, "b"));
}

#[test]
fn cleaning_removes_all_or_what_is_older() {
    let stage = Stage::new();
    keep(&stage, "a", "aaaa");
    stage.later(minutes(3 * DAYS));
    keep(&stage, "b", "bb");
    let environment = stage.environment();
    let until = stage.now.get() + minutes(30);
    stage.process(|client| {
        let cache = crate::http::cache::Kept::open(client.cx).unwrap();
        cache.keep_limit("x.example.org", None, until).unwrap();
    });
    let report = clean(&environment, stage.now.get(), Some(48 * HOUR)).unwrap();
    assert_eq!((report.entries_removed, report.files_removed), (1, 2));
    assert!(report.bytes_freed > 4, "{report:?}");
    assert_eq!(
        (report.entries, report.older_than_seconds),
        (1, Some(172_800))
    );
    assert!(!is_kept(&stage, "a") && is_kept(&stage, "b"));

    let mine = stage.cache().join("notes.txt");
    fs::write(&mine, "mine").unwrap();
    fs::write(stage.cache().join("entries/README"), "mine").unwrap();
    let report = clean(&environment, stage.now.get(), None).unwrap();
    assert_eq!((report.entries_removed, report.entries), (1, 0));
    assert!(!is_kept(&stage, "b"));
    assert!(mine.exists() && stage.cache().join("entries/README").exists());
    let known = info(&environment, stage.now.get());
    assert_eq!(known.limits.len(), 1, "the server still forbids it");
    let later = until + SignedDuration::from_secs(1);
    clean(&environment, later, None).unwrap();
    assert_eq!(below(&stage, "limits"), Vec::<PathBuf>::new());
    let report = clean(&environment, stage.now.get(), None).unwrap();
    assert_eq!(
        (report.files_removed, report.bytes_freed, report.bytes),
        (0, 0, 0)
    );
}

/// A folder that is none of ours, named by mistake, loses nothing.
#[test]
fn cleaning_the_wrong_folder_removes_nothing_of_it() {
    let mut stage = Stage::new();
    let home = stage.dir.path().join("home");
    for path in [
        "entries/a.json",
        "blobs/sha256/zz/x",
        "blobs/sha256/ab/cd",
        "limits/notes",
    ] {
        let path = home.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "mine").unwrap();
    }
    stage.variables(&[("VIT_CACHE_DIR", &home)]);
    let report = clean(&stage.environment(), stage.now.get(), None).unwrap();
    assert_eq!((report.files_removed, report.not_removed), (0, 0));
    assert!(home.join("limits/notes").exists());
}

#[test]
fn a_link_is_removed_and_not_what_it_leads_to() {
    let stage = Stage::new();
    keep(&stage, "a", "a");
    let victim = stage.dir.path().join("victim");
    fs::write(&victim, "mine").unwrap();
    let entry = stage.only("entries");
    fs::remove_file(&entry).unwrap();
    std::os::unix::fs::symlink(&victim, &entry).unwrap();
    clean(&stage.environment(), stage.now.get(), None).unwrap();
    assert!(victim.exists() && fs::symlink_metadata(&entry).is_err());
}

#[test]
fn what_is_there_is_told() {
    let mut stage = Stage::new();
    let empty = info(&stage.environment(), stage.now.get());
    assert_eq!((empty.entries, empty.bytes, empty.oldest), (0, 0, None));
    assert_eq!(empty.folder, Some(stage.cache().display().to_string()));
    assert_eq!(empty.named_by.as_deref(), Some("VIT_CACHE_DIR"));
    assert!(!stage.cache().exists(), "asking makes nothing");

    let first = stage.now.get();
    keep(&stage, "a", "aaaa");
    stage.later(minutes(60));
    keep(&stage, "b", "bb");
    stage
        .server
        .put("https://other.example.org:8443/", "x", &[]);
    stage.body(&request("https://other.example.org:8443/"));
    fs::write(stage.cache().join("entries").join("f".repeat(64)), "?").unwrap();
    let report = info(&stage.environment(), stage.now.get());
    assert_eq!((report.entries, report.damaged), (3, 1));
    assert_eq!(
        (report.oldest, report.newest),
        (Some(first), Some(stage.now.get()))
    );
    let hosts: Vec<_> = report
        .hosts
        .iter()
        .map(|it| (it.host.as_str(), it.entries, it.bytes))
        .collect();
    assert_eq!(
        hosts,
        [
            ("other.example.org:8443", 1, 1),
            ("releases.example.org", 2, 6)
        ]
    );
    let on_disk: u64 = ["entries", "blobs"]
        .iter()
        .flat_map(|folder| below(&stage, folder))
        .map(|path| fs::metadata(path).unwrap().len())
        .sum();
    assert_eq!(report.bytes, on_disk);

    stage.variables(&[]);
    let none = info(&stage.environment(), stage.now.get());
    assert_eq!((none.folder, none.problems.len()), (None, 1));
    let error = clean(&stage.environment(), stage.now.get(), None).unwrap_err();
    assert!(error.to_string().contains("no cache"), "{error}");
}

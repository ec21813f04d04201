//! The folder: where it is, when it is refused, and that `vit` goes on without one.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;

use vit_contract::code::Code;
use vit_contract::problem::Severity;

use super::stage::{Stage, URL, request};
use crate::http::client::Origin;

fn stage() -> Stage {
    let stage = Stage::new();
    stage.server.put(URL, "one", &[("etag", "\"1\"")]);
    stage
}

/// The answer comes, nothing is kept, and it is said once: the message and the hint.
fn assert_without(stage: &Stage) -> (String, String) {
    let origins = stage.process(|client| [0, 1].map(|_| client.get(&request(URL)).unwrap().origin));
    assert_eq!(origins, [Origin::Sent, Origin::Sent]);
    let notices = stage.notices();
    assert_eq!(notices.len(), 1, "{notices:?}");
    assert_eq!(notices[0].code, Code::CacheUnusable);
    assert_eq!(notices[0].severity, Severity::Warning);
    let hint = notices[0].hint.clone().unwrap_or_default();
    (notices[0].message.clone(), hint)
}

#[test]
fn variables_name_the_folder() {
    let mut stage = stage();
    let root = stage.dir.path().to_owned();
    let (own, xdg, home) = (root.join("own/deep"), root.join("xdg"), root.join("home"));
    let relative = Path::new("relative");
    for (variables, folder) in [
        (
            vec![
                ("VIT_CACHE_DIR", &*own),
                ("XDG_CACHE_HOME", &xdg),
                ("HOME", &home),
            ],
            own.clone(),
        ),
        (
            vec![("XDG_CACHE_HOME", &*xdg), ("HOME", &home)],
            xdg.join("vit"),
        ),
        (vec![("HOME", &*home)], home.join(".cache/vit")),
        (
            vec![
                ("VIT_CACHE_DIR", relative),
                ("XDG_CACHE_HOME", relative),
                ("HOME", &*home),
            ],
            home.join(".cache/vit"),
        ),
    ] {
        stage.variables(&variables);
        stage.body(&request(URL));
        assert!(folder.join("entries").is_dir(), "{}", folder.display());
        assert_eq!(stage.body(&request(URL)).1, Origin::Kept);
        fs::remove_dir_all(&folder).unwrap();
    }
    assert_eq!(stage.notices(), []);
    assert!(!relative.exists());
}

#[test]
fn without_a_place_it_is_said_once() {
    let mut stage = stage();
    for variables in [vec![], vec![("HOME", Path::new("relative"))]] {
        stage.variables(&variables);
        let (message, hint) = assert_without(&stage);
        assert!(message.contains("no place"), "{message}");
        assert!(hint.contains("VIT_CACHE_DIR"), "{hint}");
    }
}

#[test]
fn files_are_the_users_own() {
    let mut stage = stage();
    stage.body(&request(URL));
    stage.process(|client| client.keep_derived("k", &["a"], b"x"));
    let mode = |path: &Path| fs::symlink_metadata(path).unwrap().mode() & 0o777;
    for path in stage.files() {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
        let mut above = path.parent().unwrap();
        while above != stage.dir.path() {
            assert_eq!(mode(above), 0o700, "{}", above.display());
            above = above.parent().unwrap();
        }
    }
    let home = stage.dir.path().join("new/home");
    stage.variables(&[("HOME", &home)]);
    stage.body(&request(URL));
    assert_eq!(
        mode(&home.join(".cache")),
        0o700,
        "as the XDG specification says"
    );
    assert!(stage.cache().join("CACHEDIR.TAG").is_file());
}

/// CASES.md 34: a folder that somebody else could have filled is not believed; the fix is told.
#[test]
fn case_34_a_folder_that_is_not_safe_is_not_used() {
    let stage = stage();
    let cache = stage.cache();
    let elsewhere = stage.dir.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, &cache).unwrap();
    let (message, hint) = assert_without(&stage);
    assert_eq!(message, "a cache folder is a symbolic link");
    assert_eq!(
        hint,
        format!(
            "remove the link and let vit make the folder: `rm '{}'`",
            cache.display()
        )
    );
    assert_eq!(
        fs::read_dir(&elsewhere).unwrap().count(),
        0,
        "nothing went there"
    );

    fs::remove_file(&cache).unwrap();
    stage.body(&request(URL));
    for folder in ["", "entries", "blobs", "blobs/sha256"] {
        let path = cache.join(folder);
        fs::set_permissions(&path, Permissions::from_mode(0o777)).unwrap();
        let (message, hint) = assert_without(&stage);
        assert_eq!(message, "a cache folder is world-writable");
        assert!(hint.starts_with("`chmod -R o-w '"), "{hint}");
        fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
        assert_eq!(stage.body(&request(URL)).1, Origin::Kept);
    }
    fs::rename(cache.join("entries"), &elsewhere).unwrap();
    symlink(&elsewhere, cache.join("entries")).unwrap();
    assert_eq!(
        assert_without(&stage).0,
        "a cache folder is a symbolic link"
    );

    fs::remove_dir_all(&cache).unwrap();
    fs::write(&cache, "a file").unwrap();
    let (message, hint) = assert_without(&stage);
    assert!(message.contains("no folder stands"), "{message}");
    assert!(hint.starts_with("name a folder of your own"), "{hint}");

    // A folder that is not ours may be `/tmp`: its mode is nothing to change.
    fs::remove_file(&cache).unwrap();
    fs::create_dir(&cache).unwrap();
    fs::set_permissions(&cache, Permissions::from_mode(0o777)).unwrap();
    let (message, hint) = assert_without(&stage);
    assert_eq!(message, "a cache folder is world-writable");
    assert!(hint.starts_with("name a folder of your own"), "{hint}");
}

/// CASES.md 34: only root can give files away, so that only root can make this case.
#[test]
fn case_34_a_folder_of_another_user_is_not_used() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let stage = stage();
    stage.body(&request(URL));
    let give = |path: &Path, user: u32| {
        std::os::unix::fs::chown(path, Some(user), None).unwrap();
    };
    give(&stage.cache(), 12_345);
    let (message, hint) = assert_without(&stage);
    assert_eq!(message, "a cache folder is owned by another user");
    assert!(
        hint.starts_with("take it over: `sudo chown -R 0 "),
        "{hint}"
    );
    give(&stage.cache(), 0);
    // A person's home under sudo: what root leaves there, that person could not remove.
    give(stage.dir.path(), 12_345);
    let (message, hint) = assert_without(&stage);
    assert!(
        message.contains("that the cache is in is owned by another user"),
        "{message}"
    );
    assert!(hint.contains("sudo -H"), "{hint}");
}

#[test]
fn a_folder_that_cannot_be_made_is_done_without() {
    let mut stage = stage();
    let file = stage.dir.path().join("file");
    fs::write(&file, "").unwrap();
    stage.variables(&[("VIT_CACHE_DIR", &file.join("below/it"))]);
    let (message, hint) = assert_without(&stage);
    assert_eq!(message, "it cannot be made");
    assert!(hint.contains("VIT_CACHE_DIR"), "{hint}");
}

/// CASES.md 33: a disk that is full or read-only keeps nobody from the answer, and what is half
/// written is never read as whole.
#[cfg(feature = "faults")]
#[test]
fn case_33_a_disk_that_fails_does_not_cost_the_answer() {
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let sample = stage();
    sample.body(&request(URL));
    let files = [
        name(&sample.only("blobs")),
        name(&sample.only("entries")),
        "tidied".to_owned(),
    ];
    for file in files {
        for at in ["write", "sync", "rename", "dirsync"] {
            for errno in ["enospc", "eio", "erofs"] {
                let mut stage = stage();
                stage.faults = format!("atomic.{file}.{at}={errno}");
                assert_eq!(stage.body(&request(URL)), ("one".into(), Origin::Sent));
                let notices = stage.notices();
                assert_eq!(notices.len(), 1, "{at} {errno}: {notices:?}");
                assert_eq!(notices[0].code, Code::CacheUnusable);
                let evidence = notices[0].evidence.clone().unwrap();
                assert!(evidence.contains(&file), "it names the file: {evidence}");
                stage.faults.clear();
                assert_eq!(stage.body(&request(URL)).0, "one");
                assert_eq!(stage.body(&request(URL)), ("one".into(), Origin::Kept));
            }
        }
    }
    let mut stage = stage();
    stage.faults = "cache.folder=erofs".to_owned();
    assert_eq!(assert_without(&stage).0, "it cannot be made");
}

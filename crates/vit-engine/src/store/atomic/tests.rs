use std::os::unix::fs::symlink;

use super::*;

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

#[test]
fn a_new_file_is_private_and_an_old_one_keeps_its_mode() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.json");
    write(&path, b"1", &Faults::default()).unwrap();
    assert_eq!(mode(&path), 0o600);
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    write(&path, b"2", &Faults::default()).unwrap();
    assert_eq!(
        (mode(&path), fs::read(&path).unwrap()),
        (0o644, b"2".to_vec())
    );
    assert_eq!(names(dir.path()), ["x.json"]);
}

#[test]
fn a_link_is_replaced_and_its_target_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    let (target, path) = (dir.path().join("target"), dir.path().join("x.json"));
    write(&target, b"target", &Faults::default()).unwrap();
    symlink(&target, &path).unwrap();
    write(&path, b"new", &Faults::default()).unwrap();
    assert_eq!(fs::read(&target).unwrap(), b"target");
    assert!(fs::symlink_metadata(&path).unwrap().is_file());
}

#[test]
fn reading_refuses_what_is_no_bounded_regular_file() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    assert!(read_bounded(&at("absent"), 9).unwrap().is_none());
    write(&at("file"), b"123456789", &Faults::default()).unwrap();
    assert_eq!(read_bounded(&at("file"), 9).unwrap().unwrap(), b"123456789");
    symlink(at("file"), at("link")).unwrap();
    symlink(at("absent"), at("dangling")).unwrap();
    fs::create_dir(at("folder")).unwrap();
    // A FIFO must not hang.
    rustix::fs::mknodat(
        rustix::fs::CWD,
        at("fifo"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    for (name, limit, reason) in [
        ("file", 8, "larger than 8 bytes"),
        ("link", 9, "symbolic link"),
        ("dangling", 9, "symbolic link"),
        ("folder", 9, "not a regular file"),
        ("fifo", 9, "not a regular file"),
        ("socket", 9, "not a regular file"),
    ] {
        let error = read_bounded(&at(name), limit).unwrap_err();
        assert!(is_unusable(&error), "{name}: {error:?}");
        assert!(error.to_string().contains(name), "{error}");
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains(reason), "{name}: {source}");
    }
}

#[test]
fn moving_aside_overwrites_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("h.json");
    let now: Timestamp = "2026-02-19T16:45:00Z".parse().unwrap();
    let mut seen = Vec::new();
    for content in ["one", "two", "three"] {
        write(&path, content.as_bytes(), &Faults::default()).unwrap();
        let aside = move_aside(&path, now).unwrap();
        assert_eq!(fs::read(&aside).unwrap(), content.as_bytes());
        seen.push(aside.file_name().unwrap().to_string_lossy().into_owned());
    }
    assert_eq!(
        seen,
        [
            "h.json.damaged-20260219-164500",
            "h.json.damaged-20260219-164500-2",
            "h.json.damaged-20260219-164500-3",
        ]
    );
    assert_eq!(names(dir.path()), seen);
}

#[test]
fn sweeping_takes_only_temporary_files() {
    let dir = tempfile::tempdir().unwrap();
    for name in [".x.json.a1b2c3.vit-tmp", ".hidden", "x.vit-tmp"] {
        write(&dir.path().join(name), b"", &Faults::default()).unwrap();
    }
    sweep(dir.path()).unwrap();
    assert_eq!(names(dir.path()), [".hidden", "x.vit-tmp"]);
    sweep(&dir.path().join("absent")).unwrap();
}

/// CASES.md 33: whatever fails, the file is whole, nothing is left beside it, and the error
/// names it.
#[cfg(feature = "faults")]
#[test]
fn case_33_a_failed_write_leaves_the_old_content() {
    for action in ["eio", "enospc", "erofs"] {
        for point in ["write", "sync", "rename", "dirsync"] {
            let dir = tempfile::tempdir().unwrap();
            let path = dir.path().join("choices.json");
            write(&path, b"old", &Faults::default()).unwrap();
            let faults =
                crate::store::fault_rules::faults(&format!("atomic.choices.json.{point}={action}"));
            let error = write(&path, b"new", &faults).unwrap_err();
            assert!(error.to_string().contains("choices.json"), "{error}");
            // Past the rename the new content stands; it is whole all the same.
            let expected: &[u8] = if point == "dirsync" { b"new" } else { b"old" };
            assert_eq!(fs::read(&path).unwrap(), expected, "{point} {action}");
            assert_eq!(names(dir.path()), ["choices.json"], "{point} {action}");
        }
    }
}

use std::os::unix::fs::symlink;

use super::*;
use crate::faults::Faults;

fn put(path: &Path, text: &str) {
    atomic::write(path, text.as_bytes(), &Faults::default()).unwrap();
}

fn new(state: &Path) -> Evidence {
    Evidence::create(state, "20260219-164500").unwrap()
}

#[test]
fn texts_are_kept_apart_and_never_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let evidence = new(dir.path());
    assert_eq!(evidence.relative(), "evidence/20260219-164500");
    let first = evidence.put("smoke.txt", b"1").unwrap();
    let second = new(dir.path()).put("smoke.txt", b"2").unwrap();
    assert_eq!(
        (fs::read(first).unwrap(), fs::read(second).unwrap()),
        (b"1".to_vec(), b"2".to_vec())
    );
}

#[test]
fn hostile_names_stay_inside() {
    let dir = tempfile::tempdir().unwrap();
    let evidence = new(dir.path());
    for name in [
        "../../x",
        "..",
        ".",
        "",
        "/etc/passwd",
        "a\0b",
        "é\n",
        "leftovers",
        &"n".repeat(999),
    ] {
        let path = evidence.put(name, b"x").unwrap();
        assert_eq!(path.parent().unwrap(), evidence.folder(), "{name}");
    }
    for id in ["", ".", "..", "a/b", ".hidden", "a b"] {
        let error = Evidence::create(dir.path(), id).unwrap_err();
        assert!(matches!(error, EngineError::BadInput { .. }), "{id}");
    }
}

#[test]
fn a_large_text_keeps_head_and_tail_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let mut text = vec![b'a'; MAX_BYTES];
    text.extend(vec![b'b'; MAX_BYTES]);
    let kept = fs::read(new(dir.path()).put("out", &text).unwrap()).unwrap();
    assert!(kept.len() < MAX_BYTES + 100);
    assert!(kept.starts_with(b"aaa") && kept.ends_with(b"bbb"));
    assert!(String::from_utf8_lossy(&kept).contains("1048576 bytes are left out"));
}

#[test]
fn files_links_and_folders_are_moved_as_they_are() {
    let dir = tempfile::tempdir().unwrap();
    let (tree, state) = (dir.path().join("tree"), dir.path().join("state"));
    fs::create_dir_all(tree.join("a/folder")).unwrap();
    fs::create_dir(&state).unwrap();
    put(&tree.join("a/file"), "file");
    put(&tree.join("a/folder/inner"), "inner");
    symlink("/etc/passwd", tree.join("a/link")).unwrap();
    let evidence = new(&state);
    let keep = |path: &str| {
        evidence
            .keep_file(&tree.join(path), Path::new(path))
            .unwrap()
    };
    assert_eq!(fs::read(keep("a/file")).unwrap(), b"file");
    assert_eq!(fs::read(keep("a/folder").join("inner")).unwrap(), b"inner");
    assert!(keep("a/link").is_symlink());
    assert_eq!(fs::read_dir(tree.join("a")).unwrap().count(), 0);
    put(&tree.join("a/file"), "again");
    assert!(keep("a/file").ends_with("leftovers/a/file-2"));
}

#[test]
fn nothing_outside_the_tree_is_moved() {
    let dir = tempfile::tempdir().unwrap();
    let outside = dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    put(&outside.join("secret"), "secret");
    let tree = dir.path().join("tree");
    fs::create_dir(&tree).unwrap();
    symlink(&outside, tree.join("link")).unwrap();
    let evidence = new(dir.path());
    let from = tree.join("link/secret");
    for relative in ["link/secret", "../secret", "/secret", "", "."] {
        assert!(
            evidence.keep_file(&from, Path::new(relative)).is_err(),
            "{relative}"
        );
    }
    assert_eq!(fs::read(outside.join("secret")).unwrap(), b"secret");
}

#[test]
fn between_file_systems_a_folder_is_copied_without_following() {
    let dir = tempfile::tempdir().unwrap();
    let from = dir.path().join("from");
    fs::create_dir_all(from.join("folder")).unwrap();
    put(&from.join("folder/file"), "file");
    fs::set_permissions(from.join("folder/file"), fs::Permissions::from_mode(0o4755)).unwrap();
    symlink("/etc/passwd", from.join("link")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        from.join("fifo"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::from_raw_mode(0o600),
        0,
    )
    .unwrap();
    let to = move_by_copy(&from, &dir.path().join("to")).unwrap();
    assert!(!from.exists() && to.join("link").is_symlink());
    assert_eq!(fs::read(to.join("folder/file")).unwrap(), b"file");
    let mode = fs::metadata(to.join("folder/file"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o7777, 0o755);
    assert!(
        fs::read_to_string(to.join("fifo"))
            .unwrap()
            .contains("FIFO")
    );
}

#[test]
fn the_newest_evidence_is_kept() {
    let dir = tempfile::tempdir().unwrap();
    for (age, id) in ["t3", "t1", "t2"].iter().enumerate() {
        let evidence = Evidence::create(dir.path(), id).unwrap();
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(age as u64 * 100);
        File::open(evidence.folder())
            .unwrap()
            .set_modified(time)
            .unwrap();
    }
    prune(dir.path(), 2).unwrap();
    let mut left: Vec<_> = fs::read_dir(dir.path().join(FOLDER))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    left.sort();
    assert_eq!(left, ["t1", "t2"]);
    prune(&dir.path().join("absent"), 2).unwrap();
}

#[test]
fn pruning_deletes_no_file_that_was_moved_out_of_the_tree() {
    let dir = tempfile::tempdir().unwrap();
    let from = dir.path().join("notes.txt");
    File::create(&from).unwrap();
    let moved = Evidence::create(dir.path(), "t1").unwrap();
    moved.keep_file(&from, Path::new("notes.txt")).unwrap();
    Evidence::create(dir.path(), "t2").unwrap();
    prune(dir.path(), 0).unwrap();
    assert!(moved.folder().join("leftovers/notes.txt").is_file());
    assert!(!dir.path().join(FOLDER).join("t2").exists());
}

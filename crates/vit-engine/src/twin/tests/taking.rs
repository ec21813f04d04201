//! Making twins and verifying them.

use super::*;

#[test]
fn a_twin_is_the_same_with_all_that_is_odd() {
    let case = Case::new();
    odd(&case.live());
    let before = case.of_live();
    let manifest = case.take();
    assert_eq!(manifest.digest(), before.digest());
    let of_twin = Manifest::of(&case.twin(), &case.work()).unwrap();
    assert_eq!(of_twin.digest(), before.digest());
    for (path, entry) in before.entries() {
        let twin = of_twin.get(path).unwrap();
        assert_eq!(twin.modified, entry.modified, "{}", path.display());
        assert_eq!(manifest.get(path).unwrap().modified, entry.modified);
    }
    for name in ["labelled", "labelled/file"] {
        let labels = [case.live(), case.twin()].map(|at| label_of(&at.join(name)));
        assert_eq!(labels[0], labels[1], "{name}");
    }
    assert!(case.mismatches(&case.twin(), &manifest).is_empty());
    assert!(case.mismatches(&case.live(), &manifest).is_empty());
    let again = case.of_live();
    assert_eq!(again, before, "the source is as it was, times included");
}

#[test]
fn what_tools_edit_in_place_is_a_copy_and_the_rest_a_link() {
    let case = Case::new();
    odd(&case.live());
    let manifest = case.take();
    let is_link = |name: &str| {
        let shared = inode(&case.live().join(name)) == inode(&case.twin().join(name));
        let held = manifest.get(Path::new(name)).unwrap().held;
        assert_eq!(held == Held::Link, shared, "{name}");
        shared
    };
    let cloned = manifest.get(Path::new("lib/site/pkg/big.so")).unwrap().held == Held::Own;
    if !cloned {
        assert!(is_link("lib/site/pkg/big.so"));
        assert!(is_link("lib/inode-a"));
        assert!(is_link("lib/site/pkg/__pycache__/x.pyc"));
    }
    for name in [
        "bin/python",
        "pyvenv.cfg",
        "lib/site/a.pth",
        "lib/site/pkg-1.dist-info/RECORD",
        "lib/site/pkg/__init__.py",
        "lib/inode-c",
    ] {
        assert!(!is_link(name), "{name}");
    }
    let twin = case.twin();
    assert_eq!(
        inode(&twin.join("lib/inode-a")),
        inode(&twin.join("inode-b"))
    );
    assert_eq!(
        inode(&twin.join("lib/inode-c")),
        inode(&twin.join("bin/inode-d"))
    );
    write_in_place(&case.live().join("bin/inode-d"), b"edited");
    write_in_place(&case.live().join("lib/site/a.pth"), b"edited");
    write_in_place(&case.live().join("lib/site/pkg/__init__.py"), b"edited");
    assert!(case.mismatches(&twin, &manifest).is_empty());
}

#[test]
fn a_copy_without_hashes_is_the_same() {
    let case = Case::new();
    odd(&case.live());
    let before = case.of_live();
    link_copy(&case.live(), &case.twin(), &case.work()).unwrap();
    assert!(case.mismatches(&case.twin(), &before).is_empty());
}

#[test]
fn between_file_systems_everything_is_a_copy() {
    let (case, Some(memory)) = (Case::new(), Case::in_memory()) else {
        return;
    };
    odd(&case.live());
    let manifest = take(&case.live(), &memory.twin(), &case.work()).unwrap();
    assert!(
        manifest
            .entries()
            .all(|(_, entry)| entry.held != Held::Link)
    );
    assert_eq!(manifest.digest(), case.of_live().digest());
    assert!(case.mismatches(&memory.twin(), &manifest).is_empty());
    write_in_place(&case.live().join("lib/site/pkg/big.so"), b"damage");
    assert!(case.mismatches(&memory.twin(), &manifest).is_empty());
}

#[test]
fn every_difference_is_named() {
    let case = Case::new();
    plain(&case.live());
    let manifest = case.take();
    upgraded(&case.live());
    set_mode(&case.live().join("bin"), 0o700);
    write_in_place(&case.live().join("lib/site/pkg/__init__.py"), b"VERSION");
    let expected = [
        "bin: has mode 0700 instead of 0755",
        "lib/site/a.pth: is something else",
        "lib/site/a.pth/now-a-folder: should not be there",
        "lib/site/pkg/__init__.py: has other content",
        "lib/site/pkg/__pycache__: missing",
        "lib/site/pkg/__pycache__/x.pyc: missing",
        "lib/site/pkg/big.so: has other content",
        "lib/site/pkg/new: should not be there",
        "lib/site/pkg/new/deep: should not be there",
        "lib/site/pkg/new/deep/file: should not be there",
        "lib64: leads elsewhere",
        "pyvenv.cfg: has other content",
    ];
    let mut found = case.mismatches(&case.live(), &manifest);
    // A folder is made with its maker's mask; only these two differ by more than that.
    found.retain(|line| !line.starts_with("lib/site/a.pth: has mode"));
    assert_eq!(found, expected);
    let difference = manifest.difference(&case.of_live());
    assert_eq!(difference.added.len(), 4);
    assert_eq!(difference.removed.len(), 2);
    assert_eq!(difference.changed.len(), 6);
}

#[test]
fn only_new_bytecode_is_tolerated() {
    let case = Case::new();
    plain(&case.live());
    let manifest = case.take();
    let pkg = case.live().join("lib/site/pkg");
    put(&pkg.join("__pycache__/y.cpython-311.pyc"), "new");
    put(
        &pkg.join("__pycache__/z.cpython-311.pyc.140234"),
        "unfinished",
    );
    put(&case.live().join("lib/__pycache__/y.pyc"), "new");
    let same = |tolerate| is_same(&case.live(), &manifest, tolerate, &case.work()).unwrap();
    assert!(same(Tolerate::NewBytecode));
    assert!(!same(Tolerate::Nothing));
    let odd_ones = ["lib/y.pyc", "lib/__pycache__/y.py", "lib/__pycache__/pyc"];
    for odd in odd_ones.map(|name| case.live().join(name)) {
        put(&odd, "");
        assert!(!same(Tolerate::NewBytecode), "{}", odd.display());
        fs::remove_file(odd).unwrap();
    }
    put(&pkg.join("__pycache__/x.pyc"), vec![b'C'; BIG]);
    assert!(!same(Tolerate::NewBytecode));
}

#[test]
fn a_twin_inside_its_source_is_refused() {
    let case = Case::new();
    plain(&case.live());
    let refused = |source: &Path, twin: &Path| {
        let error = take(source, twin, &case.work()).unwrap_err();
        assert!(error.to_string().contains("making"), "{error}");
    };
    let before = case.of_live();
    refused(&case.live(), &case.live().join("twin"));
    refused(&case.live().join("lib"), &case.live());
    refused(&case.live(), &case.live());
    symlink(case.live().join("lib"), case.path("link")).unwrap();
    refused(&case.live(), &case.path("link/twin"));
    put(&case.path("taken"), "mine");
    refused(&case.live(), &case.path("taken"));
    assert_eq!(fs::read(case.path("taken")).unwrap(), b"mine");
    assert!(take(&case.path("link"), &case.twin(), &case.work()).is_err());
    assert_eq!(case.of_live(), before);
}

#[test]
fn a_stopped_take_leaves_nothing() {
    let case = Case::new();
    plain(&case.live());
    case.cancel
        .flag()
        .store(true, std::sync::atomic::Ordering::SeqCst);
    let error = take(&case.live(), &case.twin(), &case.work()).unwrap_err();
    assert!(is_stopped(&error));
    assert!(!case.twin().exists());
}

#[cfg(feature = "faults")]
#[test]
fn a_take_that_fails_anywhere_leaves_nothing() {
    use crate::environment::Environment;
    let mut case = Case::quick();
    odd(&case.live());
    let before = case.of_live();
    for point in [
        "make",
        "link",
        "linked",
        "copy",
        "copied",
        "symlink",
        "attributes",
        "sync",
        "synced",
    ] {
        for action in ["enospc", "eio"] {
            let rule = format!("environment.twin.{point}={action}");
            case.faults = Faults::new(&Environment::new([("VIT_FAULT".into(), rule.into())]));
            let result = take(&case.live(), &case.twin(), &case.work());
            let Err(EngineError::Io { path, source, .. }) = result else {
                panic!("{point}: {result:?}");
            };
            assert!(path.starts_with(case.folder.path()), "{point}");
            assert!(source.raw_os_error().is_some(), "{point}");
            assert!(fs::symlink_metadata(case.twin()).is_err(), "{point}");
            assert_eq!(case.of_live(), before, "{point}");
        }
    }
}

#[test]
fn a_place_can_be_renamed_from() {
    let (case, Some(memory)) = (Case::new(), Case::in_memory()) else {
        return;
    };
    plain(&case.live());
    let state = case.path("state/vit");
    let id = "20260101-000000";
    let below = state.join("environments").join(id);
    assert_eq!(place(&case.live(), &state, id), below);
    let beside = case.path(&format!(".env.vit-{id}"));
    assert_eq!(place(&case.live(), &memory.path("state"), id), beside);
}

#[test]
fn a_tree_is_removed_and_nothing_else() {
    let case = Case::new();
    odd(&case.live());
    put(&case.path("outside/file"), "mine");
    symlink(case.path("outside"), case.live().join("out")).unwrap();
    symlink(case.path("outside"), case.path("way")).unwrap();
    let within = case.path("within");
    fs::create_dir(&within).unwrap();
    let remove = |path: &Path| remove_tree(path, &within, &case.work());
    assert!(remove(&case.path("outside")).is_err());
    assert!(remove(&within.join("..")).is_err());
    assert!(remove(&within.join("../outside")).is_err());
    assert!(remove(&within).is_err());
    symlink(case.path("outside"), within.join("link")).unwrap();
    assert!(remove(&within.join("link/file")).is_err());
    remove(&within.join("link")).unwrap();
    remove(&within.join("none")).unwrap();
    fs::rename(case.live(), within.join("env")).unwrap();
    remove(&within.join("env")).unwrap();
    assert!(!within.join("env").exists());
    assert_eq!(fs::read(case.path("outside/file")).unwrap(), b"mine");
}

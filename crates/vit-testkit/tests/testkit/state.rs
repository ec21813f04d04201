//! Two states are equal exactly when nobody could tell the trees apart.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};

use vit_testkit::World;
use vit_testkit::tree_hash::{listing, tree_hash};

/// Checks that what `change` does is seen, and named by `word`.
#[track_caller]
fn seen(word: &str, change: impl FnOnce(&World)) {
    let world = World::default();
    let before = world.state();
    change(&world);
    let after = world.state();
    assert_ne!(before, after, "{word}");
    let diff = before.diff(&after);
    assert!(diff.contains(word), "`{word}` is not in\n{diff}");
}

#[test]
fn an_untouched_tree_has_one_state() {
    let world = World::default();
    let before = world.state();
    fs::write(world.path("x.pyc"), "ignored").unwrap();
    let file = fs::File::options()
        .append(true)
        .open(world.path("README.md"))
        .unwrap();
    file.set_modified(std::time::UNIX_EPOCH).unwrap();
    world.state().assert_same(&before);
    assert_eq!(before.diff(&world.state()), "");
}

#[test]
fn a_mode_flip_is_seen() {
    seen("README.md: 100644", |world| {
        fs::set_permissions(world.path("README.md"), Permissions::from_mode(0o755)).unwrap();
    });
}

#[test]
fn an_untracked_file_is_seen() {
    seen("stray.txt: (not listed)", |world| {
        world.write("stray.txt", "x");
    });
}

#[test]
fn a_branch_change_is_seen() {
    seen("branch: refs/heads/main", |world| {
        world.git(&["checkout", "-q", "-b", "other"]);
    });
    seen("(detached)", |world| {
        world.git(&["checkout", "-q", "--detach"]);
    });
}

#[test]
fn an_edit_is_seen_although_git_overlooks_it() {
    seen("README.md: 100644", |world| {
        world.git(&["update-index", "--assume-unchanged", "README.md"]);
        world.write("README.md", "other\n");
    });
}

#[test]
fn a_staged_edit_a_new_commit_and_a_symlink_are_seen() {
    seen("index: ", |world| {
        world
            .write("README.md", "other\n")
            .git(&["add", "README.md"]);
    });
    seen("head: ", |world| {
        world.git(&["commit", "-q", "--allow-empty", "-m", "x"]);
    });
    seen("vitruvyan_core/current: 120000 -> core/platform", |world| {
        fs::remove_file(world.path("vitruvyan_core/current")).unwrap();
        symlink("core/agents", world.path("vitruvyan_core/current")).unwrap();
    });
}

#[test]
fn a_broken_repository_has_a_state_too() {
    seen("index: ", |world| {
        fs::remove_file(world.path(".git/index")).unwrap();
    });
    seen("index", |world| {
        fs::write(world.path(".git/index"), "rubbish").unwrap();
    });
    seen("head: ", |world| {
        fs::write(world.path(".git/HEAD"), "rubbish").unwrap();
    });
    let world = World::default();
    let before = world.state();
    fs::write(world.path(".git/index.lock"), "").unwrap();
    world.state().assert_same(&before);
}

#[test]
fn a_tree_hash_counts_names_content_modes_and_empty_folders() {
    let folder = tempfile::tempdir().unwrap();
    let mut seen = vec![tree_hash(folder.path())];
    let mut step = |change: &dyn Fn()| {
        change();
        let hash = tree_hash(folder.path());
        assert!(!seen.contains(&hash), "{:#?}", listing(folder.path()));
        seen.push(hash);
    };
    let path = |name: &str| folder.path().join(name);
    step(&|| fs::write(path("a"), "1").unwrap());
    step(&|| fs::write(path("a"), "2").unwrap());
    step(&|| fs::rename(path("a"), path("b")).unwrap());
    step(&|| fs::set_permissions(path("b"), Permissions::from_mode(0o700)).unwrap());
    step(&|| fs::create_dir(path("empty")).unwrap());
    step(&|| symlink("b", path("empty/link")).unwrap());
}

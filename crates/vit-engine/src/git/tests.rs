use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::scratch::Scratch;
use super::*;

fn paths(names: &[&str]) -> Vec<PathBuf> {
    names.iter().map(PathBuf::from).collect()
}

fn sorted(mut paths: Vec<PathBuf>) -> Vec<PathBuf> {
    paths.sort();
    paths
}

#[test]
fn the_version_is_three_numbers() {
    let (major, minor, _) = Scratch::new().git.version().unwrap();
    assert!((major, minor) >= (2, 30));
}

#[test]
fn case_15_staged_counts_and_a_new_time_does_not() {
    let repo = Scratch::new();
    assert_eq!(repo.git.status().unwrap().head, None);
    for name in ["staged", "touched", "edited", "gone", "né w\nline"] {
        repo.write(name, "1");
    }
    let head = repo.commit("1");
    repo.write("staged", "2");
    repo.run(&["add", "staged"]);
    repo.write("staged", "1");
    repo.write("edited", "2");
    repo.write("né w\nline", "2");
    repo.write("folder é/new", "1");
    std::fs::remove_file(repo.root.join("gone")).unwrap();
    let touched = std::fs::File::options()
        .write(true)
        .open(repo.root.join("touched"))
        .unwrap();
    touched
        .set_modified(std::time::UNIX_EPOCH + std::time::Duration::from_secs(1))
        .unwrap();

    let status = repo.git.status().unwrap();
    assert_eq!(status.head.as_deref(), Some(head.as_str()));
    assert_eq!(status.branch.as_deref(), Some("refs/heads/main"));
    assert_eq!(
        sorted(status.changed),
        paths(&["edited", "gone", "né w\nline", "staged"])
    );
    assert_eq!(status.untracked, paths(&["folder é/"]));
    assert_eq!(repo.git.untracked().unwrap(), paths(&["folder é/"]));
}

#[test]
fn paths_are_bytes() {
    let repo = Scratch::new();
    let name = Path::new(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    std::fs::File::create(repo.root.join(name)).unwrap();
    assert_eq!(repo.git.status().unwrap().untracked, [name]);
    let commit = repo.commit("1");
    let entries = repo.git.ls_tree(&commit, &[name], true).unwrap();
    assert_eq!(entries[0].path, name);
    assert_eq!(entries[0].mode, 0o100_644);
}

#[test]
fn a_detached_head_has_no_branch_and_a_conflict_is_a_change() {
    let repo = Scratch::new();
    repo.write("a", "1");
    let first = repo.commit("1");
    repo.write("a", "2");
    repo.commit("2");
    repo.run(&["checkout", "--quiet", "--detach", &first]);
    repo.write("a", "3");
    repo.commit("3");
    let status = repo.git.status().unwrap();
    assert_eq!((status.branch, status.changed), (None, vec![]));
    repo.run(&["config", "user.name", "T"]);
    repo.run(&["config", "user.email", "t@example.org"]);
    let merge = repo.git.raw(&["merge", "--quiet", "main"], Vec::new());
    assert_ne!(merge.unwrap().ended, crate::process::Ended::Exit(0));
    assert_eq!(repo.git.status().unwrap().changed, paths(&["a"]));
    let git_dir = repo.root.join(".git");
    assert_eq!(operation_in_progress(&git_dir), Some("merge"));
    repo.run(&["merge", "--abort"]);
    assert_eq!(operation_in_progress(&git_dir), None);
}

#[test]
fn refs_are_peeled_and_changed_together_or_not_at_all() {
    let repo = Scratch::new();
    repo.write("a", "1");
    let commit = repo.commit("1");
    repo.run(&["tag", "light"]);
    repo.run(&["tag", "-a", "-m", "x", "once"]);
    repo.run(&["tag", "-a", "-m", "x", "twice", "once"]);
    repo.run(&["tag", "blob", "HEAD:a"]);
    let refs = repo.git.refs(&["refs/tags/"]).unwrap();
    let commits: Vec<_> = refs
        .iter()
        .map(|found| (found.name.as_str(), found.commit.as_deref()))
        .collect();
    assert_eq!(
        commits,
        [
            ("refs/tags/blob", None),
            ("refs/tags/light", Some(commit.as_str())),
            ("refs/tags/once", Some(commit.as_str())),
            ("refs/tags/twice", Some(commit.as_str())),
        ]
    );

    let create = |name: &str| RefEdit::Create {
        name: name.into(),
        oid: commit.clone(),
    };
    repo.git.update_refs(&[create("refs/vit/a")]).unwrap();
    let both = [create("refs/vit/b"), create("refs/vit/a")];
    assert!(repo.git.update_refs(&both).is_err());
    assert_eq!(repo.git.refs(&["refs/vit/"]).unwrap().len(), 1);
    let wrong = RefEdit::Set {
        name: "refs/vit/a".into(),
        oid: commit.clone(),
        old: Some("1".repeat(40)),
    };
    assert!(repo.git.update_refs(&[wrong]).is_err());
    let delete = RefEdit::Delete {
        name: "refs/vit/a".into(),
    };
    repo.git.update_refs(std::slice::from_ref(&delete)).unwrap();
    repo.git.update_refs(&[delete]).unwrap();
    assert_eq!(repo.git.refs(&["refs/vit/"]).unwrap(), []);
    let injected = RefEdit::Delete {
        name: "refs/vit/a\0\0delete refs/heads/main".into(),
    };
    assert!(matches!(
        repo.git.update_refs(&[injected]),
        Err(GitError::Unsafe { .. })
    ));
}

#[test]
fn head_goes_to_a_branch_or_is_detached() {
    let repo = Scratch::new();
    let first = repo.commit("1");
    let second = repo.commit("2");
    repo.git.set_head(None, &first).unwrap();
    let status = repo.git.status().unwrap();
    assert_eq!((status.branch, status.head), (None, Some(first.clone())));
    assert_eq!(repo.run(&["rev-parse", "main"]), second);
    repo.git.set_head(Some("refs/heads/main"), &first).unwrap();
    let status = repo.git.status().unwrap();
    assert_eq!(status.branch.as_deref(), Some("refs/heads/main"));
    assert_eq!(status.head, Some(first.clone()));
    assert!(repo.git.set_head(Some("main"), &first).is_err());
    assert!(repo.git.set_head(None, "-d").is_err());
}

#[test]
fn blobs_are_read_in_one_go_within_their_bound() {
    let repo = Scratch::new();
    repo.write("a b", "1\n");
    repo.write("big", &"x".repeat(1000));
    repo.write("empty", "");
    let commit = repo.commit("1");
    let specs: Vec<String> = ["a b", "none", "big", "empty", "a b"]
        .map(|name| format!("{commit}:{name}"))
        .into_iter()
        .chain([format!("{commit}^{{tree}}"), "no such name".into()])
        .collect();
    assert_eq!(
        repo.git.read_blobs(&specs, 999).unwrap(),
        [
            Blob::Content(b"1\n".to_vec()),
            Blob::Missing,
            Blob::TooLarge(1000),
            Blob::Content(Vec::new()),
            Blob::Content(b"1\n".to_vec()),
            Blob::Missing,
            Blob::Missing,
        ]
    );
    let kinds: Vec<_> = repo.git.resolve(&specs).unwrap();
    assert_eq!(kinds[5].as_ref().unwrap().1, "tree");
    assert!(repo.git.read_blobs(&["a\nb".into()], 9).is_err());
}

#[test]
fn trees_differ_by_content_mode_and_kind() {
    let repo = Scratch::new();
    for name in ["same", "edited", "gone", "kind", "dir/é"] {
        repo.write(name, name);
    }
    let from = repo.commit("1");
    repo.write("edited", "2");
    repo.write("dir/é", "2");
    repo.write("added", "2");
    std::fs::remove_file(repo.root.join("gone")).unwrap();
    std::fs::remove_file(repo.root.join("kind")).unwrap();
    std::os::unix::fs::symlink("same", repo.root.join("kind")).unwrap();
    let to = repo.commit("2");
    let changes = repo.git.diff_trees(&from, &to).unwrap();
    let seen: Vec<_> = changes
        .iter()
        .map(|change| (change.status, change.path.to_str().unwrap()))
        .collect();
    let expected = [
        ('A', "added"),
        ('M', "dir/é"),
        ('M', "edited"),
        ('D', "gone"),
        ('T', "kind"),
    ];
    assert_eq!(seen, expected);
    assert_eq!(changes[4].new_mode, 0o120_000);
    let all = repo.git.ls_tree::<&str>(&to, &[], true).unwrap();
    assert_eq!(all.len(), 5);
}

#[test]
fn the_nearest_release_is_found_among_other_tags() {
    let repo = Scratch::new();
    let first = repo.commit("1");
    assert_eq!(repo.git.ancestor_release(&first).unwrap(), None);
    repo.run(&["tag", "v1.0.0"]);
    repo.commit("2");
    repo.run(&["tag", "-a", "-m", "x", "v1.2.0"]);
    let second = repo.commit("3");
    repo.run(&["tag", "v1-retired"]);
    repo.run(&["tag", "v2x.0"]);
    repo.run(&["tag", "pre-upgrade-20260219-164500"]);
    assert_eq!(
        repo.git.ancestor_release(&second).unwrap().as_deref(),
        Some("v1.2.0")
    );
    repo.run(&["update-ref", "refs/vit/releases/v1.3.0", &second]);
    let third = repo.commit("4");
    assert_eq!(
        repo.git.ancestor_release(&third).unwrap().as_deref(),
        Some("v1.3.0")
    );
    assert_eq!(
        repo.git.ancestor_release(&first).unwrap().as_deref(),
        Some("v1.0.0")
    );
    assert!(repo.git.is_ancestor(&first, &third).unwrap());
    assert!(!repo.git.is_ancestor(&third, &first).unwrap());
    assert!(repo.git.is_ancestor(&"1".repeat(40), &first).is_err());
    let left = repo
        .git
        .commits_not_in(&third, std::slice::from_ref(&first))
        .unwrap();
    assert_eq!(left, 3);
}

/// The proof is by content: nothing that git remembers or is told of a file counts.
#[test]
fn a_tree_is_verified_by_content() {
    let repo = Scratch::new();
    for name in [
        "same", "time", "assumed", "skipped", "mode", "gone", "kept é",
    ] {
        repo.write(name, "1");
    }
    let commit = repo.commit("1");
    let tree = format!("{commit}^{{tree}}");
    let scratch = repo.beside("scratch-index");
    assert_eq!(repo.git.verify_tree(&tree, &scratch).unwrap(), paths(&[]));

    repo.run(&["update-index", "--assume-unchanged", "assumed"]);
    repo.run(&["update-index", "--skip-worktree", "skipped"]);
    assert_eq!(
        repo.git.hidden_paths().unwrap(),
        paths(&["assumed", "skipped"])
    );
    // Same size and same times as before, other content.
    let same = repo.root.join("same");
    let before = std::fs::metadata(&same).unwrap().modified().unwrap();
    repo.write("same", "2");
    let set_modified = |path: &Path, time| {
        let file = std::fs::File::options().write(true).open(path).unwrap();
        file.set_modified(time).unwrap();
    };
    set_modified(&same, before);
    set_modified(&repo.root.join("time"), std::time::UNIX_EPOCH);
    repo.write("assumed", "2");
    repo.write("skipped", "2");
    std::fs::remove_file(repo.root.join("gone")).unwrap();
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(repo.root.join("mode"), executable).unwrap();
    let different = repo.git.verify_tree(&tree, &scratch).unwrap();
    assert_eq!(
        sorted(different),
        paths(&["assumed", "gone", "mode", "same", "skipped"])
    );
    assert!(!scratch.exists());

    repo.git.read_tree_reset(&tree).unwrap();
    repo.git.reset_worktree(&tree).unwrap();
    assert_eq!(repo.git.verify_tree(&tree, &scratch).unwrap(), paths(&[]));
    assert_eq!(repo.git.hidden_paths().unwrap(), paths(&[]));
    let oid = &repo.git.resolve(&[tree]).unwrap()[0].clone().unwrap().0;
    assert_eq!(&repo.git.write_tree().unwrap(), oid);
}

#[test]
fn a_tree_other_than_heads_is_verified_too() {
    let repo = Scratch::new();
    repo.write("a", "1");
    let first = repo.commit("1");
    repo.write("a", "2");
    repo.commit("2");
    let scratch = repo.beside("scratch-index");
    let different = repo.git.verify_tree(&first, &scratch).unwrap();
    assert_eq!(different, paths(&["a"]));
    repo.git.reset_worktree(&first).unwrap();
    assert_eq!(repo.git.verify_tree(&first, &scratch).unwrap(), paths(&[]));
}

#[test]
fn a_checkout_refuses_what_stands_in_its_way_and_a_reset_does_not() {
    let repo = Scratch::new();
    repo.write(".gitignore", "ignored\n");
    let first = repo.commit("1");
    repo.write("ignored", "theirs");
    repo.write("new", "theirs");
    repo.run(&["add", "--force", "ignored"]);
    let second = repo.commit("2");
    repo.git.checkout_detached(&first).unwrap();
    repo.write("ignored", "mine");
    assert!(repo.git.checkout_detached(&second).is_err());
    repo.write("new", "mine");
    repo.git.reset_worktree(&second).unwrap();
    let text = std::fs::read_to_string(repo.root.join("ignored")).unwrap();
    assert_eq!(text, "theirs");
    let status = repo.git.status().unwrap();
    assert_eq!((status.branch, status.head), (None, Some(first)));
}

#[test]
fn case_28_the_repositorys_programs_do_not_run() {
    let repo = Scratch::new();
    repo.write("a", "1");
    let first = repo.commit("1");
    repo.write("a", "2");
    let second = repo.commit("2");
    let trap = repo.beside("trap.sh");
    let sprung = repo.beside("sprung");
    repo.write(
        "../trap.sh",
        &format!("#!/bin/sh\ntouch '{}'\n", sprung.display()),
    );
    std::fs::set_permissions(&trap, std::fs::Permissions::from_mode(0o755)).unwrap();
    let hooks = repo.root.join(".git/hooks");
    std::fs::create_dir_all(&hooks).unwrap();
    for hook in [
        "post-checkout",
        "reference-transaction",
        "post-index-change",
    ] {
        std::os::unix::fs::symlink(&trap, hooks.join(hook)).unwrap();
    }
    let trap = trap.to_str().unwrap();
    repo.run(&["config", "core.fsmonitor", trap]);
    repo.run(&["config", "remote.bad.url", &format!("ext::{trap}")]);
    assert!(!sprung.exists());

    repo.git.checkout_detached(&first).unwrap();
    repo.git.set_head(None, &second).unwrap();
    repo.git.status().unwrap();
    repo.git.reset_worktree(&second).unwrap();
    assert!(repo.git.ls_remote_tags("bad").is_err());
    assert!(!sprung.exists());

    let programs = repo.git.config(&["core.fsmonitor", "filter.*.smudge"]);
    let expected = [("core.fsmonitor".to_owned(), vec![trap.to_owned()])];
    assert_eq!(programs.unwrap(), expected.into());
    assert_eq!(repo.git.config(&["core.hookspath"]).unwrap().len(), 0);
}

#[test]
fn case_28_options_and_helpers_are_refused_before_git_runs() {
    let repo = Scratch::new();
    for remote in [
        "--upload-pack=touch x",
        "ext::sh -c 'touch x'",
        "fd::7",
        "",
        "a\nb",
    ] {
        let refused = repo.git.ls_remote_tags(remote);
        assert!(matches!(refused, Err(GitError::Unsafe { .. })), "{remote}");
        let pair = ("refs/tags/v1".to_owned(), "refs/vit/v1".to_owned());
        let refused = repo.git.fetch_refs(remote, &[pair]);
        assert!(matches!(refused, Err(GitError::Unsafe { .. })), "{remote}");
    }
    for revision in ["--all", "-x", "", "a\nb"] {
        assert!(repo.git.checkout_detached(revision).is_err());
        assert!(repo.git.diff_trees(revision, "HEAD").is_err());
    }
    let dashed = ("+refs/tags/*".to_owned(), "refs/vit/*".to_owned());
    assert!(repo.git.fetch_refs("origin", &[dashed]).is_err());
}

#[test]
fn tags_are_listed_and_fetched_without_touching_the_users() {
    let core = Scratch::new();
    core.write("a", "1");
    let commit = core.commit("1");
    core.run(&["tag", "v1.0.0"]);
    core.run(&["tag", "-a", "-m", "x", "v1.1.0+b"]);
    let repo = Scratch::new();
    repo.run(&["remote", "add", "core", core.root.to_str().unwrap()]);
    repo.run(&["config", "fetch.prune", "true"]);
    repo.run(&["config", "fetch.pruneTags", "true"]);
    repo.run(&["commit", "-q", "--allow-empty", "-m", "own"]);
    repo.run(&["tag", "own"]);

    let tags = repo.git.ls_remote_tags("core").unwrap();
    let names: Vec<_> = tags.iter().map(|tag| tag.name.as_str()).collect();
    assert_eq!(names, ["refs/tags/v1.0.0", "refs/tags/v1.1.0+b"]);
    assert!(tags.iter().all(|tag| tag.commit.as_ref() == Some(&commit)));
    let refs: Vec<(String, String)> = tags
        .iter()
        .map(|tag| (tag.name.clone(), tag.name.replace("tags", "vit/releases")))
        .collect();
    repo.git.fetch_refs("core", &refs).unwrap();
    let all: Vec<String> = repo
        .git
        .refs(&["refs/"])
        .unwrap()
        .into_iter()
        .map(|r| r.name)
        .collect();
    assert_eq!(
        all,
        [
            "refs/heads/main",
            "refs/tags/own",
            "refs/vit/releases/v1.0.0",
            "refs/vit/releases/v1.1.0+b",
        ]
    );
    assert!(!repo.root.join(".git/FETCH_HEAD").exists());
    assert_eq!(repo.git.remotes().unwrap()[0].name, "core");
}

#[test]
fn case_32_credentials_are_shown_nowhere() {
    for (url, safe) in [
        ("https://u:p@h/x", "https://h/x"),
        ("https://token@h:8/x?sig=1", "https://h:8/x?…"),
        ("ssh://git@h/x", "ssh://git@h/x"),
        ("ssh://git:p@h/x", "ssh://h/x"),
        ("https://u:p/w@h/x", "https://h/x"),
        ("https://h:80/@scope/x", "https://h:80/@scope/x"),
        ("git@h:x", "git@h:x"),
        (
            "a 'https://u:p@h' b http://u@i/ c",
            "a 'https://h' b http://i/ c",
        ),
        ("/a/path", "/a/path"),
    ] {
        assert_eq!(safe_url(url), safe);
    }
    let repo = Scratch::new();
    let url = "https://user:s3cret@localhost:1/x.git";
    let error = repo.git.ls_remote_tags(url).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("s3cret"), "{error}");
    let remote = Remote {
        name: "x".into(),
        url: url.into(),
    };
    assert!(!format!("{remote:?} {:?}", repo.git).contains("s3cret"));
}

#[test]
fn a_vanished_repository_is_not_replaced_by_the_one_above() {
    let repo = Scratch::new();
    repo.write("inner/file", "1");
    repo.commit("1");
    let inner = Git::open(&repo.root.join("inner"), &repo.environment);
    assert!(inner.status().is_err());
}

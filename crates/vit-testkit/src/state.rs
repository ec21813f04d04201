//! What a working tree is: HEAD, branch, index and every file that is not ignored, by content.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Write as _};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::git;
use crate::tree_hash::{self, Seen};

/// The state of a working tree. Two are equal when nobody could tell them apart through git or
/// by reading files that are not ignored. File times do not count.
#[derive(Clone, PartialEq, Eq)]
pub struct State {
    /// HEAD's commit, or why there is none.
    pub head: String,
    /// The branch; absent when HEAD is detached.
    pub branch: Option<String>,
    /// The tree that the index would be committed as, or why there is none.
    pub index: String,
    /// Every tracked file, and every untracked one that is not ignored, by path.
    pub files: BTreeMap<String, Seen>,
    /// What `git status --porcelain` says, a line each.
    pub status: Vec<String>,
    /// The same of every submodule that is checked out, by path.
    pub submodules: BTreeMap<String, State>,
}

impl State {
    /// Looks at a working tree. A broken repository has a state too: the errors stand in it.
    #[must_use]
    pub fn of(worktree: &Path, home: &Path) -> Self {
        let git = |args: &[&str], extra: &[(&str, &Path)]| run(worktree, home, args, extra);
        let listed = git(
            &[
                "ls-files",
                "-z",
                "--cached",
                "--others",
                "--exclude-standard",
            ],
            &[],
        );
        let files = listed.unwrap_or_else(|error| format!("({error})"));
        let status = git(
            &[
                "-c",
                "core.quotePath=false",
                "status",
                "--porcelain",
                "--untracked-files=all",
            ],
            &[],
        );
        let head = git(&["rev-parse", "--verify", "-q", "HEAD^{commit}"], &[]);
        Self {
            head: head.map_or_else(|e| e, |text| text.trim().to_owned()),
            branch: branch(worktree),
            index: index(worktree, home),
            files: files
                .split_terminator('\0')
                .map(|path| (path.to_owned(), tree_hash::look(&worktree.join(path))))
                .collect(),
            status: status
                .unwrap_or_else(|error| error)
                .lines()
                .map(str::to_owned)
                .collect(),
            submodules: submodules(worktree, home),
        }
    }

    /// One hash over the files.
    #[must_use]
    pub fn files_hash(&self) -> String {
        tree_hash::hash(&self.files)
    }

    /// How `other` differs, a line each; empty when they are equal.
    #[must_use]
    pub fn diff(&self, other: &Self) -> String {
        let mut out = String::new();
        let mut line = |what: &str, a: &str, b: &str| {
            if a != b {
                let _ = writeln!(out, "{what}: {a}  ->  {b}");
            }
        };
        line("head", &self.head, &other.head);
        let name = |state: &Self| state.branch.clone().unwrap_or_else(|| "(detached)".into());
        line("branch", &name(self), &name(other));
        line("index", &self.index, &other.index);
        let paths: BTreeSet<&String> = self.files.keys().chain(other.files.keys()).collect();
        for path in paths {
            let seen = |state: &Self| {
                state
                    .files
                    .get(path)
                    .map_or_else(|| "(not listed)".to_owned(), ToString::to_string)
            };
            line(path, &seen(self), &seen(other));
        }
        line(
            "status",
            &format!("{:?}", self.status),
            &format!("{:?}", other.status),
        );
        let paths: BTreeSet<&String> = self
            .submodules
            .keys()
            .chain(other.submodules.keys())
            .collect();
        for path in paths {
            match (self.submodules.get(path), other.submodules.get(path)) {
                (Some(a), Some(b)) => {
                    for line in a.diff(b).lines() {
                        let _ = writeln!(out, "{path}: {line}");
                    }
                }
                (a, _) => {
                    let side = if a.is_some() { "gone" } else { "new" };
                    let _ = writeln!(out, "{path}: the submodule is {side}");
                }
            }
        }
        out
    }

    /// Checks that this state is `expected`.
    ///
    /// # Panics
    /// It is not, with every difference.
    #[track_caller]
    pub fn assert_same(&self, expected: &Self) {
        let diff = expected.diff(self);
        assert!(
            self == expected,
            "the state is not the expected one (expected  ->  found)\n{diff}"
        );
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("head", &self.head)
            .field("branch", &self.branch)
            .field("index", &self.index)
            .field("files", &self.files.len())
            .field("files_hash", &self.files_hash())
            .field("status", &self.status)
            .finish()
    }
}

fn run(
    worktree: &Path,
    home: &Path,
    args: &[&str],
    extra: &[(&str, &Path)],
) -> Result<String, String> {
    let output = Command::new("git")
        .args(["-c", "core.fsmonitor=false"])
        .args(args)
        .current_dir(worktree)
        .env_clear()
        .envs(git::environment(home))
        .envs(extra.iter().copied())
        .output()
        .map_err(|error| format!("error: {error}"))?;
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("error: git {}: {}", args.join(" "), said.trim()))
    }
}

/// The submodules that the index has and that are checked out.
fn submodules(worktree: &Path, home: &Path) -> BTreeMap<String, State> {
    let staged = run(worktree, home, &["ls-files", "-z", "--stage"], &[]);
    staged
        .unwrap_or_default()
        .split_terminator('\0')
        .filter_map(|line| line.strip_prefix("160000 ")?.split_once('\t'))
        .map(|(_, path)| (path.to_owned(), worktree.join(path)))
        .filter(|(_, folder)| folder.join(".git").exists())
        .map(|(path, folder)| (path, State::of(&folder, home)))
        .collect()
}

/// The git folder of a working tree, linked ones included.
fn git_dir(worktree: &Path) -> PathBuf {
    let dot_git = worktree.join(".git");
    match fs::read_to_string(&dot_git) {
        Ok(text) => worktree.join(text.trim_start_matches("gitdir:").trim()),
        Err(_) => dot_git,
    }
}

/// Read as text, because git refuses to answer in a repository with a broken HEAD.
fn branch(worktree: &Path) -> Option<String> {
    let head = fs::read_to_string(git_dir(worktree).join("HEAD")).unwrap_or_default();
    head.strip_prefix("ref:").map(|name| name.trim().to_owned())
}

/// The index's tree, computed on a copy: `write-tree` locks the index that it reads, so a lock
/// that somebody left behind would hide what is in it.
fn index(worktree: &Path, home: &Path) -> String {
    let copy = match tempfile::Builder::new().prefix("index").tempdir_in(home) {
        Ok(folder) => folder,
        Err(error) => return format!("error: {error}"),
    };
    let path = copy.path().join("index");
    if let Err(error) = fs::copy(git_dir(worktree).join("index"), &path) {
        return format!("error: no index: {error}");
    }
    run(
        worktree,
        home,
        &["write-tree"],
        &[("GIT_INDEX_FILE", &path)],
    )
    .map_or_else(|error| error, |tree| tree.trim().to_owned())
}

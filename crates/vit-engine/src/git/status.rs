//! The state of the working tree: status, hidden and untracked paths, operations under way.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::command::Call;
use super::{Git, GitError, Status};

impl Git {
    /// What has changed: staged, in the working tree, untracked. Files are compared by content
    /// where their times say nothing.
    ///
    /// # Errors
    /// Git failed.
    pub fn status(&self) -> Result<Status, GitError> {
        let call = Call::read("status").args([
            "--porcelain=v2",
            "--branch",
            "-z",
            "--untracked-files=normal",
            "--no-renames",
            "--ignore-submodules=none",
        ]);
        parse(&self.output(&call)?)
    }

    /// Tracked paths whose changes git is told to overlook (assume-unchanged, skip-worktree).
    ///
    /// # Errors
    /// Git failed.
    pub fn hidden_paths(&self) -> Result<Vec<PathBuf>, GitError> {
        let output = self.output(&Call::read("ls-files").args(["-v", "-z"]))?;
        let hidden = |tag: u8| tag.is_ascii_lowercase() || tag == b'S';
        Ok(records(&output)
            .filter(|record| record.first().copied().is_some_and(hidden))
            .filter_map(|record| record.get(2..))
            .map(path)
            .collect())
    }

    /// Untracked paths, ignored ones left out; a folder without any tracked file is one path that
    /// ends with `/`.
    ///
    /// # Errors
    /// Git failed.
    pub fn untracked(&self) -> Result<Vec<PathBuf>, GitError> {
        let output = self.output(&Call::read("ls-files").args([
            "--others",
            "--exclude-standard",
            "--directory",
            "--no-empty-directory",
            "-z",
        ]))?;
        Ok(records(&output).map(path).collect())
    }

    /// The same with ignored paths and empty folders.
    ///
    /// # Errors
    /// Git failed.
    pub fn untracked_and_ignored(&self) -> Result<Vec<PathBuf>, GitError> {
        let output =
            self.output(&Call::read("ls-files").args(["--others", "--directory", "-z"]))?;
        Ok(records(&output).map(path).collect())
    }

    /// Every untracked file below a folder of the working tree, ignored ones left out.
    ///
    /// # Errors
    /// Git failed.
    pub fn untracked_in(&self, folder: &str) -> Result<Vec<PathBuf>, GitError> {
        let output = self.output(
            &Call::read("ls-files")
                .args(["--others", "--exclude-standard", "-z", "--"])
                .arg(folder),
        )?;
        Ok(records(&output).map(path).collect())
    }
}

/// The operation that a git folder says is under way, as its user knows it.
#[must_use]
pub fn operation_in_progress(git_dir: &Path) -> Option<&'static str> {
    [
        ("MERGE_HEAD", "merge"),
        ("rebase-merge", "rebase"),
        ("rebase-apply", "rebase"),
        ("CHERRY_PICK_HEAD", "cherry-pick"),
        ("REVERT_HEAD", "revert"),
        ("sequencer", "cherry-pick or revert"),
        ("BISECT_LOG", "bisect"),
    ]
    .into_iter()
    .find_map(|(file, name)| {
        std::fs::symlink_metadata(git_dir.join(file))
            .is_ok()
            .then_some(name)
    })
}

/// The records of a `-z` format.
pub(super) fn records(output: &[u8]) -> impl Iterator<Item = &[u8]> {
    output
        .split(|&byte| byte == 0)
        .filter(|record| !record.is_empty())
}

/// A path as git has it: bytes.
pub(super) fn path(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(bytes))
}

/// What follows the first `count` fields of a record.
fn after_fields(record: &[u8], count: usize) -> Option<&[u8]> {
    record.splitn(count + 1, |&byte| byte == b' ').nth(count)
}

fn parse(output: &[u8]) -> Result<Status, GitError> {
    let mut status = Status::default();
    let mut records = records(output);
    while let Some(record) = records.next() {
        let unexpected = || Call::read("status").format_error(&String::from_utf8_lossy(record));
        if let Some(header) = record.strip_prefix(b"# ") {
            let header = String::from_utf8_lossy(header);
            match header.split_once(' ') {
                Some(("branch.oid", oid)) if oid != "(initial)" => {
                    status.head = Some(oid.to_owned());
                }
                Some(("branch.head", name)) if name != "(detached)" => {
                    status.branch = Some(format!("refs/heads/{name}"));
                }
                _ => {}
            }
            continue;
        }
        let fields = match record.first() {
            Some(b'1') => 8,
            Some(b'2') => 9,
            Some(b'u') => 10,
            Some(b'?' | b'!') => 1,
            _ => return Err(unexpected()),
        };
        let name = path(after_fields(record, fields).ok_or_else(unexpected)?);
        match record[0] {
            b'?' => status.untracked.push(name),
            b'!' => {}
            b'2' => {
                // A rename's old path is a record of its own.
                status.changed.extend(records.next().map(path));
                status.changed.push(name);
            }
            _ => status.changed.push(name),
        }
    }
    Ok(status)
}

/// The paths of a status whose working file differs from the index.
pub(super) fn differing_from_index(output: &[u8]) -> Result<Vec<PathBuf>, GitError> {
    let mut paths = Vec::new();
    for record in records(output) {
        let fields = match record {
            [b'#' | b'?' | b'!', ..] | [b'1', _, _, b'.', ..] => continue,
            [b'1', ..] => 8,
            [b'u', ..] => 10,
            _ => {
                return Err(Call::read("status").format_error(&String::from_utf8_lossy(record)));
            }
        };
        paths.extend(after_fields(record, fields).map(path));
    }
    Ok(paths)
}

//! Merging without a working tree, and making the commit of it.

use std::path::PathBuf;

use super::command::{Call, checked};
use super::objects::entry_with_stage;
use super::status::path;
use super::{Git, GitError};
use crate::process::Ended;

/// The most bytes of a commit's first line that are kept.
const MAX_SUBJECT: usize = 120;

/// What a merge of two commits comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Merged {
    /// The tree; with conflicts, one that holds their marks.
    pub tree: String,
    /// What could not be merged; empty: the merge is clean.
    pub conflicts: Vec<Conflict>,
}

/// Something that could not be merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The paths that it is about, as one of the sides or both have them.
    pub paths: Vec<PathBuf>,
    /// Git's stable name of it: `contents`, `modify/delete`, `rename/rename` and so on.
    pub kind: String,
    /// The modes that the sides have at these paths, octal.
    pub modes: Vec<u32>,
}

/// A commit, as a person knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    /// Its abbreviated id.
    pub short: String,
    /// The first line of its message.
    pub subject: String,
}

/// A commit that is to be made.
#[derive(Debug, Clone, Copy)]
pub struct NewCommit<'a> {
    /// Its tree.
    pub tree: &'a str,
    /// Its parents.
    pub parents: &'a [String],
    /// Its message.
    pub message: &'a str,
    /// The time of author and committer, in seconds since 1970.
    pub seconds: i64,
}

impl Git {
    /// Merges two commits as `git merge` would, in memory: the objects of the result are written,
    /// no ref, no index and no file is. Merge drivers that the repository's own configuration
    /// names do not run: what they are for counts as a conflict.
    ///
    /// # Errors
    /// One of them is no commit here, or git failed.
    pub fn merge_commits(&self, ours: &str, theirs: &str) -> Result<Merged, GitError> {
        let call = Call::write("merge-tree")
            .args(["--write-tree", "-z", "--messages"])
            .args([checked(ours)?, checked(theirs)?])
            .env(self.merge_fence()?);
        let finished = self.run(&call)?;
        let clean = match finished.ended {
            Ended::Exit(0) => true,
            Ended::Exit(1) => false,
            _ => return Err(self.failed(&call, &finished)),
        };
        let output = &finished.stdout.kept;
        let merged = merged(output).ok_or_else(|| {
            call.format_error(&String::from_utf8_lossy(output).replace('\0', "\n"))
        })?;
        if clean == merged.conflicts.is_empty() {
            return Ok(merged);
        }
        Err(call.format_error("conflicts that do not agree with the exit status"))
    }

    /// The best common ancestor of two commits; none where their histories are unrelated.
    ///
    /// # Errors
    /// One of them is no commit here.
    pub fn merge_base(&self, a: &str, b: &str) -> Result<Option<String>, GitError> {
        let call = Call::read("merge-base").args(["--end-of-options", checked(a)?, checked(b)?]);
        let finished = self.run(&call)?;
        match finished.ended {
            Ended::Exit(0) => {
                let text = String::from_utf8_lossy(&finished.stdout.kept);
                Ok(Some(text.lines().next().unwrap_or_default().to_owned()))
            }
            Ended::Exit(1) => Ok(None),
            _ => Err(self.failed(&call, &finished)),
        }
    }

    /// The newest commits between `after` and `head` that touched one of `paths`.
    ///
    /// # Errors
    /// One of them is no commit here.
    pub fn commits_of(
        &self,
        (after, head): (&str, &str),
        paths: &[PathBuf],
        most: usize,
    ) -> Result<Vec<Told>, GitError> {
        let call = Call::read("log")
            .args([
                "-z",
                "--format=%h %s",
                // A signature check would run a program that the configuration names.
                "--no-show-signature",
                "--no-decorate",
                &format!("--max-count={most}"),
            ])
            .arg(format!("{}..{}", checked(after)?, checked(head)?))
            .arg("--")
            .args(paths);
        let output = self.output(&call)?;
        Ok(String::from_utf8_lossy(&output)
            .split_terminator('\0')
            .map(|line| {
                let (short, subject) = line.split_once(' ').unwrap_or((line, ""));
                Told {
                    short: short.to_owned(),
                    subject: vit_contract::text::excerpt(subject, MAX_SUBJECT),
                }
            })
            .collect())
    }

    /// Whether git's configuration says who makes a commit here; nothing is guessed from the
    /// names of user and machine.
    ///
    /// # Errors
    /// Git could not be run.
    pub fn knows_author(&self) -> Result<bool, GitError> {
        for who in ["GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"] {
            let call = Call::read("var").config(NO_GUESSES).arg(who);
            match self.run(&call)?.ended {
                Ended::Exit(0) => {}
                _ => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Makes a commit; its id. It is on disk when this returns, and no ref knows of it.
    ///
    /// # Errors
    /// Git does not know who the author is, or failed.
    pub fn commit_tree(&self, new: &NewCommit<'_>) -> Result<String, GitError> {
        let mut args = Vec::new();
        for parent in new.parents {
            args.extend(["-p", checked(parent)?]);
        }
        let date = format!("@{} +0000", new.seconds);
        let call = Call::write("commit-tree")
            .config(NO_GUESSES)
            .config("i18n.commitEncoding=UTF-8")
            .arg(checked(new.tree)?)
            .args(args)
            .stdin(new.message)
            .env(
                ["GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"]
                    .map(|name| (name.into(), date.clone().into()))
                    .into(),
            );
        let output = self.output(&call)?;
        Ok(String::from_utf8_lossy(&output).trim().to_owned())
    }
}

/// Who makes a commit is what somebody wrote down, never a guess.
const NO_GUESSES: &str = "user.useConfigOnly=true";

/// `<tree>\0`, a record a conflicted file and stage, an empty one, then messages of number, paths,
/// kind and text.
fn merged(output: &[u8]) -> Option<Merged> {
    let mut records = output.split(|&byte| byte == 0);
    let tree = String::from_utf8(records.next()?.to_vec()).ok()?;
    let is_oid = tree.len() >= 40 && tree.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_oid.then_some(())?;
    let mut staged = Vec::new();
    for record in records.by_ref() {
        if record.is_empty() {
            break;
        }
        staged.push(entry_with_stage(record)?);
    }
    let mut conflicts: Vec<Conflict> = Vec::new();
    while let Some(number) = records.next() {
        if number.is_empty() {
            break;
        }
        let number: usize = std::str::from_utf8(number).ok()?.parse().ok()?;
        let paths: Vec<PathBuf> = records.by_ref().take(number).map(path).collect();
        let (kind, _text) = (records.next()?, records.next()?);
        (paths.len() == number).then_some(())?;
        if let Some(kind) = conflict_kind(&String::from_utf8_lossy(kind)) {
            let modes = modes_of(&staged, &paths);
            conflicts.push(Conflict { paths, kind, modes });
        }
    }
    for (mode, entry) in &staged {
        // Whatever git said or did not say of it: a path with stages is not merged.
        let told = |conflict: &Conflict| conflict.paths.contains(entry);
        if !conflicts.iter().any(told) {
            conflicts.push(Conflict {
                paths: vec![entry.clone()],
                kind: "contents".to_owned(),
                modes: vec![*mode],
            });
        }
    }
    Some(Merged { tree, conflicts })
}

fn modes_of(staged: &[(u32, PathBuf)], paths: &[PathBuf]) -> Vec<u32> {
    let of_paths = staged.iter().filter(|(_, path)| paths.contains(path));
    let mut modes: Vec<u32> = of_paths.map(|(mode, _)| *mode).collect();
    modes.sort_unstable();
    modes.dedup();
    modes
}

/// `CONFLICT (modify/delete)`, `CONFLICT(directory rename unclear split)`, `ERROR (…)`; what
/// only tells (`Auto-merging`) is none.
fn conflict_kind(kind: &str) -> Option<String> {
    let rest = kind
        .strip_prefix("CONFLICT")
        .or_else(|| kind.strip_prefix("ERROR"))?;
    let kind = rest.trim_start().trim_start_matches('(');
    Some(kind.trim_end_matches(')').to_owned())
}

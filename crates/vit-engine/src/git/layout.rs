//! Where a repository's parts are.

use std::path::PathBuf;

use super::command::Call;
use super::status::path;
use super::{Git, GitError};
use crate::process::Ended;

/// A repository's folders, absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Layout {
    /// The working tree; absent in a bare repository and inside a git folder.
    pub(crate) root: Option<PathBuf>,
    /// The git folder of this working tree.
    pub(crate) git_dir: PathBuf,
    /// The git folder that all working trees share.
    pub(crate) common_dir: PathBuf,
    /// Whether there is no working tree at all.
    pub(crate) bare: bool,
    /// Whether the history is cut off.
    pub(crate) shallow: bool,
}

/// What is asked, in this order: git stops at the last where there is no working tree, with
/// everything before it answered.
const QUESTIONS: [&str; 6] = [
    "--is-bare-repository",
    "--is-shallow-repository",
    "--path-format=absolute",
    "--git-dir",
    "--git-common-dir",
    "--show-toplevel",
];

impl Git {
    /// The layout of the repository that the folder is in.
    ///
    /// # Errors
    /// There is none, or git refuses it; its message says why (dubious ownership, damage).
    pub(crate) fn layout(&self) -> Result<Layout, GitError> {
        let call = Call::read("rev-parse").args(QUESTIONS);
        let finished = self.run(&call)?;
        let output = &finished.stdout.kept;
        let lines: Vec<&[u8]> = output
            .strip_suffix(b"\n")
            .unwrap_or(output)
            .split(|&byte| byte == b'\n')
            .collect();
        let (flags, paths) = lines.split_at(lines.len().min(2));
        let [bare, shallow] = flags else {
            return Err(self.failed(&call, &finished));
        };
        let whole = finished.ended == Ended::Exit(0);
        let mut paths: Vec<PathBuf> = paths.iter().map(|line| path(line)).collect();
        if paths.len() != if whole { 3 } else { 2 } {
            // A line break in a folder's name: each path gets an answer of its own.
            paths = QUESTIONS[3..][..if whole { 3 } else { 2 }]
                .iter()
                .map(|question| self.one_path(question))
                .collect::<Result<_, _>>()?;
        }
        let mut paths = paths.into_iter();
        let (Some(git_dir), Some(common_dir)) = (paths.next(), paths.next()) else {
            return Err(self.failed(&call, &finished));
        };
        Ok(Layout {
            root: paths.next(),
            git_dir,
            common_dir,
            bare: *bare == b"true",
            shallow: *shallow == b"true",
        })
    }

    fn one_path(&self, question: &str) -> Result<PathBuf, GitError> {
        let call = Call::read("rev-parse").args([QUESTIONS[2], question]);
        let output = self.output(&call)?;
        Ok(path(output.strip_suffix(b"\n").unwrap_or(&output)))
    }
}

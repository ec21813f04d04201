//! The proof by content: is the working tree this tree?

use std::path::{Path, PathBuf};

use super::command::{Call, checked};
use super::status::differing_from_index;
use super::{Git, GitError};

impl Git {
    /// The tracked paths of `tree` whose working files differ from it: content, mode, kind, or
    /// gone. Empty means: the working tree is this tree (untracked files apart).
    ///
    /// Every file is read and hashed: the tree goes into a fresh index at `scratch_index` (an
    /// absolute path in a folder that exists; removed afterwards) that remembers nothing of any
    /// file, so neither times nor the real index's flags can deceive it. Submodules are not
    /// entered and do not count: an upgrade does not update them.
    ///
    /// # Errors
    /// It is no tree here, or git failed.
    pub fn verify_tree(&self, tree: &str, scratch_index: &Path) -> Result<Vec<PathBuf>, GitError> {
        let _scratch = Scratch::at(scratch_index);
        self.quiet(
            &Call::write("read-tree")
                // Sparse paths would be marked as not to be looked at.
                .config("core.sparseCheckout=false")
                .config("index.sparse=false")
                .args(["--end-of-options", checked(tree)?])
                .index(scratch_index),
        )?;
        let output = self.output(
            &Call::read("status")
                .config("core.sparseCheckout=false")
                .config("index.sparse=false")
                .args([
                    "--porcelain=v2",
                    "-z",
                    "--untracked-files=no",
                    "--no-renames",
                    "--ignore-submodules=all",
                ])
                .index(scratch_index),
        )?;
        differing_from_index(&output)
    }
}

/// A scratch index that goes away, with the lock that a killed git may have left, before and
/// after use.
struct Scratch<'a>(&'a Path);

impl<'a> Scratch<'a> {
    fn at(path: &'a Path) -> Self {
        let scratch = Self(path);
        scratch.remove();
        scratch
    }

    fn remove(&self) {
        let mut lock = self.0.as_os_str().to_owned();
        lock.push(".lock");
        let _ = std::fs::remove_file(self.0);
        let _ = std::fs::remove_file(lock);
    }
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        self.remove();
    }
}

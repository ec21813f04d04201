//! Changing the working tree and the index.

use super::command::{Call, checked};
use super::{Git, GitError};

impl Git {
    /// Switches the working tree to a commit and detaches HEAD there. Changed files and
    /// untracked or ignored ones in the way make it fail before anything is written.
    ///
    /// Files themselves are not synced: that is the caller's, once, for the whole file system.
    ///
    /// # Errors
    /// Git failed.
    pub fn checkout_detached(&self, commit: &str) -> Result<(), GitError> {
        self.quiet(&Call::write("checkout").args([
            "--quiet",
            "--detach",
            "--no-overwrite-ignore",
            "--no-recurse-submodules",
            // No `--end-of-options`: git before 2.43 takes it for a path here. An object id is
            // checked to be one, so it cannot be an option.
            checked(commit)?,
        ]))
    }

    /// Makes the index a tree's, with no memory of the working files and no hidden path: the next
    /// look at the working tree reads every file. No file is touched.
    ///
    /// # Errors
    /// Git failed.
    pub fn read_tree_reset(&self, tree: &str) -> Result<(), GitError> {
        self.quiet(
            &Call::write("read-tree")
                .config("core.sparseCheckout=false")
                .args(["--end-of-options", checked(tree)?]),
        )
    }

    /// Makes index and working tree a tree's. Changed tracked files and untracked ones in the way
    /// are overwritten: for undoing, after what is worth keeping was kept. HEAD stays.
    ///
    /// Where the index itself cannot be trusted (a killed checkout, hidden paths), call
    /// [`Git::read_tree_reset`] first: then every file is written anew.
    ///
    /// # Errors
    /// Git failed.
    pub fn reset_worktree(&self, tree: &str) -> Result<(), GitError> {
        self.quiet(
            &Call::write("read-tree")
                .config("core.sparseCheckout=false")
                .args([
                    "--reset",
                    "-u",
                    "--no-recurse-submodules",
                    "--end-of-options",
                    checked(tree)?,
                ]),
        )
    }

    /// Writes the index as a tree; its id.
    ///
    /// # Errors
    /// The index has conflicts, or git failed.
    pub fn write_tree(&self) -> Result<String, GitError> {
        let output = self.output(&Call::write("write-tree"))?;
        Ok(String::from_utf8_lossy(&output).trim().to_owned())
    }
}

//! Files that are not tracked, kept as objects: hashed as they are, without filters.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use super::command::{Call, checked};
use super::objects::TreeEntry;
use super::{Git, GitError};

impl Git {
    /// The object ids of files (relative to the root), in order; with `write`, the objects are
    /// stored. Content is taken as it is: no line-ending or smudge filter has a say.
    ///
    /// # Errors
    /// A file cannot be read, a name holds a line break, or git failed.
    pub fn hash_files(&self, paths: &[PathBuf], write: bool) -> Result<Vec<String>, GitError> {
        if paths.is_empty() {
            return Ok(Vec::new());
        }
        let mut stdin = Vec::new();
        for path in paths {
            let name = path.as_os_str().as_bytes();
            if name.contains(&b'\n') {
                let call = Call::read("hash-object");
                return Err(call.format_error("a file's name holds a line break"));
            }
            stdin.extend_from_slice(name);
            stdin.push(b'\n');
        }
        let mut args = vec!["--no-filters", "--stdin-paths"];
        if write {
            args.push("-w");
        }
        let output = self.output(&Call::write("hash-object").args(args).stdin(stdin))?;
        let oids: Vec<String> = String::from_utf8_lossy(&output)
            .lines()
            .map(str::to_owned)
            .collect();
        if oids.len() == paths.len() {
            Ok(oids)
        } else {
            Err(Call::read("hash-object").format_error("another number of ids than asked for"))
        }
    }

    /// The object id of some bytes; with `write`, the object is stored.
    ///
    /// # Errors
    /// Git failed.
    pub fn hash_bytes(&self, bytes: &[u8], write: bool) -> Result<String, GitError> {
        let mut args = vec!["--no-filters", "--stdin"];
        if write {
            args.push("-w");
        }
        let output = self.output(&Call::write("hash-object").args(args).stdin(bytes))?;
        Ok(String::from_utf8_lossy(&output).trim().to_owned())
    }

    /// Writes the tree that `tree` is with `entry` in the place of what stands at its path; its id.
    /// The index at `scratch_index`, an absolute path, is made and removed.
    ///
    /// # Errors
    /// It is no tree here, or git failed.
    pub fn replace_in_tree(
        &self,
        tree: &str,
        entry: &TreeEntry,
        scratch_index: &Path,
    ) -> Result<String, GitError> {
        let _ = std::fs::remove_file(scratch_index);
        let mut stdin = format!("{:o} {}\t", entry.mode, entry.oid).into_bytes();
        stdin.extend_from_slice(entry.path.as_os_str().as_bytes());
        stdin.push(0);
        let read = Call::write("read-tree")
            .config("core.sparseCheckout=false")
            .config("index.sparse=false")
            .args(["--end-of-options", checked(tree)?])
            .index(scratch_index);
        let update = Call::write("update-index")
            .args(["-z", "--index-info"])
            .stdin(stdin)
            .index(scratch_index);
        let made = self
            .quiet(&read)
            .and_then(|()| self.quiet(&update))
            .and_then(|()| self.output(&Call::write("write-tree").index(scratch_index)));
        let _ = std::fs::remove_file(scratch_index);
        Ok(String::from_utf8_lossy(&made?).trim().to_owned())
    }

    /// Writes a tree of these entries (blobs and links, by path from its root); its id. The index
    /// at `scratch_index`, an absolute path, is made and removed.
    ///
    /// # Errors
    /// Git failed.
    pub fn make_tree(
        &self,
        entries: &[TreeEntry],
        scratch_index: &Path,
    ) -> Result<String, GitError> {
        let _ = std::fs::remove_file(scratch_index);
        let mut stdin = Vec::new();
        for entry in entries {
            stdin.extend_from_slice(format!("{:o} {}\t", entry.mode, entry.oid).as_bytes());
            stdin.extend_from_slice(entry.path.as_os_str().as_bytes());
            stdin.push(0);
        }
        let made = self
            .quiet(
                &Call::write("update-index")
                    .args(["-z", "--index-info"])
                    .stdin(stdin)
                    .index(scratch_index),
            )
            .and_then(|()| self.output(&Call::write("write-tree").index(scratch_index)));
        let _ = std::fs::remove_file(scratch_index);
        Ok(String::from_utf8_lossy(&made?).trim().to_owned())
    }
}

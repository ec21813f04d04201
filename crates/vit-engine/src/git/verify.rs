//! The proof by content: is the working tree this tree?

use std::path::{Path, PathBuf};

use super::command::{Call, checked};
use super::fence::as_variables;
use super::status::differing_from_index;
use super::{Git, GitError};
use crate::process::Finished;

/// A tag object, as far as its text says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagObject {
    /// Its id.
    pub oid: String,
    /// The whole text; absent where it is larger than asked for.
    pub text: Option<Vec<u8>>,
}

impl Git {
    /// The tag objects that these refs point at; none for one that is not there or points at
    /// anything else. Nothing larger than `limit` is read.
    ///
    /// # Errors
    /// Git failed, or a name holds a line break.
    pub fn tag_objects(
        &self,
        refs: &[String],
        limit: usize,
    ) -> Result<Vec<Option<TagObject>>, GitError> {
        let mut tags = Vec::new();
        for found in self.objects(refs)? {
            let Some(found) = found.filter(|object| object.kind == "tag") else {
                tags.push(None);
                continue;
            };
            let small = found.size <= limit as u64;
            let text = if small {
                let call = Call::read("cat-file").args(["tag", checked(&found.oid)?]);
                Some(self.output(&call)?)
            } else {
                None
            };
            tags.push(Some(TagObject {
                oid: found.oid,
                text,
            }));
        }
        Ok(tags)
    }

    /// Lets git verify a tag object's signature; what it says, with its status. `config` stands
    /// above every file, so that the repository's own cannot name who verifies.
    ///
    /// # Errors
    /// Git could not be run, or did not end in its time.
    pub fn verify_tag(
        &self,
        oid: &str,
        config: Vec<(String, String)>,
        gnupg_home: &Path,
    ) -> Result<Finished, GitError> {
        let mut env = as_variables(config);
        env.push(("GNUPGHOME".into(), gnupg_home.into()));
        let call = Call::read("verify-tag").args(["--raw", checked(oid)?]);
        self.run(&call.env(env))
    }

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

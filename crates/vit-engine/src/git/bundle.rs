//! Bundles: a part of a history as one file, and a repository aside to look at one in.

use std::ffi::OsStr;
use std::path::Path;

use super::command::{Call, checked};
use super::{Git, GitError, TAGS};

impl Git {
    /// Makes an empty repository at this working tree's root, a folder that is there. Nothing of
    /// a template comes with it. `format` is how its objects are named: `sha1` or `sha256`.
    ///
    /// # Errors
    /// Git failed.
    pub fn init(&self, format: &str) -> Result<(), GitError> {
        let format = format!("--object-format={format}");
        self.quiet(&Call::write("init").args(["--quiet", "--template=", &format, "."]))
    }

    /// Writes these refs with their history into a bundle, without what `base` (a commit) has.
    /// The same repository gives the same bytes: nothing is packed by several threads at once,
    /// and no pack is taken over as it stands.
    ///
    /// # Errors
    /// Git failed, or there is nothing that `base` has not.
    pub fn bundle_create(
        &self,
        file: &Path,
        refs: &[String],
        base: Option<&str>,
    ) -> Result<(), GitError> {
        let base = base.map(checked).transpose()?;
        self.quiet(
            &Call::write("bundle")
                .config("pack.threads=1")
                .config("pack.useBitmaps=false")
                .config("pack.allowPackReuse=false")
                .args(["create", "--quiet"])
                .arg(file)
                .args(refs)
                .args(base.map(|commit| format!("^{commit}"))),
        )
    }

    /// Brings tags of a bundle here under the same names; nothing is left out of what they need.
    ///
    /// # Errors
    /// The bundle is damaged, or builds on what is not here.
    pub fn bundle_fetch(&self, file: &Path, tags: &[String]) -> Result<(), GitError> {
        let mut refspecs = String::new();
        for tag in tags {
            let name = format!("{TAGS}{}", checked(tag)?);
            refspecs.extend([&name, ":", &name, "\n"]);
        }
        let args = [
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            "--no-recurse-submodules",
            "--no-auto-maintenance",
            "--refmap=",
            "--stdin",
            "--end-of-options",
        ];
        let call = Call::write("fetch").args(args).arg(file);
        self.quiet(&call.stdin(refspecs))
    }

    /// Brings the objects of a bundle here. No ref comes with them.
    ///
    /// # Errors
    /// The bundle is damaged, or builds on what is not here.
    pub fn unbundle(&self, file: &Path) -> Result<(), GitError> {
        self.quiet(&Call::write("bundle").args([OsStr::new("unbundle"), file.as_os_str()]))
    }
}

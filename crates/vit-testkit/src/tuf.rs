//! Repositories of The Update Framework, made by its reference implementation in Python: good
//! ones, and what a server shows that has been taken over.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use tempfile::TempDir;

use crate::tools::need_that;

/// The variable that names a Python with the packages `tuf` and `securesystemslib[crypto]`.
pub const PYTHON: &str = "VIT_TEST_PYTHON_TUF";
const SCRIPT: &str = include_str!("tuf/repository.py");

/// What a server shows, step by step.
#[derive(Debug)]
pub struct Tuf {
    folder: TempDir,
}

impl Tuf {
    /// A repository of the files in `content`, and what it becomes with each step; the steps are
    /// the methods of `tuf/repository.py`. `None` where this machine lacks what it takes: then
    /// the test returns.
    ///
    /// # Panics
    /// The script fails.
    #[must_use]
    pub fn build(content: &Path, steps: &[&str]) -> Option<Self> {
        if !need_that("a Python with the package tuf", || python().is_some()) {
            return None;
        }
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let output = Command::new(python()?)
            .args(["-I", "-B", "-c", SCRIPT])
            .args([folder.path(), content])
            .args(steps)
            .output()
            .expect("python can be started");
        assert!(
            output.status.success(),
            "{steps:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        Some(Self { folder })
    }

    /// The folder to serve after `step` steps.
    #[must_use]
    pub fn after(&self, step: usize) -> PathBuf {
        self.folder.path().join(step.to_string())
    }

    /// The root of the beginning: what a person pins.
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.after(0).join("metadata/1.root.json")
    }
}

/// The Python to use: the one that is named, else the machine's where it has the packages.
fn python() -> Option<&'static Path> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = FOUND.get_or_init(|| {
        let python = std::env::var_os(PYTHON).map_or_else(|| "python3".into(), PathBuf::from);
        let works = Command::new(&python)
            .args(["-I", "-c", "import tuf.api.metadata, cryptography"])
            .output()
            .is_ok_and(|output| output.status.success());
        works.then_some(python)
    });
    found.as_deref()
}

//! A real repository to test with: in a temporary folder, with no configuration of the machine's.

#![expect(
    clippy::disallowed_methods,
    reason = "a test's own git and its own files, in a temporary folder"
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use super::Git;
use crate::environment::Environment;

/// A repository.
pub(crate) struct Scratch {
    folder: tempfile::TempDir,
    /// Its working tree.
    pub(crate) root: PathBuf,
    /// Git at its root.
    pub(crate) git: Git,
    /// What it was opened with.
    pub(crate) environment: Environment,
}

impl Scratch {
    /// An empty repository on branch `main`, in a folder with a space and an é in its name.
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        std::fs::create_dir(&home).unwrap();
        let root = folder.path().canonicalize().unwrap().join("répo 1");
        std::fs::create_dir(&root).unwrap();
        let environment = Environment::new(
            [
                ("PATH", Path::new("/usr/local/bin:/usr/bin:/bin")),
                ("HOME", &home),
                ("XDG_CONFIG_HOME", &home),
            ]
            .map(|(name, value)| (name.into(), value.into())),
        );
        let scratch = Self {
            git: Git::open(&root, &environment),
            folder,
            root,
            environment,
        };
        scratch.run(&["init", "--quiet", "--initial-branch=main"]);
        scratch
    }

    /// A folder beside the working tree.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.path().canonicalize().unwrap().join(name)
    }

    /// Runs git as a user would; its output without the last line break.
    pub(crate) fn run(&self, args: &[&str]) -> String {
        self.run_in(&self.root, args)
    }

    /// The same, elsewhere.
    pub(crate) fn run_in(&self, folder: &Path, args: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=T", "-c", "user.email=t@example.org"])
            .args(["-c", "protocol.file.allow=always"])
            .args(args)
            .current_dir(folder)
            .env_clear()
            .envs(self.environment.for_git())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "git {args:?}: {errors}");
        String::from_utf8_lossy(&output.stdout)
            .trim_end()
            .to_owned()
    }

    /// Writes a file.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let path = self.root.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Commits everything; the commit.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.run(&["add", "--all"]);
        self.run(&["commit", "--quiet", "--allow-empty", "-m", message]);
        self.run(&["rev-parse", "HEAD"])
    }
}

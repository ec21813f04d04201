//! A downstream repository: Core and more, with an origin of the team's own.

use std::path::PathBuf;

use super::{World, text, write};
use crate::core_repo::File;

impl World {
    /// The bare repository of the team, where [`Self::downstream`] has made one.
    #[must_use]
    pub fn team(&self) -> PathBuf {
        self.root().join("team.git")
    }

    /// Makes the installation a repository of a team's own: Core's repository becomes the remote
    /// `upstream`, `origin` is the team's, git knows an author, and `files` are committed on top of
    /// Core and pushed.
    pub fn downstream(&self, files: &[File]) -> &Self {
        let team = text(&self.team());
        self.git_in(
            &self.root(),
            &["init", "-q", "--bare", "-b", "main", "--template=", &team],
        );
        self.git(&["remote", "rename", "origin", "upstream"]);
        self.git(&["remote", "add", "origin", &team]);
        self.git(&["config", "user.name", "The Team"]);
        self.git(&["config", "user.email", "team@example.org"]);
        if !files.is_empty() {
            self.commit_own(files, "our own work");
        }
        self.git(&["push", "-q", "-u", "origin", "HEAD"]);
        self
    }

    /// Commits files in the installation, as the team does; the commit.
    pub fn commit_own(&self, files: &[File], message: &str) -> String {
        for file in files {
            // A file can take a folder's place.
            let _ = std::fs::remove_dir_all(self.path(&file.path));
            write(&self.installation(), file);
            self.git(&["add", "--all", "--", &file.path]);
        }
        self.git(&["commit", "-q", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    /// Every ref of the installation but those of the program under test, a line each.
    #[must_use]
    pub fn refs(&self) -> Vec<String> {
        self.git(&[
            "for-each-ref",
            "--format=%(refname) %(objectname) %(symref)",
        ])
        .lines()
        .filter(|line| {
            !["refs/vit/", "refs/tags/pre-"]
                .iter()
                .any(|own| line.starts_with(own))
        })
        .map(str::to_owned)
        .collect()
    }
}

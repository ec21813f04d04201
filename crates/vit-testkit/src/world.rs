//! The world: an origin that releases are published into, an installation cloned from it, and a
//! home with nothing in it.
//!
//! ```no_run
//! use vit_testkit::World;
//!
//! let world = World::builder().bin("target/debug/vit").core("1.0.0", |r| r).build();
//! world
//!     .vertical("finance", |v| v.uses("contracts.GraphPlugin"))
//!     .publish("1.2.0", |r| r.feature("a faster bus"));
//! let before = world.state();
//! world.vit(&["upgrade", "--yes"]).assert_code(0);
//! world.vit(&["rollback", "--yes"]).assert_code(0);
//! world.state().assert_same(&before);
//! ```

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use tempfile::TempDir;

use crate::core_repo::{Content, File};
use crate::git;
use crate::import;
use crate::processes;
use crate::release::Release;
use crate::run::{Invocation, Run};
use crate::state::State;
use crate::vertical::Vertical;

/// The installation's folder: a space and a letter outside ASCII catch missing quotes.
pub const INSTALLATION: &str = "in stallàtion";

/// A fake world in a temporary folder. `VIT_TEST_KEEP=1` leaves the folder behind.
#[derive(Debug)]
pub struct World {
    temp: TempDir,
    bin: Option<PathBuf>,
    published: AtomicU32,
}

/// A new world with Core 1.0.0, no vertical, and no program.
impl Default for World {
    fn default() -> Self {
        Self::builder().build()
    }
}

impl World {
    /// A world with Core 1.0.0 installed on `main`, no vertical, and `bin` as the program.
    #[must_use]
    pub fn new(bin: impl Into<PathBuf>) -> Self {
        Self::builder().bin(bin).build()
    }

    /// Begins a world that differs from the usual one.
    #[must_use]
    pub fn builder() -> WorldBuilder {
        WorldBuilder::new()
    }

    // -- places

    /// The folder with everything in it but the snapshots of [`Self::save`].
    #[must_use]
    pub fn root(&self) -> PathBuf {
        self.temp.path().join("world")
    }

    /// The bare repository that releases are published into.
    #[must_use]
    pub fn origin(&self) -> PathBuf {
        self.root().join("origin.git")
    }

    /// The installation.
    #[must_use]
    pub fn installation(&self) -> PathBuf {
        self.root().join(INSTALLATION)
    }

    /// A path inside the installation.
    #[must_use]
    pub fn path(&self, inside: impl AsRef<Path>) -> PathBuf {
        self.installation().join(inside)
    }

    /// The home folder that children get; empty at first.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.root().join("home")
    }

    /// The TMPDIR that children get; empty at first.
    #[must_use]
    pub fn tmp(&self) -> PathBuf {
        self.root().join("tmp")
    }

    /// A mirror of the releases for the registry `dir`: `<version>/release_metadata.json`, each
    /// with the checksum of its commit.
    #[must_use]
    pub fn mirror(&self) -> PathBuf {
        self.root().join("mirror")
    }

    /// The program under test.
    ///
    /// # Panics
    /// The world was made without one.
    #[must_use]
    pub fn bin(&self) -> &Path {
        self.bin
            .as_deref()
            .expect("the world was made without a program: use World::new(env!(..))")
    }

    // -- changing the world

    /// Publishes a release into the origin, on top of the one published before. The installation
    /// does not have it until somebody fetches.
    pub fn publish(&self, version: &str, make: impl FnOnce(Release) -> Release) -> &Self {
        let index = self.published.load(Ordering::SeqCst);
        self.put(&make(Release::new(version, &date(index))));
        self
    }

    fn put(&self, release: &Release) {
        let index = self.published.fetch_add(1, Ordering::SeqCst);
        let tag = release.tag_name();
        let wrong = release
            .checksum_of
            .as_deref()
            .map(|tag| self.commit_of(tag));
        let first = (index > 0).then_some("refs/heads/main");
        let line = format!("refs/heads/line/{tag}");
        let branch = match release.parent {
            Some(_) => line.as_str(),
            None => "refs/heads/main",
        };
        let commit = import::commit(
            &self.origin(),
            &self.home(),
            &import::Commit {
                index,
                branch,
                parent: release.parent.as_deref().or(first),
                files: &release.changes(wrong.as_deref()),
                tag: Some((&tag, release.annotated)),
                message: &format!("Release {tag}"),
            },
        );
        let checksum = wrong.unwrap_or(commit);
        let named = release.fields.contains_key("checksum");
        if let Some(bytes) = release.metadata_bytes((!named).then_some(&checksum)) {
            write(
                &self.mirror().join(&release.version),
                &File::plain("release_metadata.json", bytes),
            );
        }
    }

    /// Commits to the origin's `main` without a release.
    pub fn commit_upstream(&self, files: &[File], message: &str) -> &Self {
        import::commit(
            &self.origin(),
            &self.home(),
            &import::Commit {
                index: self.published.fetch_add(1, Ordering::SeqCst),
                branch: "refs/heads/main",
                parent: Some("refs/heads/main"),
                files,
                tag: None,
                message,
            },
        );
        self
    }

    /// Places a vertical in the installation, untracked. (A tracked one belongs to a release:
    /// [`Release::vertical`].) A second call replaces the first one's files.
    pub fn vertical(&self, name: &str, make: impl FnOnce(Vertical) -> Vertical) -> &Self {
        let vertical = make(Vertical::new(name));
        for file in vertical.tracked_files() {
            write(&self.installation(), &file);
        }
        if vertical.ignored {
            let exclude = self.path(".git/info/exclude");
            let mut text = fs::read_to_string(&exclude).unwrap_or_default();
            text.push_str(&format!("/{}/\n", vertical.folder));
            fs::write(&exclude, text).expect("the exclude file can be written");
        }
        self
    }

    /// Writes a file of the installation, with its folders.
    pub fn write(&self, path: &str, text: impl Into<Vec<u8>>) -> &Self {
        write(&self.installation(), &File::plain(path, text));
        self
    }

    /// Reads a file of the installation as text.
    ///
    /// # Panics
    /// It cannot be read.
    #[must_use]
    pub fn read(&self, path: &str) -> String {
        let path = self.path(path);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    // -- asking the world

    /// Runs git in the installation and returns what it prints, without the last newline.
    ///
    /// # Panics
    /// Git fails.
    #[track_caller]
    pub fn git(&self, args: &[&str]) -> String {
        self.git_in(&self.installation(), args)
    }

    /// Runs git in a folder.
    ///
    /// # Panics
    /// Git fails.
    #[track_caller]
    pub fn git_in(&self, folder: &Path, args: &[&str]) -> String {
        git::run(folder, &self.home(), args)
    }

    /// The commit of a tag or other ref of the origin.
    #[track_caller]
    pub fn commit_of(&self, refname: &str) -> String {
        self.git_in(
            &self.origin(),
            &["rev-parse", &format!("{refname}^{{commit}}")],
        )
    }

    /// The tree of a tag or other ref of the origin.
    #[track_caller]
    pub fn tree_of(&self, refname: &str) -> String {
        self.git_in(
            &self.origin(),
            &["rev-parse", &format!("{refname}^{{tree}}")],
        )
    }

    /// What the installation is, by content.
    #[must_use]
    pub fn state(&self) -> State {
        State::of(&self.installation(), &self.home())
    }

    /// The entries of the installation's history as JSON, oldest first; empty without a history.
    ///
    /// # Panics
    /// The file is there and is not a history.
    #[must_use]
    pub fn history(&self) -> Vec<Value> {
        let path = self.path(".vitruvyan/upgrade_history.json");
        let Ok(bytes) = fs::read(&path) else {
            return Vec::new();
        };
        serde_json::from_slice::<Value>(&bytes)
            .ok()
            .and_then(|file| file.get("history")?.as_array().cloned())
            .unwrap_or_else(|| {
                panic!(
                    "{} is no history:\n{}",
                    path.display(),
                    String::from_utf8_lossy(&bytes)
                )
            })
    }

    /// The ids of processes that were started in this world and still run.
    #[must_use]
    pub fn processes(&self) -> Vec<u32> {
        processes::of_world(&self.root())
    }

    // -- running the program

    /// Prepares a run of the program in the installation.
    ///
    /// # Panics
    /// The world was made without a program.
    pub fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Invocation {
        self.program(self.bin(), args)
    }

    /// Prepares a run of any program in the installation, with the world's environment.
    pub fn program<A: AsRef<OsStr>>(
        &self,
        program: &Path,
        args: impl IntoIterator<Item = A>,
    ) -> Invocation {
        let start = Invocation::new(program, &self.installation()).args(args);
        self.environment()
            .into_iter()
            .fold(start, |invocation, (name, value)| {
                invocation.env(name, value)
            })
    }

    /// The whole environment of what runs in the world, also for the engine's own tests:
    /// `Environment::new(world.environment())`.
    #[must_use]
    pub fn environment(&self) -> Vec<(OsString, OsString)> {
        vec![
            ("PATH".into(), std::env::var_os("PATH").unwrap_or_default()),
            ("LANG".into(), "C.UTF-8".into()),
            ("HOME".into(), self.home().into()),
            ("TMPDIR".into(), self.tmp().into()),
            (processes::MARKER.into(), self.root().into()),
        ]
    }

    /// Runs the program in the installation.
    ///
    /// # Panics
    /// It cannot be started, or does not end within two minutes.
    #[track_caller]
    pub fn vit(&self, args: &[&str]) -> Run {
        self.command(args).run()
    }
}

impl Drop for World {
    fn drop(&mut self) {
        processes::end_all(&self.root());
        if std::env::var_os("VIT_TEST_KEEP").is_some() {
            eprintln!("kept: {}", self.root().display());
        } else {
            crate::tree_hash::make_removable(self.temp.path());
        }
    }
}

/// Writes a file with its folders below `folder`, replacing whatever stands there.
pub(crate) fn write(folder: &Path, file: &File) {
    let path = folder.join(&file.path);
    let parent = path.parent().expect("a file has a folder");
    fs::create_dir_all(parent).unwrap_or_else(|e| panic!("{}: {e}", parent.display()));
    let _ = fs::remove_file(&path);
    let written = match &file.content {
        Content::Plain(bytes) => fs::write(&path, bytes),
        Content::Executable(bytes) => fs::write(&path, bytes)
            .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o755))),
        Content::Symlink(target) => std::os::unix::fs::symlink(target, &path),
        Content::Gone => Ok(()),
    };
    written.unwrap_or_else(|e| panic!("{}: {e}", path.display()));
}

fn text(path: &Path) -> String {
    path.to_str()
        .expect("temporary folders are UTF-8")
        .to_owned()
}

/// The date of release number `index`.
fn date(index: u32) -> String {
    let seconds = i64::try_from(import::seconds_of(index)).expect("dates of tests are near");
    jiff::Timestamp::from_second(seconds)
        .expect("dates of tests are near")
        .to_string()
}

mod builder;
mod saved;

pub use builder::WorldBuilder;
pub use saved::Saved;

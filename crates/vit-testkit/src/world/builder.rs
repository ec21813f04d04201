//! Making a world.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::AtomicU32;

use super::{World, date, text};
use crate::core_repo;
use crate::release::Release;

/// How a world is made.
pub struct WorldBuilder {
    bin: Option<PathBuf>,
    core: Release,
    extra: usize,
    detached: bool,
}

impl WorldBuilder {
    pub(super) fn new() -> Self {
        Self {
            bin: None,
            core: Release::new("1.0.0", &date(0)),
            extra: 0,
            detached: false,
        }
    }

    /// The program that [`World::vit`] runs, usually `env!("CARGO_BIN_EXE_vit")`.
    #[must_use]
    pub fn bin(mut self, bin: impl Into<PathBuf>) -> Self {
        self.bin = Some(bin.into());
        self
    }

    /// The release that is installed; 1.0.0 by default.
    #[must_use]
    pub fn core(mut self, version: &str, make: impl FnOnce(Release) -> Release) -> Self {
        self.core = make(Release::new(version, &date(0)));
        self
    }

    /// Adds this many modules to Core (2,000 for benchmarks).
    #[must_use]
    pub fn core_files(mut self, count: usize) -> Self {
        self.extra = count;
        self
    }

    /// Leaves HEAD detached at the release's tag, not on `main`.
    #[must_use]
    pub fn detached(mut self) -> Self {
        self.detached = true;
        self
    }

    /// Makes the world.
    #[must_use]
    pub fn build(self) -> World {
        let mut temp = tempfile::Builder::new()
            .prefix("vit-world-")
            .tempdir()
            .expect("a temporary folder can be made");
        temp.disable_cleanup(std::env::var_os("VIT_TEST_KEEP").is_some());
        let world = World {
            temp,
            bin: self.bin,
            published: AtomicU32::new(0),
        };
        for folder in [world.root(), world.home(), world.tmp()] {
            fs::create_dir_all(&folder).expect("a folder can be made");
        }
        let origin = world.origin();
        let root = world.root();
        // `--template=` skips the sample hooks: a dozen files that no test needs.
        world.git_in(
            &root,
            &[
                "init",
                "-q",
                "--bare",
                "-b",
                "main",
                "--template=",
                &text(&origin),
            ],
        );
        let mut files = core_repo::files(self.extra);
        files.extend_from_slice(&self.core.files);
        let mut core = self.core;
        core.files = files;
        world.put(&core);
        let target = text(&world.installation());
        world.git_in(
            &root,
            &["clone", "-q", "--template=", &text(&origin), &target],
        );
        let info = world.path(".git/info");
        fs::create_dir_all(&info).expect("a folder can be made");
        fs::write(info.join("exclude"), "# local excludes\n").expect("a file can be written");
        if self.detached {
            world.git(&["checkout", "-q", "--detach"]);
        }
        world
    }
}

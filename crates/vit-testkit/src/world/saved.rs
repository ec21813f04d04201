//! Keeping a world aside, putting it back, and copying it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{World, text};
use crate::processes;
use crate::tree_hash::make_removable;

/// A world put aside. It can be put back any number of times.
#[derive(Debug)]
pub struct Saved {
    folder: PathBuf,
}

impl Drop for Saved {
    fn drop(&mut self) {
        remove(&self.folder);
    }
}

impl World {
    /// Puts the whole world aside, exactly.
    #[must_use]
    pub fn save(&self) -> Saved {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let folder = self.temp.path().join(format!("saved-{number}"));
        copy(&self.root(), &folder);
        Saved { folder }
    }

    /// Puts a world back that was put aside, at the same place, so that absolute paths in it
    /// stay right. What runs in it is ended first.
    pub fn restore(&self, saved: &Saved) {
        processes::end_all(&self.root());
        remove(&self.root());
        copy(&saved.folder, &self.root());
    }

    /// Copies the world to another place. The origin's address in the installation's
    /// configuration follows; other absolute paths (linked worktrees, state of the program under
    /// test) do not, so copy before the program runs, or use [`Self::save`].
    #[must_use]
    pub fn copy(&self) -> Self {
        self.copy_to(&std::env::temp_dir())
    }

    /// The same in memory, where there is room for it: what is killed and not cut off from its
    /// power needs no disk, and a sync costs nothing there.
    #[must_use]
    pub fn copy_in_memory(&self) -> Self {
        self.copy_to(&memory().unwrap_or_else(std::env::temp_dir))
    }

    fn copy_to(&self, folder: &Path) -> Self {
        let mut temp = tempfile::Builder::new()
            .prefix("vit-world-")
            .tempdir_in(folder)
            .expect("a temporary folder can be made");
        temp.disable_cleanup(std::env::var_os("VIT_TEST_KEEP").is_some());
        let world = Self {
            temp,
            bin: self.bin.clone(),
            published: AtomicU32::new(self.published.load(Ordering::SeqCst)),
        };
        copy(&self.root(), &world.root());
        for config in [".git/config", ".git/modules/core/config"] {
            let config = world.path(config);
            if let Ok(before) = fs::read_to_string(&config) {
                let after = before.replace(&text(&self.root()), &text(&world.root()));
                fs::write(&config, after).expect("the copied configuration can be written");
            }
        }
        world
    }
}

/// A file system in memory that programs may be started from and that has room.
fn memory() -> Option<PathBuf> {
    const FOLDER: &str = "/dev/shm";
    const ROOM: u64 = 2 * 1024 * 1024 * 1024;
    let found = rustix::fs::statvfs(FOLDER).ok()?;
    let runs = !found.f_flag.contains(rustix::fs::StatVfsMountFlags::NOEXEC);
    let writable = tempfile::tempfile_in(FOLDER).is_ok();
    (runs && writable && found.f_bavail.saturating_mul(found.f_frsize) >= ROOM)
        .then(|| FOLDER.into())
}

/// Copies a folder with modes, times, symlinks and hard links; shares blocks where the file
/// system can.
fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp")
        .args(["-a", "--reflink=auto", "--"])
        .args([from, to])
        .status()
        .expect("cp can be run");
    assert!(status.success(), "cp -a {} failed", from.display());
}

fn remove(folder: &Path) {
    if fs::remove_dir_all(folder).is_ok() || !folder.exists() {
        return;
    }
    make_removable(folder);
    fs::remove_dir_all(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
}

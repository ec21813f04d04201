//! Twins: a folder kept beside itself, so that it can be put back exactly, without a network and
//! without a resolver.
//!
//! A [`Manifest`] says what is in a folder, by content. [`take()`] makes a twin and its manifest
//! in one pass; [`verify()`] compares a folder with a manifest; [`restore()`] brings a folder back
//! to what its manifest says, from any state, however often it is called. Nothing here knows what
//! the folder is for, except which of its files decide how an environment starts.
//!
//! | part | module |
//! |---|---|
//! | what is in a folder, and its text on disk | [`manifest`], `text` |
//! | the folder itself: walking, opening without following links | `tree`, `pool` |
//! | making a twin | `take`, `copy`, `extended` |
//! | comparing | `verify` |
//! | putting back | `exchange`, `restore`, `repair`, `remove` |

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, StatxFlags};

use crate::cancel::Cancel;
use crate::error::{EngineError, io_at as failed};
use crate::faults::Faults;
use crate::store::atomic::folder_of;

mod copy;
mod exchange;
mod extended;
pub mod manifest;
mod pool;
mod remove;
mod repair;
mod restore;
mod take;
mod text;
mod tree;
mod verify;

pub use exchange::{ExchangeError, Impossible, exchange};
pub use manifest::{Difference, Entry, Held, Manifest, Node};
pub use remove::remove_tree;
pub use restore::{How, Restore, Restored, restore};
pub use take::{link_copy, take};
pub use verify::{Mismatch, Tolerate, What, is_same, verify};

/// What every operation here is given: who may stop it, and where a test makes it fail.
#[derive(Debug, Clone, Copy)]
pub struct Work<'a> {
    /// Looked at between files. Whoever must not be stopped (a rollback) passes one that is
    /// never set.
    pub cancel: &'a Cancel,
    /// Fault points `environment.twin.…`.
    pub faults: &'a Faults,
}

impl Work<'_> {
    /// Stops where somebody asked for it.
    fn go_on(&self, action: &'static str, path: &Path) -> Result<(), EngineError> {
        if self.cancel.is_set() {
            let stopped = io::Error::new(io::ErrorKind::Interrupted, "stopped on request");
            return Err(failed(action, path)(stopped));
        }
        Ok(())
    }

    /// Passes the fault point `environment.twin.<point>`.
    fn at(&self, point: &str) -> io::Result<()> {
        self.faults.at(format_args!("environment.twin.{point}"))
    }
}

/// Whether an operation ended because somebody asked to stop.
#[must_use]
pub fn is_stopped(error: &EngineError) -> bool {
    matches!(error, EngineError::Io { source, .. } if source.kind() == io::ErrorKind::Interrupted)
}

/// Where the twin of an environment goes: below the state folder where a rename can bring it
/// back from there, else beside the environment. Makes nothing.
#[must_use]
pub fn place(environment: &Path, state_dir: &Path, id: &str) -> PathBuf {
    let beside = environment.parent().filter(|p| !p.as_os_str().is_empty());
    let beside = beside.unwrap_or(Path::new("."));
    if same_file_system(beside, state_dir) && same_file_system(environment, state_dir) {
        return state_dir.join("environments").join(id);
    }
    let mut name = OsString::from(".");
    name.push(environment.file_name().unwrap_or(OsStr::new("environment")));
    name.push(format!(".vit-{id}"));
    beside.join(name)
}

/// Whether two paths lie on one file system, so that names can be moved and linked between them:
/// seen through two mounts, one file system is two. For a path that is not there, the nearest
/// folder above it counts.
#[must_use]
pub fn same_file_system(a: &Path, b: &Path) -> bool {
    let of = |path: &Path| {
        path.ancestors()
            .map(|p| {
                if p.as_os_str().is_empty() {
                    Path::new(".")
                } else {
                    p
                }
            })
            .find_map(|p| Some((std::fs::metadata(p).ok()?.dev(), mount(p))))
    };
    match (of(a), of(b)) {
        (Some((a, mount_a)), Some((b, mount_b))) => {
            a == b && (mount_a == mount_b || mount_a.is_none() || mount_b.is_none())
        }
        _ => false,
    }
}

/// Which mount a path is in; an old kernel does not tell.
fn mount(path: &Path) -> Option<u64> {
    let (none, mask) = (AtFlags::empty(), StatxFlags::MNT_ID);
    let found = rustix::fs::statx(CWD, path, none, mask).ok()?;
    (found.stx_mask & mask.bits() != 0).then_some(found.stx_mnt_id)
}

/// An error once more, for a caller that gets only a reference to it.
fn again(error: &io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(code) => io::Error::from_raw_os_error(code),
        None => io::Error::new(error.kind(), error.to_string()),
    }
}

/// Makes the names in the folder of a path durable.
fn sync_folder_of(path: &Path) -> Result<(), EngineError> {
    std::fs::File::open(folder_of(path))
        .and_then(|folder| folder.sync_all())
        .map_err(failed("syncing the folder of", path))
}

#[cfg(test)]
mod tests;

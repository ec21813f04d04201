//! Two folders change places in one act.

use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use rustix::fs::{CWD, RenameFlags};
use rustix::io::Errno;

use super::{Work, failed, sync_folder_of};
use crate::error::EngineError;

/// Why two folders cannot change places at all; there is another way then.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Impossible {
    /// The file system or the kernel does not know it.
    #[error("the file system cannot exchange two folders")]
    NotSupported,
    /// They lie on two file systems, or on one that does not move what was there before it was
    /// laid over another (the lower layers of a container).
    #[error("they are on different file systems, or layers of one")]
    OtherFileSystem,
    /// One of them is a mount point, or in use in a way that forbids it.
    #[error("one of them is a mount point")]
    MountPoint,
}

/// Why two folders did not change places.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// They never will.
    #[error("the folders cannot be exchanged: {0}")]
    Impossible(Impossible),
    /// This time it failed.
    #[error(transparent)]
    Failed(#[from] EngineError),
}

/// Lets two paths change places, durably. Links are moved as links.
///
/// # Errors
/// They cannot or did not. Only when the sync failed, the very last act, have they changed places.
pub fn exchange(live: &Path, twin: &Path, work: &Work<'_>) -> Result<(), ExchangeError> {
    work.at("exchange").map_err(failed("exchanging", live))?;
    let result = match swap(live, twin) {
        // Moving a folder writes its `..`, which a read-only one does not allow.
        Err(Errno::ACCESS) => swap_unlocked(live, twin),
        result => result,
    };
    match result {
        Ok(()) => {}
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            return Err(ExchangeError::Impossible(Impossible::NotSupported));
        }
        Err(Errno::XDEV) => return Err(ExchangeError::Impossible(Impossible::OtherFileSystem)),
        Err(Errno::BUSY) => return Err(ExchangeError::Impossible(Impossible::MountPoint)),
        Err(error) => return Err(failed("exchanging", live)(error).into()),
    }
    work.at("exchanged").map_err(failed("exchanging", live))?;
    sync_folder_of(live)?;
    sync_folder_of(twin)?;
    work.at("exchange.synced")
        .map_err(failed("exchanging", live))?;
    Ok(())
}

fn swap(live: &Path, twin: &Path) -> Result<(), Errno> {
    rustix::fs::renameat_with(CWD, live, CWD, twin, RenameFlags::EXCHANGE)
}

/// Makes both folders writable for the time of the exchange.
fn swap_unlocked(live: &Path, twin: &Path) -> Result<(), Errno> {
    let unlock = |path: &Path| -> io::Result<Option<u32>> {
        let found = std::fs::symlink_metadata(path)?;
        let mode = found.mode() & 0o7777;
        if !found.is_dir() || mode & 0o200 != 0 {
            return Ok(None);
        }
        set_mode(path, mode | 0o200)?;
        Ok(Some(mode))
    };
    let lock = |path: &Path, mode: Option<u32>| {
        // A mode that is not what it was shows when the folder is verified.
        let _ = mode.map(|mode| set_mode(path, mode));
    };
    let errno = |error: io::Error| Errno::from_io_error(&error).unwrap_or(Errno::IO);
    let of_live = unlock(live).map_err(errno)?;
    let of_twin = match unlock(twin) {
        Ok(mode) => mode,
        Err(error) => {
            lock(live, of_live);
            return Err(errno(error));
        }
    };
    let result = swap(live, twin);
    if result.is_ok() {
        lock(live, of_twin);
        lock(twin, of_live);
    } else {
        lock(live, of_live);
        lock(twin, of_twin);
    }
    result
}

fn set_mode(path: &Path, mode: u32) -> io::Result<()> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

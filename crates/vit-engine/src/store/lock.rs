//! The lock of an installation: one `vit` at a time changes it. Reading needs no lock.
//!
//! The lock is the kernel's (`flock`) on `<state>/lock`, so that it ends with its holder however
//! that ends. The file is never removed: whoever removed it could let two processes lock two
//! different files of one name. `<state>/lock.owner` only feeds the message.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};
use vit_contract::text::visible;

use super::{atomic, failed};
use crate::error::EngineError;
use crate::faults::Faults;

const FILE: &str = "lock";
const OWNER: &str = "lock.owner";
const OWNER_MAX_BYTES: usize = 4096;
/// How often the lock is tried again while only readers' probes stand in the way.
const TRIES: usize = 1000;

/// Who holds the lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owner {
    /// The command: `vit upgrade`.
    pub command: String,
    /// The process.
    pub pid: u32,
    /// The user's name.
    pub user: String,
    /// The machine's name.
    pub host: String,
    /// Since when.
    pub since: Timestamp,
}

impl std::fmt::Display for Owner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            command,
            pid,
            user,
            host,
            since,
        } = self;
        write!(
            f,
            "{command} (process {pid} of {user} on {host}, since {since})"
        )
    }
}

/// The lock, held until it is dropped.
#[derive(Debug)]
#[must_use = "the lock is let go when this is dropped"]
pub struct Lock {
    // Held for its lock: closing it is what lets go.
    _file: File,
    owner: PathBuf,
}

impl Lock {
    /// Takes the lock, without waiting.
    ///
    /// # Errors
    /// `Locked` where another process holds it; else the lock file cannot be opened or locked.
    pub fn acquire(state_dir: &Path, owner: &Owner, faults: &Faults) -> Result<Self, EngineError> {
        let path = state_dir.join(FILE);
        let file = lock_exclusively(&path)
            .map_err(failed("locking", &path))?
            .ok_or_else(|| EngineError::Locked {
                owner: owner_text(state_dir),
            })?;
        let owner_path = state_dir.join(OWNER);
        let record = serde_json::to_vec(owner).expect("an owner is plain data");
        // A full disk must not keep `vit recover` from its work, so a record that cannot be
        // written is done without; the old one would name somebody else.
        if atomic::write(&owner_path, &record, faults).is_err() {
            let _ = fs::remove_file(&owner_path);
        }
        Ok(Self {
            _file: file,
            owner: owner_path,
        })
    }

    /// The file that is locked.
    #[must_use]
    pub fn path(state_dir: &Path) -> PathBuf {
        state_dir.join(FILE)
    }

    /// Who holds the lock now, for readers; `None` when nobody does or it cannot be told.
    #[must_use]
    pub fn holder(state_dir: &Path) -> Option<String> {
        let file = open(&state_dir.join(FILE), false).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Some(owner_text(state_dir)),
            Ok(()) | Err(TryLockError::Error(_)) => None,
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Still locked here, so this is our own record.
        let _ = fs::remove_file(&self.owner);
    }
}

/// The locked file, or `None` where another process holds it.
pub(super) fn lock_exclusively(path: &Path) -> io::Result<Option<File>> {
    for _ in 0..TRIES {
        let file = open(path, true)?;
        match file.try_lock() {
            Ok(()) if same_file(&file, path) => return Ok(Some(file)),
            // Somebody removed the state folder between opening and locking.
            Ok(()) => continue,
            Err(TryLockError::Error(error)) => return Err(error),
            Err(TryLockError::WouldBlock) => {}
        }
        // A reader's probe holds a shared lock for a moment; that is no reason to give up.
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
            Ok(()) => {
                drop(file);
                std::thread::yield_now();
            }
        }
    }
    Ok(None)
}

fn open(path: &Path, create: bool) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(create)
        .create(create)
        .truncate(false)
        .mode(0o600)
        .custom_flags(atomic::flags(OFlags::NOFOLLOW | OFlags::NONBLOCK))
        .open(path)
}

fn same_file(file: &File, path: &Path) -> bool {
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    }
}

/// The owner record as a text, safe to print.
fn owner_text(state_dir: &Path) -> String {
    atomic::read_bounded(&state_dir.join(OWNER), OWNER_MAX_BYTES)
        .ok()
        .flatten()
        .and_then(|bytes| serde_json::from_slice::<Owner>(&bytes).ok())
        .map_or_else(
            || "owner unknown".to_owned(),
            |owner| visible(&owner.to_string()),
        )
}

#[cfg(test)]
mod tests;

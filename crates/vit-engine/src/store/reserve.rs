//! A megabyte kept back, so that a rollback can write its journal on a full disk.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::{FallocateFlags, OFlags};
use rustix::io::Errno;

use super::{atomic, failed};
use crate::error::EngineError;
use crate::faults::Faults;

const FILE: &str = "reserve";
/// How much is kept back, in bytes.
pub const SIZE: u64 = 1024 * 1024;

/// Takes the reserve, really allocated. Does nothing where it is there already.
///
/// # Errors
/// The disk has no room for it, or cannot be written: an upgrade must not begin then.
pub fn hold(state_dir: &Path, faults: &Faults) -> Result<(), EngineError> {
    let path = state_dir.join(FILE);
    let there = fs::symlink_metadata(&path)
        // Blocks are of 512 bytes, whatever the file system's own are; a sparse file has none.
        .is_ok_and(|found| found.is_file() && found.len() >= SIZE && found.blocks() * 512 >= SIZE);
    if there {
        return Ok(());
    }
    faults
        .at(format_args!("reserve.allocate"))
        .and_then(|()| allocate(&path))
        .and_then(|()| atomic::sync_folder(state_dir))
        .map_err(|error| {
            let _ = fs::remove_file(&path);
            failed("keeping room back in", &path)(error)
        })
}

/// Gives the reserve back to the disk.
///
/// # Errors
/// It is there and cannot be removed.
pub fn release(state_dir: &Path) -> Result<(), EngineError> {
    let path = state_dir.join(FILE);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(failed("removing", &path)(error))
        }
        _ => Ok(()),
    }
}

fn allocate(path: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .custom_flags(atomic::flags(OFlags::NOFOLLOW | OFlags::NONBLOCK))
        .open(path)?;
    match rustix::fs::fallocate(&file, FallocateFlags::empty(), 0, SIZE) {
        Ok(()) => {}
        // A file system that cannot allocate (ZFS, NFS) is written to instead.
        Err(Errno::OPNOTSUPP | Errno::NOSYS) => {
            io::copy(&mut io::repeat(0x5a).take(SIZE), &mut file)?;
        }
        Err(error) => return Err(error.into()),
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_is_allocated_and_given_back() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        for _ in 0..2 {
            hold(dir.path(), &Faults::default()).unwrap();
            let found = fs::metadata(&path).unwrap();
            assert!(found.len() == SIZE && found.blocks() * 512 >= SIZE);
        }
        release(dir.path()).unwrap();
        assert!(!path.exists());
        release(dir.path()).unwrap();
    }

    #[test]
    fn a_sparse_reserve_is_no_reserve() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(FILE);
        fs::File::create(&path).unwrap().set_len(SIZE).unwrap();
        hold(dir.path(), &Faults::default()).unwrap();
        assert!(fs::metadata(&path).unwrap().blocks() * 512 >= SIZE);
    }

    /// CASES.md 33.
    #[cfg(feature = "faults")]
    #[test]
    fn case_33_a_reserve_that_cannot_be_held_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let faults = crate::store::fault_rules::faults("reserve.allocate=enospc");
        let error = hold(dir.path(), &faults).unwrap_err();
        assert!(error.to_string().contains("reserve"), "{error}");
        assert!(!dir.path().join(FILE).exists());
    }
}

//! Removing a folder with what is in it, read-only folders included; links are never followed.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::Path;

use super::{Work, failed, folder_of, sync_folder_of};
use crate::error::EngineError;

/// Removes `path` and what is in it, durably, where it lies below `within`. What is not there is
/// no error.
///
/// # Errors
/// It does not lie below `within` (links on the way followed), or cannot be removed.
pub fn remove_tree(path: &Path, within: &Path, work: &Work<'_>) -> Result<(), EngineError> {
    if fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        return Ok(());
    }
    let real = |path: &Path| fs::canonicalize(path).map_err(failed("removing", path));
    // `..` at the end has no name.
    if path.file_name().is_none() || !real(folder_of(path))?.starts_with(real(within)?) {
        let why = format!("it does not lie below {}", within.display());
        return Err(failed("removing", path)(io::Error::new(
            io::ErrorKind::InvalidInput,
            why,
        )));
    }
    work.at("remove")
        .and_then(|()| force(path))
        .and_then(|()| work.at("removed"))
        .map_err(failed("removing", path))?;
    sync_folder_of(path)
}

/// Removes whatever is at a path.
pub(super) fn force(path: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.is_dir() {
        return fs::remove_file(path);
    }
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            unlock(path)?;
            fs::remove_dir_all(path)
        }
        result => result,
    }
}

/// Makes every folder writable. Only folders: files may have a further name elsewhere.
fn unlock(folder: &Path) -> io::Result<()> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let mode = fs::symlink_metadata(&folder)?.mode() & 0o7777;
        if mode & 0o700 != 0o700 {
            fs::set_permissions(&folder, fs::Permissions::from_mode(mode | 0o700))?;
        }
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_type()?.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    Ok(())
}

//! Files that are whole or not there: the one way in which a state file is written, and the
//! careful way in which one is read.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rustix::fs::{OFlags, RenameFlags};
use rustix::io::Errno;

use super::failed;
use crate::error::EngineError;
use crate::faults::Faults;

/// How names of temporary files end, so that [`sweep`] knows them.
const TEMP_SUFFIX: &str = ".vit-tmp";
/// How often a name with a counter is tried before giving up.
const MAX_NAMES: usize = 1000;

/// Replaces a file's content, wholly and durably; readable by its owner only where it is new.
///
/// After an error the old content stands, with one exception: when the sync of the folder, the
/// very last act, fails, the new content stands and may not survive a power cut.
///
/// # Errors
/// The file could not be written, synced or renamed; the error names it.
pub fn write(path: &Path, bytes: &[u8], faults: &Faults) -> Result<(), EngineError> {
    write_with_mode(path, bytes, 0o600, faults)
}

/// Like [`write()`], with the permissions of a file that is new. One that exists keeps its own.
///
/// # Errors
/// As [`write()`].
pub fn write_with_mode(
    path: &Path,
    bytes: &[u8],
    mode: u32,
    faults: &Faults,
) -> Result<(), EngineError> {
    let name = file_name(path);
    let folder = folder_of(path);
    let mode = fs::symlink_metadata(path)
        .ok()
        .filter(fs::Metadata::is_file)
        .map_or(mode, |metadata| metadata.mode() & 0o777);

    // Dropped on every error below, which removes the temporary file.
    let temp = faults
        .at(format_args!("atomic.{name}.write"))
        .and_then(|()| {
            let mut temp = tempfile::Builder::new()
                .prefix(&format!(".{name}."))
                .suffix(TEMP_SUFFIX)
                .permissions(Permissions::from_mode(0o600))
                .tempfile_in(folder)?;
            temp.as_file()
                .set_permissions(Permissions::from_mode(mode))?;
            temp.write_all(bytes)?;
            Ok(temp)
        })
        .map_err(failed("writing", path))?;
    // Before the rename: xfs would else leave an empty file after a power cut.
    faults
        .at(format_args!("atomic.{name}.sync"))
        .and_then(|()| temp.as_file().sync_all())
        .map_err(failed("syncing", path))?;
    faults
        .at(format_args!("atomic.{name}.rename"))
        .and_then(|()| temp.persist(path).map_err(|error| error.error))
        .map_err(failed("replacing", path))?;
    faults
        .at(format_args!("atomic.{name}.dirsync"))
        .and_then(|()| sync_folder(folder))
        .map_err(failed("syncing the folder of", path))
}

/// Reads a regular file of at most `limit` bytes; `None` when there is none.
///
/// # Errors
/// It is a symbolic link, no regular file (a FIFO is not waited for), larger than the bound, or
/// unreadable. [`is_unusable`] tells the first three from the last.
pub fn read_bounded(path: &Path, limit: usize) -> Result<Option<Vec<u8>>, EngineError> {
    read_regular(path, limit).map_err(failed("reading", path))
}

fn read_regular(path: &Path, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let unusable = |kind, reason: String| Err(io::Error::new(kind, reason));
    let opened = OpenOptions::new()
        .read(true)
        // NOFOLLOW: a link could show us any file; NONBLOCK: a FIFO without a writer would hang.
        .custom_flags(flags(OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY))
        .open(path);
    let file = match opened {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if fs::symlink_metadata(path).is_ok_and(|m| m.is_symlink()) => {
            let _ = error;
            return unusable(io::ErrorKind::InvalidData, "it is a symbolic link".into());
        }
        // A socket cannot be opened at all.
        Err(error) if Errno::from_io_error(&error) == Some(Errno::NXIO) => {
            return unusable(
                io::ErrorKind::InvalidData,
                "it is not a regular file".into(),
            );
        }
        Err(error) => return Err(error),
    };
    if !file.metadata()?.is_file() {
        return unusable(
            io::ErrorKind::InvalidData,
            "it is not a regular file".into(),
        );
    }
    let mut bytes = Vec::new();
    // The size that the file system tells is not trusted: it may grow, or be 0 under /proc.
    file.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        return unusable(
            io::ErrorKind::FileTooLarge,
            format!("it is larger than {limit} bytes"),
        );
    }
    Ok(Some(bytes))
}

/// Whether an error of [`read_bounded`] says that what stands there can never be read (a link, a
/// device, too large), in contrast to a disk or permission that failed.
#[must_use]
pub fn is_unusable(error: &EngineError) -> bool {
    matches!(error, EngineError::Io { source, .. }
        if matches!(source.kind(), io::ErrorKind::InvalidData | io::ErrorKind::FileTooLarge))
}

/// Renames a damaged file, whole, to `<name>.damaged-YYYYMMDD-HHMMSS` (`-2`, `-3` … when taken)
/// and tells the new path. Overwrites nothing.
///
/// # Errors
/// It could not be renamed, or the folder not synced.
pub fn move_aside(path: &Path, now: Timestamp) -> Result<PathBuf, EngineError> {
    let stem = aside_name(path, now);
    let folder = folder_of(path);
    rename_numbered(path, &folder.join(stem)).map_err(failed("moving aside", path))
}

fn aside_name(path: &Path, now: Timestamp) -> String {
    format!(
        "{}.damaged-{}",
        file_name(path),
        now.strftime("%Y%m%d-%H%M%S")
    )
}

/// Gives a damaged file a second name, as [`move_aside`] would call it, so that it can be replaced
/// and is kept whole; tells that name.
///
/// # Errors
/// It could not be linked, or the folder not synced.
pub(super) fn link_aside(path: &Path, now: Timestamp) -> Result<PathBuf, EngineError> {
    let folder = folder_of(path);
    let stem = folder.join(aside_name(path, now));
    (1..=MAX_NAMES)
        .map(|number| numbered(&stem, number))
        .find_map(|target| match fs::hard_link(path, &target) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => None,
            result => Some(result.map(|()| target)),
        })
        .unwrap_or_else(|| Err(Errno::EXIST.into()))
        .and_then(|target| sync_folder(folder).map(|()| target))
        .map_err(failed("keeping aside", path))
}

/// Renames to `to`, or to `to` with `-2`, `-3` … when that is taken; syncs both folders.
pub(super) fn rename_numbered(from: &Path, to: &Path) -> io::Result<PathBuf> {
    for number in 1..=MAX_NAMES {
        let target = numbered(to, number);
        match rename_new(from, &target) {
            Ok(()) => {
                sync_folder(folder_of(&target))?;
                if folder_of(from) != folder_of(&target) {
                    sync_folder(folder_of(from))?;
                }
                return Ok(target);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(Errno::EXIST.into())
}

/// `path` for the first, `path-2` for the second, and so on.
pub(super) fn numbered(path: &Path, number: usize) -> PathBuf {
    if number < 2 {
        return path.to_owned();
    }
    let mut name = path.as_os_str().to_owned();
    name.push(format!("-{number}"));
    PathBuf::from(name)
}

/// Renames without replacing; says `AlreadyExists` where the target is taken.
fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    let cwd = rustix::fs::CWD;
    match rustix::fs::renameat_with(cwd, from, cwd, to, RenameFlags::NOREPLACE) {
        Ok(()) => Ok(()),
        // A file system without the flag (NFS, old FUSE). The check and the rename are two acts
        // there, which is safe enough: names below a state folder are ours, and under the lock.
        Err(Errno::INVAL | Errno::NOSYS | Errno::OPNOTSUPP) => {
            if fs::symlink_metadata(to).is_ok() {
                return Err(Errno::EXIST.into());
            }
            fs::rename(from, to)
        }
        Err(error) => Err(error.into()),
    }
}

/// Removes temporary files that a killed process left in a folder. Call it under the lock.
///
/// # Errors
/// The folder could not be read, or a file not be removed.
pub fn sweep(folder: &Path) -> Result<(), EngineError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed("reading", folder)(error)),
    };
    for entry in entries {
        let entry = entry.map_err(failed("reading", folder))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with('.') && name.ends_with(TEMP_SUFFIX) {
            match fs::remove_file(entry.path()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(failed("removing", &entry.path())(error));
                }
                _ => {}
            }
        }
    }
    Ok(())
}

/// Makes the names in a folder durable.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The folder that a path's last name is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Flags of `open(2)` as std wants them.
pub(crate) fn flags(flags: OFlags) -> i32 {
    flags.bits().cast_signed()
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;

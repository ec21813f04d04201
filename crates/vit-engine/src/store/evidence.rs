//! `<state>/evidence/<id>/`: what tells of a failure, and the files that a restored tree has no
//! place for. Bounded, never overwritten, never following a link.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Component, Path, PathBuf};

use rustix::io::Errno;

use super::folder::Folder;
use super::{atomic, check_id, failed};
use crate::error::EngineError;
use crate::faults::Faults;

mod index;

pub use index::{Additions, INDEX, check, read_file};

const FOLDER: &str = "evidence";
const LEFTOVERS: &str = "leftovers";
/// How much of one text is kept, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;
/// How many transactions' evidence is kept.
pub const KEEP: usize = 20;
const MAX_NAME: usize = 100;
const MAX_NAMES: usize = 1000;

/// The evidence of one transaction.
#[derive(Debug, Clone)]
pub struct Evidence {
    folder: PathBuf,
}

impl Evidence {
    /// Makes the folder, or goes on with the one that is there.
    ///
    /// # Errors
    /// The id may not become a path, or the folder cannot be made.
    pub fn create(state_dir: &Path, transaction_id: &str) -> Result<Self, EngineError> {
        check_id(transaction_id)?;
        let folder = state_dir.join(FOLDER).join(transaction_id);
        Folder::below(state_dir, &folder).ensure()?;
        Ok(Self { folder })
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The folder relative to the state folder, as the history names it.
    #[must_use]
    pub fn relative(&self) -> String {
        let id = self.folder.file_name().unwrap_or_default();
        format!("{FOLDER}/{}", id.to_string_lossy())
    }

    /// Keeps a text, durably: head and tail where it is larger than [`MAX_BYTES`]. The name is
    /// made safe, and gets a number where it is taken. Tells the path.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn put(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, EngineError> {
        let path = self.folder.join(safe_name(name));
        let (mut file, path) = create_new(&path).map_err(failed("writing", &path))?;
        bounded(bytes)
            .iter()
            .try_for_each(|part| file.write_all(part))
            .and_then(|()| file.sync_all())
            .and_then(|()| atomic::sync_folder(&self.folder))
            .map_err(failed("writing", &path))?;
        Ok(path)
    }

    /// Keeps a text unless one of that name is kept already; says whether it was taken.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn put_once(&self, name: &str, bytes: &[u8]) -> Result<bool, EngineError> {
        if fs::symlink_metadata(self.folder.join(safe_name(name))).is_ok() {
            return Ok(false);
        }
        self.put(name, bytes).map(|_| true)
    }

    /// Adds a line to a file of lines, durably; nothing where that line is in it already.
    ///
    /// # Errors
    /// It cannot be read or written, or it has grown beyond its bound.
    pub fn add_line(&self, name: &str, line: &str) -> Result<(), EngineError> {
        let path = self.folder.join(safe_name(name));
        let mut bytes = atomic::read_bounded(&path, MAX_BYTES)?.unwrap_or_default();
        let known = bytes
            .split(|&byte| byte == b'\n')
            .any(|known| known == line.as_bytes());
        if known {
            return Ok(());
        }
        bytes.extend_from_slice(line.as_bytes());
        bytes.push(b'\n');
        atomic::write(&path, &bytes, &Faults::default())
    }

    /// Moves a file or folder into `leftovers/<relative>`, with a number where that is taken, and
    /// tells where it is now. A link is moved as a link.
    ///
    /// # Errors
    /// `relative` leads out of the evidence, a folder on the way to `from` is a link, or it
    /// cannot be moved; it stands where it was then, wholly or (between file systems) in part.
    pub fn keep_file(&self, from: &Path, relative: &Path) -> Result<PathBuf, EngineError> {
        let mut names = relative.components();
        let plain = names.all(|part| matches!(part, Component::Normal(_)));
        if relative.as_os_str().is_empty() || !plain {
            let reason = format!("`{}` is no path inside a tree", relative.display());
            return Err(failed("keeping", from)(io::Error::new(
                io::ErrorKind::InvalidInput,
                reason,
            )));
        }
        // A link on the way would let us move a file that is not in the tree at all.
        let above = relative.components().count() - 1;
        for folder in from.ancestors().skip(1).take(above) {
            if fs::symlink_metadata(folder).is_ok_and(|found| found.is_symlink()) {
                let reason = format!("{} is a symbolic link", folder.display());
                return Err(failed("keeping", from)(io::Error::new(
                    io::ErrorKind::InvalidInput,
                    reason,
                )));
            }
        }
        let to = self.folder.join(LEFTOVERS).join(relative);
        Folder::below(&self.folder, atomic::folder_of(&to)).ensure()?;
        match rename(from, &to) {
            Err(error) if Errno::from_io_error(&error) == Some(Errno::XDEV) => {
                move_by_copy(from, &to).map_err(failed("keeping", from))
            }
            result => result.map_err(failed("keeping", from)),
        }
    }
}

/// Removes the oldest evidence until `keep` transactions' are left. Evidence that holds files
/// moved out of the tree stays: they may be somebody's, and deleting them is for people.
///
/// # Errors
/// A folder cannot be read or removed; the others are removed all the same.
pub fn prune(state_dir: &Path, keep: usize) -> Result<(), EngineError> {
    let mut folders = super::folders_by_age(&state_dir.join(FOLDER))?;
    folders.retain(|folder| fs::symlink_metadata(folder.join(LEFTOVERS)).is_err());
    let surplus = folders.len().saturating_sub(keep);
    super::remove_folders(&folders[..surplus])
}

/// Renames, also a folder that a smoke test left read-only: moving it writes its `..`.
fn rename(from: &Path, to: &Path) -> io::Result<PathBuf> {
    let result = atomic::rename_numbered(from, to);
    let denied = result
        .as_ref()
        .is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied);
    if denied && fs::symlink_metadata(from)?.is_dir() {
        fs::set_permissions(from, fs::Permissions::from_mode(0o700))?;
        return atomic::rename_numbered(from, to);
    }
    result
}

/// A name that is one part of a path and nothing else.
fn safe_name(name: &str) -> String {
    let safe: String = name
        .chars()
        .take(MAX_NAME)
        .map(|c| match c {
            'A'..='Z' | 'a'..='z' | '0'..='9' | '.' | '_' | '-' => c,
            _ => '_',
        })
        .collect();
    match safe.strip_prefix('.') {
        Some(rest) => format!("_{rest}"),
        None if safe.is_empty() => "unnamed".to_owned(),
        // The names that are taken by something else.
        None if safe == LEFTOVERS || safe == INDEX => format!("_{safe}"),
        None => safe,
    }
}

/// What is kept of a text, in parts.
fn bounded(bytes: &[u8]) -> Vec<Vec<u8>> {
    if bytes.len() <= MAX_BYTES {
        return vec![bytes.to_vec()];
    }
    let half = MAX_BYTES / 2;
    let (head, tail) = (&bytes[..half], &bytes[bytes.len() - half..]);
    let note = format!(
        "\n[vit: {} bytes are left out here]\n",
        bytes.len() - 2 * half
    );
    vec![head.to_vec(), note.into_bytes(), tail.to_vec()]
}

fn create_new(path: &Path) -> io::Result<(File, PathBuf)> {
    for number in 1..=MAX_NAMES {
        let path = atomic::numbered(path, number);
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&path)
        {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => return Ok((result?, path)),
        }
    }
    Err(Errno::EXIST.into())
}

/// Moves between file systems (`VIT_STATE_DIR` may lie on another): copies, then removes.
fn move_by_copy(from: &Path, to: &Path) -> io::Result<PathBuf> {
    let to = (1..=MAX_NAMES)
        .map(|number| atomic::numbered(to, number))
        .find(|path| fs::symlink_metadata(path).is_err())
        .ok_or(Errno::EXIST)?;
    copy(from, &to)?;
    atomic::sync_folder(atomic::folder_of(&to))?;
    if fs::symlink_metadata(from)?.is_dir() {
        fs::remove_dir_all(from)?;
    } else {
        fs::remove_file(from)?;
    }
    atomic::sync_folder(atomic::folder_of(from))?;
    Ok(to)
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let metadata = fs::symlink_metadata(from)?;
    let kind = metadata.file_type();
    if kind.is_symlink() {
        return std::os::unix::fs::symlink(fs::read_link(from)?, to);
    }
    if kind.is_dir() {
        fs::create_dir(to)?;
        for entry in fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return atomic::sync_folder(to);
    }
    let mut target = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(to)?;
    if kind.is_file() {
        let mut source = OpenOptions::new()
            .read(true)
            .custom_flags(atomic::flags(rustix::fs::OFlags::NOFOLLOW))
            .open(from)?;
        io::copy(&mut source, &mut target)?;
        // Without set-user-id and its like.
        target.set_permissions(fs::Permissions::from_mode(
            metadata.permissions().mode() & 0o777,
        ))?;
    } else {
        target.write_all(b"[vit: a FIFO, socket or device stood here]\n")?;
    }
    target.sync_all()
}

#[cfg(test)]
mod tests;

//! A folder by its content: what git would see of each file, and one hash over all.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

/// What stands at a path. Modes count as git sees them: executable or not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Seen {
    /// A file with the hash of its content.
    File {
        /// Whether its owner may execute it.
        executable: bool,
        /// SHA-256 of its content, hex.
        sha256: String,
    },
    /// A symlink and where it points.
    Symlink(String),
    /// A folder without anything in it that was looked at.
    Folder,
    /// Something else: a fifo, a socket, a device.
    Special,
    /// Nothing.
    Missing,
    /// Something that cannot be read: why.
    Unreadable(String),
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { executable, sha256 } => {
                let mode = if *executable { "100755" } else { "100644" };
                write!(f, "{mode} {}", &sha256[..12])
            }
            Self::Symlink(target) => write!(f, "120000 -> {target}"),
            Self::Folder => f.write_str("a folder"),
            Self::Special => f.write_str("a special file"),
            Self::Missing => f.write_str("nothing"),
            Self::Unreadable(why) => write!(f, "unreadable: {why}"),
        }
    }
}

/// Looks at one path.
#[must_use]
pub fn look(path: &Path) -> Seen {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Seen::Missing,
        Err(error) => return Seen::Unreadable(error.to_string()),
    };
    let kind = metadata.file_type();
    if kind.is_symlink() {
        fs::read_link(path).map_or_else(
            |error| Seen::Unreadable(error.to_string()),
            |target| Seen::Symlink(target.to_string_lossy().into_owned()),
        )
    } else if kind.is_dir() {
        Seen::Folder
    } else if kind.is_file() {
        match fs::read(path) {
            Ok(bytes) => Seen::File {
                executable: metadata.permissions().mode() & 0o100 != 0,
                sha256: hex(&Sha256::digest(&bytes)),
            },
            Err(error) => Seen::Unreadable(error.to_string()),
        }
    } else {
        Seen::Special
    }
}

/// Everything below a folder, by path relative to it; folders only where they are empty.
#[must_use]
pub fn listing(folder: &Path) -> BTreeMap<String, Seen> {
    let mut found = BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        let entries: Vec<_> = fs::read_dir(&next)
            .into_iter()
            .flatten()
            .flatten()
            .collect();
        if entries.is_empty() && next != folder {
            found.insert(relative(&next, folder), look(&next));
        }
        for entry in entries {
            let path = entry.path();
            match look(&path) {
                Seen::Folder => waiting.push(path),
                seen => {
                    found.insert(relative(&path, folder), seen);
                }
            }
        }
    }
    found
}

/// One hash over everything below a folder.
#[must_use]
pub fn tree_hash(folder: &Path) -> String {
    hash(&listing(folder))
}

/// One hash over a listing.
#[must_use]
pub fn hash(listing: &BTreeMap<String, Seen>) -> String {
    let mut hasher = Sha256::new();
    for (path, seen) in listing {
        for part in [path.as_str(), &format!("{seen:?}")] {
            hasher.update(part.len().to_le_bytes());
            hasher.update(part);
        }
    }
    hex(&hasher.finalize())
}

/// SHA-256 of these bytes, hex.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn relative(path: &Path, folder: &Path) -> String {
    let inside = path.strip_prefix(folder).unwrap_or(path);
    inside.as_os_str().as_bytes().escape_ascii().to_string()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Gives folders below `folder` their write bits back, so that it can be removed after a test
/// that took them.
pub(crate) fn make_removable(folder: &Path) {
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        let Ok(metadata) = fs::symlink_metadata(&next) else {
            continue;
        };
        let mode = metadata.permissions().mode();
        if mode & 0o700 != 0o700 {
            let _ = fs::set_permissions(&next, fs::Permissions::from_mode(mode | 0o700));
        }
        let entries = fs::read_dir(&next).into_iter().flatten().flatten();
        waiting.extend(
            entries
                .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
                .map(|entry| entry.path()),
        );
    }
}

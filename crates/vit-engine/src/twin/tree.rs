//! The folder itself: walked without following a link, its files opened without following one.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, ResolveFlags, Stat};
use rustix::io::Errno;
use sha2::{Digest as _, Sha256};

use super::manifest::{Entry, Held, Node, Time};
use super::{Work, failed};
use crate::error::EngineError;

/// A folder that is open. Names are relative to it; the empty one is the folder itself.
pub(super) struct Tree {
    fd: OwnedFd,
    path: PathBuf,
}

/// Something that a walk found.
pub(super) struct Found {
    pub(super) name: OsString,
    pub(super) stat: Stat,
    /// What is in it could not be listed.
    pub(super) closed: Option<io::Error>,
}

impl Tree {
    /// Opens a folder; a symbolic link is none.
    pub(super) fn open(path: &Path) -> Result<Self, EngineError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = rustix::fs::open(path, flags, Mode::empty()).map_err(failed("opening", path))?;
        Ok(Self {
            fd,
            path: path.to_owned(),
        })
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The whole path of a name, for messages.
    pub(super) fn full(&self, name: &OsStr) -> PathBuf {
        if name.is_empty() {
            return self.path.clone();
        }
        self.path.join(name)
    }

    pub(super) fn stat(&self, name: &OsStr) -> io::Result<Stat> {
        let stat = rustix::fs::statat(&self.fd, part(name), AtFlags::SYMLINK_NOFOLLOW)?;
        Ok(stat)
    }

    /// Opens a regular file for reading.
    pub(super) fn read(&self, name: &OsStr) -> io::Result<File> {
        // NONBLOCK: what was a file a moment ago may be a FIFO by now.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        Ok(File::from(self.open_below(name, flags)?))
    }

    /// Opens a folder below.
    pub(super) fn folder(&self, name: &OsStr) -> io::Result<File> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(File::from(self.open_below(name, flags)?))
    }

    /// Whether a name is a folder, and so is every one on the way: nothing that is done in it
    /// leaves the tree.
    pub(super) fn check_folder(&self, name: &OsStr) -> io::Result<()> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        self.open_below(name, flags)?;
        Ok(())
    }

    fn open_below(&self, name: &OsStr, flags: OFlags) -> Result<OwnedFd, Errno> {
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
        match rustix::fs::openat2(&self.fd, part(name), flags, Mode::empty(), resolve) {
            // An old kernel, or a sandbox that does not know the call.
            Err(Errno::NOSYS | Errno::PERM) => {
                let above = Path::new(name).ancestors().skip(1);
                for folder in above.filter(|folder| !folder.as_os_str().is_empty()) {
                    let found = rustix::fs::statat(&self.fd, folder, AtFlags::SYMLINK_NOFOLLOW)?;
                    if file_type(&found) != FileType::Directory {
                        return Err(Errno::LOOP);
                    }
                }
                rustix::fs::openat(&self.fd, part(name), flags, Mode::empty())
            }
            result => result,
        }
    }

    /// Everything in the folder and the folder itself, sorted by name, so that a folder comes
    /// before what is in it. A folder that cannot be listed is marked so.
    pub(super) fn walk(&self, work: &Work<'_>) -> Result<Vec<Found>, EngineError> {
        let stat = self
            .stat(OsStr::new(""))
            .map_err(failed("reading", &self.path))?;
        let mut found = vec![Found {
            name: OsString::new(),
            stat,
            closed: None,
        }];
        let mut next = 0;
        while let Some(at) = found.get(next) {
            if file_type(&at.stat) == FileType::Directory {
                let name = at.name.clone();
                work.go_on("reading", &self.full(&name))?;
                if let Err(error) = self.list(&name, &mut found) {
                    found[next].closed = Some(error);
                }
            }
            next += 1;
        }
        found.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    fn list(&self, name: &OsStr, found: &mut Vec<Found>) -> io::Result<()> {
        let folder = self.folder(name)?;
        for entry in Dir::read_from(&folder)? {
            let entry = entry?;
            let last = entry.file_name().to_bytes();
            if last == b"." || last == b".." {
                continue;
            }
            let stat =
                match rustix::fs::statat(&folder, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW) {
                    Err(Errno::NOENT) => continue,
                    stat => stat?,
                };
            let mut whole = name.as_bytes().to_vec();
            if !whole.is_empty() {
                whole.push(b'/');
            }
            whole.extend_from_slice(last);
            found.push(Found {
                name: OsString::from_vec(whole),
                stat,
                closed: None,
            });
        }
        Ok(())
    }

    /// The entry of what a walk found, but for a file's content.
    pub(super) fn entry(&self, found: &Found) -> io::Result<Entry> {
        let node = match file_type(&found.stat) {
            FileType::RegularFile => Node::File {
                sha256: [0; 32],
                size: size(&found.stat),
            },
            FileType::Directory => Node::Folder,
            FileType::Symlink => Node::Link {
                target: self.target(&found.name)?,
            },
            FileType::Fifo => Node::Other("fifo"),
            FileType::Socket => Node::Other("socket"),
            FileType::CharacterDevice => Node::Other("character-device"),
            FileType::BlockDevice => Node::Other("block-device"),
            FileType::Unknown => Node::Other("unknown"),
        };
        Ok(Entry {
            node,
            mode: mode(&found.stat),
            uid: found.stat.st_uid,
            gid: found.stat.st_gid,
            modified: modified(&found.stat),
            held: Held::Not,
        })
    }

    pub(super) fn target(&self, name: &OsStr) -> io::Result<OsString> {
        let target = rustix::fs::readlinkat(&self.fd, part(name), Vec::new())?;
        Ok(OsString::from_vec(target.into_bytes()))
    }

    /// The SHA-256 and size of a file.
    pub(super) fn hash(&self, name: &OsStr, buffer: &mut [u8]) -> io::Result<([u8; 32], u64)> {
        hash(self.read(name)?, buffer, |_| Ok(()))
    }
}

/// Reads a file to its end, once: hashes it and hands every part on.
pub(super) fn hash(
    mut file: impl io::Read,
    buffer: &mut [u8],
    mut each: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<([u8; 32], u64)> {
    let mut hasher = Sha256::new();
    let mut size = 0;
    loop {
        let count = match file.read(buffer) {
            Ok(0) => return Ok((hasher.finalize().into(), size)),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hasher.update(&buffer[..count]);
        each(&buffer[..count])?;
        size += count as u64;
    }
}

/// A name as system calls take it.
pub(super) fn part(name: &OsStr) -> &OsStr {
    if name.is_empty() {
        return OsStr::new(".");
    }
    name
}

pub(super) fn file_type(stat: &Stat) -> FileType {
    FileType::from_raw_mode(stat.st_mode)
}

/// The permissions, set-id and sticky bits. A link has none of its own.
pub(super) fn mode(stat: &Stat) -> u32 {
    stat.st_mode & 0o7777
}

pub(super) fn size(stat: &Stat) -> u64 {
    u64::try_from(stat.st_size).unwrap_or(0)
}

pub(super) fn modified(stat: &Stat) -> Time {
    Time {
        seconds: stat.st_mtime,
        nanoseconds: u32::try_from(stat.st_mtime_nsec).unwrap_or(0),
    }
}

//! One file, folder or its attributes, from one folder into another.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{AtFlags, Gid, Mode, OFlags, Timespec, Timestamps, Uid};
use rustix::io::Errno;

use super::manifest::{Entry, Held, Node, Time};
use super::take::Made;
use super::tree::{Found, Tree, hash, part, size};
use super::{Work, extended, failed};
use crate::error::EngineError;

/// Files up to this size are copied, not linked: nothing that is written into them in place can
/// reach the twin. A copy costs several times a link; with 4096 bytes, `benches/twin.rs` shows a
/// twin that takes more than three times as long as `cp -al`.
pub(super) const OWN_COPY_BYTES: u64 = 1024;
/// The name of the file that tries whether files can be cloned; gone before anything is made.
const PROBE: &str = ".vit-clone";

/// What copies from one folder to another.
pub(super) struct Copier<'a> {
    pub(super) from: &'a Tree,
    pub(super) to: &'a Tree,
    pub(super) work: &'a Work<'a>,
    hash: bool,
    clones: AtomicBool,
}

impl<'a> Copier<'a> {
    pub(super) fn new(from: &'a Tree, to: &'a Tree, hash: bool, work: &'a Work<'a>) -> Self {
        Self {
            from,
            to,
            work,
            hash,
            clones: AtomicBool::new(false),
        }
    }

    /// Tries whether the file system can clone files.
    pub(super) fn probe(&self, files: &[&Found]) {
        let Some(file) = files.iter().find(|file| size(&file.stat) > 0) else {
            return;
        };
        let clones = self
            .from
            .read(&file.name)
            .and_then(|from| {
                let to = create(self.to, OsStr::new(PROBE))?;
                let cloned = rustix::fs::ioctl_ficlone(&to, &from);
                rustix::fs::unlinkat(self.to.fd(), PROBE, AtFlags::empty())?;
                Ok(cloned?)
            })
            .is_ok();
        self.clones.store(clones, Ordering::Relaxed);
    }

    /// Makes a folder that only we can use as yet.
    pub(super) fn folder(&self, found: &Found) -> Result<(), EngineError> {
        rustix::fs::mkdirat(self.to.fd(), &found.name, Mode::RWXU)
            .map_err(failed("making the folder", &self.to.full(&found.name)))
    }

    /// Gives a folder that is filled its mode, owner and time.
    pub(super) fn finish(&self, found: &Found) -> Result<Entry, EngineError> {
        let path = self.to.full(&found.name);
        let mut entry = self.from.entry(found).map_err(failed("reading", &path))?;
        entry.held = self
            .work
            .at("attributes")
            .and_then(|()| {
                extended::copy(
                    &self.from.folder(&found.name)?,
                    self.to.folder(&found.name)?,
                )?;
                self.attributes(&found.name, &entry, AtFlags::empty())
            })
            .map_err(failed("setting the mode of", &path))?;
        Ok(entry)
    }

    /// Links a file, or copies it where it must be a copy or cannot be linked.
    pub(super) fn file(
        &self,
        found: &Found,
        own: bool,
        buffer: &mut [u8],
    ) -> Result<Made, EngineError> {
        let path = self.from.full(&found.name);
        self.work.go_on("copying", &path)?;
        let mut entry = self.from.entry(found).map_err(failed("reading", &path))?;
        let linked = !own
            && !self.clones.load(Ordering::Relaxed)
            && self.try_link(found).map_err(failed("linking", &path))?;
        if linked {
            entry.held = Held::Link;
            if self.hash {
                let content = self.from.hash(&found.name, buffer);
                set_content(&mut entry, content.map_err(failed("reading", &path))?);
            }
        } else {
            self.copy(found, &mut entry, buffer)
                .map_err(failed("copying", &path))?;
        }
        Ok(Made {
            name: found.name.clone(),
            entry,
        })
    }

    fn try_link(&self, found: &Found) -> io::Result<bool> {
        self.work.at("link")?;
        let (from, to) = (self.from.fd(), self.to.fd());
        match rustix::fs::linkat(from, &found.name, to, &found.name, AtFlags::empty()) {
            Ok(()) => {
                self.work.at("linked")?;
                Ok(true)
            }
            // Another file system, one without links, somebody else's file, too many links.
            Err(Errno::XDEV | Errno::PERM | Errno::MLINK | Errno::OPNOTSUPP | Errno::NOSYS) => {
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    fn copy(&self, found: &Found, entry: &mut Entry, buffer: &mut [u8]) -> io::Result<()> {
        self.work.at("copy")?;
        let original = self.from.read(&found.name)?;
        let mut from = &original;
        let mut to = create(self.to, &found.name)?;
        let cloned =
            self.clones.load(Ordering::Relaxed) && rustix::fs::ioctl_ficlone(&to, from).is_ok();
        if self.hash {
            let content = if cloned {
                hash(self.to.read(&found.name)?, buffer, |_| Ok(()))
            } else {
                hash(from, buffer, |part| to.write_all(part))
            };
            set_content(entry, content?);
        } else if !cloned {
            io::copy(&mut from, &mut to)?;
        }
        entry.held = own(&to, entry)?;
        // After the owner, whose change takes capabilities away.
        if let Err(error) = extended::copy(&original, &to) {
            rustix::fs::unlinkat(self.to.fd(), &found.name, AtFlags::empty())?;
            // A link keeps them.
            if !self.try_link(found)? {
                return Err(error);
            }
            entry.held = Held::Link;
        }
        self.work.at("copied")
    }

    /// Gives what was made, but no regular file, its mode, owner and time.
    pub(super) fn attributes(
        &self,
        name: &OsStr,
        entry: &Entry,
        flags: AtFlags,
    ) -> io::Result<Held> {
        put_attributes(self.to, name, entry, flags)
    }
}

/// Gives `name` an entry's owner, mode and time; a link (`SYMLINK_NOFOLLOW`) has no mode.
pub(super) fn put_attributes(
    tree: &Tree,
    name: &OsStr,
    entry: &Entry,
    flags: AtFlags,
) -> io::Result<Held> {
    let stat = tree.stat(name)?;
    let name = part(name);
    let (uid, gid) = changed_owner(entry, stat.st_uid, stat.st_gid);
    let held = match rustix::fs::chownat(tree.fd(), name, uid, gid, AtFlags::SYMLINK_NOFOLLOW) {
        Ok(()) => Held::Own,
        Err(Errno::PERM | Errno::INVAL) => Held::OtherOwner,
        Err(error) => return Err(error.into()),
    };
    if flags.is_empty() {
        rustix::fs::chmodat(tree.fd(), name, wanted_mode(entry, held), flags)?;
    }
    rustix::fs::utimensat(
        tree.fd(),
        name,
        &times(entry.modified),
        AtFlags::SYMLINK_NOFOLLOW,
    )?;
    Ok(held)
}

/// Gives an open file an entry's owner, mode and time, and tells how it is held.
pub(super) fn own(file: &File, entry: &Entry) -> io::Result<Held> {
    let stat = rustix::fs::fstat(file)?;
    let held = match changed_owner(entry, stat.st_uid, stat.st_gid) {
        (None, None) => Held::Own,
        (uid, gid) => match rustix::fs::fchown(file, uid, gid) {
            Ok(()) => Held::Own,
            Err(Errno::PERM | Errno::INVAL) => Held::OtherOwner,
            Err(error) => return Err(error.into()),
        },
    };
    // After the owner, whose change takes set-id bits away.
    rustix::fs::fchmod(file, wanted_mode(entry, held))?;
    rustix::fs::futimens(file, &times(entry.modified))?;
    Ok(held)
}

/// A new file that only we can read as yet.
pub(super) fn create(tree: &Tree, name: &OsStr) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let mode = Mode::RUSR | Mode::WUSR;
    Ok(File::from(rustix::fs::openat(
        tree.fd(),
        name,
        flags,
        mode,
    )?))
}

fn set_content(entry: &mut Entry, (sha256, size): ([u8; 32], u64)) {
    entry.node = Node::File { sha256, size };
}

/// What of the owner has to be changed.
fn changed_owner(entry: &Entry, uid: u32, gid: u32) -> (Option<Uid>, Option<Gid>) {
    (
        (entry.uid != uid).then(|| Uid::from_raw(entry.uid)),
        (entry.gid != gid).then(|| Gid::from_raw(entry.gid)),
    )
}

/// Under another owner, set-id bits would mean something else.
fn wanted_mode(entry: &Entry, held: Held) -> Mode {
    let mode = match held {
        Held::OtherOwner => entry.mode & 0o1777,
        _ => entry.mode,
    };
    Mode::from_raw_mode(mode)
}

fn times(time: Time) -> Timestamps {
    Timestamps {
        last_access: Timespec {
            tv_sec: 0,
            tv_nsec: rustix::fs::UTIME_OMIT,
        },
        last_modification: Timespec {
            tv_sec: time.seconds,
            tv_nsec: time.nanoseconds.into(),
        },
    }
}

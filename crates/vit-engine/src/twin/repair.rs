//! Repairing a folder path by path: what is wrong is removed, and made again from a source that
//! has the right content. A path that cannot be repaired does not keep the others from it.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Write as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode};
use rustix::io::Errno;

use super::copy::{create, own, put_attributes};
use super::manifest::{Entry, Held, Manifest, Node};
use super::tree::{Tree, file_type, hash, part, size};
use super::verify::{Mismatch, What};
use super::{Work, extended, failed, remove};
use crate::error::EngineError;

/// The name under which a file is made beside its place, before the rename. After a crash it is
/// an extra file as any other.
const FRESH: &str = ".vit-fresh";
const BUFFER: usize = 128 * 1024;

/// One round of repairs.
pub(super) struct Repair<'a> {
    tree: Tree,
    manifest: &'a Manifest,
    sources: Vec<Tree>,
    work: &'a Work<'a>,
    /// Folders that get their mode, owner and time at the end.
    touched: BTreeSet<OsString>,
    /// What went wrong.
    pub(super) errors: Vec<EngineError>,
}

impl<'a> Repair<'a> {
    pub(super) fn new(
        live: &Path,
        manifest: &'a Manifest,
        sources: &[PathBuf],
        work: &'a Work<'a>,
    ) -> Result<Self, EngineError> {
        let mut touched = BTreeSet::new();
        let mode = fs::symlink_metadata(live)
            .map_err(failed("repairing", live))?
            .mode();
        if mode & 0o700 != 0o700 {
            // A link cannot be here: whoever calls has looked. What cannot be opened shows below.
            let _ = fs::set_permissions(live, fs::Permissions::from_mode(mode & 0o7777 | 0o700));
            touched.insert(OsString::new());
        }
        Ok(Self {
            tree: Tree::open(live)?,
            manifest,
            // One that is not there is none.
            sources: sources.iter().filter_map(|s| Tree::open(s).ok()).collect(),
            work,
            touched,
            errors: Vec::new(),
        })
    }

    /// Repairs what can be. Where something could not be read, only modes: what is behind them is
    /// not known before they are right.
    pub(super) fn run(&mut self, mismatches: &[Mismatch]) {
        let of = |mismatch: &Mismatch| match mismatch.path.as_os_str() {
            dot if dot == "." => OsString::new(),
            name => name.to_owned(),
        };
        let is_hidden = |m: &&Mismatch| matches!(m.what, What::Unreadable(_));
        let hidden: Vec<&Mismatch> = mismatches.iter().filter(is_hidden).collect();
        for mismatch in mismatches {
            if let What::Mode { .. } | What::Owner { .. } = mismatch.what {
                self.attributes(&of(mismatch));
            }
        }
        // A folder that cannot be read although its mode is right will not become readable.
        let by_mode = |m: &&Mismatch| {
            let wrong = |o: &Mismatch| o.path == m.path && matches!(o.what, What::Mode { .. });
            mismatches.iter().any(wrong)
        };
        if hidden.iter().any(by_mode) {
            self.settle();
            return;
        }
        for mismatch in mismatches {
            if let What::Extra { .. } | What::Kind = mismatch.what {
                self.remove(&of(mismatch));
            }
        }
        for mismatch in mismatches {
            match mismatch.what {
                What::Missing | What::Kind | What::Content | What::Target | What::Unreadable(_) => {
                    self.make(&of(mismatch));
                }
                What::Extra { .. } | What::Mode { .. } | What::Owner { .. } => {}
            }
        }
        self.settle();
    }

    fn note(&mut self, action: &'static str, name: &OsStr, result: io::Result<()>) {
        if let Err(error) = result {
            let path = self.tree.full(name);
            self.errors.push(failed(action, &path)(error));
        }
    }

    /// Sets mode and owner of what is there and is of the right kind.
    fn attributes(&mut self, name: &OsStr) {
        let Some(entry) = self.manifest.entries.get(name) else {
            return;
        };
        let result = self.work.at("repair.attributes").and_then(|()| {
            self.tree.check_folder(above(name))?;
            let is = file_type(&self.tree.stat(name)?);
            let flags = match (is, &entry.node) {
                (FileType::Symlink, Node::Link { .. }) => AtFlags::SYMLINK_NOFOLLOW,
                (FileType::RegularFile, Node::File { .. })
                | (FileType::Directory, Node::Folder) => AtFlags::empty(),
                _ => return Ok(()),
            };
            put_attributes(&self.tree, name, entry, flags).map(drop)
        });
        self.note("setting the mode of", name, result);
    }

    /// Removes what should not be there, with what is in it.
    fn remove(&mut self, name: &OsStr) {
        self.open_up(above(name));
        let path = self.tree.full(name);
        let result = self
            .work
            .at("repair.remove")
            .and_then(|()| match remove::force(&path) {
                // It went with the folder that it was in.
                Err(error) if is_gone(&error) => Ok(()),
                result => result,
            })
            .and_then(|()| self.work.at("repair.removed"));
        self.note("removing", name, result);
    }

    /// Makes a path as the manifest says.
    fn make(&mut self, name: &OsStr) {
        let Some(entry) = self.manifest.entries.get(name) else {
            return;
        };
        self.open_up(above(name));
        let result = self
            .work
            .at("repair.make")
            // A link in the place of a folder, which could not be removed, leads out.
            .and_then(|()| self.tree.check_folder(above(name)))
            .and_then(|()| match &entry.node {
                Node::Folder => self.folder(name),
                Node::File { .. } => self.file(name, entry),
                Node::Link { target } => self.fresh(name, |tree, fresh| {
                    rustix::fs::symlinkat(target, tree.fd(), fresh)?;
                    put_attributes(tree, fresh, entry, AtFlags::SYMLINK_NOFOLLOW).map(drop)
                }),
                Node::Other(kind) => self.other(name, entry, kind),
            })
            .and_then(|()| self.work.at("repair.made"));
        self.note("restoring", name, result);
    }

    fn folder(&mut self, name: &OsStr) -> io::Result<()> {
        self.touched.insert(name.to_owned());
        match rustix::fs::mkdirat(self.tree.fd(), part(name), Mode::RWXU) {
            Err(Errno::EXIST) => Ok(()),
            result => Ok(result?),
        }
    }

    /// Makes something under the fresh name and renames it to its own.
    fn fresh(
        &self,
        name: &OsStr,
        make: impl FnOnce(&Tree, &OsStr) -> io::Result<()>,
    ) -> io::Result<()> {
        let fresh = beside(name);
        let fd = self.tree.fd();
        let clear = || match rustix::fs::unlinkat(fd, &fresh, AtFlags::empty()) {
            Err(Errno::NOENT) => Ok(()),
            result => result,
        };
        clear()?;
        let result =
            make(&self.tree, &fresh).and_then(|()| Ok(rustix::fs::renameat(fd, &fresh, fd, name)?));
        // Also after a success: the rename of a file over itself does nothing.
        let _ = clear();
        result
    }

    /// Takes a file from the first source that has the right content.
    fn file(&self, name: &OsStr, entry: &Entry) -> io::Result<()> {
        let mut result = Err(io::Error::new(
            io::ErrorKind::NotFound,
            "no copy with the right content is left",
        ));
        for (index, source) in self.sources.iter().enumerate() {
            if !has(source, name, entry) {
                continue;
            }
            // Only with the twin itself is content shared, and only where it was.
            let link = index == 0 && entry.held == Held::Link;
            let linked = || self.fresh(name, |tree, fresh| linked(source, name, tree, fresh));
            let copied =
                || self.fresh(name, |tree, fresh| copied(source, name, tree, fresh, entry));
            result = if link {
                linked().or_else(|_| copied())
            } else {
                copied().or_else(|error| match Errno::from_io_error(&error) {
                    // A link takes no room.
                    Some(Errno::NOSPC | Errno::DQUOT) => linked(),
                    _ => Err(error),
                })
            };
            if result.is_ok() {
                break;
            }
        }
        result
    }

    fn other(&self, name: &OsStr, entry: &Entry, kind: &str) -> io::Result<()> {
        let is = |source: &&Tree| {
            let found = source.stat(name);
            found.is_ok_and(|found| file_type(&found) == kind_of(kind))
        };
        if let Some(source) = self.sources.iter().find(is) {
            let linked = self.fresh(name, |tree, fresh| linked(source, name, tree, fresh));
            if linked.is_ok() {
                return linked;
            }
        }
        self.fresh(name, |tree, fresh| {
            rustix::fs::mknodat(tree.fd(), fresh, kind_of(kind), Mode::RUSR, 0)?;
            put_attributes(tree, fresh, entry, AtFlags::empty()).map(drop)
        })
    }

    /// Makes a folder writable for a while.
    fn open_up(&mut self, folder: &OsStr) {
        if !self.touched.insert(folder.to_owned()) {
            return;
        }
        let path = self.tree.full(folder);
        if self.tree.check_folder(folder).is_ok()
            && let Ok(found) = fs::symlink_metadata(&path)
            && found.is_dir()
            && found.mode() & 0o700 != 0o700
        {
            let mode = found.mode() & 0o7777 | 0o700;
            // Where this fails, so does what is done in the folder, and that is told.
            let _ = fs::set_permissions(&path, fs::Permissions::from_mode(mode));
        }
    }

    /// Gives every folder that was touched what the manifest says, the innermost first.
    fn settle(&mut self) {
        for name in std::mem::take(&mut self.touched).iter().rev() {
            self.attributes(name);
        }
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// The folder that a name is in.
fn above(name: &OsStr) -> &OsStr {
    let bytes = name.as_bytes();
    let end = bytes.iter().rposition(|&byte| byte == b'/').unwrap_or(0);
    OsStr::from_bytes(&bytes[..end])
}

/// The fresh name in the same folder.
fn beside(name: &OsStr) -> OsString {
    let above = above(name).as_bytes();
    let mut fresh = above.to_vec();
    if !above.is_empty() {
        fresh.push(b'/');
    }
    fresh.extend_from_slice(FRESH.as_bytes());
    OsString::from_vec(fresh)
}

/// Whether a source has a file with the content that the entry says.
fn has(source: &Tree, name: &OsStr, entry: &Entry) -> bool {
    let Node::File {
        sha256,
        size: wanted,
    } = &entry.node
    else {
        return false;
    };
    let right_size = source
        .stat(name)
        .is_ok_and(|found| file_type(&found) == FileType::RegularFile && size(&found) == *wanted);
    right_size
        && source
            .hash(name, &mut vec![0; BUFFER])
            .is_ok_and(|(found, _)| found == *sha256)
}

fn linked(source: &Tree, name: &OsStr, tree: &Tree, fresh: &OsStr) -> io::Result<()> {
    rustix::fs::linkat(source.fd(), name, tree.fd(), fresh, AtFlags::empty())?;
    Ok(())
}

fn copied(
    source: &Tree,
    name: &OsStr,
    tree: &Tree,
    fresh: &OsStr,
    entry: &Entry,
) -> io::Result<()> {
    let from = source.read(name)?;
    let mut to = create(tree, fresh)?;
    let (sha256, size) = hash(&from, &mut vec![0; BUFFER], |part| to.write_all(part))?;
    // It may have been written to since it was looked at.
    if entry.node != (Node::File { sha256, size }) {
        return Err(io::Error::other("the source changed while it was read"));
    }
    own(&to, entry)?;
    // The content is worth more than these.
    let _ = extended::copy(&from, &to);
    // As everywhere: a rename without it could leave an empty file after a power cut.
    to.sync_all()
}

fn kind_of(kind: &str) -> FileType {
    match kind {
        "fifo" => FileType::Fifo,
        "socket" => FileType::Socket,
        "character-device" => FileType::CharacterDevice,
        "block-device" => FileType::BlockDevice,
        _ => FileType::Unknown,
    }
}

//! What is in a folder: every path with its kind, content, mode and owner.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::tree::Tree;
use super::{Work, failed, pool, text};
use crate::error::EngineError;
use crate::faults::Faults;
use crate::store::atomic;

/// How large a manifest's file may be: some two million files.
const MAX_BYTES: usize = 512 * 1024 * 1024;

/// What is in a folder, the folder itself (the empty path) included.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Manifest {
    /// By name, as bytes: a folder comes before what is in it.
    pub(super) entries: BTreeMap<OsString, Entry>,
}

/// One path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is.
    pub node: Node,
    /// Permissions, set-id and sticky bits.
    pub mode: u32,
    /// Its owner.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// When it was last written to; kept by a copy, but no part of the digest nor of a comparison.
    pub modified: Time,
    /// How a twin holds it; no part of the digest nor of a comparison.
    pub held: Held,
}

/// What a path is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A regular file.
    File {
        /// Of its content.
        sha256: [u8; 32],
        /// In bytes.
        size: u64,
    },
    /// A symbolic link.
    Link {
        /// Where it leads, whether that is there or not.
        target: OsString,
    },
    /// A folder.
    Folder,
    /// Something that has no content to keep: `fifo`, `socket`, `character-device`,
    /// `block-device`, `unknown`.
    Other(&'static str),
}

/// A point in time, as a file system tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Time {
    /// Since 1970.
    pub seconds: i64,
    /// Beyond the seconds.
    pub nanoseconds: u32,
}

/// How a twin holds a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Held {
    /// This manifest is not of a twin.
    #[default]
    Not,
    /// By a hard link: a write into the original writes into the twin.
    Link,
    /// As its own copy.
    Own,
    /// As its own copy, whose owner or group could not be kept.
    OtherOwner,
}

/// Which paths differ between two manifests.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// Only in the other one.
    pub added: Vec<PathBuf>,
    /// Only in this one.
    pub removed: Vec<PathBuf>,
    /// In both, but not the same.
    pub changed: Vec<PathBuf>,
}

impl Difference {
    /// Whether nothing differs.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

impl Entry {
    /// Whether two entries are of the same content, kind, mode and owner.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        (&self.node, self.mode, self.uid, self.gid)
            == (&other.node, other.mode, other.uid, other.gid)
    }
}

impl Manifest {
    /// Reads a whole folder; links in it are not followed.
    ///
    /// # Errors
    /// Something in it cannot be read, it is no folder, or somebody asked to stop.
    pub fn of(folder: &Path, work: &Work<'_>) -> Result<Self, EngineError> {
        let tree = Tree::open(folder)?;
        let found = tree.walk(work)?;
        let entries = pool::each(&found, |found, buffer| {
            let path = tree.full(&found.name);
            work.go_on("reading", &path)?;
            if let Some(closed) = &found.closed {
                return Err(failed("reading", &path)(super::again(closed)));
            }
            let mut entry = tree.entry(found).map_err(failed("reading", &path))?;
            if let Node::File { sha256, size } = &mut entry.node {
                (*sha256, *size) = tree
                    .hash(&found.name, buffer)
                    .map_err(failed("reading", &path))?;
            }
            Ok(entry)
        })?;
        let names = found.into_iter().map(|found| found.name);
        Ok(Self {
            entries: names.zip(entries).collect(),
        })
    }

    /// The hash of the folder: the SHA-256 of the manifest's text, without times and without how
    /// a twin holds a path, in hexadecimal digits.
    #[must_use]
    pub fn digest(&self) -> String {
        text::hex(&Sha256::digest(text::comparable(self)).into())
    }

    /// Every path but the folder itself, which is `.`, sorted.
    pub fn entries(&self) -> impl Iterator<Item = (&Path, &Entry)> {
        self.entries
            .iter()
            .map(|(name, entry)| (shown(name), entry))
    }

    /// One path's entry; `.` is the folder itself.
    #[must_use]
    pub fn get(&self, path: &Path) -> Option<&Entry> {
        let name = path.as_os_str();
        self.entries
            .get(if name == "." { OsStr::new("") } else { name })
    }

    /// What is neither file nor folder nor link, for a report.
    pub fn others(&self) -> impl Iterator<Item = (&Path, &'static str)> {
        self.entries().filter_map(|(path, entry)| match entry.node {
            Node::Other(kind) => Some((path, kind)),
            _ => None,
        })
    }

    /// What a twin could not keep the owner of, for a report.
    pub fn other_owners(&self) -> impl Iterator<Item = &Path> {
        self.entries()
            .filter(|(_, entry)| entry.held == Held::OtherOwner)
            .map(|(path, _)| path)
    }

    /// Which paths differ from those of `other`, a later state.
    #[must_use]
    pub fn difference(&self, other: &Self) -> Difference {
        let path = |name: &OsString| shown(name).to_owned();
        let mut difference = Difference::default();
        for (name, entry) in &self.entries {
            match other.entries.get(name) {
                None => difference.removed.push(path(name)),
                Some(found) if !entry.is_like(found) => difference.changed.push(path(name)),
                Some(_) => {}
            }
        }
        let new = other.entries.keys();
        difference.added = new
            .filter(|name| !self.entries.contains_key(*name))
            .map(path)
            .collect();
        difference
    }

    /// Writes the manifest, wholly and durably.
    ///
    /// # Errors
    /// As [`atomic::write()`].
    pub fn write(&self, path: &Path, faults: &Faults) -> Result<(), EngineError> {
        atomic::write(path, &text::whole(self), faults)
    }

    /// Reads a manifest; `None` when there is none.
    ///
    /// # Errors
    /// It cannot be read, or is damaged; [`atomic::is_unusable`] tells these apart.
    pub fn read(path: &Path) -> Result<Option<Self>, EngineError> {
        let Some(bytes) = atomic::read_bounded(path, MAX_BYTES)? else {
            return Ok(None);
        };
        text::parse(&bytes)
            .map(Some)
            .map_err(failed("reading the manifest", path))
    }
}

/// A name as people see it.
pub(super) fn shown(name: &OsStr) -> &Path {
    Path::new(super::tree::part(name))
}

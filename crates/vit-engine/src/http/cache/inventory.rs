//! What stands in the cache folder, as a list. Only files whose names are ours are on it, so that
//! nothing else can be removed, whatever folder `VIT_CACHE_DIR` names; links are not followed.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::entry::{self, Entry};
use super::limits::{self, Limit};
use super::{Cache, blobs, derived, is_hash};

/// A file in the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct File {
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    /// When it was written, by the file system's clock.
    pub(super) written: Timestamp,
}

/// What a small file holds.
#[derive(Debug)]
pub(crate) enum State<T> {
    Whole(T),
    /// Of a newer `vit`.
    Newer,
    Damaged,
}

/// Everything in the cache.
#[derive(Debug, Default)]
pub(crate) struct Inventory {
    pub(crate) entries: Vec<(File, State<Box<Entry>>)>,
    /// Bodies by their hashes.
    pub(crate) blobs: BTreeMap<String, File>,
    pub(super) derived: Vec<File>,
    pub(crate) limits: Vec<(File, State<Limit>)>,
    /// What killed processes left.
    pub(super) temporary: Vec<File>,
}

impl Inventory {
    /// Bytes of all files.
    pub(crate) fn bytes(&self) -> u64 {
        let entries = self.entries.iter().map(|(file, _)| file);
        let limits = self.limits.iter().map(|(file, _)| file);
        entries
            .chain(limits)
            .chain(self.blobs.values())
            .chain(&self.derived)
            .chain(&self.temporary)
            .map(|file| file.bytes)
            .fold(0, u64::saturating_add)
    }

    /// The answers that can be used.
    pub(crate) fn answers(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter_map(|(_, state)| match state {
            State::Whole(entry) => Some(&**entry),
            State::Newer | State::Damaged => None,
        })
    }
}

impl Cache<'_> {
    /// Lists what is there. A folder that cannot be read is an empty one.
    pub(crate) fn inventory(self) -> Inventory {
        let mut found = Inventory::default();
        for file in self.files(entry::FOLDER, 64, &mut found.temporary) {
            let state = match entry::read(&file.path, &name(&file.path)) {
                entry::Read::Whole(entry) => State::Whole(entry),
                entry::Read::Newer => State::Newer,
                entry::Read::Damaged | entry::Read::Absent => State::Damaged,
            };
            found.entries.push((file, state));
        }
        for shard in shards(&self.root.join(blobs::FOLDER)) {
            let folder = format!("{}/{shard}", blobs::FOLDER);
            for file in self.files(&folder, 62, &mut found.temporary) {
                let hash = format!("{shard}{}", name(&file.path));
                found.blobs.insert(hash, file);
            }
        }
        found.derived = self.files(derived::FOLDER, 64, &mut found.temporary);
        for file in self.files(limits::FOLDER, 64, &mut found.temporary) {
            let state = limits::read(&file.path);
            found.limits.push((file, state));
        }
        found
    }

    /// The files of a folder whose names are so many digits of a hash, sorted; those that were
    /// never finished go to `temporary`.
    fn files(self, folder: &str, digits: usize, temporary: &mut Vec<File>) -> Vec<File> {
        let mut files = Vec::new();
        for entry in fs::read_dir(self.root.join(folder))
            .into_iter()
            .flatten()
            .flatten()
        {
            let Some(file) = file(&entry.path()) else {
                continue;
            };
            let name = name(&file.path);
            if is_digits(&name, digits) {
                files.push(file);
            } else if is_temporary(&name, digits) {
                temporary.push(file);
            }
        }
        files.sort_by(|a, b| a.path.cmp(&b.path));
        files
    }
}

/// Whether a name is that of a file that `atomic` is about to finish.
fn is_temporary(name: &str, digits: usize) -> bool {
    name.strip_prefix('.')
        .and_then(|name| name.strip_suffix(".vit-tmp"))
        .and_then(|name| name.split_once('.'))
        .is_some_and(|(name, _)| is_digits(name, digits))
}

fn is_digits(name: &str, digits: usize) -> bool {
    name.len() == digits && is_hash(&format!("{name}{}", "0".repeat(64 - digits)))
}

fn shards(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| is_digits(name, 2))
        .collect();
    names.sort();
    names
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

/// A file, or a link as such; folders are none.
fn file(path: &Path) -> Option<File> {
    let metadata = fs::symlink_metadata(path).ok()?;
    (!metadata.is_dir()).then(|| File {
        path: path.to_owned(),
        bytes: metadata.len(),
        written: Timestamp::from_second(metadata.mtime()).unwrap_or(Timestamp::UNIX_EPOCH),
    })
}

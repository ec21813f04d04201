//! What is removed: once a day what is old or too much, and with `vit cache clean` what a person
//! wants gone. What is removed is chosen without touching anything.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::inventory::{File, Inventory, State};
use super::sealed::{self, Sealed};
use super::{Cache, MAX_HEAD_BYTES};
use crate::error::EngineError;
use crate::store::atomic;

/// The bytes that the cache may have, once it was tidied.
pub(crate) const MAX_BYTES: u64 = 256 * 1024 * 1024;
/// How long an answer is kept that no server has confirmed since.
const MAX_AGE: SignedDuration = SignedDuration::from_hours(24 * 90);
/// How old a file must be that nothing refers to: another process may be about to.
const GRACE: SignedDuration = SignedDuration::from_hours(1);
const FILE: &str = "tidied";
const FORMAT: u64 = 1;

/// Which files go.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rule {
    /// Those older than this; all where it is absent.
    pub(crate) older_than: Option<SignedDuration>,
    /// The oldest, until no more bytes than this are left.
    pub(crate) max_bytes: u64,
}

/// What was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Removed {
    pub(crate) entries: usize,
    pub(crate) files: usize,
    pub(crate) bytes: u64,
    /// Files that could not be.
    pub(crate) failed: usize,
}

#[derive(Serialize, Deserialize)]
struct Tidied {
    format: u64,
    at: Timestamp,
}

impl Cache<'_> {
    /// Removes what is old or too much, where that was not done today.
    pub(super) fn tidy(self, now: Timestamp) -> Result<(), EngineError> {
        let path = self.root.join(FILE);
        let known = atomic::read_bounded(&path, MAX_HEAD_BYTES)
            .ok()
            .flatten()
            .map(|bytes| sealed::open::<Tidied>(&bytes, FORMAT));
        match known {
            // A time that is still to come is that of a clock that was wrong.
            Some(Sealed::Whole(Tidied { at, .. }, _))
                if now.duration_since(at).abs() < SignedDuration::from_hours(24) =>
            {
                return Ok(());
            }
            // A newer `vit` keeps this folder in order.
            Some(Sealed::Newer) => return Ok(()),
            Some(Sealed::Whole(..) | Sealed::Damaged) | None => {}
        }
        // First, so that a process beside us does not do the same work.
        let tidied = Tidied {
            format: FORMAT,
            at: now,
        };
        atomic::write(&path, &sealed::seal(&tidied), self.faults)?;
        let rule = Rule {
            older_than: Some(MAX_AGE),
            max_bytes: MAX_BYTES,
        };
        self.remove(now, rule);
        Ok(())
    }

    /// Removes what a rule says, going on past what cannot be removed.
    pub(crate) fn remove(self, now: Timestamp, rule: Rule) -> Removed {
        let inventory = self.inventory();
        let mut removed = Removed::default();
        for (file, is_entry) in chosen(&inventory, now, rule) {
            match fs::remove_file(&file.path) {
                Ok(()) => {
                    removed.files += 1;
                    removed.entries += usize::from(is_entry);
                    removed.bytes = removed.bytes.saturating_add(file.bytes);
                }
                // Another process was faster.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(_) => removed.failed += 1,
            }
        }
        removed
    }
}

/// The files that go, and whether each is an answer. Entries come before their bodies, so that
/// none is left that names a body which is gone.
fn chosen(inventory: &Inventory, now: Timestamp, rule: Rule) -> Vec<(&File, bool)> {
    let all = rule.older_than.is_none();
    let limit = rule.older_than.unwrap_or(SignedDuration::ZERO);
    // By our own clock: what is to come was noted when that was wrong, by as much.
    let unconfirmed = |time: Timestamp| all || now.duration_since(time).abs() > limit;
    // By the clock of the file system, which may be a server's: what is to come is being written.
    let old = |file: &File, limit: SignedDuration| all || now.duration_since(file.written) > limit;
    let mut gone: Vec<(&File, bool)> = Vec::new();
    let mut left: Vec<Left<'_>> = Vec::new();
    let mut newer = false;
    for (file, state) in &inventory.entries {
        match state {
            State::Whole(entry) if !unconfirmed(entry.asked) => left.push(Left {
                time: entry.asked,
                file,
                blob: Some(&entry.blob),
            }),
            State::Newer if !old(file, limit.max(MAX_AGE)) => newer = true,
            State::Whole(_) | State::Newer => gone.push((file, true)),
            State::Damaged => gone.push((file, false)),
        }
    }
    for file in &inventory.derived {
        if old(file, limit) {
            gone.push((file, false));
        } else {
            left.push(Left {
                time: file.written,
                file,
                blob: None,
            });
        }
    }
    let limits = inventory.limits.iter().filter(|(file, state)| match state {
        // What a server forbids is no matter of age: it would be asked too early.
        State::Whole(limit) => !limit.holds(now),
        State::Newer => old(file, SignedDuration::from_hours(48)),
        State::Damaged => true,
    });
    gone.extend(limits.map(|(file, _)| (file, false)));
    let temporary = inventory.temporary.iter();
    gone.extend(
        temporary
            .filter(|file| old(file, GRACE))
            .map(|file| (file, false)),
    );
    let kept = too_much(inventory, left, rule.max_bytes, &mut gone);
    // A newer entry may name bodies that we know nothing of.
    let grace = if newer { MAX_AGE } else { GRACE };
    let chosen: BTreeSet<&Path> = gone.iter().map(|(file, _)| file.path.as_path()).collect();
    let strays = inventory.blobs.iter().filter(|(hash, file)| {
        !kept.contains(hash.as_str()) && !chosen.contains(file.path.as_path()) && old(file, grace)
    });
    let strays: Vec<_> = strays.map(|(_, file)| (file, false)).collect();
    gone.extend(strays);
    gone
}

/// An entry or derived document that may stay.
struct Left<'a> {
    time: Timestamp,
    file: &'a File,
    blob: Option<&'a str>,
}

/// Chooses the oldest of what is left until the rest is small enough; gives the bodies that the
/// rest needs.
fn too_much<'a>(
    inventory: &'a Inventory,
    mut left: Vec<Left<'a>>,
    max_bytes: u64,
    gone: &mut Vec<(&'a File, bool)>,
) -> BTreeSet<&'a str> {
    let mut users: BTreeMap<&str, usize> = BTreeMap::new();
    for blob in left.iter().filter_map(|it| it.blob) {
        *users.entry(blob).or_default() += 1;
    }
    let size = |hash: &str| inventory.blobs.get(hash).map_or(0, |file| file.bytes);
    let mut bytes: u64 = left.iter().map(|it| it.file.bytes).sum();
    bytes += users.keys().map(|hash| size(hash)).sum::<u64>();
    left.sort_by_key(|it| it.time);
    for it in left {
        if bytes <= max_bytes {
            break;
        }
        bytes = bytes.saturating_sub(it.file.bytes);
        gone.push((it.file, it.blob.is_some()));
        let Some(hash) = it.blob else { continue };
        let count = users.entry(hash).or_default();
        *count = count.saturating_sub(1);
        if *count == 0 {
            users.remove(hash);
            bytes = bytes.saturating_sub(size(hash));
            gone.extend(inventory.blobs.get(hash).map(|file| (file, false)));
        }
    }
    users.into_keys().collect()
}

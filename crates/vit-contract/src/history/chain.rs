//! The hash chain over history entries, and what retention leaves of it.
//!
//! An entry's hash is SHA-256 over its compact JSON with sorted keys and without `hash`. The
//! chain finds edits, reorders and deletions in the middle; it has no key, so it does not stop
//! somebody who computes it anew, and a deletion at the end is seen only by the journal.

use serde_json::Value;

use super::{Entry, Gap, History, Outcome};
use crate::digest;

/// The first entry whose hash, or whose link to the entry before, is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {index} ({id}): {what}")]
pub struct Broken {
    /// Its place, from 0.
    pub index: usize,
    /// Its id.
    pub id: String,
    /// What does not agree.
    pub what: String,
}

/// Links `entry` to `previous` and computes its hash.
#[must_use]
pub fn seal(mut entry: Entry, previous: Option<&Entry>) -> Entry {
    // What is hashed must be what a reader gets back: milliseconds survive being written and
    // read exactly, every digit of a float does not.
    entry.duration = milliseconds(entry.duration);
    entry.smoke_tests_duration = milliseconds(entry.smoke_tests_duration);
    entry.previous_hash = previous.map_or_else(none, link);
    entry.hash = hash(&entry);
    entry
}

/// Checks every hash and link. Entries of the wild, which have no hash, may stand before the
/// first that has one, never after it.
///
/// # Errors
/// The first entry that does not agree.
pub fn verify(history: &History) -> Result<(), Broken> {
    let mut previous: Option<&Entry> = None;
    for (index, entry) in history.history.iter().enumerate() {
        let broken = |what: &str| {
            Err(Broken {
                index,
                id: entry.id.clone(),
                what: what.to_owned(),
            })
        };
        if is_sealed(entry) {
            if hash(entry) != entry.hash {
                return broken("its content does not have its hash");
            }
            // What stood before the first entry of the file is gone by retention.
            let linked = previous.is_none_or(|previous| {
                let from = link(previous);
                from == entry.previous_hash
                    || history
                        .gaps
                        .iter()
                        .any(|gap| gap.from == from && gap.to == entry.previous_hash)
            });
            if !linked {
                return broken("it does not follow the entry before it");
            }
        } else if !entry.hash.is_empty() || !entry.previous_hash.is_empty() {
            return broken("it has only one of `hash` and `previous_hash`");
        } else if previous.is_some_and(is_sealed) {
            return broken("it has no hash, and the entry before it has one");
        }
        previous = Some(entry);
    }
    Ok(())
}

/// Drops entries until `keep` are left (at least one), and says how many it dropped.
///
/// What outlives what: the newest, the last success, the first, failures (newest first),
/// routine successes (newest first). A gap stands for what is dropped between two entries, so
/// that the chain still shows what is missing and that retention took it.
pub fn prune(history: &mut History, keep: usize) -> usize {
    let entries = std::mem::take(&mut history.history);
    let total = entries.len();
    let kept = choose(&entries, keep.max(1));
    let gaps = std::mem::take(&mut history.gaps);
    let mut open: Option<Gap> = None;
    for (index, entry) in entries.into_iter().enumerate() {
        if is_sealed(&entry) {
            // A gap of an earlier pruning, right before this entry, becomes part of this one.
            let earlier = gaps.iter().find(|gap| gap.to == entry.previous_hash);
            if let Some(earlier) = earlier {
                let gap = open.get_or_insert_with(|| Gap {
                    count: 0,
                    ..earlier.clone()
                });
                gap.to.clone_from(&earlier.to);
                gap.count += earlier.count;
            }
        }
        if kept[index] {
            if let Some(gap) = open.take()
                && !history.history.is_empty()
            {
                history.gaps.push(gap);
            }
            history.history.push(entry);
        } else if is_sealed(&entry) {
            let gap = open.get_or_insert_with(|| Gap {
                from: entry.previous_hash.clone(),
                to: String::new(),
                count: 0,
            });
            gap.to.clone_from(&entry.hash);
            gap.count += 1;
        }
    }
    total - history.history.len()
}

/// Which entries stay.
fn choose(entries: &[Entry], keep: usize) -> Vec<bool> {
    let good = |entry: &Entry| entry.status == Outcome::Success;
    let last_good = entries.iter().rposition(good);
    let rank = |index: usize| match index {
        _ if index + 1 == entries.len() => 0,
        _ if Some(index) == last_good => 1,
        0 => 2,
        _ if !good(&entries[index]) => 3,
        _ => 4,
    };
    let mut order: Vec<usize> = (0..entries.len()).collect();
    order.sort_by_key(|&index| (rank(index), usize::MAX - index));
    let mut kept = vec![false; entries.len()];
    for index in order.into_iter().take(keep) {
        kept[index] = true;
    }
    kept
}

fn is_sealed(entry: &Entry) -> bool {
    !entry.hash.is_empty() && !entry.previous_hash.is_empty()
}

/// What the next entry names as its previous hash.
fn link(entry: &Entry) -> String {
    if is_sealed(entry) {
        entry.hash.clone()
    } else {
        none()
    }
}

fn none() -> String {
    "0".repeat(64)
}

fn milliseconds(seconds: Option<f64>) -> Option<f64> {
    seconds
        .filter(|seconds| seconds.is_finite() && seconds.abs() < 1e9)
        .map(|seconds| (seconds * 1000.0).round() / 1000.0)
}

fn hash(entry: &Entry) -> String {
    let mut value = serde_json::to_value(entry).expect("an entry is plain data");
    if let Value::Object(object) = &mut value {
        object.shift_remove("hash");
    }
    value.sort_all_objects();
    digest::sha256(value.to_string().as_bytes())
}

//! What the failure of a release is bound to: as long as none of it changes, the release would
//! fail again, and is not offered.

use std::collections::BTreeMap;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use vit_contract::digest::sha256;
use vit_contract::output::QuarantinedRelease;
use vit_contract::release::Release;

use super::{Facts, environment};
use crate::compat::Vertical;
use crate::context::Context;
use crate::error::EngineError;
use crate::exec::quarantine::from_journal;
use crate::steps::vertical_files;
use crate::store::quarantine::{self, Entry, Key, Quarantine};

/// What the part of a key is called that the release's metadata gives.
const RELEASE_METADATA: &str = "release metadata";
/// The largest file of an untracked vertical whose content counts; of larger ones, size and time.
const MAX_FILE_BYTES: u64 = 8 * 1024 * 1024;
/// How much of an untracked vertical is read, in bytes; past it, sizes and times count.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Of how many releases it is looked whether they are still kept back: each takes a look at trees.
const LOOKED_AT: usize = 8;

/// A release in quarantine, and what has changed since it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// What is remembered of it.
    pub entry: Entry,
    /// The names of what has changed: with any, it may be tried again.
    pub changed: Vec<String>,
}

impl Quarantined {
    /// Whether it is kept back.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.changed.is_empty()
    }
}

/// What a key is made from.
#[derive(Clone, Copy)]
pub struct Bound<'a> {
    /// The release's commit.
    pub commit: &'a str,
    /// SHA-256 of its metadata, where that is known.
    pub metadata: Option<&'a str>,
    /// The tree that the installation lands on.
    pub tree: &'a str,
    /// The verticals there.
    pub verticals: &'a [Vertical],
}

/// The releases in quarantine; where the file is damaged, those that the journal tells of.
///
/// # Errors
/// Neither can be read.
pub fn load(
    cx: &Context<'_>,
    problems: &mut Vec<vit_contract::problem::Problem>,
) -> Result<Quarantine, EngineError> {
    let (found, damage) = quarantine::load(&cx.site.state_dir)?;
    problems.extend(damage);
    match found {
        Some(found) => Ok(found),
        None => from_journal(&cx.site.state_dir),
    }
}

/// The same as reports show it, the last failure first.
#[must_use]
pub fn listed(quarantine: &Quarantine) -> Vec<QuarantinedRelease> {
    let of = |entry: &Entry| QuarantinedRelease {
        version: entry.version.clone(),
        times: entry.times,
        last: entry.last,
        transaction: entry.transaction.clone(),
        by_hand: entry.by_hand,
        cause: entry.cause.clone(),
        lifted_by: Vec::new(),
    };
    quarantine.releases.iter().rev().map(of).collect()
}

/// The same, and what has changed since the last failures, as far as that can be told without
/// asking anybody.
#[must_use]
pub fn looked_at(cx: &Context<'_>, quarantine: &Quarantine) -> Vec<QuarantinedRelease> {
    let mut list = listed(quarantine);
    if list.is_empty() {
        return list;
    }
    // What stands against looking is a problem of its own, and told as one.
    let Ok(facts) = Facts::gather(cx, true) else {
        return list;
    };
    if facts.current.pins.is_some() {
        // To know where that would land takes a resolver.
        return list;
    }
    for shown in list.iter_mut().take(LOOKED_AT) {
        let mut releases = facts.listing.releases.iter();
        let of = |release: &&Release| release.version == shown.version;
        // One that is not here would have to be fetched.
        let release = releases
            .find(of)
            .filter(|release| release.commit.is_some() && release.tree.is_some());
        let target = release.and_then(|release| facts.target(cx, release, false).ok());
        if let Some(known) = target.and_then(|target| target.quarantined) {
            shown.lifted_by = known.changed;
        }
    }
    list
}

/// The parts that a failure is bound to, by name.
///
/// # Errors
/// Git failed, or a vertical's folder cannot be read.
pub fn key(cx: &Context<'_>, bound: Bound<'_>) -> Result<Key, EngineError> {
    let mut key = Key::from([
        ("release commit".to_owned(), bound.commit.to_owned()),
        ("settings".to_owned(), settings(cx)),
        ("Python environment".to_owned(), environment(cx)),
    ]);
    if let Some(metadata) = bound.metadata {
        key.insert(RELEASE_METADATA.to_owned(), metadata.to_owned());
    }
    let trees = subtrees(cx, bound.tree, bound.verticals)?;
    for vertical in bound.verticals {
        let name = vertical.name();
        key.insert(
            format!("vertical {name}: manifest"),
            vertical.sha256.clone(),
        );
        let files = match trees.get(vertical.root.as_str()) {
            Some(tree) => tree.clone(),
            None => untracked(cx, &vertical.root)?,
        };
        key.insert(format!("vertical {name}: files"), files);
    }
    Ok(key)
}

/// That the release's metadata could not be read now is no change since it failed.
pub(super) fn metadata_unknown(key: &mut Key, entry: &Entry) {
    if let Some((name, value)) = entry.key.get_key_value(RELEASE_METADATA) {
        key.insert(name.clone(), value.clone());
    }
}

/// SHA-256 over the settings in force, the installation's own steps among them.
fn settings(cx: &Context<'_>) -> String {
    sha256(&serde_json::to_vec(&cx.site.settings).unwrap_or_default())
}

/// The subtree of every tracked vertical, by its root; of the one at the top, the tree itself.
fn subtrees<'v>(
    cx: &Context<'_>,
    tree: &str,
    verticals: &'v [Vertical],
) -> Result<BTreeMap<&'v str, String>, EngineError> {
    let (top, below): (Vec<&str>, Vec<&str>) = verticals
        .iter()
        .filter(|vertical| vertical.tracked)
        .map(|vertical| vertical.root.as_str())
        .partition(|root| root.is_empty());
    let mut found: BTreeMap<&str, String> = top
        .into_iter()
        .map(|root| (root, tree.to_owned()))
        .collect();
    if below.is_empty() {
        return Ok(found);
    }
    let listing = cx.git.ls_tree(tree, &below, false)?;
    for root in below {
        if let Some(entry) = listing.iter().find(|entry| entry.path == Path::new(root)) {
            found.insert(root, entry.oid.clone());
        }
    }
    Ok(found)
}

/// A digest over the files of a vertical that git does not track. What git is told to ignore in
/// it (logs, caches) does not count, unless all of it is ignored. At the installation's root only
/// the smoke test is a vertical's own.
fn untracked(cx: &Context<'_>, root: &str) -> Result<String, EngineError> {
    let folder = if root.is_empty() { "smoke_tests" } else { root };
    if !cx.site.root.join(folder).is_dir() {
        return Ok(sha256(b""));
    }
    let inventory = vertical_files::inventory(&cx.site.root, folder)?;
    let counted: std::collections::BTreeSet<PathBuf> =
        cx.git.untracked_in(folder)?.into_iter().collect();
    let mut text = Vec::new();
    let mut read = 0;
    for path in &inventory.paths {
        if !counted.is_empty() && !counted.contains(path) {
            continue;
        }
        text.extend_from_slice(path.as_os_str().as_bytes());
        text.push(0);
        text.extend(file(&cx.site.root.join(path), &mut read).into_bytes());
        text.push(b'\n');
    }
    Ok(sha256(&text))
}

/// A file in a line: mode and content; size and time where it is too large to be read.
fn file(path: &Path, read: &mut u64) -> String {
    let Ok(found) = std::fs::symlink_metadata(path) else {
        return "gone".to_owned();
    };
    if found.is_symlink() {
        let target = std::fs::read_link(path).unwrap_or_default();
        return format!("link {}", sha256(target.as_os_str().as_bytes()));
    }
    let mode = found.mode() & 0o111;
    *read = read.saturating_add(found.len());
    if found.len() > MAX_FILE_BYTES || *read > MAX_BYTES {
        return format!("{mode:o} {} bytes of {}", found.len(), found.mtime());
    }
    match std::fs::read(path) {
        Ok(bytes) => format!("{mode:o} {}", sha256(&bytes)),
        Err(error) => format!("{mode:o} {}", error.kind()),
    }
}

/// What tells one Python environment from another: its interpreter and what is installed.
fn environment(cx: &Context<'_>) -> String {
    environment::folder(cx)
        .map_or_else(|| "none".to_owned(), |path| environment::fingerprint(&path))
}

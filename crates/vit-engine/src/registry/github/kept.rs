//! The last answer of the API, as little as is needed of it, so that a second look costs one small
//! file and not every page again.

use std::collections::BTreeSet;
use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use vit_contract::digest;
use vit_contract::problem::Problem;

use super::repository::Repository;
use super::wire::{Entry, Page};
use crate::context::Context;
use crate::store::atomic;
use crate::store::folder::Folder;

const FILE_NAME: &str = "github.json";
const FORMAT_VERSION: u32 = 1;
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// What the API said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    format_version: u32,
    /// Of which repository.
    repository: String,
    /// When the first page was last asked for with success.
    pub(super) asked: Timestamp,
    /// When all pages were.
    pub(super) pages_asked: Timestamp,
    /// SHA-256 of the first page.
    first: String,
    /// The releases, in the order of the API.
    pub(super) entries: Vec<Entry>,
    /// Tags of releases that are named after no version.
    pub(super) ignored: BTreeSet<String>,
    /// What was noticed of the list itself.
    pub(super) problems: Vec<Problem>,
}

impl Kept {
    /// An answer of now.
    pub(super) fn new(
        cx: &Context<'_>,
        repository: &Repository,
        first: &[u8],
        pages: Vec<Page>,
    ) -> Self {
        let now = cx.clock.now();
        let mut kept = Self {
            format_version: FORMAT_VERSION,
            repository: repository.to_string(),
            asked: now,
            pages_asked: now,
            first: digest::sha256(first),
            entries: Vec::new(),
            ignored: BTreeSet::new(),
            problems: Vec::new(),
        };
        // What is published between two pages moves the last of one to the next.
        let mut seen = BTreeSet::new();
        for page in pages {
            let new = page.entries.into_iter();
            kept.entries
                .extend(new.filter(|entry| seen.insert(entry.tag.clone())));
            kept.ignored.extend(page.ignored);
            kept.problems.extend(page.problems);
        }
        kept
    }

    /// The same, where the first page is what it was.
    pub(super) fn confirmed(&self, cx: &Context<'_>) -> Self {
        Self {
            asked: cx.clock.now(),
            ..self.clone()
        }
    }

    /// Whether this is the first page that it begins with.
    pub(super) fn begins_with(&self, first: &[u8]) -> bool {
        self.first == digest::sha256(first)
    }

    /// The last answer of this repository, where it was kept and can be read.
    pub(super) fn read(cx: &Context<'_>, repository: &Repository) -> Option<Self> {
        let bytes = atomic::read_bounded(&path(cx), MAX_BYTES).ok()??;
        let kept: Self = serde_json::from_slice(&bytes).ok()?;
        let ours = kept.format_version == FORMAT_VERSION
            && kept.repository == repository.to_string();
        ours.then_some(kept)
    }

    /// Keeps it. A failure is not reported: what cannot be kept is asked for again.
    pub(super) fn keep(&self, cx: &Context<'_>) {
        if newer_format(cx) {
            return;
        }
        if let Ok(bytes) = serde_json::to_vec(self)
            && bytes.len() <= MAX_BYTES
            && Folder::state(cx.site).ensure().is_ok()
        {
            let _ = atomic::write(&path(cx), &bytes, cx.faults);
        }
    }
}

/// Whether a newer `vit` keeps its answers here.
fn newer_format(cx: &Context<'_>) -> bool {
    #[derive(Deserialize)]
    struct Version {
        format_version: u32,
    }
    let bytes = atomic::read_bounded(&path(cx), MAX_BYTES).ok().flatten();
    bytes
        .and_then(|bytes| serde_json::from_slice::<Version>(&bytes).ok())
        .is_some_and(|found| found.format_version > FORMAT_VERSION)
}

/// Whether `then` is not longer ago than `span`; a time to come is none that can be trusted.
pub(super) fn within(cx: &Context<'_>, then: Timestamp, span: SignedDuration) -> bool {
    let age = cx.clock.now().duration_since(then);
    !age.is_negative() && age <= span
}

fn path(cx: &Context<'_>) -> PathBuf {
    cx.site.state_dir.join(FILE_NAME)
}

//! The last answer of the API, as little as is needed of it, so that a second look costs one small
//! document and not every page again. It stands in the cache, for all installations of a user.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use vit_contract::problem::Problem;

use super::repository::Repository;
use super::wire::{Entry, Page};
use crate::context::Context;
use crate::http::{Client, Got};

/// The version of what is kept and of the code that reads pages.
const VERSION: u32 = 1;
/// It is bound to no body: it says itself of which first page it is, and when that was asked for.
const OF_ITSELF: [&str; 0] = [];

/// What the API said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// When the first page was last asked for with success.
    pub(super) asked: Timestamp,
    /// When somebody began to ask for all pages.
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
    /// An answer of now; `begun` says when it was begun to be asked for.
    pub(super) fn new(first: &Got, begun: Timestamp, pages: Vec<Page>) -> Self {
        let mut kept = Self {
            asked: first.asked,
            pages_asked: begun,
            first: first.hash.clone(),
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

    /// The same, where `first` is the page that it begins with.
    pub(super) fn confirmed(&self, first: &Got) -> Self {
        Self {
            asked: first.asked,
            ..self.clone()
        }
    }

    /// Whether this is the first page that it begins with.
    pub(super) fn begins_with(&self, first: &Got) -> bool {
        self.first == first.hash
    }

    /// The last answer of this repository, where it was kept and can be read.
    pub(super) fn read(cx: &Context<'_>, repository: &Repository) -> Option<Self> {
        let bytes = Client::new(cx).derived(&key(repository), &OF_ITSELF)?;
        serde_json::from_slice(&bytes).ok()
    }

    /// Keeps it. What cannot be kept is asked for again.
    pub(super) fn keep(&self, cx: &Context<'_>, repository: &Repository) {
        if let Ok(bytes) = serde_json::to_vec(self) {
            Client::new(cx).keep_derived(&key(repository), &OF_ITSELF, &bytes);
        }
    }
}

fn key(repository: &Repository) -> String {
    let api = repository.api.base();
    format!("github listing {VERSION} of {repository} at {api}")
}

/// Whether `then` is not longer ago than `span`; a time to come is none that can be trusted.
pub(super) fn within(cx: &Context<'_>, then: Timestamp, span: SignedDuration) -> bool {
    let age = cx.clock.now().duration_since(then);
    !age.is_negative() && age <= span
}

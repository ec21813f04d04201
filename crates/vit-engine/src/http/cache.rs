//! Answers of servers, kept on disk: bodies under their hashes, and a small file a request that
//! says which body it was answered with, when, and how to ask whether that still holds.
//!
//! | file | module |
//! |---|---|
//! | the folder itself | `place` |
//! | `entries/<key>` | `entry`; which answers may be kept: `private` |
//! | `blobs/sha256/ab/cdef…` | `blobs` |
//! | `derived/<name>` | `derived` |
//! | `limits/<name>` | `limits` |
//! | `tidied` | `prune`, which chooses from what `inventory` lists; `report` for people |
//!
//! Nothing here is believed that does not bear its own hash, and nothing is lost with it: what is
//! damaged is removed and asked for again, and what cannot be written is not kept. Two processes
//! may work here at once without a lock: every file is replaced whole, and one that is gone is
//! one that was never there. No secret stands in a file or its name. This module sends nothing.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use vit_contract::problem::{Problem, Who};

use super::client::Request;
use super::token::Token;
use super::transport::Headers;
use crate::context::Context;
use crate::error::EngineError;
use crate::event::Event;
use crate::faults::Faults;
use crate::store::folder::Folder;

mod blobs;
mod derived;
pub(crate) mod entry;
mod inventory;
pub(crate) mod limits;
pub(crate) mod place;
pub(super) mod private;
mod prune;
pub(crate) mod report;
mod sealed;

use entry::{Entry, Found};

/// The largest head of a file, in bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Whether a text is a hash as we write it, and so no way out of a folder.
fn is_hash(text: &str) -> bool {
    text.len() == 64
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

/// What a process knows of the cache: where it is, once found, and what was said of it.
#[derive(Debug, Default)]
pub struct Kept {
    root: OnceLock<Option<PathBuf>>,
    told: AtomicBool,
    tidied: AtomicBool,
}

impl Kept {
    /// The cache of this run. Where there can be none it is said, once.
    pub(crate) fn open<'a>(cx: &'a Context<'_>) -> Option<Cache<'a>> {
        let root = cx.network.kept.root.get_or_init(|| {
            let place = place::find(cx.environment)
                .and_then(|place| place.ensure(cx.faults).map(|()| place));
            match place {
                Ok(place) => Some(place.path),
                Err(problem) => {
                    cx.reporter.report(Event::Noticed { problem: *problem });
                    None
                }
            }
        });
        root.as_deref().map(|root| Cache::new(root, cx.faults))
    }

    /// Tidies the cache, at most once a process and once a day.
    pub(crate) fn tidy(cx: &Context<'_>, cache: Cache<'_>) {
        if !cx.network.kept.tidied.swap(true, Ordering::Relaxed) {
            Self::tell(cx, cache.tidy(cx.clock.now()));
        }
    }

    /// Says, once, that something could not be kept: the answer is there all the same.
    pub(crate) fn tell(cx: &Context<'_>, result: Result<(), EngineError>) {
        let Err(error) = result else {
            return;
        };
        if cx.network.kept.told.swap(true, Ordering::Relaxed) {
            return;
        }
        let problem = Problem::new(
            vit_contract::code::Code::CacheUnusable,
            "cache",
            "an answer could not be kept: it will be asked for again",
        )
        .evidence(super::client::chain(&error))
        .hint(Who::You, "`vit cache info` says where the cache is");
        cx.reporter.report(Event::Noticed { problem });
    }
}

/// The cache folder at work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cache<'a> {
    root: &'a Path,
    faults: &'a Faults,
}

/// What is kept of a request.
#[derive(Debug)]
pub(crate) enum Held {
    /// An answer, whole.
    Whole(Box<Entry>, Vec<u8>),
    /// Nothing.
    Nothing,
    /// Something of a newer `vit`: what the server says now is not kept in its place.
    Newer,
}

impl<'a> Cache<'a> {
    /// A folder that was looked at.
    pub(crate) const fn new(root: &'a Path, faults: &'a Faults) -> Self {
        Self { root, faults }
    }

    /// Makes a folder in it, and refuses one that is not ours.
    fn ensure(self, folder: &str) -> Result<(), EngineError> {
        Folder::cache(self.root, &self.root.join(folder)).ensure()
    }

    /// What is kept of a request, its body compared with its hash.
    pub(crate) fn held(self, request: &Request) -> Held {
        let key = entry::key(request);
        match self.entry(&key) {
            Found::Whole(entry) if entry.length > request.limit as u64 => Held::Nothing,
            Found::Whole(entry) => {
                if let Some(body) = self.blob(&entry.blob, entry.length) {
                    return Held::Whole(entry, body);
                }
                self.forget(&key);
                Held::Nothing
            }
            Found::Nothing => Held::Nothing,
            Found::Newer => Held::Newer,
        }
    }

    /// What is kept of a request besides its body.
    pub(crate) fn entry_of(self, request: &Request) -> Option<Box<Entry>> {
        match self.entry(&entry::key(request)) {
            Found::Whole(entry) => Some(entry),
            Found::Nothing | Found::Newer => None,
        }
    }

    /// Keeps an answer, where it may be kept.
    pub(crate) fn keep(
        self,
        request: &Request,
        headers: &Headers,
        body: &[u8],
        asked: Timestamp,
    ) -> Result<(), EngineError> {
        match Entry::new(request, headers, body, asked) {
            Some(entry) => {
                self.write_blob(&entry.blob, body)?;
                self.write_entry(&entry)
            }
            None => {
                self.drop_answer(request);
                Ok(())
            }
        }
    }

    /// Notes that an answer holds at another time.
    pub(crate) fn holds(self, entry: &Entry) -> Result<(), EngineError> {
        self.write_entry(entry)
    }

    /// Forgets the answer to a request.
    pub(crate) fn drop_answer(self, request: &Request) {
        self.forget(&entry::key(request));
    }
}

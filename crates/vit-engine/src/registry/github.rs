//! Releases of a GitHub repository: the list from its API, the tags and commits through git.
//!
//! Three sources in this order: the API; git's own protocol, which no quota limits; what was kept.
//! Nothing here decides what a release is worth: a release is what its tag and its metadata say,
//! and the API's own flags (`prerelease`, `latest`) are not looked at, so that a release is the
//! same wherever it was listed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::SignedDuration;
use vit_contract::code::Code;
use vit_contract::output::Source;
use vit_contract::problem::Problem;
use vit_contract::release::Release;

use self::ask::Ask;
use self::kept::{Kept, within};
use super::answer::Answer;
use super::choice::Chosen;
use super::git::{GitRegistry, fetch_release};
use super::{Listing, Moved, Registry, no_release};
use crate::context::Context;
use crate::error::EngineError;
use crate::http::Token;
use crate::http::client::TTL;

mod ask;
mod assemble;
mod fallback;
mod hear;
mod kept;
mod metadata;
mod pages;
mod repository;
#[cfg(test)]
mod tests;
mod token;
mod wire;

pub(super) use repository::Repository;

/// How long the tags count while the first page stays as it is.
const TAGS_COUNT: SignedDuration = SignedDuration::from_hours(1);

/// The releases of a repository on GitHub.
pub(super) struct GithubRegistry {
    repository: Repository,
    remote: Chosen,
    git: GitRegistry,
    token: OnceLock<Option<Token>>,
    /// What was heard by this process: on a disk that cannot be written it is all there is.
    heard: Mutex<Option<Arc<Heard>>>,
    /// Whether git's answer is the one that counts in this process.
    by_git: AtomicBool,
}

/// What is known: of the API, and of the tags.
#[derive(Debug, Clone)]
struct Heard {
    api: Kept,
    tags: Option<Answer>,
}

impl Heard {
    /// Whether the tags are at least as new as the list: else a release may lack its tag only
    /// because that was pushed later. (The list is shared with other installations.)
    fn tags_are_new(&self) -> bool {
        let tags = self.tags.as_ref();
        tags.is_some_and(|tags| tags.fetched >= self.api.pages_asked)
    }

    /// Whether the tags count while the first page stays as it is.
    fn tags_count(&self, cx: &Context<'_>) -> bool {
        let tags = self.tags.as_ref();
        self.tags_are_new() && tags.is_some_and(|tags| within(cx, tags.fetched, TAGS_COUNT))
    }
}

/// How a listing came about.
#[derive(Default)]
struct How {
    stale: bool,
    cached: bool,
    problems: Vec<Problem>,
}

impl GithubRegistry {
    pub(super) fn new(repository: Repository, remote: Chosen) -> Self {
        Self {
            repository,
            git: GitRegistry::new(remote.clone()),
            remote,
            token: OnceLock::new(),
            heard: Mutex::default(),
            by_git: AtomicBool::new(false),
        }
    }

    fn asking<'a>(&'a self, cx: &'a Context<'a>) -> Ask<'a> {
        Ask::new(cx, &self.repository, &self.token)
    }

    /// What was heard before, by this process or an earlier one.
    fn known(&self, cx: &Context<'_>) -> Option<Arc<Heard>> {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        if heard.is_none() {
            *heard = Kept::read(cx, &self.repository).map(|api| {
                let tags = Answer::read(cx, &self.remote);
                Arc::new(Heard { api, tags })
            });
        }
        heard.clone()
    }

    fn remember(&self, cx: &Context<'_>, heard: Heard) -> Arc<Heard> {
        heard.api.keep(cx, &self.repository);
        let heard = Arc::new(heard);
        let mut last = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        *last = Some(Arc::clone(&heard));
        heard
    }

    fn listing(&self, cx: &Context<'_>, heard: &Heard, how: How) -> Result<Listing, EngineError> {
        let said = assemble::Said {
            entries: &heard.api.entries,
            tags: heard.tags.as_ref(),
            tags_are_new: heard.tags_are_new(),
        };
        let (releases, moved) = assemble::releases(cx, &said)?;
        self.git.note_moved(moved);
        let location = self.repository.to_string();
        let ignored = ignored(heard);
        if releases.is_empty() {
            return Err(no_release(
                &location,
                &format!("no release tag such as `v1.2.0` (tags of another form: {ignored})"),
            ));
        }
        let mut problems = how.problems;
        problems.extend(heard.api.problems.iter().cloned());
        Ok(Listing {
            releases,
            source: Source {
                kind: "github".to_owned(),
                location,
                fetched: heard.api.asked,
                stale: how.stale,
                ignored_tags: ignored,
                cached: how.cached,
                signed: false,
                requests: 0,
            },
            problems,
        })
    }
}

impl Registry for GithubRegistry {
    fn list(&self, cx: &Context<'_>, refresh: bool) -> Result<Listing, EngineError> {
        let before = cx.network.traffic.sent();
        let known = self.known(cx);
        if !refresh && self.by_git.load(Ordering::Relaxed) {
            return self.through_git(cx, None, known.as_deref());
        }
        let ttl = SignedDuration::try_from(TTL).unwrap_or_default();
        let young = known.as_ref().filter(|known| {
            let counts = known.tags_count(cx) && within(cx, known.api.asked, ttl);
            !refresh || (!cx.network.refresh && counts)
        });
        let mut listing = match young {
            Some(known) => {
                let how = How {
                    cached: true,
                    ..How::default()
                };
                self.listing(cx, known, how)?
            }
            None if refresh => self.ask(cx, known)?,
            None => self.git.list(cx, false)?,
        };
        listing.source.requests = cx.network.traffic.sent().saturating_sub(before);
        Ok(listing)
    }

    fn read(
        &self,
        cx: &Context<'_>,
        releases: &mut [Release],
        refresh: bool,
    ) -> Result<(), EngineError> {
        let known = self.known(cx);
        let entries: BTreeMap<&str, &wire::Entry> = known
            .iter()
            .flat_map(|known| &known.api.entries)
            .map(|entry| (entry.tag.as_str(), entry))
            .collect();
        let reader = metadata::Reader {
            cx,
            ask: self.asking(cx),
            remote: &self.remote,
            tags: known.as_ref().and_then(|known| known.tags.as_ref()),
            // An API that gave no list is not asked for files.
            refresh: refresh && !self.by_git.load(Ordering::Relaxed),
        };
        reader.read(&entries, releases)
    }

    fn fetch(&self, cx: &Context<'_>, release: &Release) -> Result<(), EngineError> {
        let fetched = fetch_release(cx, Some(&self.remote), release);
        // That the list knows it and no tag bears it says more than a fetch that failed.
        let untagged = release
            .problems
            .iter()
            .find(|p| p.code == Code::ObjectsMissing && !self.by_git.load(Ordering::Relaxed));
        match (fetched, untagged) {
            (Err(EngineError::Refused { summary, .. }), Some(problem)) => {
                Err(EngineError::Refused {
                    summary,
                    problems: vec![problem.clone()],
                })
            }
            (fetched, _) => fetched,
        }
    }

    fn moved(&self) -> Vec<Moved> {
        self.git.moved()
    }

    fn fetch_aside(&self, cx: &Context<'_>, tags: &[String]) -> Result<(), EngineError> {
        self.git.fetch_aside(cx, tags)
    }

    fn remote(&self) -> Option<&str> {
        self.remote.name()
    }
}

/// How many tags are no releases, of the API and of git together.
fn ignored(heard: &Heard) -> usize {
    let of_tags = heard.tags.as_ref().map_or(0, |tags| tags.ignored_tags);
    of_tags.max(heard.api.ignored.len())
}

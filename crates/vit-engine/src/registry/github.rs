//! Releases of a GitHub repository: the list from its API, the tags and commits through git.
//!
//! Three sources in this order: the API; git's own protocol, which no quota limits; what was kept.
//! Nothing here decides what a release is worth: a release is what its tag and its metadata say,
//! and the API's own flags (`prerelease`, `latest`) are not looked at, so that a release is the
//! same wherever it was listed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jiff::{SignedDuration, Timestamp};
use vit_contract::code::Code;
use vit_contract::output::Source;
use vit_contract::problem::{Problem, Who};
use vit_contract::release::Release;

use self::ask::{Ask, Failure};
use self::kept::{Kept, within};
use super::answer::Answer;
use super::choice::Chosen;
use super::git::{Asked, GitRegistry, fetch_release};
use super::{Listing, Registry, failed, no_release};
use crate::context::Context;
use crate::error::EngineError;
use crate::event::Event;
use crate::git::GitError;
use crate::http::client::{Origin, TTL};
use crate::http::{Freshness, Got, Token};
use crate::parallel;

mod ask;
mod assemble;
mod kept;
mod metadata;
mod pages;
mod repository;
#[cfg(test)]
mod tests;
mod token;
mod wire;

pub(super) use repository::Repository;

/// How long the pages after the first count while the first one stays as it is.
const PAGES_COUNT: SignedDuration = SignedDuration::from_hours(24);
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

/// Neither way led to an answer.
#[derive(Debug, thiserror::Error)]
#[error("its API: {api}; through git: {git}")]
struct Neither {
    api: String,
    git: String,
}

impl GithubRegistry {
    pub(super) fn new(repository: Repository, remote: Chosen) -> Self {
        Self {
            repository,
            git: GitRegistry::new(remote.clone()),
            remote,
            token: OnceLock::new(),
            heard: Mutex::default(),
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

    fn ask(&self, cx: &Context<'_>, known: Option<Arc<Heard>>) -> Result<Listing, EngineError> {
        cx.reporter.report(Event::RegistryAsked {
            location: self.repository.to_string(),
        });
        let ask = self.asking(cx);
        // While the first page stays as it is, it is the only question.
        let begun = cx.clock.now();
        let tags_count = known
            .as_ref()
            .is_some_and(|known| !cx.network.refresh && known.tags_count(cx));
        let (api, tags) = if tags_count {
            (self.hear(cx, &ask, known.as_deref(), begun), None)
        } else {
            parallel::both(
                || self.hear(cx, &ask, known.as_deref(), begun),
                || Some(self.git.ask(cx)),
            )
        };
        let api = match api {
            Ok(api) => api,
            Err(failure) if failure.is_stop() => {
                return Err(EngineError::Stopped {
                    what: "asking for releases",
                });
            }
            Err(failure) => {
                let tags = tags.unwrap_or_else(|| self.git.ask(cx));
                return self.fall_back(cx, &failure, tags, known);
            }
        };
        let mut how = How::default();
        let unchanged = known
            .as_ref()
            .is_some_and(|known| known.api.pages_asked == api.pages_asked);
        let before = known.as_ref().and_then(|known| known.tags.clone());
        let tags = match tags {
            None if unchanged => before,
            None => self.tags(cx, &ask, self.git.ask(cx), before, &mut how)?,
            Some(asked) => self.tags(cx, &ask, asked, before, &mut how)?,
        };
        let heard = self.remember(cx, Heard { api, tags });
        self.listing(cx, &heard, how)
    }

    /// The API's list: what is known where its first page says that nothing changed.
    fn hear(
        &self,
        cx: &Context<'_>,
        ask: &Ask<'_>,
        known: Option<&Heard>,
        begun: Timestamp,
    ) -> Result<Kept, Failure> {
        let address = self
            .repository
            .address(&["releases"], &[("per_page", "100")]);
        let first = ask.get(&address, Freshness::Usual)?;
        let same = known.filter(|known| {
            !cx.network.refresh
                && within(cx, known.api.pages_asked, PAGES_COUNT)
                && known.api.begins_with(&first)
        });
        if let Some(known) = same {
            return Ok(known.api.confirmed(&first));
        }
        // A page that is new moves all that follow.
        let freshness = match first.origin {
            Origin::Sent => Freshness::Validated,
            Origin::Revalidated | Origin::Kept | Origin::Stale { .. } => Freshness::Usual,
        };
        let rest = pages::rest(ask, &first, freshness)?;
        let mut read = Vec::with_capacity(1 + rest.pages.len());
        for got in std::iter::once(&first).chain(&rest.pages) {
            read.push(self.read_page(got).map_err(|why| Failure::Unreadable {
                address: address.clone(),
                why,
            })?);
        }
        let mut kept = Kept::new(&first, begun, read);
        if rest.more {
            kept.problems.push(self.too_many());
        }
        Ok(kept)
    }

    fn read_page(&self, got: &Got) -> Result<wire::Page, String> {
        wire::releases(&self.repository.to_string(), &got.body)
    }

    /// The tags: through git, else from the API, else those that are known.
    fn tags(
        &self,
        cx: &Context<'_>,
        ask: &Ask<'_>,
        asked: Asked,
        before: Option<Answer>,
        how: &mut How,
    ) -> Result<Option<Answer>, EngineError> {
        let why = match asked {
            Ok(tags) => {
                let answer = Answer::new(cx, &self.remote, tags);
                assemble::adopt(cx, &answer)?;
                answer.keep(cx);
                return Ok(Some(answer));
            }
            Err(error @ (GitError::Cancelled { .. } | GitError::Unsafe { .. })) => {
                return Err(error.into());
            }
            Err(error) => error,
        };
        match self.tags_of_api(ask) {
            Ok(tags) => {
                how.problems.push(
                    Problem::new(
                        Code::RegistryFallback,
                        self.repository.to_string(),
                        "git could not reach the repository; its tags come from the API",
                    )
                    .evidence(why.to_string())
                    .hint(
                        Who::You,
                        "a release is fetched through git: check the remote",
                    ),
                );
                let tags = tags.into_iter().map(|tag| (tag.name, tag.commit));
                let answer = Answer::of_commits(cx, &self.remote, tags);
                answer.keep(cx);
                Ok(Some(answer))
            }
            Err(failure) if failure.is_stop() => Err(EngineError::Stopped {
                what: "asking for releases",
            }),
            Err(failure) => {
                how.problems.push(
                    Problem::new(
                        Code::RegistryStale,
                        self.repository.to_string(),
                        "the tags could not be asked for; those that are known are used",
                    )
                    .evidence(format!("through git: {why}; its API: {failure}"))
                    .hint(Who::You, "check the network and the remote"),
                );
                Ok(before)
            }
        }
    }

    fn tags_of_api(&self, ask: &Ask<'_>) -> Result<Vec<wire::Tag>, Failure> {
        let address = self.repository.address(&["tags"], &[("per_page", "100")]);
        let first = ask.get(&address, Freshness::Usual)?;
        let rest = pages::rest(ask, &first, Freshness::Usual)?;
        let mut tags = Vec::new();
        for got in std::iter::once(&first).chain(&rest.pages) {
            let read = wire::tags(&self.repository.to_string(), &got.body);
            tags.extend(read.map_err(|why| Failure::Unreadable {
                address: address.clone(),
                why,
            })?);
        }
        Ok(tags)
    }

    /// Without the API: through git, else what is kept.
    fn fall_back(
        &self,
        cx: &Context<'_>,
        failure: &Failure,
        tags: Asked,
        known: Option<Arc<Heard>>,
    ) -> Result<Listing, EngineError> {
        let api = failure.to_string();
        let git = match self.git.listing(cx, Some(tags)) {
            Ok(mut listing) if !listing.source.stale => {
                listing.problems.push(
                    Problem::new(
                        Code::RegistryFallback,
                        self.repository.to_string(),
                        "the API gave no answer; the releases are the tags, asked for through git",
                    )
                    .evidence(api),
                );
                return Ok(listing);
            }
            Ok(listing) => Ok(listing),
            Err(EngineError::Registry { source, .. }) => Err(source.to_string()),
            Err(error) => return Err(error),
        };
        let why = |git: &str| {
            Problem::new(
                Code::RegistryStale,
                self.repository.to_string(),
                "the registry could not be reached; what was fetched before is used",
            )
            .evidence(format!("its API: {api}; through git: {git}"))
            .hint(Who::You, "check the network and the remote")
        };
        match (known, git) {
            (Some(known), git) => {
                let git = match &git {
                    Ok(listing) => said(listing),
                    Err(git) => git,
                };
                let how = How {
                    stale: true,
                    problems: vec![why(git)],
                    ..How::default()
                };
                self.listing(cx, &known, how)
            }
            (None, Ok(mut listing)) => {
                listing.problems = vec![why(said(&listing))];
                Ok(listing)
            }
            (None, Err(git)) => Err(failed(&self.repository.to_string(), Neither { api, git })),
        }
    }

    fn listing(&self, cx: &Context<'_>, heard: &Heard, how: How) -> Result<Listing, EngineError> {
        let said = assemble::Said {
            entries: &heard.api.entries,
            tags: heard.tags.as_ref(),
            tags_are_new: heard.tags_are_new(),
        };
        let releases = assemble::releases(cx, &said)?;
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

    fn too_many(&self) -> Problem {
        let read = pages::MAX_PAGES * 100;
        Problem::new(
            Code::RegistryIncomplete,
            self.repository.to_string(),
            format!("there are more than {read} releases: the oldest were left out"),
        )
        .hint(
            Who::You,
            "`kind = \"git\"` under `[registry]` in vit.toml lists every tag",
        )
    }
}

impl Registry for GithubRegistry {
    fn list(&self, cx: &Context<'_>, refresh: bool) -> Result<Listing, EngineError> {
        let before = cx.network.traffic.sent();
        let known = self.known(cx);
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
            refresh,
        };
        reader.read(&entries, releases)
    }

    fn fetch(&self, cx: &Context<'_>, release: &Release) -> Result<(), EngineError> {
        fetch_release(cx, Some(&self.remote), release)
    }

    fn remote(&self) -> Option<&str> {
        self.remote.name()
    }
}

/// What git said of its failure.
fn said(listing: &Listing) -> &str {
    let evidence = listing.problems.first().and_then(|p| p.evidence.as_deref());
    evidence.unwrap_or("no answer")
}

/// How many tags are no releases, of the API and of git together.
fn ignored(heard: &Heard) -> usize {
    let of_tags = heard.tags.as_ref().map_or(0, |tags| tags.ignored_tags);
    of_tags.max(heard.api.ignored.len())
}

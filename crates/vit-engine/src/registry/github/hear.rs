//! Asking: the first page, the others where it changed, and the tags beside them.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};

use super::ask::{Ask, Failure};
use super::kept::{Kept, within};
use super::{GithubRegistry, Heard, How, assemble, pages, wire};
use crate::context::Context;
use crate::error::EngineError;
use crate::event::Event;
use crate::git::GitError;
use crate::http::client::Origin;
use crate::http::{Freshness, Got};
use crate::parallel;
use crate::registry::Listing;
use crate::registry::answer::Answer;
use crate::registry::git::Asked;

/// How long the pages after the first count while the first one stays as it is.
const PAGES_COUNT: SignedDuration = SignedDuration::from_hours(24);
impl GithubRegistry {
    /// Asks the API, and git for the tags; where the API gives no answer, git alone.
    pub(super) fn ask(
        &self,
        cx: &Context<'_>,
        known: Option<Arc<Heard>>,
    ) -> Result<Listing, EngineError> {
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
            asked => {
                let asked = asked.unwrap_or_else(|| self.git.ask(cx));
                self.tags(cx, &ask, asked, &mut how)?.or(before)
            }
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

    /// The tags: through git, else from the API; none where neither answers.
    fn tags(
        &self,
        cx: &Context<'_>,
        ask: &Ask<'_>,
        asked: Asked,
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
                Ok(None)
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

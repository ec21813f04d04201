//! Releases as tags of a git remote. They are fetched to `refs/vit/releases`, never to
//! `refs/tags`, which is the user's; a tag that has been seen once is never overwritten.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use vit_contract::code::Code;
use vit_contract::output::Source;
use vit_contract::problem::{Problem, Who};
use vit_contract::release::Release;
use vit_contract::version;

use super::answer::{Answer, Offered};
use super::choice::Chosen;
use super::{Listing, Moved, Registry, failed, metadata, no_release, sort};
use crate::context::Context;
use crate::error::EngineError;
use crate::event::Event;
use crate::git::{Git, GitError, MOVED, RELEASES, Ref, RefEdit, TAGS};

/// The tags of a remote.
pub(super) struct GitRegistry {
    remote: Chosen,
    /// What the last listing found to have moved.
    moved: Mutex<Vec<Moved>>,
}

/// What came of asking a remote for its tags.
pub(super) type Asked = Result<Vec<Ref>, GitError>;

/// An answer and how it came about.
struct Heard {
    answer: Answer,
    stale: bool,
    problems: Vec<Problem>,
    /// Why tags could not be brought here.
    not_fetched: Option<String>,
}

impl GitRegistry {
    pub(super) const fn new(remote: Chosen) -> Self {
        Self {
            remote,
            moved: Mutex::new(Vec::new()),
        }
    }

    /// What a listing found to have moved.
    pub(super) fn note_moved(&self, moved: Vec<Moved>) {
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = moved;
    }

    /// Which tags the remote offers.
    pub(super) fn ask(&self, cx: &Context<'_>) -> Result<Vec<Ref>, GitError> {
        let git = cx.git.clone().with_cancel(cx.cancel);
        git.ls_remote_tags(&self.remote.argument)
    }

    /// Takes the remote's answer and brings the tags that are not here yet.
    fn take(&self, cx: &Context<'_>, tags: Vec<Ref>) -> Result<Heard, GitError> {
        let git = cx.git.clone().with_cancel(cx.cancel);
        let answer = Answer::new(cx, &self.remote, tags);
        let not_fetched = match self.bring(&git, &answer) {
            Ok(()) => None,
            Err(error @ GitError::Cancelled { .. }) => return Err(error),
            Err(error) => Some(error.to_string()),
        };
        answer.keep(cx);
        Ok(Heard {
            answer,
            stale: false,
            problems: Vec::new(),
            not_fetched,
        })
    }

    /// Creates the missing refs: from the user's own tags where they are the very same objects
    /// (a fresh clone has them all), else from the remote, all in one request.
    fn bring(&self, git: &Git, answer: &Answer) -> Result<(), GitError> {
        let known = by_tag(git.refs(&[RELEASES])?, RELEASES);
        let missing: BTreeMap<&String, &Offered> = answer
            .tags
            .iter()
            .filter(|(tag, _)| !known.contains_key(*tag))
            .collect();
        if missing.is_empty() {
            return Ok(());
        }
        let own = by_tag(git.refs(&[TAGS])?, TAGS);
        let mut creates = Vec::new();
        let mut fetches = Vec::new();
        for (tag, offered) in missing {
            let name = format!("{RELEASES}{tag}");
            if own.get(tag).is_some_and(|local| local.oid == offered.oid) {
                let oid = offered.oid.clone();
                creates.push(RefEdit::Create { name, oid });
            } else {
                fetches.push((format!("{TAGS}{tag}"), name));
            }
        }
        if !creates.is_empty() {
            git.update_refs(&creates)?;
        }
        git.fetch_refs(&self.remote.argument, &fetches)
    }

    /// What was heard before: the last answer, else the refs that were fetched.
    fn remember(&self, cx: &Context<'_>, known: &BTreeMap<String, Ref>) -> Option<Answer> {
        if known.is_empty() {
            return None;
        }
        Answer::read(cx, &self.remote).or_else(|| {
            let mut answer = Answer::new(cx, &self.remote, Vec::new());
            // When they were fetched is not known.
            answer.fetched = Timestamp::UNIX_EPOCH;
            answer.tags = known
                .iter()
                .map(|(tag, found)| (tag.clone(), as_offered(found)))
                .collect();
            Some(answer)
        })
    }

    fn hear(&self, cx: &Context<'_>, asked: Option<Asked>) -> Result<Heard, EngineError> {
        let asked = match asked.map(|asked| asked.and_then(|tags| self.take(cx, tags))) {
            None => None,
            Some(Ok(heard)) => return Ok(heard),
            Some(Err(error @ (GitError::Cancelled { .. } | GitError::Unsafe { .. }))) => {
                return Err(error.into());
            }
            Some(Err(error)) => Some(error),
        };
        let known = by_tag(cx.git.refs(&[RELEASES])?, RELEASES);
        match (self.remember(cx, &known), asked) {
            (Some(answer), None) => Ok(Heard {
                answer,
                stale: false,
                problems: Vec::new(),
                not_fetched: None,
            }),
            (Some(answer), Some(error)) => Ok(Heard {
                answer,
                stale: true,
                problems: vec![stale(&self.remote.shown, &error)],
                not_fetched: None,
            }),
            (None, Some(error)) => Err(failed(&self.remote.shown, error)),
            (None, None) => Err(EngineError::BadInput {
                summary: format!(
                    "nothing was fetched from {} before: it has to be asked once",
                    self.remote.shown
                ),
                problems: Vec::new(),
                hints: vec!["run it once without `--offline`, or `vit update`".to_owned()],
            }),
        }
    }
}

impl GitRegistry {
    /// The releases by what the remote answered; by what is kept where it was not asked. The
    /// metadata of the tags in `elsewhere` is not that of their trees: they stay unread.
    pub(super) fn listing(
        &self,
        cx: &Context<'_>,
        asked: Option<Asked>,
        elsewhere: &BTreeSet<&str>,
    ) -> Result<Listing, EngineError> {
        let heard = self.hear(cx, asked)?;
        let known = by_tag(cx.git.refs(&[RELEASES])?, RELEASES);
        let tags: BTreeSet<&String> = heard.answer.tags.keys().chain(known.keys()).collect();
        let mut releases: Vec<Release> = tags
            .into_iter()
            .filter_map(|tag| {
                let offered = heard.answer.tags.get(tag);
                let mut release = release(tag, known.get(tag), offered)?;
                release.unread = elsewhere.contains(tag.as_str());
                if let (None, Some(why)) = (known.get(tag), &heard.not_fetched) {
                    release.problems.push(objects_missing(tag, why));
                }
                Some(release)
            })
            .collect();
        if releases.is_empty() {
            let others = heard.answer.ignored_tags;
            return Err(no_release(
                &self.remote.shown,
                &format!("no release tag such as `v1.2.0` (tags of another form: {others})"),
            ));
        }
        let moved = heard
            .answer
            .tags
            .iter()
            .filter_map(|(tag, offered)| moved(tag, known.get(tag)?, offered));
        self.note_moved(moved.collect());
        sort(&mut releases);
        metadata::fill(cx.git, &mut releases)?;
        Ok(Listing {
            releases,
            source: Source {
                kind: "git".to_owned(),
                location: self.remote.shown.clone(),
                fetched: heard.answer.fetched,
                stale: heard.stale,
                ignored_tags: heard.answer.ignored_tags,
                cached: false,
                signed: false,
                requests: 0,
            },
            problems: heard.problems,
        })
    }
}

impl Registry for GitRegistry {
    fn list(&self, cx: &Context<'_>, refresh: bool) -> Result<Listing, EngineError> {
        let asked = refresh.then(|| {
            cx.reporter.report(Event::RegistryAsked {
                location: self.remote.shown.clone(),
            });
            self.ask(cx)
        });
        self.listing(cx, asked, &BTreeSet::new())
    }

    fn fetch(&self, cx: &Context<'_>, release: &Release) -> Result<(), EngineError> {
        fetch_release(cx, Some(&self.remote), release)
    }

    /// The metadata is in the tree, so that what was fetched tells it too.
    fn located(&self, cx: &Context<'_>, release: &Release) -> Result<Option<Release>, EngineError> {
        let mut releases = self.list(cx, false)?.releases.into_iter();
        let found = releases.find(|found| found.tag == release.tag);
        Ok(found.filter(|found| found.commit.is_some() && found.tree.is_some()))
    }

    fn moved(&self) -> Vec<Moved> {
        self.moved
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn fetch_aside(&self, cx: &Context<'_>, tags: &[String]) -> Result<(), EngineError> {
        let refs: Vec<(String, String)> = tags
            .iter()
            .map(|tag| (format!("{TAGS}{tag}"), format!("{MOVED}{tag}")))
            .collect();
        let git = cx.git.clone().with_cancel(cx.cancel);
        Ok(git.fetch_refs(&self.remote.argument, &refs)?)
    }

    fn remote(&self) -> Option<&str> {
        self.remote.name()
    }
}

/// Makes sure that a release's commit is here, if need be by asking a remote for its tag.
pub(super) fn fetch_release(
    cx: &Context<'_>,
    remote: Option<&Chosen>,
    release: &Release,
) -> Result<(), EngineError> {
    let name = format!("{RELEASES}{}", release.tag);
    let wanted = release.commit.as_deref().unwrap_or(&name);
    let is_here = |git: &Git| -> Result<bool, GitError> {
        let found = git.resolve(&[format!("{wanted}^{{commit}}")])?;
        Ok(found.into_iter().flatten().next().is_some())
    };
    if is_here(cx.git)? {
        return Ok(());
    }
    let refused = |why: &str| EngineError::Refused {
        summary: format!("release {} could not be fetched", release.tag),
        problems: vec![objects_missing(&release.tag, why)],
    };
    let Some(remote) = remote else {
        return Err(refused("the repository has no remote to fetch it from"));
    };
    let git = cx.git.clone().with_cancel(cx.cancel);
    let refs = [(format!("{TAGS}{}", release.tag), name.clone())];
    match git.fetch_refs(&remote.argument, &refs) {
        Ok(()) if is_here(cx.git)? => Ok(()),
        Ok(()) if release.commit.is_none() => Err(EngineError::Refused {
            summary: format!("release {} is no target", release.tag),
            problems: vec![no_commit(&release.tag)],
        }),
        Ok(()) => Err(refused("its tag no longer points at that commit")),
        Err(error @ GitError::Cancelled { .. }) => Err(error.into()),
        Err(error) => Err(refused(&error.to_string())),
    }
}

/// Refs by the tag that they are named after; those that are named after no release are left out.
pub(crate) fn by_tag(refs: Vec<Ref>, prefix: &str) -> BTreeMap<String, Ref> {
    refs.into_iter()
        .filter_map(|found| {
            let tag = found.name.strip_prefix(prefix)?;
            version::of_tag(tag)?;
            Some((tag.to_owned(), found))
        })
        .collect()
}

fn as_offered(found: &Ref) -> Offered {
    Offered {
        oid: found.oid.clone(),
        target: found.commit.clone().unwrap_or_else(|| found.oid.clone()),
    }
}

/// A release from what is here and what the remote offers.
pub(super) fn release(
    tag: &str,
    known: Option<&Ref>,
    offered: Option<&Offered>,
) -> Option<Release> {
    let mut release = Release {
        version: version::of_tag(tag)?,
        tag: tag.to_owned(),
        commit: known.and_then(|known| known.commit.clone()),
        tree: None,
        metadata: None,
        metadata_sha256: None,
        unread: false,
        problems: Vec::new(),
    };
    if known.is_some() && offered.is_none() {
        release.problems.push(withdrawn(tag));
    }
    if known.is_some_and(|known| known.commit.is_none()) {
        release.problems.push(no_commit(tag));
    }
    Some(release)
}

/// What a tag is at the remote, where it is another object there than here.
pub(super) fn moved(tag: &str, known: &Ref, offered: &Offered) -> Option<Moved> {
    (known.oid != offered.oid).then(|| Moved {
        tag: tag.to_owned(),
        object: offered.oid.clone(),
        commit: offered.target.clone(),
    })
}

/// A release that its place no longer has.
pub(super) fn withdrawn(tag: &str) -> Problem {
    Problem::new(
        Code::Withdrawn,
        tag,
        "withdrawn: the registry no longer has this release",
    )
    .hint(
        Who::Core,
        "publish the release again, or choose another one",
    )
}

/// A tag of a tree, a file or nothing.
pub(super) fn no_commit(tag: &str) -> Problem {
    Problem::new(Code::ObjectsMissing, tag, "the tag points at no commit")
        .hint(Who::Core, "tag the commit of the release")
}

/// That a tag was first seen at one commit and now stands for another.
pub(crate) fn moved_tag(tag: &str, seen: &str, now: &str) -> Problem {
    Problem::new(
        Code::TagMoved,
        tag,
        "the tag points at another commit than when it was first seen",
    )
    .evidence(format!("first seen {seen}, now {now}"))
    .hint(
        Who::You,
        "ask the Core team; `vit ledger show` says what was seen, `vit ledger accept` lets another commit count",
    )
}

fn objects_missing(tag: &str, why: &str) -> Problem {
    Problem::new(
        Code::ObjectsMissing,
        tag,
        "the release's commit is not in this repository and could not be fetched",
    )
    .evidence(why)
    .hint(Who::You, "check the network and the remote, and try again")
}

fn stale(location: &str, error: &GitError) -> Problem {
    Problem::new(
        Code::RegistryStale,
        location,
        "the registry could not be reached; what was fetched before is used",
    )
    .evidence(error.to_string())
    .hint(Who::You, "check the network and the remote")
}

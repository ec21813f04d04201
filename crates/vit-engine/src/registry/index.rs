//! Releases as a static index over HTTP: `index.json`, and the metadata files that it pins by
//! hash. Commits come from the git repository that it names, else from the usual remote.
//!
//! Where the origin is trusted as signed, nothing in the index counts that The Update Framework
//! does not vouch for; what was verified before is still shown then, and nothing of it is a target.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use vit_contract::code::Code;
use vit_contract::index::{self, Index, IndexedRelease};
use vit_contract::output::Source;
use vit_contract::problem::{Problem, Who};
use vit_contract::release::Release;
use vit_contract::text;

use super::choice::{self, Chosen};
use super::git::{by_tag, fetch_release};
use super::{Listing, Registry, metadata, no_release, sort};
use crate::context::Context;
use crate::error::EngineError;
use crate::event::Event;
use crate::git::{RELEASES, Ref, RefEdit, TAGS};
use crate::http::Address;
use crate::trust::tuf::record::{Record, Records, origin_of};

mod document;
mod files;
#[cfg(test)]
pub(crate) mod fixture;
mod signed;
#[cfg(test)]
mod tests;

pub(crate) use document::Document;
use files::Place;
use signed::Vouched;

/// A static index.
pub(super) struct IndexRegistry {
    address: Address,
    /// What the origin is held to, where it is trusted as signed.
    record: Option<Record>,
    /// The remote that commits come from where the index names none.
    usual: Option<Chosen>,
    heard: Mutex<Heard>,
}

/// What the last listing said of where things are.
#[derive(Default)]
struct Heard {
    /// Where the metadata of a release is, by tag.
    places: BTreeMap<String, Place>,
    /// Where commits come from.
    repository: Option<Chosen>,
}

/// An index as it came, and what speaks against all of it.
pub(super) struct Told {
    document: Option<Document>,
    vouched: Option<Vouched>,
    /// Why nothing in it may be a target.
    barred: Option<Problem>,
    stale: Option<String>,
}

impl IndexRegistry {
    pub(super) fn open(
        cx: &Context<'_>,
        location: &str,
        manifest_remote: Option<&str>,
    ) -> Result<Self, EngineError> {
        let address = Address::configured(location).map_err(|error| EngineError::BadInput {
            summary: format!("a registry of kind `index` needs the URL of an index.json: {error}"),
            problems: Vec::new(),
            hints: vec![
                "correct `location` under `[registry]` in vit.toml, or VIT_REGISTRY_URL".to_owned(),
            ],
        })?;
        let url = address.url();
        if !url.username().is_empty() || url.password().is_some() {
            return Err(EngineError::BadInput {
                summary: format!("the URL of the registry {address} carries a user or password"),
                problems: Vec::new(),
                hints: vec!["leave them out: they would stand where others read them".to_owned()],
            });
        }
        let origin = origin_of(location);
        let records = Records::load(cx)?;
        Ok(Self {
            record: origin.and_then(|origin| records.of(&origin).cloned()),
            // A registry that names its repository needs no remote here.
            usual: choice::usual_remote(cx, manifest_remote).unwrap_or_default(),
            heard: Mutex::default(),
            address,
        })
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn shown(&self) -> String {
        self.address.to_string()
    }

    /// The index, verified where it has to be.
    fn hear(&self, cx: &Context<'_>, refresh: bool) -> Result<Told, EngineError> {
        if refresh {
            cx.reporter.report(Event::RegistryAsked {
                location: self.shown(),
            });
        }
        match &self.record {
            Some(record) => signed::hear(cx, &self.address, record, refresh),
            None => Ok(Told {
                document: Some(document::get(cx, &self.address, refresh)?),
                vouched: None,
                barred: None,
                stale: None,
            }),
        }
    }

    /// The releases of the index, and those that were fetched before and are no longer in it.
    fn releases(
        &self,
        cx: &Context<'_>,
        index: &Index,
        told: &mut Told,
    ) -> Result<Vec<Release>, EngineError> {
        let fetched = by_tag(cx.git.refs(&[RELEASES])?, RELEASES);
        let own = by_tag(cx.git.refs(&[TAGS])?, TAGS);
        let mut heard = Heard {
            places: BTreeMap::new(),
            repository: repository(&self.address, index),
        };
        let mut releases = Vec::new();
        for entry in &index.releases {
            let mut release = release(entry, fetched.get(&entry.tag), own.get(&entry.tag));
            if let Some(place) = self.place(cx, entry, &mut release, told)? {
                files::fill_kept(cx, &mut release, &place);
                heard.places.insert(entry.tag.clone(), place);
            }
            releases.push(release);
        }
        for (tag, known) in fetched {
            if index.releases.iter().all(|entry| entry.tag != tag)
                && let Some(mut gone) = of_ref(&tag, &known)
            {
                gone.problems
                    .push(withdrawn(&tag, "the registry no longer lists it"));
                releases.push(gone);
            }
        }
        *self.heard() = heard;
        Ok(releases)
    }

    /// Where a release's metadata is, and what it has to be.
    fn place(
        &self,
        cx: &Context<'_>,
        entry: &IndexedRelease,
        release: &mut Release,
        told: &mut Told,
    ) -> Result<Option<Place>, EngineError> {
        let Some(file) = &entry.metadata else {
            if entry.problems.is_empty() {
                metadata::missing(release);
            }
            return Ok(None);
        };
        release.unread = true;
        // Known before the file is: what an earlier failure was bound to does not seem to change
        // because nobody may be asked.
        release.metadata_sha256 = Some(file.sha256.clone());
        match &mut told.vouched {
            // Nobody is asked for what could not be a target.
            None if told.barred.is_some() => Ok(None),
            Some(vouched) => signed::place(cx, vouched, (entry, file), release),
            None => Ok(files::plain_place(&self.address, file)),
        }
    }
}

impl Registry for IndexRegistry {
    fn list(&self, cx: &Context<'_>, refresh: bool) -> Result<Listing, EngineError> {
        let before = cx.network.traffic.sent();
        let mut told = self.hear(cx, refresh)?;
        let document = told.document.take();
        let mut problems = Vec::new();
        let index = document.as_ref().map(|document| &document.index);
        let mut releases = match index {
            Some(index) => self.releases(cx, index, &mut told)?,
            None => known(cx)?,
        };
        if let Some(problem) = &told.barred {
            bar(&mut releases, problem);
            problems.push(problem.clone());
        }
        if releases.is_empty() {
            return Err(match told.barred {
                Some(problem) => EngineError::Refused {
                    summary: format!("{} cannot be believed", self.shown()),
                    problems: vec![problem],
                },
                None => no_release(&self.shown(), "no release in its index"),
            });
        }
        sort(&mut releases);
        metadata::trees(cx.git, &mut releases)?;
        let signed = told.vouched.is_some();
        let (mut fetched, mut stale, mut cached) = (cx.clock.now(), told.stale, false);
        if let Some(document) = document {
            problems.extend(document.problems);
            (fetched, cached) = (document.asked, document.cached);
            stale = stale.or(document.stale);
        }
        if let Some(why) = &stale {
            problems.push(stale_problem(&self.shown(), why, fetched));
        }
        Ok(Listing {
            releases,
            source: Source {
                kind: "index".to_owned(),
                location: self.shown(),
                fetched,
                stale: stale.is_some(),
                ignored_tags: 0,
                cached,
                signed,
                requests: cx.network.traffic.sent().saturating_sub(before),
            },
            problems,
        })
    }

    fn read(
        &self,
        cx: &Context<'_>,
        releases: &mut [Release],
        refresh: bool,
    ) -> Result<(), EngineError> {
        let heard = self.heard();
        let wanted: Vec<(&mut Release, Place)> = releases
            .iter_mut()
            .filter(|release| release.unread)
            .filter_map(|release| {
                let place = heard.places.get(&release.tag)?.clone();
                Some((release, place))
            })
            .collect();
        drop(heard);
        files::read(cx, wanted, refresh)
    }

    fn metadata_bytes(
        &self,
        cx: &Context<'_>,
        release: &Release,
    ) -> Result<Option<Vec<u8>>, EngineError> {
        let place = self.heard().places.get(&release.tag).cloned();
        Ok(place.and_then(|place| files::kept(cx, &place)))
    }

    fn fetch(&self, cx: &Context<'_>, release: &Release) -> Result<(), EngineError> {
        let named = self.heard().repository.clone();
        let before = by_tag(cx.git.refs(&[RELEASES])?, RELEASES);
        let fetched = fetch_release(cx, named.as_ref().or(self.usual.as_ref()), release);
        // What was first seen here stays, whatever is said of it now.
        let (Some(commit), None) = (&release.commit, before.get(&release.tag)) else {
            return fetched;
        };
        // The tag was fetched by its name: what it brought has to be what the index says.
        let brought = by_tag(cx.git.refs(&[RELEASES])?, RELEASES);
        match brought.get(&release.tag) {
            Some(found) if found.commit.as_ref() != Some(commit) => {
                cx.git.update_refs(&[RefEdit::Delete {
                    name: found.name.clone(),
                }])?;
                Err(EngineError::Refused {
                    summary: format!("release {} is not what the index says", release.tag),
                    problems: vec![differs(Code::ChecksumMismatch, &release.tag, commit, found)],
                })
            }
            _ => fetched,
        }
    }

    fn trusted(&self) -> Option<&str> {
        self.record.as_ref().map(|record| record.origin.as_str())
    }

    fn remote(&self) -> Option<&str> {
        self.usual.as_ref().and_then(Chosen::name)
    }
}

/// What is here without any index: the releases that were fetched.
pub(super) fn known(cx: &Context<'_>) -> Result<Vec<Release>, EngineError> {
    let fetched = by_tag(cx.git.refs(&[RELEASES])?, RELEASES);
    let mut releases: Vec<Release> = fetched
        .iter()
        .filter_map(|(tag, known)| of_ref(tag, known))
        .collect();
    metadata::fill(cx.git, &mut releases)?;
    Ok(releases)
}

/// Makes every release one that cannot be a target, for one reason.
pub(super) fn bar(releases: &mut [Release], why: &Problem) {
    for release in releases {
        let mut problem = why.clone();
        problem.subject.clone_from(&release.tag);
        release.problems.push(problem);
    }
}

fn of_ref(tag: &str, known: &Ref) -> Option<Release> {
    Some(Release {
        version: vit_contract::version::of_tag(tag)?,
        tag: tag.to_owned(),
        commit: known.commit.clone(),
        tree: None,
        metadata: None,
        metadata_sha256: None,
        unread: false,
        problems: Vec::new(),
    })
}

/// A release from what the index says and what is here. What was fetched from a registry has to
/// be what the index says; a tag of the user's own that is another does not count.
fn release(entry: &IndexedRelease, fetched: Option<&Ref>, own: Option<&Ref>) -> Release {
    let here = fetched.or(own).and_then(|known| known.commit.clone());
    let mut release = Release {
        version: entry.version.clone(),
        tag: entry.tag.clone(),
        commit: entry.commit.clone().or(here),
        tree: None,
        metadata: None,
        metadata_sha256: None,
        unread: false,
        problems: entry.problems.clone(),
    };
    if let (Some(commit), Some(known)) = (&entry.commit, fetched)
        && known.commit.as_ref() != Some(commit)
    {
        let problem = differs(Code::TagMoved, &entry.tag, commit, known);
        release.problems.push(problem);
    }
    if let Some(reason) = &entry.withdrawn {
        release.problems.push(withdrawn(&entry.tag, reason));
    }
    release
}

fn withdrawn(tag: &str, reason: &str) -> Problem {
    Problem::new(Code::Withdrawn, tag, "the release is withdrawn")
        .evidence(text::excerpt(reason, 300))
        .hint(
            Who::Core,
            "publish the release again, or choose another one",
        )
}

/// Two commits where there has to be one.
fn differs(code: Code, tag: &str, index: &str, known: &Ref) -> Problem {
    let here = known.commit.as_ref().unwrap_or(&known.oid);
    let (message, evidence) = if code == Code::TagMoved {
        (
            "the index names another commit than when the release was first seen",
            format!("first seen {here}, now {index}"),
        )
    } else {
        (
            "the tag's commit is not the one that the index names",
            format!("the index names {index}, the repository has {here}"),
        )
    };
    let hint =
        format!("ask the Core team; if the index is right: `git update-ref -d {RELEASES}{tag}`");
    Problem::new(code, tag, message)
        .evidence(evidence)
        .hint(Who::You, hint)
}

/// Where the index says that commits come from.
fn repository(index: &Address, document: &Index) -> Option<Chosen> {
    let named = document.repository.as_deref()?;
    if named.contains("://") {
        return choice::at_url(named).ok();
    }
    let url = index.url().join(named).ok()?;
    choice::at_url(url.as_str()).ok()
}

fn stale_problem(location: &str, why: &str, fetched: jiff::Timestamp) -> Problem {
    let evidence = if fetched == jiff::Timestamp::UNIX_EPOCH {
        why.to_owned()
    } else {
        format!("{why}; what is used is of {fetched}")
    };
    Problem::new(
        Code::RegistryStale,
        location,
        "the registry could not be reached; what was fetched before is used",
    )
    .evidence(text::excerpt(&evidence, 400))
    .hint(Who::You, "check the network and the registry")
}

/// What the index's file is called in problems.
fn file_of(address: &Address) -> String {
    let name = address.url().path().rsplit('/').next();
    text::visible(
        name.filter(|name| !name.is_empty())
            .unwrap_or(index::FILE_NAME),
    )
}

//! The ledger before every registry: what a release was when it was first seen is remembered, and
//! what is another one now says so, wherever it comes from. Trust on first use: the first sight is
//! believed, nothing later is, until somebody accepts it.
//!
//! What is here (`refs/vit/releases`) is what would be installed, so it is compared as well as what
//! the place says now. A ledger that cannot be read or written never hides a release: it is said,
//! and what is here still counts against what the place says.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Severity, Who};
use vit_contract::release::Release;
use vit_contract::version;

use super::git::withdrawn;
use super::{Listing, Moved, Registry, sort};
use crate::context::Context;
use crate::error::EngineError;
use crate::git::{MOVED, RefEdit};
use crate::store::folder::Folder;
use crate::store::ledger::{self, Appended, Entry, Ledger};

mod compare;
mod fields;
#[cfg(test)]
mod tests;

use compare::{Difference, Looked, Now, Seen};

/// A registry with the ledger before it.
pub(super) struct Ledgered {
    place: Box<dyn Registry>,
    /// Where the last listing came from.
    source: Mutex<String>,
}

impl Ledgered {
    pub(super) fn new(place: Box<dyn Registry>) -> Self {
        Self {
            place,
            source: Mutex::new(String::new()),
        }
    }

    fn source(&self) -> MutexGuard<'_, String> {
        self.source.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What tags that moved are now, brought here aside.
    fn seen(&self, cx: &Context<'_>, fetch: bool) -> Result<BTreeMap<String, Seen>, EngineError> {
        let moved = self.place.moved();
        if moved.is_empty() {
            return Ok(BTreeMap::new());
        }
        let why = if fetch { self.bring(cx, &moved)? } else { None };
        let specs: Vec<String> = moved
            .iter()
            .flat_map(|moved| {
                let name = format!("{MOVED}{}", moved.tag);
                [name.clone(), format!("{name}^{{tree}}")]
            })
            .collect();
        let found = cx.git.resolve(&specs)?;
        let seen = moved
            .into_iter()
            .zip(found.chunks(2))
            .map(|(moved, found)| {
                let here = found[0]
                    .as_ref()
                    .is_some_and(|(oid, _)| *oid == moved.object);
                let tree = found[1].as_ref().filter(|_| here);
                let seen = Seen {
                    tree: tree.map(|(oid, _)| oid.clone()),
                    why: if here { None } else { why.clone() },
                    moved,
                };
                (seen.moved.tag.clone(), seen)
            });
        Ok(seen.collect())
    }

    /// Fetches what is not here yet; tells why it could not.
    fn bring(&self, cx: &Context<'_>, moved: &[Moved]) -> Result<Option<String>, EngineError> {
        let here = cx.git.refs(&[MOVED])?;
        let object = |tag: &str| {
            let name = format!("{MOVED}{tag}");
            here.iter().find(|found| found.name == name)
        };
        let missing: Vec<&Moved> = moved
            .iter()
            .filter(|moved| object(&moved.tag).is_none_or(|found| found.oid != moved.object))
            .collect();
        if missing.is_empty() {
            return Ok(None);
        }
        // An earlier move stands there: the ledger has noted it.
        let old: Vec<RefEdit> = missing
            .iter()
            .filter_map(|moved| object(&moved.tag))
            .map(|found| RefEdit::Delete {
                name: found.name.clone(),
            })
            .collect();
        if !old.is_empty() {
            cx.git.update_refs(&old)?;
        }
        let tags: Vec<String> = missing.iter().map(|moved| moved.tag.clone()).collect();
        match self.place.fetch_aside(cx, &tags) {
            Ok(()) => Ok(None),
            Err(error) if cx.cancel.is_set() => Err(error),
            Err(error) => Ok(Some(error.to_string())),
        }
    }
}

impl Registry for Ledgered {
    fn list(&self, cx: &Context<'_>, refresh: bool) -> Result<Listing, EngineError> {
        let mut listing = self.place.list(cx, refresh)?;
        let seen = self.seen(cx, refresh && !listing.source.stale)?;
        let now = |release: &Release, asked: bool| Now {
            seen: seen.get(&release.tag).cloned(),
            asked,
        };
        let Some(ledger) = read(cx, &mut listing.problems) else {
            for release in &mut listing.releases {
                let found = compare::tag(None, release, &now(release, true));
                release.problems.extend(found.map(|found| found.problem));
            }
            return Ok(listing);
        };
        let source = format!("{} {}", listing.source.kind, listing.source.location);
        self.source().clone_from(&source);
        let asked = refresh && !listing.source.stale;
        if !listing.source.stale {
            vanished(&ledger, &mut listing, &source);
        }
        let releases = &listing.releases;
        let news = |ledger: &Ledger| -> Vec<Entry> {
            let of = |release: &Release| {
                let found = differences(ledger, release, &now(release, asked));
                compare::news(
                    ledger.known.get(&release.tag),
                    release,
                    &found,
                    (Looked::Whole, &source),
                )
            };
            releases.iter().flat_map(of).collect()
        };
        // Before problems are added to the releases: the lines are made of what was listed.
        if is_due(&ledger, refresh, news) {
            let told = record(cx, refresh, news);
            listing.problems.extend(told);
        }
        for release in &mut listing.releases {
            let found = differences(&ledger, release, &now(release, asked));
            let problems = found.into_iter().map(|found| found.problem);
            release.problems.extend(problems);
        }
        Ok(listing)
    }

    fn read(
        &self,
        cx: &Context<'_>,
        releases: &mut [Release],
        refresh: bool,
    ) -> Result<(), EngineError> {
        let unread: Vec<String> = releases
            .iter()
            .filter(|release| release.unread)
            .map(|release| release.tag.clone())
            .collect();
        self.place.read(cx, releases, refresh)?;
        let source = self.source().clone();
        // What is wrong with the ledger itself was said when it was listed.
        let Some(ledger) = read(cx, &mut Vec::new()) else {
            return Ok(());
        };
        let listed: Vec<&Release> = releases
            .iter()
            .filter(|release| unread.contains(&release.tag))
            .collect();
        let news = |ledger: &Ledger| -> Vec<Entry> {
            let of = |release: &Release| {
                let known = ledger.known.get(&release.tag);
                let found = compare::metadata(ledger, known, release);
                let found: Vec<Difference> = found.into_iter().collect();
                compare::news(known, release, &found, (Looked::Metadata, &source))
            };
            listed.iter().copied().flat_map(of).collect()
        };
        if is_due(&ledger, refresh, news) {
            record(cx, refresh, news);
        }
        for release in releases.iter_mut().filter(|r| unread.contains(&r.tag)) {
            let known = ledger.known.get(&release.tag);
            let found = compare::metadata(&ledger, known, release);
            release.problems.extend(found.map(|found| found.problem));
        }
        Ok(())
    }

    fn fetch(&self, cx: &Context<'_>, release: &Release) -> Result<(), EngineError> {
        self.place.fetch(cx, release)
    }

    fn metadata_bytes(
        &self,
        cx: &Context<'_>,
        release: &Release,
    ) -> Result<Option<Vec<u8>>, EngineError> {
        self.place.metadata_bytes(cx, release)
    }

    /// What was fetched just now is compared too: until then only its place spoke for it.
    fn located(&self, cx: &Context<'_>, release: &Release) -> Result<Option<Release>, EngineError> {
        let Some(mut found) = self.place.located(cx, release)? else {
            return Ok(None);
        };
        let Some(ledger) = read(cx, &mut Vec::new()) else {
            return Ok(Some(found));
        };
        let source = self.source().clone();
        let now = Now {
            seen: None,
            asked: false,
        };
        let news = |ledger: &Ledger| -> Vec<Entry> {
            let differing = differences(ledger, &found, &now);
            let known = ledger.known.get(&found.tag);
            compare::news(known, &found, &differing, (Looked::Whole, &source))
        };
        if !news(&ledger).is_empty() {
            record(cx, true, news);
        }
        for difference in differences(&ledger, &found, &now) {
            let told = |have: &Problem| have.code == difference.problem.code;
            if !found.problems.iter().any(told) {
                found.problems.push(difference.problem);
            }
        }
        Ok(Some(found))
    }

    fn moved(&self) -> Vec<Moved> {
        self.place.moved()
    }

    fn fetch_aside(&self, cx: &Context<'_>, tags: &[String]) -> Result<(), EngineError> {
        self.place.fetch_aside(cx, tags)
    }

    fn remote(&self) -> Option<&str> {
        self.place.remote()
    }
}

fn differences(ledger: &Ledger, release: &Release, now: &Now) -> Vec<Difference> {
    let known = ledger.known.get(&release.tag);
    let tag = compare::tag(known, release, now);
    // Of a tag that moved, the metadata is another release's.
    let other = tag.as_ref().is_some_and(|found| found.problem.blocks());
    let metadata = compare::metadata(ledger, known, release).filter(|_| !other);
    tag.into_iter().chain(metadata).collect()
}

/// The ledger, and what is wrong with it; none where the folder that it stands in cannot be
/// believed, which every report says by itself.
fn read(cx: &Context<'_>, problems: &mut Vec<Problem>) -> Option<Ledger> {
    Folder::state(cx.site).safe().ok()?;
    match ledger::read(&cx.site.state_dir) {
        Ok(ledger) => {
            problems.extend(ledger.problem(&cx.site.state_dir));
            Some(ledger)
        }
        Err(error) => {
            problems.push(told(Code::LedgerDamaged, "read", &error));
            None
        }
    }
}

fn told(code: Code, act: &str, error: &EngineError) -> Problem {
    let cause = std::error::Error::source(error).map(|cause| format!(": {cause}"));
    Problem::new(
        code,
        ledger::FILE,
        format!("the ledger of releases could not be {act}"),
    )
    .severity(Severity::Warning)
    .evidence(format!("{error}{}", cause.unwrap_or_default()))
    .hint(
        Who::You,
        "make the state folder readable and writable for yourself, with some free disk; `vit doctor` looks at it",
    )
}

/// Releases that were seen at this very place and that it does not name any more.
fn vanished(ledger: &Ledger, listing: &mut Listing, source: &str) {
    let listed: std::collections::HashSet<&str> =
        listing.releases.iter().map(|r| r.tag.as_str()).collect();
    let mut gone: Vec<Release> = ledger
        .known
        .iter()
        .filter(|(tag, known)| known.source == source && !listed.contains(tag.as_str()))
        .filter_map(|(tag, known)| {
            let metadata = ledger.metadata(known);
            Some(Release {
                version: version::of_tag(tag)?,
                tag: tag.clone(),
                commit: known.what.commit.clone(),
                tree: known.what.tree.clone(),
                metadata: metadata.and_then(|value| serde_json::from_value(value).ok()),
                metadata_sha256: known.what.metadata_sha256.clone(),
                unread: false,
                problems: vec![withdrawn(tag)],
            })
        })
        .collect();
    if !gone.is_empty() {
        listing.releases.append(&mut gone);
        sort(&mut listing.releases);
    }
}

/// Whether something is to be written. A damaged ledger is left for a look as it is by whoever
/// asks nobody: `vit doctor` has to find it, not to replace it.
fn is_due(ledger: &Ledger, refresh: bool, news: impl Fn(&Ledger) -> Vec<Entry>) -> bool {
    if ledger.damaged.is_some() {
        return refresh;
    }
    !news(ledger).is_empty()
}

/// Appends what is new, in one write. A listing that asks nobody makes no folder for it and does
/// not complain: what was fetched still stands in the refs.
fn record(
    cx: &Context<'_>,
    refresh: bool,
    news: impl FnOnce(&Ledger) -> Vec<Entry>,
) -> Option<Problem> {
    let state_dir = &cx.site.state_dir;
    if !refresh && !state_dir.is_dir() {
        return None;
    }
    let appended = Folder::state(cx.site)
        .ensure()
        .and_then(|()| ledger::append(state_dir, cx.clock.now(), cx.faults, news));
    let problem = match appended {
        // The other process has seen the same, or the next command will.
        Ok(Appended::Done | Appended::Nothing | Appended::Busy) => return None,
        Ok(Appended::Newer) => Problem::new(
            Code::LedgerNotWritten,
            ledger::FILE,
            "a newer vit wrote the ledger of releases: this one adds nothing to it",
        )
        .hint(Who::You, "use the newer vit here"),
        Err(error) => told(Code::LedgerNotWritten, "written", &error),
    };
    refresh.then_some(problem)
}

//! Imported releases over another registry: they are offered where it cannot be asked or has not
//! got them, and what it says of a tag counts as everywhere. Each says where it is from.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use vit_contract::code::Code;
use vit_contract::output::Source;
use vit_contract::problem::{Problem, Who};
use vit_contract::release::{FILE_NAMES, Release};
use vit_contract::version;

use super::git::by_tag;
use super::{Listing, Moved, Registry, metadata, sort};
use crate::bundle::kept::{self, KeptRelease, Record};
use crate::context::Context;
use crate::error::EngineError;
use crate::git::{RELEASES, Ref};

pub(super) mod vouch;

/// A registry with imported releases over it.
pub(super) struct Imported {
    inner: Box<dyn Registry>,
    records: Vec<Record>,
    problems: Vec<Problem>,
}

/// A registry that could not be opened: it says so whenever it is asked.
struct Closed {
    summary: String,
    hints: Vec<String>,
}

/// An imported release that counts.
struct Kept<'a> {
    record: &'a Record,
    kept: &'a KeptRelease,
}

impl Imported {
    /// The registry itself where nothing was imported.
    pub(super) fn over(
        cx: &Context<'_>,
        opened: Result<Box<dyn Registry>, EngineError>,
    ) -> Result<Box<dyn Registry>, EngineError> {
        let (records, problems) = kept::load(&cx.site.state_dir)?;
        if records.is_empty() && problems.is_empty() {
            return opened;
        }
        let inner = match opened {
            Ok(inner) => inner,
            // A place that is not there now (a folder on a disk that is away) is as one that
            // cannot be reached.
            Err(EngineError::BadInput { summary, hints, .. }) if !records.is_empty() => {
                Box::new(Closed { summary, hints })
            }
            Err(error) => return Err(error),
        };
        Ok(Box::new(Self {
            inner,
            records,
            problems,
        }))
    }

    /// Imported releases by tag, the latest import first; and the tags of imports that were
    /// interrupted, which do not count.
    fn counting(&self, refs: &BTreeMap<String, Ref>) -> (BTreeMap<&str, Kept<'_>>, BTreeSet<&str>) {
        let mut counting: BTreeMap<&str, Kept<'_>> = BTreeMap::new();
        let mut pending = BTreeSet::new();
        for record in &self.records {
            for kept in &record.releases {
                let tag = kept.release.tag.as_str();
                if record.stands(refs) {
                    counting.insert(tag, Kept { record, kept });
                } else if !kept.offered_before {
                    pending.insert(tag);
                }
            }
        }
        pending.retain(|tag| !counting.contains_key(tag));
        (counting, pending)
    }

    /// What the inner registry says; where it says nothing, what was imported stands alone.
    fn ask(
        &self,
        cx: &Context<'_>,
        refresh: bool,
        counting: &BTreeMap<&str, Kept<'_>>,
    ) -> Result<(Listing, bool), EngineError> {
        let (error, code) = match self.inner.list(cx, refresh) {
            Ok(listing) => return Ok((listing, true)),
            Err(error @ EngineError::Registry { .. }) => (error, Code::RegistryStale),
            Err(error @ EngineError::BadInput { .. }) => (error, Code::RegistryFallback),
            Err(error) => return Err(error),
        };
        let Some(last) = counting.values().map(|kept| kept.record.imported).max() else {
            return Err(error);
        };
        let source = std::error::Error::source(&error);
        let cause = source.map(|cause| format!(": {cause}")).unwrap_or_default();
        let problem = Problem::new(
            code,
            "registry",
            "no registry answers here: imported releases are all there is",
        )
        .evidence(format!("{error}{cause}"))
        .hint(
            Who::You,
            "nothing, where there is no network; else check it and the remote",
        );
        Ok((
            Listing {
                releases: Vec::new(),
                source: source_of(last),
                problems: vec![problem],
            },
            false,
        ))
    }
}

fn source_of(imported: Timestamp) -> Source {
    Source {
        kind: "imported".to_owned(),
        location: "imported bundles".to_owned(),
        fetched: imported,
        stale: false,
        ignored_tags: 0,
        cached: false,
        signed: false,
        requests: 0,
    }
}

impl Registry for Imported {
    fn list(&self, cx: &Context<'_>, refresh: bool) -> Result<Listing, EngineError> {
        let refs = by_tag(cx.git.refs(&[RELEASES])?, RELEASES);
        let (mut listing, mut heard) = self.ask(cx, refresh, &self.counting(&refs).0)?;
        // Asking may have brought refs.
        let refs = by_tag(cx.git.refs(&[RELEASES])?, RELEASES);
        let (counting, pending) = self.counting(&refs);
        // An answer that was made up from the refs says nothing of what was offered.
        heard &= listing.source.fetched != Timestamp::UNIX_EPOCH;
        // What an interrupted import has left was never offered.
        let counts = |release: &Release| {
            let offered = heard && !is_withdrawn(release);
            offered || !pending.contains(release.tag.as_str())
        };
        listing.releases.retain(counts);
        let offered = self.offered(cx, &listing, (refresh && heard, &counting));
        let trusted = self.inner.trusted();
        let mut own = Vec::new();
        for (tag, kept) in &counting {
            let Some(at) = listing.releases.iter().position(|r| r.tag == *tag) else {
                let mut alone = bare(kept);
                if let (Some(origin), Some(release)) = (trusted, &mut alone) {
                    vouch::bar(cx, origin, (release, &kept.kept.release));
                }
                own.extend(alone);
                continue;
            };
            let release = &mut listing.releases[at];
            // What is signed stands as it is; what is not is no target.
            if let Some(origin) = trusted
                && (vouch::is_named(release)
                    || vouch::bar(cx, origin, (release, &kept.kept.release)))
            {
                continue;
            }
            let before = kept.kept.offered_before || offered.contains(*tag);
            let from_here = settle(release, kept, (&listing.source, heard, before));
            if kept.kept.release.metadata.is_none() {
                continue;
            }
            // What the bundle brought for it stands for what is in its tree.
            if from_here || release.metadata.is_none() && release.is_usable() {
                own.extend(bare(kept));
                listing.releases.swap_remove(at);
            }
        }
        self.fill(cx, &mut own, &counting)?;
        listing.releases.append(&mut own);
        if let Some(last) = counting.values().map(|kept| kept.record.imported).max()
            && listing.source.fetched == Timestamp::UNIX_EPOCH
        {
            listing.source.fetched = last;
        }
        sort(&mut listing.releases);
        listing.problems.extend(self.problems.iter().cloned());
        Ok(listing)
    }

    fn read(
        &self,
        cx: &Context<'_>,
        releases: &mut [Release],
        refresh: bool,
    ) -> Result<(), EngineError> {
        self.inner.read(cx, releases, refresh)
    }

    fn fetch(&self, cx: &Context<'_>, release: &Release) -> Result<(), EngineError> {
        let commit = release.commit.iter().map(|oid| format!("{oid}^{{commit}}"));
        let found = cx.git.resolve(&commit.collect::<Vec<_>>())?;
        if found.into_iter().flatten().next().is_some() {
            return Ok(());
        }
        self.inner.fetch(cx, release)
    }

    fn remote(&self) -> Option<&str> {
        self.inner.remote()
    }

    fn located(&self, cx: &Context<'_>, release: &Release) -> Result<Option<Release>, EngineError> {
        self.inner.located(cx, release)
    }

    fn moved(&self) -> Vec<Moved> {
        self.inner.moved()
    }

    fn fetch_aside(&self, cx: &Context<'_>, tags: &[String]) -> Result<(), EngineError> {
        self.inner.fetch_aside(cx, tags)
    }

    fn metadata_bytes(
        &self,
        cx: &Context<'_>,
        release: &Release,
    ) -> Result<Option<Vec<u8>>, EngineError> {
        let wanted = release.metadata_sha256.as_deref().unwrap_or_default();
        match kept::metadata(&cx.site.state_dir, wanted) {
            Some(bytes) => Ok(Some(bytes)),
            None => self.inner.metadata_bytes(cx, release),
        }
    }
}

impl Imported {
    /// Trees and metadata of releases as they were imported: what the bundle brought, else what is
    /// in the tree.
    fn fill(
        &self,
        cx: &Context<'_>,
        own: &mut Vec<Release>,
        counting: &BTreeMap<&str, Kept<'_>>,
    ) -> Result<(), EngineError> {
        let beside = |release: &Release| {
            let kept = counting.get(release.tag.as_str())?;
            let file = kept.kept.release.metadata.as_ref()?;
            kept::metadata(&cx.site.state_dir, &file.sha256)
        };
        let (mut brought, mut others): (Vec<Release>, Vec<Release>) = std::mem::take(own)
            .into_iter()
            .partition(|r| beside(r).is_some());
        metadata::trees(cx.git, &mut brought)?;
        for release in &mut brought {
            if let Some(bytes) = beside(release) {
                metadata::read(release, FILE_NAMES[0], &bytes);
            }
        }
        metadata::fill(cx.git, &mut others)?;
        own.append(&mut brought);
        own.append(&mut others);
        Ok(())
    }

    /// The imported tags that the registry has offered since. A fresh answer may add to them.
    fn offered(
        &self,
        cx: &Context<'_>,
        listing: &Listing,
        (fresh, counting): (bool, &BTreeMap<&str, Kept<'_>>),
    ) -> BTreeSet<String> {
        let mut offered = kept::offered(&cx.site.state_dir);
        let known = offered.len();
        if fresh && !listing.source.stale {
            let seen = listing.releases.iter().filter(|release| {
                counting.contains_key(release.tag.as_str()) && !is_withdrawn(release)
            });
            offered.extend(seen.map(|release| release.tag.clone()));
        }
        if offered.len() != known {
            kept::keep_offered(&cx.site.state_dir, &offered, cx.faults);
        }
        offered
    }
}

/// Brings together what the registry says of an imported release and what was imported; tells
/// whether it is the import alone that stands for it.
fn settle(
    release: &mut Release,
    kept: &Kept<'_>,
    (source, heard, before): (&Source, bool, bool),
) -> bool {
    let imported = &kept.kept.release;
    if let Some(commit) = &release.commit
        && *commit != imported.commit
    {
        if !release.problems.iter().any(|p| p.code == Code::TagMoved) {
            let moved = super::git::moved_tag(&release.tag, &imported.commit, commit);
            release.problems.push(moved);
        }
        return false;
    }
    let mut unconfirmed = !heard;
    if is_withdrawn(release) {
        // Who has never offered it cannot withdraw it; and an older answer knows nothing of it.
        if before && source.fetched > kept.record.imported {
            return false;
        }
        release.problems.retain(|problem| !says_withdrawn(problem));
        unconfirmed = true;
    }
    if release.commit.is_none() {
        release.commit = Some(imported.commit.clone());
        release.tree = Some(imported.tree.clone());
        release
            .problems
            .retain(|problem| problem.code != Code::ObjectsMissing);
    }
    if unconfirmed {
        release.problems.push(note(kept));
    }
    unconfirmed
}

/// The release as it was imported, without its tree and metadata.
fn bare(kept: &Kept<'_>) -> Option<Release> {
    let imported = &kept.kept.release;
    Some(Release {
        version: version::of_tag(&imported.tag)?,
        tag: imported.tag.clone(),
        commit: Some(imported.commit.clone()),
        tree: None,
        metadata: None,
        metadata_sha256: None,
        unread: false,
        problems: vec![note(kept)],
    })
}

fn note(kept: &Kept<'_>) -> Problem {
    Problem::new(
        Code::ReleaseImported,
        &kept.kept.release.tag,
        format!("imported from bundle {}", kept.record.told()),
    )
}

fn is_withdrawn(release: &Release) -> bool {
    release.problems.iter().any(says_withdrawn)
}

fn says_withdrawn(problem: &Problem) -> bool {
    problem.code == Code::Withdrawn
}

impl Registry for Closed {
    fn list(&self, _: &Context<'_>, _: bool) -> Result<Listing, EngineError> {
        Err(EngineError::BadInput {
            summary: self.summary.clone(),
            problems: Vec::new(),
            hints: self.hints.clone(),
        })
    }

    fn fetch(&self, _: &Context<'_>, _: &Release) -> Result<(), EngineError> {
        Err(EngineError::BadInput {
            summary: self.summary.clone(),
            problems: Vec::new(),
            hints: self.hints.clone(),
        })
    }

    fn remote(&self) -> Option<&str> {
        None
    }
}

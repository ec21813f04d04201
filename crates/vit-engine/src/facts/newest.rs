//! The releases that are newer than the installed one, newest first, read only as far as somebody
//! looks: the metadata of a release that nobody gets to is never asked for.

use std::collections::VecDeque;
use std::sync::Arc;

use semver::Version;
use vit_contract::channel::Channel;
use vit_contract::release::Release;

use super::Facts;
use crate::compat;
use crate::context::Context;
use crate::error::EngineError;

/// How many releases are read at once: the newest alone, for it is mostly the answer, then more.
const BATCHES: [usize; 3] = [1, 3, 4];

/// Reads releases.
type Read<'r> = dyn FnMut(&[&Release]) -> Result<Vec<Arc<Release>>, EngineError> + 'r;

/// A walk over the newer releases of a channel, newest first.
#[derive(Clone)]
pub struct Newest<'a> {
    channel: Channel,
    /// Those that the channel may show, newest first.
    order: Arc<[&'a Release]>,
    next: usize,
    batches: usize,
    ready: VecDeque<Arc<Release>>,
}

impl<'a> Newest<'a> {
    /// Begins with the newest.
    #[must_use]
    pub fn new(releases: &'a [Release], current: Option<&Version>, channel: Channel) -> Self {
        Self {
            channel,
            order: compat::candidates(releases, current, channel).into(),
            next: 0,
            batches: 0,
            ready: VecDeque::new(),
        }
    }

    /// The same releases from the newest on that is older than `version`.
    #[must_use]
    pub fn below(&self, version: &Version) -> Self {
        Self {
            next: self
                .order
                .partition_point(|release| release.version >= *version),
            batches: 0,
            ready: VecDeque::new(),
            order: Arc::clone(&self.order),
            channel: self.channel,
        }
    }

    /// The next one that the channel shows and that can be a target.
    ///
    /// # Errors
    /// Somebody asked to stop, or git failed.
    pub fn next(
        &mut self,
        cx: &Context<'_>,
        facts: &Facts,
    ) -> Result<Option<Arc<Release>>, EngineError> {
        self.next_of(&mut |wanted| facts.complete(cx, wanted))
    }

    /// The same, with somebody else to read.
    pub(super) fn next_of(
        &mut self,
        read: &mut Read<'_>,
    ) -> Result<Option<Arc<Release>>, EngineError> {
        loop {
            while let Some(release) = self.ready.pop_front() {
                let shown = self.channel.sees(release.channel(), release.lts());
                if shown && release.is_usable() {
                    return Ok(Some(release));
                }
            }
            let size = BATCHES[self.batches.min(BATCHES.len() - 1)];
            let mut batch: Vec<&Release> = Vec::with_capacity(size);
            while batch.len() < size && self.next < self.order.len() {
                let release = self.order[self.next];
                // No metadata makes a target of what is none.
                if release.is_usable() {
                    batch.push(release);
                }
                self.next += 1;
            }
            if batch.is_empty() {
                return Ok(None);
            }
            self.batches += 1;
            self.ready = read(&batch)?.into();
        }
    }

    /// All that are left, oldest first, read in one call.
    ///
    /// # Errors
    /// Somebody asked to stop, or git failed.
    pub fn rest(self, cx: &Context<'_>, facts: &Facts) -> Result<Vec<Arc<Release>>, EngineError> {
        let left = self.order[self.next..].iter().rev().copied();
        let left: Vec<&Release> = left.filter(|release| release.is_usable()).collect();
        let mut found = facts.complete(cx, &left)?;
        found.retain(|r| self.channel.sees(r.channel(), r.lts()) && r.is_usable());
        Ok(found)
    }

    /// Every release of the walk, whether looked at or not, newest first.
    pub fn all(&self) -> impl Iterator<Item = &'a Release> {
        self.order.iter().copied()
    }
}

impl Facts {
    /// The newer releases that the channel in force shows.
    #[must_use]
    pub fn newest(&self) -> Newest<'_> {
        Newest::new(&self.listing.releases, self.version(), self.channel.channel)
    }

    /// These releases, read. What was read before is not asked for again.
    ///
    /// # Errors
    /// Somebody asked to stop, or git failed.
    pub fn complete(
        &self,
        cx: &Context<'_>,
        wanted: &[&Release],
    ) -> Result<Vec<Arc<Release>>, EngineError> {
        self.known.complete(cx, &*self.registry, wanted)
    }

    /// One release, read.
    ///
    /// # Errors
    /// Somebody asked to stop, or git failed.
    pub fn completed(
        &self,
        cx: &Context<'_>,
        release: &Release,
    ) -> Result<Arc<Release>, EngineError> {
        let mut found = self.complete(cx, &[release])?;
        Ok(found.swap_remove(0))
    }

    /// The releases after the installed one up to `target`, read in one call: what they break
    /// counts too.
    ///
    /// # Errors
    /// Somebody asked to stop, or git failed.
    pub(crate) fn way(
        &self,
        cx: &Context<'_>,
        target: &Release,
    ) -> Result<Vec<Arc<Release>>, EngineError> {
        self.complete(cx, &self.between(self.version(), target))
    }

    /// The same from another release than the installed one; nothing is asked.
    pub(super) fn way_from(&self, from: &Version, target: &Release) -> Vec<Arc<Release>> {
        let between = self.between(Some(from), target).into_iter();
        between.map(|release| self.known.now(release)).collect()
    }

    /// The releases after `from` up to `target`, itself last, as they are known now; those of the
    /// target's own line only: a pre-release counts where the target is one of its pre-releases or
    /// it is the target. Empty when going down.
    fn between<'a>(&'a self, from: Option<&Version>, target: &'a Release) -> Vec<&'a Release> {
        let all = &self.listing.releases;
        let at = |version: &Version| all.partition_point(|r| r.version <= *version);
        let Some(from) = from else {
            return vec![target];
        };
        if target.version <= *from {
            return Vec::new();
        }
        all[at(from)..at(&target.version)]
            .iter()
            .filter(|r| {
                r.version.pre.is_empty() || r.version == target.version || {
                    let (a, b) = (&r.version, &target.version);
                    !b.pre.is_empty() && (a.major, a.minor, a.patch) == (b.major, b.minor, b.patch)
                }
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;

//! What is known of the releases by now: metadata is asked for when a decision needs it, once,
//! and what was learnt is kept here. The one place of the facts that changes after the gathering.
//!
//! Nothing is decided here: which releases matter is the caller's.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};
use vit_contract::release::Release;

use crate::context::Context;
use crate::error::EngineError;
use crate::registry::Registry;

/// Who may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Everybody, anew.
    Anew,
    /// Everybody was asked a moment ago, or when the plan was made: only for what was not kept.
    Missing,
    /// Nobody (`--offline`).
    Nobody,
}

impl Ask {
    /// What `--offline` means.
    #[must_use]
    pub const fn unless(offline: bool) -> Self {
        if offline { Self::Nobody } else { Self::Anew }
    }
}

/// What is known of the releases by now, by tag.
pub struct Known {
    ask: Ask,
    releases: Mutex<BTreeMap<String, Arc<Release>>>,
}

impl Known {
    /// Nothing yet.
    #[must_use]
    pub const fn new(ask: Ask) -> Self {
        Self {
            ask,
            releases: Mutex::new(BTreeMap::new()),
        }
    }

    /// Who may be asked.
    #[must_use]
    pub const fn ask(&self) -> Ask {
        self.ask
    }

    /// A release as it is known now; nothing is asked.
    #[must_use]
    pub fn now(&self, release: &Release) -> Arc<Release> {
        let mut releases = self.lock();
        if let Some(known) = releases.get(&release.tag) {
            return Arc::clone(known);
        }
        let found = Arc::new(release.clone());
        // What is not read yet may be said of another listing later.
        if !release.unread {
            releases.insert(release.tag.clone(), Arc::clone(&found));
        }
        found
    }

    /// What was learnt of a release since it was listed.
    #[must_use]
    pub fn learnt(&self, release: &Release) -> Option<Arc<Release>> {
        self.lock().get(&release.tag).map(Arc::clone)
    }

    /// Keeps what was learnt of a release.
    pub fn learn(&self, release: Release) -> Arc<Release> {
        let found = Arc::new(release);
        self.lock().insert(found.tag.clone(), Arc::clone(&found));
        found
    }

    /// These releases, read: the metadata that was not asked for yet is, in one call.
    ///
    /// # Errors
    /// Somebody asked to stop, or git failed.
    pub fn complete(
        &self,
        cx: &Context<'_>,
        registry: &dyn Registry,
        wanted: &[&Release],
    ) -> Result<Vec<Arc<Release>>, EngineError> {
        let mut unread: Vec<Release> = {
            let releases = self.lock();
            let is_new =
                |release: &&&Release| release.unread && !releases.contains_key(&release.tag);
            wanted.iter().filter(is_new).map(|&r| r.clone()).collect()
        };
        unread.dedup_by(|a, b| a.tag == b.tag);
        if !unread.is_empty() {
            self.read(cx, registry, &mut unread)?;
            for mut release in unread {
                say_unknown(&mut release);
                self.learn(release);
            }
        }
        Ok(wanted.iter().map(|release| self.now(release)).collect())
    }

    fn read(
        &self,
        cx: &Context<'_>,
        registry: &dyn Registry,
        unread: &mut [Release],
    ) -> Result<(), EngineError> {
        match self.ask {
            Ask::Anew => registry.read(cx, unread, true),
            Ask::Nobody => registry.read(cx, unread, false),
            Ask::Missing => {
                let listed = unread.to_vec();
                registry.read(cx, unread, false)?;
                let (at, mut missing): (Vec<usize>, Vec<Release>) = listed
                    .into_iter()
                    .enumerate()
                    .filter(|(at, _)| unread[*at].unread)
                    .unzip();
                if missing.is_empty() {
                    return Ok(());
                }
                registry.read(cx, &mut missing, true)?;
                for (at, release) in at.into_iter().zip(missing) {
                    unread[at] = release;
                }
                Ok(())
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<Release>>> {
        self.releases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What could not be had is said of the release, where the registry did not.
fn say_unknown(release: &mut Release) {
    let said = |p: &Problem| p.code == Code::MetadataNotFetched || p.blocks();
    if !release.unread || release.problems.iter().any(said) {
        return;
    }
    release.problems.push(not_fetched(&release.tag));
}

/// That a release's metadata was not fetched.
pub(crate) fn not_fetched(tag: &str) -> Problem {
    Problem::new(
        Code::MetadataNotFetched,
        tag,
        "its metadata was not fetched: nothing is known of its changes",
    )
    .hint(Who::You, "ask again without `--offline`")
}

//! A registry for tests: it lists releases unread, tells their metadata when it is asked, and
//! remembers who asked for what, in which batches.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use vit_contract::code::Code;
use vit_contract::output::Source;
use vit_contract::problem::Problem;
use vit_contract::release::Release;

use super::{Listing, Registry, sort};
use crate::context::Context;
use crate::error::EngineError;

/// The batches that were asked for, tags in the order of the call.
pub(crate) type Batches = Arc<Mutex<Vec<Vec<String>>>>;

/// What it has, and what it does not tell.
#[derive(Default)]
pub(crate) struct Scripted {
    /// Every release as it would be read.
    pub(crate) releases: Vec<Release>,
    /// Whether everything is told with the listing.
    pub(crate) eager: bool,
    /// Tags whose metadata was kept: told without asking.
    pub(crate) kept: BTreeSet<String>,
    /// Tags whose metadata cannot be had.
    pub(crate) lost: BTreeSet<String>,
    /// What was asked for.
    pub(crate) batches: Batches,
}

impl Scripted {
    fn listed(&self, release: &Release) -> Release {
        if self.eager {
            return release.clone();
        }
        Release {
            metadata: None,
            metadata_sha256: None,
            unread: true,
            problems: Vec::new(),
            ..release.clone()
        }
    }
}

impl Registry for Scripted {
    fn list(&self, cx: &Context<'_>, _refresh: bool) -> Result<Listing, EngineError> {
        let mut releases: Vec<Release> = self.releases.iter().map(|r| self.listed(r)).collect();
        sort(&mut releases);
        Ok(Listing {
            releases,
            source: Source {
                kind: "index".to_owned(),
                location: "script".to_owned(),
                fetched: cx.clock.now(),
                stale: false,
                ignored_tags: 0,
                cached: false,
                signed: false,
                requests: 1,
            },
            problems: Vec::new(),
        })
    }

    fn read(
        &self,
        _cx: &Context<'_>,
        releases: &mut [Release],
        refresh: bool,
    ) -> Result<(), EngineError> {
        if refresh {
            let tags = releases.iter().map(|release| release.tag.clone());
            self.batches.lock().unwrap().push(tags.collect());
        }
        for release in releases {
            if !refresh && !self.kept.contains(&release.tag) {
                continue;
            }
            if self.lost.contains(&release.tag) {
                let problem = Problem::new(Code::MetadataNotFetched, &release.tag, "not there");
                release.problems.push(problem.evidence("status 500"));
                continue;
            }
            let whole = self.releases.iter().find(|r| r.tag == release.tag).unwrap();
            *release = Release {
                commit: release.commit.clone(),
                tree: release.tree.clone(),
                ..whole.clone()
            };
        }
        Ok(())
    }

    fn fetch(&self, _cx: &Context<'_>, _release: &Release) -> Result<(), EngineError> {
        Ok(())
    }

    fn remote(&self) -> Option<&str> {
        None
    }
}

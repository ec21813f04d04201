//! When the API gives no answer: git, else what is kept, else an error that names both.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};

use super::ask::Failure;
use super::{GithubRegistry, Heard, How};
use crate::context::Context;
use crate::error::EngineError;
use crate::registry::git::Asked;
use crate::registry::{Listing, failed};

/// Neither way led to an answer.
#[derive(Debug, thiserror::Error)]
#[error("its API: {api}; through git: {git}")]
struct Neither {
    api: String,
    git: String,
}

impl GithubRegistry {
    /// git's answer. A release that is known to have its metadata in an asset has it there now
    /// too: its tree may say less, and what was known must not be forgotten because the API is
    /// away.
    pub(super) fn through_git(
        &self,
        cx: &Context<'_>,
        asked: Option<Asked>,
        known: Option<&Heard>,
    ) -> Result<Listing, EngineError> {
        let entries = known.into_iter().flat_map(|known| &known.api.entries);
        let in_assets: BTreeSet<&str> = entries
            .filter(|entry| entry.asset.is_some())
            .map(|entry| entry.tag.as_str())
            .collect();
        self.git.listing(cx, asked, &in_assets)
    }

    /// Without the API: through git, else what is kept.
    pub(super) fn fall_back(
        &self,
        cx: &Context<'_>,
        failure: &Failure,
        tags: Asked,
        known: Option<Arc<Heard>>,
    ) -> Result<Listing, EngineError> {
        let api = failure.to_string();
        let git = match self.through_git(cx, Some(tags), known.as_deref()) {
            Ok(mut listing) if !listing.source.stale => {
                self.by_git.store(true, Ordering::Relaxed);
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
}

/// What git said of its failure.
fn said(listing: &Listing) -> &str {
    let evidence = listing.problems.first().and_then(|p| p.evidence.as_deref());
    evidence.unwrap_or("no answer")
}

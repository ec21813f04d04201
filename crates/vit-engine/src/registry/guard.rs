//! What a trust record means for a registry that is not the signed index of its origin: of the
//! same origin, nothing that it says is believed; of another one, it is said that its answers are
//! not verified.

use vit_contract::code::Code;
use vit_contract::output::Source;
use vit_contract::problem::{Problem, Who};
use vit_contract::release::Release;

use super::index::{bar, known};
use super::{Listing, Moved, Registry, sort};
use crate::context::Context;
use crate::error::EngineError;
use crate::trust::tuf::distrust::untrusted;
use crate::trust::tuf::record::{Records, origin_of};

/// A registry whose answers bear no signatures. Where its origin is trusted as signed, nothing
/// that it says counts.
pub(super) fn unsigned(
    cx: &Context<'_>,
    registry: Box<dyn Registry>,
    url: &str,
) -> Result<Box<dyn Registry>, EngineError> {
    let Some(origin) = origin_of(url) else {
        return beside(cx, registry, None);
    };
    if Records::load(cx)?.of(&origin).is_none() {
        return beside(cx, registry, Some(url));
    }
    let why = format!(
        "the registry is read as {url}, without signatures, and {origin} is trusted as signed"
    );
    let problem = untrusted(&origin, &why).hint(
        Who::You,
        "name its signed index: `kind = \"index\"` under `[registry]` in vit.toml; or end the trust on the record: `vit trust remove --reason TEXT`",
    );
    Ok(Box::new(Barred {
        origin,
        location: url.to_owned(),
        problem,
    }))
}

/// A registry with the warning that trust exists for other origins, where it does.
pub(super) fn beside(
    cx: &Context<'_>,
    registry: Box<dyn Registry>,
    url: Option<&str>,
) -> Result<Box<dyn Registry>, EngineError> {
    let records = Records::load(cx)?;
    let origin = url.and_then(origin_of);
    let mine = |of: &str| origin.as_deref() == Some(of);
    if records.origins.is_empty() || records.origins.iter().any(|record| mine(&record.origin)) {
        return Ok(registry);
    }
    let others: Vec<&str> = records.origins.iter().map(|r| r.origin.as_str()).collect();
    let problem = Problem::new(
        Code::TrustElsewhere,
        origin.as_deref().unwrap_or("the registry"),
        "signed metadata is trusted for another origin: what this registry says is not verified",
    )
    .evidence(format!("trusted as signed: {}", others.join(", ")))
    .hint(
        Who::You,
        "name the signed registry in vit.toml, or end the trust on the record: `vit trust remove --reason TEXT`",
    );
    Ok(Box::new(Noted { registry, problem }))
}

/// A registry with something to be said of it.
struct Noted {
    registry: Box<dyn Registry>,
    problem: Problem,
}

impl Registry for Noted {
    fn list(&self, cx: &Context<'_>, refresh: bool) -> Result<Listing, EngineError> {
        let mut listing = self.registry.list(cx, refresh)?;
        listing.problems.push(self.problem.clone());
        Ok(listing)
    }

    fn read(
        &self,
        cx: &Context<'_>,
        releases: &mut [Release],
        refresh: bool,
    ) -> Result<(), EngineError> {
        self.registry.read(cx, releases, refresh)
    }

    fn metadata_bytes(
        &self,
        cx: &Context<'_>,
        release: &Release,
    ) -> Result<Option<Vec<u8>>, EngineError> {
        self.registry.metadata_bytes(cx, release)
    }

    fn fetch(&self, cx: &Context<'_>, release: &Release) -> Result<(), EngineError> {
        self.registry.fetch(cx, release)
    }

    fn located(&self, cx: &Context<'_>, release: &Release) -> Result<Option<Release>, EngineError> {
        self.registry.located(cx, release)
    }

    fn moved(&self) -> Vec<Moved> {
        self.registry.moved()
    }

    fn fetch_aside(&self, cx: &Context<'_>, tags: &[String]) -> Result<(), EngineError> {
        self.registry.fetch_aside(cx, tags)
    }

    fn remote(&self) -> Option<&str> {
        self.registry.remote()
    }
}

/// A registry that is not asked: what is here is shown, and nothing of it is a target.
struct Barred {
    /// The origin that is trusted.
    origin: String,
    location: String,
    problem: Problem,
}

impl Registry for Barred {
    fn list(&self, cx: &Context<'_>, _refresh: bool) -> Result<Listing, EngineError> {
        let mut releases = known(cx)?;
        if releases.is_empty() {
            return Err(self.refused());
        }
        bar(&mut releases, &self.problem);
        sort(&mut releases);
        Ok(Listing {
            releases,
            source: Source {
                kind: "git".to_owned(),
                location: self.location.clone(),
                fetched: cx.clock.now(),
                stale: true,
                ignored_tags: 0,
                cached: false,
                signed: false,
                requests: 0,
            },
            problems: vec![self.problem.clone()],
        })
    }

    fn fetch(&self, _cx: &Context<'_>, _release: &Release) -> Result<(), EngineError> {
        Err(self.refused())
    }

    fn trusted(&self) -> Option<&str> {
        Some(&self.origin)
    }

    fn remote(&self) -> Option<&str> {
        None
    }
}

impl Barred {
    fn refused(&self) -> EngineError {
        EngineError::Refused {
            summary: format!("{} cannot be believed", self.location),
            problems: vec![self.problem.clone()],
        }
    }
}

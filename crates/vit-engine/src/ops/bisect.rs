//! `vit bisect`: the first release on the way that breaks here, found by rehearsals. Nothing live
//! is changed, and nothing is asked.

use std::sync::Arc;

use semver::Version;
use vit_contract::code::Code;
use vit_contract::output::{
    BisectFailure, BisectReport, BisectSkip, BisectStatus, BisectTry, SmokeOutcome,
};
use vit_contract::plan::{Plan, Rehearsal, RehearsalOutcome};
use vit_contract::problem::Problem;
use vit_contract::release::Release;
use vit_contract::verdict::Answer;

use super::{planning, recover};
use crate::context::Context;
use crate::error::EngineError;
use crate::event::Event;
use crate::facts::Facts;
use crate::plan::Choice;
use crate::rehearsal;

mod search;

use search::Told;

/// What keeps every release from being rehearsed, whichever it is.
const OF_THE_INSTALLATION: [Code; 6] = [
    Code::DirtyTree,
    Code::HiddenChanges,
    Code::SparseCheckout,
    Code::OperationInProgress,
    Code::StateFolderUnsafe,
    Code::LowDisk,
];

/// Options of `vit bisect`.
#[derive(Debug, Clone)]
pub struct BisectOptions {
    /// The release that breaks, or the last one that is looked at.
    pub to: Version,
    /// Ask nothing: search in what was fetched before.
    pub offline: bool,
}

/// Searches between the installed release, which is taken for good, and the one named.
///
/// # Errors
/// The release does not exist or is not newer, the installation itself keeps every release from
/// being rehearsed, or somebody asked to stop.
pub fn bisect(cx: &Context<'_>, options: &BisectOptions) -> Result<BisectReport, EngineError> {
    recover::ready(cx)?;
    let facts = Facts::gather(cx, options.offline)?;
    let last = planning::find(&facts, &options.to)?;
    let Some(current) = facts.version().filter(|v| **v < options.to) else {
        return Err(not_newer(&facts, &options.to));
    };
    let mut releases = facts.newest().below(&options.to).rest(cx, &facts)?;
    releases.push(facts.completed(cx, last)?);
    let mut bisection = Bisection {
        cx,
        facts: &facts,
        releases,
        tried: Vec::new(),
        skipped: Vec::new(),
        failures: Vec::new(),
    };
    let found = search::search(bisection.releases.len(), |at| bisection.ask(at))?;
    Ok(bisection.report(&found, current, &options.to))
}

/// A search under way.
struct Bisection<'a> {
    cx: &'a Context<'a>,
    facts: &'a Facts,
    /// Oldest first.
    releases: Vec<Arc<Release>>,
    tried: Vec<BisectTry>,
    skipped: Vec<BisectSkip>,
    failures: Vec<(usize, Rehearsal)>,
}

impl Bisection<'_> {
    /// Rehearses one release.
    fn ask(&mut self, at: usize) -> Result<Told, EngineError> {
        let release = Arc::clone(&self.releases[at]);
        let release = &*release;
        let explicit = at + 1 == self.releases.len();
        let target = self.facts.target(self.cx, release, explicit)?;
        let choice = Choice {
            // That a release failed here before is what is looked into.
            retry: Some("bisect".to_owned()),
            ..Choice::default()
        };
        let plan = planning::make(self.cx, self.facts, &target, &choice)?;
        if plan.answer == Answer::Blocked {
            self.skipped.push(skip(release, &plan)?);
            return Ok(Told::Skipped);
        }
        self.cx.reporter.report(Event::Rehearsing {
            version: release.version.to_string(),
        });
        let held = rehearsal::rehearse(self.cx, &plan, (self.facts, &target))?;
        self.tried.push(BisectTry {
            version: release.version.clone(),
            outcome: held.outcome,
            seconds: held.seconds,
        });
        Ok(match held.outcome {
            RehearsalOutcome::Pass => Told::Good,
            RehearsalOutcome::CouldNotTell => Told::Unsure,
            RehearsalOutcome::Fail => {
                self.failures.push((at, held));
                Told::Bad
            }
        })
    }

    fn report(self, found: &search::Found, current: &Version, to: &Version) -> BisectReport {
        let version = |at: usize| self.releases[at].version.clone();
        let last_good = found.good.map_or_else(|| current.clone(), version);
        let suspects: Vec<Version> = found.unsure.iter().map(|&at| version(at)).collect();
        let first_bad = found.bad.and_then(|bad| {
            let (_, held) = self.failures.iter().find(|(at, _)| *at == bad)?;
            Some(failure(version(bad), held))
        });
        let any = !self.tried.is_empty();
        let (status, details, next) = match (&first_bad, suspects.is_empty()) {
            (Some(bad), true) => (
                BisectStatus::Found,
                format!("{} is the first release that breaks here", bad.version),
                format!("vit upgrade --target {last_good}"),
            ),
            (Some(bad), false) => (
                BisectStatus::Narrowed,
                format!(
                    "the first release that breaks here is {} or one before it that could not be told",
                    bad.version
                ),
                "mend what keeps the smoke tests from telling, then `vit bisect` again".into(),
            ),
            (None, true) if any => (
                BisectStatus::NothingFails,
                format!("no release up to {to} breaks here that could be upgraded to"),
                format!("vit upgrade --target {last_good}"),
            ),
            (None, _) => (
                BisectStatus::CouldNotTell,
                format!("it could not be told whether a release up to {to} breaks here"),
                "vit update".into(),
            ),
        };
        let mut skipped = self.skipped;
        skipped.sort_by(|a, b| a.version.cmp(&b.version));
        let next = match &first_bad {
            // Nothing newer than what is installed works: there is nothing to upgrade to.
            Some(bad) if last_good == *current => format!("vit hold {}", bad.version),
            _ => next,
        };
        BisectReport {
            schema: "vit.bisect/1".into(),
            status,
            details,
            from_version: current.clone(),
            to_version: to.clone(),
            first_bad,
            last_good,
            suspects,
            tried: self.tried,
            skipped,
            next,
        }
    }
}

/// Why a release is passed over; an error where the installation itself is the reason.
fn skip(release: &Release, plan: &Plan) -> Result<BisectSkip, EngineError> {
    let blocking: Vec<&Problem> = plan.problems().filter(|p| p.blocks()).collect();
    let own: Vec<Problem> = blocking
        .iter()
        .filter(|problem| OF_THE_INSTALLATION.contains(&problem.code))
        .map(|&problem| problem.clone())
        .collect();
    match blocking.first() {
        Some(&problem) if own.is_empty() => Ok(BisectSkip {
            version: release.version.clone(),
            problem: problem.clone(),
        }),
        _ => Err(EngineError::Refused {
            summary: "nothing can be rehearsed as the installation is now".into(),
            problems: own,
        }),
    }
}

fn failure(version: Version, held: &Rehearsal) -> BisectFailure {
    let check = held.problems.first().cloned().unwrap_or_else(|| {
        Problem::new(
            Code::RehearsalFailed,
            version.to_string(),
            "the rehearsal failed",
        )
    });
    let tail = held
        .smoke_tests
        .iter()
        .find(|test| test.vertical == check.subject && test.outcome != SmokeOutcome::Pass)
        .map(|test| test.tail.clone())
        .unwrap_or_default();
    BisectFailure {
        version,
        check,
        tail,
        evidence: held.evidence.clone(),
    }
}

fn not_newer(facts: &Facts, to: &Version) -> EngineError {
    let summary = match facts.version() {
        Some(current) => format!("{to} is not newer than {current}, which is installed"),
        None => "which Core is installed cannot be told, so there is nothing to search from".into(),
    };
    EngineError::BadInput {
        summary,
        problems: Vec::new(),
        hints: vec!["`vit update` lists what is newer".into()],
    }
}

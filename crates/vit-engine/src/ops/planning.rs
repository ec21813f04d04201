//! `vit plan`: what an upgrade would do.

use semver::Version;
use vit_contract::code::Code;
use vit_contract::output::UpdateReport;
use vit_contract::plan::Plan;
use vit_contract::problem::{Problem, Severity, Who};
use vit_contract::release::Release;
use vit_contract::verdict::Answer;

use super::survey::Survey;
use super::update;
use crate::context::Context;
use crate::error::EngineError;
use crate::facts::quarantine::{self, Bound};
use crate::facts::{Facts, Target, programs, repository};
use crate::plan::{self, Choice, own_steps, rehearsed};
use crate::rehearsal;

/// How many real versions an error names.
const NAMED_VERSIONS: usize = 5;

/// Options of `vit plan` and `vit upgrade`.
#[derive(Debug, Clone, Default)]
pub struct PlanOptions {
    /// The release to go to; else the one that `vit update` offers.
    pub target: Option<Version>,
    /// Warnings accepted by code.
    pub accept: Vec<Code>,
    /// Move the branch instead of detaching HEAD.
    pub branch: bool,
    /// Why releases in quarantine are tried again.
    pub retry: Option<String>,
    /// Ask nothing: plan with what was fetched before.
    pub offline: bool,
    /// Seconds for which the smoke tests repeat after the upgrade.
    pub soak_seconds: Option<u64>,
    /// Build the target aside and try it there; what comes of it is part of the plan.
    pub rehearse: bool,
}

/// A plan, or why there is nothing to plan.
#[derive(Debug, Clone)]
pub enum Planned {
    /// What would be done; its answer says whether it may.
    Plan(Box<Plan>),
    /// Nothing newer is offered; the report says what is there and why not.
    Nothing(Box<UpdateReport>),
}

/// Computes the plan of an upgrade.
///
/// # Errors
/// The registry cannot answer, the target does not exist (with the newest real versions), or the
/// installation cannot be read.
pub fn plan(cx: &Context<'_>, options: &PlanOptions) -> Result<Planned, EngineError> {
    let facts = Facts::gather(cx, options.offline)?;
    Ok(match target(cx, &facts, options)? {
        Ok((target, then)) => {
            let choice = choice(options, then);
            let plan = made(cx, &facts, &target, &choice)?;
            Planned::Plan(Box::new(with_possible(cx, &facts, plan, &choice)?))
        }
        Err(report) => Planned::Nothing(report),
    })
}

/// A target, and the releases that follow it on the way to what is wanted.
pub(crate) type Wanted = (Target, Vec<Version>);

/// The target that the options ask for, else the one that is offered; the inner error is the
/// report that there is none.
pub(crate) fn target(
    cx: &Context<'_>,
    facts: &Facts,
    options: &PlanOptions,
) -> Result<Result<Wanted, Box<UpdateReport>>, EngineError> {
    let retry = options.retry.as_deref();
    let Some(version) = &options.target else {
        let found = update::search(cx, facts, retry)?;
        return Ok(match found.offered {
            Some((_, way)) => Ok((way.first, way.then)),
            None => Err(Box::new(update::report(cx, facts, found))),
        });
    };
    let release = find(facts, version)?;
    if is_installed(facts, release) {
        return Ok(Err(Box::new(already_there(cx, facts))));
    }
    let (_, way) = Survey::new(cx, facts, retry).judge(release, true)?;
    if let Some(way) = way.filter(|way| !way.then.is_empty()) {
        let first = Target {
            explicit: true,
            ..way.first
        };
        return Ok(Ok((first, way.then)));
    }
    let target = facts.target(cx, release, true)?;
    let contained = target.landing.contained && facts.version() == Some(&release.version);
    if contained || is_installed(facts, &target.release) {
        return Ok(Err(Box::new(already_there(cx, facts))));
    }
    Ok(Ok((target, Vec::new())))
}

/// A plan that is blocked, with the newest release that is possible as what to do next, where
/// there is one.
pub(crate) fn with_possible(
    cx: &Context<'_>,
    facts: &Facts,
    mut plan: Plan,
    choice: &Choice,
) -> Result<Plan, EngineError> {
    if plan.answer != Answer::Blocked || !plan.explicit_target {
        return Ok(plan);
    }
    let Some((release, way)) = update::search(cx, facts, choice.retry.as_deref())?.offered else {
        return Ok(plan);
    };
    let choice = Choice {
        accept: Vec::new(),
        then: way.then.clone(),
        ..choice.clone()
    };
    // What stands against every upgrade (a dirty tree, a full disk) stands against this one too.
    if make(cx, facts, &way.first, &choice)?.answer != Answer::Blocked {
        plan.next = format!(
            "vit upgrade --target {} (the newest release that is possible now), or mend what is listed above",
            release.version
        );
        plan.digest = plan.compute_digest();
    }
    Ok(plan)
}

/// What the user chose.
pub(crate) fn choice(options: &PlanOptions, then: Vec<Version>) -> Choice {
    Choice {
        then,
        retry: options.retry.clone(),
        accept: options.accept.clone(),
        branch: options.branch,
        soak_seconds: options.soak_seconds,
        rehearse: options.rehearse,
        offline: options.offline,
    }
}

/// Only warnings can be accepted, and what blocks only until somebody accepts it (then it is a
/// warning in the plan): any other code that blocks, here or by its nature, is refused.
pub(crate) fn acceptable(plan: &Plan, accept: &[Code]) -> Result<(), EngineError> {
    for &code in accept {
        let found: Vec<&Problem> = plan.problems().filter(|p| p.code == code).collect();
        let warns = found.iter().any(|p| p.severity == Severity::Warning);
        let blocks = found.iter().any(|p| p.blocks());
        if !blocks && (warns || code.acceptable()) {
            continue;
        }
        return Err(EngineError::BadInput {
            summary: format!("{code} blocks: only a warning can be accepted"),
            problems: found.into_iter().cloned().collect(),
            hints: vec!["leave `--accept` out, and mend what blocks".into()],
        });
    }
    Ok(())
}

/// Computes the plan that the options ask for, rehearsed where they say so. One that is blocked
/// is not rehearsed: it would not go on whatever came of it.
pub(crate) fn made(
    cx: &Context<'_>,
    facts: &Facts,
    target: &Target,
    choice: &Choice,
) -> Result<Plan, EngineError> {
    let plan = make(cx, facts, target, choice)?;
    if !choice.rehearse || plan.answer == Answer::Blocked {
        return Ok(plan);
    }
    let rehearsal = rehearsal::rehearse(cx, &plan, (facts, target))?;
    Ok(rehearsed::with(plan, rehearsal, &choice.accept))
}

/// Computes the plan for one target.
pub(crate) fn make(
    cx: &Context<'_>,
    facts: &Facts,
    target: &Target,
    choice: &Choice,
) -> Result<Plan, EngineError> {
    let Some(position) = &facts.position else {
        return Err(unborn());
    };
    let mut repository = repository::gather(cx, &facts.verticals)?;
    repository.quarantine_key = quarantine::key(
        cx,
        Bound {
            commit: &target.position.commit,
            metadata: target.release.metadata_sha256.as_deref(),
            tree: &target.landing.tree,
            verticals: &target.switch.verticals,
        },
    )?;
    let own_steps = own_steps::forward(&repository.own_steps, &target.release.version);
    repository.missing_programs = programs::missing(cx, target, &own_steps)?;
    let to = target.landing.position(cx, facts.now)?;
    let plan = plan::upgrade(facts, target, &repository, (position, to), choice);
    acceptable(&plan, &choice.accept)?;
    Ok(plan)
}

/// The newest versions that the registry is known to have, without asking it: for messages.
#[must_use]
pub fn known_versions(cx: &Context<'_>) -> Vec<Version> {
    let Ok(registry) = crate::registry::open(cx, None) else {
        return Vec::new();
    };
    let Ok(listing) = registry.list(cx, false) else {
        return Vec::new();
    };
    newest(&listing.releases)
}

/// The release of a version.
pub(crate) fn find<'a>(facts: &'a Facts, version: &Version) -> Result<&'a Release, EngineError> {
    facts
        .listing
        .releases
        .iter()
        .find(|release| release.version == *version)
        .ok_or_else(|| {
            let newest: Vec<String> = newest(&facts.listing.releases)
                .iter()
                .map(ToString::to_string)
                .collect();
            EngineError::BadInput {
                summary: format!("there is no release {version}"),
                problems: Vec::new(),
                hints: vec![
                    format!("the newest releases are {}", newest.join(", ")),
                    "`vit update` lists what is offered and what is blocked".into(),
                ],
            }
        })
}

fn newest(releases: &[Release]) -> Vec<Version> {
    let mut versions: Vec<Version> = releases.iter().map(|r| r.version.clone()).collect();
    versions.sort();
    versions.into_iter().rev().take(NAMED_VERSIONS).collect()
}

fn is_installed(facts: &Facts, release: &Release) -> bool {
    let head = facts.position.as_ref().map(|position| &position.commit);
    head.is_some() && head == release.commit.as_ref() && facts.version() == Some(&release.version)
}

fn already_there(cx: &Context<'_>, facts: &Facts) -> UpdateReport {
    let found = update::Found {
        offered: None,
        blocked: Vec::new(),
        unusable: Vec::new(),
        unknown: Vec::new(),
    };
    let mut report = update::report(cx, facts, found);
    let version = facts.version().map(ToString::to_string).unwrap_or_default();
    report.details = format!("{version} is already installed");
    report
}

pub(crate) fn unborn() -> EngineError {
    EngineError::Refused {
        summary: "the repository has no commit yet: there is nothing to upgrade from".into(),
        problems: vec![
            Problem::new(
                Code::UnbornHead,
                "HEAD",
                "HEAD points at a branch without a commit",
            )
            .hint(
                Who::You,
                "check out a release first: `git fetch --tags`, then `git checkout v<version>`",
            ),
        ],
    }
}

//! `vit why`: for every release that is newer than what is installed, whether it is offered, and
//! everything that speaks against it.

use std::cmp::Ordering;

use semver::Version;
use vit_contract::code::Code;
use vit_contract::output::{WhyRelease, WhyReport, WhyState};
use vit_contract::problem::{Problem, Who};
use vit_contract::release::Release;
use vit_contract::verdict::{self, Verdict};

use super::planning;
use super::survey::{Survey, Way};
use crate::compat;
use crate::context::Context;
use crate::error::EngineError;
use crate::facts::{Facts, repository};
use crate::plan::preflight;

/// Options of `vit why`.
#[derive(Debug, Clone, Default)]
pub struct WhyOptions {
    /// One release; else every newer one.
    pub version: Option<Version>,
    /// Ask nothing: judge what was fetched before.
    pub offline: bool,
}

/// Looks at every newer release, or at one.
///
/// # Errors
/// The registry cannot answer, the release does not exist, or the installation cannot be read.
pub fn why(cx: &Context<'_>, options: &WhyOptions) -> Result<WhyReport, EngineError> {
    let facts = Facts::gather(cx, options.offline)?;
    look(cx, &facts, options)
}

/// How many releases are read at once.
const BATCH: usize = 4;

/// The same with facts that were gathered.
pub(super) fn look(
    cx: &Context<'_>,
    facts: &Facts,
    options: &WhyOptions,
) -> Result<WhyReport, EngineError> {
    let asked = match &options.version {
        Some(version) => Some(planning::find(facts, version)?),
        None => None,
    };
    let mut survey = Survey::new(cx, facts, None);
    // As if nothing were in quarantine.
    let mut anyway = Survey::new(cx, facts, Some(""));
    let mut newer: Vec<&Release> = facts
        .listing
        .releases
        .iter()
        .filter(|release| order(facts, release) == Ordering::Greater)
        .collect();
    newer.sort_by(|a, b| b.version.cmp(&a.version));
    let mut releases = Vec::new();
    let mut possible = None;
    for (at, &release) in newer.iter().enumerate() {
        // Below the release that was asked for, only the first that is possible matters.
        let wanted = asked.is_none_or(|asked| asked.version == release.version);
        if !wanted && possible.is_some() {
            continue;
        }
        // What its version alone hides is judged only where it was asked for.
        let judged = |r: &&Release| compat::may_show(facts.channel.channel, r);
        let release = if asked.is_some() && (wanted || judged(&release)) {
            facts.completed(cx, release)?
        } else {
            if at % BATCH == 0 {
                let next = newer[at..].iter().copied().take(BATCH);
                facts.complete(cx, &next.filter(judged).collect::<Vec<_>>())?;
            }
            facts.known.now(release)
        };
        let mut found = one(
            facts,
            &mut survey,
            (&release, asked.is_some()),
            possible.is_some(),
        )?;
        if found.state == WhyState::Blocked && !facts.quarantine.releases.is_empty() {
            let closed = closed_hops(facts, (&mut survey, &mut anyway), &release)?;
            found.reasons.extend(closed);
        }
        if found.state == WhyState::Offered {
            possible = Some(release.version.clone());
        }
        if wanted {
            releases.push(found);
        }
    }
    if let Some(asked) = asked.filter(|asked| order(facts, asked) != Ordering::Greater) {
        let asked = facts.completed(cx, asked)?;
        releases.push(not_newer(facts, &mut survey, &asked)?);
    }
    let mut problems: Vec<Problem> = facts.problems.clone();
    let repository = repository::gather(cx, &facts.verticals)?;
    preflight::working_tree(&mut problems, &facts.status, &repository);
    verdict::sort(&mut problems);
    Ok(WhyReport {
        schema: "vit.why/1".into(),
        details: details(facts, possible.as_ref(), newer.is_empty()),
        next: next(possible.as_ref(), newer.is_empty(), &problems),
        current_version: facts.version().cloned(),
        latest_version: newer.first().map(|release| release.version.clone()),
        possible,
        channel: facts.channel.clone(),
        source: Some(facts.source(cx)),
        timestamp: Some(facts.now),
        releases,
        problems,
    })
}

/// How a release stands to the installed one; any is newer than one that is not known.
fn order(facts: &Facts, release: &Release) -> Ordering {
    facts.version().map_or(Ordering::Greater, |current| {
        release.version.cmp_precedence(current)
    })
}

/// Looks at one newer release; `whole` tells all that is said of it, not only what blocks.
fn one(
    facts: &Facts,
    survey: &mut Survey<'_>,
    (release, whole): (&Release, bool),
    newer_offered: bool,
) -> Result<WhyRelease, EngineError> {
    let channel = facts.channel.channel;
    let hidden = !channel.sees(release.channel(), release.lts());
    if !release.is_usable() {
        let blocks = |p: &&Problem| whole || p.blocks();
        let reasons = release.problems.iter().filter(blocks).cloned().collect();
        return Ok(told(release, WhyState::Blocked, None, reasons));
    }
    if hidden {
        let mut reasons = vec![on_another_channel(facts, release)];
        if whole {
            let (verdict, _) = survey.judge(release, true)?;
            let others = verdict.problems();
            reasons.extend(others.filter(|p| p.code != Code::ChannelMismatch).cloned());
        }
        return Ok(told(release, WhyState::Hidden, None, reasons));
    }
    let (verdict, way) = survey.judge(release, false)?;
    let state = match (&way, newer_offered) {
        (None, _) => WhyState::Blocked,
        (Some(_), false) => WhyState::Offered,
        (Some(_), true) => WhyState::Possible,
    };
    // What stands against the direct jump is why there is a chain.
    let reasons = reasons(
        &verdict,
        whole || way.as_ref().is_some_and(|w| !w.then.is_empty()),
    );
    Ok(told(release, state, way.as_ref(), reasons))
}

/// The releases in quarantine that keep the only way to a later one closed.
fn closed_hops(
    facts: &Facts,
    (survey, anyway): (&mut Survey<'_>, &mut Survey<'_>),
    release: &Release,
) -> Result<Vec<Problem>, EngineError> {
    if !release.is_usable() {
        return Ok(Vec::new());
    }
    let (_, way) = anyway.judge(release, false)?;
    let mut closed = Vec::new();
    for version in way.iter().flat_map(Way::through) {
        let (verdict, _) = survey.judge(planning::find(facts, &version)?, false)?;
        let held = |problem: &&Problem| problem.code == Code::Quarantined && problem.blocks();
        closed.extend(verdict.problems().filter(held).map(|problem| Problem {
            message: format!("the way leads through it: {}", problem.message),
            ..problem.clone()
        }));
    }
    Ok(closed)
}

fn not_newer(
    facts: &Facts,
    survey: &mut Survey<'_>,
    release: &Release,
) -> Result<WhyRelease, EngineError> {
    if facts.version() == Some(&release.version) {
        return Ok(told(release, WhyState::Installed, None, Vec::new()));
    }
    let mut reasons = vec![
        Problem::new(
            Code::Downgrade,
            &release.tag,
            "it is older than what is installed",
        )
        .hint(
            Who::You,
            format!(
                "`vit rollback` goes back to a state that was verified here; \
                 `vit plan --target {}` shows the way down",
                release.version
            ),
        ),
    ];
    reasons.extend(survey.judge(release, true)?.0.problems().cloned());
    Ok(told(release, WhyState::Older, None, reasons))
}

fn on_another_channel(facts: &Facts, release: &Release) -> Problem {
    let (channel, in_force) = (release.channel(), facts.channel.channel);
    Problem::new(
        Code::ChannelMismatch,
        &release.tag,
        format!("it is on channel {channel}, {in_force} is in force"),
    )
    .hint(
        Who::You,
        format!(
            "`vit channel {channel}` shows that channel, `vit plan --target {}` goes to this release alone",
            release.version
        ),
    )
}

fn reasons(verdict: &Verdict, whole: bool) -> Vec<Problem> {
    let mut reasons: Vec<Problem> = verdict
        .problems()
        .filter(|problem| whole || problem.blocks())
        .cloned()
        .collect();
    verdict::sort(&mut reasons);
    reasons
}

fn told(
    release: &Release,
    state: WhyState,
    way: Option<&Way>,
    reasons: Vec<Problem>,
) -> WhyRelease {
    WhyRelease {
        version: release.version.clone(),
        channel: release.channel(),
        release_date: release.metadata.as_ref().and_then(|m| m.release_date),
        state,
        through: way.map(Way::through).unwrap_or_default(),
        reasons,
    }
}

fn details(facts: &Facts, possible: Option<&Version>, up_to_date: bool) -> String {
    let current = facts
        .version()
        .map_or_else(|| "an unknown version".to_owned(), ToString::to_string);
    match possible {
        Some(version) => {
            format!("{version} is the newest release that is possible; {current} is installed")
        }
        None if up_to_date => format!("{current} is the newest release"),
        None => format!("{current} is installed; no newer release is possible now"),
    }
}

fn next(possible: Option<&Version>, up_to_date: bool, problems: &[Problem]) -> String {
    if problems.iter().any(Problem::blocks) {
        return "mend what stands against every upgrade, then `vit plan`".into();
    }
    match possible {
        Some(_) => "vit plan".into(),
        None if up_to_date => "vit status".into(),
        None => "do what the reasons say, then `vit why` again".into(),
    }
}

//! `vit update`: is there a release, and can every vertical live with it?

use semver::Version;
use vit_contract::code::Code;
use vit_contract::output::{Candidate, LastCheck, UpdateReport, UpdateStatus};
use vit_contract::problem::{Problem, Severity};
use vit_contract::release::Release;
use vit_contract::verdict::{Answer, Verdict};

use super::survey::{Survey, Way};
use crate::context::Context;
use crate::error::EngineError;
use crate::exec::run::problem_of;
use crate::facts::newest::Newest;
use crate::facts::{Facts, known};
use crate::plan::preflight;
use crate::store::folder::Folder;
use crate::store::last_check;
use crate::store::quarantine::Entry;

/// Options of `vit update`.
#[derive(Debug, Clone, Default)]
pub struct UpdateOptions {
    /// Ask nothing: judge what was fetched before.
    pub offline: bool,
}

/// Asks the registry, judges every newer release, and remembers the answer for `vit status`.
///
/// # Errors
/// The registry cannot answer, or the installation cannot be read.
pub fn update(cx: &Context<'_>, options: &UpdateOptions) -> Result<UpdateReport, EngineError> {
    let facts = Facts::gather(cx, options.offline)?;
    let found = search(cx, &facts, None)?;
    let mut report = report(cx, &facts, found);
    let saved = Folder::state(cx.site)
        .ensure()
        .and_then(|()| last_check::save(&cx.site.state_dir, &remembered(&report), cx.faults));
    // The answer is good; only `vit status` will not know of it.
    let lost = match saved {
        Ok(()) => Vec::new(),
        Err(EngineError::Refused { problems, .. }) => problems,
        Err(error) => vec![problem_of(&error, Code::FileUnreadable)],
    };
    report
        .problems
        .extend(lost.into_iter().map(|p| p.severity(Severity::Warning)));
    Ok(report)
}

/// What a search over the newer releases found.
pub(crate) struct Found {
    /// The newest release that every vertical can live with, and the way to it.
    pub offered: Option<(Release, Way)>,
    /// Newer ones that are blocked, newest first.
    pub blocked: Vec<(Release, Verdict)>,
    /// Newer ones that cannot be targets at all, as far as is known.
    pub unusable: Vec<Problem>,
    /// What could not be told, because nobody could be asked.
    pub unknown: Vec<Problem>,
}

/// Looks at the newer releases of the channel, newest first, until one can be lived with. With
/// `retry`, those in quarantine count as if they were not.
pub(crate) fn search(
    cx: &Context<'_>,
    facts: &Facts,
    retry: Option<&str>,
) -> Result<Found, EngineError> {
    let mut newest = facts.newest();
    let mut survey = Survey::new(cx, facts, retry);
    let (mut offered, mut blocked) = (None, Vec::new());
    while let Some(release) = newest.next(cx, facts)? {
        match survey.judge(&release, false)? {
            (_, Some(way)) => {
                offered = Some((Release::clone(&release), way));
                break;
            }
            (verdict, None) => blocked.push((Release::clone(&release), verdict)),
        }
    }
    let (unusable, unknown) = passed_over(facts, &newest);
    Ok(Found {
        offered,
        blocked,
        unusable,
        unknown,
    })
}

/// Why newer releases are no targets at all, as far as is known now; and that there are some of
/// which it cannot be told whether the channel shows them.
fn passed_over(facts: &Facts, newest: &Newest<'_>) -> (Vec<Problem>, Vec<Problem>) {
    let channel = facts.channel.channel;
    let mut unusable = Vec::new();
    let mut unknown: Vec<&str> = Vec::new();
    for listed in newest.all() {
        let learnt = facts.known.learnt(listed);
        let release = learnt.as_deref().unwrap_or(listed);
        if !channel.sees(release.channel(), release.lts()) {
            // Asked for, and not told.
            if release.unread && learnt.is_some() {
                unknown.push(&listed.tag);
            }
        } else if !release.is_usable() {
            unusable.extend(release.problems.iter().filter(|p| p.blocks()).cloned());
        }
    }
    let unknown = unknown.first().map(|first| {
        let number = unknown.len();
        known::not_fetched(first).evidence(format!(
            "whether {channel} shows it is not known; the same of {} more",
            number - 1
        ))
    });
    (unusable, unknown.into_iter().collect())
}

/// Puts the report together.
pub(crate) fn report(cx: &Context<'_>, facts: &Facts, found: Found) -> UpdateReport {
    let current = facts.version().cloned();
    let offered = found.offered.map(|(release, way)| Candidate {
        through: way.through(),
        ..candidate(&release, way.verdict)
    });
    let blocked: Vec<Candidate> = found
        .blocked
        .into_iter()
        .map(|(release, verdict)| candidate(&release, verdict))
        .collect();
    let status = match (&offered, blocked.is_empty() && found.unusable.is_empty()) {
        (Some(offer), _) if offer.verdict.answer == Answer::Compatible => UpdateStatus::Compatible,
        (Some(_), _) => UpdateStatus::CompatibleWithWarnings,
        (None, true) => UpdateStatus::UpToDate,
        (None, false) => UpdateStatus::Blocked,
    };
    let reason = match &offered {
        Some(_) => None,
        None => blocked
            .first()
            .and_then(|candidate| candidate.verdict.reason())
            .or_else(|| found.unusable.first().map(|problem| problem.code)),
    };
    let latest = offered
        .as_ref()
        .or(blocked.first())
        .map(|c| c.version.clone());
    let mut problems = facts.problems.clone();
    problems.extend(found.unknown);
    problems.extend(preflight::unsafe_config(&facts.programs));
    let about = offered.as_ref().or(blocked.first());
    problems.extend(about.iter().flat_map(|c| c.verdict.problems().cloned()));
    UpdateReport {
        schema: "vit.update/1".into(),
        details: details(facts, status, offered.as_ref(), &blocked),
        next: next(status, offered.as_ref()),
        latest_version: latest.or_else(|| current.clone()),
        current_version: current,
        compatible: offered.is_some(),
        status,
        reason,
        channel: facts.channel.clone(),
        source: facts.source(cx),
        offered,
        blocked,
        unusable: found.unusable,
        problems,
        timestamp: facts.now,
    }
}

fn candidate(release: &Release, verdict: Verdict) -> Candidate {
    Candidate {
        version: release.version.clone(),
        channel: release.channel(),
        release_date: release.metadata.as_ref().and_then(|m| m.release_date),
        verdict,
        through: Vec::new(),
    }
}

fn details(
    facts: &Facts,
    status: UpdateStatus,
    offered: Option<&Candidate>,
    blocked: &[Candidate],
) -> String {
    let current = facts
        .version()
        .map_or_else(|| "an unknown version".to_owned(), ToString::to_string);
    let channel = facts.channel.channel;
    let mut text = match (status, offered) {
        (_, Some(offer)) => {
            let through = through(&offer.through);
            let offer = &offer.version;
            format!("{offer}{through} is available on {channel}; {current} is installed")
        }
        (UpdateStatus::UpToDate, None) => {
            format!("{current} is the newest release on {channel}")
        }
        _ => format!("every release newer than {current} on {channel} is blocked"),
    };
    if offered.is_some() && !blocked.is_empty() {
        let are = if blocked.len() == 1 {
            "release is"
        } else {
            "releases are"
        };
        text = format!("{text}; {} newer {are} blocked", blocked.len());
    }
    for candidate in blocked {
        if let Some(entry) = skipped(facts, candidate) {
            let (version, cause) = (&candidate.version, &entry.cause);
            let how = entry.how_often();
            text = format!("{text}; skipped {version}: {how} ({cause})");
        }
    }
    text
}

/// What is remembered of a release that is passed over because it failed here.
fn skipped<'a>(facts: &'a Facts, candidate: &Candidate) -> Option<&'a Entry> {
    let held = candidate
        .verdict
        .problems()
        .any(|problem| problem.code == Code::Quarantined && problem.blocks());
    facts.quarantine.find(&candidate.version).filter(|_| held)
}

/// ` through 1.5.0 and 1.8.0`; empty where the way is direct.
fn through(versions: &[Version]) -> String {
    let names: Vec<String> = versions.iter().map(ToString::to_string).collect();
    if names.is_empty() {
        String::new()
    } else {
        format!(" (through {})", names.join(", "))
    }
}

fn next(status: UpdateStatus, offered: Option<&Candidate>) -> String {
    match (status, offered) {
        (_, Some(_)) => "vit plan".into(),
        (UpdateStatus::UpToDate, None) => "vit status".into(),
        _ => "do what the hints say, then `vit update` again".into(),
    }
}

fn remembered(report: &UpdateReport) -> LastCheck {
    LastCheck {
        timestamp: report.timestamp,
        status: report.status,
        current_version: report.current_version.clone(),
        offered: report.offered.as_ref().map(|offer| offer.version.clone()),
        blocked: report
            .blocked
            .iter()
            .map(|candidate| candidate.version.clone())
            .collect(),
        source: Some(report.source.clone()),
    }
}

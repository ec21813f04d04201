//! `vit status`: what is installed, how it stands. Reads only, asks nobody.

use semver::Version;
use vit_contract::code::Code;
use vit_contract::output::{
    LastCheck, QuarantinedRelease, StatusReport, TrialStatus, UpdateStatus, VerticalStatus,
};
use vit_contract::problem::{Problem, Severity, Who};
use vit_contract::range::Fit;
use vit_contract::verdict::Answer;

use super::{confirm, hold};
use crate::compat::{SmokeTestFile, Vertical};
use crate::context::Context;
use crate::error::EngineError;
use crate::exec::phase::Phase;
use crate::exec::transaction;
use crate::facts::{Local, core_version, local_refs, quarantine};
use crate::parallel;
use crate::store::folder::Folder;
use crate::store::{history_file, last_check, ledger};

/// How many changed files a report names.
const NAMED_FILES: usize = 20;

/// Looks at the installation.
///
/// # Errors
/// It cannot be read.
pub fn status(cx: &Context<'_>) -> Result<StatusReport, EngineError> {
    let (local, refs) = parallel::both(
        || -> Result<_, EngineError> {
            let local = Local::gather(cx)?;
            let position = local.position(cx)?;
            Ok((local, position))
        },
        || local_refs(cx.git),
    );
    let ((local, position), refs) = (local?, refs?);
    let core = core_version::find(cx, &local.status, &refs)?;
    let mut problems = cx.site.problems.clone();
    problems.extend(core.problems);
    problems.extend(of_state(cx)?);
    let Unfinished {
        open: open_transaction,
        inconsistent,
        at_work,
        trial,
    } = unfinished(cx, &mut problems)?;
    let history = history_file::load(cx.site);
    problems.extend(history.problems);
    let quarantine = quarantine::looked_at(cx, &quarantine::load(cx, &mut problems)?);
    if position.is_none() {
        problems.push(unborn());
    }
    problems.extend(transaction_problem(
        open_transaction.as_deref(),
        inconsistent,
        at_work.as_deref(),
        trial.as_ref(),
    ));
    let verticals: Vec<VerticalStatus> = local
        .verticals
        .iter()
        .map(|v| vertical(v, core.version.as_ref()))
        .collect();
    let of_verticals = local.verticals.iter().flat_map(|v| &v.problems);
    problems.extend(of_verticals.cloned());
    let (last_check, unreadable) = last_check::load(&cx.site.state_dir);
    problems.extend(unreadable);
    let last_check = last_check
        .filter(|check| check.current_version == core.version)
        .filter(|check| !overtaken(check, &quarantine));
    // Without a commit there is nothing to plan from; the problem's hint says what helps.
    let next = position
        .as_ref()
        .filter(|_| at_work.is_none() || trial.is_some())
        .and_then(|_| {
            if trial.is_some() {
                return Some("vit confirm".into());
            }
            next(
                inconsistent,
                open_transaction.is_some(),
                last_check.as_ref(),
            )
        });
    Ok(StatusReport {
        schema: "vit.status/1".into(),
        timestamp: Some(cx.clock.now()),
        root: cx.site.root.display().to_string(),
        core_version: core.version,
        core_version_source: core.source,
        position,
        channel: local.channel,
        holds: hold::names(&local.choices),
        quarantine,
        last_check,
        verticals,
        open_transaction,
        inconsistent,
        trial,
        last_transaction: history.history.history.last().cloned(),
        changed_files: names(&local.status.changed),
        changed_count: local.status.changed.len(),
        problems,
        next,
    })
}

/// What is wrong with the state folders, and with the ledger where they can be believed.
fn of_state(cx: &Context<'_>) -> Result<Vec<Problem>, EngineError> {
    let mut problems = Folder::state(cx.site).check();
    if problems.is_empty() {
        let ledger = ledger::read(&cx.site.state_dir)?;
        problems.extend(ledger.problem(&cx.site.state_dir));
    }
    problems.extend(Folder::public(cx.site).check());
    Ok(problems)
}

/// Whether what a check offered has failed here since: its answer does not count any more.
fn overtaken(check: &LastCheck, quarantine: &[QuarantinedRelease]) -> bool {
    quarantine.iter().any(|entry| {
        entry.last >= check.timestamp && check.offered.as_ref() == Some(&entry.version)
    })
}

/// What is not finished.
#[derive(Default)]
struct Unfinished {
    /// The id of the open transaction.
    open: Option<String>,
    inconsistent: bool,
    /// Who is at work.
    at_work: Option<String>,
    trial: Option<TrialStatus>,
}

/// Looks for what is not finished; a damaged journal is a problem.
fn unfinished(cx: &Context<'_>, problems: &mut Vec<Problem>) -> Result<Unfinished, EngineError> {
    let (found, at_work) = match transaction::unfinished_now(&cx.site.state_dir) {
        Ok(found) => found,
        Err(EngineError::Refused {
            problems: damage, ..
        }) => {
            problems.extend(damage);
            (None, None)
        }
        Err(error) => return Err(error),
    };
    let mut unfinished = Unfinished {
        at_work,
        ..Unfinished::default()
    };
    if let Some((id, story)) = found {
        let watched = unfinished.at_work.is_some();
        unfinished.trial = confirm::of_story(cx, &id, &story, watched);
        unfinished.inconsistent = matches!(story.phase, Phase::Inconsistent { .. });
        let wreck = unfinished.trial.is_none() && !unfinished.inconsistent;
        unfinished.open = wreck.then_some(id);
    }
    Ok(unfinished)
}

fn unborn() -> Problem {
    Problem::new(Code::UnbornHead, "HEAD", "the repository has no commit yet").hint(
        Who::You,
        "check out a release first: `git fetch --tags`, then `git checkout v<version>`",
    )
}

fn transaction_problem(
    open: Option<&str>,
    inconsistent: bool,
    at_work: Option<&str>,
    trial: Option<&TrialStatus>,
) -> Option<Problem> {
    if let Some(trial) = trial {
        return Some(confirm::problem(trial));
    }
    if let Some(owner) = at_work {
        return Some(
            Problem::new(
                Code::LockHeld,
                "installation",
                "another vit is at work: what stands here may change at any moment",
            )
            .severity(Severity::Info)
            .evidence(owner)
            .hint(Who::You, "wait for it to end"),
        );
    }
    if inconsistent {
        return Some(
            Problem::new(
                Code::Inconsistent,
                "installation",
                "an earlier failure could not be undone and verified",
            )
            .hint(Who::You, "vit repair"),
        );
    }
    open.map(|id| {
        Problem::new(
            Code::OpenTransaction,
            id,
            "a transaction was interrupted and is not finished yet",
        )
        .severity(Severity::Blocked)
        .hint(Who::You, "vit recover")
    })
}

fn vertical(vertical: &Vertical, core: Option<&Version>) -> VerticalStatus {
    let manifest = vertical.manifest.as_ref();
    let fits = manifest
        .zip(core)
        .is_none_or(|(manifest, core)| manifest.compatibility.core.fit(core) == Fit::Inside);
    let answer = if manifest.is_none() || !fits {
        Answer::Blocked
    } else {
        Answer::of(&vertical.problems)
    };
    VerticalStatus {
        name: manifest.map_or_else(
            || vertical.manifest_path.clone(),
            |m| m.domain_name.to_string(),
        ),
        version: manifest.map(|m| m.domain_version.clone()),
        status: manifest.map(|m| m.status.as_str().to_owned()),
        core: manifest.map(|m| m.compatibility.core.to_string()),
        answer,
        smoke_test: vertical.smoke_test == SmokeTestFile::Ready,
        manifest: vertical.manifest_path.clone(),
    }
}

fn names(files: &[std::path::PathBuf]) -> Vec<String> {
    files
        .iter()
        .take(NAMED_FILES)
        .map(|path| path.display().to_string())
        .collect()
}

fn next(inconsistent: bool, open: bool, check: Option<&LastCheck>) -> Option<String> {
    if inconsistent {
        return Some("vit repair".into());
    }
    if open {
        return Some("vit recover".into());
    }
    match check.map(|check| check.status) {
        None => Some("vit update".into()),
        Some(UpdateStatus::Compatible | UpdateStatus::CompatibleWithWarnings) => {
            Some("vit plan".into())
        }
        Some(
            UpdateStatus::Blocked
            | UpdateStatus::UpToDate
            | UpdateStatus::Error
            | UpdateStatus::RollbackExecuted,
        ) => None,
    }
}

//! `vit confirm`: ends the trial of a release by committing it.

use std::time::Duration;

use vit_contract::code::Code;
use vit_contract::history::{Entry, Outcome};
use vit_contract::output::{TransactionReport, TransactionStatus, TrialStatus};
use vit_contract::problem::{Problem, Severity, Who};

use crate::context::Context;
use crate::error::EngineError;
use crate::exec::phase::{Phase, Story};
use crate::exec::run::version_text;
use crate::exec::transaction::{self, Held};
use crate::exec::trial;
use crate::store::folder::Folder;
use crate::store::history_file;
use crate::store::request::{self, Request};

const SCHEMA: &str = "vit.confirm/1";
const ROLLBACK: &str = "vit.rollback/1";
/// How often it is looked whether the vit that was asked has ended.
const TICK: Duration = Duration::from_millis(50);

/// Commits the release that is on trial; `id` makes sure that it is the one that is meant. A vit
/// that watches the trial is asked to, and waited for; without one it is done here.
///
/// # Errors
/// `id` names another transaction, the state folder is unsafe, or the journal cannot be read.
pub fn confirm(cx: &Context<'_>, id: Option<&str>) -> Result<TransactionReport, EngineError> {
    Folder::state(cx.site).safe()?;
    let mut asked: Option<String> = None;
    loop {
        let (found, holder) = transaction::unfinished_now(&cx.site.state_dir)?;
        let Some((open, story)) = found else {
            return Ok(ended(cx, asked.as_deref()));
        };
        if asked.as_ref().is_some_and(|asked| *asked != open) {
            return Ok(ended(cx, asked.as_deref()));
        }
        if asked.is_none() {
            meant(id, &open)?;
        }
        if holder.is_none() {
            match alone(cx, late(cx, &story)) {
                // Somebody else was faster; what they do is seen in the next look.
                Err(EngineError::Locked { .. }) => {}
                answer => return answer,
            }
        } else if asked.is_none() {
            if story.phase != Phase::Trial {
                return Err(EngineError::Locked {
                    owner: holder.unwrap_or_default(),
                });
            }
            let wish = Request {
                transaction: open.clone(),
                user: cx.actor.user.clone(),
                time: cx.clock.now(),
            };
            request::write(&cx.site.state_dir, &wish, cx.faults)?;
            asked = Some(open);
        }
        cx.clock.pause(TICK);
    }
}

/// The trial that stands with nobody watching it.
///
/// # Errors
/// The journal cannot be read.
pub fn orphan(cx: &Context<'_>) -> Result<Option<TrialStatus>, EngineError> {
    let (found, holder) = transaction::unfinished_now(&cx.site.state_dir)?;
    Ok(found
        .filter(|_| holder.is_none())
        .and_then(|(id, story)| of_story(cx, &id, &story, false)))
}

/// Takes the release back that is on trial with nobody watching it.
///
/// # Errors
/// Locked, or the journal cannot be read.
pub fn give_up(cx: &Context<'_>) -> Result<TransactionReport, EngineError> {
    let mut held = Held::acquire(cx, "vit rollback")?;
    Ok(match trial::give_up(cx, &mut held)? {
        Some(report) => TransactionReport {
            schema: ROLLBACK.into(),
            ..report
        },
        None => TransactionReport::without_transaction(
            "rollback",
            TransactionStatus::NothingToDo,
            "the trial has ended meanwhile: nothing was done",
        ),
    })
}

/// The trial of a story as reports tell it: one that is watched, or that stands without.
#[must_use]
pub fn of_story(cx: &Context<'_>, id: &str, story: &Story, watched: bool) -> Option<TrialStatus> {
    let trial = story
        .trial
        .as_ref()
        .filter(|_| story.phase == Phase::Trial)?;
    if !watched {
        trial::standing(cx, story)?;
    }
    Some(TrialStatus {
        id: id.to_owned(),
        version: story
            .begun
            .as_ref()
            .map_or_else(|| "unknown".to_owned(), |begun| version_text(&begun.to)),
        until: trial.until,
        watched,
    })
}

/// The trial as a problem: what to do about it.
#[must_use]
pub fn problem(trial: &TrialStatus) -> Problem {
    let message = format!("{} is on trial until {}", trial.version, trial.until);
    let (severity, hint) = if trial.watched {
        (
            Severity::Info,
            "`vit confirm` commits it now; Ctrl-C in the vit that watches it takes it back",
        )
    } else {
        (
            Severity::Warning,
            "nobody watches it any more: `vit confirm` commits it, `vit rollback` takes it back; \
             after that time, or once the machine was started anew, `vit recover` takes it back",
        )
    };
    Problem::new(Code::OnTrial, &trial.id, message)
        .severity(severity)
        .hint(Who::You, hint)
}

/// Whether the transaction is the one that was named.
fn meant(id: Option<&str>, open: &str) -> Result<(), EngineError> {
    match id {
        Some(id) if id != open => Err(EngineError::BadInput {
            summary: format!(
                "transaction {} is not on trial",
                vit_contract::text::visible(id)
            ),
            problems: Vec::new(),
            hints: vec![format!("it is {open}: `vit confirm {open}`")],
        }),
        _ => Ok(()),
    }
}

/// Why a trial cannot be confirmed any more, where it cannot.
fn late(cx: &Context<'_>, story: &Story) -> Option<String> {
    let trial = story.trial.as_ref();
    let trial =
        trial.filter(|_| story.phase == Phase::Trial && trial::standing(cx, story).is_none())?;
    Some(if cx.clock.now() < trial.until {
        "the machine was started anew during the trial".to_owned()
    } else {
        format!("the trial was over at {}", trial.until)
    })
}

/// With nobody at work: what is open is finished here. A trial that does not stand any more is
/// taken back.
fn alone(cx: &Context<'_>, late: Option<String>) -> Result<TransactionReport, EngineError> {
    let mut held = Held::acquire(cx, "vit confirm")?;
    let report = trial::confirm(cx, &mut held)?;
    held.refuse_unfinished()?;
    let Some(mut report) = report else {
        return Ok(nothing());
    };
    if let Some(late) = late {
        report.details = format!("too late to confirm, {late}: {}", report.details);
    }
    Ok(TransactionReport {
        schema: SCHEMA.into(),
        ..report
    })
}

fn nothing() -> TransactionReport {
    TransactionReport::without_transaction(
        "confirm",
        TransactionStatus::NothingToDo,
        "no release is on trial",
    )
}

/// How the transaction ended that somebody else was asked to commit, as the history tells it.
fn ended(cx: &Context<'_>, asked: Option<&str>) -> TransactionReport {
    let Some(id) = asked else { return nothing() };
    let history = history_file::load(cx.site).history.history;
    let Some(entry) = history.into_iter().rev().find(|entry| entry.id == id) else {
        return TransactionReport::without_transaction(
            "confirm",
            TransactionStatus::Inconsistent,
            format!("{id} has ended, and the history does not say how: `vit status`"),
        );
    };
    of_entry(entry)
}

fn of_entry(entry: Entry) -> TransactionReport {
    let (status, details) = match entry.status {
        Outcome::Success => (
            TransactionStatus::Applied,
            format!("{} is confirmed and committed", entry.to_version),
        ),
        Outcome::RollbackExecuted => (
            TransactionStatus::RollbackExecuted,
            format!(
                "{} failed before it could be confirmed; {} is restored and verified",
                entry.to_version, entry.from_version
            ),
        ),
        Outcome::Failed => (
            TransactionStatus::Aborted,
            "it was stopped before anything changed".to_owned(),
        ),
        Outcome::Inconsistent => (
            TransactionStatus::Inconsistent,
            format!(
                "{} failed, and {} could not be verified",
                entry.to_version, entry.from_version
            ),
        ),
    };
    let cause = entry
        .rollback_reason
        .map(|reason| Problem::new(Code::Interrupted, &entry.id, reason));
    TransactionReport {
        id: Some(entry.id),
        from_version: Some(entry.from_version),
        to_version: Some(entry.to_version),
        snapshot_tag: entry.snapshot_tag,
        proof: entry.proof,
        problems: cause.into_iter().collect(),
        evidence: entry.evidence,
        ..TransactionReport::without_transaction("confirm", status, details)
    }
}

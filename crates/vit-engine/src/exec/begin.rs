//! The beginning: a new transaction's id and first record.

use vit_contract::code::Code;
use vit_contract::plan::Plan;
use vit_contract::problem::{Problem, Who};
use vit_contract::text;

use super::proof;
use super::record::{Begun, path_text};
use crate::context::Context;
use crate::error::EngineError;
use crate::git::Status;
use crate::parallel;
use crate::store::journal::Journal;
use crate::store::{history_file, transactions};

/// Where snapshots stand; what follows is the transaction's id.
const SNAPSHOT_REFS: [&str; 3] = [
    "refs/vit/snapshots/",
    "refs/tags/pre-upgrade-",
    "refs/tags/pre-rollback-",
];

/// The id and first record of a new transaction.
pub(super) fn begin(cx: &Context<'_>, plan: &Plan) -> Result<(String, Begun), EngineError> {
    let prefix = match plan.kind {
        vit_contract::plan::Kind::Upgrade => "pre-upgrade",
        vit_contract::plan::Kind::Rollback | vit_contract::plan::Kind::Repair => "pre-rollback",
    };
    let (status, beside) = parallel::both(
        || cx.git.status(),
        || -> Result<_, EngineError> { Ok((new_id(cx)?, proof::comparing(cx)?)) },
    );
    let (status, (id, comparing)) = (status?, beside?);
    unmoved(&status, plan)?;
    let begun = Begun {
        kind: plan.kind,
        root: cx.site.root.display().to_string(),
        from: plan.from.clone(),
        to: plan.to.clone(),
        snapshot_tag: format!("{prefix}-{id}"),
        steps: plan.steps.clone(),
        plan: plan.digest.clone(),
        untracked: status.untracked.iter().map(|p| path_text(p)).collect(),
        comparing: Some(comparing),
        accepted: plan.accepted.clone(),
        retry_reason: plan.retry_reason.clone(),
        quarantine_key: plan.quarantine_key.clone(),
        signed_by: plan.signed_by.clone(),
        actor: cx.actor.user.clone(),
        host: cx.actor.host.clone(),
    };
    Ok((id, begun))
}

/// The snapshot's time stamp, counted up past every id that ever bore it: those of snapshots that
/// are there, and those that only journal and history still know.
fn new_id(cx: &Context<'_>) -> Result<String, EngineError> {
    let stamp = cx.clock.now().strftime("%Y%m%d-%H%M%S").to_string();
    let refs = cx.git.refs(&["refs/tags/pre-*", "refs/vit/snapshots/"])?;
    let of_refs = refs.iter().filter_map(|found| {
        SNAPSHOT_REFS
            .iter()
            .find_map(|prefix| found.name.strip_prefix(prefix))
    });
    let folders = transactions::list(&cx.site.state_dir).unwrap_or_default();
    let journal = Journal::read(&cx.site.state_dir)?.records;
    let history = history_file::load(cx.site).history.history;
    let last = of_refs
        .chain(folders.iter().map(String::as_str))
        .chain(journal.iter().map(|record| record.transaction.as_str()))
        .chain(history.iter().map(|entry| entry.id.as_str()))
        .filter_map(|id| match id.strip_prefix(&stamp)? {
            "" => Some(1),
            rest => rest.strip_prefix('-')?.parse::<u32>().ok(),
        })
        .max();
    Ok(match last {
        None => stamp,
        Some(last) => format!("{stamp}-{}", last.saturating_add(1)),
    })
}

/// The last look before the first record: HEAD is where the plan begins, and nothing was changed
/// while somebody read it.
fn unmoved(status: &Status, plan: &Plan) -> Result<(), EngineError> {
    let from = &plan.from.position;
    let moved = if status.head.as_ref() != Some(&from.commit) {
        format!("HEAD is {}", status.head.as_deref().unwrap_or("unborn"))
    } else if status.branch != from.branch {
        format!(
            "HEAD is on {}",
            status.branch.as_deref().unwrap_or("no branch")
        )
    } else if let Some(path) = status.changed.first() {
        format!("{} has changes", text::visible(&path.display().to_string()))
    } else {
        return Ok(());
    };
    Err(EngineError::Refused {
        summary: "the installation has changed since the plan was made".into(),
        problems: vec![
            Problem::new(
                Code::FactsMoved,
                "plan",
                "the installation is not what it was when the plan was made",
            )
            .evidence(moved)
            .hint(Who::You, "make a new plan with `vit plan`"),
        ],
    })
}

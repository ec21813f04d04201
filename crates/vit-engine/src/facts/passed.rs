//! The transactions between a snapshot and what is checked out now.

use std::collections::HashSet;

use vit_contract::code::Code;
use vit_contract::history::Outcome;
use vit_contract::output::Snapshot;
use vit_contract::plan::Kind;
use vit_contract::problem::{Problem, Severity};

use crate::context::Context;
use crate::error::EngineError;
use crate::plan::own_steps::Passed;
use crate::snapshots;
use crate::store::{history_file, transactions};

/// Follows the plans from `head` back to the snapshot, newest first: each begins where the one
/// after it ended. A plan that cannot be read is told, because its steps are not known.
///
/// # Errors
/// The folder of the transactions cannot be read.
pub fn gather(
    cx: &Context<'_>,
    snapshot: &Snapshot,
    head: &str,
) -> Result<(Vec<Passed>, Vec<Problem>), EngineError> {
    let mut ids = transactions::list(&cx.site.state_dir)?;
    let oldest = snapshots::order(&snapshot.id);
    ids.retain(|id| snapshots::order(id) >= oldest);
    ids.sort_by_key(|id| std::cmp::Reverse(snapshots::order(id)));
    let failed = failed(cx);
    let (mut passed, mut problems) = (Vec::new(), Vec::new());
    let mut at = head.to_owned();
    for id in ids {
        if at == snapshot.position.commit {
            break;
        }
        if failed.contains(&id) {
            continue;
        }
        let plan = match transactions::read(&cx.site.state_dir, &id) {
            Ok(Some(plan)) => plan,
            Ok(None) => continue,
            Err(error) => {
                problems.push(unreadable(&id, &error));
                continue;
            }
        };
        let end = &plan.to.position.commit;
        // Commits of somebody's own may stand on top of what an upgrade brought.
        let below = || cx.git.is_ancestor(end, &at).unwrap_or(false);
        if *end == at || (plan.kind == Kind::Upgrade && below()) {
            at.clone_from(&plan.from.position.commit);
            passed.push(Passed { id, plan });
        }
    }
    Ok((passed, problems))
}

/// The transactions that did not end as they were meant to: their steps were undone then.
fn failed(cx: &Context<'_>) -> HashSet<String> {
    history_file::load(cx.site)
        .history
        .history
        .into_iter()
        .filter(|entry| entry.kind != Kind::Repair && entry.status != Outcome::Success)
        .map(|entry| entry.id)
        .collect()
}

fn unreadable(id: &str, error: &EngineError) -> Problem {
    Problem::new(
        Code::OwnStepNotUndone,
        id,
        "the plan of this transaction cannot be read: steps of its own, if it had any, are not undone",
    )
    .severity(Severity::Warning)
    .evidence(error.to_string())
}

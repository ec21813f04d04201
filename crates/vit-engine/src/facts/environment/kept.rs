//! The environment of a snapshot: the first twin that was kept at that snapshot or after it. An
//! upgrade that leaves the environment alone keeps none, so a later twin holds the same.

use std::collections::BTreeSet;

use vit_contract::history::Outcome;
use vit_contract::plan::Step;

use crate::context::Context;
use crate::error::EngineError;
use crate::exec::record::KeptEnvironment;
use crate::snapshots;
use crate::store::{environments, history_file, transactions};

/// What is kept of a snapshot's environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// Nothing has changed it since.
    Unchanged,
    /// A twin.
    Twin {
        /// The transaction that kept it.
        id: String,
        /// The twin.
        kept: KeptEnvironment,
    },
    /// A transaction has changed it, and its twin is not there any more.
    Lost {
        /// The transaction.
        id: String,
    },
}

/// Finds it.
///
/// # Errors
/// A state folder cannot be read.
pub fn of_snapshot(cx: &Context<'_>, snapshot: &str) -> Result<Kept, EngineError> {
    let state = &cx.site.state_dir;
    let mut ids: Vec<String> = environments::list(state)?;
    ids.extend(transactions::list(state)?);
    ids.retain(|id| snapshots::order(id) >= snapshots::order(snapshot));
    ids.sort_by_key(|id| snapshots::order(id));
    ids.dedup();
    let history = history_file::load(cx.site).history.history;
    let successful: BTreeSet<&str> = history
        .iter()
        .filter(|entry| entry.status == Outcome::Success)
        .map(|entry| entry.id.as_str())
        .collect();
    for id in ids {
        if let Some(kept) = environments::read(state, &id)
            && environments::is_whole(state, &id, &kept)
        {
            return Ok(Kept::Twin { id, kept });
        }
        // One that was rolled back has left the environment as it was, and needs no twin.
        if successful.contains(id.as_str()) && changes_environment(cx, &id) {
            return Ok(Kept::Lost { id });
        }
    }
    Ok(Kept::Unchanged)
}

fn changes_environment(cx: &Context<'_>, id: &str) -> bool {
    let plan = transactions::read(&cx.site.state_dir, id).ok().flatten();
    plan.is_some_and(|plan| {
        plan.steps
            .iter()
            .any(|step| matches!(step, Step::Environment(_)))
    })
}

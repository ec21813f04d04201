//! The environment of a snapshot: the first twin that was kept at that snapshot or after it. An
//! upgrade that leaves the environment alone keeps none, so a later twin holds the same.

use std::collections::BTreeSet;
use std::path::Path;

use vit_contract::history::{Entry, EnvironmentProof, Outcome};
use vit_contract::plan::{Kind, Step};

use crate::context::Context;
use crate::error::EngineError;
use crate::exec::record::KeptEnvironment;
use crate::snapshots;
use crate::store::{environments, history_file, transactions};
use crate::twin::Manifest;

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
        .filter(|entry| entry.status == Outcome::Success && entry.kind != Kind::Repair)
        .map(|entry| entry.id.as_str())
        .collect();
    let undone = undone(&history);
    for id in ids {
        // It left the environment as it was; what it kept is about to go, if it is there still.
        if undone.contains(&id) {
            continue;
        }
        if let Some(kept) = environments::read(state, &id)
            && environments::is_whole(state, &id, &kept)
        {
            return Ok(Kept::Twin { id, kept });
        }
        if successful.contains(id.as_str()) && changes_environment(cx, &id) {
            return Ok(Kept::Lost { id });
        }
    }
    Ok(Kept::Unchanged)
}

/// The last transaction that has changed the environment, as far as the history knows: its entry,
/// and what was proven of the environment.
#[must_use]
pub fn last_change(cx: &Context<'_>) -> Option<(Entry, EnvironmentProof)> {
    let history = history_file::load(cx.site).history.history;
    let mut successful = history
        .into_iter()
        .rev()
        .filter(|entry| entry.status == Outcome::Success);
    successful.find_map(|entry| {
        let proof = entry.proof.as_ref()?.environment.clone()?;
        Some((entry, proof))
    })
}

/// The distributions (`name-version`) that somebody has put into the environment since the last
/// transaction changed it, and that are not in the kept one either.
#[must_use]
pub fn added(cx: &Context<'_>, kept: &KeptEnvironment) -> Vec<String> {
    let since = || {
        let (entry, _) = last_change(cx)?;
        let after = environments::after_path(&cx.site.state_dir, &entry.id).ok()?;
        let then = Manifest::read(&after).ok()??;
        let kept = environments::manifest(kept).ok()?;
        Some([then, kept])
    };
    // Where nobody knows what was there, nobody can tell what is new.
    let Some(known) = since() else {
        return Vec::new();
    };
    let known: BTreeSet<String> = known.iter().flat_map(described).collect();
    super::distributions(Path::new(&kept.path))
        .iter()
        .filter_map(|folder| Some(folder.file_stem()?.to_string_lossy().into_owned()))
        .filter(|name| !known.contains(name))
        .collect()
}

/// The distributions that a manifest tells of.
fn described(manifest: &Manifest) -> impl Iterator<Item = String> {
    manifest.entries().filter_map(|(path, _)| {
        let of_packages = path.parent()?.ends_with("site-packages");
        let described = path.extension().is_some_and(|end| end == "dist-info");
        (of_packages && described)
            .then(|| path.file_stem().map(|s| s.to_string_lossy().into_owned()))?
    })
}

/// The transactions that have left the environment as it was, as far as the history knows.
#[must_use]
pub fn undone(history: &[Entry]) -> BTreeSet<String> {
    history
        .iter()
        .filter(|entry| {
            matches!(entry.status, Outcome::RollbackExecuted | Outcome::Failed)
                || entry.kind == Kind::Repair
        })
        .map(|entry| entry.id.clone())
        .collect()
}

fn changes_environment(cx: &Context<'_>, id: &str) -> bool {
    let plan = transactions::read(&cx.site.state_dir, id).ok().flatten();
    plan.is_some_and(|plan| {
        plan.steps
            .iter()
            .any(|step| matches!(step, Step::Environment(_)))
    })
}

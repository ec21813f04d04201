//! Which kept environments may go, and what else a kept environment is good for.

use std::path::{Path, PathBuf};

use vit_contract::history::Outcome;

use crate::cancel::Cancel;
use crate::context::Context;
use crate::error::EngineError;
use crate::facts::environment::kept::undone;
use crate::snapshots;
use crate::store::{environments, folder, history_file};
use crate::twin::{self, Work};

/// Keeps git from seeing a twin that stands in the working tree.
pub(super) fn hide(cx: &Context<'_>, place: &Path) -> Result<(), EngineError> {
    let Ok(inside) = place.strip_prefix(&cx.site.root) else {
        return Ok(());
    };
    let name = inside.to_string_lossy();
    let Some((stem, _)) = name.rsplit_once(".vit-") else {
        return Ok(());
    };
    let line = format!("/{stem}.vit-*/");
    folder::exclude(&cx.site.common_dir, &line, cx.faults)
}

/// Other places where a file of the environment may still be whole.
pub(super) fn sources(cx: &Context<'_>, live: &Path, tree: &Path) -> Vec<PathBuf> {
    let state = &cx.site.state_dir;
    let mut ids = environments::list(state).unwrap_or_default();
    // The newest first: most of it is the same.
    ids.reverse();
    ids.iter()
        .filter_map(|id| environments::read(state, id))
        .filter(|kept| Path::new(&kept.path) == live)
        .flat_map(|kept| {
            let folder = PathBuf::from(&kept.twin);
            [
                environments::tree(&kept),
                folder.join(super::GUARD),
                folder.join(super::INCOMING),
            ]
        })
        .filter(|other| other != tree && other.is_dir())
        .collect()
}

/// At the end of a transaction: what it kept goes where the environment is as it was, else only
/// what it has displaced.
///
/// # Errors
/// Something cannot be removed.
pub fn drop_kept(cx: &Context<'_>, transaction: &str, outcome: Outcome) -> Result<(), EngineError> {
    let state = &cx.site.state_dir;
    let kept = environments::read(state, transaction);
    match outcome {
        // Also where the program died before it had written down what it keeps.
        Outcome::RollbackExecuted | Outcome::Failed => {
            if let Some(kept) = &kept {
                super::unmake(kept)?;
            }
            environments::remove(state, transaction, cx.faults)
        }
        Outcome::Success => {
            let Some(kept) = kept else {
                return Ok(());
            };
            let (cancel, within) = (Cancel::default(), Path::new(&kept.twin));
            let work = Work {
                cancel: &cancel,
                faults: cx.faults,
            };
            twin::remove_tree(&within.join(super::INCOMING), within, &work)
        }
        // A repair will need everything.
        Outcome::Inconsistent => Ok(()),
    }
}

/// Removes kept environments that no snapshot needs any more: the environment of a snapshot is
/// the first that was kept from it on.
///
/// # Errors
/// Git failed, or one cannot be removed; the others are removed all the same.
pub fn prune(cx: &Context<'_>) -> Result<(), EngineError> {
    let state = &cx.site.state_dir;
    let mut twins = environments::list(state)?;
    if twins.is_empty() {
        return Ok(());
    }
    twins.sort_by_key(|id| snapshots::order(id));
    let history = history_file::load(cx.site).history.history;
    let undone = undone(&history);
    let list = snapshots::list(cx, None)?;
    let mut result = Ok(());
    // Of transactions that were undone, a crash may have left something.
    for id in twins.iter().filter(|id| undone.contains(*id)) {
        result = result.and(environments::remove(state, id, cx.faults));
    }
    twins.retain(|id| !undone.contains(id));
    for id in unneeded(&twins, list.iter().map(|snapshot| snapshot.id.as_str())) {
        result = result.and(environments::remove(state, id, cx.faults));
    }
    result
}

/// The twins, oldest first, that are not the first from any snapshot on.
fn unneeded<'t, 's>(twins: &'t [String], snapshots: impl Iterator<Item = &'s str>) -> Vec<&'t str> {
    let needed: std::collections::BTreeSet<&str> = snapshots
        .filter_map(|snapshot| {
            let from = snapshots::order(snapshot);
            twins.iter().find(|id| snapshots::order(id) >= from)
        })
        .map(String::as_str)
        .collect();
    twins
        .iter()
        .map(String::as_str)
        .filter(|id| !needed.contains(id))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_twin_that_an_older_snapshot_needs_stays() {
        let twins: Vec<String> = ["20260101-000002", "20260101-000004", "20260101-000006-10"]
            .map(str::to_owned)
            .into();
        let gone = |snapshots: &[&str]| {
            let found = unneeded(&twins, snapshots.iter().copied());
            found.into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(gone(&["20260101-000001", "20260101-000003"]), twins[2..]);
        assert_eq!(gone(&["20260101-000004"]), [&*twins[0], &*twins[2]]);
        assert_eq!(gone(&["20260101-000006-9"]), twins[..2]);
        assert_eq!(gone(&["20260101-000007"]), twins);
        assert_eq!(gone(&[]), twins);
    }
}

//! Snapshots: the states that can be gone back to, and which of them may go.

use std::collections::{BTreeMap, HashSet};

use vit_contract::output::Snapshot;
use vit_contract::plan::{Kind, Position};

use crate::context::Context;
use crate::error::EngineError;
use crate::git::{Ref, RefEdit};
use crate::store::transactions;

const PREFIXES: [&str; 2] = ["refs/tags/pre-upgrade-", "refs/tags/pre-rollback-"];

/// Every snapshot, newest first; the one that `vit rollback` would take from `head` is marked.
///
/// # Errors
/// Git failed.
pub fn list(cx: &Context<'_>, head: Option<&str>) -> Result<Vec<Snapshot>, EngineError> {
    let refs = cx.git.refs(&[
        "refs/tags/pre-upgrade-*",
        "refs/tags/pre-rollback-*",
        "refs/vit/snapshots/",
    ])?;
    let mut found: BTreeMap<String, Snapshot> = BTreeMap::new();
    for r in &refs {
        let Some((id, tag)) = identify(r) else {
            continue;
        };
        let Some(commit) = &r.commit else { continue };
        let plan = transactions::read(&cx.site.state_dir, &id).ok().flatten();
        let tag = match &plan {
            Some(plan) if plan.kind == Kind::Rollback => format!("pre-rollback-{id}"),
            Some(_) => format!("pre-upgrade-{id}"),
            None => tag,
        };
        let mut position = plan.as_ref().map_or_else(
            || Position {
                commit: commit.clone(),
                tree: String::new(),
                branch: None,
            },
            |plan| plan.from.position.clone(),
        );
        position.commit.clone_from(commit);
        let timestamp = plan
            .as_ref()
            .map_or_else(|| time_of(&id), |plan| plan.created);
        let version = plan
            .as_ref()
            .and_then(|p| p.from.version.as_ref())
            .map(ToString::to_string);
        found.entry(id.clone()).or_insert(Snapshot {
            tag,
            id,
            timestamp,
            version,
            position,
            next: false,
        });
    }
    let mut list: Vec<Snapshot> = found.into_values().collect();
    list.sort_by_key(|snapshot| std::cmp::Reverse(order(&snapshot.id)));
    if let Some(next) = list.iter().position(|s| leads_to(cx, &s.id, head)) {
        list[next].next = true;
    }
    Ok(list)
}

/// Whether the snapshot was taken by the upgrade that brought what is checked out now.
fn leads_to(cx: &Context<'_>, id: &str, head: Option<&str>) -> bool {
    transactions::read(&cx.site.state_dir, id)
        .ok()
        .flatten()
        .is_some_and(|plan| {
            plan.kind == Kind::Upgrade && head == Some(plan.to.position.commit.as_str())
        })
}

/// The id and tag of a snapshot's ref.
fn identify(r: &Ref) -> Option<(String, String)> {
    if let Some(id) = r.name.strip_prefix("refs/vit/snapshots/") {
        return Some((id.to_owned(), format!("pre-upgrade-{id}")));
    }
    let id = PREFIXES
        .iter()
        .find_map(|prefix| r.name.strip_prefix(prefix))?;
    Some((id.to_owned(), r.name.strip_prefix("refs/tags/")?.to_owned()))
}

/// Ids order by time stamp, then by the number counted up.
pub(crate) fn order(id: &str) -> (String, u32) {
    let mut parts = id.splitn(3, '-');
    let stamp = format!(
        "{}-{}",
        parts.next().unwrap_or_default(),
        parts.next().unwrap_or_default()
    );
    (
        stamp,
        parts.next().and_then(|n| n.parse().ok()).unwrap_or(1),
    )
}

fn time_of(id: &str) -> jiff::Timestamp {
    let (stamp, _) = order(id);
    jiff::civil::DateTime::strptime("%Y%m%d-%H%M%S", &stamp)
        .ok()
        .and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC).ok())
        .map(|zoned| zoned.timestamp())
        .unwrap_or_default()
}

/// Drops the oldest snapshots beyond `keep`, never the one that `vit rollback` would take, and no
/// tag of the user's own that is named like one: a snapshot of ours has its private ref too. Refs
/// are shared by all worktrees, the plans are not: another worktree's snapshots are not ours.
///
/// # Errors
/// Git failed.
pub fn prune(cx: &Context<'_>, keep: usize) -> Result<(), EngineError> {
    let ours = transactions::list(&cx.site.state_dir)?;
    if ours.len() <= keep {
        return Ok(());
    }
    let head = cx.git.status()?.head;
    let list = self::list(cx, head.as_deref())?;
    let refs = cx.git.refs(&["refs/tags/pre-*", "refs/vit/"])?;
    let names: HashSet<&str> = refs.iter().map(|r| r.name.as_str()).collect();
    let old: Vec<&Snapshot> = list
        .iter()
        .filter(|snapshot| names.contains(format!("refs/vit/snapshots/{}", snapshot.id).as_str()))
        .filter(|snapshot| ours.contains(&snapshot.id))
        .skip(keep.max(1))
        .filter(|snapshot| !snapshot.next)
        .collect();
    let edits: Vec<RefEdit> = old
        .iter()
        .flat_map(|old| {
            [
                format!("refs/tags/{}", old.tag),
                format!("refs/vit/snapshots/{}", old.id),
                format!("refs/vit/files/{}", old.id),
            ]
        })
        .filter(|name| names.contains(name.as_str()))
        .map(|name| RefEdit::Delete { name })
        .collect();
    if !edits.is_empty() {
        cx.git.update_refs(&edits)?;
    }
    // After the refs: the plan is what says whose they are.
    old.iter()
        .try_for_each(|old| transactions::remove(&cx.site.state_dir, &old.id))
}

#[cfg(test)]
mod tests;

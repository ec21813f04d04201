//! `vit rollback`: back to a snapshot. A rollback takes a snapshot itself, so it can be undone.

use std::collections::{BTreeMap, HashSet};

use vit_contract::code::Code;
use vit_contract::output::{Snapshot, SnapshotReport};
use vit_contract::plan::{
    Disk, DurationEstimate, End, EstimateBasis, Kind, Plan, Position, Risk, RiskLevel, SCHEMA,
    Step, Strategy,
};
use vit_contract::problem::{Problem, Severity, Who};
use vit_contract::verdict::{self, Answer, Verdict};

use super::planning;
use crate::context::Context;
use crate::error::EngineError;
use crate::facts::{self, Local, Switch, core_version, repository, target};
use crate::git::{Ref, RefEdit};
use crate::plan::{self, preflight};
use crate::store::transactions;

const PREFIXES: [&str; 2] = ["refs/tags/pre-upgrade-", "refs/tags/pre-rollback-"];

/// Lists the snapshots, newest first.
///
/// # Errors
/// The repository cannot be read.
pub fn list(cx: &Context<'_>) -> Result<SnapshotReport, EngineError> {
    let head = cx.git.status()?.head;
    Ok(SnapshotReport {
        schema: "vit.snapshots/1".into(),
        snapshots: snapshots(cx, head.as_deref())?,
    })
}

fn snapshots(cx: &Context<'_>, head: Option<&str>) -> Result<Vec<Snapshot>, EngineError> {
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
fn order(id: &str) -> (String, u32) {
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

/// Computes the plan of a rollback: to the snapshot named `to` (its tag), or to the state before
/// the upgrade that brought the present one.
///
/// # Errors
/// There is no such snapshot, or nothing to go back to.
pub fn plan(cx: &Context<'_>, to: Option<&str>) -> Result<Plan, EngineError> {
    let facts = Local::gather(cx)?;
    let Some(from) = facts.position(cx)? else {
        return Err(planning::unborn());
    };
    let refs = facts::local_refs(cx.git)?;
    let list = snapshots(cx, Some(&from.commit))?;
    let snapshot = choose(&list, to)?;
    let mut problems = Vec::new();
    let to = destination(cx, &refs, &from, snapshot, &mut problems)?;
    let switch = target::switch(cx, &facts.verticals, &from, &to)?;
    let repository = repository::gather(cx, &facts.verticals)?;
    preflight::working_tree(&mut problems, &facts.status, &repository);
    if !switch.in_the_way.is_empty() {
        problems.push(
            Problem::new(
                Code::UntrackedInTheWay,
                "working tree",
                "files that git does not track stand where the snapshot has files",
            )
            .evidence(preflight::name_files(&switch.in_the_way))
            .hint(Who::You, "move them elsewhere"),
        );
    }
    let own = own_commits(cx, &from, &refs)?;
    if own > 0 {
        problems.push(
            Problem::new(
                Code::OwnCommits,
                "HEAD",
                "HEAD carries commits that no branch and no tag holds: going back would lose them",
            )
            .evidence(format!("{own} commits"))
            .hint(Who::You, "give them a name first: `git branch my-work`"),
        );
    }
    let (disk, disk_problem) = plan::disk(switch.bytes, facts::free_bytes(cx)?);
    problems.extend(disk_problem);
    verdict::sort(&mut problems);
    let version = core_version::find(cx, &facts.status, &refs)?.version;
    let from = End {
        version,
        position: from,
    };
    let parts = Parts {
        created: cx.clock.now(),
        channel: facts.channel.channel,
        problems,
        disk,
        switch,
    };
    Ok(finish(snapshot, from, to, parts))
}

struct Parts {
    created: jiff::Timestamp,
    channel: vit_contract::channel::Channel,
    problems: Vec<Problem>,
    disk: Disk,
    switch: Switch,
}

/// Commits of HEAD that nothing else holds.
fn own_commits(cx: &Context<'_>, from: &Position, refs: &[Ref]) -> Result<usize, EngineError> {
    let known: Vec<String> = refs.iter().filter_map(|r| r.commit.clone()).collect();
    if known.contains(&from.commit) {
        Ok(0)
    } else {
        Ok(cx.git.commits_not_in(&from.commit, &known)?)
    }
}

fn finish(snapshot: &Snapshot, from: End, to: Position, parts: Parts) -> Plan {
    let answer = Answer::of(&parts.problems);
    let smoke_tests = plan::smoke_tests(&parts.switch.verticals);
    let seconds = 1.0 + f64::from(u32::try_from(smoke_tests.len()).unwrap_or(u32::MAX)) * 30.0;
    let named = |name: &str, value: String| (name.to_owned(), value);
    let mut plan = Plan {
        schema: SCHEMA.into(),
        kind: Kind::Rollback,
        created: parts.created,
        channel: parts.channel,
        to: End {
            version: snapshot
                .version
                .as_deref()
                .and_then(|v| semver::Version::parse(v).ok()),
            position: to.clone(),
        },
        target_tag: Some(snapshot.tag.clone()),
        explicit_target: true,
        strategy: Strategy::Checkout,
        answer,
        verdict: Verdict::new(Vec::new(), Vec::new()),
        changes: Vec::new(),
        contracts: Vec::new(),
        files_changed: parts.switch.changes.len(),
        duration: DurationEstimate {
            seconds,
            basis: EstimateBasis::Estimate,
        },
        disk: parts.disk,
        risk: Risk {
            level: RiskLevel::Low,
            reasons: vec!["the snapshot was a working state of this installation".into()],
        },
        rollback: vec![
            "the tag pre-rollback-<time> keeps the present state".into(),
            "`vit rollback --to pre-rollback-<time>` comes back to it".into(),
        ],
        accepted: Vec::new(),
        facts: [
            named("head", from.position.commit.clone()),
            named(
                "branch",
                from.position
                    .branch
                    .clone()
                    .unwrap_or_else(|| "detached".into()),
            ),
            named("snapshot", to.commit.clone()),
        ]
        .into(),
        next: format!("vit rollback --to {}", snapshot.tag),
        steps: vec![Step::SwitchTree {
            from: from.position.clone(),
            to,
        }],
        from,
        preflight: parts.problems,
        smoke_tests,
        digest: String::new(),
    };
    if answer == Answer::Blocked {
        plan.next = "mend what is listed above, then `vit rollback` again".into();
    }
    plan.digest = plan.compute_digest();
    plan
}

fn choose<'a>(list: &'a [Snapshot], to: Option<&str>) -> Result<&'a Snapshot, EngineError> {
    let names = || {
        let tags: Vec<&str> = list.iter().take(5).map(|s| s.tag.as_str()).collect();
        if tags.is_empty() {
            "there is no snapshot yet".to_owned()
        } else {
            format!("the newest snapshots are {}", tags.join(", "))
        }
    };
    match to {
        Some(name) => list.iter().find(|s| s.tag == name || s.id == name).ok_or_else(|| {
            EngineError::BadInput {
                summary: format!("there is no snapshot {}", vit_contract::text::visible(name)),
                problems: Vec::new(),
                hints: vec![names(), "`vit rollback --list` lists them all".into()],
            }
        }),
        None => list.iter().find(|s| s.next).ok_or_else(|| EngineError::BadInput {
            summary: "there is nothing to go back to: no upgrade of vit brought what is checked out now".into(),
            problems: Vec::new(),
            hints: vec!["name a snapshot: `vit rollback --to SNAPSHOT`".into(), names()],
        }),
    }
}

/// Where HEAD will be: on the snapshot's branch where that branch is still, or was by us moved
/// away from, the snapshot's commit; else detached, and the plan says so.
fn destination(
    cx: &Context<'_>,
    refs: &[Ref],
    from: &Position,
    snapshot: &Snapshot,
    problems: &mut Vec<Problem>,
) -> Result<Position, EngineError> {
    let commit = snapshot.position.commit.clone();
    let found = cx.git.resolve(&[format!("{commit}^{{tree}}")])?;
    let Some((tree, _)) = found.into_iter().next().flatten() else {
        return Err(EngineError::Refused {
            summary: format!("the snapshot {} is damaged", snapshot.tag),
            problems: vec![Problem::new(
                Code::ObjectsMissing,
                &snapshot.tag,
                "the snapshot's commit is not in this repository",
            )],
        });
    };
    let mut branch = snapshot.position.branch.clone();
    if let Some(name) = &branch {
        let now = refs
            .iter()
            .find(|r| r.name == *name)
            .map(|r| r.oid.as_str());
        let moved_by_us = from.branch.as_deref() == Some(name) && snapshot.next;
        if now != Some(commit.as_str()) && !moved_by_us {
            problems.push(
                Problem::new(Code::AheadOfRelease, name, "the branch has moved since the snapshot; it stays where it is, HEAD is detached")
                    .evidence(format!("the snapshot has {commit}, the branch {}", now.unwrap_or("is gone")))
                    .severity(Severity::Warning),
            );
            branch = None;
        }
    }
    Ok(Position {
        commit,
        tree,
        branch,
    })
}

/// Drops the oldest snapshots beyond `keep`, never the one that `vit rollback` would take, and no
/// tag of the user's own that is named like one: a snapshot of ours has its private ref too. Refs
/// are shared by all worktrees, the plans are not: another worktree's snapshots are not ours.
///
/// # Errors
/// Git failed.
pub fn prune_snapshots(cx: &Context<'_>, keep: usize) -> Result<(), EngineError> {
    let ours = transactions::list(&cx.site.state_dir)?;
    if ours.len() <= keep {
        return Ok(());
    }
    let head = cx.git.status()?.head;
    let list = snapshots(cx, head.as_deref())?;
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

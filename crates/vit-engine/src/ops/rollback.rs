//! `vit rollback`: back to a snapshot. A rollback takes a snapshot itself, so it can be undone.

use vit_contract::code::Code;
use vit_contract::output::{ChannelChoice, Snapshot, SnapshotReport};
use vit_contract::plan::{
    Disk, DurationEstimate, End, EnvironmentPlan, EstimateBasis, Kind, Plan, Position, Risk,
    RiskLevel, SCHEMA, Step, Strategy,
};
use vit_contract::problem::{Problem, Severity, Who};
use vit_contract::verdict::{self, Answer, Verdict};
use vit_contract::version;

use super::planning;
use crate::compat::Vertical;
use crate::context::Context;
use crate::error::EngineError;
use crate::facts::quarantine::{Bound, key};
use crate::facts::{self, Local, Switch, core_version, repository, target};
use crate::git::Ref;
use crate::plan::{self, preflight};
use crate::snapshots;
use crate::store::quarantine::Key;

/// Lists the snapshots, newest first.
///
/// # Errors
/// The repository cannot be read.
pub fn list(cx: &Context<'_>) -> Result<SnapshotReport, EngineError> {
    let head = cx.git.status()?.head;
    Ok(SnapshotReport {
        schema: "vit.snapshots/1".into(),
        snapshots: snapshots::list(cx, head.as_deref())?,
    })
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
    let list = snapshots::list(cx, Some(&from.commit))?;
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
    let installed = core_version::find(cx, &facts.status, &refs)?.version;
    let from = End {
        version: installed,
        position: from,
    };
    let quarantine_key = key_of_left(cx, &refs, &from, &facts.verticals)?;
    let parts = Parts {
        quarantine_key,
        created: cx.clock.now(),
        channel: facts.channel.clone(),
        problems,
        disk,
        switch,
    };
    Ok(finish(snapshot, from, to, parts))
}

/// What going back from the installed release by hand is bound to: until some of it changes, the
/// release is not offered again.
fn key_of_left(
    cx: &Context<'_>,
    refs: &[Ref],
    from: &End,
    verticals: &[Vertical],
) -> Result<Key, EngineError> {
    let Some(version) = &from.version else {
        return Ok(Key::new());
    };
    let tag = version::tag_of(version);
    let names = ["refs/vit/releases/", "refs/tags/"].map(|prefix| format!("{prefix}{tag}"));
    let commit = names
        .iter()
        .find_map(|name| refs.iter().find(|r| r.name == *name)?.commit.as_deref());
    let listing = crate::registry::open(cx, None).and_then(|registry| registry.list(cx, false));
    let metadata = listing.ok().and_then(|listing| {
        let mut releases = listing.releases.into_iter();
        releases.find(|r| r.version == *version)?.metadata_sha256
    });
    key(
        cx,
        Bound {
            commit: commit.unwrap_or(&from.position.commit),
            metadata: metadata.as_deref(),
            tree: &from.position.tree,
            verticals,
        },
    )
}

struct Parts {
    quarantine_key: Key,
    created: jiff::Timestamp,
    channel: ChannelChoice,
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
        channel: parts.channel.channel,
        channel_set_by: parts.channel.set_by,
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
        environment: EnvironmentPlan::default(),
        rehearsal: None,
        then: Vec::new(),
        soak_seconds: None,
        retry_reason: None,
        quarantine_key: parts.quarantine_key,
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

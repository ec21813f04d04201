//! `vit rollback`: back to a snapshot. A rollback takes a snapshot itself, so it can be undone.

use vit_contract::code::Code;
use vit_contract::output::{ChannelChoice, Snapshot, SnapshotReport};
use vit_contract::plan::{
    Accepted, CommandStep, Disk, DurationEstimate, End, EstimateBasis, Kind, Plan, Position, Risk,
    RiskLevel, SCHEMA, Step, Strategy, SubmoduleSwitch,
};
use vit_contract::problem::{Problem, Severity, Who};
use vit_contract::verdict::{self, Answer, Verdict};
use vit_contract::version;

use super::planning;
use crate::compat::Vertical;
use crate::context::Context;
use crate::error::EngineError;
use crate::facts::quarantine::{Bound, key};
use crate::facts::{self, Local, Switch, core_version, landing, passed, repository, target};
use crate::git::Ref;
use crate::plan::environment::Decision;
use crate::plan::{self, own_steps, preflight};
use crate::snapshots;
use crate::store::quarantine::Key;
use crate::store::transactions;
use crate::submodule;

mod environment;

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
/// the upgrade that brought the present one. What the installation's own steps did on the way is
/// undone with it.
///
/// # Errors
/// There is no such snapshot, or nothing to go back to.
pub fn plan(cx: &Context<'_>, to: Option<&str>, accept: &[Code]) -> Result<Plan, EngineError> {
    let facts = Local::gather(cx)?;
    let Some(from) = facts.position(cx)? else {
        return Err(planning::unborn());
    };
    let refs = facts::local_refs(cx.git)?;
    let list = snapshots::list(cx, Some(&from.commit))?;
    let snapshot = choose(&list, to).map_err(|error| match to {
        None => with_ways_back(cx, &from, &list, error),
        Some(_) => error,
    })?;
    let mut problems = Vec::new();
    let to = destination(cx, &refs, &from, snapshot, &mut problems)?;
    let submodule = submodule_back(cx, snapshot, &to, &mut problems)?;
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
    // A commit that an upgrade made is nobody's work, and the snapshot of this rollback keeps it.
    let made_by_us = list.iter().any(|snapshot| snapshot.next);
    let own = if made_by_us {
        0
    } else {
        own_commits(cx, &from, &refs)?
    };
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
    let (passed, unreadable) = passed::gather(cx, snapshot, &from.commit)?;
    problems.extend(unreadable);
    let (own_steps, irreversible) = own_steps::backward(&passed);
    problems.extend(own_steps::irreversible(
        irreversible.iter().map(String::as_str),
        accept,
        "an upgrade that is gone back from ran this step, and it cannot be undone",
    ));
    let (mut environment, environment_fact) = environment::decide(cx, &snapshot.id)?;
    problems.append(&mut environment.problems);
    let (disk, disk_problem) = plan::disk(switch.bytes, facts::free_bytes(cx)?);
    problems.extend(disk_problem);
    verdict::sort(&mut problems);
    let installed = core_version::find(cx, &facts.status, &refs)?.version;
    let from = End {
        version: installed,
        position: from,
    };
    let accepted = plan::accepted(accept, problems.iter());
    let quarantine_key = key_of_left(cx, &refs, &from, &facts.verticals)?;
    let parts = Parts {
        quarantine_key,
        created: cx.clock.now(),
        channel: facts.channel.clone(),
        problems,
        disk,
        switch,
        own_steps,
        accepted,
        environment,
        environment_fact,
        submodule,
    };
    let plan = finish(snapshot, from, to, parts);
    planning::acceptable(&plan, accept)?;
    Ok(plan)
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
    own_steps: Vec<CommandStep>,
    accepted: Vec<Accepted>,
    environment: Decision,
    environment_fact: String,
    submodule: Option<Step>,
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
        strategy: if parts.submodule.is_some() {
            Strategy::Submodule
        } else {
            Strategy::Checkout
        },
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
        accepted: parts.accepted,
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
            named("environment", parts.environment_fact),
        ]
        .into(),
        next: format!("vit rollback --to {}", snapshot.tag),
        // The mirror of an upgrade: its own steps are taken back while what they ran on is there.
        steps: parts
            .own_steps
            .into_iter()
            .map(Step::Command)
            .chain([Step::SwitchTree {
                from: from.position.clone(),
                to,
            }])
            .chain(parts.submodule)
            .chain(parts.environment.step.map(Step::Environment))
            .collect(),
        pins: Vec::new(),
        environment: parts.environment.plan,
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

/// The way back of the submodule that Core is, where the snapshot records another commit of it: to
/// the branch that it was on, where that is still there, else detached.
fn submodule_back(
    cx: &Context<'_>,
    snapshot: &Snapshot,
    to: &Position,
    problems: &mut Vec<Problem>,
) -> Result<Option<Step>, EngineError> {
    let Some(core) = submodule::find(cx)? else {
        return Ok(None);
    };
    let (Some(commit), Some(inside)) =
        (submodule::pointer(cx, &to.tree, &core.path)?, &core.inside)
    else {
        return Ok(None);
    };
    let Some(from) = inside.position()? else {
        return Ok(None);
    };
    if from.commit == commit {
        return Ok(None);
    }
    problems.extend(landing::submodule::state(
        &inside.context(cx),
        &core,
        &from,
    )?);
    let spec = [format!("{commit}^{{tree}}")];
    let mut found = inside.git().resolve(&spec)?.into_iter().flatten();
    let tree = match found.next() {
        Some((tree, _)) => tree,
        // A release, which the step brings.
        None => match cx.git.resolve(&spec)?.into_iter().flatten().next() {
            Some((tree, _)) => tree,
            None => {
                let message =
                    "the submodule's commit of the snapshot is nowhere in this repository";
                problems.push(
                    Problem::new(Code::ObjectsMissing, &core.path, message).hint(
                        Who::You,
                        format!("`git -C {} fetch`, then again", core.path),
                    ),
                );
                return Ok(None);
            }
        },
    };
    let plan = transactions::read(&cx.site.state_dir, &snapshot.id)
        .ok()
        .flatten();
    let steps = plan.map(|plan| plan.steps).unwrap_or_default();
    let branch = steps.into_iter().find_map(|step| match step {
        Step::SwitchSubmodule(switch) if switch.path == core.path => switch.from.branch,
        _ => None,
    });
    let still = |name: &String| -> Result<bool, EngineError> {
        let refs = inside.git().refs(&[name])?;
        Ok(refs.iter().any(|r| r.name == *name && r.oid == commit))
    };
    let branch = match branch {
        Some(name) if still(&name)? => Some(name),
        _ => None,
    };
    Ok(Some(Step::SwitchSubmodule(SubmoduleSwitch {
        path: core.path,
        from,
        to: Position {
            commit,
            tree,
            branch,
        },
    })))
}

/// What can be done where commits were made on top of an upgrade: it is told, and nothing that
/// would drop them is done.
fn with_ways_back(
    cx: &Context<'_>,
    from: &Position,
    list: &[Snapshot],
    error: EngineError,
) -> EngineError {
    let EngineError::BadInput {
        mut summary,
        problems,
        mut hints,
    } = error
    else {
        return error;
    };
    let below = list.iter().find_map(|snapshot| {
        let plan = transactions::read(&cx.site.state_dir, &snapshot.id).ok()??;
        let made = &plan.to.position.commit;
        let upgrade = plan.kind == Kind::Upgrade && plan.from.position.commit != *made;
        let below = upgrade && cx.git.is_ancestor(made, &from.commit).ok()?;
        below.then_some((snapshot, plan))
    });
    if let Some((snapshot, plan)) = below {
        let version = plan.to.version.map(|v| v.to_string()).unwrap_or_default();
        summary = format!(
            "commits were made on top of the upgrade to {version}: going back would leave them behind"
        );
        hints.clear();
        if plan.strategy == Strategy::Merge {
            hints.push(format!(
                "take the upgrade alone back, and keep them: `git revert -m 1 {}`",
                plan.to.position.commit
            ));
        }
        let or = if hints.is_empty() { "" } else { "or " };
        hints.push(format!(
            "{or}`vit rollback --to {}`: their branch stays where it is, HEAD is detached at the state before",
            snapshot.tag
        ));
    }
    EngineError::BadInput {
        summary,
        problems,
        hints,
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

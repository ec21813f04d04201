//! `vit rollback`: back to a snapshot. A rollback takes a snapshot itself, so it can be undone.

use vit_contract::code::Code;
use vit_contract::output::{ChannelChoice, Snapshot, SnapshotReport};
use vit_contract::plan::{
    Accepted, CommandStep, Disk, DurationEstimate, End, EnvironmentStep, EstimateBasis, Kind, Plan,
    Position, Risk, RiskLevel, SCHEMA, Step, Strategy,
};
use vit_contract::problem::{Problem, Who};
use vit_contract::verdict::{self, Answer, Verdict};
use vit_contract::version;

use super::planning;
use crate::compat::Vertical;
use crate::context::Context;
use crate::error::EngineError;
use crate::facts::quarantine::{Bound, key};
use crate::facts::{self, Local, Switch, core_version, passed, repository, target};
use crate::git::Ref;
use crate::parallel;
use crate::plan::environment::Decision;
use crate::plan::{self, own_steps, preflight};
use crate::registry::{self, Listing, Registry};
use crate::snapshots;
use crate::store::quarantine::Key;

mod destination;
mod environment;
mod submodule;

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
    make(cx, to, accept).map(|(plan, _)| plan)
}

/// The plan, and the verticals as they are now.
pub(super) fn make(
    cx: &Context<'_>,
    to: Option<&str>,
    accept: &[Code],
) -> Result<(Plan, Vec<Vertical>), EngineError> {
    let (local, heard) = parallel::both(
        || -> Result<_, EngineError> {
            let facts = Local::gather(cx)?;
            let from = facts.position(cx)?;
            Ok((facts, from))
        },
        || facts::local_refs(cx.git).map(|refs| (refs, listing(cx))),
    );
    let ((facts, from), (refs, listing)) = (local?, heard?);
    let Some(from) = from else {
        return Err(planning::unborn());
    };
    let list = snapshots::list(cx, Some(&from.commit))?;
    let snapshot = destination::choose(&list, to).map_err(|error| match to {
        None => destination::with_ways_back(cx, &from, &list, error),
        Some(_) => error,
    })?;
    let mut problems = Vec::new();
    let to = destination::position(cx, &refs, &from, snapshot, &mut problems)?;
    let submodule = submodule::back(cx, snapshot, &to, &mut problems)?;
    let (switch, rest) = parallel::both(
        || target::switch(cx, &facts.verticals, &from, &to),
        || -> Result<_, EngineError> {
            let repository = repository::gather(cx, &facts.verticals)?;
            let passed = passed::gather(cx, snapshot, &from.commit)?;
            Ok((repository, passed, environment::decide(cx, &snapshot.id)?))
        },
    );
    let switch = switch?;
    let (repository, (passed, unreadable), (mut environment, environment_fact)) = rest?;
    preflight::working_tree(&mut problems, &facts.status, &repository);
    problems.extend(in_the_way(&switch));
    // A commit that an upgrade made is nobody's work, and the snapshot of this rollback keeps it.
    if !list.iter().any(|snapshot| snapshot.next) {
        problems.extend(own_commits(cx, &from, &refs)?);
    }
    problems.extend(unreadable);
    let (own_steps, irreversible) = own_steps::backward(&passed);
    problems.extend(own_steps::irreversible(
        irreversible.iter().map(String::as_str),
        accept,
        "an upgrade that is gone back from ran this step, and it cannot be undone",
    ));
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
    let quarantine_key = key_of_left(cx, (&refs, listing), &from, &facts.verticals)?;
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
    Ok((plan, facts.verticals))
}

/// What the registry is known to hold, where that can be told; nobody is asked.
fn listing(cx: &Context<'_>) -> Option<Listed> {
    let registry = registry::open(cx, None).ok()?;
    let listing = registry.list(cx, false).ok()?;
    Some((registry, listing))
}

/// A registry and what it is known to hold.
type Listed = (Box<dyn Registry>, Listing);

fn in_the_way(switch: &Switch) -> Option<Problem> {
    (!switch.in_the_way.is_empty()).then(|| {
        Problem::new(
            Code::UntrackedInTheWay,
            "working tree",
            "files that git does not track stand where the snapshot has files",
        )
        .evidence(preflight::name_files(&switch.in_the_way))
        .hint(Who::You, "move them elsewhere")
    })
}

/// What going back from the installed release by hand is bound to: until some of it changes, the
/// release is not offered again.
fn key_of_left(
    cx: &Context<'_>,
    (refs, listed): (&[Ref], Option<Listed>),
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
    let release = match listed {
        Some((registry, listing)) => registry::kept_in(cx, &*registry, listing, version)?,
        None => None,
    };
    let metadata = release.and_then(|release| release.metadata_sha256);
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

/// Commits of HEAD that nothing else holds, which going back would lose.
fn own_commits(
    cx: &Context<'_>,
    from: &Position,
    refs: &[Ref],
) -> Result<Option<Problem>, EngineError> {
    let known: Vec<String> = refs.iter().filter_map(|r| r.commit.clone()).collect();
    if known.contains(&from.commit) {
        return Ok(None);
    }
    let own = cx.git.commits_not_in(&from.commit, &known)?;
    let text = "HEAD carries commits that no branch and no tag holds: going back would lose them";
    Ok((own > 0).then(|| {
        Problem::new(Code::OwnCommits, "HEAD", text)
            .evidence(format!("{own} commits"))
            .hint(Who::You, "give them a name first: `git branch my-work`")
    }))
}

/// The mirror of an upgrade: its own steps are taken back while what they ran on is there.
fn steps(
    (from, to): (&Position, &Position),
    own_steps: Vec<CommandStep>,
    (submodule, environment): (Option<Step>, Option<EnvironmentStep>),
) -> Vec<Step> {
    let switch = Step::SwitchTree {
        from: from.clone(),
        to: to.clone(),
    };
    let own_steps = own_steps.into_iter().map(Step::Command);
    let environment = environment.map(Step::Environment);
    own_steps
        .chain([switch])
        .chain(submodule)
        .chain(environment)
        .collect()
}

fn finish(snapshot: &Snapshot, from: End, to: Position, parts: Parts) -> Plan {
    let snapshot_commit = to.commit.clone();
    let answer = Answer::of(&parts.problems);
    let smoke_tests = plan::smoke_tests(&parts.switch.verticals);
    let seconds = 1.0 + f64::from(u32::try_from(smoke_tests.len()).unwrap_or(u32::MAX)) * 30.0;
    let named = |name: &str, value: String| (name.to_owned(), value);
    let branch = from.position.branch.clone();
    let branch = branch.unwrap_or_else(|| "detached".into());
    let strategy = if parts.submodule.is_some() {
        Strategy::Submodule
    } else {
        Strategy::Checkout
    };
    let steps = steps(
        (&from.position, &to),
        parts.own_steps,
        (parts.submodule, parts.environment.step),
    );
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
            position: to,
        },
        target_tag: Some(snapshot.tag.clone()),
        signed_by: None,
        explicit_target: true,
        strategy,
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
            named("branch", branch),
            named("snapshot", snapshot_commit),
            named("environment", parts.environment_fact),
        ]
        .into(),
        next: format!("vit rollback --to {}", snapshot.tag),
        steps,
        pins: Vec::new(),
        environment: parts.environment.plan,
        rehearsal: None,
        then: Vec::new(),
        soak_seconds: None,
        retry_reason: None,
        source: None,
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

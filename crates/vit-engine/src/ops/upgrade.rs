//! `vit upgrade`: carries a plan out.

use vit_contract::code::Code;
use vit_contract::output::{ChannelChoice, TransactionReport, TransactionStatus, UpdateReport};
use vit_contract::plan::{Kind, Plan};
use vit_contract::problem::{Problem, Who};
use vit_contract::verdict::{Answer, Verdict};

use super::planning::{self, PlanOptions};
use super::{chain, rollback};
use crate::compat::Vertical;
use crate::context::Context;
use crate::error::EngineError;
use crate::exec::execute::{self, Inputs};
use crate::exec::transaction::Held;
use crate::exec::{quarantine, recover};
use crate::facts::known::Ask;
use crate::facts::{Facts, Target, verticals};
use crate::plan::{Choice, RELEASE_METADATA, rehearsed};

/// Applies a plan of `vit plan` or of `vit rollback` as a transaction. A transaction that was
/// interrupted is finished first. Refuses when a fact that the plan rests on has changed, or when
/// its answer is blocked.
///
/// # Errors
/// Refused, locked, inconsistent, or an error before anything changed.
pub fn apply(cx: &Context<'_>, plan: &Plan) -> Result<TransactionReport, EngineError> {
    check_digest(plan)?;
    let mut held = Held::acquire(cx, command(plan.kind))?;
    recover::finish_open(cx, &mut held)?;
    held.refuse_unfinished()?;
    match plan.kind {
        Kind::Upgrade => upgrade(cx, &mut held, plan),
        Kind::Rollback | Kind::Repair => roll_back(cx, &mut held, plan),
    }
}

/// What came of `vit upgrade`.
#[derive(Debug, Clone)]
pub enum Upgraded {
    /// The transaction, or the refusal to begin one.
    Ended(Box<TransactionReport>),
    /// Nothing newer is offered; the report says what is there and why not.
    Nothing(Box<UpdateReport>),
    /// Somebody said no to the plan.
    Declined,
}

/// Plans and applies in one go: nobody else can change the installation through `vit` between the
/// two, because the lock is held all the while. `confirm` is shown a plan that may go on, and
/// says whether it does.
///
/// # Errors
/// Locked, inconsistent, no such target, or an error before anything changed.
pub fn run(
    cx: &Context<'_>,
    options: &PlanOptions,
    confirm: &mut dyn FnMut(&Plan) -> bool,
) -> Result<Upgraded, EngineError> {
    let mut held = Held::acquire(cx, command(Kind::Upgrade))?;
    recover::finish_open(cx, &mut held)?;
    held.refuse_unfinished()?;
    remember_failures(cx);
    let facts = Facts::gather(cx, options.offline)?;
    let (target, then) = match planning::target(cx, &facts, options)? {
        Ok(wanted) => wanted,
        Err(report) => return Ok(Upgraded::Nothing(report)),
    };
    let choice = planning::choice(options, then);
    let plan = planning::made(cx, &facts, &target, &choice)?;
    if plan.answer == Answer::Blocked {
        let plan = planning::with_possible(cx, &facts, plan, &choice)?;
        return Ok(Upgraded::Ended(Box::new(refused(plan))));
    }
    if !confirm(&plan) {
        return Ok(Upgraded::Declined);
    }
    // The registry was asked before the first hop; a later one may lack what nobody needed then.
    let ask = if options.offline {
        Ask::Nobody
    } else {
        Ask::Missing
    };
    let first = carry_out(cx, &mut held, (&facts, &target), &plan)?;
    let report = chain::go_on(cx, &mut held, first, &rest(&plan, choice, ask));
    Ok(Upgraded::Ended(Box::new(report)))
}

/// What an earlier write has kept from the memory of failures is made up for: a release that
/// failed must not be tried again because the disk was full then. That this fails stops nothing.
fn remember_failures(cx: &Context<'_>) {
    drop(quarantine::remember(cx));
}

/// The channel that was said for a plan holds for carrying it out.
fn for_this_plan_alone(plan: &Plan) -> Option<ChannelChoice> {
    matches!(plan.channel_set_by.as_str(), "--channel" | "VIT_CHANNEL").then(|| ChannelChoice {
        channel: plan.channel,
        set_by: plan.channel_set_by.clone(),
    })
}

fn rest(plan: &Plan, choice: Choice, ask: Ask) -> chain::Rest {
    chain::Rest {
        ask,
        then: plan.then.clone(),
        explicit: plan.explicit_target,
        channel: for_this_plan_alone(plan),
        choice,
    }
}

/// Applies a plan that was made earlier, after comparing the facts.
fn upgrade<'a>(
    cx: &'a Context<'a>,
    held: &mut Held<'a>,
    plan: &Plan,
) -> Result<TransactionReport, EngineError> {
    // The registry was asked when the plan was made; what it said then is compared now.
    let mut facts = Facts::gather_asking(cx, Ask::Missing)?;
    // A commit that the plan names is made again with the same time.
    facts.now = plan.created;
    if let Some(channel) = for_this_plan_alone(plan) {
        facts.channel = channel;
    }
    let version = plan.to.version.as_ref().ok_or_else(no_version)?;
    let target = facts.target(cx, planning::find(&facts, version)?, plan.explicit_target)?;
    let choice = Choice {
        accept: plan.accepted.iter().map(|accepted| accepted.code).collect(),
        branch: plan.to.position.branch.is_some(),
        soak_seconds: plan.soak_seconds,
        retry: plan.retry_reason.clone(),
        then: plan.then.clone(),
        rehearse: plan.rehearsal.is_some(),
        offline: plan
            .preflight
            .iter()
            .any(|problem| problem.code == Code::WheelsMissing),
    };
    let now = planning::make(cx, &facts, &target, &choice)?;
    compare(plan, &now)?;
    // The facts are those of then, so what was rehearsed is what is about to be done.
    let now = match &plan.rehearsal {
        Some(held) => rehearsed::with(now, held.clone(), &choice.accept),
        None => now,
    };
    if now.answer == Answer::Blocked {
        return Ok(refused(now));
    }
    let first = carry_out(cx, held, (&facts, &target), &now)?;
    Ok(chain::go_on(
        cx,
        held,
        first,
        &rest(&now, choice, Ask::Missing),
    ))
}

pub(super) fn carry_out<'a>(
    cx: &'a Context<'a>,
    held: &mut Held<'a>,
    (facts, target): (&Facts, &Target),
    plan: &Plan,
) -> Result<TransactionReport, EngineError> {
    let rejudge = || -> Result<Verdict, EngineError> {
        let on_disk = verticals::discover(cx, Some(&plan.to.position.commit))?;
        Ok(facts.judge_verticals(target, &on_disk))
    };
    let inputs = Inputs {
        plan,
        verticals: &target.switch.verticals,
        rejudge: &rejudge,
    };
    execute::execute(cx, held, &inputs)
}

/// What came of `vit rollback`.
#[derive(Debug, Clone)]
pub enum RolledBack {
    /// The transaction, or the refusal to begin one.
    Ended(Box<TransactionReport>),
    /// Somebody said no to the plan.
    Declined,
}

/// Plans a rollback and applies it in one go, as [`run`] does an upgrade.
///
/// # Errors
/// Locked, inconsistent, no such snapshot, or an error before anything changed.
pub fn run_back(
    cx: &Context<'_>,
    (to, accept): (Option<&str>, &[Code]),
    confirm: &mut dyn FnMut(&Plan) -> bool,
) -> Result<RolledBack, EngineError> {
    let mut held = Held::acquire(cx, command(Kind::Rollback))?;
    recover::finish_open(cx, &mut held)?;
    held.refuse_unfinished()?;
    let (plan, on_disk) = rollback::make(cx, to, accept)?;
    if plan.answer == Answer::Blocked {
        return Ok(RolledBack::Ended(Box::new(refused(plan))));
    }
    if !confirm(&plan) {
        return Ok(RolledBack::Declined);
    }
    let report = carry_back(cx, &mut held, &plan, &on_disk)?;
    Ok(RolledBack::Ended(Box::new(report)))
}

fn roll_back<'a>(
    cx: &'a Context<'a>,
    held: &mut Held<'a>,
    plan: &Plan,
) -> Result<TransactionReport, EngineError> {
    let wanted = plan.target_tag.as_deref();
    let accept: Vec<Code> = plan.accepted.iter().map(|accepted| accepted.code).collect();
    let (now, on_disk) = rollback::make(cx, wanted, &accept)?;
    compare(plan, &now)?;
    if now.answer == Answer::Blocked {
        return Ok(refused(now));
    }
    carry_back(cx, held, &now, &on_disk)
}

fn carry_back<'a>(
    cx: &'a Context<'a>,
    held: &mut Held<'a>,
    plan: &Plan,
    on_disk: &[Vertical],
) -> Result<TransactionReport, EngineError> {
    // A rollback goes where the installation was already judged: the smoke tests tell, they do
    // not gate, and nothing is judged again.
    let rejudge = || Ok(Verdict::new(Vec::new(), Vec::new()));
    let inputs = Inputs {
        plan,
        verticals: on_disk,
        rejudge: &rejudge,
    };
    execute::execute(cx, held, &inputs)
}

/// The answer to a plan that is blocked: nothing was changed.
#[must_use]
pub fn refused(plan: Plan) -> TransactionReport {
    let problems: Vec<Problem> = plan.problems().filter(|p| p.blocks()).cloned().collect();
    let what = plan.kind.as_str();
    TransactionReport {
        from_version: plan.from.version.as_ref().map(ToString::to_string),
        to_version: plan.to.version.as_ref().map(ToString::to_string),
        problems,
        next: Some(plan.next.clone()),
        plan: Some(Box::new(plan)),
        ..TransactionReport::without_transaction(
            what,
            TransactionStatus::Blocked,
            format!("the {what} is blocked; nothing was changed"),
        )
    }
}

/// Compares the facts by name; the first that differ are named.
fn compare(plan: &Plan, now: &Plan) -> Result<(), EngineError> {
    let mut moved: Vec<String> = plan
        .facts
        .iter()
        .filter(|(name, value)| match now.facts.get(*name) {
            Some(there) => there != *value,
            // It could not be read now: that is no change.
            None => *name != RELEASE_METADATA,
        })
        .map(|(name, value)| {
            let there = now.facts.get(name).map_or("nothing", String::as_str);
            format!(
                "{name}: planned with {}, now {}",
                short(value),
                short(there)
            )
        })
        .collect();
    if plan.steps != now.steps {
        moved.push("steps: the plan would do something else now".into());
    }
    if moved.is_empty() {
        return Ok(());
    }
    Err(EngineError::Refused {
        summary: "the facts that the plan was made from have changed".into(),
        problems: vec![
            Problem::new(
                Code::FactsMoved,
                "plan",
                "the installation is not what it was when the plan was made",
            )
            .evidence(moved.join("; "))
            .hint(Who::You, "make a new plan with `vit plan`"),
        ],
    })
}

fn short(value: &str) -> &str {
    if value.len() >= 40 && value.bytes().all(|b| b.is_ascii_hexdigit()) {
        &value[..12]
    } else {
        value
    }
}

/// A plan that was edited after it was made is refused.
fn check_digest(plan: &Plan) -> Result<(), EngineError> {
    if plan.digest == plan.compute_digest() {
        return Ok(());
    }
    Err(EngineError::BadInput {
        summary: "the plan was changed after it was made: its digest does not fit".into(),
        problems: Vec::new(),
        hints: vec!["make a new plan with `vit plan --out FILE`".into()],
    })
}

fn no_version() -> EngineError {
    EngineError::BadInput {
        summary: "the plan names no target version".into(),
        problems: Vec::new(),
        hints: vec!["make a new plan with `vit plan --out FILE`".into()],
    }
}

const fn command(kind: Kind) -> &'static str {
    match kind {
        Kind::Upgrade => "vit upgrade",
        Kind::Rollback => "vit rollback",
        Kind::Repair => "vit repair",
    }
}

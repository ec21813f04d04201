//! A chain of releases: each hop is a transaction of its own, planned anew with the facts that the
//! hop before has made. What does not go on stops at the last release that was proven.

use semver::Version;
use vit_contract::code::Code;
use vit_contract::output::{ChannelChoice, Hop, TransactionReport, TransactionStatus};
use vit_contract::problem::{Problem, Who};
use vit_contract::verdict::Answer;

use super::{planning, upgrade};
use crate::context::Context;
use crate::error::EngineError;
use crate::exec::run::problem_of;
use crate::exec::transaction::Held;
use crate::facts::Facts;
use crate::facts::known::Ask;
use crate::plan::Choice;

/// What is carried out after the first hop.
pub(super) struct Rest {
    /// The releases, in order.
    pub then: Vec<Version>,
    /// Whether somebody named the last of them.
    pub explicit: bool,
    /// The channel that was named for this plan alone.
    pub channel: Option<ChannelChoice>,
    /// What the user chose.
    pub choice: Choice,
    /// Who may be asked for what is not here.
    pub ask: Ask,
}

/// Goes on after the first hop, as long as each hop is applied.
pub(super) fn go_on<'a>(
    cx: &'a Context<'a>,
    held: &mut Held<'a>,
    first: TransactionReport,
    rest: &Rest,
) -> TransactionReport {
    if rest.then.is_empty() {
        return first;
    }
    let mut hops = vec![hop(&first)];
    let mut last = first;
    for (index, version) in rest.then.iter().enumerate() {
        if last.status != TransactionStatus::Applied {
            break;
        }
        let stopped_at = last.to_version.clone();
        let choice = Choice {
            then: rest.then[index + 1..].to_vec(),
            ..rest.choice.clone()
        };
        last = if cx.cancel.is_set() {
            stopped(version, TransactionStatus::Aborted, vec![asked_to_stop()])
        } else {
            one(cx, held, (version, rest), &choice).unwrap_or_else(|error| {
                stopped(version, TransactionStatus::Blocked, problems(error))
            })
        };
        hops.push(hop_to(version, &last));
        if last.status != TransactionStatus::Applied {
            let at = stopped_at.unwrap_or_default();
            last.details = format!("stopped at {at}: {}", last.details);
            last.from_version.get_or_insert(at);
        }
    }
    last.hops = hops;
    last
}

/// Plans one hop with fresh facts and carries it out. The registry was asked before the first one.
fn one<'a>(
    cx: &'a Context<'a>,
    held: &mut Held<'a>,
    (version, rest): (&Version, &Rest),
    choice: &Choice,
) -> Result<TransactionReport, EngineError> {
    let mut facts = Facts::gather_asking(cx, rest.ask)?;
    if let Some(channel) = &rest.channel {
        facts.channel = channel.clone();
    }
    let target = facts.target(cx, planning::find(&facts, version)?, rest.explicit)?;
    let plan = planning::made(cx, &facts, &target, choice)?;
    if plan.answer == Answer::Blocked {
        return Ok(upgrade::refused(plan));
    }
    upgrade::carry_out(cx, held, (&facts, &target), &plan)
}

fn hop(report: &TransactionReport) -> Hop {
    let plan = report.plan.as_ref();
    let version = plan.and_then(|plan| plan.to.version.clone());
    hop_to(&version.unwrap_or_else(|| Version::new(0, 0, 0)), report)
}

fn hop_to(version: &Version, report: &TransactionReport) -> Hop {
    Hop {
        version: version.clone(),
        status: report.status,
        id: report.id.clone(),
    }
}

fn stopped(
    version: &Version,
    status: TransactionStatus,
    problems: Vec<Problem>,
) -> TransactionReport {
    let why = match status {
        TransactionStatus::Aborted => "somebody asked to stop",
        _ => "the next hop cannot be planned",
    };
    TransactionReport {
        to_version: Some(version.to_string()),
        problems,
        next: Some("vit upgrade".to_owned()),
        ..TransactionReport::without_transaction(
            "upgrade",
            status,
            format!("{why}; {version} was not begun"),
        )
    }
}

fn asked_to_stop() -> Problem {
    Problem::new(
        Code::Interrupted,
        "chain",
        "somebody asked to stop (Ctrl-C or SIGTERM)",
    )
    .hint(
        Who::You,
        "`vit upgrade` goes on from the release that is installed now",
    )
}

fn problems(error: EngineError) -> Vec<Problem> {
    match error {
        EngineError::Refused { problems, .. } | EngineError::BadInput { problems, .. }
            if !problems.is_empty() =>
        {
            problems
        }
        other => vec![problem_of(&other, Code::StepFailed)],
    }
}

//! `vit upgrade`.

use vit_contract::exit::ExitCode;
use vit_contract::output::{TransactionStatus, UpdateReport};
use vit_contract::plan::{Kind, Plan};
use vit_engine::ops::planning::{Planned, plan};

use crate::args::UpgradeArgs;
use crate::commands::{apply, plan as planning, update, wanted};
use crate::error::Failure;
use crate::prompt::Question;
use crate::session::{App, Session};
use crate::{plan_file, render};

/// Runs `vit upgrade`.
///
/// # Errors
/// Refused, or no answer before anything changed.
pub fn run(app: &App<'_>, args: &UpgradeArgs) -> Result<ExitCode, Failure> {
    let question = Question {
        text: "Apply this upgrade",
        yes: args.yes,
        with_yes: "vit upgrade --yes",
    };
    if !args.dry_run {
        question.require_answerable(app.ui)?;
    }
    let stored = match &args.plan {
        Some(path) => Some(of_upgrade(plan_file::read(&app.path(path))?)?),
        None => None,
    };
    let options = wanted::options(app, &args.target)?;
    let session = Session::with_channel(app, args.target.channel)?;
    let plan = match stored {
        Some(plan) => Box::new(plan),
        None => match gather(&session, args.dry_run, |cx| plan(cx, &options))? {
            Planned::Plan(plan) => plan,
            Planned::Nothing(report) => return Ok(nothing(app, &report)),
        },
    };
    if args.dry_run {
        app.ui.report(&*plan, render::plan::plan);
        return Ok(planning::exit(&plan));
    }
    apply::apply(app, &session, &plan, question)
}

/// A dry run changes nothing, so it does not finish an interrupted transaction either.
fn gather<T>(
    session: &Session<'_>,
    dry_run: bool,
    work: impl Fn(&vit_engine::context::Context<'_>) -> Result<T, vit_engine::error::EngineError>,
) -> Result<T, Failure> {
    if dry_run {
        session.call(work)
    } else {
        session.call_after_recovery(work)
    }
}

/// A rollback in disguise is no upgrade: what somebody says yes to must be what they typed.
fn of_upgrade(plan: Plan) -> Result<Plan, Failure> {
    match plan.kind {
        Kind::Upgrade => Ok(plan),
        Kind::Rollback | Kind::Repair => Err(Failure::bad_input("the plan is one of a rollback")
            .hint("`vit rollback` makes and applies its own plan")),
    }
}

/// There is nothing to upgrade to.
fn nothing(app: &App<'_>, report: &UpdateReport) -> ExitCode {
    let exit = update::exit(report, false);
    if !app.ui.json {
        app.ui.print(&render::update::update(report, app.ui.out));
        return exit;
    }
    let status = if exit == ExitCode::Success {
        TransactionStatus::NothingToDo
    } else {
        TransactionStatus::Blocked
    };
    let mut answer = apply::without_transaction(status, &report.details);
    answer.from_version = report.current_version.as_ref().map(ToString::to_string);
    answer.problems.clone_from(&report.problems);
    let verdicts = report.blocked.iter().map(|candidate| &candidate.verdict);
    for problem in verdicts.flat_map(|verdict| verdict.problems()) {
        if !answer.problems.contains(problem) {
            answer.problems.push(problem.clone());
        }
    }
    answer.next = Some(report.next.clone());
    apply::finish(app, &answer)
}

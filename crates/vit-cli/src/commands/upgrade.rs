//! `vit upgrade`.

use vit_contract::exit::ExitCode;
use vit_contract::output::{TransactionReport, TransactionStatus, UpdateReport};
use vit_contract::plan::{Kind, Plan};
use vit_contract::verdict::Verdict;
use vit_engine::context::Context;
use vit_engine::error::EngineError;
use vit_engine::ops;
use vit_engine::ops::planning::{PlanOptions, Planned, plan};
use vit_engine::ops::upgrade::{self, Upgraded};

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
        args: &app.env.args,
    };
    if !args.dry_run {
        question.require_answerable(app.ui)?;
    }
    let stored = match &args.plan {
        Some(path) => Some(of_upgrade(plan_file::read(&app.path(path))?)?),
        None => None,
    };
    let options = wanted::options(app, &args.target)?;
    let session = Session::with_channel(app, args.target.channel)?.asking(args.target.ask);
    if options.rehearse {
        session.watch_signals()?;
    }
    match (stored, args.dry_run) {
        (Some(plan), true) => {
            session.call(refusals)?;
            Ok(show(app, &plan))
        }
        (Some(plan), false) => apply::apply(app, &session, &plan, question),
        // A dry run changes nothing, so it does not finish an interrupted transaction either.
        (None, true) => match session.call(|cx| refusals(cx).and_then(|()| plan(cx, &options)))? {
            Planned::Plan(plan) => Ok(show(app, &plan)),
            Planned::Nothing(report) => Ok(nothing(app, &report)),
        },
        (None, false) => plan_and_apply(app, &session, &options, question),
    }
}

/// What keeps an upgrade from beginning keeps its dry run from it too, with the same exit code;
/// only what the upgrade itself would finish first does not.
fn refusals(cx: &Context<'_>) -> Result<(), EngineError> {
    match ops::recover::ready(cx) {
        Err(EngineError::OpenTransaction { .. }) => Ok(()),
        answer => answer,
    }
}

fn show(app: &App<'_>, plan: &Plan) -> ExitCode {
    app.ui.report(plan, render::plan::plan);
    planning::exit(plan)
}

fn plan_and_apply(
    app: &App<'_>,
    session: &Session<'_>,
    options: &PlanOptions,
    question: Question<'_>,
) -> Result<ExitCode, Failure> {
    let upgraded = apply::asking(app, session, question, |cx, confirm| {
        upgrade::run(cx, options, confirm)
    })?;
    Ok(match upgraded {
        Upgraded::Nothing(report) => nothing(app, &report),
        Upgraded::Declined => apply::declined(app),
        Upgraded::Ended(report) => apply::ended(app, &report),
    })
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
    let mut answer =
        TransactionReport::without_transaction("upgrade", status, report.details.as_str());
    answer.from_version = report.current_version.as_ref().map(ToString::to_string);
    answer.problems.clone_from(&report.problems);
    let verdicts = report.blocked.iter().map(|candidate| &candidate.verdict);
    for problem in verdicts.flat_map(Verdict::problems) {
        if !answer.problems.contains(problem) {
            answer.problems.push(problem.clone());
        }
    }
    answer.next = Some(report.next.clone());
    apply::finish(app, &answer)
}

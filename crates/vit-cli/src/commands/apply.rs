//! What `upgrade`, `rollback`, `recover` and `repair` have in common: showing a plan, asking,
//! carrying it out, saying how it ended.

use vit_contract::exit::ExitCode;
use vit_contract::output::{TransactionReport, TransactionStatus};
use vit_contract::plan::Plan;
use vit_contract::verdict::Answer;
use vit_engine::context::Context;
use vit_engine::error::EngineError;
use vit_engine::ops;

use crate::error::Failure;
use crate::prompt::Question;
use crate::render;
use crate::session::{App, Session};
use crate::ui::Verbosity;

/// Shows a plan, asks, carries it out.
///
/// # Errors
/// It was refused, or came to no answer.
pub fn apply(
    app: &App<'_>,
    session: &Session<'_>,
    plan: &Plan,
    question: Question<'_>,
) -> Result<ExitCode, Failure> {
    if plan.answer == Answer::Blocked {
        return Ok(refuse(app, plan));
    }
    if !confirm(app, plan, question) {
        return Ok(declined(app));
    }
    session.watch_signals()?;
    let report = session.call(|cx| ops::upgrade::apply(cx, plan))?;
    Ok(finish(app, &report))
}

/// Shows a plan and asks.
fn confirm(app: &App<'_>, plan: &Plan, question: Question<'_>) -> bool {
    let asked = !question.yes;
    if !app.ui.json && (asked || app.ui.verbosity > Verbosity::Quiet) {
        let shown = render::plan::without_next(plan, app.ui.out);
        app.ui.print(&format!("{shown}\n"));
    }
    question.ask(app.ui)
}

/// Makes an engine call that shows its plan and asks before it goes on; from the yes on, Ctrl-C
/// asks the transaction to stop.
///
/// # Errors
/// Those of the call, or signals cannot be watched: nothing was changed then.
pub fn asking<T>(
    app: &App<'_>,
    session: &Session<'_>,
    question: Question<'_>,
    work: impl FnOnce(&Context<'_>, &mut dyn FnMut(&Plan) -> bool) -> Result<T, EngineError>,
) -> Result<T, Failure> {
    let mut unwatched = None;
    let answer = session.call(|cx| {
        work(cx, &mut |plan| {
            session.progress.settle();
            confirm(app, plan, question)
                && session
                    .watch_signals()
                    .map_err(|failure| unwatched = Some(failure))
                    .is_ok()
        })
    })?;
    unwatched.map_or(Ok(answer), Err)
}

/// Somebody said no.
pub fn declined(app: &App<'_>) -> ExitCode {
    app.ui.say("nothing was changed\n");
    ExitCode::Error
}

/// Prints how a transaction ended, or why none began.
pub fn ended(app: &App<'_>, report: &TransactionReport) -> ExitCode {
    match &report.plan {
        Some(plan) if report.status == TransactionStatus::Blocked && report.hops.is_empty() => {
            refuse(app, plan)
        }
        _ => finish(app, report),
    }
}

/// Prints how a transaction ended.
pub fn finish(app: &App<'_>, report: &TransactionReport) -> ExitCode {
    app.ui.report(report, render::transaction::transaction);
    exit(report.status)
}

/// Prints why a plan is not carried out: with `--json` as the report of a transaction.
pub fn refuse(app: &App<'_>, plan: &Plan) -> ExitCode {
    let refusal = render::plan::refusal(plan).unwrap_or_default();
    if app.ui.json {
        let report = TransactionReport {
            from_version: plan.from.version.as_ref().map(ToString::to_string),
            to_version: plan.to.version.as_ref().map(ToString::to_string),
            problems: plan.problems().cloned().collect(),
            plan: Some(Box::new(plan.clone())),
            next: Some(plan.next.clone()),
            ..TransactionReport::without_transaction(
                plan.kind.as_str(),
                TransactionStatus::Blocked,
                refusal,
            )
        };
        return finish(app, &report);
    }
    app.ui.print(&render::plan::plan(plan, app.ui.out));
    app.ui
        .say(&format!("\n{}\n", app.ui.err.paint.red(&refusal)));
    ExitCode::Blocked
}

/// The exit code that the end of a transaction means.
pub const fn exit(status: TransactionStatus) -> ExitCode {
    match status {
        TransactionStatus::Applied | TransactionStatus::NothingToDo => ExitCode::Success,
        TransactionStatus::Blocked => ExitCode::Blocked,
        TransactionStatus::Aborted => ExitCode::Error,
        TransactionStatus::RollbackExecuted => ExitCode::RolledBack,
        TransactionStatus::Inconsistent => ExitCode::Inconsistent,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_transaction_is_its_exit_code() {
        for (status, number) in [
            (TransactionStatus::Applied, 0),
            (TransactionStatus::NothingToDo, 0),
            (TransactionStatus::Blocked, 1),
            (TransactionStatus::Aborted, 2),
            (TransactionStatus::RollbackExecuted, 3),
            (TransactionStatus::Inconsistent, 4),
        ] {
            assert_eq!(exit(status).number(), number);
        }
    }
}

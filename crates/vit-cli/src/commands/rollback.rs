//! `vit rollback`.

use vit_contract::exit::ExitCode;
use vit_contract::output::{TransactionStatus, TrialStatus};
use vit_engine::ops::confirm::{give_up, orphan};
use vit_engine::ops::rollback::{list, plan};
use vit_engine::ops::upgrade::{RolledBack, run_back};

use crate::args::RollbackArgs;
use crate::commands::{apply, plan as planning};
use crate::error::Failure;
use crate::prompt::Question;
use crate::render;
use crate::session::{App, Session};

/// Runs `vit rollback`.
///
/// # Errors
/// There is no such snapshot, or no answer before anything changed.
pub fn run(app: &App<'_>, args: &RollbackArgs) -> Result<ExitCode, Failure> {
    if args.list {
        let report = Session::open(app)?.call(list)?;
        app.ui.report(&report, render::snapshots::snapshots);
        return Ok(ExitCode::Success);
    }
    let question = Question {
        text: "Apply this rollback",
        yes: args.yes,
        args: &app.env.args,
    };
    let to = args.to.as_deref();
    if args.dry_run {
        let plan = Session::open(app)?.call(|cx| plan(cx, to, &args.accept))?;
        app.ui.report(&plan, render::plan::plan);
        return Ok(planning::exit(&plan));
    }
    question.require_answerable(app.ui)?;
    let session = Session::open(app)?;
    if to.is_none()
        && let Some(trial) = session.call(orphan)?
    {
        return take_back(app, &session, &trial, question);
    }
    // What was interrupted is finished first, and nobody can stop that by a Ctrl-C.
    session.call_after_recovery(|_| Ok(()))?;
    let ended = apply::asking(app, &session, question, |cx, confirm| {
        run_back(cx, (to, &args.accept), confirm)
    })?;
    Ok(match ended {
        RolledBack::Declined => apply::declined(app),
        RolledBack::Ended(report) => apply::ended(app, &report),
    })
}

/// A release on trial that nobody watches any more: the state before it is the one to go back to.
fn take_back(
    app: &App<'_>,
    session: &Session<'_>,
    trial: &TrialStatus,
    question: Question<'_>,
) -> Result<ExitCode, Failure> {
    let text = format!("Take {} back, which is on trial", trial.version);
    let question = Question {
        text: &text,
        ..question
    };
    if !question.ask(app.ui) {
        return Ok(apply::declined(app));
    }
    session.watch_signals()?;
    let report = session.call(give_up)?;
    let exit = apply::finish(app, &report);
    // The upgrade has failed, and what this command was asked for is done.
    Ok(match report.status {
        TransactionStatus::RollbackExecuted => ExitCode::Success,
        _ => exit,
    })
}

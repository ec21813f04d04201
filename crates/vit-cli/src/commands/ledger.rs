//! `vit ledger`.

use vit_contract::exit::ExitCode;
use vit_engine::ops::ledger as engine;

use crate::args::{LedgerAcceptArgs, LedgerArgs, LedgerCommand, LedgerShowArgs};
use crate::commands::wanted;
use crate::error::Failure;
use crate::prompt::Question;
use crate::render;
use crate::session::{App, Session};

/// Runs `vit ledger`.
///
/// # Errors
/// The ledger cannot be read, or what was asked for cannot be accepted.
pub fn run(app: &App<'_>, args: &LedgerArgs) -> Result<ExitCode, Failure> {
    match &args.command {
        LedgerCommand::Show(args) => show(app, args),
        LedgerCommand::Accept(args) => accept(app, args),
    }
}

fn show(app: &App<'_>, args: &LedgerShowArgs) -> Result<ExitCode, Failure> {
    let version = args.version.as_deref();
    let version = version
        .map(|text| wanted::version(app, text, ""))
        .transpose()?;
    let report = Session::open(app)?.call(|cx| engine::show(cx, version.as_ref()))?;
    app.ui.report(&report, render::ledger::show);
    Ok(if report.ok {
        ExitCode::Success
    } else {
        ExitCode::Blocked
    })
}

fn accept(app: &App<'_>, args: &LedgerAcceptArgs) -> Result<ExitCode, Failure> {
    let question = Question {
        text: "Accept what it is now",
        yes: args.yes,
        args: &app.env.args,
    };
    question.require_answerable(app.ui)?;
    let version = wanted::version(app, &args.version, "")?;
    let session = Session::open(app)?;
    let pending = session.call_after_recovery(|cx| engine::pending(cx, &version))?;
    app.ui.say(&render::ledger::pending(&pending, app.ui.err));
    if !question.ask(app.ui) {
        app.ui.say("nothing was changed\n");
        return Ok(ExitCode::Error);
    }
    let report = session.call(|cx| engine::accept(cx, &pending, &args.reason))?;
    app.ui.report(&report, render::ledger::accepted);
    Ok(ExitCode::Success)
}

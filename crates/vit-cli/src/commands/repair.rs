//! `vit repair`.

use vit_contract::exit::ExitCode;
use vit_engine::ops::recover::repair;

use crate::args::RepairArgs;
use crate::commands::apply;
use crate::error::Failure;
use crate::prompt::Question;
use crate::session::{App, Session};

/// Runs `vit repair`.
///
/// # Errors
/// Locked, or the journal cannot be read.
pub fn run(app: &App<'_>, args: &RepairArgs) -> Result<ExitCode, Failure> {
    let question = Question {
        text: "Put the snapshot's state back",
        yes: args.yes,
        args: &app.env.args,
    };
    question.require_answerable(app.ui)?;
    let session = Session::open(app)?;
    if !args.yes {
        app.ui
            .say("tracked files that differ from the snapshot are replaced by it\n");
    }
    if !question.ask(app.ui) {
        app.ui.say("nothing was changed\n");
        return Ok(ExitCode::Error);
    }
    session.watch_signals()?;
    let report = session.call(|cx| repair(cx, &args.accept))?;
    Ok(apply::finish(app, &report))
}

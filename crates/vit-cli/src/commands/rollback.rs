//! `vit rollback`.

use vit_contract::exit::ExitCode;
use vit_engine::ops::rollback::{list, plan};

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
        with_yes: "vit rollback --yes",
    };
    let to = args.to.as_deref();
    if args.dry_run {
        let plan = Session::open(app)?.call(|cx| plan(cx, to, &args.accept))?;
        app.ui.report(&plan, render::plan::plan);
        return Ok(planning::exit(&plan));
    }
    question.require_answerable(app.ui)?;
    let session = Session::open(app)?;
    let plan = session.call_after_recovery(|cx| plan(cx, to, &args.accept))?;
    apply::apply(app, &session, &plan, question)
}

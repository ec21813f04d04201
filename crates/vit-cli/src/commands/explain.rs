//! `vit explain`.

use vit_contract::exit::ExitCode;
use vit_engine::ops::explain::explain;

use crate::args::ExplainArgs;
use crate::error::Failure;
use crate::render;
use crate::session::{App, Session};

/// Runs `vit explain`.
///
/// # Errors
/// There is no such transaction, or several begin so.
pub fn run(app: &App<'_>, args: &ExplainArgs) -> Result<ExitCode, Failure> {
    let session = Session::open(app)?;
    let report = session.call(|cx| explain(cx, args.id.as_deref()))?;
    if args.markdown && !app.ui.json {
        app.ui.print(&render::explain_markdown::story(&report));
    } else {
        app.ui.report(&report, render::explain::story);
    }
    Ok(ExitCode::Success)
}

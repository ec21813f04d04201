//! `vit history`.

use vit_contract::exit::ExitCode;
use vit_contract::output::HistoryReport;
use vit_engine::ops::history::{list, show, verify};

use crate::args::{HistoryArgs, HistoryCommand, ShowArgs};
use crate::commands::verify as checking;
use crate::error::Failure;
use crate::render;
use crate::session::{App, Session};

/// Runs `vit history`.
///
/// # Errors
/// The history cannot be read at all, or there is no such entry.
pub fn run(app: &App<'_>, args: &HistoryArgs) -> Result<ExitCode, Failure> {
    if args.failed && args.command.is_some() {
        return Err(Failure::usage(
            "`--failed` is for the list of `vit history`",
        ));
    }
    let session = Session::open(app)?;
    match &args.command {
        None => {
            let report = session.call(|cx| list(cx, args.failed))?;
            app.ui.report(&report, render::history::history);
            Ok(ExitCode::Success)
        }
        Some(HistoryCommand::Show(args)) => one(app, &session, args),
        Some(HistoryCommand::Verify) => {
            let report = session.call(verify)?;
            app.ui.report(&report, render::checks::checks);
            Ok(checking::exit(&report))
        }
    }
}

fn one(app: &App<'_>, session: &Session<'_>, args: &ShowArgs) -> Result<ExitCode, Failure> {
    let entry = session.call(|cx| show(cx, &args.id))?;
    let folder = entry
        .evidence
        .as_ref()
        .map(|folder| session.site.state_dir.join(folder).display().to_string());
    let folder = folder.as_deref();
    if app.ui.json {
        let report = HistoryReport {
            schema: "vit.history/1".into(),
            verified: session.call(verify)?.ok,
            history: vec![entry],
            quarantine: Vec::new(),
            problems: Vec::new(),
        };
        app.ui.print_json(&report);
    } else if args.markdown {
        app.ui.print(&render::markdown::entry(&entry, folder));
    } else {
        app.ui
            .print(&render::history::entry(&entry, folder, app.ui.out));
    }
    Ok(ExitCode::Success)
}

//! `vit recover`.

use vit_contract::exit::ExitCode;
use vit_contract::output::TransactionStatus;
use vit_engine::ops::recover::recover;

use crate::commands::apply;
use crate::error::Failure;
use crate::session::{App, Session};

/// Runs `vit recover`. It asks nothing: a boot unit calls it.
///
/// # Errors
/// Locked, or the journal cannot be read.
pub fn run(app: &App<'_>) -> Result<ExitCode, Failure> {
    let session = Session::open(app)?;
    session.watch_signals()?;
    let report = session.call(recover)?;
    let exit = apply::finish(app, &report);
    // What was interrupted before it changed anything is written down: nothing is wrong any more,
    // and the boot unit that calls this has not failed.
    Ok(match report.status {
        TransactionStatus::Aborted => ExitCode::Success,
        _ => exit,
    })
}

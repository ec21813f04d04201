//! `vit verify`.

use vit_contract::exit::ExitCode;
use vit_contract::output::CheckReport;
use vit_engine::ops::verify::verify;

use crate::error::Failure;
use crate::render;
use crate::session::{App, Session};

/// Runs `vit verify`.
///
/// # Errors
/// The installation cannot be read.
pub fn run(app: &App<'_>) -> Result<ExitCode, Failure> {
    let report = Session::open(app)?.call(verify)?;
    app.ui.report(&report, render::checks::checks);
    Ok(exit(&report))
}

/// The exit code that checks mean: a failed one blocks.
pub fn exit(report: &CheckReport) -> ExitCode {
    if report.ok {
        ExitCode::Success
    } else {
        ExitCode::Blocked
    }
}

//! `vit doctor`.

use vit_contract::exit::ExitCode;
use vit_engine::ops::doctor::doctor;

use crate::commands::verify;
use crate::error::Failure;
use crate::render;
use crate::session::App;

/// Runs `vit doctor`. It opens no installation: that there is none is one of its findings.
///
/// # Errors
/// There is no folder to start from.
pub fn run(app: &App<'_>) -> Result<ExitCode, Failure> {
    let report = doctor(&app.start()?, &app.env.environment);
    app.ui.report(&report, render::checks::checks);
    Ok(verify::exit(&report))
}

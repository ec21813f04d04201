//! `vit doctor`.

use vit_contract::exit::ExitCode;
use vit_engine::ops::doctor::doctor;
use vit_engine::site::Site;

use crate::commands::verify;
use crate::error::Failure;
use crate::render;
use crate::session::{App, Session};

/// Runs `vit doctor`. It opens no installation: that there is none is one of its findings.
///
/// # Errors
/// There is no folder to start from.
pub fn run(app: &App<'_>) -> Result<ExitCode, Failure> {
    let (start, environment) = (app.start()?, &app.env.environment);
    let report = match Site::discover(&start, environment) {
        Ok(_) => Session::open(app)?.call(|cx| Ok(doctor(&start, environment, Ok(cx))))?,
        Err(error) => doctor(&start, environment, Err(&error)),
    };
    app.ui.report(&report, render::checks::checks);
    Ok(verify::exit(&report))
}

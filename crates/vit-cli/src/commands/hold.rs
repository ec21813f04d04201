//! `vit hold` and `vit unhold`.

use semver::Version;
use vit_contract::exit::ExitCode;
use vit_engine::ops::hold as engine;

use crate::args::HoldArgs;
use crate::commands::wanted;
use crate::error::Failure;
use crate::render;
use crate::session::{App, Session};

/// Runs `vit hold`.
///
/// # Errors
/// The version is none, or the choice cannot be written.
pub fn hold(app: &App<'_>, args: &HoldArgs) -> Result<ExitCode, Failure> {
    let version = version(app, args)?;
    let report =
        Session::open(app)?.call_after_recovery(|cx| engine::hold(cx, version.as_ref()))?;
    app.ui.report(&report, render::hold::hold);
    Ok(ExitCode::Success)
}

/// Runs `vit unhold`.
///
/// # Errors
/// The version is none or was not held, or the choice cannot be written.
pub fn unhold(app: &App<'_>, args: &HoldArgs) -> Result<ExitCode, Failure> {
    let version = version(app, args)?;
    let report =
        Session::open(app)?.call_after_recovery(|cx| engine::unhold(cx, version.as_ref()))?;
    app.ui.report(&report, render::hold::hold);
    Ok(ExitCode::Success)
}

fn version(app: &App<'_>, args: &HoldArgs) -> Result<Option<Version>, Failure> {
    let text = args.version.as_deref();
    text.map(|text| wanted::version(app, text, "")).transpose()
}

//! `vit channel`.

use vit_contract::exit::ExitCode;
use vit_engine::ops::channel::{set, show};

use crate::args::ChannelArgs;
use crate::error::Failure;
use crate::render;
use crate::session::{App, Session};

/// Runs `vit channel`.
///
/// # Errors
/// The installation cannot be read, or the choice not written.
pub fn run(app: &App<'_>, args: &ChannelArgs) -> Result<ExitCode, Failure> {
    let session = Session::with_channel(app, None)?;
    let report = match (args.name, args.unset) {
        (None, false) => session.call(show)?,
        (name, _) => session.call_after_recovery(|cx| set(cx, name))?,
    };
    app.ui.report(&report, render::channel::channel);
    Ok(ExitCode::Success)
}

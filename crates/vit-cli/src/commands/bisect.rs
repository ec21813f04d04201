//! `vit bisect`.

use vit_contract::exit::ExitCode;
use vit_contract::output::BisectStatus;
use vit_engine::ops::bisect::{BisectOptions, bisect};

use crate::args::BisectArgs;
use crate::commands::wanted;
use crate::error::Failure;
use crate::render;
use crate::session::{App, Session};

/// Runs `vit bisect`.
///
/// # Errors
/// The release does not exist, or nothing can be rehearsed.
pub fn run(app: &App<'_>, args: &BisectArgs) -> Result<ExitCode, Failure> {
    let options = BisectOptions {
        to: wanted::version(app, &args.to, "--to ")?,
        offline: args.offline,
    };
    let session = Session::with_channel(app, args.channel)?;
    session.watch_signals()?;
    let report = session.call(|cx| bisect(cx, &options))?;
    app.ui.report(&report, render::bisect::bisect);
    Ok(match report.status {
        BisectStatus::Found | BisectStatus::NothingFails => ExitCode::Success,
        BisectStatus::Narrowed | BisectStatus::CouldNotTell => ExitCode::Blocked,
    })
}

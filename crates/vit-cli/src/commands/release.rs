//! `vit release`.

use vit_contract::exit::ExitCode;
use vit_engine::ops::release::{ListOptions, ShowOptions, list, show};

use crate::args::{ReleaseArgs, ReleaseCommand, ReleaseListArgs, ReleaseShowArgs};
use crate::commands::wanted;
use crate::error::Failure;
use crate::render;
use crate::session::{App, Session};

/// Runs `vit release list` or `vit release show`.
///
/// # Errors
/// The version is none or does not exist, the registry cannot answer, or the installation cannot
/// be read.
pub fn run(app: &App<'_>, args: &ReleaseArgs) -> Result<ExitCode, Failure> {
    match &args.command {
        ReleaseCommand::List(args) => all(app, args),
        ReleaseCommand::Show(args) => one(app, args),
    }
}

fn all(app: &App<'_>, args: &ReleaseListArgs) -> Result<ExitCode, Failure> {
    let options = ListOptions {
        all_channels: args.all,
        limit: (args.limit > 0).then_some(args.limit),
        offline: args.offline,
    };
    let session = Session::with_channel(app, args.channel)?;
    let report = session.call(|cx| list(cx, &options))?;
    app.ui.report(&report, render::release::list);
    Ok(ExitCode::Success)
}

/// A question that is answered, whatever the answer is.
fn one(app: &App<'_>, args: &ReleaseShowArgs) -> Result<ExitCode, Failure> {
    let options = ShowOptions {
        version: wanted::version(app, &args.version, "")?,
        offline: args.offline,
    };
    let session = Session::with_channel(app, args.channel)?;
    let report = session.call(|cx| show(cx, &options))?;
    app.ui.report(&report, render::release::show);
    Ok(ExitCode::Success)
}

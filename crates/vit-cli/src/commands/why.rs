//! `vit why`.

use vit_contract::exit::ExitCode;
use vit_engine::ops::why::{WhyOptions, why};

use crate::args::WhyArgs;
use crate::commands::wanted;
use crate::error::Failure;
use crate::render;
use crate::session::{App, Session};

/// Runs `vit why`.
///
/// # Errors
/// The version is none or does not exist, the registry cannot answer, or the installation cannot
/// be read.
pub fn run(app: &App<'_>, args: &WhyArgs) -> Result<ExitCode, Failure> {
    let text = args.version.as_deref();
    let options = WhyOptions {
        version: text
            .map(|text| wanted::version(app, text, ""))
            .transpose()?,
        offline: args.offline,
    };
    let session = Session::with_channel(app, args.channel)?.asking(args.ask);
    let report = session.call(|cx| why(cx, &options))?;
    app.ui.report(&report, render::why::why);
    Ok(ExitCode::Success)
}

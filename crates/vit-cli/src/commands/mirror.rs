//! `vit mirror`.

use vit_contract::exit::ExitCode;
use vit_engine::ops::mirror::{MirrorOptions, index};

use crate::args::{MirrorArgs, MirrorCommand};
use crate::error::Failure;
use crate::render;
use crate::session::{App, Session};

/// Runs `vit mirror index`.
///
/// # Errors
/// The registry cannot answer or be believed, or the folder cannot be written.
pub fn run(app: &App<'_>, args: &MirrorArgs) -> Result<ExitCode, Failure> {
    let MirrorCommand::Index(args) = &args.command;
    let options = MirrorOptions {
        out: args.out.as_ref().map(|folder| app.path(folder)),
        repository: args.repository.clone(),
        offline: args.offline,
    };
    let session = Session::open(app)?.asking(args.ask);
    let report = session.call(|cx| index(cx, &options))?;
    app.ui.report(&report, render::mirror::index);
    Ok(ExitCode::Success)
}

//! `vit confirm`.

use vit_contract::exit::ExitCode;
use vit_engine::ops::confirm::confirm;

use crate::args::ConfirmArgs;
use crate::commands::apply;
use crate::error::Failure;
use crate::session::{App, Session};

/// Runs `vit confirm`. Its name says what is wanted, so it asks nothing.
///
/// # Errors
/// Another transaction was named, or the journal cannot be read.
pub fn run(app: &App<'_>, args: &ConfirmArgs) -> Result<ExitCode, Failure> {
    let session = Session::open(app)?;
    let report = session.call(|cx| confirm(cx, args.id.as_deref()))?;
    Ok(apply::finish(app, &report))
}

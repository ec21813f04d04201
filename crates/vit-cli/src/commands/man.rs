//! `vit man`.

use clap::CommandFactory as _;
use vit_contract::exit::ExitCode;

use crate::args::{Cli, ManArgs};
use crate::error::Failure;
use crate::session::App;

/// Runs `vit man`.
///
/// # Errors
/// The folder cannot be written to.
pub fn run(app: &App<'_>, args: &ManArgs) -> Result<ExitCode, Failure> {
    let command = Cli::command();
    let Some(dir) = &args.dir else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command)
            .render(&mut page)
            .map_err(|error| Failure::internal("the page could not be made").because(&error))?;
        app.ui.print(&String::from_utf8_lossy(&page));
        return Ok(ExitCode::Success);
    };
    let dir = app.path(dir);
    clap_mangen::generate_to(command, &dir).map_err(|error| {
        let message = format!("writing the pages into {} failed", dir.display());
        Failure::new("io", ExitCode::Error, message).because(&error)
    })?;
    Ok(ExitCode::Success)
}

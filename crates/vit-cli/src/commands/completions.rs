//! `vit completions`.

use clap::CommandFactory as _;
use vit_contract::exit::ExitCode;

use crate::args::{Cli, CompletionsArgs};
use crate::error::Failure;
use crate::session::App;

/// Runs `vit completions`: the script is for the name that the program was called by.
///
/// # Errors
/// Never.
pub fn run(app: &App<'_>, args: &CompletionsArgs) -> Result<ExitCode, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), name(app), &mut script);
    app.ui.print(&String::from_utf8_lossy(&script));
    Ok(ExitCode::Success)
}

fn name(app: &App<'_>) -> &'static str {
    let called = app.env.args.first().map(std::path::Path::new);
    match called.and_then(|path| path.file_name()) {
        Some(name) if name == "vitruvyan" => "vitruvyan",
        _ => "vit",
    }
}

//! `vit demo`: the main job in a throw-away folder. (Filled by its own change.)

use vit_contract::exit::ExitCode;

use crate::args::DemoArgs;
use crate::error::Failure;
use crate::session::App;

/// Runs `vit demo`.
///
/// # Errors
/// It is not here yet.
pub fn run(_app: &App<'_>, _args: &DemoArgs) -> Result<ExitCode, Failure> {
    Err(Failure::internal("the demo is not in this build yet"))
}

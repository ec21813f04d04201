//! `vit cache`.

use jiff::Timestamp;
use vit_contract::exit::ExitCode;
use vit_engine::clock::{Clock as _, SystemClock};
use vit_engine::ops::cache::{clean, info};

use crate::args::{CacheArgs, CacheCommand};
use crate::error::Failure;
use crate::render;
use crate::session::App;

/// Runs `vit cache`. It needs no installation.
///
/// # Errors
/// There is no cache to clean, or its folder is not safe.
pub fn run(app: &App<'_>, args: &CacheArgs) -> Result<ExitCode, Failure> {
    let environment = &app.env.environment;
    match &args.command {
        None | Some(CacheCommand::Info) => {
            let report = info(environment, now(app));
            app.ui.report(&report, render::cache::info);
            Ok(ExitCode::Success)
        }
        Some(CacheCommand::Clean(args)) => {
            let report = clean(environment, now(app), args.older_than)?;
            app.ui.report(&report, render::cache::clean);
            Ok(if report.not_removed == 0 {
                ExitCode::Success
            } else {
                ExitCode::Error
            })
        }
    }
}

fn now(app: &App<'_>) -> Timestamp {
    let test = app.env.test_now();
    test.unwrap_or_else(|| SystemClock::default().now())
}

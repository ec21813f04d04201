//! `vit status`.

use vit_contract::exit::ExitCode;
use vit_contract::output::StatusReport;
use vit_engine::ops::status::status;

use crate::args::StatusArgs;
use crate::error::Failure;
use crate::render;
use crate::session::{App, Session};

/// Runs `vit status`.
///
/// # Errors
/// The installation cannot be read.
pub fn run(app: &App<'_>, args: &StatusArgs) -> Result<ExitCode, Failure> {
    let session = Session::with_channel(app, args.channel)?;
    let report = session.call(status)?;
    app.ui.report(&report, render::status::status);
    Ok(exit(&report, args.exit_code))
}

/// The exit code that a report means. Without `--exit-code`, having looked is success.
fn exit(report: &StatusReport, asked: bool) -> ExitCode {
    let offered = report
        .last_check
        .as_ref()
        .and_then(|check| check.offered.as_ref());
    match (asked, report.inconsistent, offered) {
        (true, true, _) => ExitCode::Inconsistent,
        (true, false, Some(_)) => ExitCode::UpdateAvailable,
        (true, false, None) | (false, ..) => ExitCode::Success,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;

    #[test]
    fn ten_and_four_only_when_asked_for() {
        let mut report = samples::status();
        assert_eq!(exit(&report, false), ExitCode::Success);
        assert_eq!(exit(&report, true), ExitCode::UpdateAvailable);
        report.inconsistent = true;
        assert_eq!(exit(&report, true), ExitCode::Inconsistent);
        report.inconsistent = false;
        report.last_check = None;
        assert_eq!(exit(&report, true), ExitCode::Success);
    }
}

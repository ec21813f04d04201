//! `vit update`.

use vit_contract::exit::ExitCode;
use vit_contract::output::{UpdateReport, UpdateStatus};
use vit_engine::ops::update::{UpdateOptions, update};

use crate::args::CheckArgs;
use crate::error::Failure;
use crate::render;
use crate::session::{App, Session};

/// Runs `vit update`.
///
/// # Errors
/// The registry cannot answer, or the installation cannot be read.
pub fn run(app: &App<'_>, args: &CheckArgs) -> Result<ExitCode, Failure> {
    let options = UpdateOptions {
        offline: args.offline,
    };
    let session = Session::with_channel(app, args.channel)?.asking(args.ask);
    let report = session.call(|cx| update(cx, &options))?;
    app.ui.report(&report, render::update::update);
    Ok(exit(&report, args.exit_code))
}

/// The exit code that a report means.
pub fn exit(report: &UpdateReport, tell_of_update: bool) -> ExitCode {
    match report.status {
        UpdateStatus::Compatible | UpdateStatus::CompatibleWithWarnings if tell_of_update => {
            ExitCode::UpdateAvailable
        }
        UpdateStatus::Compatible
        | UpdateStatus::CompatibleWithWarnings
        | UpdateStatus::UpToDate => ExitCode::Success,
        UpdateStatus::Blocked => ExitCode::Blocked,
        UpdateStatus::Error => ExitCode::Error,
        UpdateStatus::RollbackExecuted => ExitCode::RolledBack,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::samples;

    #[test]
    fn ten_only_when_asked_for() {
        for (status, plain, asked) in [
            (UpdateStatus::Compatible, 0, 10),
            (UpdateStatus::CompatibleWithWarnings, 0, 10),
            (UpdateStatus::UpToDate, 0, 0),
            (UpdateStatus::Blocked, 1, 1),
            (UpdateStatus::Error, 2, 2),
        ] {
            let report = UpdateReport {
                status,
                ..samples::update()
            };
            assert_eq!(exit(&report, false).number(), plain);
            assert_eq!(exit(&report, true).number(), asked);
        }
    }
}

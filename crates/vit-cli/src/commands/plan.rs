//! `vit plan`.

use vit_contract::exit::ExitCode;
use vit_contract::plan::Plan;
use vit_contract::verdict::Answer;
use vit_engine::ops::planning::{Planned, plan};

use crate::args::PlanArgs;
use crate::commands::{update, wanted};
use crate::error::Failure;
use crate::session::{App, Session};
use crate::{plan_file, render};

/// Runs `vit plan`. Where there is nothing to plan, the answer is that of `vit update`.
///
/// # Errors
/// The target does not exist, the registry cannot answer, or the plan cannot be written.
pub fn run(app: &App<'_>, args: &PlanArgs) -> Result<ExitCode, Failure> {
    let options = wanted::options(app, &args.target)?;
    let session = Session::with_channel(app, args.target.channel)?.asking(args.target.ask);
    if options.rehearse {
        session.watch_signals()?;
    }
    let plan = match session.call(|cx| plan(cx, &options))? {
        Planned::Plan(plan) => plan,
        Planned::Nothing(report) => {
            app.ui.report(&*report, render::update::update);
            return Ok(update::exit(&report, false));
        }
    };
    if let Some(path) = &args.out {
        plan_file::write(&app.path(path), &plan)?;
    }
    app.ui.report(&*plan, render::plan::plan);
    Ok(exit(&plan))
}

/// The exit code that a plan means.
pub fn exit(plan: &Plan) -> ExitCode {
    match plan.answer {
        Answer::Compatible | Answer::CompatibleWithWarnings => ExitCode::Success,
        Answer::Blocked => ExitCode::Blocked,
    }
}

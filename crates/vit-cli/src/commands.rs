//! One file a command, four moves each: parse, gather, one engine call, render.

use vit_contract::exit::ExitCode;

use crate::args::{CheckArgs, Command, HelpArgs, UpdateArgs, UpdateCommand};
use crate::error::Failure;
use crate::session::App;

pub mod apply;
pub mod bisect;
pub mod bundle;
pub mod cache;
pub mod channel;
pub mod completions;
pub mod confirm;
pub mod demo;
pub mod doctor;
pub mod explain;
pub mod help;
pub mod history;
pub mod hold;
pub mod ledger;
pub mod man;
pub mod mirror;
pub mod plan;
pub mod recover;
pub mod release;
pub mod repair;
pub mod rollback;
pub mod status;
pub mod trust;
pub mod update;
pub mod upgrade;
pub mod verify;
pub mod wanted;
pub mod why;

/// Runs a command.
///
/// # Errors
/// It came to no answer.
pub fn run(app: &App<'_>, command: &Command) -> Result<ExitCode, Failure> {
    match command {
        Command::Update(args) => update_or_long_form(app, args),
        Command::Why(args) => why::run(app, args),
        Command::Release(args) => release::run(app, args),
        Command::Plan(args) => plan::run(app, args),
        Command::Upgrade(args) => upgrade::run(app, args),
        Command::Bisect(args) => bisect::run(app, args),
        Command::Rollback(args) => rollback::run(app, args),
        Command::Confirm(args) => confirm::run(app, args),
        Command::Recover => recover::run(app),
        Command::Repair(args) => repair::run(app, args),
        Command::Status(args) => status::run(app, args),
        Command::Channel(args) => channel::run(app, args),
        Command::History(args) => history::run(app, args),
        Command::Explain(args) => explain::run(app, args),
        Command::Hold(args) => hold::hold(app, args),
        Command::Unhold(args) => hold::unhold(app, args),
        Command::Ledger(args) => ledger::run(app, args),
        Command::Mirror(args) => mirror::run(app, args),
        Command::Trust(args) => trust::run(app, args),
        Command::Bundle(args) => bundle::run(app, args),
        Command::Verify => verify::run(app),
        Command::Doctor => doctor::run(app),
        Command::Cache(args) => cache::run(app, args),
        Command::Demo(args) => demo::run(app, args),
        Command::Completions(args) => completions::run(app, args),
        Command::Man(args) => man::run(app, args),
        Command::Help(HelpArgs { topic }) => help::run(app, topic),
    }
}

/// `vit update`, or `vitruvyan update check | plan | apply | rollback`. (clap's own rule against
/// options before a subcommand would refuse `--json` there too.)
fn update_or_long_form(app: &App<'_>, args: &UpdateArgs) -> Result<ExitCode, Failure> {
    let Some(command) = &args.command else {
        return update::run(app, &args.check);
    };
    if args.check != CheckArgs::default() {
        return Err(
            Failure::usage("an option of `update` stands before its long form")
                .hint("it goes behind: `vit update plan --channel beta`"),
        );
    }
    match command {
        UpdateCommand::Check(args) => update::run(app, args),
        UpdateCommand::Plan(args) => plan::run(app, args),
        UpdateCommand::Apply(args) => upgrade::run(app, args),
        UpdateCommand::Rollback(args) => rollback::run(app, args),
    }
}

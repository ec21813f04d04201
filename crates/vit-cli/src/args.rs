//! The command line as types.

use std::path::PathBuf;
use std::str::FromStr as _;

use clap::{Args, Parser, Subcommand};
use vit_contract::channel::Channel;

mod ask;
pub mod bundle;
pub mod cache;
pub mod ledger;
pub mod listing;
pub mod mistakes;
pub mod record;
pub mod registry;
pub mod release;
pub mod shell;
pub mod target;

pub use ask::AskArgs;
pub use bundle::{BundleArgs, BundleCommand, CreateArgs, ImportArgs, VerifyArgs};
pub use cache::{CacheArgs, CacheCleanArgs, CacheCommand};
pub use ledger::{LedgerAcceptArgs, LedgerArgs, LedgerCommand, LedgerShowArgs};
pub use listing::{ReleaseArgs, ReleaseCommand, ReleaseListArgs, ReleaseShowArgs};
pub use record::{
    ChannelArgs, ExplainArgs, HistoryArgs, HistoryCommand, HoldArgs, ShowArgs, StatusArgs,
};
pub use registry::{
    MirrorArgs, MirrorCommand, MirrorIndexArgs, TrustArgs, TrustCommand, TrustInitArgs,
    TrustRemoveArgs,
};
pub use release::{
    BisectArgs, CheckArgs, ConfirmArgs, PlanArgs, RepairArgs, RollbackArgs, TargetArgs, UpdateArgs,
    UpdateCommand, UpgradeArgs, WhyArgs,
};
pub use shell::{CompletionsArgs, DemoArgs, HelpArgs, ManArgs};

/// An update manager for a platform core kept in git and the verticals that live on it.
#[derive(Debug, Parser)]
#[command(
    name = "vit",
    version,
    disable_help_subcommand = true,
    subcommand_required = true,
    arg_required_else_help = true,
    max_term_width = 100,
    after_help = EXAMPLES,
)]
pub struct Cli {
    /// What every command takes.
    #[command(flatten)]
    pub global: Global,
    /// The command.
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
EXAMPLES
  vit update                    is there a release, and can every vertical live with it?
  vit plan                      what an upgrade would do
  vit upgrade                   do it, prove it; on any failure the old state is put back
  vit rollback                  back to the state before the last upgrade
  vit demo                      see it at work in a throw-away folder

MORE
  vit help environment          the variables that are read
  vit help exit-codes           what a script may build on
  vit help codes                every problem code and what it means";

/// The flags of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Run as if started in DIR
    // Its own id: a command's `dir` would otherwise be taken for this one.
    #[arg(id = "start", short = 'C', value_name = "DIR", global = true)]
    pub dir: Option<PathBuf>,
    /// Print one JSON object on standard output
    #[arg(long, global = true)]
    pub json: bool,
    /// Say nothing but the answer and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Show the output of smoke tests as it comes
    #[arg(short, long, global = true)]
    pub verbose: bool,
    /// When to use colour: auto, always or never
    #[arg(
        long,
        value_name = "WHEN",
        global = true,
        default_value = "auto",
        value_enum,
        hide_possible_values = true
    )]
    pub color: crate::ui::ColorChoice,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask for releases, and judge them
    Update(UpdateArgs),
    /// Say of every newer release why it is offered or not
    Why(WhyArgs),
    /// List releases, or show one
    Release(ReleaseArgs),
    /// Show what an upgrade would do
    Plan(PlanArgs),
    /// Upgrade Core, prove the result, or put the old state back
    Upgrade(UpgradeArgs),
    /// Find the first release that breaks here
    Bisect(BisectArgs),
    /// Go back to the state before an upgrade
    Rollback(RollbackArgs),
    /// Commit a release that is on trial
    Confirm(ConfirmArgs),
    /// Finish a transaction that was interrupted
    #[command(after_help = RECOVER_EXAMPLES)]
    Recover,
    /// Mend an installation whose old state could not be verified
    Repair(RepairArgs),
    /// Show what is installed and how it stands
    Status(StatusArgs),
    /// Show or choose the release channel of this installation
    Channel(ChannelArgs),
    /// Show what was done to this installation
    History(HistoryArgs),
    /// Tell the story of a transaction: what was done, why it failed, what to do
    Explain(ExplainArgs),
    /// Keep a version, or every upgrade, from being installed
    Hold(HoldArgs),
    /// Let a held version, or everything, be installed again
    Unhold(HoldArgs),
    /// Show what releases were when they were first seen, or accept what one is now
    Ledger(LedgerArgs),
    /// Write the releases that are known here, for others to get
    Mirror(MirrorArgs),
    /// Choose whose signatures the registry is held to
    Trust(TrustArgs),
    /// Carry releases to an installation without network, in a file
    Bundle(BundleArgs),
    /// Check that this installation equals the release it claims to be
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify,
    /// Look for what is missing on this machine, with the fix for each
    #[command(after_help = DOCTOR_EXAMPLES)]
    Doctor,
    /// Show what is kept of servers' answers, or remove it
    Cache(CacheArgs),
    /// See vit at work in a throw-away folder, without network
    Demo(DemoArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Print the manual page, or write all of them
    Man(ManArgs),
    /// Explain a command or a topic
    Help(HelpArgs),
}

const RECOVER_EXAMPLES: &str = "\
Forward when it was committed, else back. Asks nothing, so that a boot unit can call it; without
an open transaction it does nothing. Exit 0 also when the transaction had changed nothing yet, 3
when the old state was put back.

EXAMPLES
  vit recover
  vit -C /srv/core recover --json";

const VERIFY_EXAMPLES: &str = "\
Compares every tracked file, the refs and the chain of the history by content. Exit 1 when
something does not agree.

EXAMPLES
  vit verify
  vit verify --json | jq '.checks[] | select(.state != \"ok\")'";

const DOCTOR_EXAMPLES: &str = "\
Exit 1 when something that vit needs is missing.

EXAMPLES
  vit doctor";

/// Reads a channel's name.
///
/// # Errors
/// It is none; the message says which there are and which was probably meant.
pub fn channel_of(text: &str) -> Result<Channel, String> {
    Channel::from_str(text).map_err(|error| {
        let names = Channel::ALL.iter().map(|channel| channel.as_str());
        match mistakes::nearest(text, names) {
            Some(name) => format!("{error}; did you mean `{name}`?"),
            None => error.to_string(),
        }
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }

    #[test]
    fn servers_are_asked_or_not() {
        for (line, good) in [
            ("vit update --refresh --wait 15m", true),
            ("vit why 1.2.0 --wait 0s", true),
            ("vit plan --refresh", true),
            ("vit upgrade --wait 1d", true),
            ("vit upgrade --wait 25h", false),
            ("vit update --wait soon", false),
            ("vit update --refresh --offline", false),
            ("vit plan --wait 5m --offline", false),
            ("vit upgrade --plan p.json --refresh", false),
        ] {
            let parsed = Cli::try_parse_from(line.split(' '));
            assert_eq!(parsed.is_ok(), good, "{line}");
        }
    }

    #[test]
    fn every_command_shows_examples() {
        let mut command = Cli::command();
        command.build();
        let mut open: Vec<&clap::Command> = command.get_subcommands().collect();
        while let Some(command) = open.pop() {
            open.extend(command.get_subcommands());
            let after = command.get_after_help().map(ToString::to_string);
            assert!(
                after.is_some_and(|text| text.contains("EXAMPLES")),
                "{}",
                command.get_name()
            );
        }
    }

    #[test]
    fn a_channel_misspelt_is_suggested() {
        assert_eq!(channel_of("beta"), Ok(Channel::Beta));
        assert_eq!(
            channel_of("stabel").unwrap_err(),
            "`stabel` is not a channel (stable, beta, canary or lts); did you mean `stable`?"
        );
    }
}

//! Arguments of the commands that show or set how an installation stands.

use clap::{Args, Subcommand};
use vit_contract::channel::Channel;

use super::channel_of;

/// `vit status`.
#[derive(Debug, Clone, Args)]
#[command(after_help = STATUS_EXAMPLES)]
pub struct StatusArgs {
    /// Look at this channel: stable, beta, canary or lts
    #[arg(long, value_name = "CHANNEL", value_parser = channel_of)]
    pub channel: Option<Channel>,
    /// Exit 10 when the last `vit update` found an update, 4 when the installation is inconsistent
    #[arg(long)]
    pub exit_code: bool,
}

const STATUS_EXAMPLES: &str = "\
Reads only and asks nobody: what it says of releases is what the last `vit update` found.

EXAMPLES
  vit status
  vit status --exit-code; [ $? = 10 ] && echo \"there is an update\"
  vit status --json | jq -r .core_version";

/// `vit channel`.
#[derive(Debug, Clone, Args)]
#[command(after_help = CHANNEL_EXAMPLES)]
pub struct ChannelArgs {
    /// The channel to choose: stable, beta, canary or lts; without it, the one in force is shown
    #[arg(value_parser = channel_of)]
    pub name: Option<Channel>,
    /// Forget the choice: the manifests' channel counts again
    #[arg(long, conflicts_with = "name")]
    pub unset: bool,
}

const CHANNEL_EXAMPLES: &str = "\
The choice is this installation's, not the user's. A calmer channel changes only what is offered
next; nothing is downgraded.

EXAMPLES
  vit channel
  vit channel beta
  vit channel --unset";

/// `vit history`.
#[derive(Debug, Clone, Args)]
#[command(after_help = HISTORY_EXAMPLES)]
pub struct HistoryArgs {
    /// Only what failed
    #[arg(long)]
    pub failed: bool,
    /// One entry, or the chain.
    #[command(subcommand)]
    pub command: Option<HistoryCommand>,
}

const HISTORY_EXAMPLES: &str = "\
EXAMPLES
  vit history
  vit history --failed
  vit history show 20260219 --markdown    for a ticket; the beginning of an id is enough
  vit history verify";

/// What `vit history` can do besides listing.
#[derive(Debug, Clone, Subcommand)]
pub enum HistoryCommand {
    /// Show one entry
    Show(ShowArgs),
    /// Check the chain of hashes, and the history against the journal
    #[command(
        after_help = "Exit 1 when something does not agree.\n\nEXAMPLES\n  vit history verify"
    )]
    Verify,
}

/// `vit history show`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "EXAMPLES\n  vit history show 20260219 --markdown | xclip")]
pub struct ShowArgs {
    /// The transaction's id, or an unambiguous beginning of it
    pub id: String,
    /// As Markdown that can be pasted into a ticket
    #[arg(long)]
    pub markdown: bool,
}

/// `vit explain`.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXPLAIN_EXAMPLES)]
pub struct ExplainArgs {
    /// The transaction's id, or an unambiguous beginning of it; without it, the last one
    pub id: Option<String>,
    /// As Markdown that can be pasted into a ticket
    #[arg(long)]
    pub markdown: bool,
}

const EXPLAIN_EXAMPLES: &str = "\
Reads only: it works while another vit is at work, and in a damaged installation as far as
anything is left to read. `vit history` lists the ids.

EXAMPLES
  vit explain
  vit explain 20260219 --markdown    for a ticket; the beginning of an id is enough
  vit explain --json | jq -r .cause.message";

/// `vit hold` and `vit unhold`.
#[derive(Debug, Clone, Args)]
#[command(after_help = HOLD_EXAMPLES)]
pub struct HoldArgs {
    /// The version; without it, every upgrade
    pub version: Option<String>,
}

const HOLD_EXAMPLES: &str = "\
A held version is not offered and is refused as a target.

EXAMPLES
  vit hold 1.2.0       not this one
  vit hold             no upgrade at all, for now
  vit unhold 1.2.0
  vit unhold";

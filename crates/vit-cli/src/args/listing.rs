//! Arguments of `vit release`.

use clap::{Args, Subcommand};
use vit_contract::channel::Channel;

use super::channel_of;

/// `vit release`.
#[derive(Debug, Clone, Args)]
#[command(after_help = RELEASE_EXAMPLES)]
pub struct ReleaseArgs {
    /// What of them.
    #[command(subcommand)]
    pub command: ReleaseCommand,
}

const RELEASE_EXAMPLES: &str = "\
EXAMPLES
  vit release list
  vit release show 1.2.0";

/// What is wanted of releases.
#[derive(Debug, Clone, Subcommand)]
pub enum ReleaseCommand {
    /// List the newest releases, and how each stands here
    List(ReleaseListArgs),
    /// Show everything that is known of one release
    Show(ReleaseShowArgs),
}

/// `vit release list`.
#[derive(Debug, Clone, Args)]
#[command(after_help = LIST_EXAMPLES)]
pub struct ReleaseListArgs {
    /// Look at this channel: stable, beta, canary or lts
    #[arg(long, value_name = "CHANNEL", value_parser = channel_of)]
    pub channel: Option<Channel>,
    /// List also what the channel does not show
    #[arg(long)]
    pub all: bool,
    /// List at most N, the newest; 0 lists all
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub limit: usize,
    /// Ask nobody: list what was fetched before
    #[arg(long)]
    pub offline: bool,
}

const LIST_EXAMPLES: &str = "\
Fetches no release: what is not here is judged by its metadata alone, and that is said. Exit 0.

EXAMPLES
  vit release list
  vit release list --all --limit 0
  vit release list --json | jq -r '.releases[] | select(.lts) | .version'";

/// `vit release show`.
#[derive(Debug, Clone, Args)]
#[command(after_help = SHOW_EXAMPLES)]
pub struct ReleaseShowArgs {
    /// Which release
    pub version: String,
    /// Look at this channel: stable, beta, canary or lts
    #[arg(long, value_name = "CHANNEL", value_parser = channel_of)]
    pub channel: Option<Channel>,
    /// Ask nobody: show what was fetched before
    #[arg(long)]
    pub offline: bool,
}

const SHOW_EXAMPLES: &str = "\
Its metadata, its changes, where it comes from, and what every vertical says of it. Exit 0 also for
a release that is blocked: the question is answered.

EXAMPLES
  vit release show 1.2.0
  vit release show 1.2.0 --json | jq .metadata.changes";

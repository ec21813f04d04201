//! Arguments of `vit ledger`.

use clap::{Args, Subcommand};

use super::release::reason_of;

/// `vit ledger`.
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
pub struct LedgerArgs {
    /// What to do with it.
    #[command(subcommand)]
    pub command: LedgerCommand,
}

const EXAMPLES: &str = "\
The ledger remembers what each release was when it was first seen: its commit, tree and metadata.
A release that is something else later is blocked, or told of, until somebody accepts it.

EXAMPLES
  vit ledger show
  vit ledger accept 1.2.0 --reason \"the Core team confirmed it on the phone\"";

/// What `vit ledger` can do.
#[derive(Debug, Clone, Subcommand)]
pub enum LedgerCommand {
    /// Show it, and check its chain of hashes
    Show(LedgerShowArgs),
    /// Let what a release is now count
    Accept(LedgerAcceptArgs),
}

/// `vit ledger show`.
#[derive(Debug, Clone, Args)]
#[command(after_help = SHOW_EXAMPLES)]
pub struct LedgerShowArgs {
    /// The release; without it, all that were seen
    pub version: Option<String>,
}

const SHOW_EXAMPLES: &str = "\
Reads only and asks nobody. Exit 1 when the ledger is damaged.

EXAMPLES
  vit ledger show
  vit ledger show 1.2.0
  vit ledger show --json | jq '.releases[] | select(.notes != [])'";

/// `vit ledger accept`.
#[derive(Debug, Clone, Args)]
#[command(after_help = ACCEPT_EXAMPLES)]
pub struct LedgerAcceptArgs {
    /// The release
    pub version: String,
    /// Why: stands in the ledger, with who and when
    #[arg(long, value_name = "TEXT", value_parser = reason_of)]
    pub reason: String,
    /// Do not ask
    #[arg(short, long)]
    pub yes: bool,
}

const ACCEPT_EXAMPLES: &str = "\
Shows what the release was and what it is now, and asks. Do it only after the Core team has said
that it is right: who can move a tag can put anything behind it.

EXAMPLES
  vit ledger accept 1.2.0 --reason \"tagged anew with the licence file, says Ada\"
  vit ledger accept 1.2.0 --reason \"ticket 4711\" --yes";

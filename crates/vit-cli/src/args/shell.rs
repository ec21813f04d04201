//! Arguments of the commands about `vit` itself.

use std::path::PathBuf;

use clap::Args;

/// `vit completions`.
#[derive(Debug, Clone, Args)]
#[command(after_help = COMPLETIONS_EXAMPLES)]
pub struct CompletionsArgs {
    /// The shell
    pub shell: clap_complete::Shell,
}

const COMPLETIONS_EXAMPLES: &str = "\
EXAMPLES
  vit completions bash > ~/.local/share/bash-completion/completions/vit
  vit completions zsh  > ~/.zfunc/_vit
  vit completions fish > ~/.config/fish/completions/vit.fish";

/// `vit man`.
#[derive(Debug, Clone, Args)]
#[command(after_help = MAN_EXAMPLES)]
pub struct ManArgs {
    /// Write the pages of all commands into DIR, which must exist
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
}

const MAN_EXAMPLES: &str = "\
EXAMPLES
  vit man | man -l -
  vit man --dir /usr/local/share/man/man1";

/// `vit demo`.
#[derive(Debug, Clone, Args)]
#[command(after_help = DEMO_EXAMPLES)]
pub struct DemoArgs {
    /// The folder to make; must not exist or be empty. Without it, a new temporary one
    pub dir: Option<PathBuf>,
}

const DEMO_EXAMPLES: &str = "\
Needs nothing but git and sh, and no network.

EXAMPLES
  vit demo
  vit demo ./playground";

/// `vit help`.
#[derive(Debug, Clone, Args)]
#[command(after_help = HELP_EXAMPLES)]
pub struct HelpArgs {
    /// A command, or one of: environment, exit-codes, codes
    pub topic: Vec<String>,
}

const HELP_EXAMPLES: &str = "\
EXAMPLES
  vit help upgrade
  vit help update apply
  vit help environment     the variables that are read
  vit help exit-codes      what a script may build on
  vit help codes           every problem code and what it means";

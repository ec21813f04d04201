//! Arguments of `vit cache`.

use std::time::Duration;

use clap::{Args, Subcommand};
use vit_contract::duration;

/// `vit cache`.
#[derive(Debug, Clone, Args)]
#[command(after_help = CACHE_EXAMPLES)]
pub struct CacheArgs {
    /// What to do; without it, `info`.
    #[command(subcommand)]
    pub command: Option<CacheCommand>,
}

const CACHE_EXAMPLES: &str = "\
Needs no installation. What is kept is never needed: it saves asking, and is what `--offline` and a
server that does not answer leave.

EXAMPLES
  vit cache info
  vit cache clean
  vit cache clean --older-than 30d
  VIT_CACHE_DIR=/srv/cache vit update";

/// What `vit cache` can do.
#[derive(Debug, Clone, Subcommand)]
pub enum CacheCommand {
    /// Show where the cache is and what is in it
    #[command(after_help = "EXAMPLES\n  vit cache info\n  vit cache info --json | jq -r .folder")]
    Info,
    /// Remove what is in it; asks nothing, for nothing is lost
    #[command(after_help = CLEAN_EXAMPLES)]
    Clean(CacheCleanArgs),
}

/// `vit cache clean`.
#[derive(Debug, Clone, Args)]
pub struct CacheCleanArgs {
    /// Only what no server has confirmed for this long (90s, 15m, 1h30m, 2d)
    #[arg(long, value_name = "TIME", value_parser = span)]
    pub older_than: Option<Duration>,
}

const CLEAN_EXAMPLES: &str = "\
The limits that servers have set stay known: asking before they end makes them longer.

EXAMPLES
  vit cache clean
  vit cache clean --older-than 30d";

fn span(text: &str) -> Result<Duration, duration::NotASpan> {
    duration::parse(text).map(Duration::from_secs)
}

//! Arguments of the commands that ask servers.

use clap::Args;
use vit_contract::duration;

/// How servers are asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Args)]
pub struct AskArgs {
    /// Ask anew, whatever is kept of earlier answers
    #[arg(long, conflicts_with = "offline")]
    pub refresh: bool,
    /// Where a server limits how often it is asked, wait for it, at most this long (90s, 15m)
    #[arg(long, value_name = "TIME", value_parser = wait_of, conflicts_with = "offline")]
    pub wait: Option<u64>,
}

/// The longest wait for a server, in seconds: a day.
const MAX_WAIT: u64 = 86_400;

/// Reads how long to wait for a server, in seconds.
fn wait_of(text: &str) -> Result<u64, String> {
    let seconds = duration::parse(text).map_err(|error| error.to_string())?;
    if seconds <= MAX_WAIT {
        Ok(seconds)
    } else {
        Err("no server is waited for longer than 1d".to_owned())
    }
}

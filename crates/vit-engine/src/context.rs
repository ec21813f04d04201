//! What every operation needs: where, when, who hears of it, and whether to stop.

use crate::cancel::Cancel;
use crate::clock::Clock;
use crate::environment::Environment;
use crate::event::Reporter;
use crate::faults::Faults;
use crate::git::Git;
use crate::network::Network;
use crate::site::Site;

/// Who runs the command, for the record.
#[derive(Debug, Clone, Default)]
pub struct Actor {
    /// The user's name.
    pub user: String,
    /// The machine's name.
    pub host: String,
}

/// The surroundings of an operation.
pub struct Context<'a> {
    /// Where things are.
    pub site: &'a Site,
    /// Git, opened at the site's root.
    pub git: &'a Git,
    /// What children get.
    pub environment: &'a Environment,
    /// The time.
    pub clock: &'a dyn Clock,
    /// Who hears of events.
    pub reporter: &'a dyn Reporter,
    /// Whether to stop.
    pub cancel: &'a Cancel,
    /// Who runs it.
    pub actor: &'a Actor,
    /// Where tests make it fail.
    pub faults: &'a Faults,
    /// The way to servers.
    pub network: &'a Network,
    /// `--channel` or `VIT_CHANNEL`, and which of the two.
    pub channel_override: Option<(vit_contract::channel::Channel, &'static str)>,
}

//! The way to servers, as something that can be handed in: what sends requests, and what this
//! run may do with it.

use std::time::Duration;

use crate::http::address::{Address, BadAddress};
use crate::http::cache::Kept;
use crate::http::traffic::Traffic;
use crate::http::transport::{Answer, Exchange, Pace, Transport, TransportError};

/// The way to servers.
pub struct Network {
    /// Sends one request and returns one answer.
    pub transport: Box<dyn Transport>,
    /// Ask anew, whatever is kept (`--refresh`).
    pub refresh: bool,
    /// The longest that a server may let a command wait for its limits (`--wait`).
    pub wait: Duration,
    /// How slow a server may be.
    pub pace: Pace,
    /// What was sent by this process, and what servers said of it.
    pub traffic: Traffic,
    /// The cache of this process, once it was looked for.
    pub kept: Kept,
}

impl Network {
    /// A way through `transport`, with the usual manners: kept answers count, no waiting.
    #[must_use]
    pub fn new(transport: impl Transport + 'static) -> Self {
        Self {
            transport: Box::new(transport),
            refresh: false,
            wait: Duration::ZERO,
            pace: Pace::default(),
            traffic: Traffic::default(),
            kept: Kept::default(),
        }
    }

    /// Reads a URL that the server at `base` named in a document: [`Address::named`], with what
    /// is known of where that server's name leads.
    ///
    /// # Errors
    /// It is no URL, or it leads where no server may send anybody.
    pub fn named(&self, base: &Address, text: &str) -> Result<Address, BadAddress> {
        base.named_from(text, self.transport.nearness(base))
    }

    /// No way at all: every request fails.
    #[must_use]
    pub fn none() -> Self {
        Self::new(Nowhere)
    }
}

/// Sends nothing.
struct Nowhere;

impl Transport for Nowhere {
    fn send(&self, _: &Exchange<'_>) -> Result<Answer, TransportError> {
        Err(TransportError::Unreachable {
            why: "there is no network here".to_owned(),
        })
    }
}

//! A request from the caller's view.

use std::time::Duration;

use jiff::Timestamp;

use super::address::{Address, BadAddress};
use super::fetch::{self, fetch};
use super::token::Token;
use super::transport::{Headers, TransportError};
use crate::context::Context;

/// The largest document that is read, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 16 * 1024 * 1024;
/// How long a kept answer counts without asking again.
pub const TTL: Duration = Duration::from_secs(5 * 60);

/// Which kept answer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// None younger than [`TTL`]; an older one is revalidated. With `--refresh`, none.
    Usual,
    /// Any, however old; nobody is asked (`--offline`).
    Kept,
    /// What it names never changes: once kept, never asked for again.
    Immutable,
    /// Any answer is revalidated, however young.
    Validated,
}

/// A request for a document.
#[derive(Debug, Clone)]
pub struct Request {
    /// Where.
    pub address: Address,
    /// The `Accept` header.
    pub accept: &'static str,
    /// Who asks; sent to this address's origin only.
    pub token: Option<Token>,
    /// Further headers of this origin only.
    pub headers: Vec<(&'static str, String)>,
    /// Further addresses that were configured: a redirect may lead to their origins even where
    /// they are in a private network. Nothing of this origin goes along.
    pub also: Vec<Address>,
    /// The largest body, in bytes.
    pub limit: usize,
    /// Which kept answer counts.
    pub freshness: Freshness,
}

impl Request {
    /// A request for a document at `address`.
    #[must_use]
    pub fn new(address: Address, accept: &'static str) -> Self {
        Self {
            address,
            accept,
            token: None,
            headers: Vec::new(),
            also: Vec::new(),
            limit: MAX_DOCUMENT_BYTES,
            freshness: Freshness::Usual,
        }
    }
}

/// How a body came here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// The server sent it now.
    Sent,
    /// It was kept, and the server said that it still holds.
    Revalidated,
    /// It was kept and is young enough.
    Kept,
    /// It was kept; the server should have been asked and could not be.
    Stale {
        /// Why it could not be.
        why: String,
    },
}

/// A document.
#[derive(Debug, Clone)]
pub struct Got {
    /// Its body, whole.
    pub body: Vec<u8>,
    /// The headers of the answer that it came with.
    pub headers: Headers,
    /// When the server last said that this is it.
    pub asked: Timestamp,
    /// How it came here.
    pub origin: Origin,
}

/// Why there is no document.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// No answer, or none that could be read to its end.
    #[error("{address} did not answer")]
    NoAnswer {
        /// Who.
        address: Address,
        /// Why.
        #[source]
        source: TransportError,
    },
    /// An address, or the target of a redirect, that is not asked.
    #[error(transparent)]
    Address(#[from] BadAddress),
    /// An answer that says no.
    #[error("{address} answered {status}: {message}")]
    Status {
        /// Who.
        address: Address,
        /// The status.
        status: u16,
        /// What it says, without control characters.
        message: String,
        /// Where the token is from that it was shown, if any.
        token: Option<&'static str>,
    },
    /// The server allows no more requests for now.
    #[error("{host} allows no more requests until {until}")]
    Limited {
        /// Who: the host, with its port where that is not the usual one.
        host: String,
        /// Until when, by this machine's clock.
        until: Timestamp,
        /// Whether it is a limit of manners (too fast) and not the end of the quota.
        secondary: bool,
        /// Where the token is from that it was shown, if any.
        token: Option<&'static str>,
    },
    /// A token would go over the network in the clear.
    #[error("{address} is plain http: a token is not sent there")]
    PlainToken {
        /// Where it would go.
        address: Address,
    },
    /// A file that was downloaded cannot be kept.
    #[error("keeping {} failed", path.display())]
    File {
        /// The file.
        path: std::path::PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The answer cannot be what was asked for: too large, cut short, of the wrong type.
    #[error("the answer of {address} cannot be used: {why}")]
    Unusable {
        /// Who.
        address: Address,
        /// Why.
        why: String,
    },
    /// Nothing is kept, and nobody may be asked.
    #[error("{address} was never asked, and cannot be now: offline")]
    Offline {
        /// Who.
        address: Address,
    },
    /// Somebody asked to stop.
    #[error("stopped on request")]
    Cancelled,
}

/// Asks servers.
pub struct Client<'a> {
    cx: &'a Context<'a>,
}

impl<'a> Client<'a> {
    /// A client for this run.
    #[must_use]
    pub const fn new(cx: &'a Context<'a>) -> Self {
        Self { cx }
    }

    /// Gets a document: kept, revalidated or sent, as `request.freshness` says. Only a status of
    /// 200 is a document.
    ///
    /// # Errors
    /// There is none, neither sent nor kept.
    pub fn get(&self, request: &Request) -> Result<Got, HttpError> {
        let reply = fetch(self.cx, request, &[])?;
        Ok(Got {
            body: reply.body,
            headers: reply.headers,
            asked: self.cx.clock.now(),
            origin: Origin::Sent,
        })
    }

    /// Gets many documents, at most four at a time from one host; the answers in the order of the
    /// requests.
    pub fn get_all(&self, requests: &[Request]) -> Vec<Result<Got, HttpError>> {
        fetch::all(requests, |request| self.get(request))
    }
}

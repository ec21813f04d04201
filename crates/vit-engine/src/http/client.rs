//! A request from the caller's view: what is asked for, and what comes of it.
//!
//! What is kept and what is asked again is decided in `answer`; the bytes on disk are those of
//! [`super::cache`], the bytes on the wire those of `fetch`.

use std::time::Duration;

use jiff::Timestamp;

use super::address::{Address, BadAddress};
use super::cache::Kept;
use super::token::Token;
use super::traffic;
use super::transport::{Headers, TransportError};
use crate::context::Context;

mod answer;

/// The largest document that is read, in bytes.
pub const MAX_DOCUMENT_BYTES: usize = 16 * 1024 * 1024;
/// How long a kept answer counts without asking again.
pub const TTL: Duration = Duration::from_secs(5 * 60);

/// Which kept answer counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// One younger than [`TTL`]; an older one is revalidated, and with `--refresh` any is.
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
    /// The body's SHA-256: what [`Client::derived`] is bound to.
    pub hash: String,
    /// The headers of the answer that it came with; of a kept one `etag`, `last-modified`, `link`
    /// and `content-type`.
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

/// What would be got without asking anybody, and without reading the body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peek {
    /// The body's SHA-256.
    pub hash: String,
    /// The headers that were kept: `etag`, `last-modified`, `link`, `content-type`.
    pub headers: Headers,
    /// When the server last said that this is it.
    pub asked: Timestamp,
}

/// Asks servers.
#[derive(Clone, Copy)]
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
    /// Where the server should be asked and cannot be (no answer, a status of 500 and above, a
    /// limit, an answer that is none), a kept document is given as [`Origin::Stale`]. One that
    /// says 401, 403, 404 or 410 has taken it back: what was kept is forgotten.
    ///
    /// # Errors
    /// There is none, neither sent nor kept.
    pub fn get(&self, request: &Request) -> Result<Got, HttpError> {
        answer::get(self.cx, request)
    }

    /// Gets many documents, at most four at a time from one host; the answers in the order of the
    /// requests.
    pub fn get_all(&self, requests: &[Request]) -> Vec<Result<Got, HttpError>> {
        traffic::all(requests, |request| self.get(request))
    }

    /// What [`Client::get`] would give without a request, where it would; the body stays unread.
    /// For callers that have a [`Client::derived`] document of many bodies and need none of them.
    #[must_use]
    pub fn peek(&self, request: &Request) -> Option<Peek> {
        answer::peek(self.cx, request)
    }

    /// A document that the caller made of bodies and kept under `key`: `of` are the hashes of the
    /// bodies that count now ([`Got::hash`] or [`Peek::hash`]), in order. Nothing where none was
    /// kept, where it was made of other bodies, or where it is not as it was written.
    ///
    /// The key has to name what was made and by which version of the code that makes it
    /// (`github listing 3 of OWNER/NAME`): the same bodies read by newer code are another document.
    #[must_use]
    pub fn derived(&self, key: &str, of: &[impl AsRef<str>]) -> Option<Vec<u8>> {
        Kept::open(self.cx)?.derived(key, of)
    }

    /// Keeps a document that was made of bodies, in the place of an earlier one of this key. That
    /// it cannot be kept is no error: it is made anew next time. It must hold no secret.
    pub fn keep_derived(&self, key: &str, of: &[impl AsRef<str>], document: &[u8]) {
        if let Some(cache) = Kept::open(self.cx) {
            Kept::tell(self.cx, cache.keep_derived(key, of, document));
        }
    }
}

/// An error and its causes in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
mod tests;

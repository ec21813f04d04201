//! One exchange with a server: a request goes out, an answer comes back. No redirects, no limits,
//! no cache: those are the client's.

use std::io::Read;
use std::time::Duration;

use super::address::Address;

/// A request as it is sent.
pub struct Exchange<'a> {
    /// Where to.
    pub address: &'a Address,
    /// Its headers: names in lower case, with their values. A value may be a secret: this type
    /// has no `Debug`.
    pub headers: &'a [(&'static str, String)],
    /// How long the whole exchange may take, the body included.
    pub timeout: Duration,
}

/// An answer as it comes.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers: names in lower case, in the order of the answer.
    pub headers: Headers,
    /// The body; reading it can fail.
    pub body: Box<dyn Read + Send>,
}

/// The headers of an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Headers(pub Vec<(String, String)>);

impl Headers {
    /// The value of the first header of this name (in lower case).
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(have, _)| have == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// No connection.
    #[error("no connection: {why}")]
    Unreachable {
        /// Why, without secrets.
        why: String,
    },
    /// The time was over.
    #[error("no whole answer within {} seconds", after.as_secs())]
    TimedOut {
        /// How long it was waited.
        after: Duration,
    },
    /// What came is no answer.
    #[error("the answer is no HTTP: {why}")]
    Malformed {
        /// Why, without secrets.
        why: String,
    },
}

/// Sends requests.
pub trait Transport: Send + Sync {
    /// Sends one request.
    ///
    /// # Errors
    /// There is no answer. A status of 400 and above is an answer.
    fn send(&self, exchange: &Exchange<'_>) -> Result<Answer, TransportError>;
}

//! One exchange with a server: a request goes out, an answer comes back. No redirects, no limits,
//! no cache: those are the client's.
//!
//! | module | owns |
//! |---|---|
//! | [`agent`] | the real one: TCP, TLS, proxies |
//! | [`mod@file`] | `file:` addresses that the settings name |
//! | `replay` | recorded exchanges, for tests |

pub mod agent;
pub mod file;
mod guard;
mod proxy;
#[cfg(any(test, feature = "faults"))]
pub mod replay;
mod trust;
mod watch;

use std::io::{self, Read};
use std::time::Duration;

use super::address::{Address, Nearness};

/// How slow a server may be.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long an exchange about a document may take, the body included.
    pub whole: Duration,
    /// How long a download may take.
    pub download: Duration,
    /// How long a connection may take, TLS included.
    pub connect: Duration,
    /// How long a server may send nothing, and the span in which it must send `least`.
    pub window: Duration,
    /// How many bytes of a body must come within a window.
    pub least: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            whole: Duration::from_secs(30),
            download: Duration::from_secs(60 * 60),
            connect: Duration::from_secs(10),
            window: Duration::from_secs(10),
            least: 10 * 1024,
        }
    }
}

/// A request as it is sent.
pub struct Exchange<'a> {
    /// Where to.
    pub address: &'a Address,
    /// Its headers: names in lower case, with their values. A value may be a secret: this type
    /// has no `Debug`.
    pub headers: &'a [(&'static str, String)],
    /// How long the whole exchange may take, the body included.
    pub timeout: Duration,
    /// How long a connection may take.
    pub connect: Duration,
    /// How long the server may send nothing.
    pub quiet: Duration,
}

/// An answer as it comes.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers: names in lower case, in the order of the answer.
    pub headers: Headers,
    /// The body as it travels, compressed where `content-encoding` says so; reading it can fail.
    pub body: Box<dyn Read + Send>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Answer({})", self.status)
    }
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

    /// The values of every header of this name (in lower case).
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(have, _)| have == name)
            .map(|(_, value)| value.as_str())
    }
}

/// Why there is no answer, or no whole one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// No connection.
    #[error("no connection: {why}")]
    Unreachable {
        /// Why, without secrets.
        why: String,
    },
    /// The server could not prove who it is.
    #[error("the server could not prove who it is: {why}")]
    Untrusted {
        /// Why.
        why: String,
    },
    /// What was configured for the way to servers cannot be used: a proxy, a file of certificates.
    #[error("{what} cannot be used: {why}")]
    Setup {
        /// The variable and, for a file, its path.
        what: String,
        /// Why, without secrets.
        why: String,
    },
    /// The name leads to a place that this request must not reach.
    #[error("{host} is {what}, and the address was not configured but given by a server")]
    Inside {
        /// The host.
        host: String,
        /// What it is.
        what: &'static str,
    },
    /// The time was over.
    #[error("no whole answer within {}", span(*after))]
    TimedOut {
        /// How long it was waited.
        after: Duration,
    },
    /// Nothing came, or next to nothing.
    #[error("only {bytes} bytes came within {}", span(*within))]
    TooSlow {
        /// How many bytes.
        bytes: u64,
        /// Within which time.
        within: Duration,
    },
    /// The connection ended before the answer did.
    #[error("the answer was cut short: {why}")]
    Cut {
        /// Why.
        why: String,
    },
    /// What came is no answer.
    #[error("the answer is no HTTP: {why}")]
    Malformed {
        /// Why, without secrets.
        why: String,
    },
    /// Somebody asked to stop.
    #[error("stopped on request")]
    Stopped,
}

/// A span of time for people: whole seconds, unless a test made it shorter than one.
fn span(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{} milliseconds", time.as_millis()),
        1 => "1 second".to_owned(),
        seconds => format!("{seconds} seconds"),
    }
}

impl TransportError {
    /// The error of a body that is read: one of ours that travelled in it, or the system's.
    #[must_use]
    pub fn of_read(error: &io::Error) -> Self {
        let ours = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<Self>());
        ours.cloned().unwrap_or_else(|| match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Cut {
                why: "the connection ended".to_owned(),
            },
            _ => Self::Cut {
                why: vit_contract::text::visible(&error.to_string()),
            },
        })
    }
}

impl From<TransportError> for io::Error {
    fn from(error: TransportError) -> Self {
        Self::other(error)
    }
}

/// Sends requests.
pub trait Transport: Send + Sync {
    /// Sends one request.
    ///
    /// # Errors
    /// There is no answer. A status of 400 and above is an answer.
    fn send(&self, exchange: &Exchange<'_>) -> Result<Answer, TransportError>;

    /// How near the machine is that answered for this address. Who resolves names knows better
    /// than the address itself.
    fn nearness(&self, address: &Address) -> Nearness {
        address.nearness()
    }
}

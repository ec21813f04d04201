//! Requests over the network: TCP, TLS, proxies. Everything is made with the first request, so
//! that a command that asks nobody pays for nothing.

use std::io::{self, Read};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine as _;
use ureq::http::Request;
use ureq::unversioned::transport::{
    ConnectProxyConnector, Connector as _, SocksConnector, TcpConnector,
};
use ureq::{BodyReader, Timeout};
use url::Url;

use super::super::address::{Address, Nearness};
use super::guard::{Guard, Known};
use super::proxy::Proxies;
use super::trust::{self, Tls};
use super::watch::Watch;
use super::{Answer, Exchange, Headers, Transport, TransportError};
use crate::cancel::Cancel;
use crate::environment::Environment;

/// The largest head of an answer, in bytes.
const MAX_HEAD: usize = 64 * 1024;
/// Who asks.
const USER_AGENT: &str = concat!("vit/", env!("CARGO_PKG_VERSION"));

/// Sends requests over the network.
pub struct Agent {
    environment: Environment,
    cancel: Cancel,
    setup: OnceLock<Result<Setup, TransportError>>,
    known: Known,
}

impl std::fmt::Debug for Agent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Agent")
    }
}

/// What the environment says, read once.
struct Setup {
    proxies: Proxies,
    tls: ureq::tls::TlsConfig,
    connector: Tls,
    /// One a reach: a connection that was made where all was allowed is never used by a request
    /// to which less is.
    agents: [OnceLock<ureq::Agent>; 4],
}

impl Agent {
    /// A way to servers by these proxies and certificates (`HTTPS_PROXY`, `SSL_CERT_FILE`, …),
    /// that ends when `cancel` is set.
    #[must_use]
    pub fn new(environment: &Environment, cancel: &Cancel) -> Self {
        Self {
            environment: environment.clone(),
            cancel: cancel.clone(),
            setup: OnceLock::new(),
            known: Known::default(),
        }
    }

    fn setup(&self) -> Result<&Setup, TransportError> {
        self.setup
            .get_or_init(|| {
                Ok(Setup {
                    proxies: Proxies::of(&self.environment)?,
                    tls: trust::of(&self.environment)?,
                    connector: Tls::default(),
                    agents: Default::default(),
                })
            })
            .as_ref()
            .map_err(Clone::clone)
    }

    /// The agent for addresses that may lead so near.
    fn agent<'a>(&self, setup: &'a Setup, reach: Nearness) -> &'a ureq::Agent {
        setup.agents[reach as usize].get_or_init(|| {
            let config = ureq::Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .max_response_header_size(MAX_HEAD)
                .proxy(None)
                .tls_config(setup.tls.clone())
                .user_agent(USER_AGENT)
                .accept("")
                .accept_encoding("")
                .build();
            let connector =
                ().chain(SocksConnector::default())
                    .chain(ConnectProxyConnector::default())
                    .chain(TcpConnector::default())
                    .chain(Watch(self.cancel.clone()))
                    .chain(setup.connector.clone());
            let guard = Guard {
                reach,
                known: self.known.clone(),
            };
            ureq::Agent::with_parts(config, connector, guard)
        })
    }
}

impl Transport for Agent {
    fn send(&self, exchange: &Exchange<'_>) -> Result<Answer, TransportError> {
        let setup = self.setup()?;
        let agent = self.agent(setup, exchange.address.reach());
        let waits = Waits::of(exchange);
        let mut url = exchange.address.url().clone();
        url.set_fragment(None);
        let basic = basic(&url);
        // Else the library would send them still encoded.
        let _ = url.set_username("").and_then(|()| url.set_password(None));
        let mut builder = Request::get(url.as_str());
        let token = exchange
            .headers
            .iter()
            .any(|(name, _)| *name == "authorization");
        if let Some(basic) = basic.filter(|_| !token) {
            builder = builder.header("authorization", basic);
        }
        for (name, value) in exchange.headers {
            builder = builder.header(*name, value);
        }
        let request = builder.body(()).map_err(|_| TransportError::Malformed {
            // The text of the library's error can hold a header's value.
            why: "the address or a header of the request cannot be sent".to_owned(),
        })?;
        let request = agent
            .configure_request(request)
            .proxy(setup.proxies.to(exchange.address).cloned())
            .timeout_global(Some(waits.whole))
            .timeout_connect(Some(waits.connect))
            .timeout_resolve(Some(waits.connect))
            .timeout_per_read(Some(waits.quiet))
            .timeout_per_write(Some(waits.quiet))
            .build();
        let answer = agent.run(request).map_err(|error| waits.explain(error))?;
        let (head, body) = answer.into_parts();
        let headers = head
            .headers
            .iter()
            .map(|(name, value)| {
                let value = String::from_utf8_lossy(value.as_bytes());
                (name.as_str().to_owned(), value.into_owned())
            })
            .collect();
        Ok(Answer {
            status: head.status.as_u16(),
            headers: Headers(headers),
            body: Box::new(Body {
                reader: body.into_with_config().limit(u64::MAX).reader(),
                waits,
            }),
        })
    }

    fn nearness(&self, address: &Address) -> Nearness {
        let host = address.url().host_str().unwrap_or_default();
        let known = self.known.get(host).unwrap_or(Nearness::Public);
        known.max(address.nearness())
    }
}

/// The body of an answer, with errors that say what happened.
struct Body {
    reader: BodyReader<'static>,
    waits: Waits,
}

impl Read for Body {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.reader.read(buffer).map_err(|error| {
            if error.kind() == io::ErrorKind::Interrupted {
                return error;
            }
            self.waits.explain(ureq::Error::from(error)).into()
        })
    }
}

/// How long an exchange waits for what.
#[derive(Debug, Clone, Copy)]
struct Waits {
    whole: Duration,
    connect: Duration,
    quiet: Duration,
}

impl Waits {
    fn of(exchange: &Exchange<'_>) -> Self {
        Self {
            whole: exchange.timeout,
            connect: exchange.connect,
            quiet: exchange.quiet,
        }
    }

    /// What an error of the library means.
    fn explain(&self, error: ureq::Error) -> TransportError {
        let visible =
            |text: String| vit_contract::text::excerpt(&vit_contract::text::visible(&text), 300);
        match error {
            ureq::Error::Other(inner) => match inner.downcast::<TransportError>() {
                Ok(ours) => *ours,
                Err(other) => TransportError::Unreachable {
                    why: visible(other.to_string()),
                },
            },
            ureq::Error::Timeout(Timeout::PerRead | Timeout::PerWrite) => TransportError::TooSlow {
                bytes: 0,
                within: self.quiet,
            },
            ureq::Error::Timeout(Timeout::Connect | Timeout::Resolve) => {
                TransportError::Unreachable {
                    why: format!("nobody answered within {}", super::span(self.connect)),
                }
            }
            ureq::Error::Timeout(_) => TransportError::TimedOut { after: self.whole },
            ureq::Error::HostNotFound => TransportError::Unreachable {
                why: "the name of the host is not known".to_owned(),
            },
            ureq::Error::Io(error) => of_io(&error),
            ureq::Error::Rustls(error) => TransportError::Untrusted {
                why: visible(error.to_string()),
            },
            ureq::Error::Tls(why) => TransportError::Untrusted {
                why: why.to_owned(),
            },
            ureq::Error::ConnectProxyFailed(why) => TransportError::Unreachable {
                why: format!("the proxy refused: {}", visible(why)),
            },
            ureq::Error::LargeResponseHeader(..) => TransportError::Malformed {
                why: format!("its headers are larger than {} KiB", MAX_HEAD / 1024),
            },
            ureq::Error::Protocol(error) => TransportError::Malformed {
                why: visible(error.to_string()),
            },
            other => TransportError::Unreachable {
                why: visible(other.to_string()),
            },
        }
    }
}

/// What an error of the system, or of TLS below it, means.
fn of_io(error: &io::Error) -> TransportError {
    let why = vit_contract::text::visible(&error.to_string());
    match error.kind() {
        io::ErrorKind::UnexpectedEof => TransportError::Cut {
            why: "the connection ended".to_owned(),
        },
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe => TransportError::Cut {
            why: "the connection was reset".to_owned(),
        },
        // What rustls says of certificates and alerts.
        io::ErrorKind::InvalidData => TransportError::Untrusted { why },
        _ => TransportError::Unreachable { why },
    }
}

/// The header for user and password of a URL, if it has any.
fn basic(url: &Url) -> Option<String> {
    let password = url.password().unwrap_or_default();
    if url.username().is_empty() && password.is_empty() {
        return None;
    }
    let mut pair = decoded(url.username());
    pair.push(b':');
    pair.extend(decoded(password));
    let coded = base64::engine::general_purpose::STANDARD.encode(pair);
    Some(format!("Basic {coded}"))
}

/// A part of a URL with its `%40` and their kin taken back.
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let coded = after
            .get(..2)
            .filter(|_| *first == b'%')
            .and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        bytes.push(coded.unwrap_or(*first));
        rest = if coded.is_some() { &after[2..] } else { after };
    }
    bytes
}

/// Shared between threads, each with requests of its own.
const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<Arc<Agent>>();
};

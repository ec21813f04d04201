//! What the tests of HTTP stand on: a context with a clock that a test can move, and a transport
//! that answers from a script.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::client::{HttpError, Request};
use super::fetch::{Reply, fetch};
use super::transport::agent::Agent;
use super::transport::{Answer, Exchange, Headers, Pace, Transport, TransportError};
use super::{Address, Token};
use crate::cancel::Cancel;
use crate::clock::{Clock, SystemClock};
use crate::context::{Actor, Context};
use crate::environment::Environment;
use crate::event::Silent;
use crate::faults::Faults;
use crate::git::scratch::Scratch;
use crate::network::Network;
use crate::site::Site;

/// A secret that must stand nowhere.
pub(super) const CANARY: &str = "ghp_canarycanarycanary";

/// A clock whose time of day is a test's: it moves only by being waited on. How long requests
/// take is real.
pub(super) struct HandClock {
    now: Mutex<Timestamp>,
    real: SystemClock,
    pub(super) paused: Mutex<Vec<Duration>>,
}

impl HandClock {
    pub(super) fn at(now: &str) -> Self {
        Self {
            now: Mutex::new(now.parse().unwrap()),
            real: SystemClock::default(),
            paused: Mutex::default(),
        }
    }

    pub(super) fn waited(&self) -> Duration {
        self.paused.lock().unwrap().iter().sum()
    }
}

impl Clock for HandClock {
    fn now(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    fn elapsed(&self) -> Duration {
        self.real.elapsed()
    }

    fn pause(&self, time: Duration) {
        self.paused.lock().unwrap().push(time);
        let mut now = self.now.lock().unwrap();
        *now = now
            .checked_add(SignedDuration::try_from(time).unwrap())
            .unwrap();
    }
}

/// Everything that a request needs.
pub(super) struct Scene {
    pub(super) network: Network,
    pub(super) cancel: Cancel,
    pub(super) clock: HandClock,
    here: Scratch,
    site: Site,
}

/// A pace that lets a test of a slow server end soon.
pub(super) const BRISK: Pace = Pace {
    whole: Duration::from_secs(20),
    download: Duration::from_secs(20),
    connect: Duration::from_secs(10),
    window: Duration::from_millis(200),
    least: 1024,
};

impl Scene {
    /// Requests through a real agent, with the variables of an environment.
    pub(super) fn real(variables: &[(&str, &str)]) -> Self {
        let pairs = variables.iter().map(|(k, v)| ((*k).into(), (*v).into()));
        let cancel = Cancel::default();
        let agent = Agent::new(&Environment::new(pairs), &cancel);
        Self::over(Network::new(agent), cancel)
    }

    /// Requests through a transport of the test.
    pub(super) fn through(transport: impl Transport + 'static) -> Self {
        Self::over(Network::new(transport), Cancel::default())
    }

    fn over(network: Network, cancel: Cancel) -> Self {
        let here = Scratch::new();
        let site = Site::discover(&here.root, &here.environment).unwrap();
        Self {
            network,
            cancel,
            clock: HandClock::at("2026-11-22T10:00:00Z"),
            here,
            site,
        }
    }

    pub(super) fn with<T>(&self, act: impl FnOnce(&Context<'_>) -> T) -> T {
        act(&Context {
            site: &self.site,
            git: &self.here.git,
            environment: &self.here.environment,
            clock: &self.clock,
            reporter: &Silent,
            cancel: &self.cancel,
            actor: &Actor::default(),
            faults: &Faults::new(&Environment::default()),
            network: &self.network,
            channel_override: None,
        })
    }

    pub(super) fn fetch(&self, request: &Request) -> Result<Reply, HttpError> {
        self.with(|cx| fetch(cx, request, &[]))
    }

    /// The error of a plain request for JSON, as people read it: with its sources.
    pub(super) fn error(&self, url: &str) -> String {
        told(&self.fetch(&json(url)).unwrap_err())
    }

    /// A file of this scene's own.
    pub(super) fn file(&self, name: &str) -> std::path::PathBuf {
        self.here.beside(name)
    }
}

/// Writes a file of a test.
pub(super) fn write(path: &std::path::Path, bytes: impl AsRef<[u8]>) {
    use std::io::Write as _;

    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(bytes.as_ref()).unwrap();
}

/// An error with its sources.
pub(super) fn told(error: &HttpError) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(error) = source {
        text.push_str(&format!(": {error}"));
        source = error.source();
    }
    text
}

/// A request for JSON.
pub(super) fn json(url: &str) -> Request {
    Request::new(Address::configured(url).unwrap(), "application/json")
}

/// The same with a token and a header of its own.
pub(super) fn secret(url: &str) -> Request {
    let mut request = json(url);
    request.token = Token::new(CANARY, "GITHUB_TOKEN");
    request.headers = vec![("x-github-api-version", "2022-11-28".to_owned())];
    request
}

/// What a request was, as a scripted transport saw it.
pub(super) type Seen = (String, Vec<(&'static str, String)>);

/// Status, headers and body for a URL.
pub(super) type Script = dyn Fn(&str) -> (u16, Vec<(&'static str, String)>, String) + Send + Sync;

/// Answers by a function of the URL.
#[derive(Clone)]
pub(super) struct Scripted {
    answer: Arc<Script>,
    pub(super) seen: Arc<Mutex<Vec<Seen>>>,
}

impl Scripted {
    pub(super) fn new(
        answer: impl Fn(&str) -> (u16, Vec<(&'static str, String)>, String) + Send + Sync + 'static,
    ) -> Self {
        Self {
            answer: Arc::new(answer),
            seen: Arc::default(),
        }
    }

    /// Every request to `from` is sent on to `to`; everything else is answered with `{}`.
    pub(super) fn redirecting(from: &str, to: &str) -> Self {
        let (from, to) = (from.to_owned(), to.to_owned());
        Self::new(move |url| {
            if url == from {
                (302, vec![("location", to.clone())], String::new())
            } else {
                (200, Vec::new(), "{}".to_owned())
            }
        })
    }

    pub(super) fn urls(&self) -> Vec<String> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|(url, _)| url.clone()).collect()
    }
}

impl Transport for Scripted {
    fn send(&self, exchange: &Exchange<'_>) -> Result<Answer, TransportError> {
        let url = exchange.address.url().to_string();
        let (status, headers, body) = (self.answer)(&url);
        self.seen
            .lock()
            .unwrap()
            .push((url, exchange.headers.to_vec()));
        Ok(Answer {
            status,
            headers: Headers(
                headers
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect(),
            ),
            body: Box::new(std::io::Cursor::new(body)),
        })
    }
}

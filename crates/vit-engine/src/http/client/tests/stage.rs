//! Processes that share a cache folder, a server and a clock.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use jiff::{SignedDuration, Timestamp};
use vit_contract::problem::Problem;
use vit_contract::settings::Settings;

use super::server::Server;
use crate::cancel::Cancel;
use crate::clock::FixedClock;
use crate::context::{Actor, Context};
use crate::environment::Environment;
use crate::event::{Event, Reporter};
use crate::faults::Faults;
use crate::git::Git;
use crate::http::client::{Client, Freshness, Got, HttpError, Origin, Request};
use crate::http::{Address, Token};
use crate::network::Network;
use crate::site::Site;

pub(super) const JSON: &str = "application/json";
pub(super) const URL: &str = "https://releases.example.org/index.json";

pub(super) struct Stage {
    pub(super) dir: tempfile::TempDir,
    pub(super) server: Server,
    pub(super) now: Cell<Timestamp>,
    pub(super) refresh: Cell<bool>,
    pub(super) faults: String,
    variables: Vec<(String, PathBuf)>,
    notices: Notices,
}

#[derive(Default)]
struct Notices(Mutex<Vec<Problem>>);

impl Reporter for Notices {
    fn report(&self, event: Event) {
        if let Event::Noticed { problem } = event {
            self.0.lock().unwrap().push(problem);
        }
    }
}

impl Stage {
    /// A cache that is still to be made.
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let cache = dir.path().join("cache");
        Self {
            variables: vec![("VIT_CACHE_DIR".to_owned(), cache)],
            dir,
            server: Server::default(),
            // Before any machine's clock: what is written now is not old.
            now: Cell::new("2020-02-01T10:00:00Z".parse().unwrap()),
            refresh: Cell::new(false),
            faults: String::new(),
            notices: Notices::default(),
        }
    }

    /// The same with these variables and no others.
    pub(super) fn variables(&mut self, variables: &[(&str, &Path)]) {
        let own = |(name, path): &(&str, &Path)| ((*name).to_owned(), (*path).to_owned());
        self.variables = variables.iter().map(own).collect();
    }

    pub(super) fn environment(&self) -> Environment {
        let fault = (!self.faults.is_empty()).then(|| ("VIT_FAULT".into(), (&self.faults).into()));
        let named = self.variables.iter();
        Environment::new(
            named
                .map(|(name, path)| (name.into(), path.into()))
                .chain(fault),
        )
    }

    pub(super) fn cache(&self) -> PathBuf {
        self.dir.path().join("cache")
    }

    pub(super) fn later(&self, by: SignedDuration) {
        self.now.set(self.now.get() + by);
    }

    /// Runs a process of its own: nothing is remembered but what is on disk.
    pub(super) fn process<T>(&self, act: impl FnOnce(Client<'_>) -> T) -> T {
        let environment = self.environment();
        let root = self.dir.path();
        let site = Site {
            root: root.to_owned(),
            vertical_root: None,
            git_dir: root.join(".git"),
            common_dir: root.join(".git"),
            state_dir: root.join(".git/vit"),
            public_dir: root.join(".vitruvyan"),
            shallow: false,
            settings: Settings::default(),
            problems: Vec::new(),
        };
        let mut network = Network::new(self.server.clone());
        network.refresh = self.refresh.get();
        let cx = Context {
            site: &site,
            git: &Git::open(root, &environment),
            environment: &environment,
            clock: &FixedClock(self.now.get()),
            reporter: &self.notices,
            cancel: &Cancel::default(),
            actor: &Actor::default(),
            faults: &Faults::new(&environment),
            network: &network,
            channel_override: None,
        };
        act(Client::new(&cx))
    }

    pub(super) fn get(&self, request: &Request) -> Result<Got, HttpError> {
        self.process(|client| client.get(request))
    }

    /// The body as text and how it came.
    pub(super) fn body(&self, request: &Request) -> (String, Origin) {
        let got = self.get(request).unwrap();
        (String::from_utf8(got.body).unwrap(), got.origin)
    }

    /// What was said since it was last asked.
    pub(super) fn notices(&self) -> Vec<Problem> {
        std::mem::take(&mut *self.notices.0.lock().unwrap())
    }

    /// Every file of the cache, sorted.
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let mut files = Vec::new();
        let mut folders = vec![self.cache()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
                if entry.file_type().unwrap().is_dir() {
                    folders.push(entry.path());
                } else {
                    files.push(entry.path());
                }
            }
        }
        files.sort();
        files
    }

    /// The one file below a folder of the cache.
    pub(super) fn only(&self, folder: &str) -> PathBuf {
        let folder = self.cache().join(folder);
        let mut files = self.files();
        files.retain(|path| path.starts_with(&folder));
        assert_eq!(files.len(), 1, "{files:?}");
        files.remove(0)
    }
}

pub(super) fn request(url: &str) -> Request {
    Request::new(Address::parse(url).unwrap(), JSON)
}

pub(super) fn fresh(url: &str, freshness: Freshness) -> Request {
    Request {
        freshness,
        ..request(url)
    }
}

pub(super) fn with_token(url: &str, token: &str) -> Request {
    Request {
        token: Token::new(token, "TEST_TOKEN"),
        ..request(url)
    }
}

pub(super) fn minutes(minutes: i64) -> SignedDuration {
    SignedDuration::from_mins(minutes)
}

pub(super) fn stale(origin: &Origin) -> &str {
    match origin {
        Origin::Stale { why } => why,
        other => panic!("{other:?} is not stale"),
    }
}

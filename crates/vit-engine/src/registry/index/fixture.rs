//! A registry behind a server that lies on command, and an installation that follows it.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use vit_contract::digest;
use vit_contract::index::{Index, IndexedFile, IndexedRelease, SCHEMA};
use vit_contract::output::TrustReport;
use vit_contract::release::Release;
use vit_contract::settings::{RegistryKind, RegistrySettings};

use crate::cancel::Cancel;
use crate::clock::FixedClock;
use crate::context::{Actor, Context};
use crate::environment::Environment;
use crate::error::EngineError;
use crate::event::Silent;
use crate::faults::Faults;
use crate::git::scratch::Scratch;
use crate::http::transport::{Answer, Exchange, Headers, Transport, TransportError};
use crate::network::Network;
use crate::ops::trust::{self, InitOptions};
use crate::registry::{self, Listing};
use crate::site::Site;

/// Where the index is.
pub(crate) const URL: &str = "https://mirror.example/vit/index.json";

/// What a server does instead of answering.
#[derive(Debug, Clone)]
pub(crate) enum Fault {
    /// Does not answer.
    Down,
    /// Answers with a status.
    Status(u16),
    /// Answers with other bytes.
    Body(Vec<u8>),
    /// Sends without end.
    Endless,
    /// Sends a few bytes and then next to nothing, until the transport gives up.
    Stalls,
}

/// A server of the files below a folder.
#[derive(Debug, Default)]
pub(crate) struct Server {
    folder: Mutex<PathBuf>,
    faults: Mutex<Vec<(String, Fault)>>,
    asked: Mutex<Vec<String>>,
    sent: Arc<AtomicU64>,
}

impl Server {
    /// Lets every path that ends with `path` fail (`""` is all of them).
    pub(crate) fn fault(&self, path: &str, fault: Fault) {
        self.faults.lock().unwrap().push((path.to_owned(), fault));
    }

    /// Ends all faults.
    pub(crate) fn mend(&self) {
        self.faults.lock().unwrap().clear();
    }

    /// What was asked for since the last call.
    pub(crate) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// Bytes of endless bodies that were taken.
    pub(crate) fn endless_bytes(&self) -> u64 {
        self.sent.load(Ordering::SeqCst)
    }
}

struct Way(Arc<Server>);

impl Transport for Way {
    fn send(&self, exchange: &Exchange<'_>) -> Result<Answer, TransportError> {
        let path = exchange.address.url().path().to_owned();
        self.0.asked.lock().unwrap().push(path.clone());
        let faults = self.0.faults.lock().unwrap().clone();
        let answer = |status, body: Box<dyn Read + Send>| {
            Ok(Answer {
                status,
                headers: Headers::default(),
                body,
            })
        };
        let cut = TransportError::TimedOut {
            after: exchange.timeout,
        };
        match faults.into_iter().find(|(end, _)| path.ends_with(end)) {
            Some((_, Fault::Down)) => Err(TransportError::Unreachable {
                why: "connection refused".to_owned(),
            }),
            Some((_, Fault::Status(status))) => answer(status, Box::new(io::empty())),
            Some((_, Fault::Body(bytes))) => answer(200, Box::new(io::Cursor::new(bytes))),
            Some((_, Fault::Endless)) => answer(200, Box::new(Endless(Arc::clone(&self.0.sent)))),
            Some((_, Fault::Stalls)) => answer(200, Box::new(Stalls(Some(cut), false))),
            None => {
                let inside = path.strip_prefix("/vit/").unwrap_or("none");
                let file = self.0.folder.lock().unwrap().join(inside);
                match std::fs::read(file) {
                    Ok(bytes) => answer(200, Box::new(io::Cursor::new(bytes))),
                    Err(_) => answer(404, Box::new(io::empty())),
                }
            }
        }
    }
}

struct Endless(Arc<AtomicU64>);

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        buffer.fill(b' ');
        let count = buffer.len();
        self.0.fetch_add(count as u64, Ordering::SeqCst);
        Ok(count)
    }
}

struct Stalls(Option<TransportError>, bool);

impl Read for Stalls {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if !std::mem::replace(&mut self.1, true) {
            buffer[0] = b'{';
            return Ok(1);
        }
        Err(self
            .0
            .take()
            .map_or_else(|| io::Error::other("over"), Into::into))
    }
}

/// Core's repository, an installation of 1.0.0, and a registry.
pub(crate) struct World {
    pub(crate) core: Scratch,
    pub(crate) here: Scratch,
    pub(crate) site: Site,
    pub(crate) server: Arc<Server>,
    pub(crate) now: Timestamp,
    cancel: Cancel,
    folder: tempfile::TempDir,
}

pub(crate) fn metadata_of(version: &str) -> String {
    format!(
        r#"{{"version": "{version}", "release_date": "2026-02-19T16:45:00Z", "channel": "stable",
            "contracts_version": "1.0.0", "changes": {{"features": ["x"]}}}}"#
    )
}

impl World {
    /// Releases of Core up to 1.2.0; the first one is installed; the registry is the index.
    pub(crate) fn new() -> Self {
        let core = Scratch::new();
        for version in ["1.0.0", "1.1.0", "1.2.0"] {
            core.write("core.txt", version);
            core.commit(version);
            core.run(&["tag", &format!("v{version}")]);
        }
        let here = Scratch::new();
        here.run(&["remote", "add", "origin", core.root.to_str().unwrap()]);
        // The installed release and nothing more: the others have to be fetched.
        let seen = "refs/tags/v1.0.0:refs/vit/releases/v1.0.0";
        here.run(&["fetch", "--quiet", "--no-tags", "origin", seen]);
        here.run(&["reset", "--quiet", "--hard", "refs/vit/releases/v1.0.0"]);
        let mut site = Site::discover(&here.root, &here.environment).unwrap();
        site.settings.registry = RegistrySettings {
            kind: RegistryKind::Index,
            location: Some(URL.to_owned()),
        };
        Self {
            core,
            here,
            site,
            server: Arc::default(),
            now: "2026-11-22T10:00:00Z".parse().unwrap(),
            cancel: Cancel::default(),
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// The commit of a release.
    pub(crate) fn commit(&self, version: &str) -> String {
        self.core
            .run(&["rev-parse", &format!("v{version}^{{commit}}")])
    }

    /// A folder with the index of these releases and their metadata.
    pub(crate) fn content(&self, name: &str, versions: &[&str]) -> PathBuf {
        let folder = self.folder.path().join(name);
        let entry = |version: &&str| {
            let bytes = metadata_of(version).into_bytes();
            let path = format!("{version}/release_metadata.json");
            put(&folder.join(&path), &bytes);
            IndexedRelease {
                version: version.parse().unwrap(),
                tag: format!("v{version}"),
                commit: Some(self.commit(version)),
                tree: None,
                channel: None,
                date: None,
                metadata: Some(IndexedFile {
                    path,
                    sha256: digest::sha256(&bytes),
                    length: bytes.len() as u64,
                }),
                withdrawn: None,
                problems: Vec::new(),
            }
        };
        let index = Index {
            schema: SCHEMA.to_owned(),
            generated: None,
            repository: None,
            releases: versions.iter().map(entry).collect(),
        };
        put(&folder.join("index.json"), &index.to_bytes());
        folder
    }

    /// What the server shows from now on.
    pub(crate) fn serve(&self, folder: impl AsRef<Path>) {
        folder
            .as_ref()
            .clone_into(&mut self.server.folder.lock().unwrap());
    }

    pub(crate) fn with<T>(&self, act: impl FnOnce(&Context<'_>) -> T) -> T {
        act(&Context {
            site: &self.site,
            git: &self.here.git,
            environment: &self.here.environment,
            clock: &FixedClock(self.now),
            reporter: &Silent,
            cancel: &self.cancel,
            actor: &Actor {
                user: "ada".to_owned(),
                host: "here".to_owned(),
            },
            faults: &Faults::new(&Environment::default()),
            network: &Network::new(Way(Arc::clone(&self.server))),
            channel_override: None,
        })
    }

    /// Lists the releases and reads the metadata of all.
    pub(crate) fn list(&self, refresh: bool) -> Result<Listing, EngineError> {
        self.with(|cx| {
            let registry = registry::open(cx, None)?;
            let mut listing = registry.list(cx, refresh)?;
            registry.read(cx, &mut listing.releases, refresh)?;
            Ok(listing)
        })
    }

    /// Pins a root.
    pub(crate) fn trust(&self, root: &Path) -> TrustReport {
        let options = InitOptions {
            root: std::fs::read(root).unwrap(),
            metadata_url: None,
        };
        self.with(|cx| trust::init(cx, &options)).unwrap()
    }
}

/// Writes a file with its folders.
pub(crate) fn put(path: &Path, bytes: &[u8]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    #[expect(clippy::disallowed_methods, reason = "a test's own file")]
    std::fs::write(path, bytes).unwrap();
}

/// A release of a listing.
pub(crate) fn find<'l>(listing: &'l Listing, version: &str) -> &'l Release {
    let mut releases = listing.releases.iter();
    releases.find(|r| r.version.to_string() == version).unwrap()
}

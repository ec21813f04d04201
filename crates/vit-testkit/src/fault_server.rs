//! An HTTP server on loopback that does what a test tells it, faults included, and remembers what
//! it was asked.
//!
//! ```no_run
//! use vit_testkit::fault_server::{FaultServer, Reply};
//!
//! let server = FaultServer::start();
//! server.on("/releases", Reply::json(r#"[{"tag_name": "v1.0.0"}]"#).header("etag", "\"a\""));
//! server.on("/releases", Reply::status(304)); // the second request; the last reply repeats
//! server.on("/moved", Reply::redirect(302, "http://169.254.169.254/latest"));
//! server.with("/echo", |asked| Reply::text(asked.header("accept").unwrap_or("none")));
//! // … ask `server.url("/releases")` …
//! assert_eq!(server.asked_for("/releases")[0].header("authorization"), None);
//! ```
//!
//! | wanted | how |
//! |---|---|
//! | a plain answer | [`Reply::json`], [`Reply::text`], [`Reply::bytes`], [`Reply::status`], [`Reply::header`] |
//! | a document with an ETag, 304 included | [`FaultServer::document`] |
//! | a file with ranges | [`FaultServer::file`] |
//! | redirects | [`Reply::redirect`], [`Reply::raw`] for what no header may hold |
//! | limits | [`Reply::limited`], [`Reply::limited_secondary`] |
//! | lies and accidents | [`Reply::drip`], [`Reply::truncated`], [`Reply::length`], [`Reply::reset`], [`Reply::endless`], [`Reply::endless_headers`], [`Reply::oversized_headers`], [`Reply::gzip_bomb`], [`Reply::captive_portal`], [`Reply::silent`] |
//!
//! A path is matched with its query (`/releases?page=2`); a path without one also answers the
//! queries that nothing else matches. What nothing matches is answered with 404. Connections are
//! kept alive unless the reply is a fault. Dropping the server ends and joins its threads.

mod reply;
mod serve;

use std::collections::{BTreeMap, VecDeque};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

pub use reply::Reply;

/// A request as it came.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `GET`.
    pub method: String,
    /// The path with its query.
    pub path: String,
    /// The headers: names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Asked {
    /// The value of the first header of this name (in lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(have, _)| have == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The path without its query.
    #[must_use]
    pub fn bare_path(&self) -> &str {
        self.path.split('?').next().unwrap_or_default()
    }
}

type Handler = Box<dyn FnMut(&Asked) -> Reply + Send>;

/// What a path answers.
enum Script {
    /// Each once; the last for ever.
    Queue(VecDeque<Reply>),
    /// What a closure says.
    Handler(Handler),
}

/// What the threads share.
#[derive(Default)]
struct Shared {
    scripts: Mutex<BTreeMap<String, Script>>,
    log: Mutex<Vec<Asked>>,
    sockets: Mutex<BTreeMap<usize, TcpStream>>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    connections: AtomicUsize,
    stopped: AtomicBool,
}

/// A lock whose holder panicked holds what it held: a test wants to see it all the same.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    /// Writes the request down and finds its reply.
    fn reply(&self, asked: &Asked) -> Reply {
        locked(&self.log).push(asked.clone());
        let mut scripts = locked(&self.scripts);
        let key = if scripts.contains_key(&asked.path) {
            asked.path.clone()
        } else {
            asked.bare_path().to_owned()
        };
        match scripts.get_mut(&key) {
            Some(Script::Queue(queue)) if queue.len() > 1 => queue.pop_front(),
            Some(Script::Queue(queue)) => queue.front().cloned(),
            Some(Script::Handler(handler)) => Some(handler(asked)),
            None => None,
        }
        .unwrap_or_else(|| Reply::json(r#"{"message": "Not Found"}"#).with_status(404))
    }
}

/// The server.
pub struct FaultServer {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
}

impl FaultServer {
    /// Starts a server on a free port of 127.0.0.1.
    ///
    /// # Panics
    /// There is no free port.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port on loopback");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let shared = Arc::new(Shared::default());
        let accepting = {
            let shared = Arc::clone(&shared);
            std::thread::spawn(move || serve::accept(&listener, &shared))
        };
        Self {
            address,
            shared,
            accepting: Some(accepting),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT` and a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Adds a reply to a path: each is given once, the last one for ever.
    pub fn on(&self, path: &str, reply: Reply) {
        let mut scripts = locked(&self.shared.scripts);
        match scripts.get_mut(path) {
            Some(Script::Queue(queue)) => queue.push_back(reply),
            _ => {
                scripts.insert(path.to_owned(), Script::Queue(VecDeque::from([reply])));
            }
        }
    }

    /// Lets a closure answer a path. It runs under the server's lock: it must not ask the server.
    pub fn with(&self, path: &str, handler: impl FnMut(&Asked) -> Reply + Send + 'static) {
        locked(&self.shared.scripts).insert(path.to_owned(), Script::Handler(Box::new(handler)));
    }

    /// A document with an ETag: 304 to whoever has it.
    pub fn document(&self, path: &str, body: &str, etag: &str) {
        let (body, etag) = (body.to_owned(), etag.to_owned());
        self.with(path, move |asked| {
            let reply = if asked.header("if-none-match") == Some(etag.as_str()) {
                Reply::status(304)
            } else {
                Reply::json(&body)
            };
            reply.header("etag", &etag)
        });
    }

    /// A file with an ETag that answers `Range: bytes=N-`, and heeds `If-Range`.
    pub fn file(&self, path: &str, body: &[u8], etag: &str) {
        let (body, etag) = (body.to_owned(), etag.to_owned());
        self.with(path, move |asked| {
            Reply::ranged(&body, &etag, asked).header("etag", &etag)
        });
    }

    /// Every request so far, in the order in which they came.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        locked(&self.shared.log).clone()
    }

    /// The requests for a path, whatever their query.
    #[must_use]
    pub fn asked_for(&self, path: &str) -> Vec<Asked> {
        let mut asked = self.asked();
        asked.retain(|asked| asked.path == path || asked.bare_path() == path);
        asked
    }

    /// How many connections were opened.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the thread that accepts; it looks at `stopped` first.
        drop(TcpStream::connect(self.address));
        if let Some(thread) = self.accepting.take() {
            let _ = thread.join();
        }
        for socket in locked(&self.shared.sockets).values() {
            let _ = socket.shutdown(Shutdown::Both);
        }
        let threads: Vec<_> = locked(&self.shared.threads).drain(..).collect();
        for thread in threads {
            let _ = thread.join();
        }
    }
}

//! Recorded exchanges instead of a network, for tests: what was recorded is answered, everything
//! else is an error that names it.

use std::collections::BTreeMap;
use std::io::Cursor;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use serde::Deserialize;
use url::Url;

use super::{Answer, Exchange, Headers, Transport, TransportError};

/// An exchange that was recorded, or written for a test.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The path with its query; of which host it was does not matter.
    target: String,
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Recorded {
    /// The answer to a GET of this URL or path.
    #[must_use]
    pub fn new(url: &str, status: u16, body: &str) -> Self {
        Self {
            target: target_of(url),
            status,
            headers: Vec::new(),
            body: body.as_bytes().to_owned(),
        }
    }

    /// The same with a header more.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers
            .push((name.to_ascii_lowercase(), value.to_owned()));
        self
    }

    /// The GET exchanges of a file of recordings, in their order:
    /// `{"exchanges": [{"request": {method, url}, "response": {status, headers, body_text |
    /// body_base64}}]}`.
    ///
    /// # Errors
    /// The text is no such file.
    pub fn read(json: &str) -> Result<Vec<Self>, String> {
        let file: RecordingFile = serde_json::from_str(json).map_err(|error| error.to_string())?;
        let gets = file
            .exchanges
            .into_iter()
            .filter(|exchange| exchange.request.method.eq_ignore_ascii_case("GET"));
        gets.map(|exchange| exchange.response.of(&exchange.request.url))
            .collect()
    }
}

#[derive(Deserialize)]
struct RecordingFile {
    exchanges: Vec<RawExchange>,
}

#[derive(Deserialize)]
struct RawExchange {
    request: RawRequest,
    response: RawResponse,
}

#[derive(Deserialize)]
struct RawRequest {
    method: String,
    url: String,
}

#[derive(Deserialize)]
struct RawResponse {
    status: u16,
    headers: Vec<(String, String)>,
    body_text: Option<String>,
    body_base64: Option<String>,
}

impl RawResponse {
    fn of(self, url: &str) -> Result<Recorded, String> {
        let body = match (self.body_text, self.body_base64) {
            (Some(text), _) => text.into_bytes(),
            (None, Some(coded)) => base64::engine::general_purpose::STANDARD
                .decode(coded)
                .map_err(|error| error.to_string())?,
            (None, None) => Vec::new(),
        };
        // A body that is compressed is left so; else the recorder has undone what these say.
        let compressed = body.starts_with(&[0x1f, 0x8b]);
        let undone = |name: &str| {
            ["content-length", "transfer-encoding"].contains(&name)
                || name == "content-encoding" && !compressed
        };
        let headers = self.headers.into_iter();
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), value));
        Ok(Recorded {
            target: target_of(url),
            status: self.status,
            headers: headers.filter(|(name, _)| !undone(name)).collect(),
            body,
        })
    }
}

/// The path and the query of a URL, or a path as it is.
fn target_of(url: &str) -> String {
    let Ok(url) = Url::parse(url) else {
        return url.to_owned();
    };
    match url.query() {
        Some(query) => format!("{}?{query}", url.path()),
        None => url.path().to_owned(),
    }
}

/// A request as it was sent.
#[derive(Clone)]
pub struct Sent {
    /// The whole URL.
    pub url: String,
    /// The headers, secrets included.
    pub headers: Vec<(String, String)>,
}

impl Sent {
    /// The value of a header (in lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(have, _)| have == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// Answers from recordings. A clone shares what was asked, so that a test can keep one.
#[derive(Clone, Default)]
pub struct Replay {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    /// The answers to a target, the next one first.
    answers: BTreeMap<String, Vec<Recorded>>,
    sent: Vec<Sent>,
}

impl Replay {
    /// Answers with these. Where a target stands several times, each is given once, in order, and
    /// the last for ever.
    #[must_use]
    pub fn of(exchanges: &[Recorded]) -> Self {
        let mut answers: BTreeMap<String, Vec<Recorded>> = BTreeMap::new();
        for exchange in exchanges {
            let key = exchange.target.clone();
            answers.entry(key).or_default().push(exchange.clone());
        }
        let inner = Inner {
            answers,
            sent: Vec::new(),
        };
        Self {
            inner: Arc::new(Mutex::new(inner)),
        }
    }

    /// What was asked, in order.
    #[must_use]
    pub fn sent(&self) -> Vec<Sent> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.sent.clone()
    }

    /// The targets (path and query) that were asked, in order.
    #[must_use]
    pub fn targets(&self) -> Vec<String> {
        self.sent()
            .iter()
            .map(|sent| target_of(&sent.url))
            .collect()
    }
}

impl Transport for Replay {
    fn send(&self, exchange: &Exchange<'_>) -> Result<Answer, TransportError> {
        let url = exchange.address.url();
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let headers = exchange.headers.iter();
        inner.sent.push(Sent {
            url: url.to_string(),
            headers: headers
                .map(|(name, value)| ((*name).to_owned(), value.clone()))
                .collect(),
        });
        let target = target_of(url.as_str());
        let found = match inner.answers.get_mut(&target) {
            Some(answers) if answers.len() > 1 => Some(answers.remove(0)),
            Some(answers) => answers.first().cloned(),
            None => None,
        };
        let found = found.ok_or_else(|| TransportError::Unreachable {
            why: format!("nothing is recorded for {target}"),
        })?;
        Ok(Answer {
            status: found.status,
            headers: Headers(found.headers),
            body: Box::new(Cursor::new(found.body)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_are_answered_in_their_order() {
        let file = r#"{"exchanges": [
            {"request": {"method": "POST", "url": "https://api.example/a"},
             "response": {"status": 201, "headers": []}},
            {"request": {"method": "GET", "url": "https://api.example/a?page=2"},
             "response": {"status": 200, "headers": [["ETag", "\"x\""], ["Content-Encoding", "gzip"]],
                          "body_text": "two"}},
            {"request": {"method": "get", "url": "https://api.example/a?page=2"},
             "response": {"status": 304, "headers": [], "body_base64": ""}}]}"#;
        let replay = Replay::of(&Recorded::read(file).unwrap());
        let address = crate::http::Address::parse("https://elsewhere.example/a?page=2").unwrap();
        let send = |address| {
            replay.send(&Exchange {
                address,
                headers: &[("accept", "x".to_owned())],
                timeout: std::time::Duration::ZERO,
                connect: std::time::Duration::ZERO,
                quiet: std::time::Duration::ZERO,
            })
        };
        let first = send(&address).unwrap();
        assert_eq!(first.headers.get("etag"), Some("\"x\""));
        assert_eq!(first.headers.get("content-encoding"), None);
        assert_eq!(std::io::read_to_string(first.body).unwrap(), "two");
        assert_eq!(send(&address).unwrap().status, 304);
        assert_eq!(send(&address).unwrap().status, 304);
        let other = crate::http::Address::parse("https://elsewhere.example/b").unwrap();
        assert!(matches!(
            send(&other),
            Err(TransportError::Unreachable { why }) if why == "nothing is recorded for /b"
        ));
        assert_eq!(replay.targets()[3], "/b");
        assert_eq!(replay.sent()[0].header("accept"), Some("x"));
    }

    /// Every real recording can be read.
    #[test]
    fn real_recordings_are_read() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let data = root.join("../../../shared/data/github");
        if !vit_testkit::tools::need_that("the shared recordings", || data.is_dir()) {
            return;
        }
        let mut gets = 0;
        for folder in ["octokit-fixtures", "octokit.rb", "github3.py"] {
            for file in std::fs::read_dir(data.join(folder)).unwrap().flatten() {
                let text = std::fs::read_to_string(file.path()).unwrap();
                gets += Recorded::read(&text)
                    .unwrap_or_else(|error| panic!("{}: {error}", file.path().display()))
                    .len();
            }
        }
        assert!(gets > 40, "{gets}");
    }
}

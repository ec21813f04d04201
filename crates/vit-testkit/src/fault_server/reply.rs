//! What the server answers: plain answers, and everything that can be wrong with one.

use std::io::Write as _;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::Asked;

/// How the body goes out.
#[derive(Debug, Clone)]
pub(super) enum Way {
    /// Whole.
    Whole,
    /// So many bytes of it, then the end of the connection.
    Cut(usize),
    /// A byte at a time, each after a wait.
    Drip(Duration),
    /// Again and again, until the client has enough.
    Endless,
    /// Header lines without an end.
    EndlessHeaders,
    /// So many bytes of the answer, then a reset.
    Reset(usize),
    /// Nothing at all; the connection stays open.
    Silent,
    /// The bytes of `body` and nothing else.
    Raw,
}

/// An answer.
#[derive(Debug, Clone)]
pub struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// What `content-length` says; absent: the truth.
    pub(super) length: Option<usize>,
    pub(super) way: Way,
}

impl Reply {
    /// An answer with a body.
    #[must_use]
    pub fn bytes(content_type: &str, body: &[u8]) -> Self {
        Self {
            status: 200,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body: body.to_owned(),
            length: None,
            way: Way::Whole,
        }
    }

    /// A JSON document.
    #[must_use]
    pub fn json(body: &str) -> Self {
        Self::bytes("application/json; charset=utf-8", body.as_bytes())
    }

    /// A text.
    #[must_use]
    pub fn text(body: &str) -> Self {
        Self::bytes("text/plain; charset=utf-8", body.as_bytes())
    }

    /// A status and nothing else.
    #[must_use]
    pub fn status(status: u16) -> Self {
        let mut reply = Self::bytes("text/plain", b"").with_status(status);
        reply.headers.clear();
        reply
    }

    /// A redirect.
    #[must_use]
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::status(status).header("location", location)
    }

    /// The primary limit as GitHub says it; `reset` in seconds since 1970, absent where the
    /// server does not say.
    #[must_use]
    pub fn limited(status: u16, reset: Option<i64>) -> Self {
        let reply = Self::json(r#"{"message": "API rate limit exceeded for 192.0.2.1."}"#)
            .with_status(status)
            .header("x-ratelimit-limit", "60")
            .header("x-ratelimit-remaining", "0");
        match reset {
            Some(reset) => reply.header("x-ratelimit-reset", &reset.to_string()),
            None => reply,
        }
    }

    /// The secondary limit: with `retry-after`, or with nothing but the words.
    #[must_use]
    pub fn limited_secondary(status: u16, retry_after: Option<&str>) -> Self {
        let reply = Self::json(
            r#"{"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}"#,
        )
        .with_status(status);
        match retry_after {
            Some(value) => reply.header("retry-after", value),
            None => reply,
        }
    }

    /// The page of a hotel's network, where JSON was asked for.
    #[must_use]
    pub fn captive_portal() -> Self {
        Self::bytes(
            "text/html; charset=utf-8",
            b"<!DOCTYPE html><html><title>Welcome</title><form>Room number</form></html>",
        )
    }

    /// A body that says to be compressed and is.
    #[must_use]
    pub fn gzip(content_type: &str, body: &[u8]) -> Self {
        Self::bytes(content_type, &gzipped(body)).header("content-encoding", "gzip")
    }

    /// So many zeros, in a thousandth of the bytes.
    #[must_use]
    pub fn gzip_bomb(decompressed: usize) -> Self {
        Self::gzip("application/json", &vec![b' '; decompressed])
    }

    /// A body of which each byte comes after a wait.
    #[must_use]
    pub fn drip(body: &str, every: Duration) -> Self {
        Self::json(body).way(Way::Drip(every))
    }

    /// A body that ends after so many bytes, with the length of the whole in its header.
    #[must_use]
    pub fn truncated(body: &str, after: usize) -> Self {
        Self::json(body).cut(after)
    }

    /// A body with a wrong length in its header: more bytes than there are (the connection ends),
    /// or fewer.
    #[must_use]
    pub fn length(body: &str, says: usize) -> Self {
        let mut reply = Self::json(body);
        reply.length = Some(says);
        reply.cut(body.len())
    }

    /// A connection that is reset after so many bytes of the answer, its head included.
    #[must_use]
    pub fn reset(after: usize) -> Self {
        Self::json(&"x".repeat(after + 1)).way(Way::Reset(after))
    }

    /// A body without an end: `piece` again and again.
    #[must_use]
    pub fn endless(piece: &str) -> Self {
        Self::json(piece).way(Way::Endless)
    }

    /// A head without an end.
    #[must_use]
    pub fn endless_headers() -> Self {
        Self::status(200).way(Way::EndlessHeaders)
    }

    /// A head with a header of so many bytes.
    #[must_use]
    pub fn oversized_headers(bytes: usize) -> Self {
        Self::json("{}").header("x-large", &"a".repeat(bytes))
    }

    /// No answer, on a connection that stays open.
    #[must_use]
    pub fn silent() -> Self {
        Self::status(200).way(Way::Silent)
    }

    /// These bytes as they are, then the end of the connection.
    #[must_use]
    pub fn raw(bytes: &[u8]) -> Self {
        Self::bytes("", bytes).way(Way::Raw)
    }

    /// What a server with ranges answers: the rest from `Range: bytes=N-` on, or the whole.
    #[must_use]
    pub fn ranged(body: &[u8], etag: &str, asked: &Asked) -> Self {
        let whole = Self::bytes("application/octet-stream", body);
        let from = asked
            .header("range")
            .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'))
            .and_then(|from| from.parse::<usize>().ok());
        let same = asked.header("if-range").is_none_or(|have| have == etag);
        match from {
            Some(from) if same && from < body.len() => {
                Self::bytes("application/octet-stream", &body[from..])
                    .with_status(206)
                    .header(
                        "content-range",
                        &format!("bytes {from}-{}/{}", body.len() - 1, body.len()),
                    )
            }
            Some(_) if same => {
                Self::status(416).header("content-range", &format!("bytes */{}", body.len()))
            }
            _ => whole,
        }
    }

    /// The same with another status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The same with a header more. Nothing is checked: a header can be wrong too.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same, but the body ends after so many bytes.
    #[must_use]
    pub fn cut(self, after: usize) -> Self {
        self.way(Way::Cut(after))
    }

    fn way(mut self, way: Way) -> Self {
        self.way = way;
        self
    }

    /// The status line and the headers.
    pub(super) fn head(&self) -> Vec<u8> {
        let mut head = format!("HTTP/1.1 {} Scripted\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let said = |name: &str| self.headers.iter().any(|(have, _)| have == name);
        let bodiless = self.status == 304 || self.status == 204;
        if !bodiless && !said("content-length") && !matches!(self.way, Way::Endless) {
            let length = self.length.unwrap_or(self.body.len());
            head.push_str(&format!("content-length: {length}\r\n"));
        }
        if !self.keeps_alive() {
            head.push_str("connection: close\r\n");
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    /// Whether the connection can go on.
    pub(super) fn keeps_alive(&self) -> bool {
        matches!(self.way, Way::Whole)
    }
}

/// `bytes`, compressed.
#[must_use]
pub(super) fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder
        .write_all(bytes)
        .and_then(|()| encoder.finish())
        .expect("memory takes what is written to it")
}

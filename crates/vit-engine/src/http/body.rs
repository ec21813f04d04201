//! The body of an answer, read to its end: as fast as it must come, no larger than it may be,
//! uncompressed, and of the kind that was asked for.

use std::io::{self, Read};
use std::time::Duration;

use flate2::read::MultiGzDecoder;

use super::transport::{Headers, Pace, TransportError};
use crate::cancel::Cancel;
use crate::clock::Clock;

/// Why a body cannot be used.
#[derive(Debug)]
pub(super) enum BodyError {
    /// It did not come whole.
    Transport(TransportError),
    /// It came, and is not what it should be.
    Unusable(String),
}

/// A body on its way: ends where somebody asks to stop, where it comes too slowly, and where its
/// length is not the one that was announced.
pub(super) struct Paced<'a> {
    inner: Box<dyn Read + Send>,
    cancel: &'a Cancel,
    clock: &'a dyn Clock,
    pace: Pace,
    deadline: Duration,
    allowed: Duration,
    /// Since when `in_window` is counted.
    window_since: Duration,
    in_window: u64,
    received: u64,
    announced: Option<u64>,
}

impl<'a> Paced<'a> {
    /// Watches over a body that has `left` of the time that was `allowed`.
    pub(super) fn new(
        inner: Box<dyn Read + Send>,
        headers: &Headers,
        (cancel, clock): (&'a Cancel, &'a dyn Clock),
        (pace, (allowed, left)): (Pace, (Duration, Duration)),
    ) -> Result<Self, BodyError> {
        let now = clock.elapsed();
        let announced =
            match headers.get("content-length") {
                None => None,
                Some(_) if headers.get("transfer-encoding").is_some() => None,
                Some(text) => Some(text.trim().parse().map_err(|_| {
                    BodyError::Unusable("its content-length is no number".to_owned())
                })?),
            };
        Ok(Self {
            inner,
            cancel,
            clock,
            pace,
            deadline: now.saturating_add(left),
            allowed,
            window_since: now,
            in_window: 0,
            received: 0,
            announced,
        })
    }

    /// How many bytes came.
    pub(super) const fn received(&self) -> u64 {
        self.received
    }

    fn check(&mut self, count: u64) -> Result<(), TransportError> {
        let now = self.clock.elapsed();
        self.received += count;
        self.in_window += count;
        if now > self.deadline {
            return Err(TransportError::TimedOut {
                after: self.allowed,
            });
        }
        if now.saturating_sub(self.window_since) >= self.pace.window {
            if self.in_window < self.pace.least {
                return Err(TransportError::TooSlow {
                    bytes: self.in_window,
                    within: self.pace.window,
                });
            }
            self.window_since = now;
            self.in_window = 0;
        }
        Ok(())
    }
}

impl Read for Paced<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.cancel.is_set() {
            return Err(TransportError::Stopped.into());
        }
        let count = self.inner.read(buffer)?;
        let many = u64::try_from(count).unwrap_or(u64::MAX);
        let whole = self.received + many;
        let cut = |why: String| io::Error::from(TransportError::Cut { why });
        match self.announced {
            Some(announced) if count == 0 && !buffer.is_empty() && whole < announced => {
                Err(cut(format!("{whole} of {announced} bytes came")))
            }
            Some(announced) if whole > announced => Err(cut(format!(
                "more than the announced {announced} bytes came"
            ))),
            // The end of a body is no reason to complain of its speed.
            _ if count == 0 => Ok(0),
            Some(announced) if whole == announced => {
                self.received = whole;
                Ok(count)
            }
            _ => {
                self.check(many)?;
                Ok(count)
            }
        }
    }
}

/// Reads a body whole: at most `limit` bytes, on the way and uncompressed.
pub(super) fn read(
    paced: Paced<'_>,
    headers: &Headers,
    limit: usize,
) -> Result<Vec<u8>, BodyError> {
    let bound = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    let mut body = Vec::new();
    let coding = headers.get("content-encoding").unwrap_or("identity");
    let result = match coding.trim().to_ascii_lowercase().as_str() {
        "" | "identity" => paced.take(bound).read_to_end(&mut body),
        // What cannot be compressed grows a little by it.
        "gzip" | "x-gzip" => MultiGzDecoder::new(paced.take(bound + bound / 8 + 1024))
            .take(bound)
            .read_to_end(&mut body),
        other => {
            let shown = vit_contract::text::excerpt(&vit_contract::text::visible(other), 40);
            return Err(BodyError::Unusable(format!(
                "it is compressed as `{shown}`, which was not asked for"
            )));
        }
    };
    if body.len() > limit {
        return Err(BodyError::Unusable(format!(
            "it is larger than {}",
            size(limit)
        )));
    }
    match result {
        Ok(_) => Ok(body),
        Err(error) => {
            let damaged = matches!(
                error.kind(),
                io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput
            );
            Err(if damaged {
                BodyError::Unusable("its compression is damaged".to_owned())
            } else {
                BodyError::Transport(TransportError::of_read(&error))
            })
        }
    }
}

/// A size for people.
fn size(bytes: usize) -> String {
    match bytes {
        0..1024 => format!("{bytes} bytes"),
        1024..1_048_576 => format!("{} KiB", bytes / 1024),
        _ => format!("{} MiB", bytes / 1_048_576),
    }
}

/// Whether a body is a page for people.
pub(super) fn is_html(headers: &Headers, body: &[u8]) -> bool {
    let named = headers.get("content-type").map(|value| {
        let kind = value.split(';').next().unwrap_or_default().trim();
        kind.to_ascii_lowercase()
    });
    if matches!(
        named.as_deref(),
        Some("text/html" | "application/xhtml+xml")
    ) {
        return true;
    }
    let start: Vec<u8> = body
        .iter()
        .copied()
        .skip_while(u8::is_ascii_whitespace)
        .take(14)
        .map(|byte| byte.to_ascii_lowercase())
        .collect();
    start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
}

/// What an answer of an error says for people: `message` of JSON, else its first words.
pub(super) fn message(headers: &Headers, body: &[u8]) -> String {
    const LONGEST: usize = 300;
    if is_html(headers, body) {
        return "it sent an HTML page".to_owned();
    }
    let of_json = serde_json::from_slice::<serde_json::Value>(body)
        .ok()
        .and_then(|value| Some(value.get("message")?.as_str()?.to_owned()));
    let text = of_json.unwrap_or_else(|| String::from_utf8_lossy(body).trim().to_owned());
    if text.is_empty() {
        return "it says no more".to_owned();
    }
    let text = crate::git::safe_url(&text);
    vit_contract::text::visible(&vit_contract::text::excerpt(&text, LONGEST))
}

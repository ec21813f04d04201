//! Files from servers: streamed beside their name, resumed, checked whole, renamed into place.
//! Under the final name stands only what is whole and right.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::body::BodyError;
use super::client::{HttpError, Request};
use super::fetch::{self, Arrived};
use super::transport::TransportError;
use super::wait::patiently;
use crate::context::Context;

/// The largest file that is downloaded where nobody says how large it is, in bytes.
const MAX_FILE: u64 = 4 * 1024 * 1024 * 1024;
/// The longest ETag that is remembered for resuming, in bytes.
const MAX_ETAG: u64 = 1024;

/// What a file must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// How many bytes.
    pub length: u64,
    /// Its SHA-256, in lower-case hex.
    pub sha256: String,
}

/// A file that is in place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downloaded {
    /// How many bytes it has.
    pub length: u64,
    /// Its SHA-256, in lower-case hex.
    pub sha256: String,
    /// How many of them were here before, from a download that was cut short.
    pub resumed: u64,
}

/// The files of a download that is under way.
struct Partial {
    /// What came so far.
    data: PathBuf,
    /// The ETag of what it is part of.
    etag: PathBuf,
}

impl Partial {
    fn beside(file: &Path) -> Self {
        let with = |suffix: &str| {
            let mut name = file.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        };
        Self {
            data: with(".part"),
            etag: with(".part.etag"),
        }
    }

    /// What is here already, and the ETag that it belongs to.
    fn begun(&self) -> Option<(u64, String)> {
        let mut etag = String::new();
        let kept = File::open(&self.etag).ok()?;
        kept.take(MAX_ETAG).read_to_string(&mut etag).ok()?;
        let found = fs::symlink_metadata(&self.data).ok()?;
        (found.is_file() && found.len() > 0 && is_strong(&etag)).then_some((found.len(), etag))
    }

    fn discard(&self) {
        // What cannot be removed is written over by the next download, or refused by it.
        let _ = fs::remove_file(&self.etag);
        let _ = fs::remove_file(&self.data);
    }
}

/// Whether an ETag tells two contents apart byte by byte.
fn is_strong(etag: &str) -> bool {
    etag.len() > 2
        && etag.starts_with('"')
        && etag.ends_with('"')
        && etag.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Downloads to `file`. What an earlier download left beside it (`.part`) is gone on with where
/// the server says that it is still part of the same. Under the final name nothing stands unless
/// all of it came and it is what is expected.
///
/// # Errors
/// It did not come, is not what it should be, or cannot be written. What came of a right one is
/// kept for the next attempt.
pub fn download(
    cx: &Context<'_>,
    request: &Request,
    file: &Path,
    expected: Option<&Expected>,
) -> Result<Downloaded, HttpError> {
    patiently(cx, || attempt(cx, request, file, expected))
}

fn attempt(
    cx: &Context<'_>,
    request: &Request,
    file: &Path,
    expected: Option<&Expected>,
) -> Result<Downloaded, HttpError> {
    let partial = Partial::beside(file);
    // More than there should be cannot be the beginning of it.
    let begun = partial
        .begun()
        .filter(|(have, _)| expected.is_none_or(|expected| *have < expected.length));
    let mut extra = vec![("accept-encoding", "identity".to_owned())];
    if let Some((have, etag)) = &begun {
        extra.push(("range", format!("bytes={have}-")));
        extra.push(("if-range", etag.clone()));
    }
    let arrived = fetch::exchange(cx, request, &extra, cx.network.pace.download)?;
    let address = arrived.address.clone();
    let unusable = |why: String| HttpError::Unusable {
        address: address.clone(),
        why,
    };
    let from = match (arrived.answer.status, &begun) {
        (200, _) => 0,
        (206, Some((have, etag))) => {
            let range = arrived.answer.headers.get("content-range");
            let tag = arrived.answer.headers.get("etag");
            if !goes_on(range, *have, expected) || tag.is_some_and(|tag| tag != etag) {
                partial.discard();
                return Err(unusable(
                    "it is another part than the one asked for".to_owned(),
                ));
            }
            *have
        }
        (416, Some(_)) => {
            partial.discard();
            // Its place is needed for what comes now.
            drop(arrived);
            return attempt(cx, request, file, expected);
        }
        _ => return Err(arrived.refusal(cx, request)),
    };
    let coding = arrived.answer.headers.get("content-encoding");
    if coding.is_some_and(|coding| !coding.trim().eq_ignore_ascii_case("identity")) {
        return Err(unusable(
            "it is compressed, which was not asked for".to_owned(),
        ));
    }
    if super::body::is_html(&arrived.answer.headers, b"") {
        return Err(unusable(
            "an HTML page came where a file was asked for".to_owned(),
        ));
    }
    let got = receive(cx, arrived, &partial, (from, expected))?;
    if let Some(expected) = expected
        && (got.length != expected.length || got.sha256 != expected.sha256)
    {
        partial.discard();
        return Err(unusable(if got.length == expected.length {
            "its SHA-256 is not the expected one".to_owned()
        } else {
            format!("it has {} bytes instead of {}", got.length, expected.length)
        }));
    }
    place(&partial, file).map_err(|source| HttpError::File {
        path: file.to_owned(),
        source,
    })?;
    Ok(got)
}

/// Whether a `Content-Range` goes on where we are, in a file of the expected length.
fn goes_on(range: Option<&str>, have: u64, expected: Option<&Expected>) -> bool {
    let parsed = range.and_then(|range| {
        let (span, whole) = range.trim().strip_prefix("bytes ")?.split_once('/')?;
        let (first, last) = span.split_once('-')?;
        let number = |text: &str| text.trim().parse::<u64>().ok();
        Some((number(first)?, number(last)?, whole.trim().to_owned()))
    });
    let Some((first, last, whole)) = parsed else {
        return false;
    };
    let whole: Option<u64> = whole.parse().ok();
    let ends = whole.is_none_or(|whole| last.checked_add(1) == Some(whole));
    let length = expected.map(|expected| expected.length);
    first == have && ends && (whole.is_none() || length.is_none() || whole == length)
}

/// Streams the body to the partial file, from a byte on, and hashes the whole.
fn receive(
    cx: &Context<'_>,
    mut arrived: Arrived<'_>,
    partial: &Partial,
    (from, expected): (u64, Option<&Expected>),
) -> Result<Downloaded, HttpError> {
    let address = arrived.address.clone();
    let io = |source: io::Error| HttpError::File {
        path: partial.data.clone(),
        source,
    };
    let mut data = open(partial, from).map_err(io)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut left = from;
    while left > 0 {
        let want = usize::try_from(left)
            .unwrap_or(usize::MAX)
            .min(buffer.len());
        let count = data.read(&mut buffer[..want]).map_err(io)?;
        if count == 0 {
            return Err(io(io::ErrorKind::UnexpectedEof.into()));
        }
        hash.update(&buffer[..count]);
        left -= u64::try_from(count).unwrap_or(left);
    }
    if from == 0
        && let Some(etag) = arrived.answer.headers.get("etag")
        && is_strong(etag)
    {
        remember(&partial.etag, etag).map_err(io)?;
    }
    let most = expected.map_or(MAX_FILE, |expected| expected.length);
    let mut body = match arrived.paced(cx) {
        Ok(body) => body,
        Err(error) => return Err(arrived.failed(error)),
    };
    loop {
        let count = match body.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                let source = TransportError::of_read(&error);
                return Err(arrived.failed(BodyError::Transport(source)));
            }
        };
        if from + body.received() > most {
            partial.discard();
            return Err(HttpError::Unusable {
                address,
                why: format!("it is larger than the expected {most} bytes"),
            });
        }
        hash.update(&buffer[..count]);
        data.write_all(&buffer[..count]).map_err(io)?;
    }
    data.sync_all().map_err(io)?;
    Ok(Downloaded {
        length: from + body.received(),
        sha256: vit_contract::digest::hex(&hash.finalize()),
        resumed: from,
    })
}

/// Opens the partial file: to go on with it, or anew. A link in its place is never followed.
fn open(partial: &Partial, from: u64) -> io::Result<File> {
    if from > 0 {
        let mut data = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&partial.data)?;
        data.rewind()?;
        return Ok(data);
    }
    for path in [&partial.etag, &partial.data] {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .open(&partial.data)
}

fn remember(path: &Path, etag: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(etag.as_bytes())
}

/// Renames the partial file to its final name, durably.
fn place(partial: &Partial, file: &Path) -> io::Result<()> {
    fs::rename(&partial.data, file)?;
    let _ = fs::remove_file(&partial.etag);
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;

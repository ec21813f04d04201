//! What is kept of an answer besides its body: small, without secrets, and bound to its request.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use vit_contract::digest;

use super::private;
use super::sealed::{self, Sealed};
use super::{Cache, MAX_HEAD_BYTES, is_hash};
use crate::error::EngineError;
use crate::http::client::Request;
use crate::http::transport::Headers;
use crate::store::atomic;

pub(super) const FOLDER: &str = "entries";
const FORMAT: u64 = 1;

/// What is kept of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    format: u64,
    /// The request that it answers.
    key: String,
    /// Its address without user, password and query, for people.
    address: String,
    /// The server.
    pub(super) host: String,
    accept: String,
    /// Whose answer it is, where a token was sent.
    fingerprint: Option<String>,
    /// When the server last said that this is it.
    pub(crate) asked: Timestamp,
    /// The headers that matter.
    pub(crate) headers: Headers,
    /// The body's hash.
    pub(crate) blob: String,
    /// Its length, in bytes.
    pub(crate) length: u64,
}

/// What stands under a key.
#[derive(Debug)]
pub(super) enum Found {
    /// An answer.
    Whole(Box<Entry>),
    /// Nothing that can be used.
    Nothing,
    /// Something of a newer `vit`, which is left alone.
    Newer,
}

impl Entry {
    /// What is kept of an answer to `request`; nothing where a secret would be.
    pub(super) fn new(
        request: &Request,
        headers: &Headers,
        body: &[u8],
        asked: Timestamp,
    ) -> Option<Self> {
        let headers = private::headers(request, headers, body)?;
        Some(Self {
            format: FORMAT,
            key: key(request),
            address: request.address.to_string(),
            host: request.address.host(),
            accept: request.accept.to_owned(),
            fingerprint: request.token.as_ref().map(super::Token::fingerprint),
            asked,
            headers,
            blob: digest::sha256(body),
            length: body.len() as u64,
        })
    }

    /// The headers that ask whether this still holds; none where the server gave nothing to ask by.
    pub(crate) fn conditions(&self) -> Vec<(&'static str, String)> {
        [
            ("if-none-match", "etag"),
            ("if-modified-since", "last-modified"),
        ]
        .into_iter()
        .filter_map(|(condition, of)| Some((condition, self.headers.get(of)?.to_owned())))
        .collect()
    }
}

/// What tells requests apart: where, what for, who asks, and what else is said.
pub(super) fn key(request: &Request) -> String {
    let fingerprint = request.token.as_ref().map(super::Token::fingerprint);
    let mut parts = vec![
        request.address.url().as_str(),
        request.accept,
        fingerprint.as_deref().unwrap_or_default(),
    ];
    let mut headers: Vec<_> = request.headers.iter().collect();
    headers.sort();
    for (name, value) in headers {
        parts.extend([*name, value.as_str()]);
    }
    // With their lengths: no two lists of parts are the same text.
    let text: String = parts
        .iter()
        .map(|part| format!("{}:{part}\n", part.len()))
        .collect();
    digest::sha256(format!("vit answer\n{text}").as_bytes())
}

impl Cache<'_> {
    fn entry_path(self, key: &str) -> PathBuf {
        self.root.join(FOLDER).join(key)
    }

    /// Reads what stands under a key. What is damaged is removed.
    pub(super) fn entry(self, key: &str) -> Found {
        let path = self.entry_path(key);
        let found = read(&path, key);
        if let Read::Damaged = found {
            let _ = std::fs::remove_file(&path);
        }
        match found {
            Read::Whole(entry) => Found::Whole(entry),
            Read::Newer => Found::Newer,
            Read::Damaged | Read::Absent => Found::Nothing,
        }
    }

    /// Writes an entry. Its blob must be there.
    pub(super) fn write_entry(self, entry: &Entry) -> Result<(), EngineError> {
        let path = self.entry_path(&entry.key);
        self.ensure(FOLDER)?;
        atomic::write(&path, &sealed::seal(entry), self.faults)
    }

    /// Forgets what stands under a key; the body goes with the next tidying.
    pub(super) fn forget(self, key: &str) {
        let _ = std::fs::remove_file(self.entry_path(key));
    }
}

/// What a file of an entry holds.
pub(super) enum Read {
    Whole(Box<Entry>),
    Newer,
    Damaged,
    Absent,
}

/// Reads the file of an entry.
pub(super) fn read(path: &Path, key: &str) -> Read {
    let bytes = match atomic::read_bounded(path, MAX_HEAD_BYTES) {
        Ok(Some(bytes)) => bytes,
        Err(error) if atomic::is_unusable(&error) => return Read::Damaged,
        Ok(None) | Err(_) => return Read::Absent,
    };
    match sealed::open::<Entry>(&bytes, FORMAT) {
        // A file under another's name, or a name that would lead out of the folder of blobs.
        Sealed::Whole(entry, end)
            if entry.key == key && is_hash(&entry.blob) && end == bytes.len() =>
        {
            Read::Whole(Box::new(entry))
        }
        Sealed::Newer => Read::Newer,
        Sealed::Whole(..) | Sealed::Damaged => Read::Damaged,
    }
}

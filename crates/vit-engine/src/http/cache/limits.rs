//! What servers forbid for a time, so that the next process does not ask either.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use vit_contract::digest;

use super::inventory::State;
use super::sealed::{self, Sealed};
use super::{Cache, MAX_HEAD_BYTES};
use crate::error::EngineError;
use crate::store::atomic;

pub(super) const FOLDER: &str = "limits";
const FORMAT: u64 = 1;
/// A limit that ends later than this is not believed: no server means it, and a clock that was
/// wrong once must not keep anybody from asking for a year.
const LONGEST: SignedDuration = SignedDuration::from_hours(25);

/// No more requests for now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Limit {
    format: u64,
    /// The server.
    pub(crate) host: String,
    /// Whom it counts for, where a token was sent.
    pub(crate) fingerprint: Option<String>,
    /// Until when.
    pub(crate) until: Timestamp,
}

impl Limit {
    /// Whether it holds now.
    pub(super) fn holds(&self, now: Timestamp) -> bool {
        now < self.until && self.until.duration_since(now) <= LONGEST
    }
}

fn name(host: &str, fingerprint: Option<&str>) -> String {
    let text = format!("vit limit\n{host}\n{}", fingerprint.unwrap_or_default());
    digest::sha256(text.as_bytes())
}

/// Reads the file of a limit.
pub(super) fn read(path: &Path) -> State<Limit> {
    let Ok(Some(bytes)) = atomic::read_bounded(path, MAX_HEAD_BYTES) else {
        return State::Damaged;
    };
    match sealed::open::<Limit>(&bytes, FORMAT) {
        Sealed::Whole(limit, _) => {
            let named = name(&limit.host, limit.fingerprint.as_deref());
            if path.file_name() == Some(named.as_ref()) {
                State::Whole(limit)
            } else {
                State::Damaged
            }
        }
        Sealed::Newer => State::Newer,
        Sealed::Damaged => State::Damaged,
    }
}

impl Cache<'_> {
    fn limit_path(self, host: &str, fingerprint: Option<&str>) -> PathBuf {
        self.root.join(FOLDER).join(name(host, fingerprint))
    }

    /// Until when a server allows no more requests to whom this fingerprint belongs.
    pub(crate) fn limit(
        self,
        host: &str,
        fingerprint: Option<&str>,
        now: Timestamp,
    ) -> Option<Timestamp> {
        match read(&self.limit_path(host, fingerprint)) {
            State::Whole(limit) => limit.holds(now).then_some(limit.until),
            State::Newer | State::Damaged => None,
        }
    }

    /// Remembers a limit, in the place of an earlier one.
    pub(crate) fn keep_limit(
        self,
        host: &str,
        fingerprint: Option<&str>,
        until: Timestamp,
    ) -> Result<(), EngineError> {
        let limit = Limit {
            format: FORMAT,
            host: host.to_owned(),
            fingerprint: fingerprint.map(str::to_owned),
            until,
        };
        self.ensure(FOLDER)?;
        let path = self.limit_path(host, fingerprint);
        atomic::write(&path, &sealed::seal(&limit), self.faults)
    }
}

//! Signed registry metadata by The Update Framework: a registry whose origin is trusted is held
//! to a root that a person pinned. Owns the refresh of the metadata, what is kept of it, and the
//! answer to "what must this file be"; fetches no target itself.
//!
//! | part | module |
//! |---|---|
//! | which origins are trusted, and the pinned roots | `record` |
//! | what was verified last | `kept` |
//! | the library's futures over our blocking way to servers | `mailbox` |
//! | its cryptography | `crypto` |
//! | why something is not believed | `distrust` |
//! | roots as people see them | `roots` |
//!
//! Nothing that a server does makes a trusted origin count as unsigned: only `vit trust remove`
//! does, and it is recorded. A rollback never comes here.

use std::time::Duration;

use jiff::Timestamp;
use sigstore_tuf::{TargetFile, Updater};
use vit_contract::output::{TrustRoot, VerifiedMetadata};
use vit_contract::problem::Problem;

use crate::context::Context;
use crate::error::EngineError;
use crate::http::{Address, Client, Freshness, HttpError, Request, client::Origin};

mod crypto;
pub(crate) mod distrust;
pub(crate) mod kept;
mod mailbox;
pub(crate) mod record;
pub(crate) mod roots;
#[cfg(test)]
mod tests;

use distrust::{Distrust, chain, is_unreachable, of, untrusted};
use kept::Kept;
use mailbox::{Answer, Mailbox, Wanted};
use record::Record;

/// What a file must be, by what is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TrustedTarget {
    /// Its length in bytes.
    pub(crate) length: u64,
    /// SHA-256, hex.
    pub(crate) sha256: String,
    /// Where it is.
    pub(crate) address: Address,
    /// Whether another content would be at another address.
    pub(crate) immutable: bool,
}

/// The metadata of a trusted origin, verified up to this moment.
pub(crate) struct Verified {
    updater: Updater,
    mailbox: Mailbox,
    record: Record,
    metadata: Address,
    kept: Kept,
    ask: bool,
    moment: Timestamp,
    /// Why what was verified before is used, where the registry should have been asked.
    pub(crate) stale: Option<String>,
    failure: Option<HttpError>,
}

impl Verified {
    /// Brings the metadata up to date and verifies it: root by root from the pinned one, then
    /// timestamp, snapshot and targets. Without `ask`, and where the registry cannot be reached,
    /// what was verified before is verified again; it counts until it expires.
    pub(crate) fn refresh(cx: &Context<'_>, record: &Record, ask: bool) -> Result<Self, Distrust> {
        let mut verified = Self::begin(cx, record, ask)?;
        let Err(error) = verified.run(cx)? else {
            if verified.stale.is_none() && ask {
                verified.kept.note_asked(cx);
                verified.kept.flush(cx)?;
            }
            return Ok(verified);
        };
        match verified.failure.take() {
            // Nobody may be asked, and nothing was ever verified.
            None if !ask && verified.kept.asked().is_none() => {
                let address = verified.metadata.clone();
                Err(Distrust::Unreachable(Box::new(HttpError::Offline {
                    address,
                })))
            }
            None => Err(of(&error, &record.origin)),
            Some(HttpError::Cancelled) => Err(Distrust::Engine(stopped())),
            Some(failure) if is_unreachable(&failure) => {
                let mut before = Self::begin(cx, record, false)?;
                match before.run(cx)? {
                    Ok(()) => {
                        before.stale = Some(chain(&failure));
                        Ok(before)
                    }
                    Err(error @ sigstore_tuf::Error::Expired { .. }) => {
                        Err(of(&error, &record.origin))
                    }
                    Err(_) => Err(Distrust::Unreachable(Box::new(failure))),
                }
            }
            Some(failure) => {
                let problem = untrusted(&record.origin, &chain(&failure));
                Err(Distrust::Problem(Box::new(problem)))
            }
        }
    }

    fn begin(cx: &Context<'_>, record: &Record, ask: bool) -> Result<Self, Distrust> {
        crypto::install();
        let root = record.pinned(cx)?;
        let mailbox = Mailbox::default();
        let kept = Kept::of(cx, record);
        let updater = Updater::new(mailbox.clone(), &root)
            .map_err(|error| of(&error, &record.origin))?
            .with_store(kept.clone());
        let metadata = Address::configured(&record.metadata_url)
            .map_err(|error| of_address(record, &error.to_string()))?;
        Ok(Self {
            updater,
            mailbox,
            metadata,
            kept,
            ask,
            // The library takes metadata for good at the very moment of its expiry; the
            // specification does not.
            moment: cx.clock.now() + Duration::from_nanos(1),
            record: record.clone(),
            stale: None,
            failure: None,
        })
    }

    /// Refreshes; whatever was verified on the way is kept, also where a later part fails.
    fn run(&mut self, cx: &Context<'_>) -> Result<sigstore_tuf::Result<()>, Distrust> {
        let mut errand = Errand::of(self);
        let mailbox = self.mailbox.clone();
        let done = mailbox.drive(self.updater.refresh(self.moment), |wanted| {
            errand.answer(cx, wanted)
        });
        (self.failure, self.stale) = (errand.failure, errand.stale);
        self.kept.flush(cx)?;
        Ok(done)
    }

    /// What a file must be; nothing where no role that may says so. `path` is seen from the
    /// record's `targets_url`.
    pub(crate) fn target(
        &mut self,
        cx: &Context<'_>,
        path: &str,
    ) -> Result<Option<TrustedTarget>, Distrust> {
        let mut errand = Errand::of(self);
        let mailbox = self.mailbox.clone();
        let found = mailbox.drive(self.updater.get_target_info(path, self.moment), |wanted| {
            errand.answer(cx, wanted)
        });
        self.kept.flush(cx)?;
        match (found, errand.failure) {
            (Ok(None), _) => Ok(None),
            (Ok(Some(file)), _) => self.place(path, &file).map(Some),
            (Err(_), Some(HttpError::Cancelled)) => Err(Distrust::Engine(stopped())),
            (Err(_), Some(failure)) => Err(Distrust::Unreachable(Box::new(failure))),
            (Err(error), None) => Err(of(&error, &self.record.origin)),
        }
    }

    /// Where a file is: with consistent snapshots, its hash is a part of its name.
    fn place(&self, path: &str, file: &TargetFile) -> Result<TrustedTarget, Distrust> {
        let Some(sha256) = file.hashes.get("sha256") else {
            let why = format!("{path} is signed without a SHA-256");
            return Err(Distrust::Problem(Box::new(untrusted(
                &self.record.origin,
                &why,
            ))));
        };
        let sha256 = sha256.to_ascii_lowercase();
        let consistent = self.updater.trusted().root().consistent_snapshot;
        let name = match path.rsplit_once('/') {
            _ if !consistent => path.to_owned(),
            Some((folder, name)) => format!("{folder}/{sha256}.{name}"),
            None => format!("{sha256}.{path}"),
        };
        let url = format!("{}{name}", self.record.targets_url);
        let address = Address::configured(&url)
            .map_err(|error| of_address(&self.record, &error.to_string()))?;
        Ok(TrustedTarget {
            length: file.length,
            sha256,
            address,
            immutable: consistent,
        })
    }

    /// What is kept of the origin.
    pub(crate) fn kept(&self) -> &Kept {
        &self.kept
    }
}

/// What is known of an origin without asking it.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// The root that counts.
    pub(crate) root: Option<TrustRoot>,
    /// What was verified last.
    pub(crate) verified: Option<VerifiedMetadata>,
}

/// Looks at what was verified last, and whether it is good now; asks nobody.
///
/// # Errors
/// A file of ours cannot be read.
pub(crate) fn look(
    cx: &Context<'_>,
    record: &Record,
) -> Result<(Seen, Option<Problem>), EngineError> {
    let mut verified = match Verified::begin(cx, record, false) {
        Ok(verified) => verified,
        Err(Distrust::Engine(error)) => return Err(error),
        Err(Distrust::Problem(problem)) => return Ok((Seen::default(), Some(*problem))),
        Err(Distrust::Unreachable(_)) => return Ok((Seen::default(), None)),
    };
    let never_asked = verified.kept.asked().is_none();
    let problem = match verified.run(cx) {
        Err(Distrust::Engine(error)) => return Err(error),
        Ok(Err(error @ sigstore_tuf::Error::Expired { .. })) => Some(error),
        Ok(Err(error)) if !never_asked => Some(error),
        _ => None,
    };
    let problem = problem.and_then(|error| match of(&error, &record.origin) {
        Distrust::Problem(problem) => Some(*problem),
        _ => None,
    });
    let set = verified.updater.trusted();
    let seen = Seen {
        root: Some(roots::view(set.root(), set.root_bytes())),
        verified: roots::verified(set, cx.clock.now()),
    };
    Ok((seen, problem))
}

/// Fetches what the library wants.
struct Errand {
    metadata: Address,
    kept: Kept,
    ask: bool,
    failure: Option<HttpError>,
    stale: Option<String>,
}

impl Errand {
    fn of(verified: &Verified) -> Self {
        Self {
            metadata: verified.metadata.clone(),
            kept: verified.kept.clone(),
            ask: verified.ask,
            failure: None,
            stale: verified.stale.clone(),
        }
    }

    fn answer(&mut self, cx: &Context<'_>, wanted: &Wanted) -> Answer {
        if !self.ask {
            return Ok(self.kept.metadata(&wanted.name));
        }
        let refused = |why: String| Err(sigstore_tuf::Error::transport(why));
        let request = match self.metadata.named(&wanted.name) {
            Ok(address) => Request {
                limit: usize::try_from(wanted.most).unwrap_or(usize::MAX),
                freshness: Freshness::Validated,
                ..Request::new(address, "application/json")
            },
            Err(error) => return refused(error.to_string()),
        };
        match Client::new(cx).get(&request) {
            Ok(got) => {
                if let Origin::Stale { why } = got.origin {
                    self.stale = Some(why);
                }
                Ok(Some(got.body))
            }
            // Stores that keep files as objects answer 403 for one that is not there.
            Err(HttpError::Status {
                status: 403 | 404, ..
            }) => Ok(None),
            Err(error) => {
                let why = chain(&error);
                self.failure = Some(error);
                refused(why)
            }
        }
    }
}

fn of_address(record: &Record, why: &str) -> Distrust {
    Distrust::Problem(Box::new(untrusted(&record.origin, why)))
}

pub(crate) fn stopped() -> EngineError {
    EngineError::Stopped {
        what: "asking the registry",
    }
}

//! Which answer counts: the one that is kept, or one that is asked for.

use jiff::{SignedDuration, Timestamp};
use vit_contract::digest;

use super::{Freshness, Got, HttpError, Origin, Peek, Request, TTL, chain};
use crate::context::Context;
use crate::http::cache::entry::Entry;
use crate::http::cache::{Cache, Held, Kept};
use crate::http::fetch::{Reply, fetch};

/// A request at work.
#[derive(Clone, Copy)]
struct Asking<'a> {
    cx: &'a Context<'a>,
    request: &'a Request,
    cache: Option<Cache<'a>>,
    now: Timestamp,
}

/// Gets a document as [`super::Client::get`] says.
pub(super) fn get(cx: &Context<'_>, request: &Request) -> Result<Got, HttpError> {
    let file = request.address.is_file();
    let asking = Asking {
        cx,
        request,
        // A file of this machine is as near as a copy of it, also offline.
        cache: if file { None } else { Kept::open(cx) },
        now: cx.clock.now(),
    };
    let held = asking.cache.map_or(Held::Nothing, |it| it.held(request));
    let keep = !matches!(held, Held::Newer);
    let held = match held {
        Held::Whole(entry, body) => Some((entry, body)),
        Held::Nothing | Held::Newer => None,
    };
    match held {
        Some((entry, body)) if asking.counts(&entry) => Ok(got(&entry, body, Origin::Kept)),
        None if request.freshness == Freshness::Kept && !file => Err(HttpError::Offline {
            address: request.address.clone(),
        }),
        held => asking.ask(held, keep),
    }
}

/// What would be got without a request.
pub(super) fn peek(cx: &Context<'_>, request: &Request) -> Option<Peek> {
    let cache = Kept::open(cx)?;
    let asking = Asking {
        cx,
        request,
        cache: Some(cache),
        now: cx.clock.now(),
    };
    let entry = cache.entry_of(request)?;
    let counts = asking.counts(&entry) && entry.length <= request.limit as u64;
    counts.then_some(Peek {
        hash: entry.blob,
        headers: entry.headers,
        asked: entry.asked,
    })
}

impl Asking<'_> {
    /// Whether what is kept counts without asking.
    fn counts(self, entry: &Entry) -> bool {
        match self.request.freshness {
            Freshness::Kept | Freshness::Immutable => true,
            Freshness::Validated => false,
            Freshness::Usual => {
                let age = self.now.duration_since(entry.asked);
                let ttl = SignedDuration::try_from(TTL).unwrap_or(SignedDuration::ZERO);
                // What was asked in the future was asked by a clock that was wrong.
                !self.cx.network.refresh && SignedDuration::ZERO <= age && age < ttl
            }
        }
    }

    /// Asks the server; gives what is kept where it cannot be asked.
    fn ask(self, held: Option<(Box<Entry>, Vec<u8>)>, keep: bool) -> Result<Got, HttpError> {
        let conditions = held.as_ref().map(|(entry, _)| entry.conditions());
        let error = match (self.send(&conditions.unwrap_or_default()), held) {
            (Ok(reply), Some((mut entry, body))) if reply.status == 304 => {
                entry.asked = self.now;
                self.note(keep, |cache| cache.holds(&entry));
                return Ok(got(&entry, body, Origin::Revalidated));
            }
            (Ok(reply), _) => return Ok(self.sent(reply, keep)),
            (Err(error), Some((entry, body))) if is_no_answer(&error) => {
                let why = chain(&error);
                self.note_limit(&error);
                return Ok(got(&entry, body, Origin::Stale { why }));
            }
            (Err(error), _) => error,
        };
        self.note_limit(&error);
        if let (Some(cache), true) = (self.cache, keep && is_withdrawn(&error)) {
            cache.drop_answer(self.request);
        }
        Err(error)
    }

    /// Sends the request. What the server has forbidden to an earlier process is not asked.
    fn send(self, conditions: &[(&'static str, String)]) -> Result<Reply, HttpError> {
        if self.cx.cancel.is_set() {
            return Err(HttpError::Cancelled);
        }
        let host = self.request.address.host();
        let limit = self
            .cache
            .and_then(|cache| cache.limit(&host, self.fingerprint(&host).as_deref(), self.now));
        if let Some(until) = limit {
            self.cx.network.traffic.limit(&host, until);
        }
        fetch(self.cx, self.request, conditions)
    }

    /// Whom a limit of a host counts for: a token goes to no host but its own.
    fn fingerprint(self, host: &str) -> Option<String> {
        let token = self.request.token.as_ref()?;
        (self.request.address.host() == host).then(|| token.fingerprint())
    }

    fn sent(self, reply: Reply, keep: bool) -> Got {
        let Reply { headers, body, .. } = reply;
        self.note(keep, |cache| {
            cache.keep(self.request, &headers, &body, self.now)
        });
        Got {
            hash: digest::sha256(&body),
            body,
            headers,
            asked: self.now,
            origin: Origin::Sent,
        }
    }

    /// Writes to the cache, where there is one and it may be written.
    fn note(
        self,
        keep: bool,
        write: impl FnOnce(Cache<'_>) -> Result<(), crate::error::EngineError>,
    ) {
        if let (Some(cache), true) = (self.cache, keep) {
            Kept::tell(self.cx, write(cache));
            Kept::tidy(self.cx, cache);
        }
    }

    /// Remembers a limit for the next process.
    fn note_limit(self, error: &HttpError) {
        if let HttpError::Limited { host, until, .. } = error {
            let fingerprint = self.fingerprint(host);
            self.note(true, |cache| {
                match cache.limit(host, fingerprint.as_deref(), self.now) {
                    Some(known) if known == *until => Ok(()),
                    _ => cache.keep_limit(host, fingerprint.as_deref(), *until),
                }
            });
        }
    }
}

fn got(entry: &Entry, body: Vec<u8>, origin: Origin) -> Got {
    Got {
        body,
        hash: entry.blob.clone(),
        headers: entry.headers.clone(),
        asked: entry.asked,
        origin,
    }
}

/// Whether an error says nothing of the document: the server could not be asked, or did not get
/// as far as looking for it.
const fn is_no_answer(error: &HttpError) -> bool {
    match error {
        // An address that is not asked is where a redirect led: a login page may stand in between.
        HttpError::NoAnswer { .. }
        | HttpError::Limited { .. }
        | HttpError::Unusable { .. }
        | HttpError::Address(_) => true,
        HttpError::Status { status, .. } => matches!(*status, 408 | 425 | 429 | 500..),
        HttpError::PlainToken { .. }
        | HttpError::File { .. }
        | HttpError::Offline { .. }
        | HttpError::Cancelled => false,
    }
}

/// Whether the server says that this document is not, or not for whoever asks.
const fn is_withdrawn(error: &HttpError) -> bool {
    matches!(
        error,
        HttpError::Status {
            status: 401 | 403 | 404 | 410,
            ..
        }
    )
}

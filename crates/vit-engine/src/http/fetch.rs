//! One request as it goes out and its answer as a whole: redirects, limits, bounds. No cache.

use std::time::Duration;

use super::address::Address;
use super::body::{self, BodyError, Paced};
use super::client::{HttpError, Request};
use super::limit;
use super::redirect::{Trail, is_redirect};
use super::traffic::Place;
use super::transport::file::Files;
use super::transport::{Answer, Exchange, Headers, Transport as _, TransportError};
use crate::context::Context;

/// The largest body of an error that is read, in bytes.
const MAX_ERROR_BODY: usize = 64 * 1024;
/// How long a wait for a limit is before it is looked whether to stop.
const SLICE: Duration = Duration::from_millis(200);
/// Headers that go along to another origin: they say nothing of who asks.
const NEUTRAL: [&str; 4] = ["accept", "accept-encoding", "range", "if-range"];

/// A whole answer.
#[derive(Debug)]
pub(super) struct Reply {
    /// The status: 200, or 304 where conditions were sent.
    pub(super) status: u16,
    /// The headers of the last answer.
    pub(super) headers: Headers,
    /// Its body, whole and within the bound.
    pub(super) body: Vec<u8>,
}

/// Sends `request` with the headers `conditions` (`if-none-match`, `if-modified-since`), follows
/// redirects, and reads the answer to its end. Where a limit is hit and `--wait` is long enough,
/// waits and asks again.
///
/// # Errors
/// There is no answer of 200 or 304.
pub(super) fn fetch(
    cx: &Context<'_>,
    request: &Request,
    conditions: &[(&'static str, String)],
) -> Result<Reply, HttpError> {
    patiently(cx, || document(cx, request, conditions))
}

fn document(
    cx: &Context<'_>,
    request: &Request,
    conditions: &[(&'static str, String)],
) -> Result<Reply, HttpError> {
    let mut extra = vec![("accept-encoding", "gzip".to_owned())];
    extra.extend(conditions.iter().cloned());
    let conditional = !conditions.is_empty();
    let arrived = exchange(cx, request, &extra, cx.network.pace.whole)?;
    let unusable = |why: &str| HttpError::Unusable {
        address: arrived.address.clone(),
        why: why.to_owned(),
    };
    let status = arrived.answer.status;
    let headers = arrived.answer.headers.clone();
    match status {
        304 if conditional => Ok(Reply {
            status,
            headers,
            body: Vec::new(),
        }),
        304 => Err(unusable(
            "it says that nothing has changed, and nobody asked that",
        )),
        200 => {
            let address = arrived.address.clone();
            let body = arrived.read(cx, request.limit)?;
            if request.accept.contains("json") && body::is_html(&headers, &body) {
                return Err(HttpError::Unusable {
                    address,
                    why: "HTML came where JSON was asked for; the sign-in page of a network or a \
                          proxy may stand in between"
                        .to_owned(),
                });
            }
            Ok(Reply {
                status,
                headers,
                body,
            })
        }
        _ => Err(arrived.refusal(cx, request)),
    }
}

/// An answer whose body has still to be read, and where it is from.
pub(super) struct Arrived<'a> {
    /// Where it is from, after redirects.
    pub(super) address: Address,
    /// The answer.
    pub(super) answer: Answer,
    /// Whether the token of the request reached it.
    with_token: bool,
    /// How long the body may take.
    pub(super) left: Duration,
    /// Held until the body is read.
    _place: Place<'a>,
}

impl Arrived<'_> {
    /// Reads the body.
    fn read(self, cx: &Context<'_>, limit: usize) -> Result<Vec<u8>, HttpError> {
        let headers = self.answer.headers;
        Paced::new(
            self.answer.body,
            &headers,
            (cx.cancel, cx.clock),
            (cx.network.pace, self.left),
        )
        .and_then(|paced| body::read(paced, &headers, limit))
        .map_err(|error| of_body(&self.address, error))
    }

    /// What an answer of neither 200 nor 304 says. A limit is noted.
    pub(super) fn refusal(self, cx: &Context<'_>, request: &Request) -> HttpError {
        let address = self.address.clone();
        let headers = self.answer.headers.clone();
        let status = self.answer.status;
        let token = request.token.as_ref().filter(|_| self.with_token);
        let source = token.map(super::Token::source);
        // What cannot be read of an error's body takes nothing from the status.
        let body = match self.read(cx, MAX_ERROR_BODY) {
            Err(HttpError::Cancelled) => return HttpError::Cancelled,
            Err(_) => Vec::new(),
            Ok(body) => body,
        };
        if let Some(limit) = limit::of(status, &headers, &body, cx.clock.now()) {
            let host = address.host();
            cx.network.traffic.limit(&host, limit.until);
            return HttpError::Limited {
                host,
                until: limit.until,
                secondary: limit.secondary,
                token: source,
            };
        }
        HttpError::Status {
            address,
            status,
            message: body::message(&headers, &body),
            token: source,
        }
    }
}

/// The error of a body.
pub(super) fn of_body(address: &Address, error: BodyError) -> HttpError {
    match error {
        BodyError::Transport(source) => no_answer(address, source),
        BodyError::Unusable(why) => HttpError::Unusable {
            address: address.clone(),
            why,
        },
    }
}

fn no_answer(address: &Address, source: TransportError) -> HttpError {
    match source {
        TransportError::Stopped => HttpError::Cancelled,
        source => HttpError::NoAnswer {
            address: address.clone(),
            source,
        },
    }
}

/// Sends a request with further headers and follows redirects up to an answer that is none.
pub(super) fn exchange<'a>(
    cx: &Context<'a>,
    request: &Request,
    extra: &[(&'static str, String)],
    allowed: Duration,
) -> Result<Arrived<'a>, HttpError> {
    if request.token.is_some() && !request.address.keeps_secrets() {
        return Err(HttpError::PlainToken {
            address: request.address.clone(),
        });
    }
    let begun = cx.clock.elapsed();
    let mut trail = Trail::new(&request.address);
    loop {
        let address = trail.here().clone();
        let at_home = trail.at_home();
        let place = admitted(cx, &address, request)?;
        let headers = headers(request, extra, at_home);
        let spent = cx.clock.elapsed().saturating_sub(begun);
        let left = allowed.saturating_sub(spent);
        if left.is_zero() {
            return Err(no_answer(
                &address,
                TransportError::TimedOut { after: allowed },
            ));
        }
        cx.network.traffic.count();
        let sent = Exchange {
            address: &address,
            headers: &headers,
            timeout: left,
            connect: cx.network.pace.connect,
            quiet: cx.network.pace.window,
        };
        let answer = if address.is_file() {
            Files.send(&sent)
        } else {
            cx.network.transport.send(&sent)
        }
        .map_err(|error| no_answer(&address, error))?;
        if is_redirect(answer.status) {
            let near = cx.network.transport.nearness(&address);
            trail.follow(answer.headers.get("location"), near, request)?;
            continue;
        }
        let spent = cx.clock.elapsed().saturating_sub(begun);
        return Ok(Arrived {
            address,
            answer,
            with_token: at_home && request.token.is_some(),
            left: allowed.saturating_sub(spent),
            _place: place,
        });
    }
}

/// Waits for a place among the requests to a host, unless it said stop.
fn admitted<'a>(
    cx: &Context<'a>,
    address: &Address,
    request: &Request,
) -> Result<Place<'a>, HttpError> {
    let host = address.host();
    let place = cx
        .network
        .traffic
        .place(&host, cx.cancel)
        .ok_or(HttpError::Cancelled)?;
    // Looked at last: one that was under way meanwhile may have been told.
    match cx.network.traffic.limited(&host) {
        Some(until) if until > cx.clock.now() => Err(HttpError::Limited {
            host,
            until,
            secondary: false,
            token: request.token.as_ref().map(super::Token::source),
        }),
        _ => Ok(place),
    }
}

/// The headers as they go to an address.
fn headers(
    request: &Request,
    extra: &[(&'static str, String)],
    at_home: bool,
) -> Vec<(&'static str, String)> {
    let mut headers = vec![("accept", request.accept.to_owned())];
    headers.extend(request.headers.iter().cloned());
    headers.extend(extra.iter().cloned());
    if let Some(token) = &request.token {
        headers.push(("authorization", token.header()));
    }
    if !at_home {
        headers.retain(|(name, _)| NEUTRAL.contains(name));
    }
    headers
}

/// Makes an attempt, and where it hits a limit that is shorter than what is left of `--wait`,
/// waits and makes it again.
pub(super) fn patiently<T>(
    cx: &Context<'_>,
    attempt: impl Fn() -> Result<T, HttpError>,
) -> Result<T, HttpError> {
    let mut left = cx.network.wait;
    loop {
        let (host, until, error) = match attempt() {
            Err(HttpError::Limited {
                host,
                until,
                secondary,
                token,
            }) => {
                let error = HttpError::Limited {
                    host: host.clone(),
                    until,
                    secondary,
                    token,
                };
                (host, until, error)
            }
            other => return other,
        };
        let needed = until.duration_since(cx.clock.now());
        // At least a second, so that a server that always says "now" is not asked for ever.
        let needed = Duration::try_from(needed)
            .unwrap_or_default()
            .max(Duration::from_secs(1));
        if needed > left {
            return Err(error);
        }
        left -= needed;
        let mut rest = needed;
        while !rest.is_zero() {
            if cx.cancel.is_set() {
                return Err(HttpError::Cancelled);
            }
            let slice = rest.min(SLICE);
            cx.clock.pause(slice);
            rest -= slice;
        }
        cx.network.traffic.waited(&host, until);
    }
}

/// Does `work` for each of the items, several at a time: the places of each host see to it that
/// no server gets more than it should. The answers in the order of the items.
pub(super) fn all<I: Sync, T: Send>(items: &[I], work: impl Fn(&I) -> T + Sync) -> Vec<T> {
    const THREADS: usize = 2 * super::traffic::AT_ONCE;
    let threads = items.len().min(THREADS);
    if threads < 2 {
        return items.iter().map(work).collect();
    }
    let next = std::sync::atomic::AtomicUsize::new(0);
    let (next, work) = (&next, &work);
    let mut done: Vec<(usize, T)> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(move || {
                    let mut done = Vec::new();
                    loop {
                        let at = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
                        let Some(item) = items.get(at) else {
                            return done;
                        };
                        done.push((at, work(item)));
                    }
                })
            })
            .collect();
        running
            .into_iter()
            .flat_map(|thread| match thread.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, answer)| answer).collect()
}

#[cfg(test)]
mod tests;

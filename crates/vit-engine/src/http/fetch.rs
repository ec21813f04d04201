//! One request as it goes out and its answer as a whole: redirects, limits, bounds. No cache.

use std::time::Duration;

use super::address::Address;
use super::body::{self, BodyError, Paced};
use super::cache::private::repeats;
use super::client::{HttpError, Request};
use super::limit;
use super::redirect::{Trail, is_redirect};
use super::traffic::Place;
use super::transport::file::Files;
use super::transport::{Answer, Exchange, Headers, Transport as _, TransportError};
use super::wait::patiently;
use crate::context::Context;

/// The largest body of an error that is read, in bytes.
const MAX_ERROR_BODY: usize = 64 * 1024;
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
    let arrived = exchange(cx, request, &extra, cx.network.pace.whole)?;
    let unusable = |why: &str| HttpError::Unusable {
        address: arrived.address.clone(),
        why: why.to_owned(),
    };
    // Conditions are of one origin and go to no other.
    let conditional = !conditions.is_empty() && arrived.at_home;
    let status = arrived.answer.status;
    let mut headers = arrived.answer.headers.clone();
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
            // They were about the body as it travelled.
            let travel = ["content-encoding", "content-length", "transfer-encoding"];
            headers
                .0
                .retain(|(name, _)| !travel.contains(&name.as_str()));
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
    /// Whether it is from the origin that was asked: then token and conditions reached it.
    at_home: bool,
    /// How long the whole exchange may take, and how much of that is left.
    allowed: Duration,
    left: Duration,
    /// Held until the body is read.
    _place: Place<'a>,
}

impl Arrived<'_> {
    /// Reads the body.
    fn read(mut self, cx: &Context<'_>, limit: usize) -> Result<Vec<u8>, HttpError> {
        self.paced(cx)
            .and_then(|paced| body::read(paced, &self.answer.headers, limit))
            .map_err(|error| self.failed(error))
    }

    /// The body, to be read once.
    pub(super) fn paced<'c>(&mut self, cx: &'c Context<'_>) -> Result<Paced<'c>, BodyError> {
        let body = std::mem::replace(&mut self.answer.body, Box::new(std::io::empty()));
        let span = (self.allowed, self.left);
        let watched = (cx.cancel, cx.clock);
        Paced::new(body, &self.answer.headers, watched, (cx.network.pace, span))
    }

    /// The error of the body.
    pub(super) fn failed(&self, error: BodyError) -> HttpError {
        match error {
            BodyError::Transport(source) => no_answer(&self.address, self.allowed, source),
            BodyError::Unusable(why) => HttpError::Unusable {
                address: self.address.clone(),
                why,
            },
        }
    }

    /// What an answer of neither 200 nor 304 says. A limit is noted.
    pub(super) fn refusal(self, cx: &Context<'_>, request: &Request) -> HttpError {
        let address = self.address.clone();
        let headers = self.answer.headers.clone();
        let status = self.answer.status;
        let token = request.token.as_ref().filter(|_| self.at_home);
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
        let mut message = body::message(&headers, &body);
        // Some servers and proxies quote the request in their errors.
        if repeats(request, &body) || repeats(request, message.as_bytes()) {
            "its words repeat a secret of the request, and are not shown".clone_into(&mut message);
        }
        HttpError::Status {
            address,
            status,
            message,
            token: source,
        }
    }
}

/// The error of an exchange that was `allowed` to take so long.
fn no_answer(address: &Address, allowed: Duration, source: TransportError) -> HttpError {
    match source {
        TransportError::Stopped => HttpError::Cancelled,
        // What a part of it waited says little: redirects took the rest.
        TransportError::TimedOut { .. } => HttpError::NoAnswer {
            address: address.clone(),
            source: TransportError::TimedOut { after: allowed },
        },
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
            let source = TransportError::TimedOut { after: allowed };
            return Err(no_answer(&address, allowed, source));
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
        .map_err(|error| no_answer(&address, allowed, error))?;
        if is_redirect(answer.status) {
            let near = cx.network.transport.nearness(&address);
            trail.follow(answer.headers.get("location"), near, request)?;
            continue;
        }
        let spent = cx.clock.elapsed().saturating_sub(begun);
        return Ok(Arrived {
            address,
            answer,
            at_home,
            allowed,
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

#[cfg(test)]
mod tests;

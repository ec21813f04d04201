//! One request as it goes out and its answer as a whole: redirects, limits, bounds. No cache.

use std::io::Read as _;

use super::client::{HttpError, Request, TIMEOUT};
use super::transport::{Exchange, Headers, TransportError};
use crate::context::Context;

/// A whole answer.
pub(super) struct Reply {
    /// The status: 200, or 304 where conditions were sent.
    pub(super) status: u16,
    /// The headers of the last answer.
    pub(super) headers: Headers,
    /// Its body, whole and within the bound.
    pub(super) body: Vec<u8>,
}

/// Sends `request` with the headers `conditions` (`if-none-match`, `if-modified-since`), follows
/// redirects, and reads the answer to its end.
///
/// # Errors
/// There is no answer of 200 or 304.
pub(super) fn fetch(
    cx: &Context<'_>,
    request: &Request,
    conditions: &[(&'static str, String)],
) -> Result<Reply, HttpError> {
    let mut headers = vec![("accept", request.accept.to_owned())];
    headers.extend(request.headers.iter().cloned());
    headers.extend(conditions.iter().cloned());
    if let Some(token) = &request.token {
        headers.push(("authorization", token.header()));
    }
    cx.network.traffic.count();
    let exchange = Exchange {
        address: &request.address,
        headers: &headers,
        timeout: TIMEOUT,
    };
    let no_answer = |source| HttpError::NoAnswer {
        address: request.address.clone(),
        source,
    };
    let answer = cx.network.transport.send(&exchange).map_err(no_answer)?;
    let mut body = Vec::new();
    let bound = u64::try_from(request.limit).unwrap_or(u64::MAX);
    answer
        .body
        .take(bound)
        .read_to_end(&mut body)
        .map_err(|error| {
            no_answer(TransportError::Unreachable {
                why: error.to_string(),
            })
        })?;
    Ok(Reply {
        status: answer.status,
        headers: answer.headers,
        body,
    })
}

//! What an answer says of the server's limits. No I/O, no clock: times are handed in.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::transport::Headers;

/// How long a limit holds whose server does not say how long.
const UNSAID: SignedDuration = SignedDuration::from_secs(60);
/// The longest that a server is believed.
const LONGEST: SignedDuration = SignedDuration::from_hours(24);
/// How much of a body is searched for the words of a limit, in bytes.
const WORDS_WITHIN: usize = 4096;

/// A limit that an answer tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limit {
    /// Until when, by this machine's clock.
    pub(super) until: Timestamp,
    /// Whether it is one of manners (too many at once, too fast) and not the quota's end.
    pub(super) secondary: bool,
}

/// The limit that an answer tells of, if it does. `now` is by this machine's clock, which may be
/// wrong: times of the server are compared with the server's own `Date`.
pub(super) fn of(status: u16, headers: &Headers, body: &[u8], now: Timestamp) -> Option<Limit> {
    if !matches!(status, 403 | 429 | 503) {
        return None;
    }
    let there = headers.get("date").and_then(http_date).unwrap_or(now);
    let retry_after = headers
        .get("retry-after")
        .and_then(|text| retry_after(text, there));
    let limit = |wait: SignedDuration, secondary| {
        let wait = wait.clamp(SignedDuration::from_secs(1), LONGEST);
        let until = now.checked_add(wait).unwrap_or(Timestamp::MAX);
        Some(Limit { until, secondary })
    };
    if status == 503 {
        return limit(retry_after?, true);
    }
    if headers.get("x-ratelimit-remaining").map(str::trim) == Some("0") {
        let reset = headers
            .get("x-ratelimit-reset")
            .and_then(|text| Timestamp::from_second(text.trim().parse().ok()?).ok())
            .map(|reset| reset.duration_since(there));
        return limit(reset.or(retry_after).unwrap_or(UNSAID), false);
    }
    if let Some(wait) = retry_after {
        return limit(wait, true);
    }
    (status == 429 || says_so(body))
        .then(|| limit(UNSAID, true))
        .flatten()
}

/// Whether a refusal is one of a limit by its words only.
fn says_so(body: &[u8]) -> bool {
    let body = &body[..body.len().min(WORDS_WITHIN)];
    let words = String::from_utf8_lossy(body).to_lowercase();
    [
        "secondary rate limit",
        "rate limit exceeded",
        "abuse detection",
    ]
    .iter()
    .any(|phrase| words.contains(phrase))
}

/// The wait that `Retry-After` asks for, in seconds or as a date.
fn retry_after(text: &str, there: Timestamp) -> Option<SignedDuration> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds = text.parse().unwrap_or(i64::MAX);
        return Some(SignedDuration::from_secs(seconds));
    }
    Some(http_date(text)?.duration_since(there))
}

/// Reads a date of HTTP, in one of its three forms.
pub(super) fn http_date(text: &str) -> Option<Timestamp> {
    const FORMS: [&str; 3] = [
        "%a, %d %b %Y %H:%M:%S GMT",
        "%A, %d-%b-%y %H:%M:%S GMT",
        "%a %b %e %H:%M:%S %Y",
    ];
    let text = text.trim();
    if text.len() > 64 {
        return None;
    }
    FORMS.iter().find_map(|form| {
        let civil = DateTime::strptime(form, text).ok()?;
        Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}

#[cfg(test)]
mod tests;

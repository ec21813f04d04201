//! Moments as files write them: RFC 3339, or a date, which means its midnight in UTC.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

/// Reads `2026-02-19T16:45:00Z` (any offset), `2026-02-19T16:45:00` (taken as UTC, as Python
/// writes it) or `2026-02-19` (midnight UTC). No other spelling that the library would take.
#[must_use]
pub fn parse(text: &str) -> Option<Timestamp> {
    if !text.is_ascii() || text.contains(['[', ']']) {
        return None;
    }
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    let civil = match date(text) {
        Some(date) => date.at(0, 0, 0, 0),
        None if text.len() > 10 => text.parse::<DateTime>().ok()?,
        None => return None,
    };
    TimeZone::UTC.to_timestamp(civil).ok()
}

/// Reads `2026-02-19` and nothing else.
#[must_use]
pub fn date(text: &str) -> Option<Date> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| match i {
            4 | 7 => b == b'-',
            _ => b.is_ascii_digit(),
        });
    shape.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        let moment = "2026-02-19T16:45:00Z".parse().unwrap();
        for text in [
            "2026-02-19T16:45:00Z",
            "2026-02-19T17:45:00+01:00",
            "2026-02-19T16:45:00",
            "2026-02-19T16:45:00.000000",
        ] {
            assert_eq!(parse(text), Some(moment), "{text}");
        }
        assert_eq!(parse("2026-02-19"), "2026-02-19T00:00:00Z".parse().ok());
        for text in [
            "",
            "soon",
            "2026-02-30",
            "2026",
            "20260219",
            "2026-02-19T16:45:00[Europe/Rome]",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}

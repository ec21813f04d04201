use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;

fn now() -> Timestamp {
    "2026-11-22T10:00:00Z".parse().unwrap()
}

fn headers(pairs: &[(&str, &str)]) -> Headers {
    let pairs = pairs
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()));
    Headers(pairs.collect())
}

/// The wait in seconds, and whether the limit is a secondary one.
fn limit(status: u16, pairs: &[(&str, &str)], body: &str) -> Option<(i64, bool)> {
    let limit = of(status, &headers(pairs), body.as_bytes(), now())?;
    Some((limit.until.duration_since(now()).as_secs(), limit.secondary))
}

#[test]
fn limits_are_told_from_other_refusals() {
    let reset = (now().as_second() + 90).to_string();
    let date = ("date", "Sun, 22 Nov 2026 10:00:30 GMT");
    let none = ("x-ratelimit-remaining", "0");
    let some = ("x-ratelimit-remaining", "17");
    let at = ("x-ratelimit-reset", reset.as_str());
    let words = r#"{"message": "You have exceeded a secondary rate limit."}"#;
    for (status, pairs, body, expected) in [
        // The end of the quota, by the server's clock, which is 30 seconds ahead.
        (403, vec![none, at, date], "", Some((60, false))),
        (429, vec![none, at, date], "", Some((60, false))),
        (403, vec![none, at], "", Some((90, false))),
        (403, vec![none], "", Some((60, false))),
        (403, vec![none, ("retry-after", "7")], "", Some((7, false))),
        (
            403,
            vec![none, ("x-ratelimit-reset", "soon")],
            "",
            Some((60, false)),
        ),
        // A reset that is past by its own clock: at once, but not without a pause.
        (
            403,
            vec![none, ("x-ratelimit-reset", "1000")],
            "",
            Some((1, false)),
        ),
        // Manners.
        (403, vec![("retry-after", "20")], "", Some((20, true))),
        (429, vec![], "", Some((60, true))),
        (403, vec![some], words, Some((60, true))),
        (
            403,
            vec![("retry-after", "Sun, 22 Nov 2026 10:02:30 GMT"), date],
            "",
            Some((120, true)),
        ),
        (503, vec![("retry-after", "5")], "", Some((5, true))),
        // Nobody is locked out for a year.
        (
            429,
            vec![("retry-after", "99999999999999999999")],
            "",
            Some((86_400, true)),
        ),
        (
            403,
            vec![none, ("x-ratelimit-reset", "99999999999")],
            "",
            Some((86_400, false)),
        ),
        // No limit.
        (
            403,
            vec![some],
            r#"{"message": "Resource not accessible"}"#,
            None,
        ),
        (403, vec![("retry-after", "whenever")], "", None),
        (503, vec![], "", None),
        (404, vec![none], words, None),
        (200, vec![none], "", None),
    ] {
        assert_eq!(
            limit(status, &pairs, body),
            expected,
            "{status} {pairs:?} {body}"
        );
    }
}

#[test]
fn dates_are_read_in_their_three_forms() {
    let expected = "1994-11-06T08:49:37Z".parse().ok();
    for text in [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ] {
        assert_eq!(http_date(text), expected, "{text}");
    }
    for text in [
        "",
        "tomorrow",
        "Sun, 06 Nov 1994 08:49:37 PST",
        "99",
        "Sun, 99 Nov 1994 08:49:37 GMT",
    ] {
        assert_eq!(http_date(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn any_header_gives_a_wait_of_a_day_at_most(
        status in prop::sample::select(vec![403_u16, 429, 503]),
        name in prop::sample::select(vec!["retry-after", "x-ratelimit-reset", "date"]),
        value in "\\PC{0,40}|-?[0-9]{0,25}|[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT",
    ) {
        let headers = headers(&[(name, &value), ("x-ratelimit-remaining", "0")]);
        if let Some(limit) = of(status, &headers, b"", now()) {
            let wait = limit.until.duration_since(now());
            prop_assert!(wait >= SignedDuration::from_secs(1) && wait <= LONGEST);
        }
    }

    #[test]
    fn every_second_is_read_back(second in 0_i64..4_102_444_800) {
        let time = Timestamp::from_second(second).unwrap();
        let text = time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
        prop_assert_eq!(http_date(&text), Some(time));
    }
}

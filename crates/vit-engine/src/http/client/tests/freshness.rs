//! When a kept answer counts, and how an older one is asked about.

use super::stage::{JSON, Stage, URL, fresh, minutes, request, with_token};
use crate::http::client::{Freshness, HttpError, Origin, Request};

fn kept() -> Stage {
    let stage = Stage::new();
    stage
        .server
        .put(URL, "one", &[("etag", "\"1\""), ("content-type", JSON)]);
    assert_eq!(stage.body(&request(URL)), ("one".into(), Origin::Sent));
    assert_eq!(stage.notices(), []);
    stage
}

#[test]
fn a_young_answer_is_not_asked_for_again() {
    let stage = kept();
    stage.server.put(URL, "two", &[("etag", "\"2\"")]);
    stage.later(minutes(4));
    assert_eq!(stage.body(&request(URL)), ("one".into(), Origin::Kept));
    assert_eq!(stage.server.requests(), 1);
    let got = stage.get(&request(URL)).unwrap();
    assert_eq!(got.headers.get("etag"), Some("\"1\""));
    assert_eq!(got.hash, vit_contract::digest::sha256(b"one"));
}

#[test]
fn an_older_answer_is_asked_about() {
    let stage = kept();
    stage.later(minutes(5));
    let got = stage.get(&request(URL)).unwrap();
    assert_eq!(got.origin, Origin::Revalidated);
    assert_eq!(
        (got.body.as_slice(), got.asked),
        (&b"one"[..], stage.now.get())
    );
    assert_eq!(stage.server.last("if-none-match").as_deref(), Some("\"1\""));
    // It was asked now, and is young again.
    stage.later(minutes(4));
    assert_eq!(stage.body(&request(URL)).1, Origin::Kept);
    stage.server.put(URL, "two", &[("etag", "\"2\"")]);
    stage.later(minutes(4));
    assert_eq!(stage.body(&request(URL)), ("two".into(), Origin::Sent));
    assert_eq!(stage.body(&request(URL)), ("two".into(), Origin::Kept));
}

#[test]
fn a_date_is_a_condition_too_and_nothing_is_none() {
    let stage = Stage::new();
    let date = "Sun, 22 Nov 2026 09:00:00 GMT";
    stage.server.put(URL, "one", &[("last-modified", date)]);
    stage.body(&request(URL));
    stage.later(minutes(6));
    assert_eq!(stage.body(&request(URL)).1, Origin::Revalidated);
    assert_eq!(
        stage.server.last("if-modified-since").as_deref(),
        Some(date)
    );
    assert_eq!(stage.server.last("if-none-match"), None);

    let other = "https://releases.example.org/plain";
    stage.server.put(other, "plain", &[]);
    stage.body(&request(other));
    stage.later(minutes(6));
    assert_eq!(stage.body(&request(other)), ("plain".into(), Origin::Sent));
    assert_eq!(stage.server.last("if-modified-since"), None);
}

#[test]
fn refresh_asks_about_a_young_one() {
    let stage = kept();
    stage.refresh.set(true);
    assert_eq!(stage.body(&request(URL)).1, Origin::Revalidated);
    let immutable = fresh(URL, Freshness::Immutable);
    assert_eq!(stage.body(&immutable).1, Origin::Kept, "it cannot change");
}

#[test]
fn validated_asks_always_and_immutable_never_again() {
    let stage = kept();
    let validated = fresh(URL, Freshness::Validated);
    assert_eq!(stage.body(&validated).1, Origin::Revalidated);
    stage.later(minutes(1_000_000));
    let immutable = fresh(URL, Freshness::Immutable);
    assert_eq!(stage.body(&immutable), ("one".into(), Origin::Kept));
    assert_eq!(stage.server.requests(), 2);
}

#[test]
fn offline_takes_any_and_asks_nobody() {
    let stage = kept();
    stage.later(minutes(1_000_000));
    let offline = fresh(URL, Freshness::Kept);
    assert_eq!(stage.body(&offline), ("one".into(), Origin::Kept));
    let never = fresh("https://releases.example.org/never", Freshness::Kept);
    let error = stage.get(&never).unwrap_err();
    assert!(matches!(error, HttpError::Offline { .. }), "{error}");
    assert_eq!(stage.server.requests(), 1);
}

/// A clock that was wrong once keeps nobody from asking.
#[test]
fn an_answer_of_the_future_is_not_young() {
    let stage = kept();
    stage.later(minutes(-60));
    assert_eq!(stage.body(&request(URL)).1, Origin::Revalidated);
    assert_eq!(stage.body(&request(URL)).1, Origin::Kept);
}

#[test]
fn answers_are_told_apart_by_all_that_was_asked() {
    let stage = kept();
    stage.server.put(URL, "two", &[]);
    let accept = Request {
        accept: "application/vnd.github+json",
        ..request(URL)
    };
    let header = Request {
        headers: vec![("x-api-version", "2022-11-28".into())],
        ..request(URL)
    };
    let query = request("https://releases.example.org/index.json?page=2");
    stage.server.put(query.address.url().as_str(), "two", &[]);
    for other in [
        accept,
        header,
        with_token(URL, "ghp_a"),
        with_token(URL, "ghp_b"),
        query,
    ] {
        assert_eq!(
            stage.body(&other),
            ("two".into(), Origin::Sent),
            "{other:?}"
        );
        assert_eq!(
            stage.body(&other),
            ("two".into(), Origin::Kept),
            "{other:?}"
        );
    }
    assert_eq!(stage.body(&request(URL)), ("one".into(), Origin::Kept));
}

#[test]
fn a_kept_answer_keeps_to_the_bound() {
    let stage = kept();
    let small = Request {
        limit: 2,
        ..request(URL)
    };
    // Asked again, as if nothing were kept: `fetch` judges what comes.
    let _ = stage.get(&small);
    assert_eq!(stage.server.requests(), 2);
    assert_eq!(stage.server.last("if-none-match"), None);
}

#[test]
fn what_would_be_got_is_told_without_the_body() {
    let stage = kept();
    let hash = vit_contract::digest::sha256(b"one");
    let peek = |request: &Request| stage.process(|client| client.peek(request));
    let seen = peek(&request(URL)).unwrap();
    assert_eq!((seen.hash, seen.asked), (hash, stage.now.get()));
    assert_eq!(seen.headers.get("etag"), Some("\"1\""));
    stage.later(minutes(5));
    assert_eq!(peek(&request(URL)), None, "it would be asked about");
    assert!(peek(&fresh(URL, Freshness::Kept)).is_some());
    assert_eq!(peek(&fresh(URL, Freshness::Validated)), None);
    assert_eq!(peek(&request("https://other.example.org/")), None);
    assert_eq!(stage.server.requests(), 1);
}

#[test]
fn a_derived_document_is_bound_to_what_it_was_made_of() {
    let stage = kept();
    let (a, b) = ("a".repeat(64), "b".repeat(64));
    let made = stage.process(|client| {
        client.keep_derived("listing 1", &[&a, &b], b"made of both");
        client.derived("listing 1", &[&a, &b])
    });
    assert_eq!(made.as_deref(), Some(&b"made of both"[..]));
    let read = |key: &str, of: &[&String]| stage.process(|client| client.derived(key, of));
    assert_eq!(read("listing 1", &[&a, &b]), made, "another process has it");
    assert_eq!(read("listing 1", &[&b, &a]), None);
    assert_eq!(read("listing 1", &[&a]), None);
    assert_eq!(read("listing 2", &[&a, &b]), None);
    assert_eq!(
        read("listing 1", &[&a, &b]),
        made,
        "asking does not hurt it"
    );
    stage.process(|client| client.keep_derived("listing 1", &[&b], b"made of one"));
    assert_eq!(read("listing 1", &[&a, &b]), None);
    assert_eq!(
        read("listing 1", &[&b]).as_deref(),
        Some(&b"made of one"[..])
    );
}

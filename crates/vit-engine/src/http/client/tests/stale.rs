//! What is given when the server cannot be asked, and what is not.

use super::server::Trouble;
use super::stage::{Stage, URL, fresh, minutes, request, stale, with_token};
use crate::http::client::{Freshness, HttpError, Origin};

fn kept() -> Stage {
    let stage = Stage::new();
    stage.server.put(URL, "one", &[("etag", "\"1\"")]);
    stage.body(&request(URL));
    stage
}

/// CASES.md 8: no answer, a login page, a body cut short, a server in trouble: what is kept is
/// used, and its age is told.
#[test]
fn case_08_a_server_that_cannot_be_asked_leaves_what_is_kept() {
    let stage = kept();
    let asked = stage.now.get();
    stage.later(minutes(60));
    for (trouble, says) in [
        (Trouble::Down, "nobody is there"),
        (Trouble::Portal, "sign-in page"),
        (Trouble::Says(500), "500"),
        (Trouble::Says(503), "503"),
    ] {
        stage.server.trouble(trouble);
        for freshness in [Freshness::Usual, Freshness::Validated] {
            let got = stage.get(&fresh(URL, freshness)).unwrap();
            assert_eq!((got.body.as_slice(), got.asked), (&b"one"[..], asked));
            assert!(stale(&got.origin).contains(says), "{:?}", got.origin);
        }
    }
    stage.server.put(URL, "a longer body", &[("etag", "\"2\"")]);
    stage.server.trouble(Trouble::ClosesEarly);
    assert_eq!(stage.body(&request(URL)).0, "one");
    stage.server.trouble(Trouble::None);
    let now = stage.body(&request(URL));
    assert_eq!(now, ("a longer body".into(), Origin::Sent));
}

/// What a server said to one process holds for the next: it is not asked before it is time.
#[test]
fn a_limit_that_a_server_sets_is_remembered() {
    let stage = kept();
    stage.later(minutes(60));
    stage.server.trouble(Trouble::Says(429));
    let asked = stage.server.requests();
    for _ in 0..2 {
        let got = stage.get(&request(URL)).unwrap();
        let why = stale(&got.origin);
        assert!(why.contains("no more requests"), "{why}");
        assert_eq!(stage.server.requests(), asked + 1);
        stage.server.trouble(Trouble::None);
    }
    stage.later(minutes(2));
    assert_eq!(stage.body(&request(URL)).1, Origin::Revalidated);
}

#[test]
fn case_08_without_anything_kept_it_is_an_error() {
    for trouble in [
        Trouble::Down,
        Trouble::Portal,
        Trouble::Says(500),
        Trouble::ClosesEarly,
        Trouble::Unchanged,
    ] {
        let stage = Stage::new();
        stage.server.put(URL, "one", &[]);
        stage.server.trouble(trouble);
        let error = stage.get(&request(URL)).unwrap_err();
        assert!(
            !matches!(error, HttpError::Offline { .. }),
            "{trouble:?}: {error}"
        );
        stage.server.trouble(Trouble::None);
        assert_eq!(
            stage.body(&request(URL)),
            ("one".into(), Origin::Sent),
            "nothing of it is kept"
        );
    }
}

/// Access may have been withdrawn: a kept answer is not given, now or later.
#[test]
fn a_no_is_a_no() {
    for status in [401, 403, 404, 410] {
        let stage = kept();
        stage.later(minutes(60));
        stage.server.trouble(Trouble::Says(status));
        let error = stage.get(&request(URL)).unwrap_err();
        assert!(
            matches!(error, HttpError::Status { status: told, .. } if told == status),
            "{error}"
        );
        stage.server.trouble(Trouble::Down);
        stage.get(&request(URL)).unwrap_err();
        let error = stage.get(&fresh(URL, Freshness::Kept)).unwrap_err();
        assert!(matches!(error, HttpError::Offline { .. }), "{error}");
    }
}

/// Another status says nothing of access: no stale answer, and nothing is forgotten.
#[test]
fn another_status_is_an_error_that_forgets_nothing() {
    let stage = kept();
    stage.later(minutes(60));
    stage.server.trouble(Trouble::Says(400));
    stage.get(&request(URL)).unwrap_err();
    assert_eq!(stage.body(&fresh(URL, Freshness::Kept)).0, "one");
}

/// What another token may see is not shown to this one when the server is away.
#[test]
fn the_stale_answer_of_another_is_not_given() {
    let stage = kept();
    stage.server.trouble(Trouble::Down);
    stage.get(&with_token(URL, "ghp_other")).unwrap_err();
}

#[test]
fn a_limit_holds_for_the_next_process_too() {
    let stage = kept();
    let until = stage.now.get() + minutes(30);
    let known = |token: Option<&str>, until| {
        stage.process(|client| {
            let cache = crate::http::cache::Kept::open(client.cx).unwrap();
            let fingerprint = token.map(|it| {
                let token = crate::http::Token::new(it, "TEST_TOKEN").unwrap();
                token.fingerprint()
            });
            cache
                .keep_limit("releases.example.org", fingerprint.as_deref(), until)
                .unwrap();
        });
    };
    known(None, until);
    stage.later(minutes(10));
    let asked = stage.server.requests();
    let got = stage.get(&request(URL)).unwrap();
    assert!(
        stale(&got.origin).contains("until 2020-02-01T10:30:00Z"),
        "{:?}",
        got.origin
    );
    let other = "https://releases.example.org/other";
    stage.server.put(other, "other", &[]);
    let error = stage.get(&request(other)).unwrap_err();
    assert!(
        matches!(&error, HttpError::Limited { until: told, .. } if *told == until),
        "{error}"
    );
    assert_eq!(stage.server.requests(), asked, "nobody was asked");
    // It counts for whom it was said, and for that server.
    assert_eq!(stage.body(&with_token(other, "ghp_a")).1, Origin::Sent);
    let elsewhere = "https://elsewhere.example.org/";
    stage.server.put(elsewhere, "x", &[]);
    assert_eq!(stage.body(&request(elsewhere)).1, Origin::Sent);
    stage.later(minutes(20));
    assert_eq!(stage.body(&request(other)).1, Origin::Sent, "it is over");
    // No server means a year: a clock was wrong.
    known(None, stage.now.get() + minutes(60 * 24 * 365));
    stage.later(minutes(10));
    assert_eq!(stage.body(&request(other)).1, Origin::Sent);
}

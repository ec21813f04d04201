use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use vit_testkit::fault_server::{FaultServer, Reply};

use super::super::scene::{BRISK, CANARY, Scene, Scripted, json, secret, told, write};
use super::*;
use crate::http::client::Client;
use crate::http::transport::Transport;
use crate::http::wait::{SLICE, patiently};

#[test]
fn a_document_comes_with_what_was_asked_for() {
    let server = FaultServer::start();
    server.on("/a", Reply::json(r#"{"a": 1}"#).header("etag", "\"x\""));
    server.on("/b", Reply::gzip("application/json", b"{\"b\": 2}"));
    let scene = Scene::real(&[]);
    let got = scene.fetch(&secret(&server.url("/a?page=1"))).unwrap();
    assert_eq!(got.body, br#"{"a": 1}"#);
    assert_eq!(got.headers.get("etag"), Some("\"x\""));
    let got = scene.fetch(&json(&server.url("/b"))).unwrap();
    assert_eq!(got.body, br#"{"b": 2}"#);
    // What is kept of it is what it is now, not what travelled.
    for name in ["content-encoding", "content-length"] {
        assert_eq!(got.headers.get(name), None, "{name}");
    }
    let asked = &server.asked_for("/a")[0];
    assert_eq!(asked.path, "/a?page=1");
    for (name, value) in [
        ("accept", "application/json"),
        ("accept-encoding", "gzip"),
        ("authorization", &format!("Bearer {CANARY}")),
        ("user-agent", concat!("vit/", env!("CARGO_PKG_VERSION"))),
        ("x-github-api-version", "2022-11-28"),
    ] {
        assert_eq!(asked.header(name), Some(value), "{name}");
    }
    // One connection for both.
    assert_eq!(server.connections(), 1);
    assert_eq!(scene.network.traffic.sent(), 2);
}

#[test]
fn a_condition_is_answered_by_304() {
    let server = FaultServer::start();
    server.document("/a", "{}", "\"one\"");
    let scene = Scene::real(&[]);
    let request = json(&server.url("/a"));
    let condition = [("if-none-match", "\"one\"".to_owned())];
    let reply = scene.with(|cx| fetch(cx, &request, &condition)).unwrap();
    assert_eq!((reply.status, reply.body.len()), (304, 0));
    // 304 to somebody who has nothing is no answer.
    server.on("/b", Reply::status(304));
    let error = scene.error(&server.url("/b"));
    assert!(error.contains("nobody asked that"), "{error}");
}

/// CASES.md 8: whatever a server does, the error says it, and nothing hangs.
#[test]
fn case_08_every_accident_is_an_error_that_says_so() {
    let server = FaultServer::start();
    let scene = Scene::real(&[]);
    let json_of = |length: usize| format!("\"{}\"", "x".repeat(length));
    for (path, reply, says) in [
        (
            "/html",
            Reply::captive_portal(),
            "HTML came where JSON was asked for",
        ),
        (
            "/cut",
            Reply::truncated(&json_of(100), 40),
            "the answer was cut short",
        ),
        (
            "/longer",
            Reply::length("{}", 50),
            "the answer was cut short",
        ),
        ("/reset", Reply::reset(30), "the answer was cut short"),
        ("/at-once", Reply::reset(0), "the answer was cut short"),
        (
            "/head",
            Reply::oversized_headers(100_000),
            "headers are larger than 64 KiB",
        ),
        ("/heads", Reply::endless_headers(), "too many headers"),
        (
            "/endless",
            Reply::endless(&json_of(10_000)),
            "larger than 16 MiB",
        ),
        (
            "/bomb",
            Reply::gzip_bomb(17 * 1024 * 1024),
            "larger than 16 MiB",
        ),
        (
            "/damaged",
            Reply::text("this is not compressed").header("content-encoding", "gzip"),
            "its compression is damaged",
        ),
        (
            "/brotli",
            Reply::json("{}").header("content-encoding", "br"),
            "compressed as `br`, which was not asked for",
        ),
    ] {
        accident(&server, &scene, path, reply, says);
    }
}

/// CASES.md 8: what is no HTTP, and what is no document.
#[test]
fn case_08_noise_is_an_error_that_says_so() {
    let server = FaultServer::start();
    let scene = Scene::real(&[]);
    for (path, reply, says) in [
        (
            "/escape",
            Reply::json("{}").header("x-colour", "\x1b[31m"),
            "the answer is no HTTP",
        ),
        (
            "/noise",
            Reply::raw(b"\x00\x01\x02 no http\r\n\r\n"),
            "the answer is no HTTP",
        ),
        ("/empty", Reply::raw(b""), "the answer was cut short"),
        (
            "/two",
            Reply::raw(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\n{}x"),
            "content-length",
        ),
        (
            "/chunk",
            Reply::raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"),
            "chunk",
        ),
        (
            "/half-chunk",
            Reply::raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\n{}"),
            "cut short",
        ),
        (
            "/teapot",
            Reply::json(r#"{"message": "I am \u001b[31ma teapot"}"#).with_status(418),
            "answered 418: I am \\x1b[31ma teapot",
        ),
        (
            "/broken",
            Reply::captive_portal().with_status(502),
            "answered 502: it sent an HTML page",
        ),
        ("/odd", Reply::json("{}").with_status(206), "answered 206"),
    ] {
        accident(&server, &scene, path, reply, says);
    }
}

/// Asks for `path`, which answers with `reply`: the error names the server and says what it is.
fn accident(server: &FaultServer, scene: &Scene, path: &str, reply: Reply, says: &str) {
    server.on(path, reply);
    let error = scene.error(&server.url(path));
    assert!(error.contains(says), "{path}: {error}");
    assert!(error.contains("127.0.0.1"), "{path}: {error}");
}

/// A body that is shorter than it could be is not mixed up with the next answer.
#[test]
fn what_follows_a_body_is_not_taken_for_an_answer() {
    let server = FaultServer::start();
    let two = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n\"false\"";
    server.on("/a", Reply::raw(two));
    server.on("/b", Reply::json("\"true\""));
    let scene = Scene::real(&[]);
    assert_eq!(scene.fetch(&json(&server.url("/a"))).unwrap().body, b"{}");
    assert_eq!(
        scene.fetch(&json(&server.url("/b"))).unwrap().body,
        b"\"true\""
    );
}

/// CASES.md 8: a server that stalls is an error, long before the whole time is over.
#[test]
fn case_08_a_slow_server_is_left() {
    let server = FaultServer::start();
    server.on(
        "/drip",
        Reply::drip(&"x".repeat(100_000), Duration::from_millis(5)),
    );
    server.on("/silent", Reply::silent());
    let mut scene = Scene::real(&[]);
    scene.network.pace = BRISK;
    let error = scene.error(&server.url("/drip"));
    assert!(
        error.contains("bytes came within 200 milliseconds"),
        "{error}"
    );
    let error = scene.error(&server.url("/silent"));
    assert!(
        error.contains("only 0 bytes came within 200 milliseconds"),
        "{error}"
    );
    // Fast enough a drip, but too long.
    scene.network.pace.window = Duration::from_secs(10);
    scene.network.pace.whole = Duration::from_millis(400);
    let error = scene.error(&server.url("/drip"));
    assert!(
        error.contains("no whole answer within 400 milliseconds"),
        "{error}"
    );
}

#[test]
fn nobody_there_is_an_error_that_says_so() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = closed.local_addr().unwrap().port();
    drop(closed);
    let error = Scene::real(&[]).error(&format!("http://127.0.0.1:{port}/"));
    assert!(error.contains("no connection"), "{error}");
    assert!(error.contains("refused"), "{error}");
}

/// Ctrl-C is heard while a server lets one wait.
#[test]
fn a_request_to_stop_is_heard_while_waiting() {
    let server = FaultServer::start();
    server.on("/silent", Reply::silent());
    server.on(
        "/drip",
        Reply::drip(&"x".repeat(100_000), Duration::from_millis(5)),
    );
    for path in ["/silent", "/drip"] {
        let scene = Scene::real(&[]);
        let (url, flag) = (server.url(path), scene.cancel.flag());
        std::thread::scope(|scope| {
            let server = &server;
            scope.spawn(move || {
                // Once the request is there.
                while server.asked_for(path).is_empty() {
                    std::thread::yield_now();
                }
                flag.store(true, Ordering::SeqCst);
            });
            let error = scene.fetch(&json(&url)).unwrap_err();
            assert!(matches!(error, HttpError::Cancelled), "{path}: {error}");
        });
    }
}

#[test]
fn a_refusal_says_whose_token_was_used() {
    let server = FaultServer::start();
    let scene = Scene::real(&[]);
    let error = scene.fetch(&secret(&server.url("/none"))).unwrap_err();
    assert!(
        matches!(&error, HttpError::Status { status: 404, message, token: Some("GITHUB_TOKEN"), .. }
            if message == "Not Found"),
        "{error:?}"
    );
    let error = scene.fetch(&json(&server.url("/none"))).unwrap_err();
    assert!(matches!(error, HttpError::Status { token: None, .. }));
}

/// CASES.md 32: what a server quotes of a request in its error is not shown.
#[test]
fn case_32_an_error_that_repeats_the_token_is_not_shown() {
    let server = FaultServer::start();
    let scene = Scene::real(&[]);
    let token = CANARY;
    for body in [
        format!("bad header: Authorization: Bearer {token}"),
        format!(r#"{{"message": "token {token} is revoked"}}"#),
        // Past what is shown of a text, a part of it would still be seen.
        format!("{}{token}", "x".repeat(290)),
    ] {
        server.on("/echo", Reply::json(&body).with_status(500));
        let error = scene.fetch(&secret(&server.url("/echo"))).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("repeat a secret"), "{shown}");
        assert!(!shown.contains(&token[..8]), "{shown}");
        // Who sent no token has no secret in it.
        let error = scene.fetch(&json(&server.url("/echo"))).unwrap_err();
        assert!(!error.to_string().contains("repeat a secret"), "{error}");
    }
}

/// CASES.md 32: a token is nowhere but in the header of the server that it is for.
#[test]
fn case_32_a_token_is_shown_nowhere() {
    let other = FaultServer::start();
    let server = FaultServer::start();
    server.on(
        "/away",
        Reply::redirect(302, &other.url("/there?sig=s3cret")),
    );
    server.on("/back", Reply::redirect(302, &other.url("/back")));
    other.on("/back", Reply::redirect(302, &server.url("/home")));
    server.on("/same", Reply::redirect(302, "/home"));
    server.on("/home", Reply::json("{}"));
    other.on(
        "/there",
        Reply::json(r#"{"message": "no"}"#).with_status(500),
    );
    let scene = Scene::real(&[]);
    let request = secret(&server.url("/away"));
    let error = scene.fetch(&request).unwrap_err();
    // Neither token nor header of its own reaches the second server, and not even that a token
    // was there is said.
    let asked = &other.asked_for("/there")[0];
    for name in ["authorization", "x-github-api-version", "cookie"] {
        assert_eq!(asked.header(name), None, "{name}");
    }
    assert!(asked.header("accept").is_some());
    assert!(matches!(error, HttpError::Status { token: None, .. }));
    // Who left comes home without it; who never left keeps it.
    scene.fetch(&secret(&server.url("/back"))).unwrap();
    scene.fetch(&secret(&server.url("/same"))).unwrap();
    let home = server.asked_for("/home");
    assert_eq!(home[0].header("authorization"), None);
    assert_eq!(
        home[1].header("authorization"),
        Some(&*format!("Bearer {CANARY}"))
    );
    // Every type that could show it.
    let token = request.token.clone().unwrap();
    let plain = secret("http://mirror.example/x?sig=s3cret");
    let refused = scene.fetch(&plain).unwrap_err();
    for text in [
        told(&error),
        format!("{error:?}"),
        format!("{request:?} {:?}", request.address),
        format!("{token:?} {} {}", token.source(), token.fingerprint()),
        format!("{:?}", scene.network.traffic),
        format!("{refused} {refused:?}"),
    ] {
        assert!(!text.contains("canary"), "{text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
}

/// A token over plain http to another machine would be read by everybody on the way.
#[test]
fn case_32_a_token_never_travels_in_the_clear() {
    let transport = Scripted::new(|_| (200, Vec::new(), "{}".to_owned()));
    let scene = Scene::through(transport.clone());
    let error = scene.fetch(&secret("http://ghe.example/api")).unwrap_err();
    assert!(matches!(error, HttpError::PlainToken { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        "http://ghe.example/api is plain http: a token is not sent there"
    );
    assert!(transport.urls().is_empty());
    scene.fetch(&json("http://ghe.example/api")).unwrap();
    scene.fetch(&secret("https://ghe.example/api")).unwrap();
    scene.fetch(&secret("http://127.0.0.1:8080/api")).unwrap();
}

#[test]
fn user_and_password_of_an_address_are_sent_and_not_shown() {
    let server = FaultServer::start();
    let url = server.url("/x").replace("://", "://us%65r:p%40ss@");
    let scene = Scene::real(&[]);
    let error = scene.fetch(&json(&url)).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("ss@"), "{error}");
    assert_eq!(
        server.asked()[0].header("authorization"),
        Some("Basic dXNlcjpwQHNz")
    );
}

/// After a limit nobody of this process asks that host again.
#[test]
fn after_a_limit_a_host_is_left_alone() {
    let now = "2026-11-22T10:00:00Z".parse::<jiff::Timestamp>().unwrap();
    let server = FaultServer::start();
    // By the server's own clock, which is an hour ahead, the limit ends in ten minutes.
    let reset = now.as_second() + 3600 + 600;
    let date = "Sun, 22 Nov 2026 11:00:00 GMT";
    server.on("/a", Reply::limited(403, Some(reset)).header("date", date));
    server.on("/b", Reply::json("{}"));
    let other = FaultServer::start();
    other.on("/c", Reply::json("{}"));
    let scene = Scene::real(&[]);
    let error = scene.fetch(&secret(&server.url("/a"))).unwrap_err();
    let host = server.address().to_string();
    let until = now + jiff::SignedDuration::from_secs(600);
    for error in [error, scene.fetch(&secret(&server.url("/b"))).unwrap_err()] {
        assert!(
            matches!(&error, HttpError::Limited { host: of, until: at, secondary: false, token: Some("GITHUB_TOKEN") }
                if *of == host && *at == until),
            "{error:?}"
        );
    }
    assert_eq!(server.asked().len(), 1);
    assert_eq!(scene.network.traffic.limits(), [(host, until)]);
    scene.fetch(&json(&other.url("/c"))).unwrap();
    assert_eq!(scene.clock.waited(), Duration::ZERO);
}

/// What an earlier process was told holds for this one; what is past holds nobody.
#[test]
fn a_kept_limit_holds() {
    let server = FaultServer::start();
    server.on("/a", Reply::json("{}"));
    let scene = Scene::real(&[]);
    let host = server.address().to_string();
    scene
        .network
        .traffic
        .limit(&host, "2026-11-22T09:59:59Z".parse().unwrap());
    scene.fetch(&json(&server.url("/a"))).unwrap();
    scene
        .network
        .traffic
        .limit(&host, "2026-11-22T10:00:01Z".parse().unwrap());
    let error = scene.fetch(&json(&server.url("/a"))).unwrap_err();
    assert!(matches!(error, HttpError::Limited { .. }), "{error}");
    assert_eq!(server.asked().len(), 1);
}

/// `--wait`: as long as it says in all, never longer, and then it is asked again.
#[test]
fn a_limit_is_waited_for_as_long_as_wanted() {
    let server = FaultServer::start();
    server.on("/a", Reply::limited_secondary(403, Some("40")));
    server.on("/a", Reply::limited_secondary(429, Some("40")));
    server.on("/a", Reply::json("{}"));
    let url = server.url("/a");
    let mut scene = Scene::real(&[]);
    scene.network.wait = Duration::from_secs(39);
    assert!(matches!(
        scene.fetch(&json(&url)),
        Err(HttpError::Limited {
            secondary: true,
            ..
        })
    ));
    assert_eq!(scene.clock.waited(), Duration::ZERO);
    // The limit that is known is waited for first, then the one of the second answer.
    scene.network.wait = Duration::from_secs(80);
    scene.fetch(&json(&url)).unwrap();
    assert_eq!(scene.clock.waited(), Duration::from_secs(80));
    assert!(
        scene
            .clock
            .paused
            .lock()
            .unwrap()
            .iter()
            .all(|slice| *slice <= SLICE)
    );
    assert_eq!(server.asked().len(), 3);
}

#[test]
fn a_wait_ends_on_request() {
    let mut scene = Scene::real(&[]);
    scene.network.wait = Duration::from_secs(3600);
    scene.cancel.flag().store(true, Ordering::SeqCst);
    let attempts = Mutex::new(0);
    let error = scene.with(|cx| {
        patiently(cx, || -> Result<(), _> {
            *attempts.lock().unwrap() += 1;
            Err(HttpError::Limited {
                host: "h".to_owned(),
                until: "2026-11-22T10:10:00Z".parse().unwrap(),
                secondary: false,
                token: None,
            })
        })
    });
    assert!(matches!(error, Err(HttpError::Cancelled)));
    assert_eq!(*attempts.lock().unwrap(), 1);
    assert_eq!(scene.clock.waited(), Duration::ZERO);
}

/// Several requests that hit one limit wait for it once, and what `--wait` allows is spent once.
#[test]
fn a_limit_is_waited_for_once_by_all() {
    let calls = AtomicUsize::new(0);
    let transport = Scripted::new(move |_| match calls.fetch_add(1, Ordering::SeqCst) {
        0..2 => (429, vec![("retry-after", "30".to_owned())], String::new()),
        _ => (200, Vec::new(), "{}".to_owned()),
    });
    let mut scene = Scene::through(transport);
    scene.network.wait = Duration::from_secs(60);
    let requests: Vec<_> = (0..4)
        .map(|n| json(&format!("https://a.example/{n}")))
        .collect();
    let got = scene.with(|cx| Client::new(cx).get_all(&requests));
    assert!(got.iter().all(Result::is_ok), "{got:?}");
    assert!(scene.clock.waited() <= Duration::from_secs(60));
    // And what was waited is gone for the requests after it.
    let spent = scene.clock.waited();
    let transport = Scripted::new(|_| (429, vec![("retry-after", "31".to_owned())], String::new()));
    scene.network.transport = Box::new(transport);
    assert!(scene.fetch(&json("https://a.example/")).is_err());
    assert_eq!(scene.clock.waited(), spent);
}

/// A server that never says anything but "wait" is not asked for ever.
#[test]
fn waiting_ends() {
    let transport = Scripted::new(|_| (429, vec![("retry-after", "0".to_owned())], String::new()));
    let mut scene = Scene::through(transport.clone());
    scene.network.wait = Duration::from_secs(5);
    assert!(matches!(
        scene.fetch(&json("https://api.example/")),
        Err(HttpError::Limited { .. })
    ));
    assert_eq!(transport.urls().len(), 6);
}

/// Counts who is inside, and keeps everybody there until no more can come.
struct Crowded {
    inside: AtomicUsize,
    most: AtomicUsize,
}

impl Transport for Arc<Crowded> {
    fn send(&self, exchange: &Exchange<'_>) -> Result<Answer, TransportError> {
        let now = self.inside.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        // The others get every chance to come in too.
        for _ in 0..2_000 {
            std::thread::yield_now();
        }
        self.inside.fetch_sub(1, Ordering::SeqCst);
        Ok(Answer {
            status: 200,
            headers: Headers::default(),
            body: Box::new(std::io::Cursor::new(exchange.address.to_string())),
        })
    }
}

#[test]
fn at_most_four_at_once_from_one_host_and_in_order() {
    let crowd = Arc::new(Crowded {
        inside: AtomicUsize::new(0),
        most: AtomicUsize::new(0),
    });
    let scene = Scene::through(Arc::clone(&crowd));
    let requests: Vec<_> = (0..40)
        .map(|n| json(&format!("https://a.example/{n}")))
        .collect();
    let got = scene.with(|cx| Client::new(cx).get_all(&requests));
    for (request, got) in requests.iter().zip(got) {
        assert_eq!(got.unwrap().body, request.address.to_string().into_bytes());
    }
    let most = crowd.most.load(Ordering::SeqCst);
    assert!((1..=4).contains(&most), "{most}");
}

#[test]
fn a_place_is_given_back() {
    let traffic = crate::http::traffic::Traffic::default();
    let cancel = crate::cancel::Cancel::default();
    let places: Vec<_> = (0..4)
        .map(|_| traffic.place("h", &cancel).unwrap())
        .collect();
    // Another host has places of its own.
    assert!(traffic.place("i", &cancel).is_some());
    std::thread::scope(|scope| {
        let fifth = scope.spawn(|| traffic.place("h", &cancel).is_some());
        drop(places);
        assert!(fifth.join().unwrap());
    });
    let _full: Vec<_> = (0..4)
        .map(|_| traffic.place("h", &cancel).unwrap())
        .collect();
    cancel.flag().store(true, Ordering::SeqCst);
    assert!(traffic.place("h", &cancel).is_none());
}

#[test]
fn files_are_read_where_they_are_configured() {
    let scene = Scene::real(&[]);
    let file = scene.file("mirror.json");
    write(&file, "{\"a\": 1}");
    let url = format!("file://{}", file.display());
    assert_eq!(scene.fetch(&json(&url)).unwrap().body, b"{\"a\": 1}");
    let folder = format!("file://{}", file.parent().unwrap().display());
    for (url, says) in [
        (format!("{url}.none"), "404"),
        (folder, "404"),
        (format!("{url}/x"), "404"),
    ] {
        let error = scene.error(&url);
        assert!(error.contains(says), "{error}");
    }
    let mut small = json(&url);
    small.limit = 3;
    let error = scene.fetch(&small).unwrap_err();
    assert!(told(&error).contains("larger than 3 bytes"), "{error}");
    assert!(Address::configured("file://host/x").is_err());
    assert!(Address::parse(&url).is_err());
}

/// A redirect to another origin takes no condition along, so its 304 says nothing.
#[test]
fn conditions_stay_at_home() {
    let other = FaultServer::start();
    other.document("/a", "{}", "\"one\"");
    other.on("/b", Reply::status(304));
    let server = FaultServer::start();
    server.on("/a", Reply::redirect(302, &other.url("/a")));
    server.on("/b", Reply::redirect(302, &other.url("/b")));
    let scene = Scene::real(&[]);
    let condition = [("if-none-match", "\"one\"".to_owned())];
    let ask = |path| scene.with(|cx| fetch(cx, &json(&server.url(path)), &condition));
    assert_eq!(ask("/a").unwrap().status, 200);
    assert_eq!(
        server.asked_for("/a")[0].header("if-none-match"),
        Some("\"one\"")
    );
    assert_eq!(other.asked_for("/a")[0].header("if-none-match"), None);
    assert!(ask("/b").is_err());
}

/// A real handshake: whom `SSL_CERT_FILE` trusts is trusted, for the names of the certificate;
/// nobody else is.
#[test]
fn certificates_count() {
    let Some(server) = vit_testkit::tls_server::TlsServer::start("{\"tls\": true}") else {
        return;
    };
    let authority = server.authority();
    let trusting = Scene::real(&[("SSL_CERT_FILE", authority.to_str().unwrap())]);
    // Twice, on connections of their own: the certificates are kept.
    for _ in 0..2 {
        let got = trusting.fetch(&secret(&server.url("localhost"))).unwrap();
        assert_eq!(got.body, b"{\"tls\": true}");
    }
    let error = trusting.error(&server.url("127.0.0.1"));
    assert!(error.contains("could not prove who it is"), "{error}");
    let error = Scene::real(&[]).error(&server.url("localhost"));
    assert!(error.contains("could not prove who it is"), "{error}");
}

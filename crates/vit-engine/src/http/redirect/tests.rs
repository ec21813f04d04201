use std::sync::{Arc, Mutex};

use proptest::prelude::*;
use vit_testkit::fault_server::{FaultServer, Reply};

use super::super::scene::{Scene, Scripted, json, secret, told};
use super::*;
use crate::http::HttpError;

/// A public server that sends somebody to a place that changes.
struct Sender {
    scene: Scene,
    transport: Scripted,
    location: Arc<Mutex<String>>,
}

impl Sender {
    fn new() -> Self {
        let location = Arc::new(Mutex::new(String::new()));
        let to = Arc::clone(&location);
        let transport = Scripted::new(move |url| match url {
            "https://api.example/x" => {
                let to = to.lock().unwrap().clone();
                (302, vec![("location", to)], String::new())
            }
            _ => (200, Vec::new(), "{}".to_owned()),
        });
        Self {
            scene: Scene::through(transport.clone()),
            transport,
            location,
        }
    }

    /// What comes of it, and what else was asked.
    fn sends_to(&self, location: &str) -> (Result<(), HttpError>, Vec<String>) {
        location.clone_into(&mut self.location.lock().unwrap());
        self.transport.seen.lock().unwrap().clear();
        let answer = self.scene.fetch(&secret("https://api.example/x"));
        let mut urls = self.transport.urls();
        urls.remove(0);
        (answer.map(drop), urls)
    }
}

#[test]
fn case_29_redirects_lead_only_where_they_may() {
    let sender = Sender::new();
    for good in [
        "https://cdn.example/y?sig=1",
        "/y",
        "y",
        "//cdn.example/y",
        "https://8.8.8.8/",
    ] {
        let (answer, asked) = sender.sends_to(good);
        assert!(answer.is_ok(), "{good}: {answer:?}");
        assert_eq!(asked.len(), 1, "{good}");
    }
    for (bad, why) in [
        ("http://api.example/y", "from https to http"),
        ("file:///etc/passwd", "another scheme"),
        ("ftp://cdn.example/y", "another scheme"),
        ("data:application/json,{}", "another scheme"),
        ("https://127.0.0.1/y", "this very machine"),
        ("https://localhost/y", "this very machine"),
        ("https://[::1]/", "this very machine"),
        ("https://[::ffff:127.0.0.1]/", "this very machine"),
        ("https://0x7f000001/", "this very machine"),
        ("https://10.1.2.3/", "private network"),
        ("https://192.168.0.1/", "private network"),
        ("https://[fc00::1]/", "private network"),
        ("https://169.254.169.254/latest/meta-data", "link-local"),
        ("https://[fe80::1]/", "link-local"),
        ("https://0.0.0.0/", "link-local"),
        ("https://[::]/", "link-local"),
        (
            "https://cdn.example/\r\nset-cookie: a=b",
            "control characters",
        ),
        ("https://cdn.example/\t", "control characters"),
        ("https://cdn.example/a b", "spaces"),
        (
            "https://user:s3cret@cdn.example/?sig=s3cret",
            "names a user",
        ),
        ("https://", "host"),
        ("", "empty"),
        ("https://api.example/x", "in a circle"),
    ] {
        let (answer, asked) = sender.sends_to(bad);
        let error = answer.expect_err(bad);
        let text = told(&error);
        assert!(matches!(error, HttpError::Address(_)), "{bad}: {text}");
        assert!(text.contains(why), "{bad}: {text}");
        assert!(text.contains("https://api.example/x"), "{bad}: {text}");
        assert!(
            !text.contains("s3cret") && !text.contains('\r'),
            "{bad}: {text}"
        );
        assert!(asked.is_empty(), "{bad}: {asked:?}");
    }
}

#[test]
fn case_29_every_status_that_sends_on_is_followed() {
    for status in [301, 302, 303, 307, 308, 300, 304] {
        let transport = Scripted::new(move |url| match url {
            "https://api.example/x" => (status, vec![("location", "/y".to_owned())], String::new()),
            _ => (200, Vec::new(), "{}".to_owned()),
        });
        let followed = Scene::through(transport).fetch(&json("https://api.example/x"));
        assert_eq!(followed.is_ok(), !matches!(status, 300 | 304), "{status}");
    }
    let nowhere = Scripted::new(|_| (302, Vec::new(), String::new()));
    let error = Scene::through(nowhere).error("https://api.example/x");
    assert!(error.contains("does not say where"), "{error}");
}

/// Five are followed, the sixth is not; a circle ends at once.
#[test]
fn case_29_six_deep_and_in_circles() {
    let server = FaultServer::start();
    for n in 0..6 {
        server.on(
            &format!("/{n}"),
            Reply::redirect(302, &format!("/{}", n + 1)),
        );
    }
    server.on("/6", Reply::json("{}"));
    let scene = Scene::real(&[]);
    assert!(scene.fetch(&json(&server.url("/1"))).is_ok());
    let error = scene.error(&server.url("/0"));
    assert!(error.contains("more than 5 times"), "{error}");
    server.on("/a", Reply::redirect(302, "/b"));
    server.on("/b", Reply::redirect(307, &server.url("/a")));
    let error = scene.error(&server.url("/a"));
    assert!(error.contains("in a circle"), "{error}");
    assert_eq!(server.asked_for("/a").len(), 1);
}

/// What no redirect does: from one's own machine to a metadata service, a file, a header's end.
#[test]
fn case_29_over_the_wire() {
    let server = FaultServer::start();
    let scene = Scene::real(&[]);
    for (path, location, why) in [
        ("/meta", "http://169.254.169.254/latest", "link-local"),
        ("/file", "file:///etc/passwd", "another scheme"),
        ("/tab", "http://127.0.0.1/\tx", "control characters"),
    ] {
        server.on(path, Reply::redirect(302, location));
        let error = scene.error(&server.url(path));
        assert!(error.contains(why), "{path}: {error}");
    }
    // A header that is injected by CR LF is a header of its own: the location ends before it.
    server.on("/crlf", Reply::redirect(302, "/next\r\nset-cookie: a=b"));
    server.on("/bare", Reply::redirect(302, "/next\rx"));
    server.on("/next", Reply::json("{}"));
    assert!(scene.fetch(&json(&server.url("/crlf"))).is_ok());
    assert_eq!(server.asked_for("/next")[0].header("cookie"), None);
    assert!(scene.fetch(&json(&server.url("/bare"))).is_err());
}

/// A name that leads to this machine is found out when it is resolved, before anything connects.
#[test]
fn case_29_names_that_lead_inside_are_found_out() {
    use crate::http::transport::{Exchange, Transport as _, TransportError};

    let server = FaultServer::start();
    server.on("/", Reply::json("{}"));
    let url = format!("http://localhost:{}/", server.address().port());
    let agent = crate::http::transport::agent::Agent::new(
        &crate::environment::Environment::default(),
        &crate::cancel::Cancel::default(),
    );
    let pace = crate::http::transport::Pace::default();
    let send = |address: &Address| {
        agent.send(&Exchange {
            address,
            headers: &[],
            timeout: pace.whole,
            connect: pace.connect,
            quiet: pace.window,
        })
    };
    let trusted = Address::configured(&url).unwrap();
    assert_eq!(send(&trusted).unwrap().status, 200);
    assert_eq!(agent.nearness(&trusted), Nearness::Loopback);
    // The same name, as a public server's redirect would have it. The connection that the
    // request before left open is not for it.
    let found = trusted.reaching(Nearness::Public);
    let error = send(&found).unwrap_err();
    assert!(matches!(error, TransportError::Inside { .. }), "{error}");
    assert_eq!(server.asked().len(), 1);
}

/// What the settings name may be near, but gets nothing of the first server's.
#[test]
fn a_configured_mirror_may_be_sent_to() {
    let transport = Scripted::redirecting("https://api.example/x", "https://10.0.0.7/y");
    let scene = Scene::through(transport.clone());
    let mut request = secret("https://api.example/x");
    request.also = vec![Address::configured("https://10.0.0.7/mirror/").unwrap()];
    scene.fetch(&request).unwrap();
    let seen = transport.seen.lock().unwrap().clone();
    assert_eq!(seen[1].0, "https://10.0.0.7/y");
    let names: Vec<_> = seen[1].1.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["accept", "accept-encoding"]);
    drop(seen);
    // Not from https to http, and not to another port.
    for location in ["http://10.0.0.7/y", "https://10.0.0.7:8443/y"] {
        let scene = Scene::through(Scripted::redirecting("https://api.example/x", location));
        assert!(scene.fetch(&request).is_err(), "{location}");
    }
}

proptest! {
    /// Whatever stands in `Location`: nothing but https to public hosts is asked.
    #[test]
    fn no_location_leads_inside(location in "(https?|file|HTTPS|ftp)?:?/{0,3}[a-z0-9.:@\\[\\]%\\\\/?#\t\r\n ]{0,30}") {
        let mut trail = Trail::new(&Address::configured("https://api.example/x").unwrap());
        let request = json("https://api.example/x");
        match trail.follow(Some(&location), Nearness::Public, &request) {
            Ok(()) => {
                prop_assert_eq!(trail.here().url().scheme(), "https");
                prop_assert_eq!(trail.here().nearness(), Nearness::Public);
            }
            Err(error) => prop_assert!(!error.to_string().contains(char::is_control)),
        }
    }
}

use std::path::PathBuf;

use vit_testkit::fault_server::{FaultServer, Reply};

use super::super::scene::{Scene, secret, told, write};
use super::*;
use crate::http::Address;

const BODY: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";

fn expected() -> Expected {
    Expected {
        length: BODY.len() as u64,
        sha256: vit_contract::digest::sha256(BODY),
    }
}

fn request(url: &str) -> Request {
    Request::new(
        Address::configured(url).unwrap(),
        "application/octet-stream",
    )
}

struct Place {
    scene: Scene,
    file: PathBuf,
}

impl Place {
    fn new() -> Self {
        let scene = Scene::real(&[]);
        let folder = scene.file("downloads");
        std::fs::create_dir(&folder).unwrap();
        Self {
            scene,
            file: folder.join("a.tar.gz"),
        }
    }

    fn get(&self, url: &str) -> Result<Downloaded, HttpError> {
        let expected = expected();
        self.scene
            .with(|cx| download(cx, &request(url), &self.file, Some(&expected)))
    }

    /// What stands in the folder.
    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.file.parent().unwrap()).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

#[test]
fn a_file_comes_whole_and_is_put_in_place() {
    let server = FaultServer::start();
    server.file("/a", BODY, "\"v1\"");
    let place = Place::new();
    let got = place.get(&server.url("/a")).unwrap();
    assert_eq!((got.length, got.resumed), (36, 0));
    assert_eq!(got.sha256, expected().sha256);
    assert_eq!(std::fs::read(&place.file).unwrap(), BODY);
    assert_eq!(place.names(), ["a.tar.gz"]);
    let asked = &server.asked()[0];
    assert_eq!(asked.header("accept-encoding"), Some("identity"));
    assert_eq!(asked.header("range"), None);
    // Without an expectation, what came is told.
    let other = place.file.with_file_name("b");
    let got = place
        .scene
        .with(|cx| download(cx, &request(&server.url("/a")), &other, None));
    assert_eq!(got.unwrap().sha256, expected().sha256);
}

/// What was cut short is gone on with, by a strong ETag only.
#[test]
fn a_download_is_resumed() {
    let server = FaultServer::start();
    let mut first = true;
    server.with("/a", move |asked| {
        let reply = Reply::ranged(BODY, "\"v1\"", asked).header("etag", "\"v1\"");
        if std::mem::take(&mut first) {
            reply.cut(10)
        } else {
            reply
        }
    });
    let place = Place::new();
    let error = place.get(&server.url("/a")).unwrap_err();
    assert!(told(&error).contains("cut short"), "{error}");
    assert_eq!(place.names(), ["a.tar.gz.part", "a.tar.gz.part.etag"]);
    let got = place.get(&server.url("/a")).unwrap();
    assert_eq!((got.length, got.resumed), (36, 10));
    assert_eq!(std::fs::read(&place.file).unwrap(), BODY);
    assert_eq!(place.names(), ["a.tar.gz"]);
    let asked = &server.asked()[1];
    assert_eq!(asked.header("range"), Some("bytes=10-"));
    assert_eq!(asked.header("if-range"), Some("\"v1\""));
}

#[test]
fn another_file_is_not_mixed_with_the_first() {
    for weak in [false, true] {
        let server = FaultServer::start();
        let etag = |version: &str| format!("{}\"{version}\"", if weak { "W/" } else { "" });
        let old = Reply::bytes(
            "application/octet-stream",
            b"OLDOLDOLDOLDOLDOLDOLDOLDOLDOLDOLDOLD",
        );
        server.on("/a", old.header("etag", &etag("old")).cut(20));
        let place = Place::new();
        place.get(&server.url("/a")).unwrap_err();
        server.file("/a", BODY, &etag("new"));
        let got = place.get(&server.url("/a")).unwrap();
        assert_eq!(got.resumed, 0);
        assert_eq!(std::fs::read(&place.file).unwrap(), BODY);
        // Of a weak one nothing is gone on with.
        assert_eq!(server.asked()[1].header("range").is_some(), !weak);
    }
}

/// CASES.md 31: whatever is wrong, nothing stands under the final name.
#[test]
fn case_31_nothing_wrong_gets_the_final_name() {
    let server = FaultServer::start();
    let bytes = |body: &[u8]| Reply::bytes("application/octet-stream", body);
    let mut other = BODY.to_vec();
    other[5] ^= 1;
    for (path, reply, says, keeps) in [
        (
            "/other",
            bytes(&other),
            "SHA-256 is not the expected one",
            false,
        ),
        (
            "/short",
            bytes(&BODY[..20]),
            "20 bytes instead of 36",
            false,
        ),
        (
            "/long",
            bytes(&[BODY, b"x"].concat()),
            "larger than the expected 36 bytes",
            false,
        ),
        ("/cut", bytes(BODY).cut(20), "cut short", true),
        (
            "/endless",
            Reply::endless("xxxxxxxxxxxxxxxx"),
            "larger than the expected",
            false,
        ),
        ("/html", Reply::captive_portal(), "HTML page", false),
        (
            "/gzip",
            Reply::gzip("application/octet-stream", BODY),
            "is compressed",
            false,
        ),
        (
            "/none",
            Reply::json(r#"{"message": "gone"}"#).with_status(410),
            "answered 410: gone",
            false,
        ),
        (
            "/limit",
            Reply::limited_secondary(429, Some("9")),
            "allows no more requests",
            false,
        ),
        (
            "/part",
            bytes(&BODY[9..]).with_status(206),
            "answered 206",
            false,
        ),
    ] {
        server.on(path, reply);
        let place = Place::new();
        let error = told(&place.get(&server.url(path)).unwrap_err());
        assert!(error.contains(says), "{path}: {error}");
        assert!(!place.file.exists(), "{path}");
        let kept = place.names();
        assert_eq!(!kept.is_empty(), keeps, "{path}: {kept:?}");
    }
}

/// A server that answers with another range than the one asked for, or has less than we do.
#[test]
fn ranges_must_fit() {
    for (range, works_then) in [
        ("bytes 11-35/36", true),
        ("bytes 10-34/36", true),
        ("bytes 10-35/99", true),
        ("items 10-35/36", true),
        ("", true),
    ] {
        let server = FaultServer::start();
        server.on(
            "/a",
            Reply::bytes("application/x", BODY)
                .header("etag", "\"v\"")
                .cut(10),
        );
        server.on(
            "/a",
            Reply::bytes("application/x", &BODY[10..])
                .with_status(206)
                .header("content-range", range),
        );
        server.on("/a", Reply::bytes("application/x", BODY));
        let place = Place::new();
        place.get(&server.url("/a")).unwrap_err();
        let error = told(&place.get(&server.url("/a")).unwrap_err());
        assert!(error.contains("another part"), "{range}: {error}");
        assert!(place.names().is_empty(), "{range}");
        assert_eq!(place.get(&server.url("/a")).is_ok(), works_then, "{range}");
    }
    // 416: begun anew, in the same call.
    let server = FaultServer::start();
    server.on(
        "/a",
        Reply::bytes("application/x", BODY)
            .header("etag", "\"v\"")
            .cut(30),
    );
    server.on("/a", Reply::status(416));
    server.on("/a", Reply::bytes("application/x", BODY));
    let place = Place::new();
    place.get(&server.url("/a")).unwrap_err();
    assert_eq!(place.get(&server.url("/a")).unwrap().resumed, 0);
}

/// A beginning that was tampered with is found out by the whole's hash.
#[test]
fn a_changed_beginning_is_found_out() {
    let server = FaultServer::start();
    server.file("/a", BODY, "\"v\"");
    let place = Place::new();
    let partial = Partial::beside(&place.file);
    write(&partial.data, b"evil456789");
    write(&partial.etag, "\"v\"");
    let error = told(&place.get(&server.url("/a")).unwrap_err());
    assert!(error.contains("SHA-256"), "{error}");
    assert!(place.names().is_empty());
    assert!(place.get(&server.url("/a")).is_ok());
}

/// A link in the place of the partial file is not written through.
#[test]
fn a_link_is_not_followed() {
    let server = FaultServer::start();
    server.file("/a", BODY, "\"v\"");
    let place = Place::new();
    let victim = place.scene.file("victim");
    write(&victim, "mine");
    let partial = Partial::beside(&place.file);
    for link in [&partial.data, &partial.etag] {
        std::os::unix::fs::symlink(&victim, link).unwrap();
    }
    place.get(&server.url("/a")).unwrap();
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "mine");
    assert_eq!(std::fs::read(&place.file).unwrap(), BODY);
}

/// The archive's server is seldom the one that named it: ranges go along, secrets do not.
#[test]
fn case_32_a_download_takes_no_secret_along() {
    let files = FaultServer::start();
    files.file("/a", BODY, "\"v\"");
    let server = FaultServer::start();
    server.on("/asset", Reply::redirect(302, &files.url("/a?sig=s3cret")));
    let place = Place::new();
    write(&Partial::beside(&place.file).data, &BODY[..4]);
    write(&Partial::beside(&place.file).etag, "\"v\"");
    let request = secret(&server.url("/asset"));
    let expected = expected();
    let got = place
        .scene
        .with(|cx| download(cx, &request, &place.file, Some(&expected)))
        .unwrap();
    assert_eq!(got.resumed, 4);
    let asked = &files.asked()[0];
    assert_eq!(asked.header("authorization"), None);
    assert_eq!(asked.header("x-github-api-version"), None);
    assert_eq!(asked.header("range"), Some("bytes=4-"));
    assert!(server.asked()[0].header("authorization").is_some());
}

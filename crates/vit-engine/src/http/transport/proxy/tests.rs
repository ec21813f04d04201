use vit_testkit::fault_server::{FaultServer, Reply};

use super::super::super::scene::{Scene, json, secret, write};
use super::*;

fn environment(pairs: &[(&str, &str)]) -> Environment {
    Environment::new(pairs.iter().map(|(k, v)| ((*k).into(), (*v).into())))
}

/// The proxy's host for a URL.
fn proxy(pairs: &[(&str, &str)], url: &str) -> Option<String> {
    let proxies = Proxies::of(&environment(pairs)).unwrap();
    let address = Address::configured(url).unwrap();
    proxies.to(&address).map(|proxy| proxy.host().to_owned())
}

#[test]
fn proxies_are_chosen_as_elsewhere() {
    let all = ("ALL_PROXY", "http://all.example:1");
    let https = ("HTTPS_PROXY", "http://up.example:2");
    let low = ("https_proxy", "low.example:3");
    let http = ("http_proxy", "socks5://plain.example");
    let url = "https://api.github.com/";
    for (pairs, url, expected) in [
        (vec![], url, None),
        (vec![all], url, Some("all.example")),
        (vec![all, https], url, Some("up.example")),
        (vec![all, https, low], url, Some("low.example")),
        (vec![https], "http://a.example/", None),
        (
            vec![http, https],
            "http://a.example/",
            Some("plain.example"),
        ),
    ] {
        assert_eq!(proxy(&pairs, url).as_deref(), expected, "{pairs:?} {url}");
    }
}

#[test]
fn no_proxy_leaves_out_hosts() {
    let yes = [
        ("api.github.com", "https://api.github.com/"),
        ("github.com", "https://api.github.com/"),
        (".github.com", "https://api.github.com/"),
        ("*.github.com", "https://api.github.com/"),
        ("*", "https://api.github.com/"),
        (" a.example , GITHUB.com ", "https://api.github.com/"),
        ("github.com:443", "https://api.github.com/"),
        ("a.example:8443", "https://a.example:8443/"),
        ("127.0.0.1", "https://127.0.0.1:99/"),
        ("10.0.0.0/8", "https://10.9.8.7/"),
        ("::1", "https://[::1]/"),
        ("[fd00::]/8", "https://a.example/"),
        ("fd00::/8", "https://[fd12::1]/"),
        ("0.0.0.0/0", "https://8.8.8.8/"),
    ];
    for (none, url) in yes {
        let pairs = [("HTTPS_PROXY", "http://p.example"), ("NO_PROXY", none)];
        let expected = (none == "[fd00::]/8").then_some("p.example");
        assert_eq!(proxy(&pairs, url).as_deref(), expected, "{none} {url}");
    }
    for (none, url) in [
        ("hub.com", "https://api.github.com/"),
        ("*.api.github.com", "https://api.github.com/"),
        ("api.github.com.evil.example", "https://api.github.com/"),
        ("github.com:80", "https://api.github.com/"),
        ("10.0.0.0/8", "https://11.0.0.1/"),
        ("10.0.0.0/33", "https://10.0.0.1/"),
        ("a*b", "https://a.example/"),
        ("", "https://a.example/"),
    ] {
        let pairs = [("HTTPS_PROXY", "http://p.example"), ("NO_PROXY", none)];
        assert!(proxy(&pairs, url).is_some(), "{none} {url}");
    }
}

/// CASES.md 32: a proxy's password is in no error, not even in that of a proxy that is none.
#[test]
fn case_32_a_proxy_that_cannot_be_used_is_named_by_its_variable() {
    for value in [
        "http://u:s3cret@",
        "gopher://u:s3cret@p.example",
        "http://u:s3cret@p.example:port",
    ] {
        let Err(error) = Proxies::of(&environment(&[("HTTPS_PROXY", value)])) else {
            panic!("{value}");
        };
        let text = format!("{error} {error:?}");
        assert!(text.contains("HTTPS_PROXY"), "{text}");
        assert!(!text.contains("s3cret"), "{text}");
    }
    let proxies = Proxies::of(&environment(&[("ALL_PROXY", "http://u:s3cret@p.example")])).unwrap();
    assert!(!format!("{proxies:?}").contains("s3cret"));
}

/// A proxy is asked to connect, with its own credentials and without the request's token.
#[test]
fn case_32_a_proxy_sees_where_and_not_what() {
    let proxy = FaultServer::start();
    proxy.on("api.invalid:443", Reply::status(407));
    proxy.on("10.0.0.1:80", Reply::status(503));
    let url = format!("http://us:s3cret@{}", proxy.address());
    let scene = Scene::real(&[("https_proxy", &url), ("http_proxy", &url)]);
    let error = scene.fetch(&secret("https://api.invalid/x")).unwrap_err();
    let text = super::super::super::scene::told(&error);
    assert!(text.contains("the proxy refused"), "{text}");
    assert!(text.contains("407"), "{text}");
    assert!(!format!("{text} {error:?}").contains("s3cret"), "{text}");
    let asked = proxy.asked();
    assert_eq!(
        (&*asked[0].method, &*asked[0].path),
        ("CONNECT", "api.invalid:443")
    );
    assert_eq!(
        asked[0].header("proxy-authorization"),
        Some("Basic dXM6czNjcmV0")
    );
    assert_eq!(asked[0].header("authorization"), None);
    // A proxy on a private address is one that a person configured: it is used for what a server
    // named too.
    let mut request = json("http://10.0.0.1/");
    request.address = request
        .address
        .reaching(super::super::super::address::Nearness::Private);
    assert!(scene.fetch(&request).is_err());
    assert_eq!(proxy.asked().len(), 2);
}

#[test]
fn certificates_of_a_file_must_be_there() {
    let scene = Scene::real(&[]);
    let (none, empty) = (scene.file("none.pem"), scene.file("empty.pem"));
    write(&empty, "no certificate\n");
    for (path, why) in [(&none, "No such file"), (&empty, "no certificate")] {
        let path = path.to_str().unwrap();
        let error = Scene::real(&[("SSL_CERT_FILE", path)]).error("https://api.invalid/");
        assert!(
            error.contains(path) && error.contains("SSL_CERT_FILE"),
            "{error}"
        );
        assert!(error.contains(why), "{error}");
    }
}

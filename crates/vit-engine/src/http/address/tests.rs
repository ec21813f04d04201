use proptest::prelude::*;

use super::*;

fn near(url: &str) -> Nearness {
    Address::configured(url).unwrap().nearness()
}

#[test]
fn case_29_addresses_are_as_near_as_they_are_however_they_are_written() {
    use Nearness::{Link, Loopback, Private, Public};
    for (host, expected) in [
        ("api.github.com", Public),
        ("8.8.8.8", Public),
        ("172.32.0.1", Public),
        ("[2606:50c0::1]", Public),
        ("[64:ff9b::808:808]", Public),
        ("127.0.0.1", Loopback),
        ("127.9.9.9", Loopback),
        ("0x7f.1", Loopback),
        ("2130706433", Loopback),
        ("017700000001", Loopback),
        ("localhost", Loopback),
        ("LOCALHOST.", Loopback),
        ("a.localhost", Loopback),
        ("[::1]", Loopback),
        ("[::ffff:127.0.0.1]", Loopback),
        ("[::ffff:7f00:1]", Loopback),
        ("[::127.0.0.1]", Loopback),
        ("[64:ff9b::7f00:1]", Loopback),
        ("[2002:7f00:1::]", Loopback),
        ("①②⑦.⓪.⓪.①", Loopback),
        ("10.0.0.1", Private),
        ("172.16.0.1", Private),
        ("192.168.1.1", Private),
        ("100.64.0.1", Private),
        ("[fc00::1]", Private),
        ("[fd12::1]", Private),
        ("[::ffff:10.0.0.1]", Private),
        ("169.254.169.254", Link),
        ("[::ffff:169.254.169.254]", Link),
        ("[fe80::1]", Link),
        ("[fd00:ec2::254]", Link),
        ("100.100.100.200", Link),
        ("0.0.0.0", Link),
        ("0", Link),
        ("[::]", Link),
        ("224.0.0.1", Link),
        ("255.255.255.255", Link),
        ("[ff02::1]", Link),
    ] {
        assert_eq!(near(&format!("https://{host}/")), expected, "{host}");
    }
}

#[test]
fn what_can_be_asked() {
    for (text, why) in [
        ("", "relative URL"),
        ("ftp://x/", "its scheme is ftp"),
        ("http://ghe.example/", "plain http"),
        ("http://10.0.0.1/", "plain http"),
        ("file:///etc/passwd", "its scheme is file"),
        ("https://a.example/\r\nx", "control characters"),
        ("https://a.example/ x", "spaces"),
        ("javascript:alert(1)", "its scheme"),
        ("https://", "empty host"),
        ("-oProxyCommand=x", "relative URL"),
    ] {
        let error = Address::parse(text).unwrap_err();
        assert!(error.why.contains(why), "{text}: {error}");
        assert!(!error.to_string().contains('\r'));
    }
    for text in [
        "https://a.example/x",
        "http://127.0.0.1:1/x",
        "http://localhost/",
    ] {
        assert!(Address::parse(text).is_ok(), "{text}");
    }
    for text in ["http://ghe.example/", "file:///srv/mirror"] {
        assert!(Address::configured(text).is_ok(), "{text}");
    }
}

#[test]
fn what_a_server_names_is_no_nearer_than_the_server() {
    for (base, named, good) in [
        ("https://a.example/x/", "y?z=1", true),
        ("https://a.example/", "https://b.example/", true),
        ("https://a.example/", "//b.example/", true),
        ("https://a.example/", "http://a.example/", false),
        ("http://a.example/", "http://a.example/y", true),
        ("http://a.example/", "https://a.example/y", true),
        ("https://a.example/", "https://127.0.0.1/", false),
        ("https://a.example/", "https://10.0.0.1/", false),
        ("https://a.example/", "https://[::ffff:10.0.0.1]/", false),
        ("https://a.example/", "https://169.254.169.254/", false),
        ("https://a.example/", "https://user:pw@b.example/", false),
        ("https://a.example/", "https:\\\\b.example/", false),
        ("https://a.example/", "", false),
        ("https://a.example/", "file:///etc/passwd", false),
        ("https://a.example/", "data:text/plain,x", false),
        ("https://10.0.0.1/", "https://10.0.0.2/", true),
        ("https://10.0.0.1/", "https://127.0.0.1/", false),
        ("https://10.0.0.1/", "https://b.example/", true),
        ("http://127.0.0.1:1/", "http://127.0.0.1:2/", true),
        ("http://127.0.0.1:1/", "http://169.254.169.254/", false),
        ("http://169.254.1.1/", "http://169.254.1.1/y", true),
        ("http://169.254.1.1/", "http://169.254.1.2/", false),
        ("file:///srv/mirror/", "x.json", true),
        ("file:///srv/mirror/", "https://b.example/", false),
    ] {
        let base = Address::configured(base).unwrap();
        let answer = base.named(named);
        // A mirror in a folder may name servers: those are asked as anybody's are.
        let good = good || base.is_file() && named.starts_with("https");
        assert_eq!(answer.is_ok(), good, "{base} {named}: {answer:?}");
    }
}

/// Who was named by a public server stays out of private networks, also after a further hop.
#[test]
fn reach_never_grows() {
    let base = Address::configured("https://a.example/").unwrap();
    let second = base.named("https://b.example/").unwrap();
    assert_eq!(second.reach(), Nearness::Public);
    let third = second
        .named_from("https://c.example/", Nearness::Loopback)
        .unwrap();
    assert_eq!(third.reach(), Nearness::Public);
    assert_eq!(base.named("/y").unwrap().reach(), Nearness::Link);
}

proptest! {
    #[test]
    fn no_text_breaks_or_escapes(text in "\\PC{0,60}|[a-z:/@\\\\.\\[\\]0-9%?#\r\n\t ]{0,40}") {
        let base = Address::configured("https://a.example/x").unwrap();
        for answer in [Address::parse(&text), Address::configured(&text), base.named(&text)] {
            match answer {
                Ok(address) => prop_assert!(!address.to_string().contains(char::is_control)),
                Err(error) => prop_assert!(!error.to_string().contains(char::is_control)),
            }
        }
        if let Ok(named) = base.named(&text) {
            prop_assert_eq!(named.url().scheme(), "https");
            prop_assert_eq!(named.nearness(), Nearness::Public);
        }
    }
}

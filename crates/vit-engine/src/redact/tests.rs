use proptest::prelude::*;

use super::*;

const SECRET: &str = "hunter2-p@ss/word";

fn redactor(vars: &[(&str, &str)]) -> Redactor {
    let vars = vars.iter().map(|(k, v)| (k.into(), v.into()));
    Redactor::new(&Environment::new(vars))
}

fn usual() -> Redactor {
    redactor(&[("DEPLOY_TOKEN", SECRET), ("HOME", "/home/ana")])
}

#[test]
fn values_of_variables_that_are_named_like_secrets() {
    for name in [
        "DEPLOY_TOKEN",
        "MY_SECRET_VALUE",
        "db_password",
        "PGPASSWD",
        "STRIPE_API_KEY",
        "PRIVATE_STUFF",
        "AWS_CREDENTIALS",
        "GITHUB_TOKEN",
        "GIT_ASKPASS",
    ] {
        let text = redactor(&[(name, SECRET)]).text(&format!("a {SECRET} b"));
        assert_eq!(text, format!("a [redacted: the value of {name}] b"));
    }
    let harmless = redactor(&[
        ("HOME", "/home/ana"),
        ("PIN_TOKEN", "12345"),
        ("SECRETS_DIR", "/srv/secrets"),
    ]);
    let text = "12345 /home/ana /srv/secrets";
    assert_eq!(harmless.text(text), text);
}

#[test]
fn a_value_wrapped_over_lines_or_written_for_a_url_is_known_again() {
    let all = usual();
    for text in [
        "x hunter2-\np@ss/word y",
        "x hun\r\nter2-\n\np@ss/word y",
        "x hunter2-p%40ss%2Fword y",
    ] {
        assert_eq!(
            all.text(text),
            "x [redacted: the value of DEPLOY_TOKEN] y",
            "{text}"
        );
    }
    let lines = redactor(&[("TLS_PRIVATE", "first-line-1\nsecond-line-2\n")]);
    assert_eq!(
        lines.text("only second-line-2"),
        "only [redacted: the value of TLS_PRIVATE]"
    );
}

#[test]
fn shapes_without_any_variable() {
    let none = redactor(&[]);
    for (text, expected) in [
        (
            "https://ana:pw@host/x",
            "https://[redacted: credentials of a URL]@host/x",
        ),
        (
            "https://ana:p@w@host/x",
            "https://[redacted: credentials of a URL]@host/x",
        ),
        (
            "HTTPS://tok@host",
            "HTTPS://[redacted: credentials of a URL]@host",
        ),
        (
            "postgres://u:pw@db/x",
            "postgres://[redacted: credentials of a URL]@db/x",
        ),
        (
            "GET /x?a=1&token=abc&b=2",
            "GET /x?a=1&token=[redacted: a parameter of a URL]&b=2",
        ),
        (
            "s3?X-Amz-Signature=ab12",
            "s3?X-Amz-Signature=[redacted: a parameter of a URL]",
        ),
        (
            "<a?x=1&amp;sig=q>",
            "<a?x=1&amp;sig=[redacted: a parameter of a URL]>",
        ),
        (
            "> Authorization: Basic dTpw",
            "> Authorization: [redacted: an Authorization header]",
        ),
        (
            "{\"authorization\": \"Bearer x\", \"a\": 1}",
            "{\"authorization\": \"[redacted: an Authorization header]\", \"a\": 1}",
        ),
        (
            "got bearer abc123def",
            "got bearer [redacted: a bearer token]",
        ),
        ("ghp_0123456789abcdef0123", "[redacted: GitHub token]"),
        (
            "github_pat_0123456789abcdef0123",
            "[redacted: GitHub token]",
        ),
        ("(xoxb-123456-abcdef)", "([redacted: Slack token])"),
        ("id AKIAIOSFODNN7EXAMPLE.", "id [redacted: AWS key]."),
        (
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
            "[redacted: a JSON web token]",
        ),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nend",
            "[redacted: a private key]\nend",
        ),
    ] {
        let once = none.text(text);
        assert_eq!(once, expected);
        assert_eq!(none.text(&once), expected, "twice is as once");
    }
    for harmless in [
        "ssh://git@github.com/x.git and git@github.com:x.git",
        "the bearer of news",
        "-----BEGIN CERTIFICATE-----",
        "authorization failed",
        "https://host/@scope/name?page=2",
        "key=value, token: none, mailto:ana@example.org",
        "class AKIA, ghp_short, eyJ.x.y",
    ] {
        assert_eq!(none.text(harmless), harmless);
    }
}

/// Pieces of a stream, put together again.
#[test]
fn values_of_names_that_say_what_they_are() {
    for (text, shown) in [
        (
            "password=hunter2pass ok",
            "password=[redacted: the value of a secret] ok",
        ),
        (
            "{\"db_password\": \"hunter2\", \"port\": 1}",
            "{\"db_password\": \"[redacted: the value of a secret]\", \"port\": 1}",
        ),
        (
            "API_KEY: 'abcdef12'",
            "API_KEY: '[redacted: the value of a secret]'",
        ),
        (
            "auth_token = abc123def",
            "auth_token = [redacted: the value of a secret]",
        ),
        // Prose, code and short words stay.
        (
            "password = os.environ[\"X\"]",
            "password = os.environ[\"X\"]",
        ),
        ("secret=get_secret(name)", "secret=get_secret(name)"),
        ("if password == wanted:", "if password == wanted:"),
        ("password: none", "password: none"),
        ("the secret: see below", "the secret: see below"),
    ] {
        assert_eq!(usual().text(text), shown);
    }
}

fn flowed(redactor: &Redactor, pieces: &[&[u8]]) -> Vec<u8> {
    let mut flow = Flow::new(redactor);
    let mut out = Vec::new();
    for piece in pieces {
        out.extend(flow.push(piece));
    }
    out.extend(flow.finish());
    out
}

#[test]
fn whole_lines_are_shown_at_once() {
    let all = usual();
    let mut flow = Flow::new(&all);
    assert_eq!(flow.push(b"one\ntw"), b"one\n");
    assert_eq!(flow.push(b"o\nhunter"), b"two\n");
    assert_eq!(flow.push(b"2-\n"), b"", "it may go on in the next line");
    assert_eq!(flow.push(b"nothing\n"), b"hunter2-\nnothing\n");
}

#[test]
fn a_private_key_that_never_ends_swallows_no_more_than_a_key() {
    let all = usual();
    let mut text = b"-----BEGIN PRIVATE KEY-----\n".to_vec();
    for _ in 0..20_000 {
        text.extend_from_slice(b"line\n");
    }
    text.extend_from_slice(b"the end\n");
    let pieces: Vec<&[u8]> = text.chunks(1000).collect();
    let out = flowed(&all, &pieces);
    assert!(out.starts_with(b"[redacted: a private key]"));
    assert!(out.ends_with(b"the end\n"));
}

#[test]
fn a_line_without_end_needs_no_endless_memory_and_hides_no_secret() {
    let all = usual();
    let mut text = vec![b'x'; 100_000];
    for at in [32_000, 32_760, 65_000, 99_000] {
        text[at..at + SECRET.len()].copy_from_slice(SECRET.as_bytes());
    }
    let mut flow = Flow::new(&all);
    let mut out = Vec::new();
    for piece in text.chunks(777) {
        out.extend(flow.push(piece));
        assert!(flow.pending.len() <= 40_000);
    }
    out.extend(flow.finish());
    let out = String::from_utf8(out).unwrap();
    assert!(!out.contains(SECRET));
    assert_eq!(out.matches("[redacted").count(), 4);
}

/// Every kind of secret, as it is planted.
fn planted() -> impl Strategy<Value = &'static str> {
    prop_oneof![
        Just(SECRET),
        Just("ghp_0123456789abcdef0123456789abcdef0123"),
        Just("xoxb-1234567890-abcdefghij"),
        Just("AKIAIOSFODNN7EXAMPLE"),
        Just("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"),
    ]
}

proptest! {
    /// However the output is cut into pieces, and whatever stands around it, no secret is left.
    #[test]
    fn no_secret_gets_through(
        before in "[ -~\n]{0,200}",
        after in "[ -~\n]{0,200}",
        secret in planted(),
        cuts in proptest::collection::vec(1_usize..40, 1..60),
    ) {
        // A token is known by its beginning, which must not be the middle of a word.
        let text = format!("{before} {secret}\n{after}");
        let mut pieces = Vec::new();
        let mut rest = text.as_bytes();
        for cut in cuts.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, behind) = rest.split_at((*cut).min(rest.len()));
            pieces.push(piece);
            rest = behind;
        }
        let out = String::from_utf8(flowed(&usual(), &pieces)).unwrap();
        prop_assert!(!out.contains(secret), "{out}");
    }

    /// Bytes of any kind harm nothing.
    #[test]
    fn any_bytes_are_taken(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        let all = usual();
        let _ = all.bytes(&bytes);
        let pieces: Vec<&[u8]> = bytes.chunks(7).collect();
        flowed(&all, &pieces);
    }
}

//! Secrets that are known by their shape: keys, tokens, headers, credentials in URLs.

use super::{Found, MARKED};

/// A token's beginning, what it is, how many characters have to follow, and which.
type Token = (&'static [u8], &'static str, usize, fn(u8) -> bool);

/// Tokens that are known by their beginning.
const TOKENS: [Token; 17] = [
    (b"ghp_", "GitHub token", 16, is_word),
    (b"gho_", "GitHub token", 16, is_word),
    (b"ghu_", "GitHub token", 16, is_word),
    (b"ghs_", "GitHub token", 16, is_word),
    (b"ghr_", "GitHub token", 16, is_word),
    (b"github_pat_", "GitHub token", 16, is_word),
    (b"glpat-", "GitLab token", 16, is_dashed),
    (b"xoxa-", "Slack token", 10, is_dashed),
    (b"xoxb-", "Slack token", 10, is_dashed),
    (b"xoxp-", "Slack token", 10, is_dashed),
    (b"xoxr-", "Slack token", 10, is_dashed),
    (b"xoxs-", "Slack token", 10, is_dashed),
    (b"xapp-", "Slack token", 10, is_dashed),
    (b"pypi-", "PyPI token", 40, is_dashed),
    (b"sk_live_", "Stripe key", 16, is_word),
    (b"AKIA", "AWS key", 16, is_upper),
    (b"ASIA", "AWS key", 16, is_upper),
];
/// Parameters of a URL whose value is a secret, in lower case.
const PARAMETERS: [&[u8]; 22] = [
    b"token",
    b"access_token",
    b"refresh_token",
    b"id_token",
    b"auth_token",
    b"private_token",
    b"auth",
    b"key",
    b"api_key",
    b"apikey",
    b"secret",
    b"client_secret",
    b"password",
    b"passwd",
    b"sig",
    b"signature",
    b"x-amz-signature",
    b"x-amz-security-token",
    b"x-amz-credential",
    b"x-goog-signature",
    b"x-goog-credential",
    b"awsaccesskeyid",
];
/// How a name ends whose value is a secret, in lower case.
const SECRET_NAMES: [&[u8]; 9] = [
    b"password",
    b"passwd",
    b"passphrase",
    b"secret",
    b"secret_key",
    b"api_key",
    b"apikey",
    b"private_key",
    b"_token",
];
/// The shortest value of such a name.
const MIN_VALUE: usize = 6;
const KEY_BEGIN: &[u8] = b"-----BEGIN ";
const KEY_END: &[u8] = b"-----END ";
const PRIVATE_KEY: &[u8] = b"PRIVATE KEY";
const DASHES: &[u8] = b"-----";
/// How far a marker's end is looked for.
const MARKER: usize = 80;
const AUTHORIZATION: &[u8] = b"authorization";
const BEARER: &[u8] = b"bearer";
/// The shortest token behind `Bearer`.
const MIN_BEARER: usize = 8;

/// The bytes that a shape may begin with.
pub(super) const fn first_bytes() -> [bool; 256] {
    let mut first = [false; 256];
    let mut at = 0;
    let bytes = b":=?&;-aAbBeE";
    while at < bytes.len() {
        first[bytes[at] as usize] = true;
        at += 1;
    }
    let mut token = 0;
    while token < TOKENS.len() {
        first[TOKENS[token].0[0] as usize] = true;
        token += 1;
    }
    first
}

/// The secret that a shape finds at a place.
pub(super) fn at(text: &[u8], at: usize) -> Option<Found> {
    let (rest, before) = (&text[at..], at.checked_sub(1).map(|before| text[before]));
    let in_word = before.is_some_and(is_word);
    match rest[0] {
        b'-' => private_key(text, at),
        b':' => url_credentials(text, at).or_else(|| assignment(text, at)),
        b'=' => assignment(text, at),
        b'?' | b'&' | b';' => parameter(text, at),
        b'a' | b'A' if starts_with(rest, AUTHORIZATION) => header(text, at),
        b'b' | b'B' if !in_word && starts_with(rest, BEARER) => bearer(text, at),
        b'e' if !in_word => jwt(text, at),
        _ if !in_word => token(text, at),
        _ => None,
    }
}

/// Where a private key ends that goes on at `from`; `None` where its end is not there.
pub(super) fn key_end(text: &[u8], from: usize) -> Option<usize> {
    let begin = from + position(&text[from..], KEY_END)?;
    let rest = begin + KEY_END.len();
    let window = &text[rest..text.len().min(rest + MARKER)];
    Some(position(window, DASHES).map_or(rest, |dashes| rest + dashes + DASHES.len()))
}

fn private_key(text: &[u8], at: usize) -> Option<Found> {
    let rest = text[at..].strip_prefix(KEY_BEGIN)?;
    let kind = &rest[..rest.len().min(MARKER)];
    let kind = &kind[..position(kind, DASHES)?];
    position(kind, PRIVATE_KEY)?;
    let end = key_end(text, at);
    Some(Found {
        start: at,
        end: end.unwrap_or(text.len()),
        what: "a private key".to_owned(),
        open: end.is_none(),
    })
}

/// `://user:password@`, and `https://token@`. A user alone, as ssh has it, is no secret.
fn url_credentials(text: &[u8], at: usize) -> Option<Found> {
    let rest = text[at..].strip_prefix(b"://")?;
    let length = run(rest, |b| {
        !b.is_ascii_whitespace() && !b"/?#\"'<>`\\".contains(&b)
    });
    // A password may hold an `@` itself: the last one counts.
    let user = rest[..length].iter().rposition(|&byte| byte == b'@')?;
    let scheme = text[at.saturating_sub(5)..at].to_ascii_lowercase();
    let http = scheme.ends_with(b"http") || scheme.ends_with(b"https");
    if user == 0 || !(http || rest[..user].contains(&b':')) {
        return None;
    }
    found(text, at + 3, at + 3 + user, "credentials of a URL")
}

/// `password=…`, `"api_key": "…"`: the value alone, where the name before it says what it is. Code
/// is full of such names: what looks like an expression is none.
fn assignment(text: &[u8], at: usize) -> Option<Found> {
    let before = &text[..at];
    let trimmed = before.len()
        - before
            .iter()
            .rev()
            .take_while(|b| b" \t\"'\\".contains(b))
            .count();
    let name = before[..trimmed]
        .iter()
        .rev()
        .take_while(|&&b| is_dashed(b) || b == b'.')
        .count();
    let name = before[trimmed - name..trimmed].to_ascii_lowercase();
    if !SECRET_NAMES.iter().any(|known| name.ends_with(known)) {
        return None;
    }
    let mut start = at + 1;
    start += run(&text[start..], |b| b" \t\"'\\".contains(&b));
    let length = run(&text[start..], |b| {
        !b.is_ascii_whitespace() && !b"\"'\\,;&<>(){}[]`$".contains(&b)
    });
    let value = &text[start..start + length];
    let expression = matches!(text.get(start + length), Some(b'(' | b'[' | b'{'));
    if length < MIN_VALUE || expression || value.starts_with(b"=") {
        return None;
    }
    found(text, start, start + length, "the value of a secret")
}

/// `?token=…`, `&X-Amz-Signature=…`; the value alone.
fn parameter(text: &[u8], at: usize) -> Option<Found> {
    let rest = &text[at + 1..];
    let rest = rest.strip_prefix(b"amp;").unwrap_or(rest);
    let name = run(rest, |b| is_dashed(b) || b == b'.');
    let value = rest[name..].strip_prefix(b"=")?;
    let known = PARAMETERS
        .iter()
        .any(|known| rest[..name].eq_ignore_ascii_case(known));
    let length = run(value, |b| {
        !b.is_ascii_whitespace() && !b"&;\"'<>#`".contains(&b)
    });
    if !known || length == 0 {
        return None;
    }
    let start = text.len() - value.len();
    found(text, start, start + length, "a parameter of a URL")
}

/// `Authorization: …`, also as a field of JSON: the value to the end of the line or its quote.
fn header(text: &[u8], at: usize) -> Option<Found> {
    let mut start = at + AUTHORIZATION.len();
    start += run(&text[start..], |b| b"\"'".contains(&b));
    start += run(&text[start..], |b| b == b' ');
    if !matches!(text.get(start), Some(b':' | b'=')) {
        return None;
    }
    start += 1;
    start += run(&text[start..], |b| b" \t\"'".contains(&b));
    let length = run(&text[start..], |b| !b"\r\n\"'".contains(&b));
    if length == 0 {
        return None;
    }
    found(text, start, start + length, "an Authorization header")
}

/// `Bearer TOKEN`. A word behind it that holds no digit and is short is prose.
fn bearer(text: &[u8], at: usize) -> Option<Found> {
    let mut start = at + BEARER.len();
    let space = run(&text[start..], |b| b == b' ' || b == b':');
    start += space;
    let length = run(&text[start..], |b| is_dashed(b) || b".~+/=".contains(&b));
    let value = &text[start..start + length];
    let tokenlike = length >= 2 * MIN_BEARER || value.iter().any(u8::is_ascii_digit);
    if space == 0 || length < MIN_BEARER || !tokenlike {
        return None;
    }
    found(text, start, start + length, "a bearer token")
}

/// Three parts of base64url, the first a JSON object.
fn jwt(text: &[u8], at: usize) -> Option<Found> {
    let mut end = at;
    if !text[at..].starts_with(b"eyJ") {
        return None;
    }
    for part in 0..3 {
        let length = run(&text[end..], is_dashed);
        end += length;
        let enough = if part == 2 { 1 } else { 8 };
        if length < enough {
            return None;
        }
        if part < 2 {
            if text.get(end) != Some(&b'.') {
                return None;
            }
            end += 1;
        }
    }
    found(text, at, end, "a JSON web token")
}

fn token(text: &[u8], at: usize) -> Option<Found> {
    TOKENS.iter().find_map(|(prefix, what, least, allowed)| {
        let rest = text[at..].strip_prefix(*prefix)?;
        let length = run(rest, allowed);
        let end = at + prefix.len() + length;
        (length >= *least)
            .then(|| found(text, at, end, what))
            .flatten()
    })
}

/// A secret; `None` where a marker of ours stands there already.
fn found(text: &[u8], start: usize, end: usize, what: &str) -> Option<Found> {
    (!text[start..].starts_with(MARKED)).then(|| Found {
        start,
        end,
        what: what.to_owned(),
        open: false,
    })
}

/// How many bytes from the beginning on are of a kind.
fn run(text: &[u8], of: impl Fn(u8) -> bool) -> usize {
    let end = text.iter().position(|&byte| !of(byte));
    end.unwrap_or(text.len())
}

fn position(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|at| at == wanted)
}

fn starts_with(text: &[u8], lower: &[u8]) -> bool {
    text.get(..lower.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(lower))
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

const fn is_dashed(byte: u8) -> bool {
    is_word(byte) || byte == b'-'
}

const fn is_upper(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

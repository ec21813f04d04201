//! What must not be kept: secrets that an answer repeats, and links that carry one.

use url::Url;

use crate::http::client::Request;
use crate::http::transport::Headers;

/// The headers of an answer that are kept.
const KEPT: [&str; 4] = ["etag", "last-modified", "link", "content-type"];
/// What may stand in the query of a link that is kept: names of pages. Anything else could be a
/// signature.
const PAGING: [&str; 10] = [
    "page",
    "per_page",
    "after",
    "before",
    "cursor",
    "since",
    "sort",
    "direction",
    "limit",
    "offset",
];
/// Parts of names of headers whose value is a secret.
const SECRET_WORDS: [&str; 7] = [
    "auth", "token", "cookie", "key", "secret", "licen", "password",
];

/// The headers to keep; nothing where the answer cannot be kept, because a secret would be. (To
/// leave a link out instead would look as if there were no further page.)
pub(super) fn headers(request: &Request, headers: &Headers, body: &[u8]) -> Option<Headers> {
    let kept: Vec<(String, String)> = headers
        .0
        .iter()
        .filter(|(name, _)| KEPT.contains(&name.as_str()))
        .cloned()
        .collect();
    let links = kept.iter().filter(|(name, _)| name == "link");
    let harmless = links
        .flat_map(|(_, value)| targets(value))
        .all(|target| is_harmless(request.address.url(), target));
    let secrets = secrets(request);
    let repeated = secrets.iter().any(|secret| {
        let told = |(_, value): &(String, String)| value.contains(secret.as_str());
        kept.iter().any(told) || holds(body, secret.as_bytes())
    });
    (harmless && !repeated).then_some(Headers(kept))
}

/// Whether a text repeats a secret that a request sends.
pub(in crate::http) fn repeats(request: &Request, text: &[u8]) -> bool {
    let secrets = secrets(request);
    secrets.iter().any(|secret| holds(text, secret.as_bytes()))
}

/// The secrets that a request sends.
fn secrets(request: &Request) -> Vec<String> {
    let header = request.token.as_ref().map(super::Token::header);
    let token = header
        .iter()
        .filter_map(|header| header.split_once(' '))
        .map(|(_, secret)| secret.to_owned());
    let url = request.address.url();
    let password = url.password().map(str::to_owned);
    let others = request
        .headers
        .iter()
        .filter(|(name, _)| SECRET_WORDS.iter().any(|word| name.contains(word)))
        .map(|(_, value)| value.clone());
    let signed = url
        .query_pairs()
        .filter(|(name, _)| !PAGING.contains(&name.as_ref()))
        // A short value is a word of the service's (`state=all`), found in every answer.
        .filter(|(_, value)| value.len() >= 16)
        .map(|(_, value)| value.into_owned())
        .collect::<Vec<_>>();
    token
        .chain(password)
        .chain(others)
        .chain(signed)
        .filter(|secret| !secret.is_empty())
        .collect()
}

/// What stands between `<` and `>`.
fn targets(link: &str) -> impl Iterator<Item = &str> {
    link.split('<')
        .skip(1)
        .map(|rest| rest.split('>').next().unwrap_or(rest))
}

fn is_harmless(base: &Url, target: &str) -> bool {
    base.join(target).is_ok_and(|url| {
        url.username().is_empty()
            && url.password().is_none()
            && url
                .query_pairs()
                .all(|(name, _)| PAGING.contains(&name.as_ref()))
    })
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    let Some((first, rest)) = part.split_first() else {
        return false;
    };
    text.iter()
        .enumerate()
        .any(|(at, byte)| byte == first && text[at + 1..].starts_with(rest))
}

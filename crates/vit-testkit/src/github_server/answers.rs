//! What the server answers, from its state.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{Asset, BASE, ID, SIGNATURE, State};
use crate::fault_server::{Asked, Reply};
use crate::git;

/// Where the servers are.
pub(super) struct Place<'a> {
    pub(super) api: &'a str,
    pub(super) storage: &'a str,
}

/// The answer to a request.
pub(super) fn answer(state: &State, place: &Place<'_>, asked: &Asked) -> Reply {
    let instead = state
        .instead
        .iter()
        .find(|(begin, _)| asked.path.starts_with(begin.as_str()));
    if let Some((_, reply)) = instead {
        return reply.clone();
    }
    if let Some(failure) = &state.failure {
        return failure.clone();
    }
    let path = asked.bare_path();
    let query = Query(asked.path.split_once('?').map_or("", |(_, query)| query));
    if let Some((_, id)) = path.split_once("/releases/assets/") {
        return download(state, place, id, asked);
    }
    if let Some((_, file)) = path.split_once("/contents/") {
        return contents(state, file, &query);
    }
    if path.ends_with("/releases") {
        return page(place, "releases", &state.releases, &query, asked);
    }
    page(place, "tags", &tags(state), &query, asked)
}

/// An asset as a release lists it.
pub(super) fn asset(asset: &Asset, id: usize, url: &str) -> Value {
    let truth = || format!("sha256:{}", crate::tree_hash::sha256(&asset.bytes));
    json!({
        "id": id, "url": url, "name": asset.name, "state": asset.state, "label": null,
        "size": asset.bytes.len(), "digest": asset.digest.clone().unwrap_or_else(truth),
        "content_type": "application/json", "uploader": null, "download_count": 7,
    })
}

struct Query<'a>(&'a str);

impl<'a> Query<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        let mut pairs = self.0.split('&').filter_map(|pair| pair.split_once('='));
        pairs.find(|(key, _)| *key == name).map(|(_, value)| value)
    }

    fn number(&self, name: &str, otherwise: usize) -> usize {
        self.get(name)
            .and_then(|text| text.parse().ok())
            .unwrap_or(otherwise)
    }
}

/// A page of a list, with its links and its ETag.
fn page(place: &Place<'_>, what: &str, all: &[Value], query: &Query<'_>, asked: &Asked) -> Reply {
    let size = query.number("per_page", 30).clamp(1, 100);
    let number = query.number("page", 1).max(1);
    let last = all.len().div_ceil(size).max(1);
    let items: Vec<&Value> = all.iter().skip((number - 1) * size).take(size).collect();
    let body = serde_json::to_string(&items).expect("JSON can be written");
    let etag = format!("W/\"{}\"", crate::tree_hash::sha256(body.as_bytes()));
    let mut links = Vec::new();
    let mut link = |rel: &str, page: usize| {
        links.push(format!(
            "<{}{BASE}/repositories/{ID}/{what}?per_page={size}&page={page}>; rel=\"{rel}\"",
            place.api
        ));
    };
    if number > 1 {
        link("prev", number - 1);
    }
    if number < last {
        link("next", number + 1);
        link("last", last);
    }
    if number > 1 {
        link("first", 1);
    }
    let reply = if asked.header("if-none-match") == Some(etag.as_str()) {
        Reply::status(304)
    } else {
        Reply::json(&body)
    };
    let reply = reply
        .header("etag", &etag)
        .header("cache-control", "private, max-age=60, s-maxage=60")
        .header("vary", "Accept, Authorization, Cookie");
    if links.is_empty() {
        reply
    } else {
        reply.header("link", &links.join(", "))
    }
}

/// The origin's tags, peeled.
fn tags(state: &State) -> Vec<Value> {
    let format = "--format=%(refname:short) %(objectname) %(*objectname)";
    let args = ["for-each-ref", "--sort=-refname", format, "refs/tags"];
    let listed = git::run(&state.origin, &state.home, &args);
    let tag = |line: &str| {
        let mut words = line.split(' ');
        let (name, own) = (words.next()?, words.next()?);
        let commit = words.next().filter(|peeled| !peeled.is_empty());
        Some(json!({"name": name, "commit": {"sha": commit.unwrap_or(own)}}))
    };
    listed.lines().filter_map(tag).collect()
}

fn contents(state: &State, file: &str, query: &Query<'_>) -> Reply {
    let tag = query.get("ref").unwrap_or("HEAD").replace("%2B", "+");
    let listed = ["ls-tree", "--format=%(path)", &tag, "--", file];
    if git::run(&state.origin, &state.home, &listed).is_empty() {
        return Reply::json(r#"{"message": "Not Found", "status": "404"}"#).with_status(404);
    }
    let text = git::run(
        &state.origin,
        &state.home,
        &["show", &format!("{tag}:{file}")],
    ) + "\n";
    let mut coded = String::new();
    for line in base64(text.as_bytes()).as_bytes().chunks(60) {
        let _ = writeln!(coded, "{}", String::from_utf8_lossy(line));
    }
    Reply::json(
        &json!({
            "type": "file", "encoding": "base64", "size": text.len(), "name": file,
            "path": file, "content": coded,
        })
        .to_string(),
    )
}

/// An asset: as it is described, or its bytes by way of another origin.
fn download(state: &State, place: &Place<'_>, id: &str, asked: &Asked) -> Reply {
    let number: usize = id.parse().unwrap_or_default();
    let Some(found) = number.checked_sub(1).and_then(|at| state.assets.get(at)) else {
        return Reply::json(r#"{"message": "Not Found"}"#).with_status(404);
    };
    if asked.header("accept") == Some("application/octet-stream") {
        let target = format!(
            "{}/download/{id}?X-Amz-Signature={SIGNATURE}",
            place.storage
        );
        return Reply::redirect(302, &target);
    }
    Reply::json(&asset(found, number, &asked.path).to_string())
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut three = [0; 3];
        three[..chunk.len()].copy_from_slice(chunk);
        let bits = three
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte));
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place > chunk.len() {
                '='
            } else {
                letter as char
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_is_what_everybody_calls_so() {
        for (plain, coded) in [("", ""), ("h", "aA=="), ("he", "aGU="), ("hel", "aGVs")] {
            assert_eq!(super::base64(plain.as_bytes()), coded);
        }
    }
}

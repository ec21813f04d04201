//! Real exchanges with api.github.com. Every GET of every recording is accounted for: read by what
//! it is for, or named with the reason why nothing here asks for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::super::{pages, wire};
use super::*;
use crate::http::Address;
use crate::http::link;
use crate::http::transport::Headers;
use crate::http::transport::replay::{Recorded, Replay};

/// An exchange.
struct Taken {
    file: String,
    url: String,
    status: u16,
    headers: Headers,
    /// Absent where it is no text.
    body: Option<String>,
}

impl Taken {
    /// The path after the repository's.
    fn below(&self) -> (&str, &str) {
        let path = self.url.splitn(4, '/').nth(3).unwrap_or_default();
        let mut parts = path.splitn(if path.starts_with("repos/") { 4 } else { 3 }, '/');
        match parts.next() {
            Some(first @ "repos") => {
                let _ = parts.nth(1);
                (first, parts.next().unwrap_or_default())
            }
            Some(first @ "repositories") => {
                let _ = parts.next();
                (first, parts.next().unwrap_or_default())
            }
            _ => ("", path),
        }
    }

    fn text(&self) -> &str {
        self.body.as_deref().unwrap_or_default()
    }
}

/// What becomes of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Use {
    Releases,
    OneRelease,
    Assets,
    OneAsset,
    Download,
    Tags,
    Contents,
    Renamed,
    Absent,
    Pages,
    /// Nothing here asks for it; why.
    Not(&'static str),
}

fn data() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let data = root.join("../../../shared/data/github");
    vit_testkit::tools::need_that("the shared recordings", || data.is_dir()).then_some(data)
}

fn all(data: &Path) -> Vec<Taken> {
    let mut taken = Vec::new();
    for folder in ["octokit-fixtures", "octokit.rb", "github3.py"] {
        for entry in std::fs::read_dir(data.join(folder)).unwrap().flatten() {
            let file = entry.path().display().to_string();
            let text = std::fs::read_to_string(entry.path()).unwrap();
            let read: Value = serde_json::from_str(&text).unwrap();
            for exchange in read["exchanges"].as_array().unwrap() {
                let (request, response) = (&exchange["request"], &exchange["response"]);
                if request["method"] != "GET" {
                    continue;
                }
                let headers = response["headers"].as_array().unwrap().iter();
                let header = |pair: &Value| {
                    let text = |at: usize| pair[at].as_str().unwrap_or_default().to_owned();
                    (text(0).to_ascii_lowercase(), text(1))
                };
                taken.push(Taken {
                    file: file.clone(),
                    url: request["url"].as_str().unwrap().to_owned(),
                    status: u16::try_from(response["status"].as_u64().unwrap()).unwrap(),
                    headers: Headers(headers.map(header).collect()),
                    body: response["body_text"].as_str().map(str::to_owned),
                });
            }
        }
    }
    taken
}

fn used(taken: &Taken) -> Use {
    let (first, below) = taken.below();
    let path = below
        .split('?')
        .next()
        .unwrap_or_default()
        .trim_end_matches('/');
    let words: Vec<&str> = path.split('/').collect();
    if !taken.url.starts_with("https://api.github.com/") {
        return if taken.url.contains("release-asset") {
            Use::Download
        } else {
            Use::Not("code comes through git, never as an archive")
        };
    }
    match (first, words.as_slice(), taken.status) {
        (_, ["releases", ..], 404) | ("repos", [""], 404) => Use::Absent,
        ("repos", [""], 301) | ("repositories", [""], _) => Use::Renamed,
        ("repos", ["contents", ..], 302) => Use::Renamed,
        (_, ["releases"], 200) => Use::Releases,
        (_, ["releases", "assets", _], 200) => Use::OneAsset,
        (_, ["releases", "assets", _], 302) => Use::Download,
        (_, ["releases", _, "assets"], 200) => Use::Assets,
        (_, ["releases", _] | ["releases", "tags", _], 200) => Use::OneRelease,
        (_, ["tags"], 200) => Use::Tags,
        (_, ["contents", ..], 200) => Use::Contents,
        (_, _, 200) if taken.headers.get("link").is_some() => Use::Pages,
        ("repos", [""], 200) => Use::Not("nothing of the repository itself is needed"),
        (_, ["git" | "branches" | "commits", ..], _) => Use::Not("refs come through git"),
        (_, ["tarball", ..], 302) => Use::Not("code comes through git, never as an archive"),
        ("", ["rate_limit"], 200) => Use::Not("limits are read where they are met"),
        ("", [""], 200) => Use::Not("the addresses of the API are known"),
        (_, ["issues"], 200) => Use::Not("the last page of a list that is followed above"),
        other => panic!(
            "{}: {} is not accounted for: {other:?}",
            taken.file, taken.url
        ),
    }
}

/// A page with one release that has these assets.
fn with_assets(assets: &str) -> wire::Page {
    let text = format!(r#"[{{"tag_name": "v1.0.0", "assets": {assets}}}]"#);
    wire::releases("o/n", text.as_bytes()).unwrap()
}

/// The same asset under the name that is looked for.
fn as_metadata(asset: &str) -> String {
    let mut asset: Value = serde_json::from_str(asset).unwrap();
    asset["name"] = "releases.json".into();
    format!("[{asset}]")
}

fn check(taken: &Taken, what: Use) {
    let name = "o/n";
    let body = taken.text();
    match what {
        Use::Releases => {
            let items: Vec<Value> = serde_json::from_str(body).unwrap();
            let drafts = items.iter().filter(|item| item["draft"] == true).count();
            let page = wire::releases(name, body.as_bytes()).unwrap();
            let found = page.entries.len() + page.ignored.len();
            assert_eq!(found, items.len() - drafts, "{}", taken.file);
            assert_eq!(page.problems, []);
        }
        Use::OneRelease => {
            let page = wire::releases(name, format!("[{body}]").as_bytes()).unwrap();
            assert_eq!(page.problems, [], "{}", taken.file);
            assert!(page.entries.iter().all(|entry| entry.problems.is_empty()));
        }
        Use::Assets => {
            let page = with_assets(body);
            assert_eq!(page.entries[0].problems, [], "{}", taken.file);
            let items: Vec<Value> = serde_json::from_str(body).unwrap();
            for item in items {
                let page = with_assets(&as_metadata(&item.to_string()));
                assert_eq!(
                    page.entries[0].asset.as_ref().unwrap().size,
                    item["size"].as_u64()
                );
            }
        }
        Use::OneAsset => {
            let page = with_assets(&as_metadata(body));
            let asset = page.entries[0].asset.as_ref().unwrap();
            // The address is that of the API; the download's is another one.
            assert_eq!(
                asset.url.as_deref(),
                Some(taken.url.as_str()),
                "{}",
                taken.file
            );
        }
        Use::Tags => {
            let items: Vec<Value> = serde_json::from_str(body).unwrap();
            let tags = wire::tags(name, body.as_bytes()).unwrap();
            assert_eq!(tags.len(), items.len());
        }
        Use::Contents => contents(taken),
        Use::Absent => {
            let replay = Replay::of(&[Recorded::new(LIST, taken.status, body)]);
            let listing = over(replay).list(true).unwrap();
            assert!(said(&listing).contains("was not found, or there is no access"));
        }
        Use::Pages => {
            let base = Address::parse("https://api.github.com").unwrap();
            let next = link::next(&taken.headers, &base).unwrap();
            let last = link::last(&taken.headers, &base).unwrap();
            if let (Some(next), Some(last)) = (&next, &last) {
                let numbered = next.url().as_str().contains("page=2");
                assert_eq!(
                    pages::between(next, last).is_some(),
                    numbered,
                    "{}",
                    taken.url
                );
            }
            assert!(
                next.is_some() || taken.url.contains("page="),
                "{}",
                taken.url
            );
        }
        // Replayed as a whole below.
        Use::Download | Use::Renamed => {}
        Use::Not(_) => {}
    }
}

fn contents(taken: &Taken) {
    let kind = taken.headers.get("content-type").unwrap_or_default();
    let read = wire::content("f", taken.text().as_bytes());
    let value: Value = serde_json::from_str(taken.text()).unwrap_or_default();
    if kind.contains("raw") || value.is_array() {
        // Neither is asked for, and neither passes for a file.
        assert!(read.is_err(), "{}", taken.file);
    } else {
        let Ok(wire::Content::Whole(bytes)) = read else {
            panic!("{}: {read:?}", taken.file)
        };
        assert_eq!(u64::try_from(bytes.len()).ok(), value["size"].as_u64());
    }
}

#[test]
fn every_recorded_exchange_is_accounted_for() {
    let Some(data) = data() else { return };
    let mut counts: BTreeMap<Use, usize> = BTreeMap::new();
    for taken in all(&data) {
        let what = used(&taken);
        check(&taken, what);
        *counts.entry(what).or_default() += 1;
    }
    for wanted in [
        Use::Releases,
        Use::OneRelease,
        Use::Assets,
        Use::OneAsset,
        Use::Download,
        Use::Tags,
        Use::Contents,
        Use::Renamed,
        Use::Absent,
        Use::Pages,
    ] {
        assert!(counts.contains_key(&wanted), "{wanted:?}: {counts:?}");
    }
}

const LIST: &str = "/repos/sigmavirus24/github3.py/releases?per_page=100";

/// A world whose installation follows a repository of github.com over a replay; git does not
/// reach it.
struct Over {
    world: vit_testkit::World,
    replay: Replay,
}

fn over(replay: Replay) -> Over {
    let world = vit_testkit::World::default();
    let url = "https://github.com/sigmavirus24/github3.py.git";
    world.git(&["config", "remote.origin.url", url]);
    let origin = world.origin();
    let file = world.home().join(".gitconfig");
    world.git(&[
        "config",
        "--file",
        file.to_str().unwrap(),
        &format!("url.{}.insteadOf", origin.display()),
        url,
    ]);
    Over { world, replay }
}

impl Over {
    fn run<T>(&self, act: impl FnOnce(&Context<'_>) -> T) -> T {
        let environment = Environment::new(self.world.environment());
        let site = Site::discover(&self.world.installation(), &environment).unwrap();
        act(&Context {
            site: &site,
            git: &Git::open(&site.root, &environment),
            environment: &environment,
            clock: &FixedClock("2026-11-22T10:00:00Z".parse().unwrap()),
            reporter: &Silent,
            cancel: &Cancel::default(),
            actor: &Actor::default(),
            faults: &Faults::new(&Environment::default()),
            network: &Network::new(self.replay.clone()),
            channel_override: None,
        })
    }

    fn list(&self, refresh: bool) -> Result<Listing, EngineError> {
        self.run(|cx| crate::registry::open(cx, None)?.list(cx, refresh))
    }
}

fn recording(data: &Path, name: &str) -> Vec<Recorded> {
    let text = std::fs::read_to_string(data.join(name)).unwrap();
    Recorded::read(&text).unwrap()
}

/// A whole list as it was answered.
#[test]
fn a_recorded_list_is_listed() {
    let Some(data) = data() else { return };
    let recorded = recording(&data, "github3.py/Repository_releases.json");
    let over = over(Replay::of(&recorded));
    let listing = over.list(true).unwrap();
    assert_eq!(listing.source.kind, "github");
    assert_eq!(listing.source.location, "sigmavirus24/github3.py");
    assert_eq!(over.replay.targets(), [LIST]);
    // v0.7.1 has no tag in this world's origin, v1.0.0 is of the world.
    assert_eq!(tags(&listing), ["v0.7.1", "v1.0.0"]);
    let lost = find(&listing.releases, "v0.7.1");
    assert_eq!(codes(&lost.problems), [Code::ObjectsMissing]);
}

/// An asset as it was answered: sent on to another origin, without the token.
#[test]
fn a_recorded_download_is_followed() {
    let Some(data) = data() else { return };
    let recorded = recording(&data, "github3.py/Asset_download.json");
    let over = over(Replay::of(&recorded));
    over.run(|cx| {
        let repository = Repository::named(cx.environment, "sigmavirus24/github3.py").unwrap();
        let token = OnceLock::from(Token::new(TOKEN, "GITHUB_TOKEN"));
        let ask = Ask::new(cx, &repository, &token);
        let asset = repository.address(&["releases", "assets", "37944"], &[]);
        let got = ask.bytes(&[asset], 1024 * 1024, Freshness::Immutable);
        assert_eq!(got[0].as_ref().unwrap().body.len(), 117_140);
    });
    let sent = over.replay.sent();
    assert_eq!(sent.len(), 2);
    assert!(sent[0].header("authorization").is_some());
    assert!(sent[1].url.contains("amazonaws.com"));
    assert!(
        sent[1]
            .headers
            .iter()
            .all(|(_, value)| !value.contains(TOKEN))
    );
}

/// A repository that was renamed: what it was called leads to what it is.
#[test]
fn a_renamed_repository_is_followed() {
    let Some(data) = data() else { return };
    let moved = all(&data)
        .into_iter()
        .find(|taken| taken.status == 301 && taken.file.ends_with("Repository_tags.json"))
        .unwrap();
    let target = moved.headers.get("location").unwrap().to_owned() + "/releases?per_page=100";
    let list = r#"[{"tag_name": "v1.0.0"}]"#;
    let replay = Replay::of(&[
        Recorded::new(LIST, moved.status, moved.text()).header("location", &target),
        Recorded::new(&target, 200, list),
    ]);
    let over = over(replay);
    let listing = over.list(true).unwrap();
    assert_eq!(listing.source.kind, "github");
    assert_eq!(tags(&listing), ["v1.0.0"]);
    assert_eq!(
        over.replay.targets()[1],
        "/repositories/11439734/releases?per_page=100"
    );
}

/// The examples of the API's own description.
#[test]
fn the_examples_of_the_description_are_read() {
    let Some(data) = data() else { return };
    let text = std::fs::read_to_string(data.join("openapi/examples.json")).unwrap();
    let examples: BTreeMap<String, Value> = serde_json::from_str(&text).unwrap();
    for (name, example) in examples {
        let text = example["value"].to_string();
        let bytes = text.as_bytes();
        match name.as_str() {
            "release-items" => {
                let page = wire::releases("o/n", bytes).unwrap();
                assert_eq!(page.entries.len(), 1);
                assert_eq!(page.entries[0].problems, []);
            }
            "release" => {
                let page = wire::releases("o/n", format!("[{text}]").as_bytes()).unwrap();
                assert_eq!(page.entries[0].tag, "v1.0.0");
            }
            "release-asset-items" => assert_eq!(with_assets(&text).entries[0].problems, []),
            "release-asset" => {
                let page = with_assets(&as_metadata(&text));
                let asset = page.entries[0].asset.as_ref().unwrap();
                assert_eq!((asset.id, asset.size), (1, Some(1024)));
            }
            "tag-items" => assert_eq!(wire::tags("o/n", bytes).unwrap().len(), 1),
            "content-file-response-if-content-is-a-file" => {
                // Its content was cut by whoever wrote the example.
                let why = wire::content("f", bytes).unwrap_err();
                assert!(why.contains("no base64"), "{why}");
            }
            other if other.starts_with("content-file-response") => {
                assert!(wire::content("f", bytes).is_err(), "{other}");
            }
            "full-repository-default-response"
            | "rate-limit-overview"
            | "git-ref-items"
            | "git-tag"
            | "list-attestations" => {} // Nothing here asks for them.
            other => panic!("the example {other} is not accounted for"),
        }
    }
}

//! What the API's answers mean: pure, and as forgiving as can be told. An odd release is a problem
//! of that release; an answer that is no list of releases is an error with a name.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use vit_contract::code::Code;
use vit_contract::document::{self, Format, Node, Value};
use vit_contract::problem::{Problem, Who};
use vit_contract::release::FILE_NAMES;
use vit_contract::{text, version};

/// The largest answer that is read, in bytes: a hundred releases with long notes.
pub(super) const MAX_BYTES: usize = 8 * 1024 * 1024;
/// How much of a name is shown.
const SHOWN: usize = 80;

/// A release as the API lists it, as little as is needed of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Its tag.
    pub(super) tag: String,
    /// The asset with its metadata.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) asset: Option<Asset>,
    /// What was noticed of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) problems: Vec<Problem>,
}

/// An asset that holds metadata.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Asset {
    /// Its id: an asset that is uploaded anew has another one.
    pub(super) id: u64,
    /// Which of the names it bears.
    pub(super) name: String,
    /// Its address, as the API says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
    /// Its size in bytes, where the API says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
    /// SHA-256, hex, where the API says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
}

/// What a page holds.
#[derive(Debug, Default)]
pub(super) struct Page {
    /// Releases, in the order of the page.
    pub(super) entries: Vec<Entry>,
    /// Tags of releases that are named after no version.
    pub(super) ignored: BTreeSet<String>,
    /// What is no release at all.
    pub(super) problems: Vec<Problem>,
}

/// A tag as the API lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    /// Its name.
    pub(super) name: String,
    /// The commit that it points at in the end.
    pub(super) commit: String,
}

/// A page of releases.
///
/// # Errors
/// It is no list, or no JSON; the text says why.
pub(super) fn releases(name: &str, bytes: &[u8]) -> Result<Page, String> {
    let mut page = Page::default();
    for item in list(name, bytes)? {
        let fields = Fields(&item);
        if fields.bool("draft") == Ok(Some(true)) {
            continue;
        }
        match fields.text("tag_name") {
            Ok(Some(tag)) if version::of_tag(tag).is_some() => {
                page.entries.push(entry(tag, fields));
            }
            Ok(Some(tag)) => {
                page.ignored.insert(text::excerpt(tag, SHOWN));
            }
            Ok(None) | Err(_) => page.problems.push(nameless(name, &item)),
        }
    }
    Ok(page)
}

/// A page of tags; what is none is left out.
///
/// # Errors
/// It is no list, or no JSON; the text says why.
pub(super) fn tags(name: &str, bytes: &[u8]) -> Result<Vec<Tag>, String> {
    let tag = |item: &Node| {
        let name = Fields(item).text("name").ok()??.to_owned();
        let commit = Fields(Fields(item).get("commit")?).text("sha").ok()??;
        is_oid(commit).then(|| Tag {
            name,
            commit: commit.to_owned(),
        })
    };
    Ok(list(name, bytes)?.iter().filter_map(tag).collect())
}

/// The content of a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// All of it.
    Whole(Vec<u8>),
    /// It is too large for this answer: its size in bytes.
    TooLarge(u64),
}

/// A file as the contents API answers.
///
/// # Errors
/// It is none: a folder, a link, a submodule, or no JSON; the text says why.
pub(super) fn content(name: &str, bytes: &[u8]) -> Result<Content, String> {
    let document = read(name, bytes)?;
    let fields = Fields(&document);
    let kind = fields.text("type")?.unwrap_or("file");
    if kind != "file" {
        return Err(format!(
            "it is no file but a {}",
            text::excerpt(kind, SHOWN)
        ));
    }
    let size = fields.number("size")?;
    match fields.text("encoding")?.unwrap_or_default() {
        "base64" => {
            let coded = fields.text("content")?.ok_or("there is no content")?;
            let coded: Vec<u8> = coded
                .bytes()
                .filter(|byte| !byte.is_ascii_whitespace())
                .collect();
            let whole = STANDARD
                .decode(coded)
                .map_err(|error| format!("its content is no base64: {error}"))?;
            match size {
                Some(size) if u64::try_from(whole.len()) != Ok(size) => Err(format!(
                    "{size} bytes were announced and {} came",
                    whole.len()
                )),
                _ => Ok(Content::Whole(whole)),
            }
        }
        "none" => Ok(Content::TooLarge(size.unwrap_or(u64::MAX))),
        other => Err(format!(
            "its encoding `{}` is not known",
            text::excerpt(other, SHOWN)
        )),
    }
}

fn is_oid(text: &str) -> bool {
    matches!(text.len(), 40 | 64)
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

fn entry(tag: &str, fields: Fields<'_>) -> Entry {
    let mut entry = Entry {
        tag: tag.to_owned(),
        asset: None,
        problems: Vec::new(),
    };
    let read = fields
        .bool("draft")
        .and_then(|_| fields.list("assets"))
        .and_then(metadata_asset);
    match read {
        Ok(asset) => entry.asset = asset,
        Err(why) => entry.problems.push(odd(tag, &why)),
    }
    entry
}

/// The asset with the metadata: the canonical name first. One that is not uploaded is none.
fn metadata_asset(assets: &[Node]) -> Result<Option<Asset>, String> {
    for wanted in FILE_NAMES {
        for item in assets {
            let fields = Fields(item);
            if fields.text("name") != Ok(Some(wanted)) {
                continue;
            }
            // `open` and `starter` are uploads that are under way or were given up.
            if !matches!(fields.text("state"), Ok(None | Some("uploaded"))) {
                continue;
            }
            let id = fields.number("id")?.ok_or("an asset has no id")?;
            let digest = fields.text("digest")?;
            return Ok(Some(Asset {
                id,
                name: wanted.to_owned(),
                url: fields.text("url")?.map(str::to_owned),
                size: fields.number("size")?,
                sha256: digest
                    .and_then(|digest| digest.strip_prefix("sha256:"))
                    .map(str::to_ascii_lowercase),
            }));
        }
    }
    Ok(None)
}

fn odd(tag: &str, why: &str) -> Problem {
    Problem::new(
        Code::MetadataUnreadable,
        tag,
        "what the API says of the release cannot be read",
    )
    .evidence(why)
    .hint(Who::Core, "publish the release again")
}

fn nameless(page: &str, item: &Node) -> Problem {
    let why = match Fields(item).get("tag_name") {
        _ if !matches!(item.value, Value::Map(_)) => format!("it is {}", item.kind()),
        Some(tag) => format!("its tag_name is {}", tag.kind()),
        None => "it has no tag_name".to_owned(),
    };
    Problem::new(
        Code::RegistryIncomplete,
        page,
        "an entry in the list of releases is none and was left out",
    )
    .evidence(why)
}

fn read(name: &str, bytes: &[u8]) -> Result<Node, String> {
    let reading = document::parse(Format::Json, name, bytes, MAX_BYTES);
    let why = reading.problems.first().map(|problem| {
        let place = problem.place.as_ref();
        let line = place.and_then(|place| place.line.zip(place.column));
        match line {
            Some((line, column)) => {
                format!("{}: line {line}, column {column}", problem.message)
            }
            None => problem.message.clone(),
        }
    });
    match (reading.value, why) {
        (Some(document), None) => Ok(document.root),
        (_, why) => Err(why.unwrap_or_else(|| "it is no JSON".to_owned())),
    }
}

fn list(name: &str, bytes: &[u8]) -> Result<Vec<Node>, String> {
    let node = read(name, bytes)?;
    match node.value {
        Value::Seq(items) => Ok(items),
        _ => Err(format!("a list was expected, and it is {}", node.kind())),
    }
}

/// The fields of an object; nothing has none. A field that is null counts as absent.
#[derive(Clone, Copy)]
struct Fields<'n>(&'n Node);

impl<'n> Fields<'n> {
    fn get(self, name: &str) -> Option<&'n Node> {
        let Value::Map(pairs) = &self.0.value else {
            return None;
        };
        let named = |key: &Node| matches!(&key.value, Value::String { text, .. } if text == name);
        let found = pairs.iter().find(|pair| named(&pair.key));
        found
            .map(|pair| &pair.value)
            .filter(|node| node.value != Value::Null)
    }

    fn take<T>(
        self,
        name: &str,
        wanted: &str,
        as_wanted: impl FnOnce(&'n Value) -> Option<T>,
    ) -> Result<Option<T>, String> {
        let Some(node) = self.get(name) else {
            return Ok(None);
        };
        match as_wanted(&node.value) {
            Some(value) => Ok(Some(value)),
            None => Err(format!("`{name}` is {} and not {wanted}", node.kind())),
        }
    }

    fn text(self, name: &str) -> Result<Option<&'n str>, String> {
        self.take(name, "a text", |value| match value {
            Value::String { text, .. } => Some(text.as_str()),
            _ => None,
        })
    }

    fn bool(self, name: &str) -> Result<Option<bool>, String> {
        self.take(name, "true or false", |value| match value {
            Value::Bool(truth) => Some(*truth),
            _ => None,
        })
    }

    fn number(self, name: &str) -> Result<Option<u64>, String> {
        self.take(name, "a whole number", |value| match value {
            Value::Int(number) => u64::try_from(*number).ok(),
            _ => None,
        })
    }

    fn list(self, name: &str) -> Result<&'n [Node], String> {
        let found = self.take(name, "a list", |value| match value {
            Value::Seq(items) => Some(items.as_slice()),
            _ => None,
        })?;
        Ok(found.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Page {
        releases("o/n", text.as_bytes()).unwrap()
    }

    fn refused(text: &str) -> String {
        releases("o/n", text.as_bytes()).unwrap_err()
    }

    /// CASES.md 7: one odd release hides no other.
    #[test]
    fn case_07_github_an_odd_release_answers_for_itself() {
        let page = page(
            r#"[7, null, "x", [], {}, {"tag_name": 3}, {"tag_name": null},
               {"tag_name": "nightly"}, {"tag_name": "v1"},
               {"tag_name": "v1.0.0", "assets": 7},
               {"tag_name": "v1.1.0", "assets": null, "author": null, "new": {"x": [1]}},
               {"tag_name": "v1.2.0", "draft": "yes"},
               {"tag_name": "v1.3.0", "draft": true},
               {"tag_name": "v1.4.0", "assets": [{"name": "release_metadata.json"}]},
               {"tag_name": "v1.5.0", "assets": [7, {"name": 3},
                 {"name": "releases.json", "id": 5, "size": 10, "state": "uploaded"},
                 {"name": "release_metadata.json", "id": 6, "size": 11, "state": "open"}]},
               {"tag_name": "v1.6.0", "assets": [
                 {"name": "releases.json", "id": 7}, {"name": "release_metadata.json",
                  "id": 8, "digest": "sha256:AB"}]}]"#,
        );
        let seen: Vec<(&str, Option<u64>, usize)> = page
            .entries
            .iter()
            .map(|e| {
                (
                    e.tag.as_str(),
                    e.asset.as_ref().map(|a| a.id),
                    e.problems.len(),
                )
            })
            .collect();
        assert_eq!(
            seen,
            [
                ("v1.0.0", None, 1),
                ("v1.1.0", None, 0),
                ("v1.2.0", None, 1),
                ("v1.4.0", None, 1),
                ("v1.5.0", Some(5), 0),
                ("v1.6.0", Some(8), 0),
            ]
        );
        let digest = page.entries[5].asset.as_ref().unwrap().sha256.as_deref();
        assert_eq!(digest, Some("ab"));
        assert_eq!(page.problems.len(), 7);
        assert_eq!(page.ignored.len(), 2);
    }

    /// CASES.md 31: what is no list of releases is an error that says why.
    #[test]
    fn case_31_github_hostile_json_is_a_named_error() {
        assert!(refused("{}").contains("a list was expected, and it is a mapping"));
        assert!(refused("<html>").contains("line 1"));
        assert!(refused("").contains("nothing"));
        assert!(refused("[NaN]").contains("line 1"));
        assert!(refused(r#"[{"a": 1, "a": 2}]"#).contains("stands twice"));
        let deep = format!("[{}{}]", "[".repeat(512), "]".repeat(512));
        assert!(refused(&deep).contains("deeper than 64"));
        let large = format!("[\"{}\"]", "x".repeat(10_000_000));
        assert!(refused(&large).contains("too large"), "{}", refused(&large));
        assert!(releases("o/n", b"[\xff]").unwrap_err().contains("UTF-8"));
    }

    #[test]
    fn contents_in_every_shape() {
        let of = |text: &str| content("f", text.as_bytes());
        let good =
            r#"{"type": "file", "encoding": "base64", "size": 5, "content": "aGVs\nbG8=\n"}"#;
        assert_eq!(of(good), Ok(Content::Whole(b"hello".to_vec())));
        let large = r#"{"type": "file", "encoding": "none", "size": 2000000, "content": ""}"#;
        assert_eq!(of(large), Ok(Content::TooLarge(2_000_000)));
        for (bad, why) in [
            (r#"{"type": "symlink"}"#, "no file but a symlink"),
            (r#"{"type": "dir", "entries": []}"#, "no file but a dir"),
            (r#"{"encoding": "rot13"}"#, "`rot13` is not known"),
            (r#"{"encoding": "base64", "content": "%%"}"#, "no base64"),
            (
                r#"{"encoding": "base64", "content": "aGVsbG8=", "size": 4}"#,
                "4 bytes were announced and 5 came",
            ),
        ] {
            assert!(of(bad).unwrap_err().contains(why), "{bad}");
        }
    }

    #[test]
    fn tags_with_their_commits() {
        let commit = "0".repeat(40);
        let text = format!(
            r#"[{{"name": "v1.0.0", "commit": {{"sha": "{commit}"}}}}, {{"name": "v2"}},
               {{"name": "v3", "commit": {{"sha": "--x"}}}}, 7]"#
        );
        let name = "v1.0.0".to_owned();
        assert_eq!(tags("o/n", text.as_bytes()), Ok(vec![Tag { name, commit }]));
    }
}

//! Which fields of a release's metadata differ, and whether it asks for less than before: pure.

use std::collections::BTreeSet;

use serde_json::Value;
use vit_contract::text;

/// How many names and changes are told.
const NAMED: usize = 12;

/// The differences in words.
pub(super) fn told(first: &Value, now: &Value) -> String {
    let names = differing(first, now);
    if names.is_empty() {
        return "its content is the same, only how it is written differs".to_owned();
    }
    let laxer = laxer(first, now);
    let names = listed(&names);
    if laxer.is_empty() {
        format!("changed: {names}")
    } else {
        format!(
            "changed: {names}; it asks for less than before: {}",
            listed(&laxer)
        )
    }
}

fn listed(all: &[String]) -> String {
    let mut named: Vec<String> = all
        .iter()
        .take(NAMED)
        .map(|name| text::visible(name))
        .collect();
    if all.len() > NAMED {
        named.push(format!("and {} more", all.len() - NAMED));
    }
    named.join(", ")
}

/// The names of fields that differ; those of `changes` one by one.
pub(super) fn differing(first: &Value, now: &Value) -> Vec<String> {
    let keys = |value: &Value| -> BTreeSet<String> {
        value
            .as_object()
            .map(|object| object.keys().cloned().collect())
            .unwrap_or_default()
    };
    let mut names = Vec::new();
    for key in keys(first).union(&keys(now)) {
        let (a, b) = (&first[key], &now[key]);
        if a == b || is_empty(a) && is_empty(b) {
            continue;
        }
        if key == "changes" && a.is_object() && b.is_object() {
            let inner = differing(a, b).into_iter();
            names.extend(inner.map(|name| format!("changes.{name}")));
        } else {
            names.push(key.clone());
        }
    }
    names
}

/// Absent and empty say the same.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.is_empty(),
        Value::Object(object) => object.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// What a release no longer asks for, or asks for less of.
fn laxer(first: &Value, now: &Value) -> Vec<String> {
    let mut found = gone(first, now, "/changes/breaking", "breaking change removed");
    found.extend(gone(
        first,
        now,
        "/changes/deprecated",
        "deprecation removed",
    ));
    found.extend(gone(
        first,
        now,
        "/removed_capabilities",
        "no longer a removed capability",
    ));
    if !first["checksum"].is_null() && first["checksum"] != now["checksum"] {
        let how = if now["checksum"].is_null() {
            "removed"
        } else {
            "changed"
        };
        found.push(format!("checksum {how}"));
    }
    if lower(&first["requires_from"], &now["requires_from"]) {
        found.push("requires_from lowered".to_owned());
    }
    for (vertical, minimum) in first["minimum_vertical_version"]
        .as_object()
        .into_iter()
        .flatten()
    {
        if lower(minimum, &now["minimum_vertical_version"][vertical]) {
            found.push(format!("minimum version of {vertical} lowered"));
        }
    }
    if later(&first["support_until"], &now["support_until"]) {
        found.push("support_until later".to_owned());
    }
    found
}

/// Entries of a list that are there no more.
fn gone(first: &Value, now: &Value, at: &str, what: &str) -> Vec<String> {
    let list = |value: &Value| -> Vec<Value> {
        value
            .pointer(at)
            .and_then(Value::as_array)
            .cloned()
            .unwrap_or_default()
    };
    let now = list(now);
    list(first)
        .iter()
        .filter(|entry| !now.contains(entry))
        .map(|entry| format!("{what} `{}`", text::excerpt(&name(entry), 80)))
        .collect()
}

fn name(entry: &Value) -> String {
    let text = entry["id"].as_str().or(entry["text"].as_str());
    text.or(entry.as_str()).unwrap_or_default().to_owned()
}

/// Whether a least version is less than it was, or gone.
fn lower(first: &Value, now: &Value) -> bool {
    let version = |value: &Value| semver::Version::parse(value.as_str()?).ok();
    match (version(first), version(now)) {
        (Some(first), Some(now)) => now < first,
        (Some(_), None) => true,
        (None, _) => false,
    }
}

/// Whether an end of support is later than it was, or gone. Dates in this form sort as text.
fn later(first: &Value, now: &Value) -> bool {
    match (first.as_str(), now.as_str()) {
        (Some(first), Some(now)) => now > first,
        (Some(_), None) => true,
        (None, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_asks_for_less_is_said() {
        let first = json!({
            "version": "1.1.0",
            "changes": {"breaking": [{"id": "b1", "text": "x"}, {"text": "y\u{1b}[2J"}], "features": []},
            "minimum_vertical_version": {"finance": "0.2.0", "other": "1.0.0"},
            "checksum": {"type": "git_commit_sha", "value": "a"},
            "requires_from": "1.0.0",
            "support_until": "2027-01-01",
        });
        let mut now = first.clone();
        assert_eq!(differing(&first, &now), Vec::<String>::new());
        now["changes"]["features"] = Value::Null;
        assert!(told(&first, &now).contains("only how it is written"));
        now["changes"]["fixes"] = json!([{"text": "z"}]);
        assert_eq!(told(&first, &now), "changed: changes.fixes");
        now["changes"]["breaking"] = json!([]);
        now["minimum_vertical_version"]["finance"] = json!("0.1.0");
        now["checksum"] = Value::Null;
        now["requires_from"] = json!("1.1.0");
        now["support_until"] = json!("2028-01-01");
        let text = told(&first, &now);
        for part in [
            "changes.breaking",
            "minimum_vertical_version",
            "breaking change removed `b1`",
            "minimum version of finance lowered",
            "checksum removed",
            "support_until later",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(!text.contains("requires_from lowered") && !text.contains("other"));
        assert!(!text.contains('\u{1b}'));
        // More is asked for than before: changed, and not laxer.
        assert!(!told(&now, &first).contains("removed"));
    }
}

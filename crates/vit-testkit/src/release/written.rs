//! What a release's commit changes, its metadata in every shape among it.

use serde_json::{Map, Value, json};

use super::Release;
use crate::core_repo::{self, Content, File};

/// The shape of a release's metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Metadata {
    /// `release_metadata.json` in canonical form.
    Canonical,
    /// `releases.json` as it was published over the years.
    Legacy,
    /// `release_metadata.json` with these bytes.
    Raw(Vec<u8>),
    /// None at all.
    Absent,
}

impl Release {
    pub(crate) fn tag_name(&self) -> String {
        self.tag
            .clone()
            .unwrap_or_else(|| format!("v{}", self.version))
    }

    /// The metadata as bytes, with `checksum` as its checksum where given.
    pub(crate) fn metadata_bytes(&self, checksum: Option<&str>) -> Option<Vec<u8>> {
        let mut fields = self.fields.clone();
        if let Some(commit) = checksum {
            fields.insert(
                "checksum".into(),
                json!({"type": "git_commit_sha", "value": commit}),
            );
        }
        let value = match &self.metadata {
            Metadata::Absent => return None,
            Metadata::Raw(bytes) => return Some(bytes.clone()),
            Metadata::Canonical => Value::Object(fields),
            Metadata::Legacy => legacy(fields),
        };
        let mut text = serde_json::to_vec_pretty(&value).expect("a JSON value can be written");
        text.push(b'\n');
        Some(text)
    }

    /// Everything that the release's commit changes; what the test asked for comes last and wins.
    pub(crate) fn changes(&self, checksum: Option<&str>) -> Vec<File> {
        let gone = |path: &str| File {
            path: path.to_owned(),
            content: Content::Gone,
        };
        let version = self.dunder_version.as_deref().unwrap_or(&self.version);
        let mut files = vec![
            core_repo::package_init(version),
            File::plain("CHANGELOG.md", format!("# {}\n", self.version)),
        ];
        let (name, other) = match self.metadata {
            Metadata::Legacy => ("releases.json", "release_metadata.json"),
            _ => ("release_metadata.json", "releases.json"),
        };
        files.push(gone(other));
        files.push(
            self.metadata_bytes(checksum)
                .map_or_else(|| gone(name), |bytes| File::plain(name, bytes)),
        );
        files.extend(self.files.iter().cloned());
        files
    }
}

fn legacy(mut fields: Map<String, Value>) -> Value {
    fields.remove("contracts_version");
    fields.remove("migration_guide_url");
    if let Some(changes) = fields.get_mut("changes").and_then(Value::as_object_mut) {
        let breaking = changes.remove("breaking").unwrap_or_else(|| json!([]));
        changes.insert("breaking_changes".into(), breaking);
        changes.insert("documentation".into(), json!(["Updated README.md"]));
        changes.remove("deprecated");
    }
    fields.insert(
        "checksum".into(),
        json!({"algorithm": "sha256", "value": "TBD"}),
    );
    Value::Object(fields)
}

//! A release to publish: its files, its metadata in any shape, its tag.

use serde_json::{Map, Value, json};

use crate::core_repo::{self, Content, File};
use crate::vertical::Vertical;

mod written;

pub(crate) use written::Metadata;

/// A release under construction. Its files are changes against the release before.
#[derive(Debug, Clone)]
pub struct Release {
    pub(crate) version: String,
    pub(crate) files: Vec<File>,
    pub(crate) metadata: Metadata,
    pub(crate) fields: Map<String, Value>,
    pub(crate) annotated: bool,
    pub(crate) tag: Option<String>,
    pub(crate) parent: Option<String>,
    pub(crate) checksum_of: Option<String>,
    dunder_version: Option<String>,
}

impl Release {
    pub(crate) fn new(version: &str, date: &str) -> Self {
        let channel = match version.split_once('-').map(|(_, pre)| pre) {
            None => "stable",
            Some(pre) if pre.starts_with("beta") || pre.starts_with("rc") => "beta",
            Some(_) => "canary",
        };
        let fields = json!({
            "version": version,
            "release_date": date,
            "channel": channel,
            "contracts_version": "1.0.0",
            "changes": {"breaking": [], "features": [], "fixes": [], "deprecated": []},
        });
        let Value::Object(fields) = fields else {
            unreachable!("json! of braces is an object")
        };
        Self {
            version: version.to_owned(),
            files: Vec::new(),
            metadata: Metadata::Canonical,
            fields,
            annotated: true,
            tag: None,
            parent: None,
            checksum_of: None,
            dunder_version: None,
        }
    }

    /// Sets a field of the metadata to any value, right or wrong.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// Leaves a field of the metadata out.
    #[must_use]
    pub fn without_field(mut self, name: &str) -> Self {
        self.fields.remove(name);
        self
    }

    /// The channel in the metadata; by default the one that the version gives.
    #[must_use]
    pub fn channel(self, channel: &str) -> Self {
        self.field("channel", channel)
    }

    /// The contracts version; 1.0.0 by default.
    #[must_use]
    pub fn contracts(self, version: &str) -> Self {
        self.field("contracts_version", version)
    }

    /// The release date, RFC 3339; by default a day after the release published before.
    #[must_use]
    pub fn date(self, date: &str) -> Self {
        self.field("release_date", date)
    }

    /// Adds a breaking change, and a migration guide unless there is one.
    #[must_use]
    pub fn breaking(self, text: &str) -> Self {
        self.with_guide().change("breaking", json!(text))
    }

    /// Adds a breaking change that has an id, and a migration guide unless there is one.
    #[must_use]
    pub fn breaking_with_id(self, id: &str, text: &str) -> Self {
        self.with_guide()
            .change("breaking", json!({"id": id, "text": text}))
    }

    /// Adds a feature.
    #[must_use]
    pub fn feature(self, text: &str) -> Self {
        self.change("features", json!(text))
    }

    /// Adds a fix.
    #[must_use]
    pub fn fix(self, text: &str) -> Self {
        self.change("fixes", json!(text))
    }

    /// Announces a deprecation.
    #[must_use]
    pub fn deprecated(self, text: &str, since: &str, removal: &str) -> Self {
        self.change(
            "deprecated",
            json!({"text": text, "since": since, "removal": removal}),
        )
    }

    /// Leaves out the migration guide that a breaking change brings with it.
    #[must_use]
    pub fn no_migration_guide(self) -> Self {
        self.without_field("migration_guide_url")
    }

    /// The lowest version of a vertical that it works with.
    #[must_use]
    pub fn minimum_vertical(self, name: &str, version: &str) -> Self {
        self.in_object("minimum_vertical_version", name, json!(version))
    }

    /// The capabilities it offers.
    #[must_use]
    pub fn capabilities(self, names: &[&str]) -> Self {
        self.field("capabilities", json!(names))
    }

    /// The capabilities it no longer offers.
    #[must_use]
    pub fn removed_capabilities(self, names: &[&str]) -> Self {
        self.field("removed_capabilities", json!(names))
    }

    /// A checksum of the metadata: this text as `git_commit_sha`. Metadata in the release's own
    /// tree cannot name the release's own commit, so there a checksum is always another's.
    #[must_use]
    pub fn checksum(self, value: &str) -> Self {
        self.field(
            "checksum",
            json!({"type": "git_commit_sha", "value": value}),
        )
    }

    /// A checksum that names the commit of a tag published before.
    #[must_use]
    pub fn checksum_of(mut self, tag: &str) -> Self {
        self.checksum_of = Some(tag.to_owned());
        self
    }

    /// Publishes no metadata.
    #[must_use]
    pub fn no_metadata(mut self) -> Self {
        self.metadata = Metadata::Absent;
        self
    }

    /// Publishes these bytes as metadata.
    #[must_use]
    pub fn raw_metadata(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.metadata = Metadata::Raw(bytes.into());
        self
    }

    /// Publishes `releases.json` in the shape of the wild: `breaking_changes`, `documentation`,
    /// an unverifiable checksum, no contracts version.
    #[must_use]
    pub fn legacy_metadata(mut self) -> Self {
        self.metadata = Metadata::Legacy;
        self
    }

    /// Whether the tag is an annotated one; it is by default.
    #[must_use]
    pub fn annotated(mut self, yes: bool) -> Self {
        self.annotated = yes;
        self
    }

    /// The tag, where it is not `v` + version.
    #[must_use]
    pub fn tag(mut self, tag: &str) -> Self {
        self.tag = Some(tag.to_owned());
        self
    }

    /// Builds on another ref than the newest release (a maintenance line, a beta that never
    /// became a release). The branch `main` stays where it is.
    #[must_use]
    pub fn on_top_of(mut self, refname: &str) -> Self {
        self.parent = Some(refname.to_owned());
        self
    }

    /// Writes a file, or removes it with `None`.
    #[must_use]
    pub fn file(mut self, path: &str, text: Option<&str>) -> Self {
        self.files.push(text.map_or_else(
            || File {
                path: path.to_owned(),
                content: Content::Gone,
            },
            |text| File::plain(path, text),
        ));
        self
    }

    /// Removes a file or a folder.
    #[must_use]
    pub fn remove_file(self, path: &str) -> Self {
        self.file(path, None)
    }

    /// Writes an executable file.
    #[must_use]
    pub fn executable(mut self, path: &str, text: &str) -> Self {
        self.files.push(File {
            path: path.to_owned(),
            content: Content::Executable(text.into()),
        });
        self
    }

    /// Writes a symlink.
    #[must_use]
    pub fn symlink(mut self, path: &str, target: &str) -> Self {
        self.files.push(File {
            path: path.to_owned(),
            content: Content::Symlink(target.to_owned()),
        });
        self
    }

    /// Writes any files.
    #[must_use]
    pub fn files(mut self, files: impl IntoIterator<Item = File>) -> Self {
        self.files.extend(files);
        self
    }

    /// The names that the contracts package exports from this release on.
    #[must_use]
    pub fn exports(mut self, names: &[&str]) -> Self {
        self.files.push(core_repo::contracts(names));
        self
    }

    /// What `__version__` says, where it is not the version.
    #[must_use]
    pub fn dunder_version(mut self, version: &str) -> Self {
        self.dunder_version = Some(version.to_owned());
        self
    }

    /// Tracks a vertical in Core's own tree, under `domains/<name>` unless it says otherwise.
    #[must_use]
    pub fn vertical(mut self, name: &str, make: impl FnOnce(Vertical) -> Vertical) -> Self {
        self.files.extend(make(Vertical::new(name)).tracked_files());
        self
    }

    fn change(mut self, kind: &str, change: Value) -> Self {
        if let Some(list) = self
            .fields
            .get_mut("changes")
            .and_then(|changes| changes.get_mut(kind))
            .and_then(Value::as_array_mut)
        {
            list.push(change);
        }
        self
    }

    fn with_guide(mut self) -> Self {
        let url = format!("https://example.org/migrate/{}", self.version);
        self.fields
            .entry("migration_guide_url")
            .or_insert_with(|| json!(url));
        self
    }

    fn in_object(mut self, field: &str, key: &str, value: Value) -> Self {
        if let Value::Object(object) = self
            .fields
            .entry(field)
            .or_insert_with(|| Value::Object(Map::new()))
        {
            object.insert(key.to_owned(), value);
        }
        self
    }
}

//! The static index of a registry, `index.json`: every release with its commit and the place,
//! length and hash of its metadata. `vit mirror index` writes it; any web server serves it.

use jiff::Timestamp;
use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::channel::Channel;
use crate::problem::Problem;

mod place;
mod read;

pub use place::is_inside;
pub use read::read;

/// The file's usual name.
pub const FILE_NAME: &str = "index.json";
/// The schema that is read and written.
pub const SCHEMA: &str = "vit.index/1";
/// The largest index that is read, in bytes.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The index of a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Index {
    /// `vit.index/1`.
    pub schema: String,
    /// The moment that it speaks of: the date of its newest release, so that writing it twice
    /// gives the same bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<Timestamp>,
    /// Where the commits come from: a git URL, or a path below the index. Absent: the
    /// installation's own remote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The releases, each version once.
    pub releases: Vec<IndexedRelease>,
}

/// A release as an index lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IndexedRelease {
    /// Its version.
    pub version: Version,
    /// Its tag: `v` and the version.
    pub tag: String,
    /// The commit that the tag points at, peeled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The tree of that commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tree: Option<String>,
    /// Its channel, as its metadata says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// When it was released, as its metadata says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<Timestamp>,
    /// Its metadata; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<IndexedFile>,
    /// Why it is withdrawn: it is listed, and is no target any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<String>,
    /// What was wrong with the entry: a release with such a problem is no target.
    #[serde(skip)]
    pub problems: Vec<Problem>,
}

/// A file of a registry, pinned by its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IndexedFile {
    /// Its path below the folder of the index, with `/`: no `..`, no scheme.
    pub path: String,
    /// SHA-256, 64 lowercase hex digits.
    pub sha256: String,
    /// Its length in bytes.
    pub length: u64,
}

impl Index {
    /// The file's content: the same for the same releases, whenever it is written.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec_pretty(self).expect("an index is plain data");
        bytes.push(b'\n');
        bytes
    }
}

//! `vit bundle create`, `vit bundle verify`, `vit bundle import`.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bundle::BundleManifest;
use crate::problem::Problem;

/// What came of a command about a bundle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BundleStatus {
    /// It was made.
    Created,
    /// It is whole; where an installation is there, it can be imported into it.
    Usable,
    /// It is whole, and cannot be imported here: commits that it builds on are missing, or a tag
    /// stands for something else here.
    NotUsableHere,
    /// It is damaged, or was changed after it was made.
    Damaged,
    /// It was imported.
    Imported,
    /// It had been imported before, and all of it is there.
    AlreadyImported,
}

/// `vit bundle create`, `vit bundle verify`, `vit bundle import`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BundleReport {
    /// `vit.bundle-create/1`, `vit.bundle-verify/1` or `vit.bundle-import/1`.
    pub schema: String,
    /// What came of it.
    pub status: BundleStatus,
    /// The same as a sentence.
    pub details: String,
    /// The file.
    pub file: String,
    /// Its length in bytes; absent where it was not read to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// SHA-256 of the whole file, hex; absent where it was not read to its end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Its manifest; absent where it is damaged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest: Option<BundleManifest>,
    /// The installation that it was compared with or imported into, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installation: Option<String>,
    /// When it was imported there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Timestamp>,
    /// Commits that it builds on and that are not there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// What is wrong, or worth knowing.
    pub problems: Vec<Problem>,
    /// The next command to type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

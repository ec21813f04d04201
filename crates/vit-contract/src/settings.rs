//! `vit.toml`: how another git-based Core differs from Vitruvyan's layout. Every default is
//! Vitruvyan's, so a Vitruvyan installation needs no file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod read;

pub use read::{read_pyproject, read_vit_toml};

/// The settings file at the git root.
pub const FILE_NAME: &str = "vit.toml";
/// The other place: the table `[tool.vit]` of this file.
pub const PYPROJECT: &str = "pyproject.toml";
/// The largest settings file that is read, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;

/// The settings of an installation. Paths are relative to the git root, with `/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Settings {
    /// Where releases are listed: `git` (the default) or `dir`, with an optional location.
    pub registry: RegistrySettings,
    /// Folders that may hold the Core package, the first that exists counts.
    pub core_package: Vec<String>,
    /// Folders that may hold the contracts package, the first that exists counts.
    pub contracts_package: Vec<String>,
    /// Folders in which an untracked file blocks an upgrade.
    pub critical_paths: Vec<String>,
    /// Globs of folders that may be a vertical's root (`*` stands for one folder name).
    pub discovery: Vec<String>,
    /// How many history entries are kept by default.
    pub history_retention: usize,
    /// How many snapshots are kept beyond those that a rollback may need.
    pub snapshot_retention: usize,
}

/// The `[registry]` table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RegistrySettings {
    /// The kind.
    pub kind: RegistryKind,
    /// `git`: a remote's name, URL or path; `dir`: a folder or `file://` URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// The kinds of registries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RegistryKind {
    /// The release tags of a git remote.
    Git,
    /// A folder with `<version>/release_metadata.json`.
    Dir,
}

impl Default for Settings {
    fn default() -> Self {
        let list = |items: &[&str]| items.iter().map(|&item| item.to_owned()).collect();
        Self {
            registry: RegistrySettings {
                kind: RegistryKind::Git,
                location: None,
            },
            core_package: list(&["vitruvyan_core"]),
            contracts_package: list(&["contracts", "vitruvyan_core/contracts"]),
            critical_paths: list(&["vitruvyan_core", "contracts"]),
            discovery: list(&[
                "",
                "domains/*",
                "vitruvyan_core/domains/*",
                "examples/verticals/*",
            ]),
            history_retention: 50,
            snapshot_retention: 20,
        }
    }
}

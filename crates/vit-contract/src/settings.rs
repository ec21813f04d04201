//! `vit.toml`: how another git-based Core differs from Vitruvyan's layout. Every default is
//! Vitruvyan's, so a Vitruvyan installation needs no file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::constraint::Constraints;

mod read;
mod steps;

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
    /// Where releases are listed, with an optional location.
    pub registry: RegistrySettings,
    /// What a release has to prove.
    pub trust: TrustSettings,
    /// Folders that may hold the Core package, the first that exists counts.
    pub core_package: Vec<String>,
    /// Folders that may hold the contracts package, the first that exists counts.
    pub contracts_package: Vec<String>,
    /// Folders in which an untracked file blocks an upgrade.
    pub critical_paths: Vec<String>,
    /// Globs of folders that may be a vertical's root (`*` stands for one folder name).
    pub discovery: Vec<String>,
    /// The Python environment.
    pub environment: EnvironmentSettings,
    /// The name of Core's distribution, where Core is an installed package.
    pub core_distribution: String,
    /// The submodule that Core is, where it is one and is not found by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub core_submodule: Option<String>,
    /// Steps of the installation's own, run between the environment and the smoke tests.
    #[serde(rename = "step")]
    pub steps: Vec<StepSettings>,
    /// The soak after an upgrade.
    pub soak: SoakSettings,
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
    /// `auto` and `git`: a remote's name, URL or path; `github`: `OWNER/NAME` or a URL; `index`:
    /// the URL of an `index.json`; `dir`: a folder or `file://` URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// The kinds of registries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RegistryKind {
    /// The releases of a GitHub repository where the remote is one, else the remote's tags.
    Auto,
    /// The release tags of a git remote.
    Git,
    /// The releases of a GitHub repository.
    Github,
    /// An index over HTTPS, as `vit mirror index` writes it.
    Index,
    /// A folder with `<version>/release_metadata.json`.
    Dir,
}

/// The `[trust]` table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct TrustSettings {
    /// Whether a release is a target only with a signed tag of a trusted signer.
    pub require_signed_tags: bool,
    /// The file of trusted signers in git's ssh format, absolute or relative to the git root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_signers: Option<String>,
    /// The GnuPG home whose keys are trusted, absolute or relative to the git root.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gpg_home: Option<String>,
}

/// The `[environment]` table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct EnvironmentSettings {
    /// Whether dependencies are managed at all.
    pub manage: bool,
    /// The environment's folder, absolute or relative to the git root; else `VIRTUAL_ENV`,
    /// `.venv`, `venv`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What is installed: `pyproject` (an editable install of the root), requirement files, or
    /// nothing said: `pyproject.toml` where it declares a project, else `requirements.txt`.
    pub install: Vec<String>,
    /// How long an installation may take, in seconds.
    pub timeout: u32,
}

impl Default for EnvironmentSettings {
    fn default() -> Self {
        Self {
            manage: true,
            path: None,
            install: Vec::new(),
            timeout: 1800,
        }
    }
}

/// One `[[step]]` table. A command is a list (program first) or a text for `/bin/sh -c`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepSettings {
    /// Its name: a-z, 0-9, `_` and `-`.
    pub name: String,
    /// What is run.
    pub run: Vec<String>,
    /// What undoes it; without it the step is irreversible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Vec<String>>,
    /// What says whether it has worked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<Vec<String>>,
    /// How long each command may run, in seconds.
    #[serde(default = "default_step_timeout")]
    pub timeout: u32,
    /// The target releases that it is for, as constraints (`>=1.2.0,<2`); all where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub releases: Option<Constraints>,
    /// Whether processes that its commands leave behind go on; else they are ended.
    #[serde(default)]
    pub leaves_processes: bool,
}

/// The `[soak]` table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct SoakSettings {
    /// Seconds between two rounds of smoke tests; where absent, a twentieth of the soak, at least
    /// one second and at most a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<u32>,
}

/// How long a step may run where nothing is said, in seconds.
#[must_use]
pub const fn default_step_timeout() -> u32 {
    300
}

impl Default for Settings {
    fn default() -> Self {
        let list = |items: &[&str]| items.iter().map(|&item| item.to_owned()).collect();
        Self {
            registry: RegistrySettings {
                kind: RegistryKind::Auto,
                location: None,
            },
            trust: TrustSettings::default(),
            core_package: list(&["vitruvyan_core"]),
            contracts_package: list(&["contracts", "vitruvyan_core/contracts"]),
            critical_paths: list(&["vitruvyan_core", "contracts"]),
            discovery: list(&[
                "",
                "domains/*",
                "vitruvyan_core/domains/*",
                "examples/verticals/*",
            ]),
            environment: EnvironmentSettings::default(),
            core_distribution: "vitruvyan-core".to_owned(),
            core_submodule: None,
            steps: Vec::new(),
            soak: SoakSettings::default(),
            history_retention: 50,
            snapshot_retention: 20,
        }
    }
}

//! `.vit` manifests: what a package is, needs and does (FORMATS.md §9).
//!
//! Everything beyond Core is a package: services, orders, verticals, extensions.

use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};

use crate::range::CoreRange;

pub mod index;
pub mod installed;
mod method;
mod name;
mod read;
mod requirement;
mod variable;

pub use method::{Component, Compose, GitClone, Method, Pip, Script};
pub use name::{PackageName, PackageNameError, Query};
pub use read::read;
pub use requirement::{CORE, Requirement, RequirementError, Subject};
pub use variable::Variable;

/// How the name of a manifest's file ends.
pub const SUFFIX: &str = ".vit";
/// A manifest's name inside a package archive.
pub const FILE_NAME: &str = "manifest.vit";
/// The largest manifest that is read, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;

/// What kind of thing a package is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum PackageType {
    /// A service beside Core.
    Service,
    /// One of Core's own orders.
    Order,
    /// A domain on Core.
    Vertical,
    /// Anything that adds to Core.
    Extension,
}

impl PackageType {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Service, Self::Order, Self::Vertical, Self::Extension];

    /// The name as it is written in a manifest, and as a package's name begins.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Order => "order",
            Self::Vertical => "vertical",
            Self::Extension => "extension",
        }
    }
}

/// How far along a package is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum PackageStatus {
    /// In use.
    Stable,
    /// Nearly.
    Beta,
    /// Being tried.
    Experimental,
    /// On its way out.
    Deprecated,
}

impl PackageStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Stable,
        Self::Beta,
        Self::Experimental,
        Self::Deprecated,
    ];

    /// The name as it is written in a manifest.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Beta => "beta",
            Self::Experimental => "experimental",
            Self::Deprecated => "deprecated",
        }
    }
}

/// Who manages a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// Comes and goes with Core: `vit upgrade`.
    Core,
    /// Is installed and removed by itself.
    Package,
}

/// A valid manifest. Fields of the wild that are not named here are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PackageManifest {
    /// Its name.
    #[serde(rename = "package_name")]
    pub name: PackageName,
    /// Its version.
    #[serde(rename = "package_version")]
    pub version: Version,
    /// What it is.
    #[serde(rename = "package_type")]
    pub kind: PackageType,
    /// How far along it is.
    pub status: PackageStatus,
    /// Who manages it.
    pub tier: Tier,
    /// One sentence.
    pub description: String,
    /// Where to read on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub homepage: Option<String>,
    /// Where its source is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The order of Core that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sacred_order: Option<String>,
    /// Words that it is found by.
    #[serde(default)]
    pub tags: Vec<String>,
    /// What it can live with.
    pub compatibility: PackageCompatibility,
    /// What it needs.
    #[serde(default)]
    pub dependencies: Dependencies,
    /// How it is installed.
    pub installation: Installation,
    /// How it is told that it works.
    #[serde(default)]
    pub health: Health,
    /// Its own tests.
    #[serde(default)]
    pub smoke_tests: PackageSmokeTests,
    /// How it goes.
    #[serde(default)]
    pub uninstallation: Uninstallation,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership: Option<PackageOwnership>,
    /// What changed, newest first.
    #[serde(default)]
    pub changelog: Vec<String>,
}

/// The `compatibility` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PackageCompatibility {
    /// `min_core_version` and `max_core_version`.
    #[serde(flatten)]
    pub core: CoreRange,
    /// The major of the contracts that it is written against; any where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contracts_major: Option<u64>,
    /// Packages that it cannot stand beside. Counts from both sides.
    #[serde(default)]
    pub conflicts_with: Vec<Requirement>,
}

/// The `dependencies` section.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Dependencies {
    /// What has to be there.
    #[serde(default)]
    pub required: Vec<Requirement>,
    /// What it makes use of.
    #[serde(default)]
    pub optional: Vec<Requirement>,
    /// Programs and servers of the machine, by name.
    #[serde(default)]
    pub system: Vec<String>,
}

/// The `installation` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Installation {
    /// How.
    #[serde(flatten)]
    pub method: Method,
    /// Ports of the machine and of the container.
    #[serde(default)]
    pub ports: Vec<Port>,
    /// Variables that have to have a value.
    #[serde(default)]
    pub env_required: Vec<Variable>,
    /// Variables that may have one.
    #[serde(default)]
    pub env_optional: Vec<Variable>,
    /// A file with variables and comments to begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub env_template: Option<String>,
    /// Named volumes of its containers.
    #[serde(default)]
    pub volumes: Vec<String>,
    /// Commands after it was installed, as texts for `sh -c`.
    #[serde(default)]
    pub init_commands: Vec<String>,
    /// Where its migrations are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migrations_path: Option<String>,
}

/// A port: `9003:8003`, `127.0.0.1:9003:8003`.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Port {
    /// The address of the machine; every one where absent.
    pub address: Option<std::net::IpAddr>,
    /// The port of the machine.
    pub host: u16,
    /// The port inside.
    pub container: u16,
}

/// The `health` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// A URL that answers with 200 once it works.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint: Option<String>,
    /// Seconds between two looks once it works.
    pub interval: u32,
    /// Seconds that one answer may take.
    pub timeout: u32,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            endpoint: None,
            interval: 30,
            timeout: 10,
        }
    }
}

/// The `smoke_tests` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PackageSmokeTests {
    /// The folder or program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// How long they may run, in seconds.
    pub timeout: u32,
    /// URLs that have to answer.
    #[serde(default)]
    pub required_endpoints: Vec<String>,
}

impl Default for PackageSmokeTests {
    fn default() -> Self {
        Self {
            path: None,
            timeout: 120,
            required_endpoints: Vec::new(),
        }
    }
}

/// The `uninstallation` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Uninstallation {
    /// Whether its data stays.
    pub preserve_data: bool,
    /// Whether its streams are emptied.
    #[serde(default)]
    pub cleanup_streams: bool,
    /// Channels that are closed.
    #[serde(default)]
    pub cleanup_channels: Vec<String>,
    /// Commands before it goes, as texts for `sh -c`.
    #[serde(default)]
    pub cleanup_commands: Vec<String>,
    /// Whether its volumes may go with it, when somebody asks for that.
    #[serde(default)]
    pub remove_volumes: bool,
}

impl Default for Uninstallation {
    fn default() -> Self {
        Self {
            preserve_data: true,
            cleanup_streams: false,
            cleanup_channels: Vec::new(),
            cleanup_commands: Vec::new(),
            remove_volumes: false,
        }
    }
}

/// The `ownership` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PackageOwnership {
    /// The team.
    pub team: String,
    /// How to reach it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
}

impl Port {
    /// Reads a port. `None` where it is none.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (rest, container) = text.rsplit_once(':')?;
        let (address, host) = match rest.rsplit_once(':') {
            None => (None, rest),
            Some((address, host)) => {
                let bare = address.strip_prefix('[').and_then(|a| a.strip_suffix(']'));
                (Some(bare.unwrap_or(address).parse().ok()?), host)
            }
        };
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            text.parse::<u16>().ok().filter(|port| digits && *port > 0)
        };
        Some(Self {
            address,
            host: number(host)?,
            container: number(container)?,
        })
    }

    /// Whether two packages cannot both have theirs: the same port of the machine on addresses
    /// that overlap.
    #[must_use]
    pub fn clashes(&self, other: &Self) -> bool {
        let everywhere = |port: &Self| port.address.is_none_or(|address| address.is_unspecified());
        self.host == other.host
            && (everywhere(self) || everywhere(other) || self.address == other.address)
    }
}

impl std::fmt::Display for Port {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.address {
            Some(std::net::IpAddr::V6(address)) => write!(f, "[{address}]:")?,
            Some(std::net::IpAddr::V4(address)) => write!(f, "{address}:")?,
            None => {}
        }
        write!(f, "{}:{}", self.host, self.container)
    }
}

impl From<Port> for String {
    fn from(port: Port) -> Self {
        port.to_string()
    }
}

impl TryFrom<String> for Port {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        Self::parse(&text).ok_or_else(|| format!("`{}` is no port", text.escape_debug()))
    }
}

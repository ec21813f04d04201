//! `.vitruvyan/installed_packages.json`: what is installed beyond Core (FORMATS.md §9).

use jiff::Timestamp;
use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::PackageName;
use crate::code::Code;
use crate::document::findings::SHOWN_CHARS;
use crate::document::{Format, Reading, parse};
use crate::problem::{Problem, Severity, Who};
use crate::text::excerpt;

/// The file's name in the public folder.
pub const FILE_NAME: &str = "installed_packages.json";
/// The largest file that is read, in bytes.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;
/// The version of the format.
pub const FORMAT_VERSION: &str = "1.0";

/// The file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InstalledPackages {
    /// The version of the format.
    pub version: String,
    /// When it was last written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<Timestamp>,
    /// The packages, by name.
    pub packages: Vec<InstalledPackage>,
}

impl Default for InstalledPackages {
    fn default() -> Self {
        Self {
            version: FORMAT_VERSION.to_owned(),
            last_updated: None,
            packages: Vec::new(),
        }
    }
}

/// A package that is installed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InstalledPackage {
    /// Its name.
    pub name: PackageName,
    /// Its version.
    pub version: Version,
    /// When it was installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub installed_at: Option<Timestamp>,
    /// By which method (in the wild also `installed_method`).
    #[serde(alias = "installed_method")]
    pub install_method: String,
    /// How it stands.
    pub status: InstalledStatus,
    /// Ports of the machine that are its own, as the manifest writes them.
    #[serde(default)]
    pub ports: Vec<String>,
    /// The packages that it needs.
    #[serde(default)]
    pub dependencies: Vec<String>,
    /// Why it is there.
    #[serde(default)]
    pub reason: Reason,
    /// Values that are no secrets.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub config: Map<String, Value>,
}

/// How a package stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum InstalledStatus {
    /// At work.
    Active,
    /// Installed and stopped.
    Disabled,
    /// Not as it should be.
    Error,
}

/// Why a package is there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reason {
    /// Somebody asked for it. What older files do not say counts as this: nothing is removed
    /// that somebody may want.
    #[default]
    User,
    /// Another package needs it.
    Dependency,
}

/// Reads the file. An entry that cannot be used is a problem and hides no other.
#[must_use]
pub fn read(file: &str, bytes: &[u8]) -> Reading<InstalledPackages> {
    // The strict reader first: duplicates and depth are not what serde looks at.
    let parsed = parse(Format::Json, file, bytes, MAX_BYTES);
    let mut problems = parsed.problems;
    if parsed.value.is_none() {
        return Reading {
            value: None,
            problems,
        };
    }
    let bad = |what: String| {
        Problem::new(Code::WrongType, file, what).hint(
            Who::You,
            "correct the entry, or let `vit` write the list anew from its journal",
        )
    };
    let whole: Result<Map<String, Value>, _> = serde_json::from_slice(bytes);
    let Ok(whole) = whole else {
        problems.push(bad("the file is no JSON object".to_owned()));
        return Reading {
            value: None,
            problems,
        };
    };
    let text = |key: &str| whole.get(key).and_then(Value::as_str);
    let mut list = InstalledPackages {
        version: text("version").unwrap_or(FORMAT_VERSION).to_owned(),
        last_updated: text("last_updated").and_then(|time| time.parse().ok()),
        packages: Vec::new(),
    };
    let Some(Value::Array(entries)) = whole.get("packages") else {
        problems.push(bad("`packages` is missing or no list".to_owned()));
        return Reading {
            value: None,
            problems,
        };
    };
    for (index, entry) in entries.iter().enumerate() {
        match serde_json::from_value::<InstalledPackage>(entry.clone()) {
            Ok(package) if list.packages.iter().any(|p| p.name == package.name) => {
                let name = package.name;
                let what = format!("`packages[{index}]`: {name} stands twice");
                problems.push(bad(what).severity(Severity::Warning));
            }
            Ok(package) => list.packages.push(package),
            Err(error) => {
                let why = excerpt(&error.to_string(), SHOWN_CHARS)
                    .escape_debug()
                    .to_string();
                problems
                    .push(bad(format!("`packages[{index}]`: {why}")).severity(Severity::Warning));
            }
        }
    }
    list.packages.sort_by(|a, b| a.name.cmp(&b.name));
    Reading {
        value: Some(list),
        problems,
    }
}

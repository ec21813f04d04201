//! `registry.json`: the remote index of packages (FORMATS.md §9).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use semver::Version;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{PackageName, PackageType};
use crate::code::Code;
use crate::document::findings::SHOWN_CHARS;
use crate::document::{Format, Reading, parse};
use crate::problem::{Problem, Severity, Who};
use crate::text::excerpt;
use crate::version;

/// The largest index that is read, in bytes.
pub const MAX_BYTES: usize = 16 * 1024 * 1024;

/// The index.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PackageIndex {
    /// The version of the format.
    pub registry_version: String,
    /// Where archives are: `<base_url>/<release_tag>/<asset>`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_url: Option<String>,
    /// The packages by name.
    pub packages: BTreeMap<PackageName, IndexPackage>,
}

/// A package of the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IndexPackage {
    /// Its name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// One sentence.
    #[serde(default)]
    pub description: String,
    /// What it is.
    #[serde(rename = "type")]
    pub kind: PackageType,
    /// Who may have it.
    #[serde(default)]
    pub tier: IndexTier,
    /// Whether a licence is asked for.
    #[serde(default)]
    pub license_required: bool,
    /// The name of its manifest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub manifest_name: Option<String>,
    /// The newest version, as its publisher says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<Version>,
    /// Its versions.
    pub versions: BTreeMap<Version, IndexVersion>,
}

/// Who may have a package.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum IndexTier {
    /// Everybody.
    #[default]
    Community,
    /// Whoever has a licence.
    Premium,
}

/// A version of a package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IndexVersion {
    /// The release that its archive belongs to.
    pub release_tag: String,
    /// The archive's file name.
    pub asset: String,
    /// The archive's SHA-256, hex; without it the version cannot be installed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// The archive's size in bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// What else stands there: dependencies and compatibility, as a manifest has them.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

/// Reads an index. A package or version that cannot be used is a problem and hides no other.
#[must_use]
pub fn read(location: &str, bytes: &[u8]) -> Reading<PackageIndex> {
    let parsed = parse(Format::Json, location, bytes, MAX_BYTES);
    let mut problems = parsed.problems;
    let whole = parsed
        .value
        .and_then(|_| serde_json::from_slice::<Map<String, Value>>(bytes).ok());
    let bad = |what: String| {
        Problem::new(Code::WrongType, location, what).hint(
            Who::PackageOwner,
            "correct the entry and publish the index again",
        )
    };
    let Some(whole) = whole else {
        if problems.is_empty() {
            problems.push(bad("the index is no JSON object".to_owned()));
        }
        return Reading {
            value: None,
            problems,
        };
    };
    let text = |key: &str| whole.get(key).and_then(Value::as_str).map(str::to_owned);
    let mut index = PackageIndex {
        registry_version: text("registry_version").unwrap_or_default(),
        base_url: text("base_url"),
        packages: BTreeMap::new(),
    };
    let Some(Value::Object(packages)) = whole.get("packages") else {
        problems.push(bad("`packages` is missing or no object".to_owned()));
        return Reading {
            value: None,
            problems,
        };
    };
    for (name, entry) in packages {
        let shown = excerpt(name, SHOWN_CHARS).escape_debug().to_string();
        match package(name, entry) {
            Ok((name, package, odd)) => {
                let odd = odd.into_iter().map(|why| {
                    bad(format!("`packages.{shown}`: {why}")).severity(Severity::Warning)
                });
                problems.extend(odd);
                index.packages.insert(name, package);
            }
            Err(why) => {
                problems
                    .push(bad(format!("`packages.{shown}`: {why}")).severity(Severity::Warning));
            }
        }
    }
    Reading {
        value: Some(index),
        problems,
    }
}

/// A package, and what is odd about its versions.
fn package(name: &str, entry: &Value) -> Result<(PackageName, IndexPackage, Vec<String>), String> {
    let clip = |error: &dyn std::fmt::Display| {
        excerpt(&error.to_string(), SHOWN_CHARS)
            .escape_debug()
            .to_string()
    };
    let name = PackageName::parse(name).map_err(|error| error.why.to_owned())?;
    let mut entry = entry.clone();
    let versions = entry
        .get_mut("versions")
        .map(|versions| std::mem::replace(versions, Value::Object(Map::new())));
    // A `latest` that is none says nothing about the versions.
    let latest = entry.get("latest").and_then(Value::as_str);
    if latest.is_none_or(|latest| version::parse(latest).is_err())
        && let Some(fields) = entry.as_object_mut()
    {
        fields.remove("latest");
    }
    let mut package: IndexPackage = serde_json::from_value(entry).map_err(|error| clip(&error))?;
    if package.kind != name.kind() {
        return Err("its type is not the one that its name begins with".to_owned());
    }
    let Some(Value::Object(versions)) = versions else {
        return Err("`versions` is missing or no object".to_owned());
    };
    let mut odd = Vec::new();
    for (text, entry) in versions {
        let shown = excerpt(&text, SHOWN_CHARS).escape_debug().to_string();
        let read = version::parse(&text)
            .map_err(|error| clip(&error))
            .and_then(|version| {
                let found: IndexVersion =
                    serde_json::from_value(entry).map_err(|error| clip(&error))?;
                fault(&found).map_or(Ok((version, found)), |why| Err(why.to_owned()))
            });
        match read {
            Ok((version, found)) => {
                package.versions.insert(version, found);
            }
            Err(why) => odd.push(format!("version `{shown}`: {why}")),
        }
    }
    Ok((name, package, odd))
}

/// What keeps a version from being used.
fn fault(version: &IndexVersion) -> Option<&'static str> {
    let plain = |text: &str| {
        !text.is_empty()
            && !text.starts_with(['.', '-'])
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b"._+-".contains(&b))
    };
    let hash = |text: &str| text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit());
    if !plain(&version.asset) || !plain(&version.release_tag) {
        Some("its asset or release_tag is no plain file name")
    } else if version.sha256.as_deref().is_some_and(|text| !hash(text)) {
        Some("its sha256 is no SHA-256")
    } else {
        None
    }
}

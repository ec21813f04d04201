//! How a package is installed: one shape a method, so that nothing of another method can stand
//! in it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The method and what it takes. Paths are relative to the git root, with `/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "method", rename_all = "snake_case")]
pub enum Method {
    /// A service of a compose file.
    DockerCompose(Compose),
    /// A Python distribution in the managed environment.
    Pip(Pip),
    /// A git repository at a commit.
    GitClone(GitClone),
    /// A script, or files that are only checked.
    Script(Script),
}

impl Method {
    /// The name as it is written in a manifest.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::DockerCompose(_) => "docker_compose",
            Self::Pip(_) => "pip",
            Self::GitClone(_) => "git_clone",
            Self::Script(_) => "script",
        }
    }
}

/// A service of a compose file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Compose {
    /// The service's name in the file.
    #[serde(rename = "compose_service")]
    pub service: String,
    /// The file.
    #[serde(rename = "compose_file")]
    pub file: String,
    /// What its image is built from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dockerfile: Option<String>,
}

/// A Python distribution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pip {
    /// What is given to the installer: a name with constraints, or a path inside.
    pub package: String,
}

/// A git repository.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GitClone {
    /// Where it comes from.
    pub repository: String,
    /// The branch or tag.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
    /// Where it goes.
    pub install_path: String,
    /// What is run in it afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup_script: Option<String>,
}

/// A script with the verbs `install`, `remove` and `verify`; or only components.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Script {
    /// A script of the package or the tree.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub setup_script: Option<String>,
    /// A script from elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script_url: Option<String>,
    /// The SHA-256 of the script, hex.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script_sha256: Option<String>,
    /// Files and folders that have to be there.
    #[serde(default)]
    pub components: Vec<Component>,
}

/// A file or folder that a package consists of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Component {
    /// Its name.
    pub name: String,
    /// Where it is.
    pub source: String,
    /// What it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

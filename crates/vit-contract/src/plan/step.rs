//! The effects that a plan has on the live installation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::bundle::Wheel;

/// What git has checked out: enough to come back to it exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Position {
    /// The commit of HEAD.
    pub commit: String,
    /// The tree of that commit.
    pub tree: String,
    /// The branch that HEAD is on, as a full ref name; absent when detached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branch: Option<String>,
}

/// One effect on the live installation. The executor runs them in order and undoes them in
/// reverse.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// Switch the working tree, the index and HEAD.
    SwitchTree {
        /// Where it comes from.
        from: Position,
        /// Where it goes.
        to: Position,
    },
    /// Switch the working tree of the submodule that Core is.
    SwitchSubmodule(SubmoduleSwitch),
    /// Change the Python environment.
    Environment(EnvironmentStep),
    /// Run a step of the installation's own.
    Command(CommandStep),
}

impl Step {
    /// The step's name, as it stands in the journal and on the screen; no two steps of a plan
    /// have the same.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::SwitchTree { .. } => "switch-tree".to_owned(),
            Self::SwitchSubmodule(_) => "switch-submodule".to_owned(),
            Self::Environment(_) => "environment".to_owned(),
            Self::Command(command) => format!("step:{}", command.name),
        }
    }
}

/// A switch of the submodule that Core is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SubmoduleSwitch {
    /// Its folder, relative to the installation's root.
    pub path: String,
    /// Where it comes from.
    pub from: Position,
    /// Where it goes.
    pub to: Position,
}

/// A change of the Python environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnvironmentStep {
    /// The environment's folder, absolute.
    pub path: String,
    /// What is done.
    pub action: EnvironmentAction,
}

/// What is done with an environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum EnvironmentAction {
    /// Install what the target declares.
    Install {
        /// Who installs.
        installer: Installer,
        /// Its version, as it tells it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        installer_version: Option<String>,
        /// The commands, in order: program first, run in the installation's root.
        commands: Vec<Vec<String>>,
        /// Imported distributions that the commands install from, with no index: verified again
        /// right before.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        wheels: Vec<WheelFolder>,
        /// How long each may run, in seconds.
        timeout_seconds: u32,
    },
    /// Put a kept environment back, by its files.
    Restore {
        /// The transaction whose snapshot holds it.
        snapshot: String,
        /// The SHA-256 of its manifest.
        manifest_sha256: String,
    },
}

/// A folder of imported distributions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WheelFolder {
    /// The folder, absolute.
    pub path: String,
    /// All that it holds.
    pub files: Vec<Wheel>,
}

/// Who installs into an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Installer {
    /// The program `uv`.
    Uv,
    /// `python -m pip` of the environment.
    Pip,
}

impl Installer {
    /// The name as it stands in files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Uv => "uv",
            Self::Pip => "pip",
        }
    }
}

/// A step of the installation's own (`[[step]]` in `vit.toml`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommandStep {
    /// Its name.
    pub name: String,
    /// What is run going forward: program first.
    pub run: Vec<String>,
    /// What undoes it; absent: it cannot be undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Vec<String>>,
    /// What says whether it has worked, by exit status 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<Vec<String>>,
    /// How long each of them may run, in seconds.
    pub timeout_seconds: u32,
    /// Whether processes that they leave behind go on.
    #[serde(default, skip_serializing_if = "is_false")]
    pub leaves_processes: bool,
    /// Whether it takes an earlier step back: then `run` is that one's `undo`, and the other way
    /// about.
    #[serde(default, skip_serializing_if = "is_false")]
    pub backward: bool,
    /// The upgrade that it was first a step of, where that was an earlier one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<StepOrigin>,
}

/// The upgrade that a step was first a step of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StepOrigin {
    /// Its transaction.
    pub transaction: String,
    /// The version before it.
    pub from_version: String,
    /// The version that it brought.
    pub to_version: String,
}

/// A command as a person reads it: a text for the shell as it is, else the words, quoted where
/// that is needed.
#[must_use]
pub fn command_text(command: &[String]) -> String {
    if let [shell, flag, text] = command
        && shell == "/bin/sh"
        && flag == "-c"
    {
        return text.clone();
    }
    let plain = |c: char| c.is_alphanumeric() || "_-./:=@%+,".contains(c);
    let words: Vec<String> = command
        .iter()
        .map(|word| {
            if !word.is_empty() && word.chars().all(plain) {
                word.clone()
            } else {
                format!("'{}'", word.replace('\'', "'\\''"))
            }
        })
        .collect();
    words.join(" ")
}

impl CommandStep {
    /// The name that the settings give it: in a rollback over several upgrades a step's name bears
    /// the transaction too, behind an `@`.
    #[must_use]
    pub fn own_name(&self) -> &str {
        self.name.split('@').next().unwrap_or_default()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
const fn is_false(value: &bool) -> bool {
    !*value
}

/// What becomes of the Python environment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum EnvironmentPlan {
    /// Dependencies are not managed.
    NotManaged {
        /// Why: none was found, or the settings say so.
        reason: String,
    },
    /// Nothing that it depends on changes.
    Unchanged {
        /// The environment's folder, absolute.
        path: String,
        /// Who named it: `vit.toml`, `VIRTUAL_ENV`, `.venv` or `venv`.
        found_by: String,
    },
    /// It changes with the step `environment`.
    Changes {
        /// The environment's folder, absolute.
        path: String,
        /// Who named it.
        found_by: String,
        /// What it depends on that changes: files, or the snapshot that it goes back to.
        because: Vec<String>,
    },
}

impl Default for EnvironmentPlan {
    fn default() -> Self {
        Self::NotManaged {
            reason: "no Python environment was found".to_owned(),
        }
    }
}

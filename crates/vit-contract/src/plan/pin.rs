//! Pins that a plan edits.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An edit of a file that pins Core.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PinEdit {
    /// The file, from the installation's root.
    pub file: String,
    /// What it pins now: a version, a tag or a commit.
    pub from: String,
    /// What it will pin.
    pub to: String,
}

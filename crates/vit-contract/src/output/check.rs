//! What `vit verify`, `vit doctor` and `vit history verify` print.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One check of `vit verify` or `vit doctor`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// What was looked at.
    pub name: String,
    /// How it stands.
    pub state: CheckState,
    /// What was found.
    pub found: String,
    /// What mends it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

/// How a check stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// As it should be.
    Ok,
    /// Works, but somebody should look.
    Warning,
    /// Not as it should be.
    Failed,
}

/// `vit verify`, `vit doctor`, `vit history verify`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CheckReport {
    /// `vit.verify/1`, `vit.doctor/1`, `vit.history-verify/1`.
    pub schema: String,
    /// Whether nothing failed.
    pub ok: bool,
    /// Every check.
    pub checks: Vec<Check>,
}

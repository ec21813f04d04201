//! What `vit demo` prints.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `vit demo`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DemoReport {
    /// `vit.demo/1`.
    pub schema: String,
    /// The folder that was made.
    pub folder: String,
    /// The installation in it, ready to be played with.
    pub installation: String,
    /// Every command of the story, in order.
    pub steps: Vec<DemoStep>,
    /// Seconds that they took together.
    pub seconds: f64,
}

/// One command of `vit demo`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DemoStep {
    /// What happens.
    pub title: String,
    /// The command as a user types it.
    pub command: String,
    /// How it ended, as a shell tells it: 137 is a kill by signal 9.
    pub exit_code: u8,
    /// How it had to end.
    pub expected: u8,
    /// Seconds it took.
    pub seconds: f64,
}

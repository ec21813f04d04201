//! Exit codes: what a script may build on (FORMATS.md §6).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a command ended.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
#[must_use]
pub enum ExitCode {
    /// 0: success; nothing to do is success.
    Success,
    /// 1: blocked: incompatible, manifest violation, dirty tree, held.
    Blocked,
    /// 2: error: network, timeout, bad input, usage.
    Error,
    /// 3: the upgrade failed and the previous state is restored and verified.
    RolledBack,
    /// 4: the previous state could not be verified; `vit repair` is needed.
    Inconsistent,
    /// 10: an update is available; only with `--exit-code` on `update` and `status`.
    UpdateAvailable,
}

impl ExitCode {
    /// All codes, in order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::Success,
        Self::Blocked,
        Self::Error,
        Self::RolledBack,
        Self::Inconsistent,
        Self::UpdateAvailable,
    ];

    /// The process exit status.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Blocked => 1,
            Self::Error => 2,
            Self::RolledBack => 3,
            Self::Inconsistent => 4,
            Self::UpdateAvailable => 10,
        }
    }

    /// What the code means, as one line of the documentation.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Success => "success (nothing to do is success)",
            Self::Blocked => "blocked: incompatible, manifest violation, dirty tree, held",
            Self::Error => "error: network, timeout, bad input, usage",
            Self::RolledBack => {
                "rollback executed: the upgrade failed and the previous state is restored and verified"
            }
            Self::Inconsistent => {
                "inconsistent: the previous state could not be verified; `vit repair` is needed"
            }
            Self::UpdateAvailable => {
                "an update is available (only with --exit-code on `update` and `status`)"
            }
        }
    }
}

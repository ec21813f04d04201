//! Verdicts: whether an installation can live with a release.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::code::Code;
use crate::problem::{Problem, Severity};
use crate::vertical::Status;

/// The answer in one word.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Nothing stands against it.
    Compatible,
    /// It works, and somebody should look.
    CompatibleWithWarnings,
    /// It does not go on.
    Blocked,
}

impl Answer {
    /// The answer that a set of problems gives.
    #[must_use]
    pub fn of<'a>(problems: impl IntoIterator<Item = &'a Problem>) -> Self {
        problems
            .into_iter()
            .map(|problem| problem.severity)
            .max()
            .map_or(Self::Compatible, |worst| match worst {
                Severity::Info => Self::Compatible,
                Severity::Warning => Self::CompatibleWithWarnings,
                Severity::Blocked => Self::Blocked,
            })
    }

    /// The name as it stands in JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Compatible => "compatible",
            Self::CompatibleWithWarnings => "compatible_with_warnings",
            Self::Blocked => "blocked",
        }
    }
}

/// What one vertical says of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct VerticalVerdict {
    /// The domain name, or the manifest's path where it cannot be read.
    pub vertical: String,
    /// Path of the manifest, relative to the installation's root.
    pub manifest: String,
    /// The vertical's own status; absent where the manifest cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// The answer.
    pub answer: Answer,
    /// Every problem found, worst first.
    pub problems: Vec<Problem>,
}

/// What the whole installation says of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// The answer: the worst of all.
    pub answer: Answer,
    /// Problems of the release itself, whoever uses it.
    pub release: Vec<Problem>,
    /// One entry a vertical, by name.
    pub verticals: Vec<VerticalVerdict>,
}

impl Verdict {
    /// Puts the parts together: orders the problems and finds the worst.
    #[must_use]
    pub fn new(mut release: Vec<Problem>, mut verticals: Vec<VerticalVerdict>) -> Self {
        sort(&mut release);
        for vertical in &mut verticals {
            sort(&mut vertical.problems);
        }
        verticals.sort_by(|a, b| (&a.vertical, &a.manifest).cmp(&(&b.vertical, &b.manifest)));
        let worst = verticals
            .iter()
            .map(|v| v.answer)
            .max()
            .unwrap_or(Answer::Compatible);
        Self {
            answer: worst.max(Answer::of(&release)),
            release,
            verticals,
        }
    }

    /// All problems, those of the release first.
    pub fn problems(&self) -> impl Iterator<Item = &Problem> {
        self.release.iter().chain(
            self.verticals
                .iter()
                .flat_map(|vertical| &vertical.problems),
        )
    }

    /// The code of the first blocking problem.
    #[must_use]
    pub fn reason(&self) -> Option<Code> {
        self.problems()
            .find(|problem| problem.blocks())
            .map(|problem| problem.code)
    }
}

/// Worst first, then by code, subject and message, so that no order depends on the file system.
pub fn sort(problems: &mut [Problem]) {
    problems.sort_by(|a, b| {
        (b.severity, a.code.as_str(), &a.subject, &a.message).cmp(&(
            a.severity,
            b.code.as_str(),
            &b.subject,
            &b.message,
        ))
    });
}

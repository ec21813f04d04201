//! A rehearsal: the target built aside and tried there, before anything live is touched.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::output::SmokeResult;
use crate::problem::Problem;

/// What came of a rehearsal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Rehearsal {
    /// The answer in one word.
    pub outcome: RehearsalOutcome,
    /// When it was held.
    pub held: Timestamp,
    /// The smoke tests, with the end of their output.
    pub smoke_tests: Vec<SmokeResult>,
    /// Why it failed or could not tell, first cause first.
    pub problems: Vec<Problem>,
    /// What the rehearsal shared with the live system: ports, services, what lies outside.
    pub shared: Vec<String>,
    /// Whether an environment of its own was built.
    pub environment: bool,
    /// The folder with the evidence of a failure, absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
    /// Seconds that it took.
    pub seconds: f64,
}

/// How a rehearsal ended, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RehearsalOutcome {
    /// Everything was built and every smoke test passed.
    Pass,
    /// Something could not be built, or a smoke test failed.
    Fail,
    /// A smoke test could not run there (exit 2): the upgrade itself may still go well.
    CouldNotTell,
}

/// Takes out of a rehearsal's JSON what differs between two that come to one answer.
pub(super) fn remove_volatile(rehearsal: &mut serde_json::Value) {
    let remove = |value: &mut serde_json::Value, names: &[&str]| {
        if let Some(object) = value.as_object_mut() {
            for name in names {
                object.shift_remove(*name);
            }
        }
    };
    remove(rehearsal, &["held", "seconds", "evidence"]);
    let tests = rehearsal
        .get_mut("smoke_tests")
        .and_then(serde_json::Value::as_array_mut);
    for test in tests.into_iter().flatten() {
        remove(test, &["seconds", "tail", "output_sha256", "output_bytes"]);
    }
}

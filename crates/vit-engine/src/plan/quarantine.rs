//! What is said of a release that failed here before.

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Severity, Who};

use crate::facts::Target;
use crate::facts::quarantine::Quarantined;

/// The problem that an earlier failure of the target is, where it is remembered: it blocks until
/// something changes, or somebody says why it is tried again.
#[must_use]
pub fn problem(target: &Target, retry: Option<&str>) -> Option<Problem> {
    let known = target.quarantined.as_ref()?;
    let entry = &known.entry;
    let found = |message: String| {
        Problem::new(Code::Quarantined, &target.release.tag, message).evidence(format!(
            "{}, transaction {}\n{}",
            entry.how_often(),
            entry.transaction,
            entry.cause
        ))
    };
    if !known.holds() {
        let what = known.changed.join(", ");
        let message =
            format!("it was rolled back here before; since then something has changed: {what}");
        return Some(found(message).severity(Severity::Info));
    }
    if let Some(reason) = retry {
        let message = format!("it was rolled back here before and is tried again: {reason}");
        return Some(found(message).severity(Severity::Warning));
    }
    let message = if entry.by_hand {
        "somebody rolled it back here, and nothing has changed since"
    } else {
        "it was rolled back here, and nothing that it depends on has changed since"
    };
    let fix = if entry.by_hand {
        "to install it after all"
    } else {
        "mend the vertical; to try it as it is"
    };
    Some(found(message.to_owned()).hint(
        Who::You,
        format!(
            "`vit explain {}` says more; {fix}: `vit upgrade --retry-quarantined REASON`",
            entry.transaction
        ),
    ))
}

/// The reason for which the target is tried again, where there is need for one.
#[must_use]
pub fn retry_of(target: &Target, reason: Option<&str>) -> Option<String> {
    let held = target.quarantined.as_ref().is_some_and(Quarantined::holds);
    reason.filter(|_| held).map(str::to_owned)
}

/// The state as a fact of a plan.
#[must_use]
pub fn fact(target: &Target) -> String {
    match &target.quarantined {
        None => "none".to_owned(),
        Some(known) if known.holds() => format!("held: {}", known.entry.how_often()),
        Some(known) => format!(
            "left ({}): {}",
            known.changed.join(", "),
            known.entry.how_often()
        ),
    }
}

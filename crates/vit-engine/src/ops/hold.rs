//! `vit hold`, `vit unhold`: versions that are not installed.

use semver::Version;
use vit_contract::output::HoldReport;

use crate::context::Context;
use crate::error::EngineError;
use crate::exec::transaction::Held;
use crate::store::choices::{self, Choices, Hold};

/// Holds one version, or every upgrade.
///
/// # Errors
/// It cannot be written, another `vit` is at work, or an earlier transaction is not finished.
pub fn hold(cx: &Context<'_>, version: Option<&Version>) -> Result<HoldReport, EngineError> {
    let _held = Held::acquire_idle(cx, "vit hold")?;
    let mut choices = choices::load(&cx.site.state_dir)?;
    let what = name(version);
    if choices
        .holds
        .iter()
        .any(|hold| hold.version.as_ref() == version)
    {
        return Ok(report(&choices, format!("{what} was held already")));
    }
    choices.holds.push(Hold {
        version: version.cloned(),
        since: cx.clock.now(),
        reason: None,
    });
    choices::save(&cx.site.state_dir, &choices, cx.faults)?;
    Ok(report(&choices, format!("{what} is held")))
}

/// Lets go of one version, or of everything.
///
/// # Errors
/// It was not held, it cannot be written, another `vit` is at work, or an earlier transaction is
/// not finished.
pub fn unhold(cx: &Context<'_>, version: Option<&Version>) -> Result<HoldReport, EngineError> {
    let _held = Held::acquire_idle(cx, "vit unhold")?;
    let mut choices = choices::load(&cx.site.state_dir)?;
    let before = choices.holds.len();
    match version {
        Some(version) => choices
            .holds
            .retain(|hold| hold.version.as_ref() != Some(version)),
        None => choices.holds.clear(),
    }
    if choices.holds.len() == before {
        return match version {
            None => Ok(report(&choices, "nothing was held".into())),
            Some(version) => Err(EngineError::BadInput {
                summary: format!("{version} is not held"),
                problems: Vec::new(),
                hints: vec![format!("held: {}", listed(&choices))],
            }),
        };
    }
    choices::save(&cx.site.state_dir, &choices, cx.faults)?;
    let what = version.map_or_else(|| "everything".to_owned(), ToString::to_string);
    Ok(report(&choices, format!("{what} is no longer held")))
}

/// The names of what is held, as reports show them.
#[must_use]
pub fn names(choices: &Choices) -> Vec<String> {
    choices
        .holds
        .iter()
        .map(|hold| {
            hold.version
                .as_ref()
                .map_or_else(|| "all".to_owned(), ToString::to_string)
        })
        .collect()
}

fn listed(choices: &Choices) -> String {
    let names = names(choices);
    if names.is_empty() {
        "nothing".into()
    } else {
        names.join(", ")
    }
}

fn name(version: Option<&Version>) -> String {
    version.map_or_else(|| "every upgrade".to_owned(), ToString::to_string)
}

fn report(choices: &Choices, details: String) -> HoldReport {
    HoldReport {
        schema: "vit.hold/1".into(),
        holds: names(choices),
        details,
    }
}

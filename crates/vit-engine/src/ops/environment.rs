//! What `vit doctor` and `vit verify` say of the Python environment.

use vit_contract::output::{Check, CheckState};

use crate::context::Context;
use crate::error::EngineError;
use crate::facts::environment::{Found, distributions, find, installer, kept};
use crate::steps::environment::{Changed, changed_since};
use crate::twin;

const NAME: &str = "environment";
/// How many changed files a check names.
const NAMED: usize = 5;

/// Whether it is there, works, and can be kept cheaply.
pub(super) fn doctor(cx: &Context<'_>) -> Vec<Check> {
    let environment = match find(cx) {
        Found::NotManaged(reason) => {
            let found = format!("dependencies are not managed: {reason}");
            return vec![check(CheckState::Ok, found, None)];
        }
        Found::There(environment) => environment,
    };
    let place = format!(
        "{} (found by {})",
        environment.path.display(),
        environment.found_by
    );
    if let Some(fault) = &environment.fault {
        let why = fault
            .evidence
            .as_ref()
            .map(|evidence| format!(" ({evidence})"))
            .unwrap_or_default();
        let found = format!("{place}: {}{why}", fault.message);
        return vec![check(CheckState::Warning, found, fault.hint.as_deref())];
    }
    let mut checks = Vec::new();
    let number = distributions(&environment.path).len();
    checks.push(match installer::find(cx, &environment) {
        Some(found) => {
            let version = found.version.unwrap_or_default();
            let name = found.installer.as_str();
            let text = format!("{place}: {number} distributions; {name} {version} installs");
            check(CheckState::Ok, text, None)
        }
        None => check(
            CheckState::Warning,
            format!("{place}: neither uv nor pip is there to install with"),
            Some("install uv, or `bin/python -m ensurepip`"),
        ),
    });
    if !twin::same_file_system(&environment.path, &cx.site.state_dir) {
        let found = "it lies on another file system than the state folder: what is kept of it \
                     stands beside it, or is copied whole";
        let fix = "make it inside the installation, for example as .venv";
        checks.push(check(CheckState::Warning, found.to_owned(), Some(fix)));
    }
    if !environment.shared.is_empty() {
        let found = format!("others live in it: {}", environment.shared.join(", "));
        let fix = "give this installation an environment of its own";
        checks.push(check(CheckState::Warning, found, Some(fix)));
    }
    checks
}

/// Whether it is what the last transaction that changed it has made of it.
pub(super) fn verify(cx: &Context<'_>) -> Result<Option<Check>, EngineError> {
    let Some((entry, proof)) = kept::last_change(cx) else {
        return Ok(None);
    };
    let fix = Some("`vit rollback` puts an environment back by its files; `vit history` names it");
    let what = entry.kind.as_str();
    Ok(Some(match changed_since(cx, &entry.id, &proof)? {
        Changed::Same => check(
            CheckState::Ok,
            format!("{} is what the {what} made of it", proof.path),
            None,
        ),
        Changed::Somewhere => check(
            CheckState::Warning,
            format!("{} has changed since the {what}", proof.path),
            fix,
        ),
        Changed::Paths(paths) => {
            let number = match paths.len() {
                1 => "1 file has changed".to_owned(),
                number => format!("{number} files have changed"),
            };
            let named: Vec<&str> = paths.iter().take(NAMED).map(String::as_str).collect();
            let found = format!(
                "{number} in {} since the {what}: {}",
                proof.path,
                named.join("; ")
            );
            check(CheckState::Warning, found, fix)
        }
    }))
}

fn check(state: CheckState, found: String, fix: Option<&str>) -> Check {
    Check {
        name: NAME.into(),
        state,
        found,
        fix: fix.map(str::to_owned),
    }
}

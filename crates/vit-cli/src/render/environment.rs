//! The Python environment in a plan and in a proof.

use vit_contract::history::EnvironmentProof;
use vit_contract::plan::{EnvironmentAction, EnvironmentPlan, EnvironmentStep, Plan, Step};
use vit_contract::text::visible;

use super::{count, names, short};

/// What becomes of it, a line each.
pub(super) fn lines(plan: &Plan) -> Vec<String> {
    match &plan.environment {
        EnvironmentPlan::NotManaged { reason } => {
            vec![format!("dependencies are not managed: {}", visible(reason))]
        }
        EnvironmentPlan::Unchanged { path, found_by } => vec![format!(
            "{}: nothing that it depends on changes",
            place(path, found_by)
        )],
        EnvironmentPlan::Changes {
            path,
            found_by,
            because,
        } => {
            let step = plan.steps.iter().find_map(|step| match step {
                Step::Environment(step) => Some(step),
                _ => None,
            });
            let mut lines = vec![format!("{} changes", place(path, found_by))];
            lines.push(format!(
                "because of {}",
                visible(&names(because, "nothing"))
            ));
            lines.extend(step.map(done));
            lines
        }
    }
}

fn place(path: &str, found_by: &str) -> String {
    format!("{} (found by {})", visible(path), visible(found_by))
}

fn done(step: &EnvironmentStep) -> String {
    match &step.action {
        EnvironmentAction::Install {
            installer,
            installer_version,
            commands,
            ..
        } => {
            let version = installer_version.as_deref().unwrap_or("of unknown version");
            let what: Vec<String> = commands.iter().map(|command| wanted(command)).collect();
            format!(
                "{} {} installs {}",
                installer.as_str(),
                visible(version),
                visible(&what.join("; "))
            )
        }
        EnvironmentAction::Restore { snapshot, .. } => format!(
            "put back by its files, as {} has kept it; nothing is installed",
            visible(snapshot)
        ),
    }
}

/// What a command installs: its arguments after the options that are always the same.
fn wanted(command: &[String]) -> String {
    let from = command
        .iter()
        .position(|word| word == "-r" || word == "-e")
        .or_else(|| command.len().checked_sub(1))
        .unwrap_or_default();
    command[from..].join(" ")
}

/// What was compared of it.
pub(super) fn proof(proof: &EnvironmentProof) -> String {
    format!(
        "{}, {} in {}",
        short(&proof.sha256),
        count(proof.files, "file"),
        visible(&proof.path)
    )
}

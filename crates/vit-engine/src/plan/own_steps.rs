//! Steps of the installation's own in a plan: which run, and which take earlier ones back.

use semver::Version;
use vit_contract::code::Code;
use vit_contract::plan::{CommandStep, Plan, Step, StepOrigin};
use vit_contract::problem::{Problem, Severity, Who};
use vit_contract::settings::StepSettings;

use crate::facts::programs::{Missing, Why};

/// The steps of an upgrade to `target`, in the order of the settings.
#[must_use]
pub fn forward(settings: &[StepSettings], target: &Version) -> Vec<CommandStep> {
    settings
        .iter()
        .filter(|step| step.releases.as_ref().is_none_or(|of| of.admit(target)))
        .map(|step| CommandStep {
            name: step.name.clone(),
            run: step.run.clone(),
            undo: step.undo.clone(),
            verify: step.verify.clone(),
            timeout_seconds: step.timeout,
            leaves_processes: step.leaves_processes,
            backward: false,
            origin: None,
        })
        .collect()
}

/// A transaction that a rollback leaves behind, with the plan that it carried out.
#[derive(Debug, Clone)]
pub struct Passed {
    /// Its id.
    pub id: String,
    /// Its plan.
    pub plan: Plan,
}

/// The steps that take back those of `passed` (newest first), the last one first; and the names
/// of those that cannot be taken back.
#[must_use]
pub fn backward(passed: &[Passed]) -> (Vec<CommandStep>, Vec<String>) {
    let mut steps: Vec<CommandStep> = Vec::new();
    let mut irreversible = Vec::new();
    for transaction in passed {
        let ran = transaction.plan.steps.iter().rev();
        for step in ran.filter_map(|step| match step {
            Step::Command(command) => Some(command),
            _ => None,
        }) {
            let Some(undo) = &step.undo else {
                irreversible.push(step.own_name().to_owned());
                continue;
            };
            let origin = step.origin.clone().unwrap_or_else(|| origin(transaction));
            let mut name = step.own_name().to_owned();
            if steps.iter().any(|earlier| earlier.name == name) {
                name = format!("{name}@{}", origin.transaction);
            }
            steps.push(CommandStep {
                name,
                run: undo.clone(),
                undo: Some(step.run.clone()),
                backward: !step.backward,
                origin: Some(origin),
                ..step.clone()
            });
        }
    }
    (steps, irreversible)
}

fn origin(transaction: &Passed) -> StepOrigin {
    let version = |version: &Option<Version>| {
        version
            .as_ref()
            .map_or_else(|| "unknown".to_owned(), ToString::to_string)
    };
    StepOrigin {
        transaction: transaction.id.clone(),
        from_version: version(&transaction.plan.from.version),
        to_version: version(&transaction.plan.to.version),
    }
}

/// A problem for each program that a step names and that is not there. Where the environment
/// changes, the installation may yet bring it.
#[must_use]
pub fn unrunnable(missing: &[Missing], environment_changes: bool) -> Vec<Problem> {
    missing
        .iter()
        .map(|missing| {
            let (what, hint) = match missing.why {
                Why::NotOnPath => (
                    "is in no folder of the PATH that the step is given",
                    "install it, or name it by its whole path; a path with a `/` in it counts from \
                     the installation's root",
                ),
                Why::NotThere => (
                    "is neither in the target's tree nor on disk",
                    "mend the path in the settings; it counts from the installation's root, as the \
                     target has it",
                ),
                Why::NotExecutable => (
                    "is no executable file in the target's tree",
                    "name its interpreter first (`[\"python\", \"FILE\"]`), or ask whoever releases \
                     it to make it executable",
                ),
            };
            let brought = environment_changes && missing.why != Why::NotExecutable;
            let text = format!("a program that the step names {what}");
            let problem = Problem::new(Code::OwnStepProgramMissing, &missing.step, text)
                .evidence(missing.program.clone())
                .hint(Who::You, hint);
            if brought {
                problem.severity(Severity::Warning)
            } else {
                problem
            }
        })
        .collect()
}

/// A problem for each step that nothing takes back: it blocks until somebody accepts it.
#[must_use]
pub fn irreversible<'n>(
    names: impl IntoIterator<Item = &'n str>,
    accepted: &[Code],
    what: &str,
) -> Vec<Problem> {
    let severity = if accepted.contains(&Code::IrreversibleStep) {
        Severity::Warning
    } else {
        Severity::Blocked
    };
    names
        .into_iter()
        .map(|name| {
            Problem::new(Code::IrreversibleStep, name, what)
                .severity(severity)
                .evidence(format!("[[step]] {name} names no `undo`"))
                .hint(
                    Who::You,
                    "give it an `undo` in the settings, or add `--accept irreversible_step`: \
                     what it does stays then, whatever happens",
                )
        })
        .collect()
}

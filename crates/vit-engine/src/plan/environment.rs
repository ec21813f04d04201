//! What becomes of the Python environment: decided from facts alone.

use vit_contract::code::Code;
use vit_contract::plan::{
    Disk, EnvironmentAction, EnvironmentPlan, EnvironmentStep, Installer, Step,
};
use vit_contract::problem::{Problem, Severity, Who};

use crate::facts::environment::{Change, Environment, Found, Room};

/// What was decided.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Decision {
    /// What the plan says of it.
    pub plan: EnvironmentPlan,
    /// The step, where it changes.
    pub step: Option<EnvironmentStep>,
    /// What stands against it, or should be known.
    pub problems: Vec<Problem>,
}

impl Decision {
    /// The same with the commands of a landing that knows better how uv installs it: by the
    /// project's own lock. Where pip installs, it goes by the edited pins.
    #[must_use]
    pub fn installed_by(mut self, own: Option<&[Vec<String>]>) -> Self {
        if let (Some(own), Some(step)) = (own, &mut self.step)
            && let EnvironmentAction::Install {
                installer: Installer::Uv,
                commands,
                ..
            } = &mut step.action
        {
            *commands = own.to_vec();
        }
        self
    }
}

/// Decides for a landing. A step that the landing brings itself is taken as it is.
#[must_use]
pub fn decide(
    found: &Found,
    change: &Change,
    of_landing: &[Step],
    timeout_seconds: u32,
) -> Decision {
    let brought = of_landing.iter().find_map(|step| match step {
        Step::Environment(step) => Some(step),
        _ => None,
    });
    let environment = match found {
        Found::There(environment) => environment,
        Found::NotManaged(reason) => return not_managed(reason.clone()),
    };
    if let Some(step) = brought {
        let because = vec!["the installed Core package".to_owned()];
        return changes(environment, because, Some(step.clone()), change);
    }
    if !change.because.is_empty() && !change.install.is_empty() {
        let step = change
            .installer
            .as_ref()
            .map(|found| found.step(&environment.path, &change.install, timeout_seconds));
        return changes(environment, change.because.clone(), step, change);
    }
    let warned = environment.fault.clone().map(|fault| {
        let text = format!(
            "{}; it was so before, and nothing is installed into it",
            fault.message
        );
        let fault = fault.severity(Severity::Warning);
        Problem {
            message: text,
            ..fault
        }
    });
    if let Some(problem) = warned {
        return Decision {
            problems: vec![problem.clone()],
            ..not_managed(problem.message)
        };
    }
    if change.install.is_empty() {
        return not_managed(
            "the target has neither a project in pyproject.toml nor a requirements.txt".to_owned(),
        );
    }
    Decision {
        plan: EnvironmentPlan::Unchanged {
            path: environment.path.display().to_string(),
            found_by: environment.found_by.to_owned(),
        },
        ..Decision::default()
    }
}

fn not_managed(reason: String) -> Decision {
    Decision {
        plan: EnvironmentPlan::NotManaged { reason },
        ..Decision::default()
    }
}

fn changes(
    environment: &Environment,
    because: Vec<String>,
    step: Option<EnvironmentStep>,
    change: &Change,
) -> Decision {
    let mut problems = Vec::new();
    let path = environment.path.display().to_string();
    problems.extend(environment.fault.clone());
    if step.is_none() && environment.fault.is_none() {
        problems.push(
            Problem::new(
                Code::InstallerMissing,
                &path,
                "neither uv nor the environment's own pip is there to install with",
            )
            .hint(
                Who::You,
                "install uv, or pip into the environment: `bin/python -m ensurepip`",
            ),
        );
    }
    if !environment.shared.is_empty() {
        problems.push(
            Problem::new(
                Code::EnvironmentShared,
                &path,
                "the environment is outside of this installation, and others live in it: what \
                 is installed changes for them too, and so does what is put back",
            )
            .evidence(environment.shared.join(", "))
            .hint(
                Who::You,
                "give this installation an environment of its own (`.venv` at its root), or \
                 accept it by the code",
            ),
        );
    }
    problems.extend(low_disk(&path, change.room));
    let step = step.filter(|_| environment.fault.is_none());
    Decision {
        plan: EnvironmentPlan::Changes {
            path,
            found_by: environment.found_by.to_owned(),
            because,
        },
        step,
        problems,
    }
}

/// Too little room where the environment lies, where the tree does not lie there too.
fn low_disk(path: &str, room: Room) -> Option<Problem> {
    (!room.with_tree && room.free < room.needed).then(|| {
        Problem::new(
            Code::LowDisk,
            path,
            "there is too little free disk for the environment",
        )
        .evidence(format!(
            "{} bytes are needed for the installation and for a twin to go back to, {} are free",
            room.needed, room.free
        ))
        .hint(Who::You, "free some space on the environment's file system")
    })
}

/// The environment as a fact that a plan rests on.
#[must_use]
pub fn fact(found: &Found) -> String {
    match found {
        Found::NotManaged(_) => "not managed".to_owned(),
        Found::There(environment) => environment.fingerprint.clone(),
    }
}

/// What the tree's file system has to take beside the tree itself.
#[must_use]
pub fn beside_the_tree(change: &Change) -> u64 {
    let room = change.room;
    let own = if room.with_tree { room.needed } else { 0 };
    own.saturating_add(room.needed_by_state)
}

/// The disk that both need together, and what is missing of it.
#[must_use]
pub fn with_environment(switch_bytes: u64, free: u64, change: &Change) -> (Disk, Option<Problem>) {
    let (disk, problem) = super::disk(switch_bytes, free);
    let beside = beside_the_tree(change);
    if beside == 0 {
        return (disk, problem);
    }
    let needed_bytes = disk.needed_bytes.saturating_add(beside);
    let disk = Disk {
        needed_bytes,
        ..disk
    };
    let short = (free < needed_bytes).then(|| {
        Problem::new(Code::LowDisk, "disk", "there is too little free disk")
            .evidence(format!(
                "{needed_bytes} bytes are needed for the switch, the environment and the way \
                 back, {free} are free"
            ))
            .hint(
                Who::You,
                "free some space, for example with `git gc` or `pip cache purge`",
            )
    });
    (disk, problem.or(short))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::environment::inputs::Requirement;
    use crate::facts::environment::installer;
    use vit_contract::plan::Installer;

    fn environment() -> Environment {
        Environment {
            path: "/srv/core/.venv".into(),
            found_by: ".venv",
            fault: None,
            shared: Vec::new(),
            fingerprint: String::new(),
        }
    }

    fn change() -> Change {
        Change {
            because: vec!["requirements.txt".into()],
            install: vec![Requirement::File("requirements.txt".into())],
            installer: Some(installer::Found {
                installer: Installer::Pip,
                command: vec!["pip".into(), "install".into()],
                version: None,
            }),
            wheels: Vec::new(),
            room: Room::default(),
        }
    }

    fn decided(environment: Environment, change: &Change) -> Decision {
        decide(&Found::There(Box::new(environment)), change, &[], 60)
    }

    fn broken() -> Environment {
        Environment {
            fault: Some(Problem::new(Code::EnvironmentBroken, "x", "it is broken")),
            ..environment()
        }
    }

    #[test]
    fn what_changes_is_installed_and_what_does_not_is_left() {
        let found = decided(environment(), &change());
        assert!(matches!(found.plan, EnvironmentPlan::Changes { .. }));
        assert!(found.step.is_some() && found.problems.is_empty());
        let same = Change {
            because: Vec::new(),
            ..change()
        };
        let found = decided(environment(), &same);
        assert!(matches!(found.plan, EnvironmentPlan::Unchanged { .. }));
        assert_eq!((found.step, found.problems), (None, Vec::new()));
        let nothing = decided(environment(), &Change::default());
        assert!(matches!(nothing.plan, EnvironmentPlan::NotManaged { .. }));
    }

    #[test]
    fn a_broken_environment_blocks_only_where_it_is_needed() {
        let found = decided(broken(), &change());
        assert!(found.step.is_none() && found.problems.iter().any(Problem::blocks));
        let same = Change {
            because: Vec::new(),
            ..change()
        };
        let found = decided(broken(), &same);
        assert_eq!(found.problems[0].severity, Severity::Warning);
        assert!(matches!(found.plan, EnvironmentPlan::NotManaged { .. }));
    }

    #[test]
    fn nobody_to_install_others_inside_and_no_room_are_problems() {
        let shared = Environment {
            shared: vec!["/srv/other".into()],
            ..environment()
        };
        let change = Change {
            installer: None,
            room: Room {
                needed: 2,
                free: 1,
                needed_by_state: 0,
                with_tree: false,
            },
            ..change()
        };
        let codes: Vec<Code> = decided(shared, &change)
            .problems
            .iter()
            .map(|problem| problem.code)
            .collect();
        assert_eq!(
            codes,
            [
                Code::InstallerMissing,
                Code::EnvironmentShared,
                Code::LowDisk
            ]
        );
    }

    #[test]
    fn the_disk_counts_the_environment_too() {
        let mib = 1024 * 1024;
        let change = Change {
            room: Room {
                needed: 10 * mib,
                free: 0,
                needed_by_state: 0,
                with_tree: true,
            },
            ..change()
        };
        let (disk, problem) = with_environment(0, 26 * mib, &change);
        assert_eq!((disk.needed_bytes, problem), (26 * mib, None));
        assert!(with_environment(0, 26 * mib - 1, &change).1.is_some());
    }
}

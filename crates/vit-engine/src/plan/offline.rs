//! Installing without an index: what imported bundles brought is what there is.

use vit_contract::code::Code;
use vit_contract::plan::{
    EnvironmentAction, EnvironmentPlan, Installer, WheelFolder, command_text,
};
use vit_contract::problem::{Problem, Who};

use super::environment::Decision;

impl Decision {
    /// The same, installing from these folders alone; or, where there are none and no index is to
    /// be asked, with a word on it.
    #[must_use]
    pub fn offline(mut self, folders: &[WheelFolder], no_index: bool) -> Self {
        let subject = match &self.plan {
            EnvironmentPlan::Changes { path, .. } => path.clone(),
            EnvironmentPlan::NotManaged { .. } | EnvironmentPlan::Unchanged { .. } => return self,
        };
        let Some(EnvironmentAction::Install {
            installer,
            commands,
            wheels,
            ..
        }) = self.step.as_mut().map(|step| &mut step.action)
        else {
            return self;
        };
        if folders.is_empty() {
            if no_index {
                self.problems.push(missing(&subject));
            }
            return self;
        }
        match with_folders(commands, *installer, folders) {
            Ok(changed) => {
                *commands = changed;
                *wheels = folders.to_vec();
            }
            Err(command) => self.problems.push(unused(&subject, &command)),
        }
        self
    }
}

/// The commands with the flags that let them take from the folders and from nowhere else; else
/// the first that cannot.
fn with_folders(
    commands: &[Vec<String>],
    installer: Installer,
    folders: &[WheelFolder],
) -> Result<Vec<Vec<String>>, String> {
    let mut flags = vec!["--no-index".to_owned()];
    if installer == Installer::Uv {
        flags.push("--offline".to_owned());
    }
    for folder in folders {
        flags.extend(["--find-links".to_owned(), folder.path.clone()]);
    }
    let mut changed = Vec::new();
    for command in commands {
        let at = command
            .windows(2)
            .position(|words| words[0] == "pip" && words[1] == "install");
        let Some(at) = at else {
            return Err(command_text(command));
        };
        let mut command = command.clone();
        command.splice(at + 2..at + 2, flags.iter().cloned());
        changed.push(command);
    }
    Ok(changed)
}

fn missing(subject: &str) -> Problem {
    Problem::new(
        Code::WheelsMissing,
        subject,
        "dependencies change, no index is to be asked, and no imported bundle has wheels",
    )
    .hint(
        Who::You,
        "make the bundle with `--wheels DIR` (`pip download -d DIR -r requirements.txt`) and \
         import it, or let the installer find what it needs (`PIP_FIND_LINKS`, `UV_FIND_LINKS`)",
    )
}

fn unused(subject: &str, command: &str) -> Problem {
    Problem::new(
        Code::WheelsUnused,
        subject,
        "an imported bundle has wheels, and the command that installs cannot take them",
    )
    .evidence(format!("`{command}`"))
    .hint(
        Who::You,
        "it works where uv has all it needs in its cache, or an index can be reached",
    )
}

#[cfg(test)]
mod tests {
    use vit_contract::plan::{EnvironmentStep, Installer};

    use super::*;

    fn decision(installer: Installer, command: &str) -> Decision {
        Decision {
            plan: EnvironmentPlan::Changes {
                path: "/srv/.venv".into(),
                found_by: ".venv".into(),
                because: vec!["requirements.txt".into()],
            },
            step: Some(EnvironmentStep {
                path: "/srv/.venv".into(),
                action: EnvironmentAction::Install {
                    installer,
                    installer_version: None,
                    commands: vec![command.split(' ').map(str::to_owned).collect()],
                    wheels: Vec::new(),
                    timeout_seconds: 60,
                },
            }),
            problems: Vec::new(),
        }
    }

    fn folder() -> WheelFolder {
        WheelFolder {
            path: "/state/w".into(),
            files: Vec::new(),
        }
    }

    fn command(decision: &Decision) -> (String, usize) {
        match &decision.step.as_ref().unwrap().action {
            EnvironmentAction::Install {
                commands, wheels, ..
            } => (commands[0].join(" "), wheels.len()),
            EnvironmentAction::Restore { .. } => panic!("it installs"),
        }
    }

    #[test]
    fn both_installers_take_from_the_folder_alone() {
        let pip = decision(Installer::Pip, "python -m pip install --no-input -r r.txt");
        let told = pip.offline(&[folder()], false);
        let expected = "python -m pip install --no-index --find-links /state/w --no-input -r r.txt";
        assert_eq!(command(&told), (expected.to_owned(), 1));
        assert_eq!(told.problems, []);
        let uv = decision(Installer::Uv, "uv pip install --python p -r r.txt");
        let told = uv.offline(&[folder()], true);
        let expected =
            "uv pip install --no-index --offline --find-links /state/w --python p -r r.txt";
        assert_eq!(command(&told), (expected.to_owned(), 1));
    }

    #[test]
    fn a_lock_takes_no_folder_and_no_folder_is_told() {
        let sync = decision(Installer::Uv, "uv sync --locked");
        let told = sync.clone().offline(&[folder()], true);
        assert_eq!(command(&told), ("uv sync --locked".to_owned(), 0));
        assert_eq!(told.problems[0].code, Code::WheelsUnused);
        assert_eq!(sync.clone().offline(&[], false).problems, []);
        assert_eq!(
            sync.offline(&[], true).problems[0].code,
            Code::WheelsMissing
        );
        let unchanged = Decision::default().offline(&[folder()], true);
        assert_eq!(unchanged, Decision::default());
    }
}

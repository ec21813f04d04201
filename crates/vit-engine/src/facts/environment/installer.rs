//! Who installs, and with which commands.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use vit_contract::plan::{EnvironmentAction, EnvironmentStep, Installer};

use super::inputs::Requirement;
use super::{Environment, distributions};
use crate::context::Context;
use crate::process::{self, Ended, Request};

/// How long `uv` may take to tell its version.
const PATIENCE: Duration = Duration::from_secs(10);

/// Who installs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Which of the two.
    pub installer: Installer,
    /// The program and its first arguments, up to what is installed.
    pub command: Vec<String>,
    /// Its version, as it tells it.
    pub version: Option<String>,
}

/// Finds `uv` in the PATH or in the environment, else the environment's own pip.
#[must_use]
pub fn find(cx: &Context<'_>, environment: &Environment) -> Option<Found> {
    let python = environment.python().to_str()?.to_owned();
    let words = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
    if let Some(uv) = uv(cx, &environment.path) {
        return Some(Found {
            installer: Installer::Uv,
            version: uv_version(cx, &uv),
            command: words(&[uv.to_str()?, "pip", "install", "--python", &python]),
        });
    }
    let pip = distributions(&environment.path).iter().find_map(|folder| {
        let name = folder.file_stem()?.to_str()?;
        name.strip_prefix("pip-").map(str::to_owned)
    })?;
    Some(Found {
        installer: Installer::Pip,
        version: Some(pip),
        command: words(&[
            &python,
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "--no-input",
        ]),
    })
}

impl Found {
    /// The step that installs these, in one command.
    #[must_use]
    pub fn step(
        &self,
        environment: &Path,
        install: &[Requirement],
        timeout_seconds: u32,
    ) -> EnvironmentStep {
        let mut command = self.command.clone();
        for requirement in install {
            match requirement {
                Requirement::Editable => command.extend(["-e".to_owned(), ".".to_owned()]),
                Requirement::File(path) => command.extend(["-r".to_owned(), path.clone()]),
                Requirement::Named(text) => command.push(text.clone()),
            }
        }
        EnvironmentStep {
            path: environment.display().to_string(),
            action: EnvironmentAction::Install {
                installer: self.installer,
                installer_version: self.version.clone(),
                commands: vec![command],
                wheels: Vec::new(),
                timeout_seconds,
            },
        }
    }
}

fn uv(cx: &Context<'_>, environment: &Path) -> Option<PathBuf> {
    let path = cx.environment.get("PATH").unwrap_or_default();
    path.as_bytes()
        .split(|&byte| byte == b':')
        .map(|part| PathBuf::from(std::ffi::OsStr::from_bytes(part)))
        // A relative part of the PATH would mean another program in another folder.
        .filter(|folder| folder.is_absolute())
        .chain([environment.join("bin")])
        .map(|folder| folder.join("uv"))
        .find(|program| {
            program.is_file()
                && rustix::fs::access(program, rustix::fs::Access::EXEC_OK).is_ok()
        })
}

fn uv_version(cx: &Context<'_>, uv: &Path) -> Option<String> {
    let env = cx.environment.for_probe();
    let finished = process::run(Request {
        program: uv.as_os_str().to_owned(),
        args: vec![OsString::from("--version")],
        cwd: &cx.site.root,
        env: env.map(|(k, v)| (k.to_owned(), v.to_owned())).collect(),
        stdin: Vec::new(),
        timeout: Some(PATIENCE),
        keep: 1024,
        on_line: None,
        cancel: Some(cx.cancel),
        sweep: None,
    })
    .ok()?;
    let text = String::from_utf8_lossy(&finished.stdout.kept);
    // `uv 0.9.1 (hash date)`
    let version = text.trim().strip_prefix("uv ")?.split(' ').next()?;
    (finished.ended == Ended::Exit(0)).then(|| vit_contract::text::visible(version))
}

//! Plays the story: runs each command through this very program and checks what came of it.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use vit_contract::exit::ExitCode;
use vit_contract::output::{DemoReport, DemoStep};
use vit_contract::text::{excerpt, visible_lines};
use vit_engine::environment::Environment;
use vit_engine::process::{self, Ended, Finished, Marker, Request};

use super::releases::release;
use super::story::{Expected, Files, STORY, Scene};
use super::telling::Telling;
use super::witness::{Witness, content};
use super::world::World;
use crate::error::Failure;

/// How much of a command's output is kept for the account of a failure.
const KEEP: usize = 64 * 1024;
/// How long one command may take; the whole story takes a few seconds.
const PATIENCE: Duration = Duration::from_secs(120);

/// The stage.
pub struct Stage<'a> {
    /// This program.
    pub program: &'a Path,
    /// What its runs get.
    pub environment: &'a Environment,
    /// Where it happens.
    pub world: &'a World,
    /// Who tells of it.
    pub telling: &'a Telling<'a>,
}

/// What an installation was before a command that was stopped half-way.
type Remembered = Option<Witness>;

impl Stage<'_> {
    /// Plays the whole story.
    ///
    /// # Errors
    /// It did not go as told, or something that it needs is missing.
    pub fn play(&self) -> Result<DemoReport, Failure> {
        let mut steps = Vec::with_capacity(STORY.len());
        let mut remembered = None;
        for (index, scene) in STORY.iter().enumerate() {
            self.telling.heading(index + 1, STORY.len(), scene);
            steps.push(self.scene(scene, &mut remembered)?);
        }
        let path = |path: &Path| path.to_string_lossy().into_owned();
        Ok(DemoReport {
            schema: "vit.demo/1".into(),
            folder: path(&self.world.folder),
            installation: path(&self.world.installation),
            seconds: rounded(steps.iter().map(|step| step.seconds).sum()),
            steps,
        })
    }

    fn scene(&self, scene: &Scene, remembered: &mut Remembered) -> Result<DemoStep, Failure> {
        for version in scene.published {
            let release = release(version);
            self.world.publish(release)?;
            self.telling.published(release);
        }
        if scene.plug {
            self.world.pull_the_plug()?;
        }
        let before = Witness::look(self.world)?;
        self.telling.command(scene);
        let finished = self.run(scene)?;
        let code = self.ended(scene, &finished)?;
        self.telling.ended(code, finished.elapsed);
        self.check_files(scene, before, remembered)?;
        Ok(DemoStep {
            title: scene.title.into(),
            command: command(scene),
            exit_code: code,
            expected: scene.expected.code(),
            seconds: rounded(finished.elapsed.as_secs_f64()),
        })
    }

    fn run(&self, scene: &Scene) -> Result<Finished, Failure> {
        let mut tell = |line: &str| self.telling.line(line);
        process::run(Request {
            program: self.program.into(),
            args: scene.args.iter().map(OsString::from).collect(),
            cwd: &self.world.installation,
            env: self.variables(),
            stdin: Vec::new(),
            timeout: Some(PATIENCE),
            keep: KEEP,
            on_line: Some(&mut tell),
            cancel: None,
            // Both streams in their order; and what a killed vit leaves running is ended.
            sweep: Some(Marker {
                transaction: "vit-demo",
                root: &self.world.installation,
            }),
        })
        .map_err(|error| Failure::internal("vit could not run itself").because(&error))
    }

    /// The user's environment, without what would make the story another one: `vit`'s own
    /// variables, and whatever speaks for or against colour.
    fn variables(&self) -> Vec<(OsString, OsString)> {
        let colour: (OsString, OsString) = if self.telling.is_coloured() {
            ("CLICOLOR_FORCE".into(), "1".into())
        } else {
            ("NO_COLOR".into(), "1".into())
        };
        self.environment
            .for_probe()
            .filter(|(name, _)| {
                let name = name.to_string_lossy();
                let own = name.starts_with("VIT_") && name != "VIT_TEST_NOW";
                !own && !["CLICOLOR_FORCE", "NO_COLOR", "CI"].contains(&name.as_ref())
            })
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .chain([colour])
            .collect()
    }

    /// The exit code as a shell tells it, if it is the one that the story needs.
    fn ended(&self, scene: &Scene, finished: &Finished) -> Result<u8, Failure> {
        let (how, code) = match finished.ended {
            Ended::Exit(code) => (format!("with exit code {code}"), u8::try_from(code).ok()),
            Ended::Signal(9) => ("by SIGKILL".to_owned(), Some(Expected::Killed.code())),
            Ended::Signal(number) => (format!("by signal {number}"), None),
            Ended::TimedOut => ("after its time was over".to_owned(), None),
            Ended::Cancelled => ("because it was stopped".to_owned(), None),
        };
        let killed = finished.ended == Ended::Signal(9);
        if let Some(code) = code
            && code == scene.expected.code()
            && killed == (scene.expected == Expected::Killed)
        {
            return Ok(code);
        }
        let wanted = match scene.expected {
            Expected::Exit(code) => format!("exit code {code}"),
            Expected::Killed => "SIGKILL".to_owned(),
        };
        let message = format!("`{}` ended {how}, not with {wanted}", command(scene));
        let mut failure = self.not_as_told(message);
        let output = visible_lines(String::from_utf8_lossy(&finished.stdout.kept).trim());
        if self.telling.is_silent() && !output.is_empty() {
            failure
                .message
                .push(format!("it said:\n{}", excerpt(&output, 4000)));
        }
        Err(failure)
    }

    fn check_files(
        &self,
        scene: &Scene,
        before: Witness,
        remembered: &mut Remembered,
    ) -> Result<(), Failure> {
        let reference = match scene.files {
            Files::Any => return Ok(()),
            Files::Torn => {
                let (_, files) = content(&self.world.installation)?;
                let torn = before.files != files;
                *remembered = Some(before);
                return if torn {
                    Ok(())
                } else {
                    Err(self.not_as_told("the kill came before anything was changed".into()))
                };
            }
            Files::Kept => before,
            Files::Restored => remembered.take().ok_or_else(|| {
                Failure::internal("the story restores what it has not remembered")
            })?,
        };
        let now = Witness::look(self.world)?;
        let same = now == reference;
        if !same || scene.expected != Expected::Exit(0) {
            self.telling.compared(&reference, &now);
        }
        if same {
            return Ok(());
        }
        let mut failure = self.not_as_told(format!(
            "after `{}` the installation is not what it was before",
            command(scene)
        ));
        failure.message.extend(now.differences(&reference));
        Err(failure)
    }

    fn not_as_told(&self, message: String) -> Failure {
        let mut failure = Failure::new(
            "demo",
            ExitCode::Error,
            "the story did not go as it is told",
        );
        failure.message.push(message);
        failure
            .hint(format!(
                "the folder is left as it is: {}",
                self.telling.place(&self.world.folder)
            ))
            .hint("where smoke tests could not run, the folder's file system may be mounted noexec: `vit demo DIR` uses another")
    }
}

/// The command as a user types it.
#[must_use]
pub fn command(scene: &Scene) -> String {
    format!("vit {}", scene.args.join(" "))
}

/// Seconds to the millisecond.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1000.0).round() / 1000.0
}

//! The step `step:<name>`: a command of the installation's own (`[[step]]` in `vit.toml`).
//!
//! What it did cannot be compared by content: its commands' exit statuses are all there is. So an
//! `undo` that fails leaves the installation inconsistent until `vit repair` has seen it succeed.
//! An `undo` also runs for a step that was ended in the middle, and may run again after a crash.

use std::ffi::OsString;
use std::time::Duration;

use vit_contract::code::Code;
use vit_contract::plan::{CommandStep, Position, command_text};
use vit_contract::problem::{Problem, Severity, Who};
use vit_contract::text::{excerpt, visible};

use crate::cancel::Cancel;
use crate::context::Context;
use crate::event::Event;
use crate::exec::evidence::Evidence;
use crate::exec::execute::{Failure, failed};
use crate::exec::proof::{self, Expected};
use crate::process::{self, Ended, Finished, Request};
use crate::redact::Redactor;
use crate::steps::switch_tree;

/// How much of a command's output is kept, in bytes; the rest is counted.
const KEEP_BYTES: usize = 256 * 1024;
/// How many lines of it a problem shows, and how much of each, in characters.
const LAST_LINES: usize = 5;
const LINE_CHARS: usize = 200;

/// What the commands are told of the transaction.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Its id.
    pub transaction: &'a str,
    /// The version before it.
    pub from: &'a str,
    /// The version that it brings.
    pub to: &'a str,
    /// What git has to show once a step has run: no step of its own may change the tree.
    pub tree: &'a Position,
}

/// Which way a command leads, whatever the transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Forward,
    Back,
}

/// Runs its command, then what verifies it, and looks whether the tree is as it was. Tells what is
/// worth knowing. What it wrote beside the tree, on the same file system, is on disk then.
///
/// # Errors
/// One of them failed or did not end in its time.
pub fn run(
    cx: &Context<'_>,
    about: &About<'_>,
    step: &CommandStep,
) -> Result<Vec<Problem>, Failure> {
    let way = if step.backward {
        Way::Back
    } else {
        Way::Forward
    };
    let one = OneStep {
        cx,
        about,
        step,
        way,
        cancel: Some(cx.cancel),
    };
    let notes = one.carry_out(&step.run)?;
    let expected = Expected {
        position: about.tree,
        files: None,
        untracked: None,
        comparing: None,
        environment: None,
    };
    let proof = proof::quick(cx, &expected).map_err(|error| failed(&error.into()))?;
    if proof.verified {
        switch_tree::sync(cx).map_err(|error| failed(&error))?;
        return Ok(notes);
    }
    Err(one
        .problem("it changed what git tracks")
        .evidence(proof.mismatches.join("; "))
        .into())
}

/// Runs what undoes it, and waits for the disk: an undo that is known to be done is not run again.
///
/// # Errors
/// It failed, did not end in its time, or there is nothing that undoes it.
pub fn undo(
    cx: &Context<'_>,
    about: &About<'_>,
    step: &CommandStep,
) -> Result<Vec<Problem>, Failure> {
    let Some(undo) = &step.undo else {
        let text = "the step ran and names no `undo`: what it did is still there";
        return Err(Problem::new(Code::OwnStepNotUndone, step.own_name(), text)
            .evidence(format!("it ran {}", shown(&step.run)))
            .hint(Who::You, "look at what it did, and take it back by hand")
            .into());
    };
    let way = if step.backward {
        Way::Forward
    } else {
        Way::Back
    };
    let one = OneStep {
        cx,
        about,
        step,
        way,
        // An undo that has begun goes on to its end.
        cancel: None,
    };
    one.carry_out(undo)
        .and_then(|notes| {
            switch_tree::sync(cx).map_err(|error| failed(&error))?;
            Ok(notes)
        })
        .map_err(|failure| {
            Failure::from(Problem {
                code: Code::OwnStepNotUndone,
                ..*failure
            })
        })
}

/// A step on its way.
struct OneStep<'a> {
    cx: &'a Context<'a>,
    about: &'a About<'a>,
    step: &'a CommandStep,
    way: Way,
    cancel: Option<&'a Cancel>,
}

impl OneStep<'_> {
    /// The command and, going forward, what verifies it.
    fn carry_out(&self, command: &[String]) -> Result<Vec<Problem>, Failure> {
        let mut notes = self.command(command)?;
        if let (Way::Forward, Some(verify)) = (self.way, &self.step.verify) {
            notes.extend(self.command(verify)?);
        }
        Ok(notes)
    }

    fn command(&self, command: &[String]) -> Result<Vec<Problem>, Failure> {
        self.cx.reporter.report(Event::OwnStepBegun {
            step: self.step.own_name().to_owned(),
            command: command_text(command),
            timeout_seconds: self.step.timeout_seconds,
        });
        match self.start(command) {
            Ok(finished) if finished.ended == Ended::Exit(0) => Ok(self.left(&finished)),
            Ok(finished) if finished.ended == Ended::Cancelled => Err(Problem::new(
                Code::Interrupted,
                self.step.own_name(),
                "somebody asked to stop (Ctrl-C or SIGTERM)",
            )
            .into()),
            Ok(finished) => Err(self.failure(command, &finished)),
            Err(error) => {
                let source = std::error::Error::source(&error)
                    .map(|source| format!(": {source}"))
                    .unwrap_or_default();
                Err(self
                    .problem("its command could not be run")
                    .evidence(visible(&format!("{}: {error}{source}", shown(command))))
                    .into())
            }
        }
    }

    fn start(&self, command: &[String]) -> Result<Finished, process::ProcessError> {
        let name = self.step.own_name();
        let mut listen = |line: &str| {
            self.cx.reporter.report(Event::OwnStepLine {
                step: name.to_owned(),
                line: line.to_owned(),
            });
        };
        let root = &self.cx.site.root;
        let (program, args) = command
            .split_first()
            .map_or(("", &[][..]), |(program, args)| (program.as_str(), args));
        // Else a relative path might be looked for where vit was started.
        let program = if program.contains('/') {
            root.join(program).into_os_string()
        } else {
            program.into()
        };
        let request = Request {
            program,
            args: args.iter().map(OsString::from).collect(),
            cwd: root,
            env: self.environment(),
            stdin: Vec::new(),
            timeout: Some(Duration::from_secs(self.step.timeout_seconds.into())),
            keep: KEEP_BYTES,
            on_line: Some(&mut listen),
            cancel: self.cancel,
            sweep: (!self.step.leaves_processes).then_some(process::Marker {
                transaction: self.about.transaction,
                root,
            }),
        };
        // The output is shown, stands in the problem and is kept.
        let redactor = Redactor::new(self.cx.environment);
        let mut finished = process::run_redacted(request, Some(&redactor))?;
        // Without a sweep the streams come apart.
        finished.stdout.kept.append(&mut finished.stderr.kept);
        Ok(finished)
    }

    fn environment(&self) -> Vec<(OsString, OsString)> {
        let phase = match self.way {
            Way::Forward => "step",
            Way::Back => "undo",
        };
        let (mut from, mut to) = self
            .step
            .origin
            .as_ref()
            .map_or((self.about.from, self.about.to), |origin| {
                (origin.from_version.as_str(), origin.to_version.as_str())
            });
        if self.way == Way::Back {
            (from, to) = (to, from);
        }
        let mut env = super::environment::for_own(self.cx);
        let root = self.cx.site.root.clone().into_os_string();
        // What is to go on must not bear the mark of what is ended: id and root together.
        let root = (!self.step.leaves_processes).then_some(root);
        for (name, value) in [
            ("VIT_PHASE", Some(phase.into())),
            ("VIT_STEP", Some(self.step.own_name().into())),
            ("VIT_TRANSACTION", Some(self.about.transaction.into())),
            ("VIT_FROM_VERSION", Some(from.into())),
            ("VIT_TO_VERSION", Some(to.into())),
            ("VIT_CORE_ROOT", root),
        ] {
            env.retain(|(known, _)| known != name);
            env.extend(value.map(|value| (name.into(), value)));
        }
        env
    }

    fn left(&self, finished: &Finished) -> Vec<Problem> {
        let count = match finished.leftovers {
            0 => return Vec::new(),
            1 => "1 process".to_owned(),
            more => format!("{more} processes"),
        };
        let text = "the step left processes behind, which were ended";
        vec![
            Problem::new(Code::OwnStepLeftProcesses, self.step.own_name(), text)
                .severity(Severity::Warning)
                .evidence(count)
                .hint(
                    Who::You,
                    "where they are meant to go on, write `leaves_processes = true`; \
                     better is to ask a service manager to start them",
                ),
        ]
    }

    fn failure(&self, command: &[String], finished: &Finished) -> Failure {
        let how = match finished.ended {
            Ended::Exit(status) => format!("exit status {status}"),
            Ended::Signal(signal) => format!("signal {signal}"),
            Ended::TimedOut | Ended::Cancelled => {
                format!("not done within {} s", self.step.timeout_seconds)
            }
        };
        let output = &finished.stdout.kept;
        let mut evidence = format!("{}: {how}", shown(command));
        let last = last_lines(output);
        if !last.is_empty() {
            evidence.push_str(&format!("; last lines: {}", last.join(" / ")));
        }
        let mut problem = self.problem("its command failed");
        // The output helps people; that it cannot be kept must not keep the undo from its work.
        let kept = Evidence::create(&self.cx.site.state_dir, self.about.transaction)
            .and_then(|folder| folder.put(&format!("step-{}.log", self.step.own_name()), output));
        if let Err(error) = kept {
            evidence.push_str(&format!("; its output could not be kept: {error}"));
        }
        problem.evidence = Some(evidence);
        problem.into()
    }

    fn problem(&self, what: &str) -> Problem {
        let way = match self.way {
            Way::Forward => "the step failed",
            Way::Back => "undoing the step failed",
        };
        Problem::new(
            Code::OwnStepFailed,
            self.step.own_name(),
            format!("{way}: {what}"),
        )
        .hint(
            Who::You,
            match self.way {
                Way::Forward => {
                    "read its output in the evidence (`step-<name>.log`), mend the step in the \
                     settings or what it needs"
                }
                Way::Back => {
                    "read its output in the evidence (`step-<name>.log`), mend what the command \
                     needs, then `vit repair`, which runs the same command again; where it cannot \
                     work, undo by hand what the step did, then `vit repair --accept \
                     own_step_not_undone`"
                }
            },
        )
    }
}

fn shown(command: &[String]) -> String {
    format!("`{}`", excerpt(&command_text(command), LINE_CHARS))
}

fn last_lines(output: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(output);
    let mut lines: Vec<String> = text
        .lines()
        .rev()
        .filter(|line| !line.trim().is_empty())
        .take(LAST_LINES)
        .map(|line| visible(&excerpt(line, LINE_CHARS)))
        .collect();
    lines.reverse();
    lines
}

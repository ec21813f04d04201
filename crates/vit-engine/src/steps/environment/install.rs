//! Running an installer, told as it goes.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use vit_contract::code::Code;
use vit_contract::plan::{EnvironmentStep, WheelFolder};
use vit_contract::problem::{Problem, Who};
use vit_contract::text::visible_lines;

use super::io;
use crate::bundle::kept;
use crate::context::Context;
use crate::event::Event;
use crate::exec::evidence::Evidence;
use crate::exec::execute::{Failure, failed};
use crate::process::{self, Ended, Finished, Request};
use crate::redact::Redactor;
use crate::steps::bytecode;

/// Variables that would send the installation elsewhere, or let it take for installed what is not.
const ELSEWHERE: [&str; 7] = [
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_ROOT",
    "PIP_USER",
    "PIP_PYTHON",
    "PYTHONPATH",
    "PYTHONHOME",
];
/// How much of the output is kept, in bytes.
const KEEP_BYTES: usize = 256 * 1024;
/// How many last lines stand in the problem.
const LAST_LINES: usize = 12;

/// Holds imported distributions against their hashes, right before they are used.
pub(super) fn check_wheels(folders: &[WheelFolder]) -> Result<(), Failure> {
    for folder in folders {
        if let Err(why) = kept::check_wheels(folder) {
            let problem = Problem::new(
                Code::WheelChanged,
                &folder.path,
                "what a bundle brought to install from is not what it was",
            )
            .evidence(why)
            .hint(Who::You, "import the bundle once more, then plan again");
            return Err(problem.into());
        }
    }
    Ok(())
}

/// Runs the commands, then waits until what they wrote is on disk.
pub(super) fn run(
    cx: &Context<'_>,
    transaction: &str,
    step: &EnvironmentStep,
    (commands, timeout_seconds): (&[Vec<String>], u32),
) -> Result<(), Failure> {
    let at = |point: &str| {
        cx.faults
            .at(format_args!("environment.{point}"))
            .map_err(io("installing into", Path::new(&step.path)))
            .map_err(|error| failed(&error))
    };
    let env = environment(cx, transaction, Path::new(&step.path));
    for command in commands {
        at("install")?;
        one(cx, transaction, (command, &env), timeout_seconds)?;
    }
    at("installed")?;
    bytecode::purge_environment(Path::new(&step.path)).map_err(|error| failed(&error))?;
    sync(cx, Path::new(&step.path)).map_err(|error| failed(&error))?;
    at("synced")
}

fn one(
    cx: &Context<'_>,
    transaction: &str,
    (command, env): (&[String], &[(OsString, OsString)]),
    timeout_seconds: u32,
) -> Result<(), Failure> {
    let Some((program, args)) = command.split_first() else {
        return Ok(());
    };
    let mut listen = |line: &str| {
        cx.reporter.report(Event::EnvironmentLine {
            line: line.to_owned(),
        });
    };
    let redactor = Redactor::new(cx.environment);
    let request = Request {
        program: program.into(),
        args: args.iter().map(OsString::from).collect(),
        cwd: &cx.site.root,
        env: env.to_vec(),
        stdin: Vec::new(),
        timeout: Some(Duration::from_secs(timeout_seconds.into())),
        keep: KEEP_BYTES,
        on_line: Some(&mut listen),
        cancel: Some(cx.cancel),
        sweep: Some(process::Marker {
            transaction,
            root: &cx.site.root,
        }),
    };
    let line = redactor.text(&command.join(" "));
    match process::run_redacted(request, Some(&redactor)) {
        Ok(finished) if finished.ended == Ended::Exit(0) => Ok(()),
        Ok(finished) => {
            let output = String::from_utf8_lossy(&finished.stdout.kept);
            keep_output(cx, transaction, &line, &output);
            let mut problem = problem(&line, &how(&finished, timeout_seconds), &output);
            if finished.ended == Ended::Cancelled {
                // Somebody who asked to stop has not been failed by an installer.
                problem.code = Code::Interrupted;
            }
            Err(problem.into())
        }
        Err(error) => {
            let source = std::error::Error::source(&error)
                .map(|source| format!(": {source}"))
                .unwrap_or_default();
            Err(problem(&line, &format!("{error}{source}"), "").into())
        }
    }
}

fn how(finished: &Finished, timeout_seconds: u32) -> String {
    match finished.ended {
        Ended::Exit(status) => format!("exit status {status}"),
        Ended::Signal(signal) => format!("signal {signal}"),
        Ended::TimedOut => format!("it did not end within {timeout_seconds} s"),
        Ended::Cancelled => "somebody asked to stop".to_owned(),
    }
}

fn problem(line: &str, how: &str, output: &str) -> Problem {
    let output = visible_lines(output);
    let lines: Vec<&str> = output
        .lines()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let last = lines[lines.len().saturating_sub(LAST_LINES)..].join("\n");
    let evidence = if last.is_empty() {
        format!("`{line}`: {how}")
    } else {
        format!("`{line}`: {how}; last lines:\n{last}")
    };
    Problem::new(
        Code::DependencyInstallFailed,
        "environment",
        "the dependencies could not be installed",
    )
    .evidence(evidence)
    .hint(
        Who::You,
        "the environment is put back as it was; try the command in a throw-away environment, \
         see that the index can be reached, then plan again",
    )
}

/// The whole output, bounded, where the evidence of this transaction will be. Without it, the
/// problem itself still has the end.
fn keep_output(cx: &Context<'_>, transaction: &str, line: &str, output: &str) {
    let text = format!("$ {line}\n{output}");
    if let Ok(evidence) = Evidence::create(&cx.site.state_dir, transaction) {
        let _ = evidence.put("environment-install.log", text.as_bytes());
    }
}

/// What an installer is given: what smoke tests are, the environment as the active one, and what
/// keeps it from asking questions. What the user says with `PIP_*` and `UV_*` holds.
fn environment(cx: &Context<'_>, transaction: &str, path: &Path) -> Vec<(OsString, OsString)> {
    let mut env: Vec<(OsString, OsString)> = super::for_children(cx, path);
    let mut set = |name: &str, value: OsString| {
        env.retain(|(known, _)| known != name);
        env.push((name.into(), value));
    };
    set("VIT_TRANSACTION", transaction.into());
    set("VIT_CORE_ROOT", cx.site.root.clone().into_os_string());
    set("PIP_NO_INPUT", "1".into());
    set("PIP_DISABLE_PIP_VERSION_CHECK", "1".into());
    set("PIP_PROGRESS_BAR", "off".into());
    set("UV_NO_PROGRESS", "1".into());
    set("PYTHONUNBUFFERED", "1".into());
    // Someone's user-wide packages are no part of this environment, nor of its twin.
    set("PYTHONNOUSERSITE", "1".into());
    env.retain(|(name, _)| !ELSEWHERE.iter().any(|other| name == other));
    env
}

/// Waits until everything written to the environment's file system is on disk.
pub(super) fn sync(cx: &Context<'_>, path: &Path) -> Result<(), crate::error::EngineError> {
    cx.faults
        .at(format_args!("environment.sync"))
        .and_then(|()| std::fs::File::open(path))
        .and_then(|folder| rustix::fs::syncfs(&folder).map_err(Into::into))
        .map_err(io("syncing", path))
}

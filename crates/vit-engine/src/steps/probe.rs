//! The smoke tests: each in its own process group, with its own timeout, its output captured.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use vit_contract::code::Code;
use vit_contract::output::{SmokeOutcome, SmokeResult};
use vit_contract::plan::SmokeTest;
use vit_contract::problem::{Problem, Who};

use crate::context::Context;
use crate::event::Event;
use crate::exec::evidence::ProbeOutput;
use crate::process::{self, Ended, Finished, ProcessError, Request};

/// How much of a smoke test's output is kept, in bytes; the rest is counted and hashed.
const KEEP_BYTES: usize = 256 * 1024;
/// How much of it stands in a report, in bytes.
const TAIL_BYTES: usize = 4 * 1024;

/// What the smoke tests are told of the transaction.
#[derive(Debug, Clone, Copy)]
pub struct Surroundings<'a> {
    /// `probe` after a switch, `rollback` after a rollback.
    pub phase: &'static str,
    /// The transaction's id.
    pub transaction: &'a str,
    /// The version before.
    pub from: &'a str,
    /// The version now.
    pub to: &'a str,
    /// The Python environment that they run in, where one is managed.
    pub environment: Option<&'a Path>,
}

/// What came of the smoke tests.
#[derive(Debug, Clone, Default)]
pub struct Probed {
    /// A result each, in order.
    pub results: Vec<SmokeResult>,
    /// Their output.
    pub outputs: Vec<ProbeOutput>,
}

/// Runs every smoke test, one after the other, also after one that fails: all problems at once. A
/// request to stop ends the running one and skips the rest.
pub fn run(cx: &Context<'_>, tests: &[SmokeTest], about: &Surroundings<'_>) -> Probed {
    let mut probed = Probed::default();
    for test in tests {
        if cx.cancel.is_set() {
            break;
        }
        cx.reporter.report(Event::SmokeBegun {
            vertical: test.vertical.clone(),
            timeout_seconds: test.timeout_seconds,
        });
        let (result, output) = run_one(cx, test, about);
        cx.reporter.report(Event::SmokeDone {
            result: result.clone(),
        });
        probed.results.push(result);
        probed.outputs.push(ProbeOutput {
            vertical: test.vertical.clone(),
            output,
        });
    }
    probed
}

/// The problem that a result is, unless it passed.
#[must_use]
pub fn problem(result: &SmokeResult) -> Option<Problem> {
    let (code, message) = match result.outcome {
        SmokeOutcome::Pass => return None,
        SmokeOutcome::Fail => (Code::SmokeTestFailed, "the smoke test failed".to_owned()),
        SmokeOutcome::CouldNotRun => (
            Code::SmokeTestCouldNotRun,
            "the smoke test could not run".to_owned(),
        ),
        SmokeOutcome::Timeout => (
            Code::SmokeTestTimeout,
            format!("the smoke test did not end within {:.0} s", result.seconds),
        ),
    };
    let how = match (result.exit_status, result.signal) {
        (Some(status), _) => format!("exit status {status}"),
        (None, Some(signal)) => format!("signal {signal}"),
        (None, None) if result.outcome == SmokeOutcome::CouldNotRun => "not started".to_owned(),
        (None, None) => "ended by vit".to_owned(),
    };
    let last = result
        .tail
        .lines()
        .rev()
        .find(|line| !line.trim().is_empty())
        .unwrap_or_default();
    let evidence = if last.is_empty() {
        how
    } else {
        format!("{how}; last line: {last}")
    };
    Some(
        Problem::new(code, &result.vertical, message)
            .evidence(evidence)
            .hint(
                Who::VerticalOwner,
                "read the output in the evidence, mend the vertical or the smoke test, plan again",
            ),
    )
}

fn run_one(cx: &Context<'_>, test: &SmokeTest, about: &Surroundings<'_>) -> (SmokeResult, Vec<u8>) {
    let root = cx.site.root.join(&test.root);
    let script = root.join("smoke_tests/run.sh");
    let mut finished = start(
        cx,
        test,
        about,
        (script.clone().into_os_string(), Vec::new()),
    );
    if matches!(&finished, Err(ProcessError::Spawn { source, .. }) if is_exec_format(source)) {
        // A script without `#!`: a shell would run it with sh, and so do we.
        finished = start(
            cx,
            test,
            about,
            ("/bin/sh".into(), vec![script.clone().into_os_string()]),
        );
    }
    match finished {
        Ok(finished) => {
            let result = result_of(test, &finished);
            (result, finished.stdout.kept)
        }
        Err(error) => {
            let interpreter = interpreter_missing(&error, &script).unwrap_or_default();
            let text = format!("{error}{}{interpreter}", source_text(&error));
            (not_started(test, &text), text.into_bytes())
        }
    }
}

/// "No such file" of a script that is there is about the program that its first line names.
fn interpreter_missing(error: &ProcessError, script: &Path) -> Option<String> {
    let ProcessError::Spawn { source, .. } = error else {
        return None;
    };
    if source.kind() != std::io::ErrorKind::NotFound {
        return None;
    }
    let mut start = Vec::new();
    let file = std::fs::File::open(script).ok()?;
    std::io::Read::read_to_end(&mut std::io::Read::take(file, 256), &mut start).ok()?;
    let line = start.split(|&byte| byte == b'\n').next()?;
    let named = line.strip_prefix(b"#!")?;
    let line_end = if named.ends_with(b"\r") {
        "; the line ends in CR LF: save the script with LF"
    } else {
        ""
    };
    let named = String::from_utf8_lossy(named);
    Some(format!(
        ": its first line names {}, which is not there{line_end}",
        named.trim()
    ))
}

fn start(
    cx: &Context<'_>,
    test: &SmokeTest,
    about: &Surroundings<'_>,
    (program, args): (OsString, Vec<OsString>),
) -> Result<Finished, ProcessError> {
    let mut listen = |line: &str| {
        cx.reporter.report(Event::SmokeLine {
            vertical: test.vertical.clone(),
            line: line.to_owned(),
        });
    };
    process::run(Request {
        program,
        args,
        cwd: &cx.site.root.join(&test.root),
        env: environment(cx, test, about),
        stdin: Vec::new(),
        timeout: Some(Duration::from_secs(test.timeout_seconds.into())),
        keep: KEEP_BYTES,
        on_line: Some(&mut listen),
        cancel: Some(cx.cancel),
        sweep: Some(process::Marker {
            transaction: about.transaction,
            root: &cx.site.root,
        }),
    })
}

fn is_exec_format(error: &std::io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error())
}

fn source_text(error: &ProcessError) -> String {
    std::error::Error::source(error)
        .map(|source| format!(": {source}"))
        .unwrap_or_default()
}

fn environment(
    cx: &Context<'_>,
    test: &SmokeTest,
    about: &Surroundings<'_>,
) -> Vec<(OsString, OsString)> {
    let mut env: Vec<(OsString, OsString)> = match about.environment {
        Some(path) => super::environment::for_children(cx, path),
        None => cx
            .environment
            .for_probe()
            .map(|(k, v)| (k.to_owned(), v.to_owned()))
            .collect(),
    };
    let mut set = |name: &str, value: OsString| {
        env.retain(|(known, _)| known != name);
        env.push((name.into(), value));
    };
    set("VIT_PHASE", about.phase.into());
    set("VIT_TRANSACTION", about.transaction.into());
    set("VIT_FROM_VERSION", about.from.into());
    set("VIT_TO_VERSION", about.to.into());
    set("VIT_VERTICAL", test.vertical.clone().into());
    set("VIT_CORE_ROOT", cx.site.root.clone().into_os_string());
    if about.phase == "rollback" {
        // What was just restored and proven stays as it is.
        set("PYTHONDONTWRITEBYTECODE", "1".into());
    }
    env
}

fn result_of(test: &SmokeTest, finished: &Finished) -> SmokeResult {
    let (outcome, exit_status, signal) = match finished.ended {
        Ended::Exit(0) => (SmokeOutcome::Pass, Some(0), None),
        Ended::Exit(2) => (SmokeOutcome::CouldNotRun, Some(2), None),
        Ended::Exit(status) => (SmokeOutcome::Fail, Some(status), None),
        Ended::Signal(signal) => (SmokeOutcome::Fail, None, Some(signal)),
        Ended::TimedOut => (SmokeOutcome::Timeout, None, None),
        Ended::Cancelled => (SmokeOutcome::Fail, None, None),
    };
    SmokeResult {
        vertical: test.vertical.clone(),
        outcome,
        exit_status,
        signal,
        seconds: seconds(finished.elapsed),
        tail: tail(&finished.stdout.kept),
        output_sha256: finished.stdout.sha256.clone(),
        output_bytes: finished.stdout.total,
        leftover_processes: finished.leftovers,
    }
}

fn not_started(test: &SmokeTest, why: &str) -> SmokeResult {
    SmokeResult {
        vertical: test.vertical.clone(),
        outcome: SmokeOutcome::CouldNotRun,
        exit_status: None,
        signal: None,
        seconds: 0.0,
        tail: vit_contract::text::visible_lines(why),
        output_sha256: vit_contract::digest::sha256(b""),
        output_bytes: 0,
        leftover_processes: 0,
    }
}

/// Seconds to the millisecond, as they stand in reports.
#[must_use]
pub fn seconds(duration: Duration) -> f64 {
    (duration.as_secs_f64() * 1000.0).round() / 1000.0
}

fn tail(output: &[u8]) -> String {
    let from = output.len().saturating_sub(TAIL_BYTES);
    vit_contract::text::visible_lines(&String::from_utf8_lossy(&output[from..]))
}

//! Running a program: the only place that spawns.
//!
//! Every child gets its own session (so its own process group, and no terminal that it could
//! ask or be stopped by), a closed or given standard input, a capped capture of its output, an
//! environment that is named variable by variable, and dies with us.
//!
//! One thread waits on everything at once (`poll`): both streams, standard input, the end of the
//! child, the deadline. What only Linux has stands in `linux` and `leftovers`.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::cancel::Cancel;
use crate::redact::{Flow, Redactor};

mod capture;
mod leader;
mod leftovers;
mod linux;
mod pump;
#[cfg(test)]
mod tests;

use capture::Stream;
use leader::Leader;
pub use leftovers::sweep;
use pump::{Input, Pump};

/// How long a child may go on after SIGTERM before it gets SIGKILL.
const GRACE: Duration = Duration::from_secs(1);
/// How long a pipe that somebody else holds open is still read after the child's end: a `tee`
/// that a script leaves behind passes on the last lines in this time.
const LINGER: Duration = Duration::from_millis(100);

/// How a child is run.
pub struct Request<'a> {
    /// The program: a name looked up in the environment's PATH, or a path.
    pub program: OsString,
    /// Its arguments.
    pub args: Vec<OsString>,
    /// Its working folder.
    pub cwd: &'a Path,
    /// Its whole environment.
    pub env: Vec<(OsString, OsString)>,
    /// What it reads; empty closes its standard input at once.
    pub stdin: Vec<u8>,
    /// How long it may run.
    pub timeout: Option<Duration>,
    /// How many bytes of each stream are kept (head and tail); the rest is counted and hashed.
    pub keep: usize,
    /// Hears each line of output as it comes.
    pub on_line: Option<&'a mut dyn FnMut(&str)>,
    /// Asked a few times a second; once set, the child is ended.
    pub cancel: Option<&'a Cancel>,
    /// Whether children that it leaves behind are found and ended: the process group, orphans
    /// that were adopted by us, and any process that bears this marker in its environment.
    pub sweep: Option<Marker<'a>>,
}

/// What tells a transaction's processes from all others: both stand in their environment, as
/// `VIT_TRANSACTION` and `VIT_CORE_ROOT`. An id alone is a time stamp, which another installation
/// of the same machine may have for its own transaction.
#[derive(Debug, Clone, Copy)]
pub struct Marker<'a> {
    /// The transaction's id.
    pub transaction: &'a str,
    /// The installation's root.
    pub root: &'a Path,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this status.
    Exit(i32),
    /// By a signal.
    Signal(i32),
    /// By us, after its time.
    TimedOut,
    /// By us, because somebody asked to stop.
    Cancelled,
}

/// What one stream brought.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Captured {
    /// What was kept: the head and, past the limit, a note of what is left out, and the tail.
    pub kept: Vec<u8>,
    /// Whether the middle is left out.
    pub truncated: bool,
    /// Size of the whole, in bytes.
    pub total: u64,
    /// SHA-256 of the whole, hex.
    pub sha256: String,
}

/// A child that has ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finished {
    /// How.
    pub ended: Ended,
    /// Its standard output; standard error too, in order of arrival, when swept.
    pub stdout: Captured,
    /// Its standard error.
    pub stderr: Captured,
    /// How long it ran.
    pub elapsed: Duration,
    /// Processes that it left behind and that were ended.
    pub leftovers: usize,
}

/// Why it could not be run.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// The program is not there.
    #[error("`{program}` was not found")]
    NotFound {
        /// Its name.
        program: String,
    },
    /// It is there and cannot be started.
    #[error("`{program}` could not be started in {}", cwd.display())]
    Spawn {
        /// Its name.
        program: String,
        /// The working folder.
        cwd: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It was started and its pipes or its end could not be read.
    #[error("`{program}` could not be waited for")]
    Wait {
        /// Its name.
        program: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Runs a child to its end.
///
/// With `sweep`, runs take turns: adopting orphans is a property of the whole process, so the
/// orphans of two runs at once could not be told apart.
///
/// # Errors
/// It could not be started or waited for. A status other than 0 is no error here.
pub fn run(request: Request<'_>) -> Result<Finished, ProcessError> {
    run_redacted(request, None)
}

/// Like [`run`]; what is kept and heard of the output is without secrets. Its size and hash stay
/// those of the whole as it came.
///
/// # Errors
/// As [`run`].
pub fn run_redacted(
    request: Request<'_>,
    redactor: Option<&Redactor>,
) -> Result<Finished, ProcessError> {
    let program = request.program.to_string_lossy().into_owned();
    let sweeping = request.sweep.map(leftovers::Sweeping::begin);
    let started = Instant::now();
    let (mut leader, mut pump) = start(&request, &program, redactor)?;
    let wait_error = |source| ProcessError::Wait {
        program: program.clone(),
        source,
    };

    let mut on_line = request.on_line;
    let limits = pump::Limits {
        deadline: request.timeout.and_then(|time| started.checked_add(time)),
        cancel: request.cancel,
        grace: GRACE,
    };
    let stopped = pump
        .until_ended(&leader, &limits, &mut on_line)
        .map_err(wait_error)?;
    if stopped.is_some() {
        // The leader is dead but not reaped: its group id cannot belong to anybody else yet.
        leader.signal_group(rustix::process::Signal::KILL);
    }
    pump.drain(LINGER, &mut on_line).map_err(wait_error)?;
    let leftovers = sweeping.map_or(0, |sweeping| sweeping.end(&leader));
    let status = leader.reap().map_err(wait_error)?;
    pump.drain(LINGER, &mut on_line).map_err(wait_error)?;

    let [stdout, stderr] = pump.into_captured(&mut on_line);
    Ok(Finished {
        ended: stopped.unwrap_or_else(|| ended(status)),
        stdout,
        stderr,
        elapsed: started.elapsed(),
        leftovers,
    })
}

/// Spawns the child and sets up our ends of its pipes.
#[expect(clippy::disallowed_methods, reason = "this is the door")]
fn start(
    request: &Request<'_>,
    program: &str,
    redactor: Option<&Redactor>,
) -> Result<(Leader, Pump), ProcessError> {
    let stream = |pipe| Stream::new(pipe, request.keep, redactor.map(Flow::new));
    let spawn_error = |source: io::Error| {
        // A missing folder or interpreter is reported with the same number as a missing program.
        let missing = source.kind() == io::ErrorKind::NotFound
            && request.cwd.is_dir()
            && !(program.contains('/') && request.cwd.join(&request.program).exists());
        if missing {
            ProcessError::NotFound {
                program: program.to_owned(),
            }
        } else {
            ProcessError::Spawn {
                program: program.to_owned(),
                cwd: request.cwd.to_owned(),
                source,
            }
        }
    };
    let mut command = Command::new(&request.program);
    command
        .args(&request.args)
        .current_dir(request.cwd)
        .env_clear()
        .envs(request.env.iter().map(|(name, value)| (name, value)));

    let (out, child_out) = io::pipe().map_err(spawn_error)?;
    let mut streams = vec![stream(out).map_err(spawn_error)?];
    if request.sweep.is_some() {
        // One pipe for both keeps their order.
        command.stderr(child_out.try_clone().map_err(spawn_error)?);
    } else {
        let (err, child_err) = io::pipe().map_err(spawn_error)?;
        streams.push(stream(err).map_err(spawn_error)?);
        command.stderr(child_err);
    }
    command.stdout(child_out);
    let input = if request.stdin.is_empty() {
        command.stdin(Stdio::null());
        None
    } else {
        let (child_in, ours) = io::pipe().map_err(spawn_error)?;
        command.stdin(child_in);
        Some(Input::new(ours, request.stdin.clone()).map_err(spawn_error)?)
    };
    linux::lead_own_session(&mut command);

    let leader = Leader::spawn(&mut command).map_err(spawn_error)?;
    // `command` still holds the child's ends of the pipes; they end with it, here.
    Ok((leader, Pump::new(streams, input)))
}

/// A status as the child's own end.
fn ended(status: ExitStatus) -> Ended {
    match (status.code(), status.signal()) {
        (Some(code), _) => Ended::Exit(code),
        (None, signal) => Ended::Signal(signal.unwrap_or_default()),
    }
}

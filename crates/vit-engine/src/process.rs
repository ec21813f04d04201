//! Running a program: the only place that spawns.
//!
//! Every child gets its own process group, a closed or given standard input, a capped capture of
//! its output, an environment that is named variable by variable, and dies with us.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::context::Cancel;

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
    pub on_line: Option<&'a mut (dyn FnMut(&str) + Send)>,
    /// Asked a few times a second; once set, the child is ended.
    pub cancel: Option<&'a Cancel>,
    /// Whether children that it leaves behind are found and ended: the process group, orphans
    /// that were adopted by us, and any process that bears this marker in its environment.
    pub sweep: Option<&'a str>,
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
/// # Errors
/// It could not be started or waited for. A status other than 0 is no error here.
pub fn run(request: Request<'_>) -> Result<Finished, ProcessError> {
    let _ = request;
    todo!()
}

//! Running the program under test with an environment that is named variable by variable.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;

/// How long a run may take before the test gives up on it.
const PATIENCE: Duration = Duration::from_secs(120);

/// A run that is being prepared.
#[derive(Debug, Clone)]
#[must_use]
pub struct Invocation {
    program: PathBuf,
    args: Vec<OsString>,
    cwd: PathBuf,
    env: Vec<(OsString, OsString)>,
    stdin: Option<Vec<u8>>,
    patience: Duration,
}

impl Invocation {
    /// A run of `program` in `cwd` with nothing but `PATH` and `LANG=C.UTF-8`.
    pub fn new(program: &Path, cwd: &Path) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self {
            program: program.to_owned(),
            args: Vec::new(),
            cwd: cwd.to_owned(),
            env: vec![("PATH".into(), path), ("LANG".into(), "C.UTF-8".into())],
            stdin: None,
            patience: PATIENCE,
        }
    }

    /// Adds arguments.
    pub fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args
            .extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Sets a variable; a later value replaces an earlier one.
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self = self.without_env(name.as_ref());
        self.env
            .push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Removes a variable.
    pub fn without_env(mut self, name: impl AsRef<OsStr>) -> Self {
        self.env.retain(|(known, _)| known != name.as_ref());
        self
    }

    /// Runs in another folder.
    pub fn cwd(mut self, cwd: impl Into<PathBuf>) -> Self {
        self.cwd = cwd.into();
        self
    }

    /// What it reads; without this its standard input is closed.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = Some(bytes.into());
        self
    }

    /// How long it may take; two minutes by default.
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// It cannot be started, or does not end in its time.
    #[track_caller]
    pub fn run(&self) -> Run {
        self.spawn().wait()
    }

    /// Starts it, in a process group of its own.
    ///
    /// # Panics
    /// It cannot be started.
    #[track_caller]
    #[must_use]
    pub fn spawn(&self) -> Running {
        let scratch = || tempfile::tempfile().expect("a temporary file can be made");
        // Files, not pipes: a daemon that outlives the program would hold a pipe open for ever.
        let (out, err) = (scratch(), scratch());
        let shared = |file: &File| file.try_clone().expect("a file handle can be copied");
        let stdin = self.stdin.as_ref().map_or_else(Stdio::null, |bytes| {
            let mut file = scratch();
            file.write_all(bytes)
                .and_then(|()| file.rewind())
                .expect("a temporary file can be written");
            Stdio::from(file)
        });
        let child = Command::new(&self.program)
            .args(&self.args)
            .current_dir(&self.cwd)
            .env_clear()
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(stdin)
            .stdout(shared(&out))
            .stderr(shared(&err))
            .process_group(0)
            .spawn()
            .unwrap_or_else(|e| panic!("{} cannot be started: {e}", self.program.display()));
        Running {
            child,
            out,
            err,
            line: self.line(),
            deadline: Instant::now() + self.patience,
        }
    }

    fn line(&self) -> String {
        let name = self.program.file_name().unwrap_or_default();
        let mut line = name.to_string_lossy().into_owned();
        for arg in &self.args {
            line.push(' ');
            line.push_str(&arg.to_string_lossy());
        }
        line
    }
}

/// A run under way.
#[derive(Debug)]
pub struct Running {
    child: Child,
    out: File,
    err: File,
    line: String,
    deadline: Instant,
}

impl Running {
    /// Sends a signal to the program alone.
    pub fn signal(&self, signal: Signal) {
        if let Some(pid) = self.pid() {
            let _ = kill_process(pid, signal);
        }
    }

    /// Sends a signal to its whole process group, as a terminal does.
    pub fn signal_group(&self, signal: Signal) {
        if let Some(pid) = self.pid() {
            let _ = kill_process_group(pid, signal);
        }
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> Option<Pid> {
        i32::try_from(self.child.id()).ok().and_then(Pid::from_raw)
    }

    /// Waits until `happened`, which is asked every few milliseconds.
    ///
    /// # Panics
    /// The program ends before, or its time does.
    #[track_caller]
    pub fn until(&mut self, what: &str, mut happened: impl FnMut() -> bool) {
        while !happened() {
            let ended = self.child.try_wait().expect("a child can be asked");
            assert!(ended.is_none(), "`{}` ended before {what}", self.line);
            assert!(
                Instant::now() < self.deadline,
                "{what} did not happen in time"
            );
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// It does not end in its time.
    #[track_caller]
    #[must_use]
    pub fn wait(mut self) -> Run {
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child can be asked") {
                break Some(status);
            }
            if Instant::now() > self.deadline {
                self.signal_group(Signal::KILL);
                let _ = self.child.wait();
                break None;
            }
            std::thread::sleep(Duration::from_millis(1));
        };
        let (stdout, stderr) = (read(&mut self.out), read(&mut self.err));
        let Some(status) = status else {
            panic!("`{}` did not end in its time\n{stdout}{stderr}", self.line);
        };
        Run {
            line: self.line,
            status,
            stdout,
            stderr,
        }
    }
}

fn read(file: &mut File) -> String {
    let mut bytes = Vec::new();
    file.rewind()
        .and_then(|()| file.read_to_end(&mut bytes))
        .expect("a temporary file can be read");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A run that has ended.
#[derive(Clone)]
pub struct Run {
    /// The command line, for messages.
    pub line: String,
    /// How it ended.
    pub status: ExitStatus,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Run {
    /// Its exit status; absent when a signal ended it.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// The signal that ended it.
    #[must_use]
    pub fn signal(&self) -> Option<i32> {
        self.status.signal()
    }

    /// Whether SIGKILL ended it.
    #[must_use]
    pub fn was_killed(&self) -> bool {
        self.signal() == Some(9)
    }

    /// Checks the exit status.
    ///
    /// # Panics
    /// It is another, with the whole output.
    #[track_caller]
    pub fn assert_code(&self, expected: i32) -> &Self {
        assert!(
            self.code() == Some(expected),
            "exit {expected} was expected\n{self:?}"
        );
        self
    }

    /// Checks that a text stands in the standard output.
    ///
    /// # Panics
    /// It does not, with the whole output.
    #[track_caller]
    pub fn assert_stdout(&self, text: &str) -> &Self {
        assert!(
            self.stdout.contains(text),
            "no `{text}` in stdout\n{self:?}"
        );
        self
    }

    /// Checks that a text stands in the standard error.
    ///
    /// # Panics
    /// It does not, with the whole output.
    #[track_caller]
    pub fn assert_stderr(&self, text: &str) -> &Self {
        assert!(
            self.stderr.contains(text),
            "no `{text}` in stderr\n{self:?}"
        );
        self
    }

    /// Its standard output as one JSON value.
    ///
    /// # Panics
    /// It is none, with the whole output.
    #[track_caller]
    #[must_use]
    pub fn json(&self) -> Value {
        match serde_json::from_str(&self.stdout) {
            Ok(value) => value,
            Err(error) => panic!("stdout is not JSON: {error}\n{self:?}"),
        }
    }
}

impl fmt::Debug for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "$ {}  ->  {}", self.line, self.status)?;
        writeln!(f, "--- stdout\n{}", self.stdout)?;
        write!(f, "--- stderr\n{}---", self.stderr)
    }
}

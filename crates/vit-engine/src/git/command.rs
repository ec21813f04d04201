//! Building a git command line and running it: the flags that make git safe and its output a
//! format stand here, once, each with its reason.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use vit_contract::text;

use super::{Git, GitError, safe_url};
use crate::process::{self, Ended, Finished, Request};

/// How long a local command may run: a checkout of a huge tree on a slow disk.
const LOCAL: Duration = Duration::from_secs(600);
/// How long a command that talks to a remote may run.
const NETWORK: Duration = Duration::from_secs(120);
/// How much of each stream is kept. Past it a format would be cut: that is an error.
const KEEP: usize = 256 * 1024 * 1024;
/// How much of git's message an error shows, in lines and characters.
const MESSAGE_LINES: usize = 8;
const MESSAGE_CHARS: usize = 1000;

/// Configuration for every command; it stands above the repository's and the user's own.
const CONFIG: [&str; 14] = [
    // No hook of the repository runs: an upgrade is not a commit of the user's, and a hook could
    // change the tree between our check and our proof.
    "core.hooksPath=/dev/null",
    // No program that answers "what changed" in git's place.
    "core.fsmonitor=false",
    // What is recorded must outlast a power cut; git's default leaves loose refs and the index to
    // the kernel.
    "core.fsync=reference,loose-object,index,pack",
    // And in earnest, whatever the user's own configuration prefers for speed.
    "core.fsyncMethod=fsync",
    // One index file: a shared one would be written into the git folder for our scratch index.
    "core.splitIndex=false",
    // Submodules are never entered: an upgrade does not update them.
    "submodule.recurse=false",
    // No housekeeping in the background that could hold locks after we return.
    "gc.auto=0",
    "maintenance.auto=false",
    // No advice among the messages that we show.
    "advice.detachedHead=false",
    // No pictures in the output where a user has them on for everything.
    "color.ui=false",
    // No window that asks for a password.
    "credential.interactive=false",
    // A server that sends nothing for half a minute is not waited for.
    "http.lowSpeedLimit=1",
    "http.lowSpeedTime=30",
    // A fetch is what it says, whatever the repository's configuration adds.
    "fetch.writeCommitGraph=false",
];

/// What a command does, as far as its surroundings depend on it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Read,
    Write,
    Network,
}

/// One git command.
pub(super) struct Call {
    kind: Kind,
    name: String,
    args: Vec<OsString>,
    /// Configuration of this command alone.
    config: Vec<&'static str>,
    stdin: Vec<u8>,
    index: Option<PathBuf>,
    /// Variables of this command alone.
    env: Vec<(OsString, OsString)>,
}

impl Call {
    fn new(kind: Kind, name: &str) -> Self {
        Self {
            kind,
            name: name.to_owned(),
            args: Vec::new(),
            config: Vec::new(),
            stdin: Vec::new(),
            index: None,
            env: Vec::new(),
        }
    }

    /// A command that only reads: it takes no lock, not even to refresh the index.
    pub(super) fn read(name: &str) -> Self {
        Self::new(Kind::Read, name)
    }

    /// A command that changes the repository or the working tree.
    pub(super) fn write(name: &str) -> Self {
        Self::new(Kind::Write, name)
    }

    /// A command that talks to a remote.
    pub(super) fn network(name: &str) -> Self {
        Self::new(Kind::Network, name)
    }

    /// Adds arguments.
    pub(super) fn args<S: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args
            .extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Adds an argument.
    pub(super) fn arg(self, arg: impl AsRef<OsStr>) -> Self {
        self.args([arg])
    }

    /// Adds configuration.
    pub(super) fn config(mut self, setting: &'static str) -> Self {
        self.config.push(setting);
        self
    }

    /// Gives it something to read.
    pub(super) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.stdin = bytes.into();
        self
    }

    /// Uses another index than the working tree's own.
    pub(super) fn index(mut self, path: impl Into<PathBuf>) -> Self {
        self.index = Some(path.into());
        self
    }

    /// Sets variables.
    pub(super) fn env(mut self, env: Vec<(OsString, OsString)>) -> Self {
        self.env = env;
        self
    }

    /// An error about output that the format does not allow.
    pub(super) fn format_error(&self, what: &str) -> GitError {
        GitError::Format {
            command: self.name.clone(),
            what: text::excerpt(&text::visible(what), 200),
        }
    }

    /// The subcommand and its telling arguments, for an error.
    fn shown(&self) -> String {
        let mut shown = self.name.clone();
        for arg in &self.args {
            let arg = arg.to_string_lossy();
            if arg.starts_with("--format") || arg == "--end-of-options" {
                continue;
            }
            shown.push(' ');
            shown.push_str(&text::visible(&safe_url(&arg)));
        }
        text::excerpt(&shown, 200)
    }
}

impl Git {
    /// Runs a command; a status other than 0 is returned.
    pub(super) fn run(&self, call: &Call) -> Result<Finished, GitError> {
        let mut args: Vec<OsString> = vec!["--no-pager".into()];
        for setting in CONFIG.iter().chain(&call.config) {
            args.push("-c".into());
            args.push(setting.into());
        }
        args.push(call.name.as_str().into());
        args.extend(call.args.iter().cloned());
        let timeout = if call.kind == Kind::Network {
            NETWORK
        } else {
            LOCAL
        };
        let finished = process::run(Request {
            program: "git".into(),
            args,
            cwd: &self.root,
            env: self.env_of(call),
            stdin: call.stdin.clone(),
            timeout: Some(timeout),
            keep: KEEP,
            on_line: None,
            cancel: self.cancel.as_ref().filter(|_| call.kind == Kind::Network),
            sweep: None,
        })?;
        match finished.ended {
            Ended::TimedOut => Err(GitError::Timeout {
                command: call.shown(),
                seconds: timeout.as_secs(),
            }),
            Ended::Cancelled => Err(GitError::Cancelled {
                command: call.shown(),
            }),
            Ended::Exit(_) | Ended::Signal(_) => Ok(finished),
        }
    }

    /// Runs a command that must succeed; its standard output.
    pub(super) fn output(&self, call: &Call) -> Result<Vec<u8>, GitError> {
        let finished = self.run(call)?;
        if finished.ended != Ended::Exit(0) {
            return Err(self.failed(call, &finished));
        }
        if finished.stdout.total != finished.stdout.kept.len() as u64 {
            return Err(call.format_error("more output than can be kept"));
        }
        Ok(finished.stdout.kept)
    }

    /// Runs a command that must succeed and says nothing.
    pub(super) fn quiet(&self, call: &Call) -> Result<(), GitError> {
        self.output(call).map(drop)
    }

    /// The error of a command that has failed.
    pub(super) fn failed(&self, call: &Call, finished: &Finished) -> GitError {
        let said = String::from_utf8_lossy(&finished.stderr.kept);
        let lines: Vec<&str> = said
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .take(MESSAGE_LINES)
            .collect();
        let mut message = text::visible_lines(&safe_url(&lines.join("\n")));
        if message.is_empty() {
            "it said nothing".clone_into(&mut message);
        }
        GitError::Failed {
            command: call.shown(),
            root: self.root.clone(),
            message: text::excerpt(&message, MESSAGE_CHARS),
            status: match finished.ended {
                Ended::Exit(status) => Some(status),
                Ended::Signal(_) | Ended::TimedOut | Ended::Cancelled => None,
            },
        }
    }

    fn env_of(&self, call: &Call) -> Vec<(OsString, OsString)> {
        let mut env = self.env.clone();
        let mut set = |name: &str, value: &OsStr| env.push((name.into(), value.to_owned()));
        // Messages as git's sources have them, in whatever language the user works.
        set("LC_ALL", "C".as_ref());
        // Nobody is there to answer: not on the terminal, not for ssh either.
        set("GIT_TERMINAL_PROMPT", "0".as_ref());
        set("SSH_ASKPASS_REQUIRE", "force".as_ref());
        set("GCM_INTERACTIVE", "never".as_ref());
        // Only transports that move objects; `ext::` and `fd::` would run whatever they name.
        set("GIT_ALLOW_PROTOCOL", "file:git:http:https:ssh".as_ref());
        // A replace ref would let one object stand for another: content is proven as it is.
        set("GIT_NO_REPLACE_OBJECTS", "1".as_ref());
        // A path is a path, also one that begins with `:` or holds a `*`.
        set("GIT_LITERAL_PATHSPECS", "1".as_ref());
        if call.kind == Kind::Read {
            // Reading does not write: no refreshed index, so no lock for others to trip over.
            set("GIT_OPTIONAL_LOCKS", "0".as_ref());
        }
        if let Some(index) = &call.index {
            set("GIT_INDEX_FILE", index.as_os_str());
        }
        env.extend(call.env.iter().cloned());
        env
    }
}

/// Refuses a revision that git could take for an option or for more than one.
pub(super) fn checked(revision: &str) -> Result<&str, GitError> {
    let reason = if revision.is_empty() {
        "it is empty"
    } else if revision.starts_with('-') {
        "it begins with `-`"
    } else if revision.contains(['\0', '\n']) {
        "it holds a line break or a NUL"
    } else {
        return Ok(revision);
    };
    Err(GitError::Unsafe {
        what: text::excerpt(&format!("`{}`", text::visible(revision)), 200),
        reason,
    })
}

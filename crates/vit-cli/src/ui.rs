//! The streams: what goes where, in colour or not, and how much of it.
//!
//! stdout is data; everything else goes to stderr. A reader that goes away (`vit history | head`)
//! is no error.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use vit_contract::text::visible;

use crate::env::Env;
use crate::render::{Paint, View};

/// When to use colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum ColorChoice {
    /// Where the stream is a terminal and nothing speaks against it.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// How much is said besides the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verbosity {
    /// The answer and errors.
    Quiet,
    /// Progress as well.
    Normal,
    /// Output of smoke tests as well.
    Verbose,
}

/// What each stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terminals {
    /// Whether standard input is a terminal.
    pub stdin: bool,
    /// Whether standard output is one.
    pub stdout: bool,
    /// Whether standard error is one.
    pub stderr: bool,
}

impl Terminals {
    /// Looks at the process's streams.
    #[must_use]
    pub fn of_process() -> Self {
        Self {
            stdin: io::stdin().is_terminal(),
            stdout: io::stdout().is_terminal(),
            stderr: io::stderr().is_terminal(),
        }
    }
}

/// What the global flags ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wishes {
    /// `--color`.
    pub color: ColorChoice,
    /// `--quiet`, `--verbose`.
    pub verbosity: Verbosity,
    /// `--json`.
    pub json: bool,
}

/// The way out.
#[derive(Debug)]
pub struct Ui {
    /// How much is said.
    pub verbosity: Verbosity,
    /// Whether the answer is one JSON object.
    pub json: bool,
    /// How standard output is drawn.
    pub out: View,
    /// How standard error is drawn.
    pub err: View,
    /// Whether a spinner may move on standard error.
    pub animated: bool,
    /// Whether a question can be asked.
    pub can_ask: bool,
    failed: Mutex<Option<io::Error>>,
}

impl Ui {
    /// Decides how each stream is used.
    #[must_use]
    pub fn new(wishes: Wishes, env: &Env, terminals: Terminals) -> Self {
        let dumb = env.text("TERM").is_some_and(|term| term == "dumb");
        let ci = env.is_set("CI");
        let view = |terminal: bool| View {
            paint: Paint {
                color: colored(wishes.color, env, terminal && !dumb),
            },
            width: terminal.then(width).flatten(),
            verbose: wishes.verbosity == Verbosity::Verbose,
        };
        Self {
            verbosity: wishes.verbosity,
            json: wishes.json,
            out: view(terminals.stdout),
            err: view(terminals.stderr),
            animated: terminals.stderr && !dumb && !ci && !env.is_set("NO_COLOR"),
            can_ask: terminals.stdin && terminals.stderr && !ci,
            failed: Mutex::new(None),
        }
    }

    /// Prints data.
    pub fn print(&self, text: &str) {
        let mut stdout = io::stdout().lock();
        let written = stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush());
        if let Err(error) = written
            && error.kind() != io::ErrorKind::BrokenPipe
        {
            self.failure_slot().get_or_insert(error);
        }
    }

    /// Prints one JSON object. Characters that a terminal would obey stand as `\u` escapes: the
    /// data is the same and nothing happens when somebody looks at it.
    pub fn print_json(&self, value: &impl Serialize) {
        self.print(&json(value));
    }

    /// Prints a report: as JSON, or drawn.
    pub fn report<T: Serialize>(&self, value: &T, draw: impl FnOnce(&T, View) -> String) {
        if self.json {
            self.print_json(value);
        } else {
            self.print(&draw(value, self.out));
        }
    }

    /// Says something that is not data: warnings, errors, questions. Nobody can be told when that
    /// fails.
    pub fn say(&self, text: &str) {
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }

    /// Why data could not be printed, if so (a full disk behind a redirection).
    #[must_use]
    pub fn failure(&self) -> Option<io::Error> {
        self.failure_slot().take()
    }

    fn failure_slot(&self) -> MutexGuard<'_, Option<io::Error>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A value as JSON text with a line end.
#[must_use]
pub fn json(value: &impl Serialize) -> String {
    let text = serde_json::to_string_pretty(value).expect("a report is plain data");
    let mut out = String::with_capacity(text.len() + 1);
    for c in text.chars() {
        // C0 is escaped by JSON itself; outside of strings there is nothing but ASCII.
        if c != '\n' && is_obeyed(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out.push('\n');
    out
}

/// Whether a terminal would obey, hide or reorder by this character.
pub(crate) fn is_obeyed(c: char) -> bool {
    let as_is = c.is_ascii() && !c.is_ascii_control();
    !as_is && visible(c.encode_utf8(&mut [0; 4])).chars().ne([c])
}

fn colored(choice: ColorChoice, env: &Env, terminal: bool) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            let forced = env.text("CLICOLOR_FORCE").is_some_and(|value| value != "0");
            !env.is_set("NO_COLOR") && (forced || (terminal && !env.is_set("CI")))
        }
    }
}

fn width() -> Option<usize> {
    terminal_size::terminal_size().map(|(width, _)| usize::from(width.0))
}

#[cfg(test)]
mod tests {
    use vit_engine::context::Actor;
    use vit_engine::environment::Environment;

    use super::*;

    fn env(vars: &[(&str, &str)]) -> Env {
        Env {
            args: Vec::new(),
            environment: Environment::new(vars.iter().map(|(k, v)| (k.into(), v.into()))),
            cwd: None,
            actor: Actor::default(),
        }
    }

    #[test]
    fn colour_is_decided_by_flag_then_variables_then_the_stream() {
        use ColorChoice::{Always, Auto, Never};
        for (choice, vars, terminal, expected) in [
            (Auto, &[][..], true, true),
            (Auto, &[], false, false),
            (Auto, &[("NO_COLOR", "1")], true, false),
            (Auto, &[("NO_COLOR", "")], true, true),
            (Auto, &[("CI", "true")], true, false),
            (Auto, &[("CLICOLOR_FORCE", "1")], false, true),
            (Auto, &[("CLICOLOR_FORCE", "0")], false, false),
            (Auto, &[("CLICOLOR_FORCE", "1"), ("CI", "1")], false, true),
            (
                Auto,
                &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")],
                true,
                false,
            ),
            (Always, &[("NO_COLOR", "1")], false, true),
            (Never, &[("CLICOLOR_FORCE", "1")], true, false),
        ] {
            assert_eq!(
                colored(choice, &env(vars), terminal),
                expected,
                "{choice:?} {vars:?} {terminal}"
            );
        }
    }

    #[test]
    fn nothing_is_asked_without_a_terminal_at_both_ends_or_in_ci() {
        let wishes = Wishes {
            color: ColorChoice::Auto,
            verbosity: Verbosity::Normal,
            json: false,
        };
        let all = Terminals {
            stdin: true,
            stdout: true,
            stderr: true,
        };
        assert!(Ui::new(wishes, &env(&[]), all).can_ask);
        assert!(!Ui::new(wishes, &env(&[("CI", "1")]), all).can_ask);
        for terminals in [
            Terminals {
                stdin: false,
                ..all
            },
            Terminals {
                stderr: false,
                ..all
            },
        ] {
            assert!(!Ui::new(wishes, &env(&[]), terminals).can_ask);
        }
    }

    /// CASES.md 30: JSON keeps the data, and a terminal that shows it obeys nothing.
    #[test]
    fn case_30_json_keeps_the_data_and_is_harmless() {
        let hostile = "a\u{1b}[31m\u{9b}31m\u{202e}b\u{7f}\u{e0041}é";
        let text = json(&hostile);
        assert!(!text.trim_end().chars().any(is_obeyed));
        assert_eq!(serde_json::from_str::<String>(&text).unwrap(), hostile);
    }
}

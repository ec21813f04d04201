//! Running the built program in a cleared environment.

use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

/// How a run ended.
pub(crate) struct Run {
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
    /// The exit status.
    pub(crate) code: Option<i32>,
}

impl fmt::Display for Run {
    /// All three, as they stand in snapshots.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let code = self
            .code
            .map_or_else(|| "signal".to_owned(), |c| c.to_string());
        writeln!(f, "exit: {code}")?;
        for (name, text) in [("stdout", &self.stdout), ("stderr", &self.stderr)] {
            if !text.is_empty() {
                writeln!(f, "--- {name}\n{}", text.trim_end())?;
            }
        }
        Ok(())
    }
}

/// The program in an empty folder that is no installation, with nothing in its environment but
/// what is given here, and no input.
#[expect(
    clippy::disallowed_methods,
    reason = "the program under test is a process"
)]
pub(crate) fn command(dir: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vit"));
    command
        .env_clear()
        .env("HOME", dir)
        .env("USER", "ana")
        .env("VIT_TEST_NOW", "2026-03-01T08:00:00Z")
        .current_dir(dir)
        .stdin(Stdio::null());
    command
}

/// Runs the program in an empty folder.
pub(crate) fn vit(args: &[&str]) -> Run {
    vit_with(args, &[])
}

/// The same with variables.
pub(crate) fn vit_with(args: &[&str], vars: &[(&str, &str)]) -> Run {
    let dir = tempfile::tempdir().expect("a temporary folder");
    run(command(dir.path()).args(args).envs(vars.iter().copied()))
}

/// Runs a prepared command.
pub(crate) fn run(command: &mut Command) -> Run {
    let output = command.output().expect("the program starts");
    Run {
        stdout: text(output.stdout),
        stderr: text(output.stderr),
        code: output.status.code(),
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("what the program prints is UTF-8")
}

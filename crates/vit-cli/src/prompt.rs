//! The one question that `vit` asks, and who may be asked.

use std::ffi::OsString;
use std::io::{self, BufRead as _};

use vit_contract::plan::command_text;

use crate::error::Failure;
use crate::ui::Ui;

/// What the user was asked, and whether the flag `--yes` answered it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Question<'a> {
    /// Without the mark and the choices: `Apply this upgrade`.
    pub text: &'a str,
    /// Whether `--yes` was given.
    pub yes: bool,
    /// What was typed, the program's name first.
    pub args: &'a [OsString],
}

impl Question<'_> {
    /// Refuses when a question would be needed and nobody can be asked. Called before any work,
    /// so that a script does not wait for a plan only to learn that a flag is missing.
    ///
    /// # Errors
    /// Names the flag.
    pub fn require_answerable(&self, ui: &Ui) -> Result<(), Failure> {
        if self.yes || (ui.can_ask && !ui.json) {
            return Ok(());
        }
        let why = if ui.json {
            "with --json nothing is asked"
        } else {
            "this needs a yes, and there is no terminal to ask on"
        };
        Err(
            Failure::new("needs_yes", vit_contract::exit::ExitCode::Error, why)
                .hint(format!("if you mean it: `{}`", with_yes(self.args))),
        )
    }

    /// Asks. Everything but `y` and `yes` is a no, the end of input too.
    #[must_use]
    pub fn ask(&self, ui: &Ui) -> bool {
        if self.yes {
            return true;
        }
        ui.say(&format!(
            "{} [y/N] ",
            ui.err.paint.bold(&format!("{}?", self.text))
        ));
        let mut line = String::new();
        let read = io::stdin().lock().read_line(&mut line);
        if !matches!(read, Ok(1..)) {
            // The cursor still stands behind the question.
            ui.say("\n");
        }
        is_yes(&line)
    }
}

/// The command as it would have to be typed, with all that was said already.
fn with_yes(args: &[OsString]) -> String {
    let mut words = vec!["vit".to_owned()];
    let given = args.iter().skip(1);
    words.extend(given.map(|word| word.to_string_lossy().into_owned()));
    // What stands behind this is no flag.
    let end = words.iter().position(|word| word == "--");
    words.insert(end.unwrap_or(words.len()), "--yes".to_owned());
    command_text(&words)
}

fn is_yes(answer: &str) -> bool {
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_is_repeated_for_a_shell() {
        let with_yes = |words: &[&str]| {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            with_yes(&words)
        };
        assert_eq!(with_yes(&["/usr/bin/vit", "upgrade"]), "vit upgrade --yes");
        assert_eq!(
            with_yes(&[
                "vit",
                "-C",
                "my core",
                "upgrade",
                "--retry-quarantined",
                "it's; $(x)"
            ]),
            r"vit -C 'my core' upgrade --retry-quarantined 'it'\''s; $(x)' --yes"
        );
        assert_eq!(
            with_yes(&["vit", "upgrade", "--", "x"]),
            "vit upgrade --yes -- x"
        );
    }

    #[test]
    fn only_a_yes_is_a_yes() {
        assert!(["y\n", "Y", " yes\r\n", "YES"].into_iter().all(is_yes));
        assert!(
            !["", "\n", "n", "ye", "yess", "ja", "1"]
                .into_iter()
                .any(is_yes)
        );
    }
}

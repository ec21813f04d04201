//! The words of the demo, as they go to the screen; with `--quiet` and `--json` none of them.

use std::path::Path;
use std::time::Duration;

use vit_contract::exit::ExitCode;
use vit_contract::output::DemoReport;
use vit_contract::text::visible;

use super::releases::Release;
use super::stage::command;
use super::story::Scene;
use super::witness::Witness;
use crate::render::{Paint, count, seconds};
use crate::ui::{Ui, Verbosity};

/// How wide a text is set.
const WIDTH: usize = 92;

/// The words of the demo.
#[derive(Debug)]
pub struct Telling<'a> {
    ui: &'a Ui,
    silent: bool,
}

impl<'a> Telling<'a> {
    /// Tells on standard output, unless only the result is wanted.
    #[must_use]
    pub fn new(ui: &'a Ui) -> Self {
        Self {
            ui,
            silent: ui.json || ui.verbosity == Verbosity::Quiet,
        }
    }

    /// Whether nothing is told.
    #[must_use]
    pub const fn is_silent(&self) -> bool {
        self.silent
    }

    /// Whether what is told has colours.
    #[must_use]
    pub const fn is_coloured(&self) -> bool {
        !self.silent && self.paint().color
    }

    const fn paint(&self) -> Paint {
        self.ui.out.paint
    }

    fn say(&self, text: &str) {
        if !self.silent {
            self.ui.print(text);
        }
    }

    /// Says where it happens.
    pub fn beginning(&self, folder: &Path) {
        let place = visible(&folder.to_string_lossy());
        let text = "A Core repository, an installation of it with two verticals, and releases to \
                    come. All commands are run for real; nothing outside this folder is touched.";
        self.say(&format!("vit demo in {place}\n{}", wrapped(text)));
    }

    /// The scene's heading.
    pub fn heading(&self, number: usize, of: usize, scene: &Scene) {
        let title = self
            .paint()
            .bold(&format!("{number}/{of}  {}", scene.title));
        self.say(&format!("\n{title}\n{}", wrapped(scene.why)));
    }

    /// A release that has come out.
    pub fn published(&self, release: &Release) {
        let text = format!(
            "The Core team publishes {}: {}.",
            release.version, release.about
        );
        self.say(&self.paint().yellow(&text));
        self.say("\n");
    }

    /// The command as a user types it.
    pub fn command(&self, scene: &Scene) {
        let command = self.paint().cyan(&command(scene));
        self.say(&format!("\n  $ {command}\n"));
    }

    /// A line that the command has printed.
    pub fn line(&self, line: &str) {
        // What comes in colour comes from a vit that has made foreign text harmless.
        let line = if self.is_coloured() {
            line.to_owned()
        } else {
            visible(line)
        };
        self.say(format!("  {line}").trim_end());
        self.say("\n");
    }

    /// How the command ended.
    pub fn ended(&self, code: u8, time: Duration) {
        let meaning = ExitCode::ALL
            .iter()
            .find(|exit| exit.number() == code)
            .map_or("killed by signal 9", |exit| exit.meaning());
        let code = self.paint().bold(&format!("exit {code}"));
        let time = self
            .paint()
            .dim(&format!("[{}]", seconds(time.as_secs_f64())));
        self.say(&format!("\n  {code}: {meaning} {time}\n"));
    }

    /// What was found without `vit`, beside what was there before.
    pub fn compared(&self, before: &Witness, now: &Witness) {
        let paint = self.paint();
        self.say("\n  Looked at without vit, now and before:\n");
        for ((how, found), (_, was)) in now.facts.iter().zip(&before.facts) {
            let verdict = if found == was {
                paint.green("the same")
            } else {
                paint.red(&format!("was {was}"))
            };
            self.say(&format!("    {how:<32} {}  {verdict}\n", visible(found)));
        }
    }

    /// A path as it is typed in a shell.
    #[must_use]
    pub fn place(&self, path: &Path) -> String {
        quoted(&path.to_string_lossy())
    }

    /// How it ended, and how to go on.
    pub fn ending(&self, report: &DemoReport, alias: Option<&Path>) {
        let told = format!(
            "{} as told, in {}",
            count(report.steps.len(), "step"),
            seconds(report.seconds)
        );
        let told = self.paint().green(&told);
        let folder = visible(&report.folder);
        if self.silent {
            self.ui.print(&format!("{told}: {folder}\n"));
            return;
        }
        self.say(&format!("\n{told}\n\nPLAY ON\n"));
        let mut table = vec![(
            format!("cd {}", quoted(&report.installation)),
            String::new(),
        )];
        if let Some(program) = alias {
            table.push((
                format!("alias vit={}", quoted(&program.to_string_lossy())),
                String::new(),
            ));
        }
        table.extend(IDEAS.map(|(command, what)| (command.to_owned(), what.to_owned())));
        for (command, what) in table {
            // Padded before it is coloured: the escape sequences have no width.
            let command = self.paint().cyan(&format!("{command:<26}"));
            self.say(format!("  {command} {what}").trim_end());
            self.say("\n");
        }
        self.say(&format!(
            "\nThe files of the team's vertical are in domains/logistics, Core's repository is \
             ../core.git.\nTo delete all of it: {}\n",
            self.paint()
                .cyan(&format!("rm -rf {}", quoted(&report.folder)))
        ));
    }
}

/// What to try in the demo's folder.
const IDEAS: [(&str, &str); 7] = [
    ("vit rollback", "back to 1.1.0"),
    ("vit rollback --list", "every state to go back to"),
    ("vit update --channel beta", "1.3.0-beta.1, for the early"),
    (
        "vit plan --target 2.0.0",
        "what is in the way, and whose it is",
    ),
    ("vit history --failed", "what did not work"),
    (
        "touch ../pull-the-plug",
        "the next upgrade is killed; then `vit recover`",
    ),
    (
        "echo x >> README.md",
        "a changed file blocks; `git checkout .` ends it",
    ),
];

/// A text in lines of at most `WIDTH` columns. (Written by us: one column a character.)
fn wrapped(text: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > WIDTH {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
    }
    out.push('\n');
    out
}

/// A word as a shell takes it back, harmless to a terminal.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", visible(word).replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back_from_a_shell_as_they_were() {
        assert_eq!(quoted("/tmp/vit-demo-1"), "/tmp/vit-demo-1");
        assert_eq!(quoted("/tmp/a b/é"), "'/tmp/a b/é'");
        assert_eq!(quoted("it's"), "'it'\\''s'");
        assert_eq!(quoted(""), "''");
    }

    #[test]
    fn lines_are_not_too_long() {
        let text = wrapped(&"word ".repeat(100));
        assert!(text.lines().all(|line| line.len() <= WIDTH));
        assert_eq!(text.split_whitespace().count(), 100);
    }
}

//! What people type by mistake, and what they meant.

use clap::error::{ContextKind, ContextValue, ErrorKind};
use vit_contract::text::visible;

/// How alike two words must be to be taken for one another.
const ALIKE: f64 = 0.75;

/// Words of other tools, and the command here.
const WORDS: &[(&[&str], &str)] = &[
    (
        &["check", "refresh", "outdated", "fetch", "pull"],
        "to ask for releases: `vit update`",
    ),
    (
        &["apply", "up", "dist-upgrade", "full-upgrade", "sync"],
        "to upgrade: `vit upgrade`",
    ),
    (
        &["undo", "revert", "downgrade", "restore", "back"],
        "to go back: `vit rollback`; an older release is reached with `vit upgrade --target VERSION`",
    ),
    (
        &["log", "logs", "journal", "audit"],
        "what was done stands in `vit history`",
    ),
    (
        &["describe", "story", "evidence", "reason", "postmortem"],
        "what happened, and why: `vit explain`",
    ),
    (
        &["snapshots", "backups"],
        "the snapshots are listed by `vit rollback --list`",
    ),
    (
        &["list", "ls", "info", "show", "version", "verticals"],
        "what is installed: `vit status`; what there is: `vit update`; vit's own version: \
         `vit --version`",
    ),
    (
        &["diff", "preview", "dry-run", "simulate", "changelog"],
        "what an upgrade would do: `vit plan`",
    ),
    (
        &["fix", "resume", "continue", "abort"],
        "an interrupted transaction is finished by `vit recover`; `vit repair` mends an \
         inconsistent installation; `vit doctor` looks at the machine",
    ),
    (
        &["test", "fsck", "validate"],
        "to prove what is installed: `vit verify`",
    ),
    (
        &["pin", "freeze", "lock"],
        "to keep a version out: `vit hold VERSION`",
    ),
    (
        &["unpin", "unfreeze", "unlock"],
        "to let it in again: `vit unhold VERSION`",
    ),
    (&["completion"], "`vit completions SHELL`"),
    (
        &["install", "add", "remove", "uninstall", "search", "purge"],
        "the package tier is not in this version: vit manages Core and judges the verticals on it",
    ),
];

/// Flags of other tools, and what there is here.
const FLAGS: &[(&[&str], &str)] = &[
    (
        &[
            "--force",
            "-f",
            "--skip-checks",
            "--skip-tests",
            "--skip-smoke-tests",
            "--no-verify",
            "--no-smoke-tests",
            "--allow-dirty",
            "--ignore-blocked",
        ],
        "no flag skips the checks, the smoke tests or the clean tree; a warning is accepted by its \
         code: `--accept CODE`",
    ),
    (
        &["--all"],
        "a rollback goes to one state: `vit rollback --list` lists them, `--to SNAPSHOT` picks one",
    ),
    (
        &["--version", "--tag", "--release"],
        "a release is named with `--target VERSION`",
    ),
    (
        &["--check", "-n", "--simulate", "--noop"],
        "to change nothing: `vit plan`, or `--dry-run`",
    ),
    (
        &[
            "--assume-yes",
            "--no-confirm",
            "--noconfirm",
            "--non-interactive",
        ],
        "`--yes`",
    ),
    (
        &["--no-color", "--no-colour"],
        "`--color never`, or NO_COLOR=1",
    ),
    (&["--directory", "--cwd", "--root"], "`-C DIR`"),
    (&["--snapshot"], "`--to SNAPSHOT`"),
];

/// The likeliest of some names, if any is near.
pub fn nearest<'a>(text: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(text, name), name))
        .filter(|(likeness, _)| *likeness > ALIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

/// A hint for a command line that clap refused, where it is a common mistake.
#[must_use]
pub fn hint(error: &clap::Error, words: &[String]) -> Option<String> {
    let invalid = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => Some(text.as_str()),
        _ => None,
    };
    match error.kind() {
        ErrorKind::InvalidSubcommand => {
            let word = invalid(ContextKind::InvalidSubcommand)?;
            find(WORDS, word)
        }
        ErrorKind::UnknownArgument => {
            let flag = invalid(ContextKind::InvalidArg)?;
            let name = flag.split('=').next().unwrap_or(flag);
            find(FLAGS, name).or_else(|| stray(flag, words))
        }
        _ => None,
    }
}

/// A word where none is taken: most probably the value of a flag.
fn stray(word: &str, words: &[String]) -> Option<String> {
    let command = words
        .iter()
        .find(|word| ["upgrade", "plan", "apply", "rollback"].contains(&word.as_str()))?;
    if word.starts_with('-') {
        return None;
    }
    let shown = visible(word);
    Some(if command == "rollback" {
        format!("a snapshot is named with `--to {shown}`")
    } else {
        format!("a release is named with `--target {shown}`")
    })
}

fn find(table: &[(&[&str], &str)], word: &str) -> Option<String> {
    table
        .iter()
        .find(|(words, _)| words.contains(&word))
        .map(|(_, hint)| (*hint).to_owned())
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _};

    use super::*;
    use crate::args::Cli;

    fn hint_for(line: &str) -> Option<String> {
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let error = Cli::try_parse_from(&words).unwrap_err();
        hint(&error, &words)
    }

    #[test]
    fn no_word_of_the_tables_is_a_command_or_a_flag_here() {
        let command = Cli::command();
        for word in WORDS.iter().flat_map(|(words, _)| *words) {
            assert!(command.find_subcommand(word).is_none(), "{word}");
        }
    }

    #[test]
    fn common_mistakes_get_a_hint() {
        for (line, expected) in [
            ("vit check", "`vit update`"),
            ("vit undo", "`vit rollback`"),
            ("vit install x", "the package tier is not in this version"),
            ("vit rollback --all", "`--to SNAPSHOT`"),
            ("vit upgrade --force", "no flag skips"),
            ("vit upgrade 1.2.0", "`--target 1.2.0`"),
            ("vit rollback pre-upgrade-1", "`--to pre-upgrade-1`"),
        ] {
            let hint = hint_for(line).unwrap_or_default();
            assert!(hint.contains(expected), "{line}: {hint}");
        }
        assert_eq!(hint_for("vit upgrade --frobnicate"), None);
    }
}

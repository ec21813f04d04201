//! An error: what happened, why, what to do.

use vit_contract::exit::ExitCode;
use vit_contract::text::visible;

use super::{View, problems};
use crate::error::Failure;

/// An error as text for standard error.
#[must_use]
pub fn failure(failure: &Failure, view: View) -> String {
    let label = match failure.exit {
        ExitCode::Blocked => "blocked",
        ExitCode::Inconsistent => "INCONSISTENT",
        ExitCode::Success | ExitCode::Error | ExitCode::RolledBack | ExitCode::UpdateAvailable => {
            "error"
        }
    };
    let mut out = String::new();
    for (index, message) in failure.message.iter().enumerate() {
        let mut lines = message.lines();
        let first = visible(lines.next().unwrap_or_default());
        if index == 0 {
            out.push_str(&format!("{}: {first}\n", view.paint.red(label)));
        } else {
            out.push_str(&format!("  because: {first}\n"));
        }
        for line in lines {
            out.push_str(&format!("    {}\n", visible(line)));
        }
    }
    out.push_str(&problems::problems(&failure.problems, view));
    for hint in &failure.hints {
        let label = view.paint.cyan("hint:");
        out.push_str(&format!("{label} {}\n", visible(hint)));
    }
    out
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::render::samples;

    #[test]
    fn an_error_with_causes_and_hints() {
        let error = Failure {
            kind: "registry",
            message: vec![
                "the release registry origin could not answer".into(),
                "`git ls-remote` failed in /srv/core: fatal: unable to access\nremote: \u{1b}[31mno".into(),
            ],
            hints: vec!["with `--offline`, what was fetched before is used".into()],
            problems: Vec::new(),
            exit: ExitCode::Error,
        };
        assert_snapshot!(failure(&error, View::default()), @r"
        error: the release registry origin could not answer
          because: `git ls-remote` failed in /srv/core: fatal: unable to access
            remote: \x1b[31mno
        hint: with `--offline`, what was fetched before is used
        ");
    }

    #[test]
    fn a_refusal_with_its_problems() {
        let error = Failure {
            problems: samples::problems(),
            ..Failure::new("refused", ExitCode::Blocked, "the upgrade is refused")
        };
        assert_snapshot!(failure(&error, View::default()), @"
        blocked: the upgrade is refused

        1 problem blocks
          finance: the target is newer than the vertical's max_core_version [core_above_maximum]
            max_core_version is 1.x.x
            the target is 2.0.0
            fix (vertical's owner): test against 2.0.0, then raise max_core_version
            see https://example.org/contract#range

        1 warning
          warning[contact_not_email]: the contact is no e-mail address
            --> domains/energy/vertical_manifest.yaml:14:12
             |
          14 |   contact: the energy team
             |            ^^^^^^^^^^^^^^^

        1 note
          v1.1.0: the release names no channel [channel_assumed]
        ");
    }
}

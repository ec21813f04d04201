//! Versions on the command line: SemVer in full, with or without the leading `v` of a tag.

use semver::Version;
use vit_contract::text::visible;
use vit_contract::version;

use crate::error::Failure;

/// How many versions an error names.
const NEWEST: usize = 3;

/// A text that is no version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoVersion {
    /// What it is and is not.
    message: String,
    /// The probable spelling.
    suggestion: Option<String>,
}

/// Reads a version such as `1.2.0` or, as tags look, `v1.2.0`. Parts of one (`1.2`, `v1`) and
/// names (`latest`) are refused: what they mean today is not what they mean tomorrow.
///
/// # Errors
/// Says what is wrong and, where it can be guessed, the probable spelling.
pub fn parse(text: &str) -> Result<Version, NoVersion> {
    let bare = text
        .strip_prefix('v')
        .filter(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
        .unwrap_or(text);
    version::parse(bare).map_err(|error| NoVersion {
        message: format!("`{}` is not a version: {}", visible(text), error.reason),
        suggestion: error.suggestion,
    })
}

impl NoVersion {
    /// The usage error. `known` are the releases that can be told without asking anybody, in any
    /// order; the newest are named.
    #[must_use]
    pub fn into_failure(self, flag: &str, mut known: Vec<Version>) -> Failure {
        let mut failure = Failure::usage(self.message);
        if let Some(suggestion) = self.suggestion {
            failure = failure.hint(format!("did you mean `{flag}{suggestion}`?"));
        }
        known.sort_by(|a, b| b.cmp(a));
        known.dedup();
        if known.is_empty() {
            failure.hint("`vit update` lists the releases")
        } else {
            let names: Vec<String> = known.iter().take(NEWEST).map(ToString::to_string).collect();
            failure.hint(format!("the newest releases are {}", names.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hints(text: &str, known: &[&str]) -> (String, Vec<String>) {
        let known = known.iter().map(|v| v.parse().unwrap()).collect();
        let failure = parse(text).unwrap_err().into_failure("--target ", known);
        assert_eq!(failure.exit.number(), 2);
        (failure.message[0].clone(), failure.hints)
    }

    #[test]
    fn a_version_is_taken_with_and_without_its_v() {
        for text in ["1.2.0", "v1.2.0"] {
            assert_eq!(parse(text), Ok(Version::new(1, 2, 0)));
        }
        assert_eq!(parse("v1.1.0-beta.1").unwrap().to_string(), "1.1.0-beta.1");
        assert!(parse("vv1.2.0").is_err());
    }

    /// CASES.md 21: a target such as `banana`, `v1`, `1.2`, `latest` gets a usage error that names
    /// the newest real versions.
    #[test]
    fn case_21_names_the_probable_spelling_and_the_newest_versions() {
        let releases = ["1.0.0", "1.10.0", "1.9.0", "2.0.0-beta.1"];
        let newest = "the newest releases are 2.0.0-beta.1, 1.10.0, 1.9.0";
        for (text, probable) in [
            ("v1", Some("did you mean `--target 1.0.0`?")),
            ("1.2", Some("did you mean `--target 1.2.0`?")),
            ("banana", None),
            ("latest", None),
            ("", None),
        ] {
            let expected: Vec<&str> = probable.into_iter().chain([newest]).collect();
            assert_eq!(hints(text, &releases).1, expected, "{text}");
        }
        assert_eq!(
            hints("v1", &[]).0,
            "`v1` is not a version: three numbers are needed, MAJOR.MINOR.PATCH"
        );
        assert_eq!(hints("latest", &[]).1, ["`vit update` lists the releases"]);
    }

    #[test]
    fn case_30_a_hostile_target_is_shown_harmlessly() {
        let (message, _) = hints("\u{1b}[31m1", &[]);
        assert!(
            message.starts_with("`\\x1b[31m1` is not a version"),
            "{message}"
        );
    }
}

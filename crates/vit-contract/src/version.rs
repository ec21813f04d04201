//! Versions and release tags: strict SemVer 2.0.0, `v` + version as tag (FORMATS.md §1).

pub use semver::Version;

/// Why a text is not a version, with the text that probably was meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a version: {reason}")]
pub struct VersionError {
    /// The text as it was given.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
    /// A correct spelling, where one can be guessed.
    pub suggestion: Option<String>,
}

/// Reads a strict SemVer version such as `1.2.0` or `1.1.0-beta.1`; a leading `v` is refused.
///
/// # Errors
/// Names what is wrong and, where it can be guessed, the correct spelling.
pub fn parse(text: &str) -> Result<Version, VersionError> {
    Version::parse(text).map_err(|error| VersionError {
        text: text.to_owned(),
        reason: reason(text, &error),
        suggestion: suggestion(text),
    })
}

/// The version of a release tag: `v1.2.0` → 1.2.0. Other tags are not releases.
#[must_use]
pub fn of_tag(tag: &str) -> Option<Version> {
    Version::parse(tag.strip_prefix('v')?).ok()
}

/// The tag of a version: 1.2.0 → `v1.2.0`.
#[must_use]
pub fn tag_of(version: &Version) -> String {
    format!("v{version}")
}

fn reason(text: &str, error: &semver::Error) -> String {
    let numbers = text.split(['-', '+']).next().unwrap_or_default();
    if text.is_empty() {
        "it is empty".to_owned()
    } else if text.starts_with(['v', 'V']) {
        "a version has no leading `v`".to_owned()
    } else if numbers.split('.').count() < 3 && numbers.starts_with(|c: char| c.is_ascii_digit()) {
        "three numbers are needed, MAJOR.MINOR.PATCH".to_owned()
    } else {
        error.to_string()
    }
}

fn suggestion(text: &str) -> Option<String> {
    let bare = text.trim().trim_start_matches(['v', 'V', '=']);
    let cut = bare.find(['-', '+']).unwrap_or(bare.len());
    let (numbers, rest) = bare.split_at(cut);
    let mut parts: Vec<&str> = numbers.split('.').collect();
    while parts.len() < 3 {
        parts.push("0");
    }
    let candidate = format!("{}{rest}", parts.join("."));
    Version::parse(&candidate)
        .ok()
        .map(|version| version.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_v_and_strict_semver() {
        assert_eq!(
            of_tag("v1.2.0-beta.1").map(|v| tag_of(&v)),
            Some("v1.2.0-beta.1".into())
        );
        for other in [
            "1.2.0",
            "v1.2",
            "V1.2.0",
            "v01.2.0",
            "pre-upgrade-20260219-164500",
            "v",
            "",
        ] {
            assert_eq!(of_tag(other), None, "{other}");
        }
    }

    /// CASES.md 21 and 19: texts that look like versions are refused with the probable spelling.
    #[test]
    fn case_21_refuses_with_the_probable_spelling() {
        for (text, probable) in [
            ("banana", None),
            ("latest", None),
            ("v1", Some("1.0.0")),
            ("1.2", Some("1.2.0")),
            ("v1.2.0", Some("1.2.0")),
            ("", None),
            ("1.2.3.4", None),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(error.suggestion.as_deref(), probable, "{text}");
        }
    }
}

//! Which paths an index may name.

/// The longest path, in characters.
const LONGEST: usize = 1024;

/// Whether a path stays below the folder that it is seen from, however it is spelt: names of
/// letters, digits and `._+~-`, none of which begins with a dot, joined by `/`.
#[must_use]
pub fn is_inside(path: &str) -> bool {
    let is_name = |name: &str| {
        !name.is_empty()
            && !name.starts_with('.')
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._+~-".contains(&byte))
    };
    path.len() <= LONGEST && path.split('/').all(is_name)
}

/// Why a text cannot be where commits come from.
pub(super) fn bad_repository(text: &str) -> Option<&'static str> {
    let scheme = text.split_once("://").map(|(scheme, _)| scheme);
    if text.starts_with('-') || text.contains(char::is_control) {
        Some("it is no URL and no path")
    } else if crate::document::has_credentials(text) && !text.starts_with("ssh://git@") {
        Some("it carries a user or password")
    } else if scheme.is_some_and(|s| ["https", "http", "ssh", "git", "file"].contains(&s)) {
        None
    } else if is_inside(text) {
        None
    } else {
        Some("it is neither a git URL nor a path below the index")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_below_its_folder() {
        for good in ["a", "1.0.0/release_metadata.json", "v1.0.0+b7/x~1/y_z"] {
            assert!(is_inside(good), "{good}");
        }
        let long = "a/".repeat(600) + "a";
        for bad in [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            "..",
            "../a",
            "a/../b",
            ".",
            "./a",
            ".git/config",
            "https://x/a",
            "a:b",
            "a\\b",
            "a?b",
            "a#b",
            "a%2e%2e/b",
            "a b",
            "a\n",
            "é",
            &long,
        ] {
            assert!(!is_inside(bad), "{bad}");
        }
    }

    #[test]
    fn a_repository_is_a_url_or_inside() {
        for good in [
            "https://h/x.git",
            "ssh://git@h/x.git",
            "core.git",
            "file:///srv/x.git",
        ] {
            assert_eq!(bad_repository(good), None, "{good}");
        }
        for bad in [
            "-x",
            "ext::sh -c id",
            "https://me:secret@h/x",
            "/srv/x.git",
            "../x",
            "a\nb",
            "ext://x",
            "h:x.git",
        ] {
            assert!(bad_repository(bad).is_some(), "{bad}");
        }
    }
}

//! Paths that have to stay inside an installation, and places that git must not take for programs.

/// What is wrong with a path; the empty one is the root itself, which only a glob may name.
pub(crate) fn fault(path: &str, globs: bool) -> Option<&'static str> {
    if path.is_empty() {
        return (!globs).then_some("must not be empty");
    }
    if path.contains(char::is_control) {
        return Some("must not hold control characters");
    }
    if path.starts_with('-') {
        return Some("must not begin with `-`");
    }
    if path.starts_with('/') || path.starts_with('~') {
        return Some("must be relative to the git root");
    }
    if path.contains('\\') {
        return Some("must use `/` between folders");
    }
    for part in path.split('/') {
        if matches!(part, "" | "." | "..") {
            return Some("must not hold empty parts, `.` or `..`");
        }
        if part.eq_ignore_ascii_case(".git") {
            return Some("must not lead into `.git`");
        }
        if part.contains('*') && !(globs && part == "*") {
            return Some("takes `*` only in `discovery`, for one whole folder name");
        }
    }
    None
}

/// `ext::sh -c …`, `fd::7`: a word, then two colons.
pub(crate) fn is_transport_helper(text: &str) -> bool {
    text.split_once("::").is_some_and(|(word, _)| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
    })
}

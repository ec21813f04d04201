//! One requirement as PEP 508 writes it: a name with a constraint or a direct reference.

use std::ops::Range;

use super::pep440::{OPERATORS, PyVersion};
use super::{Asks, is_name, normalized, of_revision};

/// A requirement: what it asks of the distribution, and the bytes that say so.
pub(super) struct Requirement {
    pub(super) asks: Asks,
    pub(super) span: Range<usize>,
}

impl Requirement {
    const fn unclear(why: &'static str) -> Self {
        Self {
            asks: Asks::Unclear(why),
            span: 0..0,
        }
    }
}

/// What a text asks of the distribution of this (normalised) name; `None` where it is about
/// another one.
pub(super) fn of(text: &str, distribution: &str) -> Option<Requirement> {
    let start = text.len() - text.trim_start().len();
    let rest = &text[start..];
    let end = rest
        .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.')))
        .unwrap_or(rest.len());
    let name = &rest[..end];
    if !is_name(name) || normalized(name) != distribution {
        return None;
    }
    let mut at = start + end;
    at += blank(&text[at..]);
    if text[at..].starts_with('[') {
        let Some(close) = text[at..].find(']') else {
            return Some(Requirement::unclear("its extras do not end"));
        };
        at += close + 1;
        at += blank(&text[at..]);
    }
    if text[at..].starts_with('@') {
        at += 1;
        at += blank(&text[at..]);
        let end = text[at..]
            .find(char::is_whitespace)
            .map_or(text.len(), |end| at + end);
        return Some(address(&text[at..end], at));
    }
    let tail = text[at..].find([';', '#']).unwrap_or(text.len() - at);
    // An option of a requirements file such as `--hash` ends the constraint.
    let option = text[at..].find(" --").unwrap_or(tail);
    Some(constraint(&text[at..at + tail.min(option)], at))
}

/// What a version constraint asks for; `at` is where it stands.
pub(super) fn constraint(text: &str, at: usize) -> Requirement {
    let (mut inner, mut start) = trimmed(text, at);
    if let Some(inside) = inner.strip_prefix('(').and_then(|t| t.strip_suffix(')')) {
        (inner, start) = trimmed(inside, start + 1);
    }
    if inner.is_empty() {
        return Requirement {
            asks: Asks::Anything,
            span: 0..0,
        };
    }
    let operator = OPERATORS
        .iter()
        .find(|operator| inner.starts_with(**operator));
    if let Some(operator @ &("==" | "===")) = operator
        && !inner.contains(',')
    {
        let (version, start) = trimmed(&inner[operator.len()..], start + operator.len());
        if !version.ends_with('*') {
            return exact(version, start);
        }
    }
    Requirement {
        asks: Asks::Range(inner.to_owned()),
        span: start..start + inner.len(),
    }
}

/// An exact version that stands at `start`.
pub(super) fn exact(version: &str, start: usize) -> Requirement {
    if version.parse::<PyVersion>().is_err() {
        return Requirement::unclear("its version is not what PEP 440 allows");
    }
    Requirement {
        asks: Asks::Exact(version.to_owned()),
        span: start..start + version.len(),
    }
}

/// What a direct reference asks for; `at` is where it stands.
pub(super) fn address(text: &str, at: usize) -> Requirement {
    let git = text.starts_with("git+") || text.starts_with("git://");
    let Some((_, after)) = text.split_once("://").filter(|_| git) else {
        return Requirement::unclear("it names a file or a folder, not a version");
    };
    let head = text.len() - after.len();
    let end = after.find('#').unwrap_or(after.len());
    // A user stands before the first `/`, a revision after it.
    let path = after.find('/').unwrap_or(end).min(end);
    let Some(found) = after[path..end].rfind('@') else {
        return Requirement::unclear("it follows the default branch of Core's repository");
    };
    let start = head + path + found + 1;
    let revision = &text[start..head + end];
    if revision.is_empty() {
        return Requirement::unclear("it follows the default branch of Core's repository");
    }
    Requirement {
        asks: of_revision(revision),
        span: at + start..at + head + end,
    }
}

/// The name that an address bears after `#egg=`, without extras.
pub(super) fn egg(address: &str) -> Option<&str> {
    let (_, fragment) = address.split_once('#')?;
    let egg = fragment
        .split('&')
        .find_map(|part| part.strip_prefix("egg="))?;
    Some(egg.split('[').next().unwrap_or(egg))
}

fn blank(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// A text without white space around it, and where it stands then.
fn trimmed(text: &str, at: usize) -> (&str, usize) {
    (text.trim(), at + blank(text))
}

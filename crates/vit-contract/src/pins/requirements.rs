//! `requirements.txt`, line by line as pip reads it.

use std::ops::Range;

use super::{Pin, line_of, normalized, requirement, shown};

/// What a requirements file says of a distribution.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Requirements {
    /// Where it names the distribution.
    pub pins: Vec<Pin>,
    /// Other files that it includes with `-r` or `-c`, as they are written.
    pub includes: Vec<String>,
}

/// Reads a file for the distribution of this name.
#[must_use]
pub fn read(text: &str, distribution: &str) -> Requirements {
    let distribution = normalized(distribution);
    let mut found = Requirements::default();
    for (start, line) in logical_lines(text) {
        if let Some(path) =
            option(&line, "-r", "--requirement").or_else(|| option(&line, "-c", "--constraint"))
        {
            found.includes.push(path.1.to_owned());
            continue;
        }
        let Some(requirement) = requirement_of(&line, &distribution) else {
            continue;
        };
        let span = requirement.span;
        found.pins.push(Pin {
            line: line_of(text, start + blank(&line)),
            shown: shown(&line),
            asks: requirement.asks,
            hashed: line.contains(" --hash"),
            span: start + span.start..start + span.end,
        });
    }
    found
}

fn requirement_of(line: &str, distribution: &str) -> Option<requirement::Requirement> {
    let (at, body) = option(line, "-e", "--editable").unwrap_or((blank(line), line.trim()));
    if !body.contains("://") || body.contains(" @ ") || is_reference(body, distribution) {
        return requirement::of(&line[at..at + body.len()], distribution).map(|mut found| {
            found.span = moved(&found.span, at);
            found
        });
    }
    let word = body.split_whitespace().next().unwrap_or(body);
    let named = requirement::egg(word).is_some_and(|egg| normalized(egg) == distribution);
    named.then(|| requirement::address(word, at))
}

/// `name@address` without spaces around the `@`.
fn is_reference(body: &str, distribution: &str) -> bool {
    body.split_once('@').is_some_and(|(name, _)| {
        normalized(name.split('[').next().unwrap_or(name).trim()) == distribution
    })
}

fn moved(span: &Range<usize>, by: usize) -> Range<usize> {
    if span.is_empty() {
        0..0
    } else {
        span.start + by..span.end + by
    }
}

/// What stands after an option, in its short (`-r x`, `-rx`) or long (`--requirement x`, `=x`)
/// spelling, and where.
fn option<'l>(line: &'l str, short: &str, long: &str) -> Option<(usize, &'l str)> {
    let body = line.trim();
    let after = match body.strip_prefix(long) {
        Some(after) if after.starts_with(['=', ' ', '\t']) => &after[1..],
        Some(_) => return None,
        None => body.strip_prefix(short)?,
    };
    let value = after.trim();
    let at = line.len() - line.trim_start().len() + (body.len() - after.len()) + blank(after);
    (!value.is_empty()).then_some((at, value))
}

fn blank(text: &str) -> usize {
    text.len() - text.trim_start().len()
}

/// The lines as pip joins them, each with the byte that it begins at. A `\` at a line's end and
/// the line break after it, and comments, are spaces here, byte for byte: a place in the joined
/// line is that place in the file.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut open: Option<(usize, String)> = None;
    let mut at = 0;
    for whole in text.split_inclusive('\n') {
        let body = whole.trim_end_matches(['\n', '\r']);
        let (start, mut line) = open.take().unwrap_or((at, String::new()));
        let comment = comment_at(body);
        let joins = comment.is_none() && body.ends_with('\\');
        let kept = match comment {
            Some(comment) => &body[..comment],
            None => body.strip_suffix('\\').unwrap_or(body),
        };
        line.push_str(kept);
        line.push_str(&" ".repeat(whole.len() - kept.len()));
        at += whole.len();
        if joins {
            open = Some((start, line));
        } else {
            lines.push((start, line));
        }
    }
    lines.extend(open);
    lines
}

/// Where a comment begins: a `#` at the line's beginning or after white space.
fn comment_at(line: &str) -> Option<usize> {
    line.match_indices('#')
        .map(|(at, _)| at)
        .find(|&at| at == 0 || line[..at].ends_with(char::is_whitespace))
}

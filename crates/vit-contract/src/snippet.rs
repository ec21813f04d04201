//! A problem shown with the offending line, as rustc does.
//!
//! Owns the last step before a terminal: whatever came from a file is made harmless here.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Origin, Padding, Renderer, Snippet};

use crate::problem::{Place, Problem, Severity};
use crate::text::{visible, visible_lines};

/// Lines of evidence that are shown.
const EVIDENCE_LINES: usize = 20;
/// The width for which nothing is cut off at the right.
const WIDTH: usize = 400;

/// Renders a problem: code, message, place, the line with its marks, evidence, and what to do.
#[must_use]
pub fn render(problem: &Problem, color: bool) -> String {
    let level = match problem.severity {
        Severity::Blocked => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let mut group = level
        .primary_title(visible(&problem.message))
        .id(problem.code.as_str())
        .elements(std::iter::empty::<Padding>());
    if let Some(place) = &problem.place {
        group = with_place(group, place);
    } else {
        group = group.element(Origin::path(visible(&problem.subject)));
    }
    if let Some(evidence) = &problem.evidence {
        group = group.element(Level::NOTE.message(lines(evidence)));
    }
    if let Some(hint) = &problem.hint {
        let who = problem
            .who
            .map_or_else(String::new, |who| format!(" ({who})"));
        group = group.element(Level::HELP.message(format!("{}{who}", visible_lines(hint))));
    }
    if let Some(url) = &problem.url {
        group = group.element(Level::NOTE.message(format!("see {}", visible(url))));
    }
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    renderer
        .decor_style(DecorStyle::Ascii)
        .term_width(WIDTH)
        .render(&[group])
}

fn with_place<'a>(group: Group<'a>, place: &Place) -> Group<'a> {
    let path = visible(&place.file);
    let (Some(line), Some(column)) = (place.line, place.column) else {
        return group.element(Origin::path(path));
    };
    let Some(text) = &place.text else {
        return group.element(Origin::path(path).line(line).char_column(column));
    };
    let (shown, span) = marked(text, column, place.length.unwrap_or(1));
    let source = |shown: String| Snippet::source(shown).line_start(line);
    match span {
        // The renderer counts the column in the line that it shows: right while nothing had to
        // be escaped.
        Some(span) if shown == *text => {
            let mark = AnnotationKind::Primary.span(span);
            group.element(source(shown).path(path).annotation(mark))
        }
        Some(span) => group
            .element(Origin::path(path).line(line).char_column(column))
            .element(source(shown).annotation(AnnotationKind::Primary.span(span))),
        None => group.element(Origin::path(path).line(line).char_column(column)),
    }
}

/// The line made visible, and the bytes of it that are meant. An escape is longer than what it
/// stands for, so each character's width is counted as it is shown.
fn marked(text: &str, column: usize, length: usize) -> (String, Option<Range<usize>>) {
    let mut shown = String::with_capacity(text.len());
    let (mut start, mut end) = (None, 0);
    let mut characters = 0;
    for (index, c) in text.chars().enumerate() {
        if index + 1 == column {
            start = Some(shown.len());
        }
        shown.push_str(&visible(c.encode_utf8(&mut [0; 4])));
        if index + 1 < column.saturating_add(length) {
            end = shown.len();
        }
        characters = index + 1;
    }
    let span = match start {
        Some(start) => Some(start..end.max(start)),
        // Right behind the last character: where something was expected.
        None if column == characters + 1 => Some(shown.len()..shown.len()),
        None => None,
    };
    (shown, span)
}

fn lines(text: &str) -> String {
    let shown = visible_lines(text.trim_end());
    let total = shown.lines().count();
    let mut kept: Vec<&str> = shown.lines().take(EVIDENCE_LINES).collect();
    let more = format!("(and {} more lines)", total.saturating_sub(EVIDENCE_LINES));
    if total > EVIDENCE_LINES {
        kept.push(&more);
    }
    kept.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_30_marks_stand_under_what_is_shown() {
        let (shown, span) = marked("a\x1bbc", 3, 2);
        assert_eq!(shown, "a\\x1bbc");
        assert_eq!(span.map(|span| shown[span].to_owned()), Some("bc".into()));
        assert_eq!(marked("abc", 4, 1).1, Some(3..3));
        assert_eq!(marked("abc", 9, 1).1, None);
    }
}

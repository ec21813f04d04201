//! Stand-ins for what `vit-contract` is about to own: `text::visible` and `snippet::render`.
//! Goes away on merge.

use std::fmt::Write as _;

use vit_contract::problem::Problem;

/// One line of text of others, made harmless: what a terminal would obey, or what hides or
/// reorders characters, is shown as an escape.
pub(crate) fn visible(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let shown = match c {
            '\n' => write!(out, "\\n"),
            '\r' => write!(out, "\\r"),
            '\t' => write!(out, "\\t"),
            _ if c.is_ascii_control() => write!(out, "\\x{:02x}", u32::from(c)),
            _ if is_harmful(c) => write!(out, "\\u{{{:x}}}", u32::from(c)),
            _ => {
                out.push(c);
                Ok(())
            }
        };
        shown.expect("a String takes every write");
    }
    out
}

/// Characters beyond ASCII that a terminal obeys, or that hide or reorder what stands there.
pub(crate) const fn is_harmful(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' | '\u{180e}'
        | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
    )
}

/// The line that a problem is about, with the place marked; empty where none is known.
pub(crate) fn snippet(problem: &Problem, _color: bool) -> String {
    let Some((place, text)) = problem
        .place
        .as_ref()
        .and_then(|p| Some((p, p.text.as_ref()?)))
    else {
        return String::new();
    };
    let column = place.column.unwrap_or(1).saturating_sub(1);
    let marks = "^".repeat(place.length.unwrap_or(1).clamp(1, 80));
    let lead = visible(&text.chars().take(column).collect::<String>());
    format!(
        "--> {}\n  | {}\n  | {}{marks}\n",
        visible(&place.to_string()),
        visible(text),
        " ".repeat(lead.chars().count()),
    )
}

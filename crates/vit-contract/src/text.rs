//! Text of others made harmless for a terminal: whatever could move the cursor, change colours,
//! reorder or hide characters is shown as an escape instead.
//!
//! JSON output keeps the data as it is; this is for what a person reads.

use std::fmt::Write as _;

/// One line: every control character, line breaks included, becomes visible.
#[must_use]
pub fn visible(text: &str) -> String {
    escape(text, false)
}

/// Several lines: like [`visible`], but line feeds stay.
#[must_use]
pub fn visible_lines(text: &str) -> String {
    escape(text, true)
}

/// At most `max` characters of a text, the cut marked by `…`.
#[must_use]
pub fn excerpt(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

fn escape(text: &str, keep_lines: bool) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\n' if keep_lines => out.push('\n'),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\0'..='\x7f' if c.is_control() => {
                write!(out, "\\x{:02x}", u32::from(c)).expect("a String takes every write");
            }
            _ if is_harmful(c) => {
                write!(out, "\\u{{{:x}}}", u32::from(c)).expect("a String takes every write");
            }
            _ => out.push(c),
        }
    }
    out
}

/// Characters beyond ASCII that a terminal obeys, or that hide or reorder what stands there.
const fn is_harmful(c: char) -> bool {
    matches!(c,
        '\u{80}'..='\u{9f}' // C1: a terminal may take U+009B for the start of a sequence
        | '\u{ad}' // soft hyphen
        | '\u{61c}' | '\u{200e}' | '\u{200f}' // direction marks
        | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' // bidi embeddings, isolates
        | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}' // fillers, drawn as nothing
        | '\u{180e}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}' | '\u{feff}' // zero width
        | '\u{206a}'..='\u{206f}' // deprecated format controls
        | '\u{2028}' | '\u{2029}' // line and paragraph separators
        | '\u{fff9}'..='\u{fffb}' // annotations
        | '\u{e0000}'..='\u{e0fff}' // tags and selectors: text that nobody sees
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn case_30_controls_are_visible() {
        for (raw, shown) in [
            ("\x1b[31mred", "\\x1b[31mred"),
            ("\x1b]8;;http://x\x07link", "\\x1b]8;;http://x\\x07link"),
            ("\x1b]52;c;aGk=\x1b\\", "\\x1b]52;c;aGk=\\x1b\\"),
            ("a\rb\n", "a\\rb\\n"),
            ("\u{9b}31m", "\\u{9b}31m"),
            ("user\u{202e}txt.exe", "user\\u{202e}txt.exe"),
            ("a\u{200b}b\u{feff}", "a\\u{200b}b\\u{feff}"),
            ("\x7f\x08\0", "\\x7f\\x08\\x00"),
            ("perché → ok ✓", "perché → ok ✓"),
        ] {
            assert_eq!(visible(raw), shown);
        }
        assert_eq!(visible_lines("a\n\tb\r\n"), "a\n\\tb\\r\n");
    }

    #[test]
    fn an_excerpt_counts_characters() {
        assert_eq!(excerpt("perché", 6), "perché");
        assert_eq!(excerpt("perché!", 6), "perché…");
    }

    proptest! {
        #[test]
        fn case_30_nothing_harmful_is_left(text in any::<String>()) {
            let shown = visible(&text);
            prop_assert!(!shown.chars().any(|c| c.is_control() || is_harmful(c)));
            prop_assert_eq!(visible(&shown), shown.clone(), "twice is as once");
        }
    }
}

//! The text of a file and the way from a position to a [`Place`].
//!
//! Owns the rule that a line with a secret in it is never quoted.

use std::sync::OnceLock;

use super::{At, Format};
use crate::problem::Place;

/// How many characters of a line a place quotes.
const QUOTED_CHARS: usize = 200;

/// A file's text, without a byte order mark.
#[derive(Debug, Clone)]
pub struct Source {
    file: String,
    text: String,
    /// Byte offset of each line's first character.
    lines: Vec<usize>,
    /// Whether each line seems to hold a secret; found once, when the first place is asked for.
    secret: OnceLock<Vec<bool>>,
}

impl Source {
    /// Takes a text. YAML ends a line at a lone CR too; JSON and TOML do not.
    pub(super) fn new(file: &str, text: &str, format: Format) -> Self {
        let bytes = text.as_bytes();
        let mut lines = vec![0];
        for (index, &byte) in bytes.iter().enumerate() {
            let lone_cr = byte == b'\r' && format == Format::Yaml;
            if byte == b'\n' || (lone_cr && bytes.get(index + 1) != Some(&b'\n')) {
                lines.push(index + 1);
            }
        }
        Self {
            file: file.to_owned(),
            text: text.to_owned(),
            lines,
            secret: OnceLock::new(),
        }
    }

    /// How the user would name the file.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of a line (from 1) without its end; empty past the last line.
    #[must_use]
    pub fn line(&self, line: usize) -> &str {
        let Some(start) = line.checked_sub(1).and_then(|i| self.lines.get(i)) else {
            return "";
        };
        let end = self.lines.get(line).copied().unwrap_or(self.text.len());
        self.text[*start..end].trim_end_matches(['\n', '\r'])
    }

    /// The place of a node, or the whole file where the format gives none.
    #[must_use]
    pub fn place_of(&self, at: Option<At>) -> Place {
        at.map_or_else(|| Place::file(self.file.clone()), |at| self.place(at))
    }

    /// A place with its line's text, unless a secret seems to stand there.
    #[must_use]
    pub fn place(&self, at: At) -> Place {
        let hidden = self.holds_secret(at.line);
        let text: String = self.line(at.line).chars().take(QUOTED_CHARS).collect();
        Place {
            file: self.file.clone(),
            line: Some(at.line),
            column: Some(at.column),
            text: (!hidden && !text.is_empty()).then_some(text),
            length: Some(at.length.max(1)),
        }
    }

    fn holds_secret(&self, line: usize) -> bool {
        let secret = self.secret.get_or_init(|| self.secret_lines());
        let index = line.checked_sub(1);
        index.and_then(|index| secret.get(index)).copied() == Some(true)
    }

    /// A key that names a secret, and what is indented below it: the value may stand there.
    fn secret_lines(&self) -> Vec<bool> {
        let indent = |line: &str| line.len() - line.trim_start().len();
        let mut key: Option<(usize, bool)> = None;
        (1..=self.lines.len())
            .map(|number| {
                let line = self.line(number);
                if looks_secret(line) {
                    key = Some((indent(line), line.trim_end().ends_with([':', '='])));
                    return true;
                }
                let below = key.is_some_and(|(key, open)| {
                    line.trim().is_empty() || indent(line) > key || open
                });
                // A line that is not indented can be the value only right below an open key.
                key = key.filter(|_| below).map(|(key, _)| (key, false));
                below
            })
            .collect()
    }

    /// Line and column of a byte offset, which is moved back to a character's beginning.
    pub(super) fn locate(&self, offset: usize) -> (usize, usize) {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line_of(offset);
        let column = self.text[self.lines[line - 1]..offset].chars().count() + 1;
        (line, column)
    }

    /// The line that holds a byte offset.
    pub(super) fn line_of(&self, offset: usize) -> usize {
        self.lines.partition_point(|&start| start <= offset).max(1)
    }

    /// Byte offset of a line's first character.
    pub(super) fn line_start(&self, line: usize) -> usize {
        let index = line.saturating_sub(1).min(self.lines.len() - 1);
        self.lines[index]
    }
}

/// Whether a key names a secret. Names of variables and files that hold one are no secrets.
#[must_use]
pub(crate) fn is_secret_key(key: &str) -> bool {
    let key = key.to_ascii_lowercase().replace('-', "_");
    let points_elsewhere = key.ends_with("_env") || key.ends_with("_file");
    !points_elsewhere
        && [
            "password",
            "passwd",
            "passphrase",
            "secret",
            "token",
            "api_key",
            "apikey",
            "private_key",
            "credential",
        ]
        .iter()
        .any(|word| key.contains(word))
}

/// Whether a URL carries a user or password before its host.
#[must_use]
pub(crate) fn has_credentials(text: &str) -> bool {
    text.split("://").skip(1).any(|rest| {
        let host = rest
            .split(['/', '?', '#', '"', '\'', ' '])
            .next()
            .unwrap_or_default();
        host.contains('@')
    })
}

fn looks_secret(line: &str) -> bool {
    // The part before each `:` or `=` may be a key; a comment or a list of words is not.
    has_credentials(line)
        || line
            .split_inclusive([':', '=', ',', '{'])
            .filter_map(|part| part.strip_suffix([':', '=']))
            .any(|part| {
                part.rsplit([' ', '\t', ',', '{'])
                    .find(|word| !word.is_empty())
                    .is_some_and(is_secret_key)
            })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_32_a_line_with_a_secret_is_not_quoted() {
        for line in [
            "smtp_password: hunter2",
            "notifications: {enabled: 1, smtp_password: hunter2}",
            "'token' : abc",
            "webhook_url: https://me:pw@host/x",
            "{\"api_key\":\"x\"}",
        ] {
            assert!(looks_secret(line), "{line}");
        }
        for line in [
            "enabled: true",
            "webhook_url: https://host/a@b",
            "contact: a@b.example",
            "smtp_password_env: VIT_SMTP_PASSWORD",
        ] {
            assert!(!looks_secret(line), "{line}");
        }
    }

    #[test]
    fn offsets_become_lines_and_columns() {
        let source = Source::new("f", "añb\nxy", Format::Json);
        assert_eq!(source.locate(0), (1, 1));
        assert_eq!(source.locate(2), (1, 2), "inside ñ: its beginning");
        assert_eq!(source.locate(3), (1, 3));
        assert_eq!(source.locate(6), (2, 2));
        assert_eq!(source.locate(999), (2, 3));
    }
}

//! Secrets taken out of text before it is kept or shown: what a child prints may hold the values
//! of variables that it was given, credentials in URLs, keys and tokens.
//!
//! What is found is replaced by a marker that says what it was. This is a net, not a proof: a
//! secret that a program changes before it prints it (reversed, encrypted) is not known again.

use std::collections::BTreeMap;
use std::sync::Arc;

use vit_contract::problem::Problem;

use crate::environment::Environment;

mod flow;
mod shapes;

pub use flow::Flow;

/// The shortest value that is taken for a secret: a shorter one would be found everywhere.
const MIN_VALUE: usize = 6;
/// How a marker begins.
const MARKED: &[u8] = b"[redacted: ";
/// The shortest line of a value of several lines that is a secret by itself.
const MIN_LINE: usize = 8;

/// Knows the secrets of an environment, and the shapes of others.
#[derive(Debug, Clone)]
pub struct Redactor {
    values: Arc<[Value]>,
    /// The bytes that a value or a shape may begin with.
    first: Arc<[bool; 256]>,
}

/// The value of a variable, or a line of it.
#[derive(Clone)]
struct Value {
    name: String,
    /// Without line ends: a program may wrap what it prints.
    bytes: Vec<u8>,
}

impl std::fmt::Debug for Value {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Value of {}", self.name)
    }
}

/// A secret in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Found {
    start: usize,
    end: usize,
    /// What it is, for the marker.
    what: String,
    /// Whether it goes on behind the end of the text: a private key whose end is not there yet.
    open: bool,
}

impl Redactor {
    /// Takes the secrets of an environment: variables that are named like one.
    #[must_use]
    pub fn new(environment: &Environment) -> Self {
        let mut values: BTreeMap<Vec<u8>, String> = BTreeMap::new();
        for (name, value) in environment.secrets() {
            let raw = value.as_encoded_bytes();
            let whole: Vec<u8> = raw.iter().copied().filter(|b| !is_line_end(*b)).collect();
            if whole.len() < MIN_VALUE {
                continue;
            }
            if raw.contains(&b'\n') {
                for line in raw.split(|&byte| is_line_end(byte)) {
                    if line.len() >= MIN_LINE {
                        values.entry(line.to_vec()).or_insert_with(|| name.clone());
                    }
                }
            }
            let escaped = percent_encoded(&whole);
            values.entry(escaped).or_insert_with(|| name.clone());
            values.entry(whole).or_insert_with(|| name.clone());
        }
        let mut values: Vec<Value> = values
            .into_iter()
            .map(|(bytes, name)| Value { name, bytes })
            .collect();
        // A longer one first: one may begin with another.
        values.sort_by_key(|value| std::cmp::Reverse(value.bytes.len()));
        let mut first = shapes::first_bytes();
        for value in &values {
            first[usize::from(value.bytes[0])] = true;
        }
        Self {
            values: values.into(),
            first: Arc::new(first),
        }
    }

    /// The same bytes without secrets.
    #[must_use]
    pub fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        let mut at = 0;
        for found in self.find(bytes) {
            out.extend_from_slice(&bytes[at..found.start]);
            out.extend_from_slice(found.marker().as_bytes());
            at = found.end;
        }
        out.extend_from_slice(&bytes[at..]);
        out
    }

    /// The same text without secrets.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.bytes(text.as_bytes())).into_owned()
    }

    /// The same problem without secrets in what it says.
    #[must_use]
    pub fn problem(&self, problem: Problem) -> Problem {
        Problem {
            subject: self.text(&problem.subject),
            message: self.text(&problem.message),
            evidence: problem.evidence.map(|text| self.text(&text)),
            ..problem
        }
    }

    /// All secrets in a text, in order, none over another.
    fn find(&self, text: &[u8]) -> Vec<Found> {
        let mut all = Vec::new();
        let mut at = 0;
        while at < text.len() {
            if !self.first[usize::from(text[at])] {
                at += 1;
                continue;
            }
            let value = self.values.iter().find_map(|value| {
                let end = value.end_in(text, at)?;
                Some(Found {
                    start: at,
                    end,
                    what: format!("the value of {}", value.name),
                    open: false,
                })
            });
            // A shape may hold more than a value that begins at the same place, and the reverse.
            let shape = shapes::at(text, at);
            let longest = value.into_iter().chain(shape).max_by_key(|found| found.end);
            if let Some(mut found) = longest {
                self.extend(&mut found, text);
                at = found.end.max(at + 1);
                all.push(found);
            } else {
                at += 1;
            }
        }
        all
    }

    /// Takes in the values that begin in what was found and go on behind it.
    fn extend(&self, found: &mut Found, text: &[u8]) {
        let mut at = found.start + 1;
        while at < found.end {
            let ends = self
                .values
                .iter()
                .filter_map(|value| value.end_in(text, at));
            found.end = ends.fold(found.end, usize::max);
            at += 1;
        }
    }

    /// Where something begins that the end of `text` may be the beginning of; the text's length
    /// where nothing does.
    fn begun_at(&self, text: &[u8]) -> usize {
        let mut begun = text.len();
        for value in self.values.iter() {
            // Line ends may stand anywhere in it.
            let reach = value.bytes.len() * 3;
            for at in text.len().saturating_sub(reach)..begun {
                if value.begins_at_end(text, at) {
                    begun = at;
                    break;
                }
            }
        }
        begun
    }
}

impl Value {
    /// Where the value ends that begins at `at`, line ends in the middle of it skipped.
    fn end_in(&self, text: &[u8], at: usize) -> Option<usize> {
        let (length, end) = self.common(text, at);
        (length == self.bytes.len()).then_some(end)
    }

    /// Whether the text from `at` to its end is a beginning of the value.
    fn begins_at_end(&self, text: &[u8], at: usize) -> bool {
        let (length, end) = self.common(text, at);
        let rest_is_empty = text[end..].iter().all(|&byte| is_line_end(byte));
        length > 0 && length < self.bytes.len() && rest_is_empty
    }

    /// How many bytes agree from `at` on, and where the last of them ends.
    fn common(&self, text: &[u8], at: usize) -> (usize, usize) {
        let (mut length, mut end) = (0, at);
        for (index, &byte) in text.iter().enumerate().skip(at) {
            if self.bytes.get(length) == Some(&byte) {
                length += 1;
                end = index + 1;
            } else if !(length > 0 && is_line_end(byte)) {
                break;
            }
            if length == self.bytes.len() {
                break;
            }
        }
        (length, end)
    }
}

impl Found {
    fn marker(&self) -> String {
        format!("[redacted: {}]", self.what)
    }
}

const fn is_line_end(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

/// A value as it stands in a URL.
fn percent_encoded(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for &byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(byte);
        } else {
            out.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
    out
}

#[cfg(test)]
mod tests;

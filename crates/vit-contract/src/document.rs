//! YAML, JSON and TOML read into one tree that knows its places.
//!
//! This module owns the bounds on input (size, nesting, aliases, duplicate keys): a reader of a
//! format never sees a text that breaks them. It knows nothing of any file's meaning.

use crate::code::Code;
use crate::problem::{Place, Problem};

pub(crate) mod cursor;
pub(crate) mod findings;
mod json;
mod scalar;
mod source;
mod toml;
mod yaml;

pub use source::Source;
pub(crate) use source::{has_credentials, is_secret_key};

/// The deepest nesting that is read.
pub const MAX_DEPTH: usize = 64;

/// What came of reading a file: the value where it is usable, and every problem found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading<T> {
    /// The value; absent when a problem blocks.
    pub value: Option<T>,
    /// Everything that was noticed, also when the value is there.
    pub problems: Vec<Problem>,
}

/// The languages that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// YAML 1.2, core schema, one document, without anchors and aliases.
    Yaml,
    /// JSON.
    Json,
    /// TOML.
    Toml,
}

/// Where a node begins in its text. Counts characters, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct At {
    /// Line.
    pub line: usize,
    /// Column.
    pub column: usize,
    /// Characters that are meant, on this line.
    pub length: usize,
}

/// A value of the tree, with its place where the format gives one (JSON does not).
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub value: Value,
    /// Where it stands.
    pub at: Option<At>,
}

/// What a node can be.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// An integer that fits 64 bits.
    Int(i64),
    /// Any other number, as it is written: `1.10` stays `1.10`.
    Float(String),
    /// A text.
    String {
        /// The text.
        text: String,
        /// Whether it stands in YAML without quotes.
        plain: bool,
    },
    /// A list.
    Seq(Vec<Node>),
    /// A mapping, in the order of the file.
    Map(Vec<Pair>),
    /// Already reported as unusable (a key that stands twice): readers pass over it in silence.
    Unusable,
}

/// A key and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    /// The key.
    pub key: Node,
    /// The value.
    pub value: Node,
}

impl Node {
    /// The text of a key; `None` for a list or a mapping, which YAML allows as keys.
    #[must_use]
    pub fn key_text(&self) -> Option<String> {
        match &self.value {
            Value::String { text, .. } | Value::Float(text) => Some(text.clone()),
            Value::Int(number) => Some(number.to_string()),
            Value::Bool(truth) => Some(truth.to_string()),
            Value::Null => Some("null".to_owned()),
            Value::Seq(_) | Value::Map(_) | Value::Unusable => None,
        }
    }

    /// The kind of value, in words for a message.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Bool(_) => "true or false",
            Value::Int(_) => "an integer",
            Value::Float(_) => "a number",
            Value::String { .. } => "a text",
            Value::Seq(_) => "a list",
            Value::Map(_) => "a mapping",
            Value::Unusable => "a value that is not taken",
        }
    }
}

/// A file that was read: its tree and its text.
#[derive(Debug, Clone)]
pub struct Document {
    /// The top of the tree.
    pub root: Node,
    /// The text, for places.
    pub source: Source,
}

/// Reads `bytes`, at most `max_bytes` of them. `file` is how the user would name the file.
///
/// The document is there unless its text cannot be used at all; a key that stands twice leaves
/// a document whose value there is [`Value::Unusable`].
#[must_use]
pub fn parse(format: Format, file: &str, bytes: &[u8], max_bytes: usize) -> Reading<Document> {
    let source = match decode(format, file, bytes, max_bytes) {
        Ok(source) => source,
        Err(problem) => return failed(*problem),
    };
    let parsed = match format {
        Format::Yaml => yaml::parse(&source),
        Format::Json => json::parse(&source),
        Format::Toml => toml::parse(&source),
    };
    match parsed {
        Ok((root, problems)) => Reading {
            value: Some(Document { root, source }),
            problems,
        },
        Err(problem) => failed(*problem),
    }
}

/// The tree and what was noticed on the way, or why there is no tree.
type Parsed = Result<(Node, Vec<Problem>), Box<Problem>>;

fn failed<T>(problem: Problem) -> Reading<T> {
    Reading {
        value: None,
        problems: vec![problem],
    }
}

/// Size and encoding, before any parser sees the text.
fn decode(
    format: Format,
    file: &str,
    bytes: &[u8],
    max_bytes: usize,
) -> Result<Source, Box<Problem>> {
    if bytes.len() > max_bytes {
        return Err(Box::new(
            Problem::new(Code::TooLarge, file, "the file is too large")
                .evidence(format!(
                    "{} bytes; at most {max_bytes} are read",
                    bytes.len()
                ))
                .at(Place::file(file)),
        ));
    }
    match std::str::from_utf8(bytes) {
        // A byte order mark is tolerated: editors on Windows write it, and it changes nothing.
        // It is cut off first, so that columns of the first line count what the reader sees.
        Ok(text) => Ok(Source::new(
            file,
            text.strip_prefix('\u{feff}').unwrap_or(text),
            format,
        )),
        Err(error) => {
            let offset = error.valid_up_to();
            let line = bytes[..offset].iter().filter(|&&b| b == b'\n').count() + 1;
            let start = bytes[..offset]
                .iter()
                .rposition(|&b| b == b'\n')
                .map_or(0, |newline| newline + 1);
            let column = String::from_utf8_lossy(&bytes[start..offset])
                .chars()
                .count()
                + 1;
            let mut place = Place::file(file);
            place.line = Some(line);
            place.column = Some(column);
            Err(Box::new(
                Problem::new(Code::NotUtf8, file, "the file is not UTF-8")
                    .evidence(format!("byte {offset} is 0x{:02x}", bytes[offset]))
                    .at(place),
            ))
        }
    }
}

fn empty(source: &Source) -> Box<Problem> {
    let at = At {
        line: 1,
        column: 1,
        length: 1,
    };
    Box::new(
        Problem::new(
            Code::EmptyDocument,
            source.file(),
            "the file holds nothing but white space and comments",
        )
        .at(source.place(at)),
    )
}

fn too_deep(source: &Source, at: Option<At>) -> Box<Problem> {
    Box::new(
        Problem::new(
            Code::TooDeep,
            source.file(),
            format!("the nesting is deeper than {MAX_DEPTH} levels"),
        )
        .at(source.place_of(at)),
    )
}

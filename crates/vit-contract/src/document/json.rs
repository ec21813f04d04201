//! JSON, through a visitor that refuses duplicate keys and depth. Values have no places: the
//! parser knows one only where it fails.

use std::cell::RefCell;
use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::findings::SHOWN_CHARS;
use super::{At, MAX_DEPTH, Node, Pair, Parsed, Source, Value, empty};
use crate::code::Code;
use crate::problem::Problem;
use crate::text::excerpt;

/// Reads one value and nothing after it.
pub(super) fn parse(source: &Source) -> Parsed {
    if source.text().trim().is_empty() {
        return Err(empty(source));
    }
    let stop = RefCell::new(None);
    let mut deserializer = serde_json::Deserializer::from_str(source.text());
    let seed = Tree {
        depth: 0,
        stop: &stop,
    };
    let result = seed
        .deserialize(&mut deserializer)
        .and_then(|node| deserializer.end().map(|()| node));
    match result {
        Ok(node) => Ok((node, Vec::new())),
        Err(error) => Err(Box::new(explain(source, &error, stop.take()))),
    }
}

/// Why the visitor itself stopped.
enum Stop {
    Duplicate(String),
    TooDeep,
}

fn explain(source: &Source, error: &serde_json::Error, stop: Option<Stop>) -> Problem {
    // The parser counts bytes; its column is that of the last byte it looked at.
    let offset = source.line_start(error.line()) + error.column().saturating_sub(1);
    let (line, column) = source.locate(offset);
    let at = At {
        line,
        column,
        length: 1,
    };
    let (code, message) = match stop {
        Some(Stop::Duplicate(key)) => (
            Code::DuplicateKey,
            format!(
                "the key `{}` stands twice; neither value is taken",
                excerpt(&key, SHOWN_CHARS)
            ),
        ),
        Some(Stop::TooDeep) => (
            Code::TooDeep,
            format!("the nesting is deeper than {MAX_DEPTH} levels"),
        ),
        None => {
            let text = error.to_string();
            let cut = text.rfind(" at line ").unwrap_or(text.len());
            (Code::JsonSyntax, text[..cut].to_owned())
        }
    };
    Problem::new(code, source.file(), message).at(source.place(at))
}

/// Builds a node; carries its depth.
#[derive(Clone, Copy)]
struct Tree<'c> {
    depth: usize,
    stop: &'c RefCell<Option<Stop>>,
}

impl<'c> Tree<'c> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            self.stop.replace(Some(Stop::TooDeep));
            return Err(E::custom("too deep"));
        }
        Ok(Self {
            depth: self.depth + 1,
            ..self
        })
    }
}

const fn node(value: Value) -> Node {
    Node { value, at: None }
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Node;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Node, E> {
        Ok(node(Value::Null))
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Node, E> {
        Ok(node(Value::Bool(truth)))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Node, E> {
        Ok(node(Value::Int(number)))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Node, E> {
        Ok(node(i64::try_from(number).map_or_else(
            |_| Value::Float(number.to_string()),
            Value::Int,
        )))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Node, E> {
        Ok(node(Value::Float(number.to_string())))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Node, E> {
        self.visit_string(text.to_owned())
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Node, E> {
        Ok(node(Value::String { text, plain: false }))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let seed = self.deeper()?;
        let mut items = Vec::new();
        while let Some(item) = seq.next_element_seed(seed)? {
            items.push(item);
        }
        Ok(node(Value::Seq(items)))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let seed = self.deeper()?;
        let mut seen = HashSet::new();
        let mut pairs = Vec::new();
        while let Some(key) = map.next_key::<String>()? {
            if !seen.insert(key.clone()) {
                self.stop.replace(Some(Stop::Duplicate(key)));
                return Err(A::Error::custom("duplicate key"));
            }
            let value = map.next_value_seed(seed)?;
            let key = node(Value::String {
                text: key,
                plain: false,
            });
            pairs.push(Pair { key, value });
        }
        Ok(node(Value::Map(pairs)))
    }
}

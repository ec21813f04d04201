//! YAML, from the parser's events, without recursion: depth costs an entry of a vector.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span, Tag};

use super::findings::{MAX_PROBLEMS, SHOWN_CHARS};
use super::{At, MAX_DEPTH, Node, Pair, Parsed, Source, Value, empty, scalar, too_deep};
use crate::code::Code;
use crate::problem::Problem;
use crate::text::excerpt;

/// Reads one document.
pub(super) fn parse(source: &Source) -> Parsed {
    refuse_control_characters(source)?;
    let mut builder = Builder {
        source,
        stack: Vec::new(),
        root: None,
        problems: Vec::new(),
    };
    let mut documents = 0;
    let mut parser = Parser::new_from_str(source.text());
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| syntax(source, &error))?;
        let at = at_of(source, span);
        match event {
            Event::StreamEnd => break,
            Event::DocumentStart(_) => {
                documents += 1;
                if documents > 1 {
                    return Err(refuse(source, at, "a second document begins; one is read"));
                }
            }
            Event::Nothing | Event::StreamStart | Event::DocumentEnd => {}
            Event::Alias(_) => return Err(alias(source, at)),
            Event::Scalar(text, style, anchor, tag) => {
                no_anchor(source, anchor, at)?;
                builder.leaf(value_of(&text, style, tag.as_deref()), at);
            }
            Event::SequenceStart(anchor, _) => {
                no_anchor(source, anchor, at)?;
                builder.open(Frame::Seq {
                    items: Vec::new(),
                    at,
                })?;
            }
            Event::MappingStart(anchor, _) => {
                no_anchor(source, anchor, at)?;
                builder.open(Frame::Map {
                    pairs: Vec::new(),
                    key: None,
                    seen: HashMap::new(),
                    at,
                })?;
            }
            Event::SequenceEnd | Event::MappingEnd => builder.close(),
        }
    }
    match builder.root {
        None
        | Some(Node {
            value: Value::Null, ..
        }) => Err(empty(source)),
        Some(root) => Ok((root, builder.problems)),
    }
}

/// A list or mapping that is still open.
enum Frame {
    Seq {
        items: Vec<Node>,
        at: At,
    },
    Map {
        pairs: Vec<Pair>,
        /// The key that waits for its value.
        key: Option<Node>,
        /// Where each key stands in `pairs`.
        seen: HashMap<String, usize>,
        at: At,
    },
}

struct Builder<'s> {
    source: &'s Source,
    stack: Vec<Frame>,
    root: Option<Node>,
    problems: Vec<Problem>,
}

impl Builder<'_> {
    fn open(&mut self, frame: Frame) -> Result<(), Box<Problem>> {
        if self.stack.len() >= MAX_DEPTH {
            let (Frame::Seq { at, .. } | Frame::Map { at, .. }) = frame;
            return Err(too_deep(self.source, Some(at)));
        }
        self.stack.push(frame);
        Ok(())
    }

    fn close(&mut self) {
        match self.stack.pop() {
            Some(Frame::Seq { items, at }) => self.leaf(Value::Seq(items), at),
            Some(Frame::Map { pairs, at, .. }) => self.leaf(Value::Map(pairs), at),
            None => {}
        }
    }

    /// Puts a finished node where it belongs.
    fn leaf(&mut self, value: Value, at: At) {
        let node = Node {
            value,
            at: Some(at),
        };
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(Frame::Seq { items, .. }) => items.push(node),
            Some(Frame::Map {
                pairs, key, seen, ..
            }) => match key.take() {
                None => *key = Some(node),
                Some(key) => {
                    let name = key.key_text();
                    let first = name.as_ref().and_then(|name| seen.get(name)).copied();
                    if let (Some(first), Some(name)) = (first, &name) {
                        // Which of the two counts would be a guess: neither does.
                        pairs[first].value.value = Value::Unusable;
                        let second = duplicate(self.source, name, &pairs[first].key, &key);
                        if self.problems.len() < MAX_PROBLEMS {
                            self.problems.push(second);
                        }
                    } else {
                        if let Some(name) = name {
                            seen.insert(name, pairs.len());
                        }
                        pairs.push(Pair { key, value: node });
                    }
                }
            },
        }
    }
}

fn value_of(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let tagged_text = tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == "str");
    if style == ScalarStyle::Plain && !tagged_text {
        scalar::resolve(text)
    } else {
        Value::String {
            text: text.to_owned(),
            plain: false,
        }
    }
}

fn at_of(source: &Source, span: Span) -> At {
    let (start, end) = (span.start, span.end);
    let length = if end.line() == start.line() {
        end.col().saturating_sub(start.col())
    } else if end.line() == start.line() + 1 && end.col() == 0 {
        // A scalar whose end is the next line's beginning: to the end of its own line.
        source
            .line(start.line())
            .trim_end()
            .chars()
            .count()
            .saturating_sub(start.col())
    } else {
        1
    };
    At {
        line: start.line(),
        column: start.col() + 1,
        length: length.max(1),
    }
}

fn no_anchor(source: &Source, anchor: usize, at: At) -> Result<(), Box<Problem>> {
    // The parser counts anchors from 1; 0 means none.
    if anchor == 0 {
        Ok(())
    } else {
        Err(alias(source, at))
    }
}

fn alias(source: &Source, at: At) -> Box<Problem> {
    Box::new(
        Problem::new(
            Code::YamlAlias,
            source.file(),
            "anchors (`&`) and aliases (`*`) are not accepted",
        )
        .at(source.place(at)),
    )
}

fn duplicate(source: &Source, name: &str, first: &Node, second: &Node) -> Problem {
    let mut problem = Problem::new(
        Code::DuplicateKey,
        source.file(),
        format!(
            "the key `{}` stands twice; neither value is taken",
            excerpt(name, SHOWN_CHARS)
        ),
    )
    .at(source.place_of(second.at));
    if let Some(at) = first.at {
        problem = problem.evidence(format!("first on line {}", at.line));
    }
    problem
}

fn syntax(source: &Source, error: &ScanError) -> Box<Problem> {
    let marker = error.marker();
    let at = At {
        line: marker.line().max(1),
        column: marker.col() + 1,
        length: 1,
    };
    // The parser resolves names of anchors itself and stops at one it has not seen.
    if error.info().contains("unknown anchor") {
        return alias(source, at);
    }
    refuse(source, at, error.info())
}

fn refuse(source: &Source, at: At, message: &str) -> Box<Problem> {
    Box::new(Problem::new(Code::YamlSyntax, source.file(), message).at(source.place(at)))
}

/// YAML has no place for them, and the parser would take a NUL for the end of the file.
fn refuse_control_characters(source: &Source) -> Result<(), Box<Problem>> {
    let found = source.text().char_indices().find(|(_, c)| {
        (c.is_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{85}')) || *c == '\u{feff}'
    });
    match found {
        None => Ok(()),
        Some((offset, c)) => {
            let (line, column) = source.locate(offset);
            let at = At {
                line,
                column,
                length: 1,
            };
            let message = format!(
                "the character U+{:04X} is not allowed in YAML",
                u32::from(c)
            );
            Err(refuse(source, at, &message))
        }
    }
}

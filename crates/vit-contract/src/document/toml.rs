//! TOML, from the spanned document. The parser bounds its own recursion (80 levels).

use std::ops::Range;

use toml_edit::{Document, Item, Key, TableLike, TomlError, Value as TomlValue};

use super::{At, MAX_DEPTH, Node, Pair, Parsed, Source, Value, too_deep};
use crate::code::Code;
use crate::problem::Problem;

/// Reads a file; an empty one is an empty mapping, as TOML says.
pub(super) fn parse(source: &Source) -> Parsed {
    let document =
        Document::parse(source.text()).map_err(|error| Box::new(explain(source, &error)))?;
    let reader = Reader {
        source,
        columns: columns(source.text()),
    };
    let root = reader.table(document.as_table(), None, 0)?;
    Ok((root, Vec::new()))
}

struct Reader<'s> {
    source: &'s Source,
    /// How many characters begin before each byte: a column costs two look-ups, whatever the
    /// length of the line.
    columns: Vec<usize>,
}

impl Reader<'_> {
    fn at(&self, span: Option<Range<usize>>) -> Option<At> {
        let span = span?;
        let characters = |offset: usize| self.columns[offset.min(self.columns.len() - 1)];
        let line = self.source.line_of(span.start);
        let start = self.source.line_start(line);
        let end = span.end.min(start + self.source.line(line).len());
        Some(At {
            line,
            column: characters(span.start) - characters(start) + 1,
            length: characters(end)
                .saturating_sub(characters(span.start))
                .max(1),
        })
    }

    fn table(
        &self,
        table: &dyn TableLike,
        at: Option<At>,
        depth: usize,
    ) -> Result<Node, Box<Problem>> {
        if depth >= MAX_DEPTH {
            return Err(too_deep(self.source, at));
        }
        let mut pairs = Vec::new();
        for (name, item) in table.iter() {
            let key_at = self.at(table.key(name).and_then(Key::span));
            let value = self.item(item, key_at, depth + 1)?;
            let key = Node {
                value: text(name),
                at: key_at,
            };
            pairs.push(Pair { key, value });
        }
        Ok(Node {
            value: Value::Map(pairs),
            at,
        })
    }

    fn item(&self, item: &Item, key: Option<At>, depth: usize) -> Result<Node, Box<Problem>> {
        let at = self.at(item.span()).or(key);
        match item {
            Item::None => Ok(Node {
                value: Value::Null,
                at,
            }),
            Item::Value(value) => self.value(value, at, depth),
            Item::Table(table) => self.table(table, key.or(at), depth),
            Item::ArrayOfTables(tables) => {
                let items = tables
                    .iter()
                    .map(|table| self.table(table, self.at(table.span()), depth + 1))
                    .collect::<Result<_, _>>()?;
                Ok(Node {
                    value: Value::Seq(items),
                    at,
                })
            }
        }
    }

    fn value(&self, value: &TomlValue, at: Option<At>, depth: usize) -> Result<Node, Box<Problem>> {
        let value = match value {
            TomlValue::String(string) => text(string.value()),
            TomlValue::Integer(number) => Value::Int(*number.value()),
            TomlValue::Float(number) => Value::Float(number.value().to_string()),
            TomlValue::Boolean(truth) => Value::Bool(*truth.value()),
            TomlValue::Datetime(moment) => text(&moment.value().to_string()),
            TomlValue::InlineTable(table) => return self.table(table, at, depth),
            TomlValue::Array(array) => {
                if depth >= MAX_DEPTH {
                    return Err(too_deep(self.source, at));
                }
                let items = array
                    .iter()
                    .map(|item| self.value(item, self.at(item.span()), depth + 1))
                    .collect::<Result<_, _>>()?;
                Value::Seq(items)
            }
        };
        Ok(Node { value, at })
    }
}

fn text(text: &str) -> Value {
    Value::String {
        text: text.to_owned(),
        plain: false,
    }
}

fn columns(text: &str) -> Vec<usize> {
    let mut count = 0;
    let mut columns = Vec::with_capacity(text.len() + 1);
    for index in 0..text.len() {
        columns.push(count);
        if text.is_char_boundary(index + 1) {
            count += 1;
        }
    }
    columns.push(count);
    columns
}

fn explain(source: &Source, error: &TomlError) -> Problem {
    let message = error.message().trim();
    let code = if message.contains("duplicate key") {
        Code::DuplicateKey
    } else {
        Code::TomlSyntax
    };
    let (line, column) = source.locate(error.span().map_or(0, |span| span.start));
    let length = error.span().map_or(1, |span| span.len());
    let rest = source.line(line).chars().count() + 1;
    let at = At {
        line,
        column,
        length: length.clamp(1, rest.saturating_sub(column).max(1)),
    };
    let first = message.lines().next().unwrap_or("the text is not TOML");
    Problem::new(code, source.file(), first).at(source.place(at))
}

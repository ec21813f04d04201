//! A walk over a tree that collects every problem, each with its dotted path and place, instead
//! of stopping at the first.

use semver::Version;

use super::findings::{Findings, SHOWN_CHARS};
use super::{At, Document, Node, Pair, Value};
use crate::code::Code;
use crate::range::Max;
use crate::text::excerpt;
use crate::version;

/// A value and the dotted path to it.
#[derive(Clone)]
pub(crate) struct Field<'n> {
    pub(crate) node: &'n Node,
    /// The key's place: where an absent or empty value is reported.
    pub(super) key: Option<At>,
    pub(crate) path: String,
}

/// A mapping whose fields are being read.
pub(crate) struct Fields<'n> {
    pub(crate) pairs: &'n [Pair],
    at: Option<At>,
    path: String,
}

impl<'n> Field<'n> {
    /// The top of a document.
    pub(crate) fn root(document: &'n Document) -> Self {
        Self {
            node: &document.root,
            key: None,
            path: String::new(),
        }
    }

    fn is_silent(&self) -> bool {
        matches!(self.node.value, Value::Unusable)
    }

    /// A mapping.
    pub(crate) fn fields(&self, findings: &mut Findings<'_>) -> Option<Fields<'n>> {
        let fields = self.entries();
        if fields.is_none() && !self.is_silent() {
            findings.wrong_type(self, "a mapping");
        }
        fields
    }

    /// The fields of a mapping; anything else is no problem here.
    pub(crate) fn entries(&self) -> Option<Fields<'n>> {
        match &self.node.value {
            Value::Map(pairs) => Some(Fields {
                pairs,
                // A missing field is reported at the key that should hold it.
                at: self.key.or(self.node.at),
                path: self.path.clone(),
            }),
            _ => None,
        }
    }

    /// The items of a list.
    pub(crate) fn items(&self, findings: &mut Findings<'_>) -> Option<Vec<Self>> {
        match &self.node.value {
            Value::Seq(items) => Some(
                items
                    .iter()
                    .enumerate()
                    .map(|(index, node)| Self {
                        node,
                        key: node.at,
                        path: format!("{}[{index}]", self.path),
                    })
                    .collect(),
            ),
            _ if self.is_silent() => None,
            _ => {
                findings.wrong_type(self, "a list");
                None
            }
        }
    }

    /// A text that is not empty.
    pub(crate) fn string(&self, findings: &mut Findings<'_>) -> Option<&'n str> {
        match &self.node.value {
            Value::String { text, .. } if text.trim().is_empty() => {
                let problem = findings.problem(Code::BadValue, self, "is empty");
                findings.push_with_hint(problem, "write a text here");
                None
            }
            Value::String { text, .. } => Some(text),
            _ if self.is_silent() => None,
            _ => {
                findings.wrong_type(self, "a text");
                None
            }
        }
    }

    /// A list of texts; an item that is none is reported and left out.
    pub(crate) fn strings(&self, findings: &mut Findings<'_>) -> Option<Vec<String>> {
        let items = self.items(findings)?;
        Some(
            items
                .iter()
                .filter_map(|item| item.string(findings).map(str::to_owned))
                .collect(),
        )
    }

    /// True or false.
    pub(crate) fn boolean(&self, findings: &mut Findings<'_>) -> Option<bool> {
        match self.node.value {
            Value::Bool(truth) => Some(truth),
            Value::Unusable => None,
            _ => {
                findings.wrong_type(self, "true or false");
                None
            }
        }
    }

    /// An integer within a range.
    pub(crate) fn integer(
        &self,
        findings: &mut Findings<'_>,
        code: Code,
        range: std::ops::RangeInclusive<i64>,
    ) -> Option<i64> {
        match self.node.value {
            Value::Int(number) if range.contains(&number) => Some(number),
            Value::Int(number) => {
                let (low, high) = (range.start(), range.end());
                let message = if *high == i64::MAX {
                    format!("must be at least {low}")
                } else {
                    format!("must be from {low} to {high}")
                };
                let problem = findings
                    .problem(code, self, &message)
                    .evidence(format!("it is {number}"));
                findings.push_with_hint(problem, "write a number within these bounds");
                None
            }
            Value::Unusable => None,
            _ => {
                findings.wrong_type(self, "an integer");
                None
            }
        }
    }

    /// One of a set of words.
    pub(crate) fn word<T: Copy>(
        &self,
        findings: &mut Findings<'_>,
        words: &[(&str, T)],
    ) -> Option<T> {
        let text = self.string(findings)?;
        let found = words
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, value)| *value);
        if found.is_none() {
            let list: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let problem = findings
                .problem(Code::BadValue, self, "is none of the values that are known")
                .evidence(format!("it is `{}`", excerpt(text, SHOWN_CHARS)));
            findings.push_with_hint(problem, format!("write one of {}", list.join(", ")));
        }
        found
    }

    /// A version.
    pub(crate) fn version(&self, findings: &mut Findings<'_>) -> Option<Version> {
        let text = self.version_text(findings, |text| format!("write `\"{text}\"`"))?;
        version::parse(text)
            .map_err(|error| self.bad_version(findings, &error))
            .ok()
    }

    /// An upper bound: a version, or `1.4.x`, `1.x.x`.
    pub(crate) fn max_version(&self, findings: &mut Findings<'_>) -> Option<Max> {
        let hint = |text: &str| {
            let core: Vec<&str> = text.split('.').collect();
            match core.as_slice() {
                [major, minor, "0"] => format!(
                    "write `\"{text}\"`, or `\"{major}.{minor}.x\"` for every version of {major}.{minor}"
                ),
                _ => format!("write `\"{text}\"`"),
            }
        };
        let text = self.version_text(findings, hint)?;
        Max::parse(text)
            .map_err(|error| self.bad_version(findings, &error))
            .ok()
    }

    /// The text of a version; a number without quotes is named for what it is.
    fn version_text(
        &self,
        findings: &mut Findings<'_>,
        hint: impl Fn(&str) -> String,
    ) -> Option<&'n str> {
        let number = match &self.node.value {
            Value::Float(text) => text.clone(),
            Value::Int(number) => number.to_string(),
            _ => return self.string(findings),
        };
        // JSON has no other way to write a number: there it is only a wrong type.
        if self.node.at.is_none() {
            findings.wrong_type(self, "a version in quotes");
            return None;
        }
        let meant = version::parse(&number)
            .err()
            .and_then(|error| error.suggestion)
            .unwrap_or_else(|| "1.0.0".to_owned());
        let problem = findings
            .problem(Code::UnquotedVersion, self, "is a number, not a version")
            .evidence(format!(
                "without quotes YAML reads `{}` as a number, in which 1.1 and 1.10 are the same",
                excerpt(&number, SHOWN_CHARS)
            ));
        findings.push_with_hint(problem, hint(&meant));
        None
    }

    fn bad_version(&self, findings: &mut Findings<'_>, error: &version::VersionError) {
        let problem = findings
            .problem(Code::BadVersion, self, "is not a version")
            .evidence(format!(
                "`{}`: {}",
                excerpt(&error.text, SHOWN_CHARS),
                excerpt(&error.reason, SHOWN_CHARS)
            ));
        match &error.suggestion {
            Some(text) => findings.push_with_hint(problem, format!("write `\"{text}\"`")),
            None => findings.push_with_hint(problem, "write a version such as `\"1.2.0\"`"),
        }
    }
}

impl<'n> Fields<'n> {
    /// A field, unless it is absent or empty.
    pub(crate) fn optional(&self, key: &str) -> Option<Field<'n>> {
        self.find(key)
            .filter(|field| !matches!(field.node.value, Value::Null))
    }

    /// A field that must be there; its absence is reported.
    pub(crate) fn required(&self, findings: &mut Findings<'_>, key: &str) -> Option<Field<'n>> {
        match self.find(key) {
            Some(field) if matches!(field.node.value, Value::Null) => {
                let problem = findings.problem(Code::MissingField, &field, "is empty");
                findings.push_with_hint(problem, format!("give `{}` a value", field.path));
                None
            }
            Some(field) => Some(field),
            None => {
                let path = self.join(key);
                let problem = findings.problem_at(
                    Code::MissingField,
                    self.at,
                    format!("`{path}` is missing"),
                );
                findings.push_with_hint(problem, format!("add `{path}`"));
                None
            }
        }
    }

    /// Every field whose key is a text.
    pub(crate) fn all(&self) -> impl Iterator<Item = (String, Field<'n>)> + '_ {
        self.pairs.iter().filter_map(|pair| {
            let key = pair.key.key_text()?;
            let field = self.field(pair, &key);
            Some((key, field))
        })
    }

    fn find(&self, key: &str) -> Option<Field<'n>> {
        self.pairs
            .iter()
            .find(|pair| matches!(&pair.key.value, Value::String { text, .. } if text == key))
            .map(|pair| self.field(pair, key))
    }

    fn field(&self, pair: &'n Pair, key: &str) -> Field<'n> {
        Field {
            node: &pair.value,
            key: pair.key.at,
            path: self.join(key),
        }
    }

    /// The dotted path of a key.
    pub(crate) fn join(&self, key: &str) -> String {
        let key = excerpt(key, SHOWN_CHARS);
        if self.path.is_empty() {
            key
        } else {
            format!("{}.{key}", self.path)
        }
    }
}

//! `pyproject.toml`: the standard tables, Poetry's and uv's.

use std::ops::Range;

use toml_edit::{Document, Item, TableLike, Value};

use super::requirement::{self, Requirement};
use super::{Asks, Pin, line_of, normalized, of_revision, pep440, shown};

/// The lists of `[tool.uv]`.
const UV_LISTS: [&str; 3] = [
    "constraint-dependencies",
    "override-dependencies",
    "dev-dependencies",
];

/// Where a `pyproject.toml` names the distribution of this name; nothing where it is no TOML.
#[must_use]
pub fn read(text: &str, distribution: &str) -> Vec<Pin> {
    let Ok(document) = Document::parse(text) else {
        return Vec::new();
    };
    let mut reader = Reader {
        text,
        distribution: normalized(distribution),
        pins: Vec::new(),
    };
    reader.root(document.as_table());
    reader.pins.sort_by_key(|pin| pin.line);
    reader.pins
}

/// What a project needs, in an order of its own: equal where two revisions of it need the same.
/// `None` where that does not stand in the file.
#[must_use]
pub fn needs(text: &str) -> Option<Vec<String>> {
    let document = Document::parse(text).ok()?;
    let project = table(document.as_table().get("project"))?;
    let dynamic = list(project.get("dynamic"));
    if dynamic.iter().any(|name| {
        matches!(
            *name,
            "dependencies" | "optional-dependencies" | "requires-python"
        )
    }) {
        return None;
    }
    let mut needs: Vec<String> = list(project.get("dependencies"))
        .into_iter()
        .map(str::to_owned)
        .collect();
    if let Some(groups) = table(project.get("optional-dependencies")) {
        for (group, items) in groups.iter() {
            needs.extend(
                list(Some(items))
                    .iter()
                    .map(|item| format!("[{group}] {item}")),
            );
        }
    }
    let python = project.get("requires-python").and_then(Item::as_str);
    needs.push(format!("python {}", python.unwrap_or_default()));
    needs.sort();
    Some(needs)
}

/// The version that a project states for itself, where it stands in the file.
#[must_use]
pub fn own_version(text: &str) -> Option<String> {
    let document = Document::parse(text).ok()?;
    let project = table(document.as_table().get("project"))?;
    project.get("version")?.as_str().map(str::to_owned)
}

fn table(item: Option<&Item>) -> Option<&dyn TableLike> {
    item?.as_table_like()
}

fn list(item: Option<&Item>) -> Vec<&str> {
    let array = item.and_then(Item::as_array);
    array
        .into_iter()
        .flat_map(|array| array.iter())
        .filter_map(Value::as_str)
        .collect()
}

struct Reader<'t> {
    text: &'t str,
    distribution: String,
    pins: Vec<Pin>,
}

impl Reader<'_> {
    fn root(&mut self, root: &dyn TableLike) {
        if let Some(project) = table(root.get("project")) {
            self.array(project.get("dependencies"));
            self.groups(project.get("optional-dependencies"));
        }
        self.groups(root.get("dependency-groups"));
        let Some(tool) = table(root.get("tool")) else {
            return;
        };
        if let Some(poetry) = table(tool.get("poetry")) {
            self.poetry(poetry.get("dependencies"));
            self.poetry(poetry.get("dev-dependencies"));
            for (_, group) in table(poetry.get("group")).iter().flat_map(|t| t.iter()) {
                self.poetry(table(Some(group)).and_then(|group| group.get("dependencies")));
            }
        }
        if let Some(uv) = table(tool.get("uv")) {
            for key in UV_LISTS {
                self.array(uv.get(key));
            }
            for source in self.of_distribution(uv.get("sources")) {
                self.source(&source);
            }
        }
    }

    fn groups(&mut self, item: Option<&Item>) {
        for (_, group) in table(item).iter().flat_map(|groups| groups.iter()) {
            self.array(Some(group));
        }
    }

    /// A list of requirements of PEP 508.
    fn array(&mut self, item: Option<&Item>) {
        let values = item.and_then(Item::as_array);
        for value in values.into_iter().flat_map(|array| array.iter()) {
            if let Some(text) = value.as_str()
                && let Some(found) = requirement::of(text, &self.distribution)
            {
                self.pin(value, text, shown(text), found);
            }
        }
    }

    /// The values of the distribution's key in a table: one, or one for each item of a list.
    fn of_distribution(&self, item: Option<&Item>) -> Vec<Item> {
        let mut found = Vec::new();
        for (name, item) in table(item).iter().flat_map(|table| table.iter()) {
            if normalized(name) != self.distribution {
                continue;
            }
            match item {
                Item::Value(Value::Array(array)) => {
                    found.extend(array.iter().map(|value| Item::Value(value.clone())));
                }
                Item::ArrayOfTables(tables) => {
                    found.extend(tables.iter().map(|table| Item::Table(table.clone())));
                }
                other => found.push(other.clone()),
            }
        }
        found
    }

    /// Poetry's own spelling: a constraint, or a table with a constraint or a git address.
    fn poetry(&mut self, item: Option<&Item>) {
        for item in self.of_distribution(item) {
            if let Item::Value(value @ Value::String(text)) = &item {
                self.poetry_version(value, text.value());
            } else if let Some(table) = item.as_table_like() {
                if let Some(Item::Value(value @ Value::String(text))) = table.get("version") {
                    self.poetry_version(value, text.value());
                } else {
                    self.source(&item);
                }
            }
        }
    }

    fn poetry_version(&mut self, value: &Value, text: &str) {
        let shown = shown(&format!("{} = \"{text}\"", self.distribution));
        self.pin(value, text, shown, poetry_constraint(text));
    }

    /// A table with `git` and `tag`, `rev` or `branch`; with `path`, `url`, `workspace`.
    fn source(&mut self, item: &Item) {
        let Some(table) = item.as_table_like() else {
            return;
        };
        let string = |key: &str| match table.get(key) {
            Some(Item::Value(value @ Value::String(text))) => Some((value, text.value().as_str())),
            _ => None,
        };
        let named = string("tag")
            .map(|found| ("tag", found))
            .or_else(|| string("rev").map(|found| ("rev", found)));
        if let Some((key, (value, text))) = named {
            let shown = shown(&format!(
                "{} from git, {key} = \"{text}\"",
                self.distribution
            ));
            let found = Requirement {
                asks: match key {
                    "tag" => Asks::Tag(text.to_owned()),
                    _ => of_revision(text),
                },
                span: 0..text.len(),
            };
            self.pin(value, text, shown, found);
            return;
        }
        // An index says where versions come from, not which one.
        let why = if table.contains_key("git") {
            "it follows a branch of Core's repository"
        } else if table.contains_key("index") {
            return;
        } else {
            "it names a file or a folder, not a version"
        };
        let at = table.iter().find_map(|(_, item)| item.span());
        self.pins.push(Pin {
            line: line_of(self.text, at.map_or(0, |span| span.start)),
            shown: shown(&format!("the source of {}", self.distribution)),
            asks: Asks::Unclear(why),
            hashed: false,
            span: 0..0,
        });
    }

    fn pin(&mut self, value: &Value, text: &str, shown: String, found: Requirement) {
        let span = value.span().unwrap_or_default();
        let line = line_of(self.text, span.start);
        let (asks, span) = match place(self.text, &span, text, &found.span) {
            _ if found.span.is_empty() => (found.asks, 0..0),
            Some(span) => (found.asks, span),
            None => (
                Asks::Unclear("its text is written with escapes: write it plainly"),
                0..0,
            ),
        };
        self.pins.push(Pin {
            line,
            shown,
            asks,
            hashed: false,
            span,
        });
    }
}

/// Where a part of a string's value stands in the file; `None` where the file has escapes there.
pub(super) fn place(
    file: &str,
    value: &Range<usize>,
    text: &str,
    part: &Range<usize>,
) -> Option<Range<usize>> {
    let raw = file.get(value.clone())?;
    let quotes = ["\"\"\"", "'''", "\"", "'"]
        .iter()
        .find(|quotes| raw.starts_with(**quotes))?;
    let inner = raw.strip_prefix(*quotes)?.strip_suffix(*quotes)?;
    (inner == text).then(|| {
        let start = value.start + quotes.len();
        start + part.start..start + part.end
    })
}

/// Poetry's constraints: a bare version is that version, `^` and `~` are ranges.
fn poetry_constraint(text: &str) -> Requirement {
    let trimmed = text.trim();
    let at = text.len() - text.trim_start().len();
    if trimmed == "*" {
        return requirement::constraint("", 0);
    }
    if trimmed.starts_with(|c: char| c.is_ascii_digit()) && !trimmed.contains([',', '|', ' ']) {
        if trimmed.ends_with('*') {
            return requirement::constraint(&format!("=={trimmed}"), at);
        }
        return requirement::exact(trimmed, at);
    }
    if let Some(bounds) = bounds(trimmed) {
        return Requirement {
            asks: Asks::Range(bounds),
            span: at..at + trimmed.len(),
        };
    }
    if pep440::admits(trimmed, &no_version()).is_err() {
        return Requirement {
            asks: Asks::Unclear("its version constraint cannot be read"),
            span: 0..0,
        };
    }
    requirement::constraint(text, 0)
}

/// `^1.2` is at least 1.2 and below 2; `~1.2` is at least 1.2 and below 1.3.
fn bounds(text: &str) -> Option<String> {
    let caret = text.starts_with('^');
    let version = text
        .strip_prefix(['^', '~'])
        .filter(|rest| !rest.starts_with('='))?
        .trim();
    let numbers: Vec<u64> = version
        .split('.')
        .map_while(|number| number.parse().ok())
        .collect();
    if numbers.is_empty() || version.parse::<super::PyVersion>().is_err() {
        return None;
    }
    // What may not change: up to the first number that is not 0, or the second one.
    let fixed = if caret {
        let first = numbers.iter().position(|number| *number != 0);
        first.unwrap_or(numbers.len() - 1)
    } else {
        usize::from(numbers.len() > 1)
    };
    let mut above: Vec<u64> = numbers[..=fixed].to_vec();
    above[fixed] = above[fixed].checked_add(1)?;
    let above: Vec<String> = above.iter().map(u64::to_string).collect();
    Some(format!(">={version},<{}", above.join(".")))
}

fn no_version() -> super::PyVersion {
    "0".parse().expect("a number is a version")
}

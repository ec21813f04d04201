//! `uv.lock`: what it has locked of a distribution, and the edit of one that comes from git.

use toml_edit::{Document, Item, TableLike, Value};

use super::pyproject::place;
use super::requirement;
use super::{Asks, Edit, Target, normalized, version};

/// What is locked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Locked {
    /// The version, as Python writes it; absent where it is not known before it is built.
    pub version: Option<String>,
    /// Where it comes from.
    pub source: Source,
}

/// Where a locked distribution comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Core's repository: the tag and the commit.
    Git {
        /// The `tag` or `rev` that was asked for.
        tag: Option<String>,
        /// What it was.
        commit: Option<String>,
    },
    /// An index or a folder of files: their names and hashes stand in the lock.
    Index,
    /// The project itself, a folder, an address.
    Other,
}

/// What a lock file says of the distribution of this name, once for each time that it is locked.
#[must_use]
pub fn read(text: &str, distribution: &str) -> Vec<Locked> {
    let Ok(document) = Document::parse(text) else {
        return Vec::new();
    };
    let distribution = normalized(distribution);
    packages(document.as_table())
        .into_iter()
        .filter(|package| is_named(*package, &distribution))
        .map(|package| Locked {
            version: string(package, "version").map(|(_, text)| text.to_owned()),
            source: source(package),
        })
        .collect()
}

/// The edits that bring a lock from one release to another where the distribution comes from git
/// by its tag, and what it needs is the same in both. `None` where the lock has to be made anew.
#[must_use]
pub fn edits(text: &str, distribution: &str, target: &Target) -> Option<Vec<Edit>> {
    let document = Document::parse(text).ok()?;
    let mut editor = Editor {
        text,
        distribution: normalized(distribution),
        target,
        edits: Vec::new(),
    };
    let packages = packages(document.as_table());
    let own: Vec<_> = packages
        .iter()
        .filter(|package| is_named(**package, &editor.distribution))
        .collect();
    let [package] = own[..] else {
        return None;
    };
    editor.package(*package)?;
    for package in &packages {
        editor.mentions(*package)?;
    }
    Some(editor.edits)
}

fn packages(root: &dyn TableLike) -> Vec<&dyn TableLike> {
    root.get("package")
        .and_then(Item::as_array_of_tables)
        .into_iter()
        .flat_map(|tables| tables.iter())
        .map(|table| table as &dyn TableLike)
        .collect()
}

fn is_named(table: &dyn TableLike, distribution: &str) -> bool {
    string(table, "name").is_some_and(|(_, name)| normalized(name) == distribution)
}

fn string<'t>(table: &'t dyn TableLike, key: &str) -> Option<(&'t Value, &'t str)> {
    let value = table.get(key)?.as_value()?;
    Some((value, value.as_str()?))
}

fn source(package: &dyn TableLike) -> Source {
    let Some(source) = package.get("source").and_then(Item::as_table_like) else {
        return Source::Other;
    };
    if source.contains_key("registry") {
        return Source::Index;
    }
    let Some((_, address)) = string(source, "git") else {
        return Source::Other;
    };
    let part = |key: &str| parameter(address, key).map(|(at, end)| address[at..end].to_owned());
    Source::Git {
        tag: part("tag").or_else(|| part("rev")),
        commit: address.split_once('#').map(|(_, commit)| commit.to_owned()),
    }
}

/// Where the value of a parameter stands in an address.
fn parameter(address: &str, key: &str) -> Option<(usize, usize)> {
    let query = address.find('?')? + 1;
    let end = address.find('#').unwrap_or(address.len());
    let mut at = query;
    for part in address.get(query..end)?.split('&') {
        if let Some(value) = part.strip_prefix(key).and_then(|p| p.strip_prefix('=')) {
            return Some((at + part.len() - value.len(), at + part.len()));
        }
        at += part.len() + 1;
    }
    None
}

struct Editor<'t> {
    text: &'t str,
    distribution: String,
    target: &'t Target,
    edits: Vec<Edit>,
}

impl Editor<'_> {
    /// The locked distribution itself.
    fn package(&mut self, package: &dyn TableLike) -> Option<()> {
        if let Some((value, version)) = string(package, "version") {
            let new = self.target.version.to_string();
            self.replace(value, version, 0..version.len(), &new)?;
        }
        let source = package.get("source")?.as_table_like()?;
        let (value, address) = string(source, "git")?;
        let commit = address.find('#')? + 1;
        let target = self.target;
        self.replace(value, address, commit..address.len(), &target.commit)?;
        self.revision(value, address)
    }

    /// What other packages, and the project itself, say that they need.
    fn mentions(&mut self, package: &dyn TableLike) -> Option<()> {
        let lists = [
            package.get("dependencies"),
            package.get("optional-dependencies"),
            package.get("dev-dependencies"),
        ];
        for entry in lists.into_iter().flatten().flat_map(entries) {
            // A dependency that names its version or source is one of several of that name.
            let several = entry.contains_key("version") || entry.contains_key("source");
            if is_named(entry, &self.distribution) && several {
                return None;
            }
        }
        let Some(metadata) = package.get("metadata").and_then(Item::as_table_like) else {
            return Some(());
        };
        let wanted = [metadata.get("requires-dist"), metadata.get("requires-dev")];
        for entry in wanted.into_iter().flatten().flat_map(entries) {
            if !is_named(entry, &self.distribution) {
                continue;
            }
            if let Some((value, address)) = string(entry, "git") {
                self.revision(value, address)?;
            }
            if let Some((value, constraint)) = string(entry, "specifier") {
                let found = requirement::constraint(constraint, 0);
                if matches!(found.asks, Asks::Exact(_)) {
                    let new = self.target.version.to_string();
                    self.replace(value, constraint, found.span, &new)?;
                }
            }
        }
        Some(())
    }

    /// The tag, or the commit, that an address asks for.
    fn revision(&mut self, value: &Value, address: &str) -> Option<()> {
        let target = self.target;
        let (at, end) = parameter(address, "tag").or_else(|| parameter(address, "rev"))?;
        let now = &address[at..end];
        let new = if version::of_tag(now).is_some() {
            &target.tag
        } else if matches!(super::of_revision(now), Asks::Commit(_)) {
            &target.commit
        } else {
            return None;
        };
        self.replace(value, address, at..end, new)
    }

    fn replace(
        &mut self,
        value: &Value,
        text: &str,
        part: std::ops::Range<usize>,
        new: &str,
    ) -> Option<()> {
        let span = place(self.text, &value.span()?, text, &part)?;
        self.edits.push(Edit {
            span,
            text: new.to_owned(),
        });
        Some(())
    }
}

/// The tables of a list, or of every list of a table of lists.
fn entries(item: &Item) -> Vec<&dyn TableLike> {
    fn of_array(item: &Item) -> Vec<&dyn TableLike> {
        let array = item.as_array();
        array
            .into_iter()
            .flat_map(|array| array.iter())
            .filter_map(|value| value.as_inline_table().map(|table| table as &dyn TableLike))
            .collect()
    }
    match item.as_table_like() {
        Some(groups) => groups.iter().flat_map(|(_, list)| of_array(list)).collect(),
        None => of_array(item),
    }
}

//! What a contracts package exports, read from its source text; Python is never run.
//!
//! Owns the only use of the Python parser. Takes the package's files as bytes, opens nothing
//! itself. Where the text cannot tell all names (a module-level `__getattr__`, a star import of
//! another package, a syntax error) the module is marked open: its names may exist, and nobody
//! is blocked for them.

use std::collections::{BTreeMap, BTreeSet};

use vit_contract::plan::ContractState;

mod all;
mod depth;
mod module;
mod resolve;

use module::Module;

/// The largest source file that is read, in bytes; a larger one is an open module.
pub const MAX_FILE_BYTES: usize = 1024 * 1024;
/// The most modules that a package may have; a larger one is unreadable.
pub const MAX_MODULES: usize = 4096;

/// What a contracts package exports, as read from its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exports {
    /// No contracts package, or it cannot be read: why.
    Unreadable(String),
    /// By dotted module name (`contracts`, `contracts.events`): the names it exports. A name in
    /// `open` modules may exist although it is not listed (a module-level `__getattr__`, a star
    /// import that cannot be followed).
    Modules {
        /// The names by module; every module has an entry, open ones too.
        names: BTreeMap<String, BTreeSet<String>>,
        /// Modules whose names cannot all be told.
        open: BTreeSet<String>,
    },
}

/// Reads the exports of the package named `package` (its folder's last name, such as
/// `contracts`). `files` are its files by path relative to that folder, with `/`.
#[must_use]
pub fn read(package: &str, files: &BTreeMap<String, Vec<u8>>) -> Exports {
    let mut modules: BTreeMap<String, Module> = BTreeMap::new();
    for (path, bytes) in files {
        let Some(source) = SourceFile::of(package, path) else {
            continue;
        };
        // Where `x.py` stands beside `x/__init__.py`, Python takes the package.
        let hidden = modules
            .get(&source.module)
            .is_some_and(|known| known.is_package && !source.is_package);
        if !hidden {
            let module = module::read(package, &source, bytes);
            modules.insert(source.module, module);
        }
    }
    if modules.is_empty() {
        return Exports::Unreadable(format!("the package `{package}` holds no Python file"));
    }
    if modules.len() > MAX_MODULES {
        return Exports::Unreadable(format!(
            "the package `{package}` has {} modules, more than {MAX_MODULES}",
            modules.len()
        ));
    }
    add_namespace_packages(&mut modules);
    resolve::resolve(&modules)
}

/// Folders without `__init__.py` are packages too.
fn add_namespace_packages(modules: &mut BTreeMap<String, Module>) {
    let mut missing = BTreeSet::new();
    for name in modules.keys() {
        let mut rest = name.as_str();
        while let Some((parent, _)) = rest.rsplit_once('.') {
            if modules.contains_key(parent) || !missing.insert(parent.to_owned()) {
                break;
            }
            rest = parent;
        }
    }
    for name in missing {
        modules.insert(name, Module::namespace());
    }
}

/// A file of the package as a module.
struct SourceFile {
    /// Its dotted name, the package's own name first.
    module: String,
    /// Whether it is an `__init__.py`.
    is_package: bool,
    /// Whether it is source text; an extension module is not.
    is_source: bool,
}

impl SourceFile {
    fn of(package: &str, path: &str) -> Option<Self> {
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", path));
        let (stem, extension) = file.split_once('.')?;
        let is_source = extension == "py";
        if !is_source && !extension.ends_with("so") && !extension.ends_with("pyd") {
            return None;
        }
        let is_package = is_source && stem == "__init__";
        let parts: Vec<&str> = folder
            .split('/')
            .filter(|part| !part.is_empty())
            .chain((!is_package).then_some(stem))
            .collect();
        if parts.len() > MAX_PARTS || !parts.iter().all(|part| is_identifier(part)) {
            return None;
        }
        let mut module = package.to_owned();
        for part in parts {
            module.push('.');
            module.push_str(part);
        }
        Some(Self {
            module,
            is_package,
            is_source,
        })
    }
}

/// How deep folders may lie within the package.
const MAX_PARTS: usize = 32;

fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c == '_' || c.is_alphabetic())
        && chars.all(|c| c == '_' || c.is_alphanumeric())
}

/// What becomes of a contract named `dotted`, such as `contracts.GraphPlugin`,
/// `contracts.events.Bus` or, with what stands before the package,
/// `vitruvyan_core.contracts.GraphPlugin`. A bare name is looked up in the package itself.
///
/// Attributes below an exported name (`contracts.GraphPlugin.run`) cannot be told from source:
/// unknown, as is everything in an open module.
#[must_use]
pub fn lookup(exports: &Exports, dotted: &str) -> ContractState {
    let Exports::Modules { names, open } = exports else {
        return ContractState::Unknown;
    };
    let parts: Vec<&str> = dotted.split('.').collect();
    let Some((mut module, mut rest)) = locate(names, &parts) else {
        return ContractState::Missing;
    };
    while let Some((part, deeper)) = rest.split_first() {
        let exported = names
            .get(&module)
            .is_some_and(|names| names.contains(*part));
        let child = format!("{module}.{part}");
        let is_module = names.contains_key(&child);
        if !exported && !is_module {
            return if open.contains(&module) {
                ContractState::Unknown
            } else {
                ContractState::Missing
            };
        }
        if !is_module && !deeper.is_empty() {
            return ContractState::Unknown;
        }
        module = child;
        rest = deeper;
    }
    ContractState::Exported
}

/// Finds the package in a dotted name: the module to begin at and what is left to find in it.
fn locate<'a>(
    names: &BTreeMap<String, BTreeSet<String>>,
    parts: &'a [&'a str],
) -> Option<(String, &'a [&'a str])> {
    // Only the package itself has a name without a dot.
    if let Some(index) = parts.iter().position(|part| names.contains_key(*part)) {
        return Some((parts[index].to_owned(), &parts[index + 1..]));
    }
    let [_] = parts else { return None };
    let root = names.keys().find(|name| !name.contains('.'))?;
    Some((root.clone(), parts))
}

#[cfg(test)]
mod tests;

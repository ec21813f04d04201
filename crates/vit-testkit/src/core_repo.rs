//! What stands in the Core repository of a fake world: Vitruvyan's layout in small, with the
//! things that break naive tools (an executable, a symlink, names outside ASCII).

use std::fmt::Write as _;

/// The names that `contracts/__init__.py` exports unless a release says otherwise.
pub const EXPORTS: [&str; 6] = [
    "GraphPlugin",
    "BaseParser",
    "IDataProvider",
    "IScoringStrategy",
    "StreamBus",
    "Verdict",
];

/// A tracked symlink and where it points.
pub const SYMLINK: (&str, &str) = ("vitruvyan_core/current", "core/platform");
/// A tracked executable.
pub const EXECUTABLE: &str = "scripts/migrate.sh";
/// A tracked file whose name is neither ASCII nor free of spaces.
pub const ODD_NAME: &str = "docs/Übersicht della città.md";

/// One file of a release.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path, with `/`.
    pub path: String,
    /// What it is.
    pub content: Content,
}

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A plain file.
    Plain(Vec<u8>),
    /// A file with the executable bit.
    Executable(Vec<u8>),
    /// A symlink to this.
    Symlink(String),
    /// Nothing: the release removes it.
    Gone,
}

impl File {
    /// A plain file.
    pub fn plain(path: impl Into<String>, text: impl Into<Vec<u8>>) -> Self {
        Self {
            path: path.into(),
            content: Content::Plain(text.into()),
        }
    }
}

/// The files of a first release, `extra` generated modules among them.
#[must_use]
pub fn files(extra: usize) -> Vec<File> {
    let mut files = vec![
        File::plain(".gitignore", "__pycache__/\n*.pyc\n.venv/\n/build/\n"),
        File::plain("README.md", "# Vitruvyan Core\n"),
        File::plain(
            "pyproject.toml",
            "[project]\nname = \"vitruvyan-core\"\ndynamic = [\"version\"]\n",
        ),
        File::plain(ODD_NAME, "# Overview\n"),
        File {
            path: EXECUTABLE.into(),
            content: Content::Executable(b"#!/bin/sh\necho migrated\n".to_vec()),
        },
        File {
            path: SYMLINK.0.into(),
            content: Content::Symlink(SYMLINK.1.into()),
        },
        File::plain("vitruvyan_core/py.typed", ""),
        File::plain("contracts/events.py", "class StreamBus:\n    pass\n"),
        File::plain("contracts/README.md", "The public contracts.\n"),
    ];
    files.push(contracts(&EXPORTS));
    for package in ["core", "core/platform", "core/agents", "domains", "orders"] {
        files.push(File::plain(
            format!("vitruvyan_core/{package}/__init__.py"),
            format!("\"\"\"The package {package}.\"\"\"\n"),
        ));
    }
    for module in [
        "bus",
        "cache",
        "codex",
        "config",
        "graph",
        "ledger",
        "memory",
        "orthodoxy",
        "router",
        "schema",
        "vault",
    ] {
        files.push(File::plain(
            format!("vitruvyan_core/core/{module}.py"),
            module_text(module, 1),
        ));
    }
    files.extend((0..extra).map(|i| {
        File::plain(
            format!(
                "vitruvyan_core/generated/part_{:02}/module_{i:04}.py",
                i / 100
            ),
            module_text(&format!("module_{i}"), 1),
        )
    }));
    files
}

/// The Core package's `__init__.py`.
#[must_use]
pub fn package_init(version: &str) -> File {
    File::plain(
        "vitruvyan_core/__init__.py",
        format!("\"\"\"Vitruvyan Core.\"\"\"\n\n__version__ = \"{version}\"\n"),
    )
}

/// The contracts package's `__init__.py` with these exports.
#[must_use]
pub fn contracts(exports: &[&str]) -> File {
    let mut text = String::from("\"\"\"Contracts between Core and verticals.\"\"\"\n\n");
    for name in exports {
        if *name == "StreamBus" {
            text.push_str("from contracts.events import StreamBus\n");
        } else {
            let _ = write!(text, "\n\nclass {name}:\n    pass\n");
        }
    }
    let _ = writeln!(text, "\n\n__all__ = {exports:?}");
    File::plain("contracts/__init__.py", text)
}

/// A module's text that changes with `revision`.
#[must_use]
pub fn module_text(name: &str, revision: u32) -> String {
    format!(
        "\"\"\"The module {name}.\"\"\"\n\nREVISION = {revision}\n\n\ndef run():\n    return \"{name}\"\n"
    )
}

//! What an environment depends on, told from git trees: which files, by their ids, and which
//! packages an editable install makes importable.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use crate::context::Context;
use crate::error::EngineError;
use crate::git::{Blob, TreeEntry};

/// Files that say how the project itself is installed.
const OF_PROJECT: [&str; 4] = ["pyproject.toml", "setup.py", "setup.cfg", "uv.lock"];
const PYPROJECT: &str = "pyproject.toml";
const REQUIREMENTS: &str = "requirements.txt";
/// The word in the settings for an editable install.
const EDITABLE: &str = "pyproject";
/// The largest requirement file that is read, in bytes.
const MAX_BYTES: usize = 1024 * 1024;
/// How many requirement files may name each other.
const MAX_FILES: usize = 256;

/// One thing that is installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Requirement {
    /// The installation's root, editable.
    Editable,
    /// What a requirement file lists; relative to the root.
    File(String),
    /// A requirement as installers read it: `vitruvyan-core==1.2.0`.
    Named(String),
}

/// What an environment depends on in one tree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inputs {
    /// What is installed.
    pub install: Vec<Requirement>,
    /// The files that say so, with their ids.
    pub files: BTreeMap<PathBuf, String>,
    /// The packages that an editable install makes importable.
    pub packages: BTreeSet<String>,
}

impl Inputs {
    /// What differs from those of the tree that follows, by name.
    #[must_use]
    pub fn differing(&self, then: &Self) -> Vec<String> {
        let paths: BTreeSet<&PathBuf> = self.files.keys().chain(then.files.keys()).collect();
        let mut because: Vec<String> = paths
            .into_iter()
            .filter(|path| self.files.get(*path) != then.files.get(*path))
            .map(|path| path.display().to_string())
            .collect();
        let new = then.packages.difference(&self.packages);
        let gone = self.packages.difference(&then.packages);
        because.extend(new.map(|name| format!("new package {name}")));
        because.extend(gone.map(|name| format!("package {name} is removed")));
        because
    }
}

/// Reads them from a tree. `wanted` is what the settings say is installed.
///
/// # Errors
/// Git failed.
pub fn of_tree(cx: &Context<'_>, tree: &str, wanted: &[String]) -> Result<Inputs, EngineError> {
    let listing = cx.git.ls_tree::<&str>(tree, &[], true)?;
    let mut reading = Reading {
        cx,
        by_path: listing
            .iter()
            .filter(|entry| matches!(entry.mode, 0o100_644 | 0o100_755))
            .map(|entry| (entry.path.as_path(), entry))
            .collect(),
        inputs: Inputs::default(),
    };
    reading.inputs.install = reading.install(wanted)?;
    for what in reading.inputs.install.clone() {
        match what {
            Requirement::Editable => reading.project(Path::new("")),
            Requirement::File(path) => reading.requirement_files(PathBuf::from(path))?,
            Requirement::Named(_) => {}
        }
    }
    let editable = reading.inputs.install.contains(&Requirement::Editable);
    if editable {
        if reading.text(Path::new(PYPROJECT))?.contains("requirements") {
            // Dependencies that the project reads from files beside it.
            reading.files_of_root();
        }
        reading.inputs.packages = packages(&listing);
    }
    Ok(reading.inputs)
}

struct Reading<'a> {
    cx: &'a Context<'a>,
    by_path: BTreeMap<&'a Path, &'a TreeEntry>,
    inputs: Inputs,
}

impl Reading<'_> {
    /// What is installed: as the settings say, else as the tree does.
    fn install(&self, wanted: &[String]) -> Result<Vec<Requirement>, EngineError> {
        let of_setting = |text: &String| {
            if text == EDITABLE {
                Requirement::Editable
            } else {
                Requirement::File(text.clone())
            }
        };
        if !wanted.is_empty() {
            return Ok(wanted.iter().map(of_setting).collect());
        }
        if declares_project(&self.text(Path::new(PYPROJECT))?) {
            return Ok(vec![Requirement::Editable]);
        }
        let listed = self.by_path.contains_key(Path::new(REQUIREMENTS));
        Ok(listed
            .then(|| Requirement::File(REQUIREMENTS.to_owned()))
            .into_iter()
            .collect())
    }

    /// Notes a file, and tells whether it is there and was not known.
    fn note(&mut self, path: &Path) -> bool {
        let Some(entry) = self.by_path.get(path) else {
            return false;
        };
        let known = self.inputs.files.insert(path.to_owned(), entry.oid.clone());
        known.is_none()
    }

    /// The files that say how a project in a folder is installed.
    fn project(&mut self, folder: &Path) {
        for name in OF_PROJECT {
            self.note(&folder.join(name));
        }
    }

    fn files_of_root(&mut self) {
        let names: Vec<PathBuf> = self
            .by_path
            .keys()
            .filter(|path| path.parent() == Some(Path::new("")))
            .filter(|path| {
                let name = path.to_string_lossy();
                name.ends_with(".txt") && name.contains("requirements")
            })
            .map(|path| (*path).to_owned())
            .collect();
        for name in names {
            self.note(&name);
        }
    }

    /// A requirement file and every one that it names, in turn.
    fn requirement_files(&mut self, first: PathBuf) -> Result<(), EngineError> {
        let mut waiting = vec![first];
        while let Some(path) = waiting.pop() {
            if self.inputs.files.len() >= MAX_FILES || !self.note(&path) {
                continue;
            }
            let folder = path.parent().unwrap_or(Path::new("")).to_owned();
            for named in named_in(&self.text(&path)?) {
                match named {
                    Named::File(name) => waiting.extend(joined(&folder, &name)),
                    Named::Project(name) => {
                        // Installers take it from where they run: the root.
                        if let Some(folder) = joined(Path::new(""), &name) {
                            self.project(&folder);
                        }
                    }
                }
            }
        }
        Ok(())
    }

    /// A file's text; empty where it is not there, or is too large to be one.
    fn text(&self, path: &Path) -> Result<String, EngineError> {
        let Some(entry) = self.by_path.get(path) else {
            return Ok(String::new());
        };
        let blobs = self
            .cx
            .git
            .read_blobs(std::slice::from_ref(&entry.oid), MAX_BYTES)?;
        Ok(match blobs.into_iter().next() {
            Some(Blob::Content(bytes)) => String::from_utf8_lossy(&bytes).into_owned(),
            _ => String::new(),
        })
    }
}

/// Whether a `pyproject.toml` says that there is something to install.
fn declares_project(text: &str) -> bool {
    text.lines().any(|line| {
        let line = line.split('#').next().unwrap_or_default().trim();
        matches!(line, "[project]" | "[build-system]")
    })
}

/// What a requirement file names beside distributions.
#[derive(Debug, PartialEq, Eq)]
enum Named {
    File(String),
    Project(String),
}

fn named_in(text: &str) -> Vec<Named> {
    let text = text.replace("\\\r\n", " ").replace("\\\n", " ");
    text.lines().filter_map(named_by).collect()
}

fn named_by(line: &str) -> Option<Named> {
    let line = line.trim();
    let line = line.split(" #").next().unwrap_or_default().trim();
    let after = |options: &[&str]| {
        options.iter().find_map(|option| {
            let rest = line.strip_prefix(option)?;
            let long = option.starts_with("--");
            let separated = rest.starts_with([' ', '\t', '=']);
            (separated || !long).then(|| rest.trim_start_matches([' ', '\t', '=']).to_owned())
        })
    };
    let named = if let Some(file) = after(&["--requirement", "--constraint", "-r", "-c"]) {
        Named::File(file)
    } else if let Some(project) = after(&["--editable", "-e"]) {
        Named::Project(project)
    } else if line.starts_with("./") || line.starts_with("../") {
        Named::Project(line.to_owned())
    } else {
        return None;
    };
    let (Named::File(name) | Named::Project(name)) = &named;
    (!name.is_empty() && !name.contains("://")).then_some(named)
}

/// A path below the root, its `.` and `..` taken away; none where it leads out.
fn joined(folder: &Path, name: &str) -> Option<PathBuf> {
    // `./package[extra]` and `file.txt ; marker`
    let name = name.split(['[', ';']).next()?.trim().trim_matches('"');
    let mut path = folder.to_owned();
    for part in Path::new(name).components() {
        match part {
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            Component::ParentDir => path = path.parent()?.to_owned(),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

/// Packages and modules at the top of the tree, or of its folder `src`.
fn packages(listing: &[TreeEntry]) -> BTreeSet<String> {
    listing
        .iter()
        .filter_map(|entry| {
            let path = entry.path.strip_prefix("src").unwrap_or(&entry.path);
            let mut parts = path.components();
            let (name, init) = (parts.next()?, parts.next()?);
            let is_package = init.as_os_str() == "__init__.py" && parts.next().is_none();
            is_package.then(|| name.as_os_str().to_string_lossy().into_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_requirement_file_names() {
        let text = "alpha==1.0\n# -r commented.txt\n-r base.txt\n-rtight.txt\n\
                    --requirement=long.txt  # why\n-c ../constraints.txt\n--constraint c.txt\n\
                    -r \\\n  next.txt\n-e ./libs/own[extra]\n./libs/other\n--require-hashes\n\
                    -r https://example.org/x.txt\n-e git+https://example.org/y\n--extra-index-url=x\n";
        let file = |name: &str| Named::File(name.to_owned());
        let project = |name: &str| Named::Project(name.to_owned());
        assert_eq!(
            named_in(text),
            [
                file("base.txt"),
                file("tight.txt"),
                file("long.txt"),
                file("../constraints.txt"),
                file("c.txt"),
                file("next.txt"),
                project("./libs/own[extra]"),
                project("./libs/other"),
            ]
        );
    }

    #[test]
    fn paths_stay_below_the_root() {
        let from = Path::new("requirements");
        for (name, expected) in [
            ("base.txt", Some("requirements/base.txt")),
            ("../constraints.txt", Some("constraints.txt")),
            ("./a/../b.txt", Some("requirements/b.txt")),
            ("../../etc/passwd", None),
            ("/etc/passwd", None),
            ("./libs/own[extra]", Some("requirements/libs/own")),
        ] {
            assert_eq!(joined(from, name), expected.map(PathBuf::from), "{name}");
        }
    }

    #[test]
    fn a_pyproject_for_tools_alone_declares_nothing() {
        for (text, expected) in [
            ("[project]\nname = 'x'\n", true),
            ("[build-system]  # how\n", true),
            ("[tool.ruff]\nline-length = 100\n", false),
            ("[project.urls]\n", false),
            ("", false),
        ] {
            assert_eq!(declares_project(text), expected, "{text}");
        }
    }
}

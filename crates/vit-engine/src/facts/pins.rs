//! Where a repository of its own pins Core: the files of HEAD that name its distribution, where
//! Core itself is not in HEAD's tree.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::{Component, Path, PathBuf};

use semver::Version;
use vit_contract::pins::{self, Pin, PyVersion, uv_lock};
use vit_contract::version;

use crate::context::Context;
use crate::error::EngineError;
use crate::git::{Blob, Ref, TreeEntry};
use crate::store::atomic;

/// The largest file that is read for pins, in bytes: a lock of a large project has some hundred
/// KiB.
const MAX_BYTES: usize = 8 * 1024 * 1024;
/// How many files are followed through `-r` and `-c`.
const MAX_FILES: usize = 64;
/// A folder of requirement files.
const FOLDER: &str = "requirements";
/// The lock of uv.
pub const UV_LOCK: &str = "uv.lock";
/// Locks of other tools, and what makes each anew.
pub const OTHER_LOCKS: [(&str, &str); 4] = [
    ("poetry.lock", "poetry lock"),
    ("pdm.lock", "pdm lock"),
    ("Pipfile.lock", "pipenv lock"),
    ("pylock.toml", "uv pip compile"),
];

/// The files of HEAD that name the distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pins {
    /// The distribution, as the settings name it.
    pub distribution: String,
    /// Files with pins, by path.
    pub files: Vec<PinFile>,
    /// The lock of uv, where it has the distribution.
    pub lock: Option<LockFile>,
    /// Locks of other tools that have it.
    pub other_locks: Vec<String>,
    /// Files that name it and are not in HEAD.
    pub untracked: Vec<String>,
}

/// A file of HEAD with pins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PinFile {
    /// Its path from the root.
    pub path: String,
    /// Its text in HEAD.
    pub text: String,
    /// Its pins, in order.
    pub pins: Vec<Pin>,
}

/// The lock of uv.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockFile {
    /// Its text in HEAD.
    pub text: String,
    /// What it has locked of the distribution.
    pub locked: Vec<uv_lock::Locked>,
}

impl Pins {
    /// Reads them; `None` where Core is in the tree, or no file names its distribution.
    ///
    /// # Errors
    /// Git failed.
    pub fn gather(cx: &Context<'_>, head: &str) -> Result<Option<Self>, EngineError> {
        let packages = &cx.site.settings.core_package;
        // What stands in the working tree is what Python imports: no pin counts beside it.
        let on_disk = |package: &String| cx.site.root.join(package).symlink_metadata().is_ok();
        if packages.iter().any(on_disk) || !cx.git.ls_tree(head, packages, false)?.is_empty() {
            return Ok(None);
        }
        let found = Search::new(cx, head)?.run()?;
        let named = !found.files.is_empty() || found.lock.is_some() || !found.untracked.is_empty();
        Ok(named.then_some(found))
    }

    /// Every version that is pinned exactly, with the place that says so.
    #[must_use]
    pub fn exact(&self, refs: &[Ref]) -> Vec<(Version, String)> {
        let of_files = self.files.iter().flat_map(|file| {
            let stated = file.pins.iter().filter_map(|pin| {
                let version = pin.version()?;
                Some((version, format!("{}, line {}", file.path, pin.line)))
            });
            stated.collect::<Vec<_>>()
        });
        let of_lock = self.lock.iter().flat_map(|lock| {
            let locked = lock.locked.iter().filter_map(|locked| {
                let version: PyVersion = locked.version.as_ref()?.parse().ok()?;
                Some((version.to_semver()?, UV_LOCK.to_owned()))
            });
            locked.collect::<Vec<_>>()
        });
        of_files
            .chain(of_lock)
            .map(|(version, place)| (as_released(version, refs), place))
            .collect()
    }
}

/// The spelling that the release has: `1.2.0b1` may stand for `1.2.0-beta.1` or for `1.2.0-b.1`.
pub fn as_released(version: Version, refs: &[Ref]) -> Version {
    let python = PyVersion::of_semver(&version);
    let releases = refs
        .iter()
        .filter_map(|r| version::of_tag(r.name.strip_prefix("refs/vit/releases/")?));
    releases
        .filter(|release| python.is_some() && PyVersion::of_semver(release) == python)
        .max()
        .unwrap_or(version)
}

/// Going through the files.
struct Search<'s> {
    cx: &'s Context<'s>,
    head: &'s str,
    root: Vec<TreeEntry>,
    pins: Pins,
}

impl<'s> Search<'s> {
    fn new(cx: &'s Context<'s>, head: &'s str) -> Result<Self, EngineError> {
        let mut root = cx.git.ls_tree::<&str>(head, &[], false)?;
        if root.iter().any(|e| e.path == Path::new(FOLDER)) {
            root.extend(cx.git.ls_tree(head, &[format!("{FOLDER}/")], false)?);
        }
        // A link is not edited: what it leads to is found by itself, or is not the project's.
        root.retain(|entry| matches!(entry.mode, 0o100_644 | 0o100_755));
        Ok(Self {
            cx,
            head,
            root,
            pins: Pins {
                distribution: cx.site.settings.core_distribution.clone(),
                files: Vec::new(),
                lock: None,
                other_locks: Vec::new(),
                untracked: Vec::new(),
            },
        })
    }

    fn run(mut self) -> Result<Pins, EngineError> {
        let mut open: VecDeque<PathBuf> = self
            .root
            .iter()
            .map(|entry| entry.path.clone())
            .filter(|path| is_requirements(path) || is_pyproject(path))
            .collect();
        let mut seen: BTreeSet<PathBuf> = open.iter().cloned().collect();
        while !open.is_empty() {
            let batch: Vec<PathBuf> = open.drain(..).collect();
            for (path, text) in self.texts(&batch)? {
                for include in self.read(&path, &text) {
                    if seen.len() < MAX_FILES && seen.insert(include.clone()) {
                        open.push_back(include);
                    }
                }
            }
        }
        self.locks()?;
        let beside: Vec<PathBuf> = std::fs::read_dir(&self.cx.site.root)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| PathBuf::from(entry.file_name()))
            .filter(|path| is_requirements(path) || is_pyproject(path))
            .filter(|path| !self.root.iter().any(|entry| entry.path == *path))
            .collect();
        for path in beside {
            self.on_disk(&path);
        }
        self.pins.files.sort_by(|a, b| a.path.cmp(&b.path));
        self.pins.untracked.sort();
        self.pins.untracked.dedup();
        Ok(self.pins)
    }

    /// The texts of these files in HEAD; one that is not there is looked for on disk.
    fn texts(&mut self, paths: &[PathBuf]) -> Result<Vec<(String, String)>, EngineError> {
        let named: Vec<&str> = paths.iter().filter_map(|path| path.to_str()).collect();
        let specs: Vec<String> = named.iter().map(|p| format!("{}:{p}", self.head)).collect();
        let blobs = self.cx.git.read_blobs(&specs, MAX_BYTES)?;
        let mut texts = Vec::new();
        for (path, blob) in named.into_iter().zip(blobs) {
            match blob {
                Blob::Content(bytes) => {
                    texts.extend(String::from_utf8(bytes).map(|text| (path.to_owned(), text)));
                }
                Blob::Missing => self.on_disk(Path::new(path)),
                Blob::TooLarge(_) => {}
            }
        }
        Ok(texts)
    }

    /// Takes a file's pins; the files that it includes.
    fn read(&mut self, path: &str, text: &str) -> Vec<PathBuf> {
        let (pins, includes) = read(path, text, &self.pins.distribution);
        if !pins.is_empty() {
            self.pins.files.push(PinFile {
                path: path.to_owned(),
                text: text.to_owned(),
                pins,
            });
        }
        let folder = Path::new(path).parent().unwrap_or(Path::new(""));
        includes
            .iter()
            .filter_map(|include| inside(folder, include))
            .collect()
    }

    /// Notes a file that git does not track and that names the distribution.
    fn on_disk(&mut self, path: &Path) {
        let Ok(Some(bytes)) = atomic::read_bounded(&self.cx.site.root.join(path), MAX_BYTES) else {
            return;
        };
        let (Some(path), Ok(text)) = (path.to_str(), String::from_utf8(bytes)) else {
            return;
        };
        if !read(path, &text, &self.pins.distribution).0.is_empty() {
            self.pins.untracked.push(path.to_owned());
        }
    }

    fn locks(&mut self) -> Result<(), EngineError> {
        let names: Vec<&str> = std::iter::once(UV_LOCK)
            .chain(OTHER_LOCKS.map(|(name, _)| name))
            .filter(|name| self.root.iter().any(|e| e.path == Path::new(name)))
            .collect();
        let paths: Vec<PathBuf> = names.iter().map(PathBuf::from).collect();
        for (path, text) in self.texts(&paths)? {
            if path == UV_LOCK {
                let locked = uv_lock::read(&text, &self.pins.distribution);
                if !locked.is_empty() {
                    self.pins.lock = Some(LockFile { text, locked });
                }
            } else if names_distribution(&text, &self.pins.distribution) {
                self.pins.other_locks.push(path);
            }
        }
        Ok(())
    }
}

fn read(path: &str, text: &str, distribution: &str) -> (Vec<Pin>, Vec<String>) {
    if is_pyproject(Path::new(path)) {
        return (pins::pyproject::read(text, distribution), Vec::new());
    }
    let found = pins::requirements::read(text, distribution);
    (found.pins, found.includes)
}

/// `requirements.txt`, `requirements-dev.txt`, `constraints.txt`, their `.in` sources, and what
/// stands in the folder `requirements`.
fn is_requirements(path: &Path) -> bool {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
        return false;
    };
    let suffix = name.ends_with(".txt") || name.ends_with(".in");
    let in_folder = path.parent() == Some(Path::new(FOLDER));
    suffix && (in_folder || name.starts_with("requirements") || name.starts_with("constraints"))
}

fn is_pyproject(path: &Path) -> bool {
    path == Path::new("pyproject.toml")
}

/// A lock of a tool whose format is not known: a line that has the name as a quoted word.
fn names_distribution(text: &str, distribution: &str) -> bool {
    let wanted = pins::normalized(distribution);
    text.lines().any(|line| {
        let mut words = line.split(['"', '\'']).skip(1).step_by(2);
        words.any(|word| pins::normalized(word) == wanted)
    })
}

/// A path that a file in `folder` names, from the root; `None` where it leads out of it.
fn inside(folder: &Path, path: &str) -> Option<PathBuf> {
    if path.contains("://") {
        return None;
    }
    let mut parts: Vec<&std::ffi::OsStr> = folder.iter().collect();
    for part in Path::new(path).components() {
        match part {
            Component::Normal(name) => parts.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                parts.pop()?;
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    let path: PathBuf = parts.iter().collect();
    (!path.starts_with(".git")).then_some(path)
}

/// The texts of HEAD that a lock can be made from: every project file, by path.
///
/// # Errors
/// Git failed.
pub fn project_files(
    cx: &Context<'_>,
    entries: &[TreeEntry],
) -> Result<BTreeMap<String, Vec<u8>>, EngineError> {
    let wanted: Vec<(&TreeEntry, &str)> = entries
        .iter()
        .filter(|entry| matches!(entry.mode, 0o100_644 | 0o100_755))
        .filter_map(|entry| Some((entry, entry.path.to_str()?)))
        .filter(|(entry, _)| {
            let name = entry.path.file_name().and_then(|name| name.to_str());
            let name = name.unwrap_or_default();
            let project = ["pyproject.toml", "uv.toml", "setup.py", "setup.cfg"];
            project.contains(&name) || name == ".python-version" || name.starts_with("README")
        })
        .collect();
    let oids: Vec<String> = wanted.iter().map(|(entry, _)| entry.oid.clone()).collect();
    let blobs = cx.git.read_blobs(&oids, MAX_BYTES)?;
    Ok(wanted
        .into_iter()
        .zip(blobs)
        .filter_map(|((_, path), blob)| match blob {
            Blob::Content(bytes) => Some((path.to_owned(), bytes)),
            Blob::Missing | Blob::TooLarge(_) => None,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn includes_stay_inside() {
        let from = |folder: &str, path: &str| {
            inside(Path::new(folder), path).map(|path| path.display().to_string())
        };
        assert_eq!(from("", "base.txt").as_deref(), Some("base.txt"));
        assert_eq!(from("a/b", "../c.txt").as_deref(), Some("a/c.txt"));
        assert_eq!(from("a", "./../b/c.txt").as_deref(), Some("b/c.txt"));
        for out in [
            "../x.txt",
            "/etc/passwd",
            "https://example.org/r.txt",
            ".git/config",
        ] {
            assert_eq!(from("", out), None, "{out}");
        }
    }

    #[test]
    fn requirement_files_are_known_by_name() {
        for name in [
            "requirements.txt",
            "requirements-dev.in",
            "constraints.txt",
            "requirements/base.txt",
        ] {
            assert!(is_requirements(Path::new(name)), "{name}");
        }
        for name in ["notes.txt", "requirements.md", "docs/base.txt"] {
            assert!(!is_requirements(Path::new(name)), "{name}");
        }
        assert!(names_distribution(
            "name = \"Vitruvyan_Core\"",
            "vitruvyan-core"
        ));
        assert!(!names_distribution(
            "name = \"vitruvyan-core-x\"",
            "vitruvyan-core"
        ));
    }
}

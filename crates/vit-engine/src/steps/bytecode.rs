//! Bytecode that outlives its source. A folder that holds nothing but `__pycache__` is still a
//! package to Python: what a release has deleted would go on being importable.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::error::EngineError;
use crate::facts::environment::site_packages;

const CACHE: &str = "__pycache__";

/// Removes folders that the tree `old` had, that `new` has not, and that hold only bytecode now.
///
/// # Errors
/// Git failed, or such a folder cannot be removed: it would stay importable.
pub fn purge_tree(cx: &Context<'_>, old: &str, new: &str) -> Result<(), EngineError> {
    if old == new {
        return Ok(());
    }
    let mut gone: BTreeSet<PathBuf> = BTreeSet::new();
    for change in cx.git.diff_trees(old, new)? {
        if change.status == 'D' {
            let above = change.path.ancestors().skip(1);
            gone.extend(
                above
                    .filter(|path| !path.as_os_str().is_empty())
                    .map(Path::to_owned),
            );
        }
    }
    // The innermost first; one that still holds a file is not touched.
    for folder in gone.iter().rev() {
        let path = cx.site.root.join(folder);
        if in_plain_folders(&cx.site.root, folder) {
            purge(&path)?;
        }
    }
    Ok(())
}

/// Removes folders of an environment's packages that hold only bytecode.
///
/// # Errors
/// Such a folder cannot be removed.
pub fn purge_environment(environment: &Path) -> Result<(), EngineError> {
    for packages in site_packages(environment) {
        let inside = fs::read_dir(&packages).into_iter().flatten().flatten();
        for entry in inside {
            // The cache beside single modules is no package.
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) && entry.file_name() != CACHE {
                purge_below(&entry.path())?;
            }
        }
    }
    Ok(())
}

/// Like [`purge`], for the folders in a folder first.
fn purge_below(folder: &Path) -> Result<(), EngineError> {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) && entry.file_name() != CACHE {
            purge_below(&entry.path())?;
        }
    }
    purge(folder)
}

/// Removes a folder that holds bytecode and nothing else. An empty one is nobody's bytecode.
fn purge(folder: &Path) -> Result<(), EngineError> {
    if !fs::symlink_metadata(folder).is_ok_and(|found| found.is_dir()) || !only_bytecode(folder) {
        return Ok(());
    }
    match fs::remove_dir_all(folder) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => Err(EngineError::Io {
            action: "removing the bytecode of a deleted package in",
            path: folder.to_owned(),
            source,
        }),
        _ => Ok(()),
    }
}

/// Whether a folder holds `__pycache__` or `*.pyc`, and nothing else.
fn only_bytecode(folder: &Path) -> bool {
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    let mut any = false;
    for entry in entries {
        let Ok(entry) = entry else { return false };
        any = true;
        let Ok(kind) = entry.file_type() else {
            return false;
        };
        let fits = if kind.is_dir() {
            entry.file_name() == CACHE && holds_bytecode_or_nothing(&entry.path())
        } else {
            kind.is_file() && is_bytecode(&entry.path())
        };
        if !fits {
            return false;
        }
    }
    any
}

fn holds_bytecode_or_nothing(cache: &Path) -> bool {
    fs::read_dir(cache).is_ok_and(|entries| {
        entries.into_iter().all(|entry| {
            entry.is_ok_and(|entry| {
                entry.file_type().is_ok_and(|kind| kind.is_file()) && is_bytecode(&entry.path())
            })
        })
    })
}

fn is_bytecode(path: &Path) -> bool {
    path.extension()
        .is_some_and(|end| end == "pyc" || end == "pyo")
}

/// Whether no folder on the way is a link that leads elsewhere.
fn in_plain_folders(root: &Path, folder: &Path) -> bool {
    folder.ancestors().all(|path| {
        path.as_os_str().is_empty()
            || fs::symlink_metadata(root.join(path)).is_ok_and(|found| found.is_dir())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_holds_bytecode_alone_goes() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let packages = folder.path().join("lib/python3.11/site-packages");
        for path in [
            "gone/__pycache__/a.cpython-311.pyc",
            "gone/inner/__pycache__/b.cpython-311.pyc",
            "legacy/c.pyc",
            "alive/__init__.py",
            "alive/__pycache__/d.cpython-311.pyc",
            "alive/gone/__pycache__/e.cpython-311.pyc",
            "data/__pycache__/f.txt",
            "__pycache__/single.cpython-311.pyc",
        ] {
            let path = packages.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::File::create(path).unwrap();
        }
        fs::create_dir(packages.join("empty")).unwrap();
        for _ in 0..2 {
            purge_environment(folder.path()).unwrap();
            for (path, there) in [
                ("gone", false),
                ("legacy", false),
                ("alive/gone", false),
                ("alive/__pycache__/d.cpython-311.pyc", true),
                ("data/__pycache__/f.txt", true),
                ("__pycache__/single.cpython-311.pyc", true),
                ("empty", true),
            ] {
                assert_eq!(packages.join(path).exists(), there, "{path}");
            }
        }
    }
}

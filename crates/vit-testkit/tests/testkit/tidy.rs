//! What holds for the sources as a whole: sizes, names, who may know whom (ARCHITECTURE.md).

use std::fs;
use std::path::{Path, PathBuf};

/// The hard bound on a file, in lines, its tests apart.
const FILE_LINES: usize = 500;
/// The bound on a folder, in source files.
const FOLDER_FILES: usize = 15;

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the sources are there and can be read")
}

/// Every Rust file below a folder, sorted.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn crates() -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(workspace().join("crates"))
        .expect("the sources are there and can be read")
        .flatten()
        .map(|e| e.path())
        .collect();
    found.sort();
    found
}

fn product() -> Vec<PathBuf> {
    crates()
        .iter()
        .flat_map(|krate| sources(&krate.join("src")))
        .collect()
}

/// The text of a file without its tests.
fn without_tests(path: &Path) -> String {
    let text = fs::read_to_string(path).expect("the sources are there and can be read");
    text.split("#[cfg(test)]\nmod tests")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Whether a file is compiled for tests only: in a `tests` folder, or declared so by the module
/// above it.
fn is_test(path: &Path) -> bool {
    let stem = path
        .file_stem()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let folder = path.parent().unwrap_or(path);
    let above = [
        folder.with_extension("rs"),
        folder.join("lib.rs"),
        folder.join("mod.rs"),
    ];
    let declared = above
        .iter()
        .filter_map(|module| fs::read_to_string(module).ok())
        .any(|text| {
            ["mod", "pub(crate) mod", "pub(super) mod", "pub mod"]
                .iter()
                .any(|word| text.contains(&format!("#[cfg(test)]\n{word} {stem};")))
        });
    declared || path.components().any(|part| part.as_os_str() == "tests")
}

fn complain(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

#[test]
fn files_are_small() {
    let long: Vec<String> = product()
        .iter()
        .filter(|path| !is_test(path))
        .map(|path| (path, without_tests(path).lines().count()))
        .filter(|(_, lines)| *lines > FILE_LINES)
        .map(|(path, lines)| format!("{} has {lines} lines", path.display()))
        .collect();
    complain("files over the bound", &long);
}

#[test]
fn folders_are_small() {
    let mut crowded = Vec::new();
    for krate in crates() {
        let files = sources(&krate.join("src"));
        let mut folders: Vec<&Path> = files.iter().filter_map(|f| f.parent()).collect();
        folders.dedup();
        for folder in folders {
            let count = files.iter().filter(|f| f.parent() == Some(folder)).count();
            // One file a command, a report, a type of the vocabulary: these lists are their own map.
            let list = ["commands", "render", "ops"]
                .iter()
                .any(|name| folder.ends_with(name));
            let root = folder.ends_with("src");
            if count > FOLDER_FILES && !list && !root {
                crowded.push(format!("{} has {count} files", folder.display()));
            }
        }
    }
    complain("folders over the bound", &crowded);
}

#[test]
fn no_dumping_grounds() {
    let bad: Vec<String> = product()
        .iter()
        .filter(|path| {
            let stem = path
                .file_stem()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            ["util", "utils", "helper", "helpers", "common", "misc"].contains(&stem.as_str())
        })
        .map(|path| path.display().to_string())
        .collect();
    complain("files whose name says nothing", &bad);
}

/// ARCHITECTURE.md: `compat` and `plan` import neither git, process, registry, store nor std::fs.
#[test]
fn deciding_touches_nothing() {
    let engine = workspace().join("crates/vit-engine/src");
    let mut found = Vec::new();
    for folder in ["compat", "plan"] {
        let mut files = sources(&engine.join(folder));
        files.push(engine.join(format!("{folder}.rs")));
        for path in files.iter().filter(|path| !is_test(path)) {
            for line in without_tests(path).lines() {
                let code = line.trim_start();
                let named = [
                    "crate::git",
                    "crate::process",
                    "crate::registry",
                    "crate::store",
                    "std::fs",
                    "std::net",
                ]
                .iter()
                .any(|door| code.contains(door));
                if named && !code.starts_with("//") {
                    found.push(format!("{}: {code}", path.display()));
                }
            }
        }
    }
    complain("deciding code that reaches outside", &found);
}

#[test]
fn the_engine_and_the_contract_never_print() {
    let mut found = Vec::new();
    for krate in ["vit-contract", "vit-engine"] {
        for path in sources(&workspace().join("crates").join(krate).join("src")) {
            for word in [
                "println!",
                "print!(",
                "eprintln!",
                "dbg!",
                "std::process::exit",
            ] {
                if without_tests(&path).contains(word) && !is_test(&path) {
                    found.push(format!("{}: {word}", path.display()));
                }
            }
        }
    }
    complain("silent code that prints", &found);
}

/// `#[expect]` with a reason instead of `#[allow]`; nothing left half-done; no test left out.
#[test]
fn nothing_is_swept_under_the_rug() {
    let own = Path::new(file!()).file_name().unwrap();
    let mut found = Vec::new();
    for krate in crates() {
        for path in sources(&krate)
            .iter()
            .filter(|path| path.file_name() != Some(own))
        {
            let text = fs::read_to_string(path).unwrap();
            for word in [
                "#[allow(",
                "#![allow(",
                "todo!(",
                "unimplemented!(",
                "FIXME",
                "XXX",
                "#[ignore",
            ] {
                if text.contains(word) {
                    found.push(format!("{}: {word}", path.display()));
                }
            }
        }
    }
    complain("left in the code", &found);
}

/// A module begins with what it owns.
#[test]
fn every_module_says_what_it_owns() {
    let silent: Vec<String> = product()
        .iter()
        .filter(|path| !is_test(path))
        .filter(|path| !fs::read_to_string(path).unwrap().starts_with("//!"))
        .map(|path| path.display().to_string())
        .collect();
    complain("modules without a first line of documentation", &silent);
}

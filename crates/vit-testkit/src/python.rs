//! Python for tests: environments, wheels, a project with a build backend of its own, and an
//! environment by its content. No network, no index: what is installed was built by the test.
//!
//! ```no_run
//! use vit_testkit::{World, python};
//!
//! let world = World::new("target/debug/vit");
//! if !python::need_pip() {
//!     return;
//! }
//! let wheels = world.root().join("wheels");
//! python::Wheel::new("greeting", "1.0").module("WORD = 'hello'\n").write(&wheels);
//! let env = python::venv(&world.path(".venv"));
//! let run = world.command(["upgrade", "--yes"]);
//! python::offline(run, &wheels).run().assert_code(0);
//! assert_eq!(env.distributions(), ["greeting 1.0"]);
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use crate::core_repo::File;
use crate::run::Invocation;
use crate::tools;
use crate::tree_hash::{self, Seen};

/// Builds wheels from a description on its standard input.
const WHEEL_MAKER: &str = include_str!("python/wheel.py");
/// The build backend of [`project`]: PEP 517 and 660, needs nothing.
const BACKEND: &str = include_str!("python/backend.py");
/// A program that installs by writing files, for environments without pip.
const STUB: &str = include_str!("python/stub_uv.sh");

/// Whether environments can be made (`python3 -m venv --without-pip`). If not, the test that asks
/// should return.
///
/// # Panics
/// They cannot and `VIT_TEST_REQUIRE=all`.
#[must_use]
pub fn need() -> bool {
    tools::need_that("python3 with the module venv", || interpreter().is_some())
}

/// Whether environments with pip can be made (`python3 -m venv`).
///
/// # Panics
/// They cannot and `VIT_TEST_REQUIRE=all`.
#[must_use]
pub fn need_pip() -> bool {
    tools::need_that("python3 -m venv with pip (python3-venv)", || {
        interpreter().is_some_and(|python| works(python, "import venv, ensurepip"))
    })
}

/// The interpreter itself, past every shim in the PATH; a test's HOME would mislead those.
fn interpreter() -> Option<&'static Path> {
    static FOUND: OnceLock<Option<PathBuf>> = OnceLock::new();
    let find = || {
        let output = Command::new("python3")
            .args(["-I", "-c", "import sys, venv; print(sys.executable)"])
            .stderr(Stdio::null())
            .output()
            .ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        (output.status.success() && !text.trim().is_empty()).then(|| text.trim().into())
    };
    FOUND.get_or_init(find).as_deref()
}

fn works(python: &Path, code: &str) -> bool {
    Command::new(python)
        .args(["-I", "-c", code])
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}

/// A Python environment.
#[derive(Debug, Clone)]
pub struct Env {
    /// Its folder.
    pub path: PathBuf,
}

/// Makes an environment with pip.
///
/// # Panics
/// It cannot be made.
#[track_caller]
#[must_use]
pub fn venv(at: &Path) -> Env {
    make(at, &[])
}

/// Makes an environment without pip, quickly.
///
/// # Panics
/// It cannot be made.
#[track_caller]
#[must_use]
pub fn bare_venv(at: &Path) -> Env {
    make(at, &["--without-pip"])
}

#[track_caller]
fn make(at: &Path, args: &[&str]) -> Env {
    let python = interpreter().expect("ask `python::need` first");
    let output = Command::new(python)
        .args(["-I", "-m", "venv"])
        .args(args)
        .arg(at)
        .output()
        .expect("python can be run");
    assert!(
        output.status.success(),
        "{}: {}",
        at.display(),
        String::from_utf8_lossy(&output.stderr)
    );
    Env {
        path: at.to_owned(),
    }
}

impl Env {
    /// Its interpreter.
    #[must_use]
    pub fn python(&self) -> PathBuf {
        self.path.join("bin/python")
    }

    /// The folder that packages are installed into.
    ///
    /// # Panics
    /// There is none.
    #[must_use]
    pub fn site_packages(&self) -> PathBuf {
        let lib = self.path.join("lib");
        let entries = fs::read_dir(&lib).unwrap_or_else(|e| panic!("{}: {e}", lib.display()));
        entries
            .flatten()
            .map(|entry| entry.path().join("site-packages"))
            .find(|folder| folder.is_dir())
            .unwrap_or_else(|| panic!("{} has no site-packages", self.path.display()))
    }

    /// What is installed, as `name version`, sorted; pip and setuptools left out.
    #[must_use]
    pub fn distributions(&self) -> Vec<String> {
        let mut found: Vec<String> = fs::read_dir(self.site_packages())
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let name = entry.file_name().into_string().ok()?;
                let (name, version) = name.strip_suffix(".dist-info")?.rsplit_once('-')?;
                Some(format!("{name} {version}"))
            })
            .filter(|text| !text.starts_with("pip ") && !text.starts_with("setuptools "))
            .collect();
        found.sort();
        found
    }

    /// Every path below it, with kind, whole mode and content; caches of bytecode included.
    #[must_use]
    pub fn manifest(&self) -> BTreeMap<String, String> {
        manifest(&self.path)
    }

    /// Runs Python code in it, apart from the surroundings, and returns what it prints; the error
    /// is what it says of its failure. Writes no bytecode.
    ///
    /// # Errors
    /// The code fails.
    pub fn run(&self, cwd: &Path, code: &str) -> Result<String, String> {
        let output = Command::new(self.python())
            .args(["-B", "-c", code])
            .current_dir(cwd)
            .env_clear()
            .output()
            .map_err(|error| error.to_string())?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr))
        }
    }
}

/// Every path below a folder, with kind, whole mode and content.
#[must_use]
pub fn manifest(folder: &Path) -> BTreeMap<String, String> {
    let mode = |path: &str| {
        fs::symlink_metadata(folder.join(path)).map_or(0, |m| m.permissions().mode() & 0o7777)
    };
    tree_hash::listing(folder)
        .into_iter()
        .map(|(path, seen)| {
            let line = match &seen {
                Seen::File { sha256, .. } => format!("{:o} {sha256}", mode(&path)),
                other => other.to_string(),
            };
            (path, line)
        })
        .collect()
}

/// How two manifests differ, a line each; empty when they are equal.
#[must_use]
pub fn manifest_diff(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> Vec<String> {
    let missing = "nothing".to_owned();
    let paths: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    paths
        .into_iter()
        .filter_map(|path| {
            let (a, b) = (before.get(path), after.get(path));
            (a != b).then(|| {
                format!(
                    "{path}: {}  ->  {}",
                    a.unwrap_or(&missing),
                    b.unwrap_or(&missing)
                )
            })
        })
        .collect()
}

/// A wheel to build.
#[derive(Debug, Clone)]
pub struct Wheel {
    name: String,
    version: String,
    requires: Vec<String>,
    files: Vec<(String, String)>,
}

impl Wheel {
    /// A wheel without files.
    #[must_use]
    pub fn new(name: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            version: version.to_owned(),
            requires: Vec::new(),
            files: Vec::new(),
        }
    }

    /// Adds a package of the wheel's own name with this `__init__.py`.
    #[must_use]
    pub fn module(self, text: &str) -> Self {
        let path = format!("{}/__init__.py", self.name.replace('-', "_"));
        self.file(&path, text)
    }

    /// Adds a file.
    #[must_use]
    pub fn file(mut self, path: &str, text: &str) -> Self {
        self.files.push((path.to_owned(), text.to_owned()));
        self
    }

    /// Adds a dependency.
    #[must_use]
    pub fn requires(mut self, requirement: &str) -> Self {
        self.requires.push(requirement.to_owned());
        self
    }

    /// Builds it into a folder, which is made where it is missing, and returns its path.
    ///
    /// # Panics
    /// It cannot be built.
    #[track_caller]
    pub fn write(&self, folder: &Path) -> PathBuf {
        fs::create_dir_all(folder).expect("a folder can be made");
        let described = serde_json::json!({
            "name": self.name, "version": self.version,
            "requires": self.requires, "files": self.files,
        });
        let python = interpreter().expect("ask `python::need` first");
        let mut child = Command::new(python)
            .args(["-I", "-c", WHEEL_MAKER])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python can be run");
        let mut stdin = child.stdin.take().expect("it is piped");
        std::io::Write::write_all(&mut stdin, described.to_string().as_bytes())
            .expect("python reads its input");
        drop(stdin);
        let output = child.wait_with_output().expect("python ends");
        assert!(output.status.success(), "{} cannot be built", self.name);
        folder.join(String::from_utf8_lossy(&output.stdout).trim())
    }
}

/// The files of a project that can be installed without any other package: a `pyproject.toml`
/// with these dependencies, and the backend that builds it, editable or not.
#[must_use]
pub fn project(name: &str, version: &str, dependencies: &[&str]) -> Vec<File> {
    let dependencies: Vec<String> = dependencies.iter().map(|d| format!("{d:?}")).collect();
    let text = format!(
        "[build-system]\nrequires = []\nbuild-backend = \"in_tree\"\nbackend-path = [\"build_backend\"]\n\n\
         [project]\nname = {name:?}\nversion = {version:?}\ndependencies = [{}]\n",
        dependencies.join(", ")
    );
    vec![
        File::plain("pyproject.toml", text),
        File::plain("build_backend/in_tree.py", BACKEND),
    ]
}

/// The same run with an installer that asks no index and finds what is in `wheels`.
pub fn offline(run: Invocation, wheels: &Path) -> Invocation {
    run.env("PIP_NO_INDEX", "1")
        .env("PIP_FIND_LINKS", wheels)
        .env("PIP_NO_CACHE_DIR", "1")
        .env("UV_NO_INDEX", "1")
        .env("UV_OFFLINE", "1")
        .env("UV_FIND_LINKS", wheels)
        .env("UV_NO_CACHE", "1")
        .env("UV_PYTHON_DOWNLOADS", "never")
}

/// Puts a stand-in for `uv` into a folder that is made: it installs `NAME==VERSION` lines of
/// requirement files by writing their files into the environment, a step at a time, and takes
/// a wheel's place where a test wants speed and no real installer. Returns the folder, for the
/// PATH.
///
/// # Panics
/// It cannot be written.
pub fn stub_uv(folder: &Path) -> PathBuf {
    fs::create_dir_all(folder).expect("a folder can be made");
    let program = folder.join("uv");
    fs::write(&program, STUB)
        .and_then(|()| fs::set_permissions(&program, fs::Permissions::from_mode(0o755)))
        .expect("a program can be written");
    folder.to_owned()
}

#[cfg(test)]
mod tests;

//! Facts about the Python environment: which one it is, whether it works, what else lives in it,
//! and what an upgrade would install into it.
//!
//! Nothing of Python is run: an environment is told by its files. (`uv` alone is asked for its
//! version.)

use std::fs;
use std::path::{Path, PathBuf};

use vit_contract::code::Code;
use vit_contract::digest;
use vit_contract::plan::{Position, WheelFolder};
use vit_contract::problem::{Problem, Who};

use crate::context::Context;
use crate::error::EngineError;
use crate::twin;

pub mod inputs;
pub mod installer;
pub mod kept;

use installer::Found as InstallerFound;

/// The file that makes a folder an environment.
const MARK: &str = "pyvenv.cfg";
/// The interpreter, below the environment.
const PYTHON: &str = "bin/python";
/// How many other installations a warning names.
const NAMED: usize = 5;
/// How large a file that is only looked at may be, in bytes.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub enum Found {
    /// Dependencies are not managed: why.
    NotManaged(String),
    /// An environment, or what stands in its place.
    There(Box<Environment>),
}

/// The environment of an installation.
#[derive(Debug, Clone, PartialEq)]
pub struct Environment {
    /// Its folder, absolute, as it was named.
    pub path: PathBuf,
    /// Who named it: `vit.toml`, `VIRTUAL_ENV`, `.venv` or `venv`.
    pub found_by: &'static str,
    /// Why it cannot be installed into: it is none, or its interpreter does not start.
    pub fault: Option<Problem>,
    /// Folders of other installations that live in it, where it lies outside of this one.
    pub shared: Vec<String>,
    /// What tells whether somebody has changed it; running Python in it does not.
    pub fingerprint: String,
}

impl Environment {
    /// Its interpreter.
    #[must_use]
    pub fn python(&self) -> PathBuf {
        self.path.join(PYTHON)
    }
}

/// What a landing means for the environment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Change {
    /// What it depends on that changes, by name; nothing: it stays as it is.
    pub because: Vec<String>,
    /// What the target says that is installed; nothing: it says nothing.
    pub install: Vec<inputs::Requirement>,
    /// Who would install; absent where nobody is there.
    pub installer: Option<InstallerFound>,
    /// Imported distributions to install from.
    pub wheels: Vec<WheelFolder>,
    /// Room.
    pub room: Room,
}

/// Room for a twin and for what an installation brings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Room {
    /// What the environment's file system must take, in bytes.
    pub needed: u64,
    /// What is free there for this user, in bytes.
    pub free: u64,
    /// What the state folder's file system must take, where that is another one.
    pub needed_by_state: u64,
    /// Whether the environment lies on the working tree's file system.
    pub with_tree: bool,
}

/// Finds the environment: named in the settings, by `VIRTUAL_ENV`, or at one of the usual places.
#[must_use]
pub fn find(cx: &Context<'_>) -> Found {
    match locate(cx) {
        Err(reason) => Found::NotManaged(reason.to_owned()),
        Ok((path, found_by)) => Found::There(Box::new(Environment {
            fault: fault(&path),
            shared: others_in(&path, &cx.site.root),
            fingerprint: fingerprint(&path),
            path,
            found_by,
        })),
    }
}

/// The folder that is taken for the environment, whatever stands there, and who named it; else
/// why there is none.
///
/// # Errors
/// Dependencies are not managed: the reason.
pub fn locate(cx: &Context<'_>) -> Result<(PathBuf, &'static str), &'static str> {
    let settings = &cx.site.settings.environment;
    if !settings.manage {
        return Err("the settings say so (`environment.manage`)");
    }
    let root = &cx.site.root;
    let named = settings
        .path
        .as_ref()
        .map(|path| (root.join(path), "vit.toml"));
    let active = || {
        let path = cx.environment.get("VIRTUAL_ENV")?;
        Some((root.join(path), "VIRTUAL_ENV"))
    };
    let usual = || {
        [".venv", "venv"].into_iter().find_map(|name| {
            let path = root.join(name);
            fs::symlink_metadata(&path).is_ok().then_some((path, name))
        })
    };
    named
        .or_else(active)
        .or_else(usual)
        .ok_or("no Python environment was found (settings, VIRTUAL_ENV, .venv, venv)")
}

/// The same, where it is an environment.
#[must_use]
pub fn folder(cx: &Context<'_>) -> Option<PathBuf> {
    let (path, _) = locate(cx).ok()?;
    path.join("pyvenv.cfg").is_file().then_some(path)
}

/// What a switch from one tree to another means for the environment.
///
/// # Errors
/// Git failed, or a file system does not say how much is free.
pub fn change(
    cx: &Context<'_>,
    found: &Found,
    from: Option<&Position>,
    to: &str,
) -> Result<Change, EngineError> {
    let (Found::There(environment), Some(from)) = (found, from) else {
        return Ok(Change::default());
    };
    let settings = &cx.site.settings.environment;
    let then = inputs::of_tree(cx, to, &settings.install)?;
    let mut change = Change {
        install: then.install.clone(),
        ..Change::default()
    };
    if from.tree != to && !then.install.is_empty() {
        let now = inputs::of_tree(cx, &from.tree, &settings.install)?;
        change.because = now.differing(&then);
    }
    if !change.because.is_empty() {
        change.installer = installer::find(cx, environment);
        change.room = room(cx, &environment.path)?;
    }
    Ok(change)
}

/// Why a folder cannot be installed into.
fn fault(path: &Path) -> Option<Problem> {
    let shown = path.display().to_string();
    let invalid = |why: &str| {
        Problem::new(
            Code::EnvironmentInvalid,
            &shown,
            format!("this is no Python environment: {why}"),
        )
        .hint(
            Who::You,
            "make one with `python3 -m venv`, name another with `environment.path` in vit.toml, \
             or say `environment.manage = false`",
        )
    };
    let broken = |why: String| {
        Problem::new(
            Code::EnvironmentBroken,
            &shown,
            "the environment's interpreter does not start",
        )
        .evidence(why)
        .hint(
            Who::You,
            "make the environment anew with `python3 -m venv --upgrade`, or install the Python \
             that it was made with",
        )
    };
    if !path.exists() {
        return Some(invalid("it is not there"));
    }
    if !path.is_dir() {
        return Some(invalid("it is no folder"));
    }
    if !path.join(MARK).is_file() {
        return Some(invalid("it has no pyvenv.cfg"));
    }
    let python = path.join(PYTHON);
    let link = match fs::symlink_metadata(&python) {
        Ok(found) => found.is_symlink(),
        Err(_) => return Some(invalid("it has no bin/python")),
    };
    if !python.is_file() {
        let to = fs::read_link(&python).unwrap_or_default();
        let why = if link {
            format!("bin/python leads to {}, which is not there", to.display())
        } else {
            "bin/python is no file".to_owned()
        };
        return Some(broken(why));
    }
    let executable = rustix::fs::access(&python, rustix::fs::Access::EXEC_OK).is_ok();
    (!executable).then(|| broken("bin/python may not be executed".to_owned()))
}

/// The folders that packages are installed into.
#[must_use]
pub fn site_packages(environment: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = folders(&environment.join("lib"))
        .into_iter()
        .map(|path| path.join("site-packages"))
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

/// The distributions in an environment, as the folders that describe them, sorted.
#[must_use]
pub fn distributions(environment: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = site_packages(environment)
        .iter()
        .flat_map(|folder| folders(folder))
        .filter(|path| path.extension().is_some_and(|end| end == "dist-info"))
        .collect();
    found.sort();
    found
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir())
        .collect()
}

/// A digest over what an installer writes: `pyvenv.cfg`, and of every distribution its name, its
/// list of files and where it came from.
#[must_use]
pub fn fingerprint(environment: &Path) -> String {
    let content = |path: &Path| {
        let bytes = crate::store::atomic::read_bounded(path, MAX_BYTES);
        bytes
            .ok()
            .flatten()
            .map_or_else(|| "none".to_owned(), |bytes| digest::sha256(&bytes))
    };
    let mut text = content(&environment.join(MARK));
    for folder in distributions(environment) {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let record = content(&folder.join("RECORD"));
        let origin = content(&folder.join("direct_url.json"));
        text.push_str(&format!("\n{name} {record} {origin}"));
    }
    digest::sha256(text.as_bytes())
}

/// Other installations that live in an environment outside of this one: folders that something in
/// it was installed from.
fn others_in(environment: &Path, root: &Path) -> Vec<String> {
    let real = fs::canonicalize(environment).unwrap_or_else(|_| environment.to_owned());
    if real.starts_with(root) {
        return Vec::new();
    }
    let mut found: Vec<String> = distributions(environment)
        .iter()
        .filter_map(|folder| origin(folder))
        .filter(|from| !from.starts_with(root))
        .map(|from| from.display().to_string())
        .collect();
    found.sort();
    found.dedup();
    found.truncate(NAMED);
    found
}

/// The folder that a distribution was installed from, where it was one that is still there.
fn origin(distribution: &Path) -> Option<PathBuf> {
    let path = distribution.join("direct_url.json");
    let bytes = crate::store::atomic::read_bounded(&path, MAX_BYTES).ok()??;
    let value: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
    value.get("dir_info")?;
    let url = value.get("url")?.as_str()?;
    let folder = PathBuf::from(decoded(url.strip_prefix("file://")?)?);
    folder.is_dir().then_some(folder)
}

/// A URL's path without its `%`-escapes.
fn decoded(text: &str) -> Option<std::ffi::OsString> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let pair = [rest.next()?, rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&pair).ok()?, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    Some(std::os::unix::ffi::OsStringExt::from_vec(bytes))
}

/// What a twin and an installation may need. New files are taken to be as large as those that
/// are there: every one of them may be replaced.
fn room(cx: &Context<'_>, path: &Path) -> Result<Room, EngineError> {
    let (small, whole) = sizes(path);
    let free = free_bytes(path)?;
    let linked = twin::same_file_system(path, &cx.site.state_dir);
    Ok(Room {
        needed: whole.saturating_add(if linked { small } else { 0 }),
        free,
        needed_by_state: if linked { 0 } else { whole },
        with_tree: twin::same_file_system(path, &cx.site.root),
    })
}

/// Bytes that a linked twin takes all the same (folders, small files), and bytes of everything.
fn sizes(folder: &Path) -> (u64, u64) {
    const BLOCK: u64 = 4096;
    let (mut small, mut whole) = (0, 0);
    let mut waiting = vec![folder.to_owned()];
    while let Some(next) = waiting.pop() {
        small += BLOCK;
        for entry in fs::read_dir(&next).into_iter().flatten().flatten() {
            let Ok(found) = entry.metadata() else {
                continue;
            };
            if found.is_dir() {
                waiting.push(entry.path());
            } else {
                let takes = found.len().div_ceil(BLOCK) * BLOCK;
                whole += takes;
                if found.len() <= BLOCK {
                    small += takes;
                }
            }
        }
    }
    (small, whole + small)
}

fn free_bytes(path: &Path) -> Result<u64, EngineError> {
    let there = path
        .ancestors()
        .find(|part| part.exists())
        .unwrap_or(Path::new("/"));
    let stat = rustix::fs::statvfs(there).map_err(|errno| EngineError::Io {
        action: "asking for the free disk of",
        path: there.to_owned(),
        source: errno.into(),
    })?;
    Ok(stat.f_bavail.saturating_mul(stat.f_frsize))
}

#[cfg(test)]
mod tests;

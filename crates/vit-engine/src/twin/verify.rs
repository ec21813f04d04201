//! Comparing a folder with a manifest, by content.

use std::ffi::OsStr;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::FileType;

use super::manifest::{Entry, Held, Manifest, Node, shown};
use super::tree::{Found, Tree, file_type, mode, size};
use super::{Work, pool};
use crate::error::EngineError;

/// One way in which a folder is not what its manifest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Relative to the folder, which itself is `.`.
    pub path: PathBuf,
    /// What is wrong with it.
    pub what: What,
}

/// What is wrong with a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It is not there.
    Missing,
    /// It should not be there.
    Extra {
        /// It is a file that Python makes by itself when it runs, or the folder of these.
        bytecode: bool,
    },
    /// It is something else: a folder for a file, a link for a folder.
    Kind,
    /// The file's content.
    Content,
    /// Where the link leads.
    Target,
    /// Permissions, set-id or sticky bits.
    Mode {
        /// In the manifest.
        expected: u32,
        /// In the folder.
        found: u32,
    },
    /// Owner and group.
    Owner {
        /// In the manifest.
        expected: (u32, u32),
        /// In the folder.
        found: (u32, u32),
    },
    /// It could not be read, so nobody knows.
    Unreadable(String),
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.path.display())?;
        match &self.what {
            What::Missing => write!(f, "missing"),
            What::Extra { .. } => write!(f, "should not be there"),
            What::Kind => write!(f, "is something else"),
            What::Content => write!(f, "has other content"),
            What::Target => write!(f, "leads elsewhere"),
            What::Mode { expected, found } => {
                write!(f, "has mode {found:04o} instead of {expected:04o}")
            }
            What::Owner { expected, found } => write!(
                f,
                "is owned by {}:{} instead of {}:{}",
                found.0, found.1, expected.0, expected.1
            ),
            What::Unreadable(why) => write!(f, "cannot be read: {why}"),
        }
    }
}

/// What a comparison passes over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Tolerate {
    /// Nothing.
    #[default]
    Nothing,
    /// Files that Python makes by itself when it runs: `__pycache__` and `*.pyc` in it, where
    /// they are not in the manifest.
    NewBytecode,
}

impl Tolerate {
    pub(super) fn passes_over(self, mismatch: &Mismatch) -> bool {
        self == Self::NewBytecode && mismatch.what == What::Extra { bytecode: true }
    }
}

/// Every way in which a folder is not what the manifest says, sorted by path. A folder that is
/// missing, or something else, is a mismatch and no error.
///
/// # Errors
/// Somebody asked to stop.
pub fn verify(
    folder: &Path,
    manifest: &Manifest,
    tolerate: Tolerate,
    work: &Work<'_>,
) -> Result<Vec<Mismatch>, EngineError> {
    let mut mismatches = match open(folder, manifest)? {
        Err(mismatches) => mismatches,
        Ok(tree) => {
            let (mut mismatches, same_size) = outside(&tree, manifest, work)?;
            let contents = pool::each(&same_size, |(name, sha256), buffer| {
                work.go_on("reading", tree.path())?;
                Ok(content(&tree, name, sha256, buffer))
            })?;
            mismatches.extend(contents.into_iter().flatten());
            mismatches
        }
    };
    mismatches.retain(|mismatch| !tolerate.passes_over(mismatch));
    mismatches.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(mismatches)
}

/// Whether [`verify`] would find nothing; it ends at the first finding.
///
/// # Errors
/// Somebody asked to stop.
pub fn is_same(
    folder: &Path,
    manifest: &Manifest,
    tolerate: Tolerate,
    work: &Work<'_>,
) -> Result<bool, EngineError> {
    let Ok(tree) = open(folder, manifest)? else {
        return Ok(false);
    };
    let (mismatches, same_size) = outside(&tree, manifest, work)?;
    if !mismatches.iter().all(|m| tolerate.passes_over(m)) {
        return Ok(false);
    }
    let differs = AtomicBool::new(false);
    pool::each(&same_size, |(name, sha256), buffer| {
        work.go_on("reading", tree.path())?;
        if !differs.load(Ordering::Relaxed) && content(&tree, name, sha256, buffer).is_some() {
            differs.store(true, Ordering::Relaxed);
        }
        Ok(())
    })?;
    Ok(!differs.into_inner())
}

/// Opens the folder, or tells what is there instead.
fn open(folder: &Path, manifest: &Manifest) -> Result<Result<Tree, Vec<Mismatch>>, EngineError> {
    let root = match std::fs::symlink_metadata(folder) {
        Ok(found) if found.is_dir() => match Tree::open(folder) {
            Ok(tree) => return Ok(Ok(tree)),
            Err(EngineError::Io { source, .. }) => What::Unreadable(source.to_string()),
            Err(error) => return Err(error),
        },
        Ok(_) => What::Kind,
        Err(error) if error.kind() == io::ErrorKind::NotFound => What::Missing,
        Err(error) => What::Unreadable(error.to_string()),
    };
    let rest = manifest.entries.keys().skip(1);
    let mut mismatches: Vec<_> = rest.map(|name| mismatch(name, What::Missing)).collect();
    mismatches.push(mismatch(OsStr::new(""), root));
    Ok(Err(mismatches))
}

/// Files that differ in nothing but, perhaps, in content.
type SameSize<'a> = Vec<(&'a OsStr, &'a [u8; 32])>;

/// Everything but the files' content.
fn outside<'a>(
    tree: &Tree,
    manifest: &'a Manifest,
    work: &Work<'_>,
) -> Result<(Vec<Mismatch>, SameSize<'a>), EngineError> {
    let found = tree.walk(work)?;
    let mut mismatches = Vec::new();
    let mut same_size = Vec::new();
    let mut found = found.iter().peekable();
    for (name, entry) in &manifest.entries {
        while let Some(extra) = found.next_if(|found| found.name < *name) {
            mismatches.push(extra_path(extra));
        }
        let Some(at) = found.next_if(|found| found.name == *name) else {
            mismatches.push(mismatch(name, What::Missing));
            continue;
        };
        mismatches.extend(attributes(at, entry).into_iter().map(|w| mismatch(name, w)));
        if let Some(what) = node(tree, at, entry) {
            mismatches.push(mismatch(name, what));
        } else if let Node::File { sha256, .. } = &entry.node {
            same_size.push((name.as_os_str(), sha256));
        }
    }
    mismatches.extend(found.map(extra_path));
    Ok((mismatches, same_size))
}

fn node(tree: &Tree, found: &Found, entry: &Entry) -> Option<What> {
    if let Some(error) = &found.closed {
        return Some(What::Unreadable(error.to_string()));
    }
    let is = match tree.entry(found) {
        Ok(is) => is,
        Err(error) => return Some(What::Unreadable(error.to_string())),
    };
    match (&is.node, &entry.node) {
        (Node::File { .. }, Node::File { size: wanted, .. }) => {
            (size(&found.stat) != *wanted).then_some(What::Content)
        }
        (Node::Link { target }, Node::Link { target: wanted }) => {
            (target != wanted).then_some(What::Target)
        }
        (is, wanted) => (is != wanted).then_some(What::Kind),
    }
}

fn attributes(found: &Found, entry: &Entry) -> Vec<What> {
    let mut wrong = Vec::new();
    let kept = entry.held != Held::OtherOwner;
    let mask = if kept { 0o7777 } else { 0o1777 };
    let is = mode(&found.stat);
    let is_link = file_type(&found.stat) == FileType::Symlink;
    if !is_link && (is ^ entry.mode) & mask != 0 {
        wrong.push(What::Mode {
            expected: entry.mode,
            found: is,
        });
    }
    let (expected, is) = (
        (entry.uid, entry.gid),
        (found.stat.st_uid, found.stat.st_gid),
    );
    if kept && is != expected {
        wrong.push(What::Owner {
            expected,
            found: is,
        });
    }
    wrong
}

fn content(tree: &Tree, name: &OsStr, sha256: &[u8; 32], buffer: &mut [u8]) -> Option<Mismatch> {
    let what = match tree.hash(name, buffer) {
        Ok((found, _)) if found == *sha256 => return None,
        Ok(_) => What::Content,
        Err(error) if error.kind() == io::ErrorKind::NotFound => What::Missing,
        Err(error) => What::Unreadable(error.to_string()),
    };
    Some(mismatch(name, what))
}

fn extra_path(found: &Found) -> Mismatch {
    let path = Path::new(&found.name);
    let cache = "__pycache__";
    let bytecode = match file_type(&found.stat) {
        FileType::Directory => path.ends_with(cache),
        FileType::RegularFile => {
            let name = path.file_name().unwrap_or_default().as_encoded_bytes();
            // While it is written, a number follows.
            let mut ends = name.rsplitn(2, |&byte| byte == b'.');
            let (last, before) = (ends.next().unwrap_or_default(), ends.next());
            let finished = last == b"pyc" && before.is_some();
            let unfinished = last.iter().all(u8::is_ascii_digit)
                && before.is_some_and(|before| before.ends_with(b".pyc"));
            path.parent().is_some_and(|parent| parent.ends_with(cache)) && (finished || unfinished)
        }
        _ => false,
    };
    mismatch(&found.name, What::Extra { bytecode })
}

fn mismatch(name: &OsStr, what: What) -> Mismatch {
    Mismatch {
        path: shown(name).to_owned(),
        what,
    }
}

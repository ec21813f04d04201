//! The member that git reads: what its head says, whether the manifest says the same, and a trial
//! of it in a repository aside.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use vit_contract::bundle::{BundleManifest, BundledRelease};
use vit_contract::text;

use super::file::{Unusable, damaged};
use crate::environment::Environment;
use crate::error::EngineError;
use crate::git::{Git, GitError, RefEdit, TAGS};

/// The largest head that is read, in bytes.
const MAX_HEAD: u64 = 4 * 1024 * 1024;

/// What git says where a disk is full.
const NO_ROOM: &str = "No space left on device";

/// What a bundle of git's says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Head {
    /// The commits that it builds on, in order.
    pub base: Vec<String>,
    /// Objects and the names of the refs that point at them.
    pub refs: Vec<(String, String)>,
}

/// Reads the head of a bundle of git's.
///
/// # Errors
/// It is none, or cannot be read.
pub fn head(path: &Path) -> Result<Head, Unusable> {
    let io = |source| Unusable::Error(at("reading", path)(source));
    let mut reader = BufReader::new(File::open(path).map_err(io)?).take(MAX_HEAD);
    let mut line = || -> io::Result<String> {
        let mut bytes = Vec::new();
        reader.read_until(b'\n', &mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    };
    let first = line().map_err(io)?;
    if !["# v2 git bundle\n", "# v3 git bundle\n"].contains(&first.as_str()) {
        return Err(damaged("what git shall read is no bundle of git's"));
    }
    let mut head = Head::default();
    loop {
        let line = line().map_err(io)?;
        let Some(text) = line.strip_suffix('\n') else {
            return Err(damaged("the head of what git shall read is cut off"));
        };
        if text.is_empty() {
            head.base.sort();
            return Ok(head);
        }
        if let Some(prerequisite) = text.strip_prefix('-') {
            // What follows is the beginning of the commit's message.
            let oid = prerequisite.split(' ').next().unwrap_or_default();
            head.base.push(oid.to_owned());
        } else if let Some(capability) = text.strip_prefix('@') {
            // A filter would leave objects out.
            if !capability.starts_with("object-format=") {
                return Err(damaged("what git shall read asks for something unknown"));
            }
        } else if let Some((oid, name)) = text.split_once(' ') {
            head.refs.push((oid.to_owned(), name.to_owned()));
        } else {
            return Err(damaged(
                "the head of what git shall read has a line of another form",
            ));
        }
    }
}

/// Whether the head says what the manifest says. A release may be missing in it whose commit is
/// in the base.
///
/// # Errors
/// They differ.
pub fn agree(manifest: &BundleManifest, head: &Head) -> Result<(), Unusable> {
    if head.base != manifest.base {
        return Err(damaged(
            "the base in its manifest is not that of what git shall read",
        ));
    }
    for (oid, name) in &head.refs {
        let tag = name.strip_prefix(TAGS);
        let named = |release: &&BundledRelease| {
            Some(release.tag.as_str()) == tag && release.tag_object == *oid
        };
        if !manifest.releases.iter().any(|release| named(&release)) {
            return Err(damaged(&format!("the ref {name} is not in its manifest")));
        }
    }
    Ok(())
}

/// A repository aside that borrows the objects of another one.
///
/// # Errors
/// It cannot be made.
pub fn aside(
    folder: &Path,
    environment: &Environment,
    (digits, lender): (usize, Option<&Path>),
) -> Result<Git, EngineError> {
    let root = folder.join("aside");
    std::fs::create_dir(&root).map_err(at("making", &root))?;
    let git = Git::open(&root, environment);
    git.init(if digits == 64 { "sha256" } else { "sha1" })?;
    if let Some(lender) = lender {
        let path = root.join(".git/objects/info/alternates");
        let write = || {
            std::fs::create_dir_all(root.join(".git/objects/info"))?;
            File::create(&path)?.write_all(&lent(lender))
        };
        write().map_err(at("writing", &path))?;
    }
    Ok(git)
}

/// A folder as git's list of alternates takes it.
fn lent(folder: &Path) -> Vec<u8> {
    let bytes = folder.as_os_str().as_bytes();
    let mut line = Vec::new();
    if bytes.contains(&b'\n') || bytes.starts_with(b"\"") || bytes.starts_with(b"#") {
        line.push(b'"');
        for &byte in bytes {
            match byte {
                b'\n' => line.extend(b"\\n"),
                b'"' | b'\\' => line.extend([b'\\', byte]),
                _ => line.push(byte),
            }
        }
        line.push(b'"');
    } else {
        line.extend(bytes);
    }
    line.push(b'\n');
    line
}

/// Writes these releases into `file`, without what `base` has.
///
/// # Errors
/// Git failed.
pub fn make(
    aside: &Git,
    file: &Path,
    releases: &[BundledRelease],
    base: Option<&str>,
) -> Result<(), EngineError> {
    let names: Vec<String> = releases
        .iter()
        .map(|release| format!("{TAGS}{}", release.tag))
        .collect();
    let edits: Vec<RefEdit> = releases
        .iter()
        .zip(&names)
        .map(|(release, name)| RefEdit::Create {
            name: name.clone(),
            oid: release.tag_object.clone(),
        })
        .collect();
    aside.update_refs(&edits)?;
    Ok(aside.bundle_create(file, &names, base)?)
}

/// Brings it all into a repository aside and holds tags, commits and trees against the manifest.
///
/// # Errors
/// It does not hold what the manifest says, or git could not be run.
pub fn trial(
    aside: &Git,
    file: &Path,
    (manifest, head): (&BundleManifest, &Head),
) -> Result<(), Unusable> {
    let tags: Vec<String> = head
        .refs
        .iter()
        .filter_map(|(_, name)| Some(name.strip_prefix(TAGS)?.to_owned()))
        .collect();
    match aside.bundle_fetch(file, &tags) {
        Ok(()) => {}
        // A full disk says nothing of the bundle.
        Err(GitError::Failed { message, .. }) if message.contains(NO_ROOM) => {
            let full = io::Error::new(io::ErrorKind::StorageFull, message);
            return Err(Unusable::Error(at("reading", file)(full)));
        }
        Err(error @ GitError::Failed { .. }) => return Err(damaged(&error.to_string())),
        Err(error) => return Err(Unusable::Error(error.into())),
    }
    holds(aside, manifest)
}

/// Whether the repository has every tag's object, and that is of the commit and tree of the
/// manifest.
///
/// # Errors
/// It has another one, or git could not be run.
pub fn holds(git: &Git, manifest: &BundleManifest) -> Result<(), Unusable> {
    let mut specs = Vec::new();
    for release in &manifest.releases {
        specs.push(format!("{}^{{commit}}", release.tag_object));
        specs.push(format!("{}^{{tree}}", release.commit));
    }
    let found = git
        .resolve(&specs)
        .map_err(|error| Unusable::Error(error.into()))?;
    for (release, found) in manifest.releases.iter().zip(found.chunks(2)) {
        let [commit, tree] = found else { continue };
        let is = |found: &Option<(String, String)>, oid: &str| {
            found.as_ref().is_some_and(|(found, _)| found == oid)
        };
        if !is(commit, &release.commit) || !is(tree, &release.tree) {
            return Err(damaged(&format!(
                "the tag {} is not of the commit and the tree that its manifest names",
                text::visible(&release.tag)
            )));
        }
    }
    Ok(())
}

/// The commits of a base that are not in a repository.
///
/// # Errors
/// Git failed.
pub fn missing(git: &Git, base: &[String]) -> Result<Vec<String>, EngineError> {
    let specs: Vec<String> = base.iter().map(|oid| format!("{oid}^{{commit}}")).collect();
    let found = git.resolve(&specs)?;
    let absent = base.iter().zip(found).filter(|(_, found)| found.is_none());
    Ok(absent.map(|(oid, _)| oid.clone()).collect())
}

/// Turns an I/O error into the engine's.
pub(crate) fn at(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> EngineError {
    let path: PathBuf = path.to_owned();
    move |source| EngineError::Io {
        action,
        path,
        source,
    }
}

//! Making a twin: folders are made again, files linked or copied, everything hashed on the way.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::Path;

use rustix::fs::{AtFlags, FileType, Mode};

use super::copy::{Copier, OWN_COPY_BYTES};
use super::manifest::{Entry, Held, Manifest, Node};
use super::tree::{Found, Tree, file_type, size};
use super::{Work, failed, folder_of, pool, remove};
use crate::error::EngineError;

/// Makes `twin`, which must not be there yet, a twin of `source`, durably, and tells what is in
/// it. What tools edit in place, what decides how an environment starts and what is small becomes
/// a copy of its own; the rest is linked, or copied where it cannot be. Where the file system can
/// clone files, everything is a copy.
///
/// # Errors
/// Something could not be read or made, one lies inside the other, or somebody asked to stop.
/// What was made is removed then.
pub fn take(source: &Path, twin: &Path, work: &Work<'_>) -> Result<Manifest, EngineError> {
    let manifest = make(source, twin, true, work)?;
    sync(twin, work).inspect_err(|_| drop(remove::force(twin)))?;
    Ok(manifest)
}

/// Like [`take`], without hashing and without waiting for the disk: whoever counts on it syncs.
///
/// # Errors
/// As [`take`].
pub fn link_copy(source: &Path, target: &Path, work: &Work<'_>) -> Result<(), EngineError> {
    make(source, target, false, work).map(|_| ())
}

/// Makes a twin durable.
fn sync(twin: &Path, work: &Work<'_>) -> Result<(), EngineError> {
    let tree = Tree::open(twin)?;
    work.at("sync")
        .and_then(|()| Ok(rustix::fs::syncfs(tree.fd())?))
        .and_then(|()| work.at("synced"))
        .map_err(failed("syncing", twin))
}

fn make(source: &Path, twin: &Path, hash: bool, work: &Work<'_>) -> Result<Manifest, EngineError> {
    apart(source, twin)?;
    let from = Tree::open(source)?;
    let found = from.walk(work)?;
    if let Some((at, closed)) = found.iter().find_map(|f| Some((f, f.closed.as_ref()?))) {
        return Err(failed("reading", &from.full(&at.name))(super::again(
            closed,
        )));
    }
    work.at("make").map_err(failed("making", twin))?;
    rustix::fs::mkdir(twin, Mode::RWXU).map_err(failed("making", twin))?;
    let result = Tree::open(twin).and_then(|to| {
        let copier = Copier::new(&from, &to, hash, work);
        fill(&copier, &found)
    });
    if result.is_err() {
        // The first error is the one to tell.
        let _ = remove::force(twin);
    }
    result
}

/// Refuses where one lies inside the other.
fn apart(source: &Path, twin: &Path) -> Result<(), EngineError> {
    let real = |path: &Path| fs::canonicalize(path).map_err(failed("opening", path));
    let name = twin.file_name().unwrap_or_default();
    let (a, b) = (real(source)?, real(folder_of(twin))?.join(name));
    if name.is_empty() || a.starts_with(&b) || b.starts_with(&a) {
        let why = format!("it and {} lie inside each other", source.display());
        return Err(failed("making", twin)(io::Error::new(
            io::ErrorKind::InvalidInput,
            why,
        )));
    }
    Ok(())
}

/// A file to be made, and whether as a copy.
struct Task<'a> {
    found: &'a Found,
    own: bool,
}

fn fill(copier: &Copier<'_>, found: &[Found]) -> Result<Manifest, EngineError> {
    let of = |kind| move |found: &&Found| file_type(&found.stat) == kind;
    let folders: Vec<&Found> = found.iter().filter(of(FileType::Directory)).collect();
    let mut entries = Vec::with_capacity(found.len());
    for folder in folders.iter().filter(|folder| !folder.name.is_empty()) {
        copier.folder(folder)?;
    }
    let files: Vec<&Found> = found.iter().filter(of(FileType::RegularFile)).collect();
    copier.probe(&files);
    let (tasks, second_names) = tasks(&files);
    let made = pool::each(&tasks, |task, buffer| {
        copier.file(task.found, task.own, buffer)
    })?;
    for second in &second_names {
        entries.push((
            second.name.clone(),
            copier.second_name(second, &made[second.first])?,
        ));
    }
    let names = tasks.iter().map(|task| task.found.name.clone());
    entries.extend(names.zip(made.into_iter().map(|made| made.entry)));
    for other in found {
        let entry = match file_type(&other.stat) {
            FileType::Directory | FileType::RegularFile => continue,
            FileType::Symlink => copier.link(other)?,
            _ => copier.other(other)?,
        };
        entries.push((other.name.clone(), entry));
    }
    // The innermost first: what is made in a folder changes its time, and a folder may turn
    // read-only.
    for folder in folders.iter().rev() {
        entries.push((folder.name.clone(), copier.finish(folder)?));
    }
    Ok(Manifest {
        entries: entries.into_iter().collect(),
    })
}

/// A further name of a file that has one already.
pub(super) struct SecondName {
    pub(super) name: OsString,
    /// Which task makes the file.
    pub(super) first: usize,
}

/// Every file once: names that share a file in the source will share one in the twin.
fn tasks<'a>(files: &[&'a Found]) -> (Vec<Task<'a>>, Vec<SecondName>) {
    let mut tasks: Vec<Task<'a>> = Vec::with_capacity(files.len());
    let mut second_names = Vec::new();
    let mut known: HashMap<(u64, u64), usize> = HashMap::new();
    for &found in files {
        let own = is_own(&found.name, size(&found.stat));
        if found.stat.st_nlink > 1 {
            let first = *known
                .entry((found.stat.st_dev, found.stat.st_ino))
                .or_insert(tasks.len());
            if let Some(task) = tasks.get_mut(first) {
                task.own |= own;
                second_names.push(SecondName {
                    name: found.name.clone(),
                    first,
                });
                continue;
            }
        }
        tasks.push(Task { found, own });
    }
    (tasks, second_names)
}

/// Whether a file must not share its content with the original: tools edit it in place, or it
/// decides how an environment starts, or it is so small that a copy costs hardly more than a link.
fn is_own(name: &OsStr, size: u64) -> bool {
    let path = Path::new(name);
    let ends = |name: &OsStr, end: &str| name.as_encoded_bytes().ends_with(end.as_bytes());
    let last = path.file_name().unwrap_or_default();
    size <= OWN_COPY_BYTES
        || path.starts_with("bin")
        || last == "pyvenv.cfg"
        || last == "sitecustomize.py"
        || last == "usercustomize.py"
        || ends(last, ".pth")
        || ends(last, ".egg-link")
        || path
            .components()
            .any(|part| ends(part.as_os_str(), ".dist-info") || ends(part.as_os_str(), ".egg-info"))
}

/// A made file.
pub(super) struct Made {
    pub(super) name: OsString,
    pub(super) entry: Entry,
}

impl Copier<'_> {
    /// Gives a file that was made a further name.
    fn second_name(&self, second: &SecondName, first: &Made) -> Result<Entry, EngineError> {
        let path = self.to.full(&second.name);
        let none = AtFlags::empty();
        rustix::fs::linkat(self.to.fd(), &first.name, self.to.fd(), &second.name, none)
            .map_err(failed("linking", &path))?;
        Ok(first.entry.clone())
    }

    /// Makes a symbolic link again.
    fn link(&self, found: &Found) -> Result<Entry, EngineError> {
        let path = self.to.full(&found.name);
        let mut entry = self.from.entry(found).map_err(failed("reading", &path))?;
        let Node::Link { target } = &entry.node else {
            return Ok(entry);
        };
        entry.held = self
            .work
            .at("symlink")
            .and_then(|()| {
                rustix::fs::symlinkat(target, self.to.fd(), &found.name)?;
                self.attributes(&found.name, &entry, AtFlags::SYMLINK_NOFOLLOW)
            })
            .map_err(failed("making the link", &path))?;
        Ok(entry)
    }

    /// Links what is neither file nor folder nor link; a FIFO can be made again too.
    fn other(&self, found: &Found) -> Result<Entry, EngineError> {
        let path = self.to.full(&found.name);
        let mut entry = self.from.entry(found).map_err(failed("reading", &path))?;
        let (from, to) = (self.from.fd(), self.to.fd());
        entry.held = Held::Link;
        if rustix::fs::linkat(from, &found.name, to, &found.name, AtFlags::empty()).is_ok() {
            return Ok(entry);
        }
        let Node::Other("fifo") = entry.node else {
            let why = "it is a socket or device, which cannot be copied to another file system";
            return Err(failed("copying", &path)(io::Error::new(
                io::ErrorKind::Unsupported,
                why,
            )));
        };
        rustix::fs::mknodat(to, &found.name, FileType::Fifo, Mode::RUSR, 0)
            .map_err(io::Error::from)
            .and_then(|()| {
                entry.held = self.attributes(&found.name, &entry, AtFlags::empty())?;
                Ok(())
            })
            .map_err(failed("making", &path))?;
        Ok(entry)
    }
}

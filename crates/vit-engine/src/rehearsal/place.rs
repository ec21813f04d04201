//! Where rehearsals stand: `<state>/rehearsals/<id>/`, held by a lock beside it that ends with the
//! process, so that what a killed one left is known and removed by the next command.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use vit_contract::code::Code;
use vit_contract::problem::Severity;

use crate::context::Context;
use crate::error::{EngineError, io_at};
use crate::event::Event;
use crate::exec::run::problem_of;
use crate::process::{self, Marker};
use crate::store::folder::Folder;
use crate::store::{atomic, is_id};

const FOLDER: &str = "rehearsals";
const LOCK: &str = ".lock";
/// How many ids of one second are tried.
const MAX_IDS: usize = 1000;

/// The folder of one rehearsal, ours until it is removed or we end.
#[derive(Debug)]
pub struct Place {
    /// The rehearsal's name, as smoke tests and evidence see it.
    pub id: String,
    folder: PathBuf,
    // Held for its lock.
    _lock: File,
}

impl Place {
    /// Makes the folder of a new rehearsal, after having removed what killed ones left.
    ///
    /// # Errors
    /// The state folder is not safe, or cannot be written to.
    pub fn create(cx: &Context<'_>) -> Result<Self, EngineError> {
        Folder::state(cx.site).ensure()?;
        sweep(cx);
        let all = cx.site.state_dir.join(FOLDER);
        make_folder(&all)?;
        let all = real(&all)?;
        let stamp = cx.clock.now().strftime("%Y%m%d-%H%M%S").to_string();
        for number in 1..=MAX_IDS {
            let id = match number {
                1 => format!("rehearsal-{stamp}"),
                _ => format!("rehearsal-{stamp}-{number}"),
            };
            let folder = all.join(&id);
            let taken = evidence_of(&cx.site.state_dir, &id).exists();
            let Some(lock) = (if taken { None } else { lock(&folder)? }) else {
                continue;
            };
            make_folder(&folder)?;
            for part in [folder.join("tree"), folder.join("state")] {
                make_folder(&part)?;
            }
            return Ok(Self {
                id,
                folder,
                _lock: lock,
            });
        }
        Err(io_at("making the folder", &all)(rustix::io::Errno::EXIST))
    }

    /// The working tree.
    #[must_use]
    pub fn tree(&self) -> PathBuf {
        self.folder.join("tree")
    }

    /// The state folder of what is done there.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.folder.join("state")
    }

    /// The environment, where the live one stands outside the installation.
    #[must_use]
    pub fn environment(&self) -> PathBuf {
        self.folder.join("environment")
    }

    /// Removes everything. What cannot be removed now is removed by the next command.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(self) -> Result<(), EngineError> {
        remove(&self.folder)
    }
}

/// Removes what rehearsals left whose process has died, and ends what they left running. What
/// cannot be removed is in nobody's way: it is told, and the next command tries again.
pub fn sweep(cx: &Context<'_>) {
    if let Err(error) = swept(&cx.site.state_dir) {
        cx.reporter.report(Event::Noticed {
            problem: problem_of(&error, Code::StepFailed).severity(Severity::Warning),
        });
    }
}

/// Something that cannot be read or removed is the error; the rest is removed all the same.
fn swept(state_dir: &Path) -> Result<(), EngineError> {
    let all = state_dir.join(FOLDER);
    let entries = match fs::read_dir(&all) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(io_at("reading", &all))?,
    };
    let all = real(&all)?;
    let mut ids: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .map(|name| name.strip_suffix(LOCK).unwrap_or(&name).to_owned())
        .filter(|id| is_id(id))
        .collect();
    ids.sort();
    ids.dedup();
    let mut result = Ok(());
    for id in ids {
        let folder = all.join(&id);
        match lock(&folder) {
            Ok(None) => {}
            Ok(Some(_held)) => {
                let root = &folder.join("tree");
                let _ended = process::sweep(Marker {
                    transaction: &id,
                    root,
                });
                result = result.and(remove(&folder));
            }
            Err(error) => result = result.and(Err(error)),
        }
    }
    result
}

fn evidence_of(state_dir: &Path, id: &str) -> PathBuf {
    state_dir.join("evidence").join(id)
}

fn lock_path(folder: &Path) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(LOCK);
    name.into()
}

/// The lock of a rehearsal, or `None` where its process is alive.
fn lock(folder: &Path) -> Result<Option<File>, EngineError> {
    let path = lock_path(folder);
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(atomic::flags(OFlags::NOFOLLOW | OFlags::NONBLOCK))
        .open(&path)
        .map_err(io_at("opening", &path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Ok(None),
        Err(TryLockError::Error(error)) => return Err(io_at("locking", &path)(error)),
    }
    // Whoever removed the rehearsal of this name removed its lock as well: ours is of no file.
    let same = match (file.metadata(), fs::symlink_metadata(&path)) {
        (Ok(a), Ok(b)) => (a.dev(), a.ino()) == (b.dev(), b.ino()),
        _ => false,
    };
    Ok(same.then_some(file))
}

/// The folder first and its lock last: a folder without one would be nobody's.
fn remove(folder: &Path) -> Result<(), EngineError> {
    let gone = |result: io::Result<()>| match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    };
    let mut removed = gone(fs::remove_dir_all(folder));
    if removed.is_err() {
        // A smoke test may have left folders that nobody may write to.
        open_up(folder);
        removed = gone(fs::remove_dir_all(folder));
    }
    removed.map_err(io_at("removing", folder))?;
    let lock = lock_path(folder);
    gone(fs::remove_file(&lock)).map_err(io_at("removing", &lock))
}

fn open_up(folder: &Path) {
    let _ = fs::set_permissions(folder, Permissions::from_mode(0o700));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}

fn make_folder(path: &Path) -> Result<(), EngineError> {
    match DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(io_at("making the folder", path)(error))
        }
        _ => Ok(()),
    }
}

/// Without links: as git names it, and as the system names what runs there.
fn real(path: &Path) -> Result<PathBuf, EngineError> {
    fs::canonicalize(path).map_err(io_at("finding", path))
}

//! Bringing a folder back to what its manifest says, from any state.
//!
//! Nothing remembers how far an earlier call came: every call looks at the contents. The folder
//! and its twin change places only where the twin agrees better with the manifest, so a call
//! after a crash never brings the wrong one back; the rest is repaired path by path, each one by
//! a rename, and what a file gets has been compared by its SHA-256.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, RenameFlags};
use rustix::io::Errno;

use super::exchange::{ExchangeError, exchange};
use super::manifest::Manifest;
use super::repair::Repair;
use super::tree::Tree;
use super::verify::{Mismatch, Tolerate, is_same, verify};
use super::{Work, failed, sync_folder_of};
use crate::error::EngineError;

/// How often the folder is repaired and verified again: modes, then what is behind them, then
/// what a linked file brought with it.
const ROUNDS: usize = 5;

/// How to restore.
#[derive(Debug, Clone, Copy, Default)]
pub struct Restore<'a> {
    /// What the result may have beyond the manifest.
    pub tolerate: Tolerate,
    /// Folders in which a file that is damaged in the twin too is looked for, under its path.
    pub sources: &'a [PathBuf],
    /// Never exchange the folders: the live one must stay the one it is.
    pub in_place: bool,
}

/// What was done, and what is left.
#[derive(Debug)]
pub struct Restored {
    /// How the folder came back.
    pub how: How,
    /// What was repaired path by path, sorted.
    pub repaired: Vec<PathBuf>,
    /// How the folder still differs from its manifest: none, or it is not restored.
    pub mismatches: Vec<Mismatch>,
    /// Why the folders were not exchanged, where that was tried.
    pub not_exchanged: Option<ExchangeError>,
    /// What went wrong on the way; it does not matter where there is no mismatch.
    pub errors: Vec<EngineError>,
}

/// How a folder came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum How {
    /// It was what it should be.
    Unchanged,
    /// It and its twin changed places: what was live is where the twin was.
    Exchanged,
    /// It was gone: the twin was moved to its place.
    Moved,
    /// Path by path; the twin is where it was.
    InPlace,
}

/// Brings `live` back to what the manifest says, from `twin` and where needed from other sources.
/// It may be called again after any interruption, and ends in the same state.
///
/// # Errors
/// Somebody asked to stop, or the folder can neither be made nor be synced. What is wrong with
/// single paths is no error but told in the result.
pub fn restore(
    live: &Path,
    twin: &Path,
    manifest: &Manifest,
    with: &Restore<'_>,
    work: &Work<'_>,
) -> Result<Restored, EngineError> {
    let mut restoring = Restoring {
        live,
        twin,
        manifest,
        with,
        work,
        done: Restored {
            how: How::Unchanged,
            repaired: Vec::new(),
            mismatches: Vec::new(),
            not_exchanged: None,
            errors: Vec::new(),
        },
    };
    // It ends at the first finding: what else is wrong counts only where the twin is not whole.
    if !is_same(live, manifest, with.tolerate, work)? {
        restoring.bring()?;
        restoring.repair()?;
    }
    // Also where nothing was done: an earlier call may have died before it came to this.
    work.at("restore.sync").map_err(failed("syncing", live))?;
    if let Ok(tree) = Tree::open(live) {
        rustix::fs::syncfs(tree.fd()).map_err(failed("syncing", live))?;
    }
    sync_folder_of(live)?;
    work.at("restored").map_err(failed("restoring", live))?;
    let mut done = restoring.done;
    done.mismatches.retain(|m| !with.tolerate.passes_over(m));
    Ok(done)
}

struct Restoring<'a> {
    live: &'a Path,
    twin: &'a Path,
    manifest: &'a Manifest,
    with: &'a Restore<'a>,
    work: &'a Work<'a>,
    done: Restored,
}

impl Restoring<'_> {
    /// Looks at the live folder again.
    fn is_done(&mut self) -> Result<bool, EngineError> {
        self.done.mismatches = verify(self.live, self.manifest, Tolerate::Nothing, self.work)?;
        let tolerate = self.with.tolerate;
        Ok(self.done.mismatches.iter().all(|m| tolerate.passes_over(m)))
    }

    /// Brings a folder into the live place: the twin where that is better than what is there.
    fn bring(&mut self) -> Result<(), EngineError> {
        let live = match fs::symlink_metadata(self.live) {
            Ok(found) => Some(found),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed("reading", self.live)(error)),
        };
        if live.is_some() && !self.with.in_place && self.twin_is_better()? {
            match exchange(self.live, self.twin, self.work) {
                Ok(()) => {
                    self.done.how = How::Exchanged;
                    return Ok(());
                }
                // Path by path, then; what is there by now is looked at again.
                Err(error) => self.done.not_exchanged = Some(error),
            }
        }
        match live {
            None => self.refill(),
            Some(found) if !found.is_dir() => {
                let action = "removing what stands in the place of";
                self.work
                    .at("restore.clear")
                    .and_then(|()| fs::remove_file(self.live))
                    .map_err(failed(action, self.live))?;
                self.refill()
            }
            Some(_) => {
                self.done.how = How::InPlace;
                Ok(())
            }
        }
    }

    fn twin_is_better(&mut self) -> Result<bool, EngineError> {
        if !fs::symlink_metadata(self.twin).is_ok_and(|found| found.is_dir()) {
            return Ok(false);
        }
        let twin = verify(self.twin, self.manifest, Tolerate::Nothing, self.work)?;
        if twin.is_empty() {
            return Ok(true);
        }
        self.is_done()?;
        Ok(twin.len() < self.done.mismatches.len())
    }

    /// Where there is no live folder: moves the twin there, or makes an empty one to be repaired.
    fn refill(&mut self) -> Result<(), EngineError> {
        let live = self.live;
        self.work
            .at("restore.move")
            .map_err(failed("restoring", live))?;
        let is_folder = fs::symlink_metadata(self.twin).is_ok_and(|found| found.is_dir());
        let moved = is_folder
            && !self.with.in_place
            && rustix::fs::renameat_with(CWD, self.twin, CWD, live, RenameFlags::NOREPLACE).is_ok();
        if moved {
            self.done.how = How::Moved;
            return sync_folder_of(self.twin);
        }
        self.done.how = How::InPlace;
        match rustix::fs::mkdir(live, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => Ok(()),
            Err(error) => Err(failed("making", live)(error)),
        }
    }

    /// Repairs what is still wrong, until nothing is or nothing changes any more.
    fn repair(&mut self) -> Result<(), EngineError> {
        let mut sources = vec![self.twin.to_owned()];
        sources.extend_from_slice(self.with.sources);
        let mut repaired = BTreeSet::new();
        let mut before: Vec<Mismatch> = Vec::new();
        let mut ended = false;
        for _ in 0..ROUNDS {
            ended = self.is_done()? || self.done.mismatches == before;
            if ended {
                break;
            }
            let mut repair = Repair::new(self.live, self.manifest, &sources, self.work)?;
            repair.run(&self.done.mismatches);
            self.done.errors.extend(repair.errors);
            repaired.extend(self.done.mismatches.iter().map(|m| m.path.clone()));
            before.clone_from(&self.done.mismatches);
        }
        if !ended {
            self.is_done()?;
        }
        for left in &self.done.mismatches {
            repaired.remove(&left.path);
        }
        self.done.repaired = repaired.into_iter().collect();
        Ok(())
    }
}

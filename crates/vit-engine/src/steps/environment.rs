//! The step `environment`: the Python environment. A twin of it is kept before anything changes,
//! and put back by its files: nothing is ever resolved again, and no Python is run for it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use vit_contract::history::EnvironmentProof;
use vit_contract::plan::{EnvironmentAction, EnvironmentPlan, EnvironmentStep, Step};

use super::leftovers::Leftovers;
use crate::cancel::Cancel;
use crate::context::Context;
use crate::error::{EngineError, io_at as io};
use crate::exec::execute::{Failure, failed};
use crate::exec::record::KeptEnvironment;
use crate::facts::environment;
use crate::store::{atomic, environments};
use crate::twin::{self, Manifest, Restore, Tolerate, Work};

mod after;
mod difference;
mod install;
mod retention;

pub use after::{Changed, Settled, changed_since, differing, installed, look, mismatch, settle};
pub use retention::{drop_kept, prune};

/// The environment that a kept one becomes on its way to the live place.
const INCOMING: &str = "incoming";
/// A copy of the restored environment while smoke tests run in it.
const GUARD: &str = "guard";

/// Keeps a twin of the environment, durably, where a step changes it.
///
/// # Errors
/// It cannot be read, or the twin not be made.
pub fn keep(
    cx: &Context<'_>,
    transaction: &str,
    steps: &[Step],
) -> Result<Option<KeptEnvironment>, EngineError> {
    let step = steps.iter().find_map(|step| match step {
        Step::Environment(step) => Some(step),
        _ => None,
    });
    let Some(step) = step else {
        return Ok(None);
    };
    let (path, made) = live(step)?;
    let state = &cx.site.state_dir;
    let place = place(cx, &path, transaction);
    let mut kept = KeptEnvironment {
        path: path.display().to_string(),
        twin: place.display().to_string(),
        manifest_sha256: String::new(),
        files: 0,
        made,
    };
    let work = Work {
        cancel: cx.cancel,
        faults: cx.faults,
    };
    environments::write(state, transaction, &kept, cx.faults)?;
    if made {
        fs::create_dir(&path).map_err(io("making", &path))?;
    }
    if place != environments::folder(state, transaction)? {
        retention::hide(cx, &place)?;
        fs::create_dir(&place).map_err(io("making", &place))?;
    }
    let manifest = twin::take(&path, &environments::tree(&kept), &work)?;
    manifest.write(&environments::manifest_path(&kept), cx.faults)?;
    kept.manifest_sha256 = manifest.digest();
    kept.files = files(&manifest);
    environments::write(state, transaction, &kept, cx.faults)?;
    Ok(Some(kept))
}

/// The environment's own folder, and whether it has to be made: where somebody has removed it, an
/// empty one is kept, put in exchange and compared with like any other.
fn live(step: &EnvironmentStep) -> Result<(PathBuf, bool), EngineError> {
    let path = Path::new(&step.path);
    match fs::canonicalize(path) {
        Ok(live) => Ok((live, false)),
        // A link that leads nowhere is somebody's, and no place to make anything in.
        Err(error)
            if error.kind() == std::io::ErrorKind::NotFound
                && fs::symlink_metadata(path).is_err() =>
        {
            let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
                return Err(io("opening", path)(error));
            };
            let above = fs::canonicalize(above).map_err(io("opening", above))?;
            Ok((above.join(name), true))
        }
        Err(error) => Err(io("opening", path)(error)),
    }
}

/// Takes an empty folder away that was made where there was no environment.
fn unmake(kept: &KeptEnvironment) -> Result<(), EngineError> {
    if !kept.made {
        return Ok(());
    }
    let path = Path::new(&kept.path);
    match fs::remove_dir(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(io("removing", path)(error))
        }
        _ => {
            atomic::sync_folder(atomic::folder_of(path)).map_err(io("syncing the folder of", path))
        }
    }
}

/// Where the twin goes: below the state folder where a rename brings it back from there, or where
/// no place can be renamed from; else beside the environment.
fn place(cx: &Context<'_>, environment: &Path, transaction: &str) -> PathBuf {
    let homes = [cx.site.state_dir.clone(), cx.site.common_dir.join("vit")];
    let [first, second] = homes.map(|home| twin::place(environment, &home, transaction));
    if first.starts_with(&cx.site.state_dir) {
        return first;
    }
    if second.starts_with(&cx.site.common_dir) && second.parent().is_some_and(Path::is_dir) {
        return second;
    }
    let beside = first.parent().unwrap_or(Path::new("/"));
    if twin::same_file_system(beside, environment) {
        return first;
    }
    // A mount point of its own: it is copied either way, and is safer where nobody cleans.
    cx.site.state_dir.join("environments").join(transaction)
}

/// Changes the environment.
///
/// # Errors
/// The installation failed; or the kept environment cannot be put in place.
pub fn run(cx: &Context<'_>, transaction: &str, step: &EnvironmentStep) -> Result<(), Failure> {
    match &step.action {
        EnvironmentAction::Install {
            commands,
            wheels,
            timeout_seconds,
            ..
        } => {
            install::check_wheels(wheels)?;
            install::run(cx, transaction, step, (commands, *timeout_seconds))
        }
        EnvironmentAction::Restore {
            snapshot,
            manifest_sha256,
        } => bring(cx, transaction, (snapshot, manifest_sha256)).map_err(|error| failed(&error)),
    }
}

/// Puts a copy of a kept environment into the live place. The kept one stays for other rollbacks.
fn bring(
    cx: &Context<'_>,
    transaction: &str,
    (snapshot, manifest_sha256): (&str, &str),
) -> Result<(), EngineError> {
    let state = &cx.site.state_dir;
    let wrong = |why: &str| {
        let path = state.join("environments").join(snapshot);
        io("restoring", &path)(std::io::Error::other(why.to_owned()))
    };
    let kept = environments::read(state, snapshot)
        .filter(|kept| kept.manifest_sha256 == manifest_sha256)
        .ok_or_else(|| wrong("the kept environment is gone"))?;
    let manifest = environments::manifest(&kept)?;
    let own = environments::read(state, transaction).ok_or_else(|| wrong("nothing was kept"))?;
    let work = Work {
        cancel: cx.cancel,
        faults: cx.faults,
    };
    let incoming = Path::new(&own.twin).join(INCOMING);
    twin::remove_tree(&incoming, Path::new(&own.twin), &work)?;
    // On disk together with the exchange, when the restoring waits for it.
    twin::link_copy(&environments::tree(&kept), &incoming, &work)?;
    let live = Path::new(&kept.path);
    restore(cx, live, (&incoming, &manifest), cx.cancel)
}

/// Puts the kept environment back from whatever state it is in.
///
/// # Errors
/// It cannot be put back whole.
pub fn undo(
    cx: &Context<'_>,
    _step: &EnvironmentStep,
    kept: Option<&KeptEnvironment>,
    keep: &Leftovers<'_>,
) -> Result<(), EngineError> {
    let kept = kept.ok_or_else(|| {
        io("restoring the environment in", &cx.site.root)(std::io::Error::other(
            "nothing of it was kept",
        ))
    })?;
    let manifest = environments::manifest(kept)?;
    let live = Path::new(&kept.path);
    if let Some(evidence) = keep.evidence {
        // What cannot be told never stops the undo.
        let _ = difference::keep(cx, live, (&environments::tree(kept), &manifest), evidence);
    }
    let guard = Path::new(&kept.twin).join(GUARD);
    let tree = if guard.is_dir() {
        guard
    } else {
        environments::tree(kept)
    };
    // Nobody stops a rollback.
    restore(cx, live, (&tree, &manifest), &Cancel::default())?;
    unmake(kept)
}

/// Brings `live` to what the manifest says.
fn restore(
    cx: &Context<'_>,
    live: &Path,
    (tree, manifest): (&Path, &Manifest),
    cancel: &Cancel,
) -> Result<(), EngineError> {
    let work = Work {
        cancel,
        faults: cx.faults,
    };
    let sources = retention::sources(cx, live, tree);
    let with = Restore {
        tolerate: Tolerate::Nothing,
        sources: &sources,
        in_place: false,
    };
    let restored = twin::restore(live, tree, manifest, &with, &work)?;
    let Some(first) = restored.mismatches.first() else {
        return Ok(());
    };
    let number = restored.mismatches.len();
    let why = restored
        .errors
        .first()
        .map(|error| format!(" ({error})"))
        .unwrap_or_default();
    let text = format!("{number} paths differ from what was kept, the first: {first}{why}");
    Err(io("restoring", live)(std::io::Error::other(text)))
}

/// Keeps a copy of the restored environment before smoke tests run in it.
///
/// # Errors
/// It cannot be made: the smoke tests should not run then.
pub fn guard(cx: &Context<'_>, kept: &KeptEnvironment) -> Result<(), EngineError> {
    if kept.made {
        return Ok(());
    }
    let cancel = Cancel::default();
    let work = Work {
        cancel: &cancel,
        faults: cx.faults,
    };
    let within = Path::new(&kept.twin);
    let (fresh, guard) = (within.join("guard.new"), within.join(GUARD));
    for old in [&fresh, &guard] {
        twin::remove_tree(old, within, &work)?;
    }
    twin::link_copy(Path::new(&kept.path), &fresh, &work)?;
    install::sync(cx, &fresh)?;
    fs::rename(&fresh, &guard).map_err(io("keeping", &guard))
}

/// Compares the environment with what was kept of it: what was compared, and what differs.
/// Bytecode that a running service has added meanwhile is no difference.
///
/// # Errors
/// It cannot be read.
pub fn compare(kept: &KeptEnvironment) -> Result<(EnvironmentProof, Vec<String>), EngineError> {
    compare_with(kept, Tolerate::NewBytecode)
}

/// Whether the environment is what was kept of it, to the last file.
#[must_use]
pub fn is_exact(kept: &KeptEnvironment) -> bool {
    compare_with(kept, Tolerate::Nothing).is_ok_and(|(_, mismatches)| mismatches.is_empty())
}

fn compare_with(
    kept: &KeptEnvironment,
    tolerate: Tolerate,
) -> Result<(EnvironmentProof, Vec<String>), EngineError> {
    let (cancel, faults) = (Cancel::default(), crate::faults::Faults::default());
    let work = Work {
        cancel: &cancel,
        faults: &faults,
    };
    let manifest = environments::manifest(kept)?;
    let live = Path::new(&kept.path);
    let none = kept.made && fs::symlink_metadata(live).is_err();
    let found = if none {
        Vec::new()
    } else {
        twin::verify(live, &manifest, tolerate, &work)?
    };
    let proof = EnvironmentProof {
        path: kept.path.clone(),
        sha256: kept.manifest_sha256.clone(),
        files: kept.files,
    };
    let mismatches = found
        .iter()
        .map(|mismatch| format!("environment: {mismatch}"))
        .collect();
    Ok((proof, mismatches))
}

/// The environment of a child that is to work in a Python environment: `python` is its own.
#[must_use]
pub fn for_children(cx: &Context<'_>, path: &Path) -> Vec<(OsString, OsString)> {
    let mut env: Vec<(OsString, OsString)> = cx
        .environment
        .for_probe()
        .filter(|(name, _)| *name != "VIRTUAL_ENV" && *name != "PATH")
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut search = path.join("bin").into_os_string();
    if let Some(rest) = cx.environment.get("PATH") {
        search.push(":");
        search.push(rest);
    }
    env.push(("PATH".into(), search));
    env.push(("VIRTUAL_ENV".into(), path.as_os_str().to_owned()));
    env
}

/// The same for what runs beside the smoke tests: in the environment that is managed, if one is.
#[must_use]
pub fn for_own(cx: &Context<'_>) -> Vec<(OsString, OsString)> {
    environment::folder(cx).map_or_else(
        || {
            let variables = cx.environment.for_probe();
            variables
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect()
        },
        |path| for_children(cx, &path),
    )
}

/// The folder of the environment that smoke tests run in, where one is managed.
#[must_use]
pub fn of_plan(plan: &EnvironmentPlan) -> Option<&Path> {
    match plan {
        EnvironmentPlan::NotManaged { .. } => None,
        EnvironmentPlan::Unchanged { path, .. } | EnvironmentPlan::Changes { path, .. } => {
            Some(Path::new(path))
        }
    }
}

/// How many files a manifest has.
fn files(manifest: &Manifest) -> usize {
    manifest
        .entries()
        .filter(|(_, entry)| matches!(entry.node, twin::Node::File { .. }))
        .count()
}

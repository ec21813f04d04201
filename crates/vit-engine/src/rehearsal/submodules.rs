//! The submodules of a rehearsal's tree, each with a repository of its own that borrows the live
//! one's objects. The one that the plan switches goes to its target; the others stand where the live
//! ones do, since an upgrade leaves them alone.

use std::path::{Path, PathBuf};

use vit_contract::code::Code;
use vit_contract::plan::{Plan, Position, Step, SubmoduleSwitch};
use vit_contract::problem::{Problem, Who};

use super::{Stop, fails, repository, unbuilt};
use crate::context::Context;
use crate::error::EngineError;
use crate::steps::switch_tree;
use crate::submodule::{GITLINK, Inside};

/// What came of bringing them; paths are relative to the root.
#[derive(Debug, Default)]
pub(super) struct Submodules {
    /// Those whose folder is empty in the rehearsal.
    pub missing: Vec<PathBuf>,
    /// Whether one of them is not empty in the live tree: what fails may be due to that.
    pub unlike: bool,
    /// What stands in the live ones beside their tracked files.
    pub beside: Vec<PathBuf>,
}

/// Brings those of the plan's target, and theirs in turn. `rehearsal` stands at the target already.
///
/// # Errors
/// Those of the target cannot be listed, or the one that is switched cannot be built or switched.
pub(super) fn bring(
    live: &Context<'_>,
    rehearsal: &Context<'_>,
    plan: &Plan,
) -> Result<Submodules, Stop> {
    let mut found = Submodules::default();
    let mut open =
        links(live, &plan.to.position.tree, Path::new("")).map_err(|error| unbuilt(&error))?;
    while let Some(path) = open.pop() {
        let switch = switch_of(plan, &path);
        let there = std::fs::symlink_metadata(live.site.root.join(&path).join(".git")).is_ok();
        let made = match path.to_str().filter(|_| there) {
            Some(name) => one(live, rehearsal, (name, switch)),
            None => Ok(None),
        };
        match made {
            Ok(Some(made)) => {
                open.extend(made.inner);
                found.beside.extend(made.beside);
            }
            Err(stop) if switch.is_some() => return Err(stop),
            Err(Stop::Error(error)) => return Err(Stop::Error(error)),
            Ok(None) if switch.is_some() => return Err(not_there(&path)),
            Ok(None) | Err(Stop::Fails(_) | Stop::CannotTell(_)) => {
                found.unlike |= there;
                found.missing.push(path);
            }
        }
    }
    found.missing.sort();
    Ok(found)
}

/// One that was brought.
struct Made {
    /// Submodules of its own.
    inner: Vec<PathBuf>,
    beside: Vec<PathBuf>,
}

/// Builds one; none where the live tree has nothing checked out there.
fn one(
    live: &Context<'_>,
    rehearsal: &Context<'_>,
    (name, switch): (&str, Option<&SubmoduleSwitch>),
) -> Result<Option<Made>, Stop> {
    let unable = |error: EngineError| unbuilt(&error);
    let Some(inside) = Inside::open(live.site, live.environment, name).map_err(unable)? else {
        return Ok(None);
    };
    let Some(at) = inside.position().map_err(unable)? else {
        return Ok(None);
    };
    let (from, to) = switch.map_or((&at, &at), |switch| (&switch.from, &switch.to));
    let live_cx = inside.context(live);
    // The release is where planning has brought it: in the installation's own repository.
    let lent = [live.site.common_dir.join("objects")];
    let folder = rehearsal.site.root.join(name);
    repository::make(&live_cx, from, &folder, &lent).map_err(unable)?;
    let own = Inside::open(rehearsal.site, rehearsal.environment, name).map_err(unable)?;
    let Some(own) = own else {
        return Err(not_there(Path::new(name)));
    };
    let own_cx = own.context(rehearsal);
    switched(&own_cx, from, to)?;
    let below = Path::new(name);
    let beside = live_cx.git.untracked_and_ignored();
    let beside = beside.map_err(|error| unable(error.into()))?;
    Ok(Some(Made {
        inner: links(&own_cx, &to.tree, below).map_err(unable)?,
        beside: beside.iter().map(|path| below.join(path)).collect(),
    }))
}

fn switched(cx: &Context<'_>, from: &Position, to: &Position) -> Result<(), Stop> {
    switch_tree::switch(cx, from, to).map_err(|error| fails(&error))
}

/// The submodules that a tree records, below a folder.
fn links(cx: &Context<'_>, tree: &str, below: &Path) -> Result<Vec<PathBuf>, EngineError> {
    let entries = cx.git.ls_tree::<&Path>(tree, &[], true)?;
    Ok(entries
        .into_iter()
        .filter(|entry| entry.mode == GITLINK)
        .map(|entry| below.join(entry.path))
        .collect())
}

fn switch_of<'p>(plan: &'p Plan, path: &Path) -> Option<&'p SubmoduleSwitch> {
    plan.steps.iter().find_map(|step| match step {
        Step::SwitchSubmodule(switch) if path == Path::new(&switch.path) => Some(switch),
        _ => None,
    })
}

fn not_there(path: &Path) -> Stop {
    let path = vit_contract::text::visible(&path.display().to_string());
    let text = "the submodule is not checked out, or not where it seems to be";
    Stop::CannotTell(Box::new(
        Problem::new(Code::RehearsalCouldNotTell, &path, text).hint(
            Who::You,
            format!("`git submodule update --init {path}`, or upgrade without a rehearsal"),
        ),
    ))
}

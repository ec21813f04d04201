//! The step `switch-submodule`: the working tree of the submodule that Core is. It is the step
//! `switch-tree` inside the submodule, with the release's commit brought there first; nothing is
//! fetched over the network, because planning has brought the release into this repository.

use vit_contract::code::Code;
use vit_contract::plan::{Position, Step, SubmoduleSwitch};
use vit_contract::problem::{Problem, Who};

use super::leftovers::Leftovers;
use super::{locks, switch_tree};
use crate::context::Context;
use crate::error::EngineError;
use crate::exec::execute::{Failure, failed};
use crate::exec::proof::{self, Expected};
use crate::git::{RELEASES, RefEdit};
use crate::submodule::Inside;

/// Where the submodule's old commit is kept, inside its own repository.
const SNAPSHOTS: &str = "refs/vit/snapshots/";

/// Which end of a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Before it.
    From,
    /// After it.
    To,
}

/// Keeps the old commits alive, durably, where a step switches a submodule.
///
/// # Errors
/// Git failed.
pub fn keep(cx: &Context<'_>, transaction: &str, steps: &[Step]) -> Result<(), EngineError> {
    for switch in switches(steps) {
        open(cx, switch)?.git().update_refs(&[RefEdit::Set {
            name: format!("{SNAPSHOTS}{transaction}"),
            oid: switch.from.commit.clone(),
            old: None,
        }])?;
    }
    Ok(())
}

/// Lets the commits go that [`keep`] kept for a transaction.
///
/// # Errors
/// Git failed.
pub fn forget(cx: &Context<'_>, transaction: &str, steps: &[Step]) -> Result<(), EngineError> {
    let name = format!("{SNAPSHOTS}{transaction}");
    for switch in switches(steps) {
        let inside = Inside::open(cx.site, cx.environment, &switch.path)?;
        if let Some(inside) = inside
            && !inside.git().refs(&[&name])?.is_empty()
        {
            let name = name.clone();
            inside.git().update_refs(&[RefEdit::Delete { name }])?;
        }
    }
    Ok(())
}

/// Removes the locks that a git which was killed, ours or a smoke test's, has left inside. Call it
/// as [`locks::remove_left`]: when none of them is alive.
///
/// # Errors
/// Git failed, or a lock cannot be removed.
pub fn unlock(cx: &Context<'_>, steps: &[Step]) -> Result<(), EngineError> {
    for switch in switches(steps) {
        if let Some(inside) = Inside::open(cx.site, cx.environment, &switch.path)? {
            let branches = [&switch.from, &switch.to].map(|end| end.branch.as_deref());
            let inside_cx = inside.context(cx);
            locks::remove_left(&inside_cx, &branches).and(locks::remove_own(inside_cx.site))?;
        }
    }
    Ok(())
}

/// Switches it. What it wrote is on disk when this returns.
///
/// # Errors
/// The commit cannot be brought, git refused or failed, or the result is not the release's tree.
pub fn run(cx: &Context<'_>, switch: &SubmoduleSwitch) -> Result<(), Failure> {
    let differing = (|| {
        let inside = open(cx, switch)?;
        bring(cx, &inside, &switch.to)?;
        pass(cx, "submodule.brought")?;
        switch_tree::run(&inside.context(cx), &switch.from, &switch.to)?;
        pass(cx, "submodule.switched")?;
        compared(cx, switch, &switch.to)
    })()
    .map_err(|error| failed(&error))?;
    if differing.is_empty() {
        return Ok(());
    }
    let message = "the submodule is not what it should be after the switch";
    Err(Problem::new(Code::TreeMismatch, &switch.path, message)
        .evidence(differing.join("; "))
        .into())
}

/// Puts it back from whatever state it is in.
///
/// # Errors
/// Git failed.
pub fn undo(
    cx: &Context<'_>,
    switch: &SubmoduleSwitch,
    keep: &Leftovers<'_>,
) -> Result<(), EngineError> {
    let inside = open(cx, switch)?;
    let inside_cx = inside.context(cx);
    let unlocked = locks::remove_own(inside_cx.site);
    // Nothing that it does not track stood in it when the transaction began.
    let keep = Leftovers {
        before: &[],
        ..*keep
    };
    switch_tree::undo(&inside_cx, &switch.from, &switch.to, &keep).and(unlocked)
}

/// Brings it once more to the state after its switch, where somebody has changed that since.
///
/// # Errors
/// Git failed.
pub fn settle(cx: &Context<'_>, steps: &[Step], keep: &Leftovers<'_>) -> Result<(), EngineError> {
    switches(steps).try_for_each(|switch| {
        let settled = SubmoduleSwitch {
            from: switch.to.clone(),
            ..switch.clone()
        };
        undo(cx, &settled, keep)
    })
}

/// How the submodules of these steps differ, by content, from one end of their switch.
///
/// # Errors
/// Git could not be run, or the submodule's repository has vanished.
pub fn differing(cx: &Context<'_>, steps: &[Step], end: End) -> Result<Vec<String>, EngineError> {
    let mut found = Vec::new();
    for switch in switches(steps) {
        let position = match end {
            End::From => &switch.from,
            End::To => &switch.to,
        };
        found.extend(compared(cx, switch, position)?);
    }
    Ok(found)
}

fn switches(steps: &[Step]) -> impl Iterator<Item = &SubmoduleSwitch> {
    steps.iter().filter_map(|step| match step {
        Step::SwitchSubmodule(switch) => Some(switch),
        _ => None,
    })
}

fn compared(
    cx: &Context<'_>,
    switch: &SubmoduleSwitch,
    position: &Position,
) -> Result<Vec<String>, EngineError> {
    let inside = open(cx, switch)?;
    let expected = Expected {
        position,
        files: None,
        untracked: None,
        comparing: None,
        environment: None,
    };
    let proof = proof::by_content(&inside.context(cx), &expected)?;
    let path = &switch.path;
    Ok(proof
        .mismatches
        .into_iter()
        .map(|mismatch| format!("in {path}: {mismatch}"))
        .collect())
}

fn open(cx: &Context<'_>, switch: &SubmoduleSwitch) -> Result<Inside, EngineError> {
    let inside = Inside::open(cx.site, cx.environment, &switch.path)?;
    inside.ok_or_else(|| EngineError::Refused {
        summary: "the submodule's own repository is not there".into(),
        problems: vec![
            Problem::new(
                Code::SubmoduleUnusable,
                &switch.path,
                "the submodule is not checked out",
            )
            .hint(
                Who::You,
                format!("`git submodule update --init {}`", switch.path),
            ),
        ],
    })
}

/// Brings a release's commit from this repository's object store into the submodule's.
fn bring(cx: &Context<'_>, inside: &Inside, to: &Position) -> Result<(), EngineError> {
    let spec = [format!("{}^{{tree}}", to.commit)];
    let is_here = || -> Result<bool, EngineError> {
        let found = inside.git().resolve(&spec)?;
        Ok(found.into_iter().flatten().any(|(oid, _)| oid == to.tree))
    };
    if is_here()? {
        return Ok(());
    }
    let releases = cx.git.refs(&[RELEASES])?;
    let of_commit = releases
        .iter()
        .find(|r| r.commit.as_ref() == Some(&to.commit));
    if let (Some(release), Some(folder)) = (of_commit, cx.site.common_dir.to_str()) {
        let pair = (release.name.clone(), release.name.clone());
        inside.git().fetch_refs(folder, &[pair])?;
    }
    if is_here()? {
        return Ok(());
    }
    Err(EngineError::Refused {
        summary: "the release could not be brought into the submodule".into(),
        problems: vec![
            Problem::new(
                Code::ObjectsMissing,
                &to.commit,
                "the commit is in no release of this repository and not in the submodule's",
            )
            .hint(Who::You, "make a new plan with `vit plan`"),
        ],
    })
}

fn pass(cx: &Context<'_>, point: &str) -> Result<(), EngineError> {
    cx.faults
        .at(format_args!("{point}"))
        .map_err(|source| EngineError::Io {
            action: "switching",
            path: cx.site.root.clone(),
            source,
        })
}

//! The step `switch-tree`: working tree, index and HEAD.

use std::path::Path;

use vit_contract::plan::Position;

use super::locks;
use crate::context::Context;
use crate::error::EngineError;
use crate::exec::evidence::Evidence;
use crate::exec::proof;
use crate::git::{GitError, RefEdit};

/// Switches from `from` to `to`. Git refuses, and nothing changes, where it would overwrite a
/// change or an untracked file. What it wrote is on disk when this returns.
///
/// # Errors
/// Git refused or failed.
pub fn run(cx: &Context<'_>, from: &Position, to: &Position) -> Result<(), EngineError> {
    cx.git.checkout_detached(&to.commit)?;
    if let Some(branch) = &to.branch {
        move_branch(cx, branch, &to.commit)?;
        cx.git.set_head(Some(branch), &to.commit)?;
    }
    let _ = from;
    sync(cx)
}

/// Puts `from` back from whatever state the tree, the index and HEAD are in. Files that stand in
/// the way or were left behind go to the evidence, never into nothing.
///
/// # Errors
/// Git failed. What can still be done after a failing part is done first.
pub fn undo(
    cx: &Context<'_>,
    from: &Position,
    to: &Position,
    keep: &Leftovers<'_>,
) -> Result<(), EngineError> {
    let mut first: Option<EngineError> = None;
    let mut note = |result: Result<(), EngineError>| {
        if let Err(error) = result {
            first.get_or_insert(error);
        }
    };
    let branches = [from.branch.as_deref(), to.branch.as_deref()];
    note(locks::remove_left(cx, &branches));
    // The index becomes the target's without stat data, so that what the target brought is known
    // as tracked (and removed), and every file of the old tree is written anew.
    note(cx.git.read_tree_reset(&to.tree).map_err(Into::into));
    note(move_leftovers(cx, keep));
    note(cx.git.reset_worktree(&from.tree).map_err(Into::into));
    note(restore_refs(cx, from, keep.transaction));
    note(sync(cx));
    first.map_or(Ok(()), Err)
}

/// What is not ours to delete.
#[derive(Debug, Clone, Copy)]
pub struct Leftovers<'a> {
    /// The transaction's id.
    pub transaction: &'a str,
    /// Untracked paths that were there before.
    pub before: &'a [String],
    /// Where the others go.
    pub evidence: Option<&'a Evidence>,
}

fn move_leftovers(cx: &Context<'_>, keep: &Leftovers<'_>) -> Result<(), EngineError> {
    let Some(evidence) = keep.evidence else {
        return Ok(());
    };
    let now = cx.git.untracked()?;
    for path in proof::new_untracked(&now, keep.before) {
        if holds_any(path, keep.before) {
            continue;
        }
        evidence.keep_file(&cx.site.root.join(path), path)?;
    }
    Ok(())
}

/// Whether something that was there before lies inside `folder`: then the folder stays.
fn holds_any(folder: &Path, before: &[String]) -> bool {
    before
        .iter()
        .any(|known| Path::new(known).starts_with(folder))
}

/// HEAD and its branch point where they did. A commit that somebody made meanwhile on the branch
/// stays reachable under `refs/vit/foreign/`.
fn restore_refs(cx: &Context<'_>, from: &Position, transaction: &str) -> Result<(), EngineError> {
    if let Some(branch) = &from.branch {
        let now = cx
            .git
            .refs(&[branch])?
            .into_iter()
            .find(|r| r.name == *branch);
        if now.as_ref().is_none_or(|r| r.oid != from.commit) {
            let mut edits = vec![RefEdit::Set {
                name: branch.clone(),
                oid: from.commit.clone(),
                old: None,
            }];
            if let Some(foreign) = now {
                edits.push(RefEdit::Set {
                    name: format!("refs/vit/foreign/{transaction}"),
                    oid: foreign.oid,
                    old: None,
                });
            }
            cx.git.update_refs(&edits)?;
        }
    }
    cx.git.set_head(from.branch.as_deref(), &from.commit)?;
    Ok(())
}

fn move_branch(cx: &Context<'_>, branch: &str, commit: &str) -> Result<(), GitError> {
    cx.git.update_refs(&[RefEdit::Set {
        name: branch.to_owned(),
        oid: commit.to_owned(),
        old: None,
    }])
}

/// Waits until everything written to the file system of the working tree is on disk; git itself
/// syncs no working file.
fn sync(cx: &Context<'_>) -> Result<(), EngineError> {
    let root = &cx.site.root;
    let io = |source: std::io::Error| EngineError::Io {
        action: "syncing",
        path: root.clone(),
        source,
    };
    cx.faults.at(format_args!("tree.sync")).map_err(io)?;
    let folder = std::fs::File::open(root).map_err(io)?;
    rustix::fs::syncfs(&folder).map_err(|errno| io(errno.into()))
}

//! The step `switch-tree`: working tree, index and HEAD.

use vit_contract::code::Code;
use vit_contract::plan::Position;
use vit_contract::problem::{Problem, Who};

use super::leftovers::{self, Leftovers};
use super::{bytecode, locks};
use crate::context::Context;
use crate::error::EngineError;
use crate::git::RefEdit;

/// Switches from `from` to `to`. Git refuses, and nothing changes, where it would overwrite a
/// change or an untracked file. What it wrote is on disk when this returns.
///
/// # Errors
/// Git refused or failed.
pub fn run(cx: &Context<'_>, from: &Position, to: &Position) -> Result<(), EngineError> {
    switch(cx, from, to)?;
    sync(cx)
}

/// The same without waiting for the disk: for a tree that nobody keeps.
///
/// # Errors
/// As [`run`].
pub fn switch(cx: &Context<'_>, from: &Position, to: &Position) -> Result<(), EngineError> {
    cx.git.checkout_detached(&to.commit)?;
    if let Some(branch) = &to.branch {
        move_branch(cx, branch, from, to)?;
        cx.git.set_head(Some(branch), &to.commit)?;
    }
    bytecode::purge_tree(cx, &from.tree, &to.tree)
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
    note(leftovers::move_blocking(cx, from, to, keep));
    let reset = cx.git.reset_worktree(&from.tree);
    if reset.is_ok() {
        // Only now: what is untracked, and what is ignored, the old index and the old
        // `.gitignore` say. By the target's, files of the user's own would look like leftovers.
        note(leftovers::move_new(cx, keep));
        note(bytecode::purge_tree(cx, &to.tree, &from.tree));
    }
    note(reset.map_err(Into::into));
    note(restore_refs(cx, from, to, keep.transaction));
    note(sync(cx));
    first.map_or(Ok(()), Err)
}

/// HEAD and its branch point where they did. A commit that somebody made meanwhile on the branch
/// stays reachable under `refs/vit/foreign/`.
fn restore_refs(
    cx: &Context<'_>,
    from: &Position,
    to: &Position,
    transaction: &str,
) -> Result<(), EngineError> {
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
            // The target's commit is nobody's; of two strange ones neither takes the other's place.
            if let Some(foreign) = now.filter(|r| r.oid != to.commit) {
                edits.push(RefEdit::Set {
                    name: format!("refs/vit/foreign/{transaction}-{}", foreign.oid),
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

/// Moves the branch from where the plan knows it; a commit that somebody made on it since is not
/// dropped.
fn move_branch(
    cx: &Context<'_>,
    branch: &str,
    from: &Position,
    to: &Position,
) -> Result<(), EngineError> {
    let now = cx
        .git
        .refs(&[branch])?
        .into_iter()
        .find(|r| r.name == branch);
    let now = now.map(|r| r.oid);
    let known = now.as_ref() == Some(&to.commit)
        || (from.branch.as_deref() == Some(branch) && now.as_ref() == Some(&from.commit));
    if !known {
        return Err(EngineError::Refused {
            summary: "the branch has moved since the plan was made".into(),
            problems: vec![
                Problem::new(Code::FactsMoved, branch, "the branch has moved")
                    .evidence(now.unwrap_or_else(|| "it is gone".into()))
                    .hint(Who::You, "make a new plan with `vit plan`"),
            ],
        });
    }
    Ok(cx.git.update_refs(&[RefEdit::Set {
        name: branch.to_owned(),
        oid: to.commit.clone(),
        old: now,
    }])?)
}

/// Waits until everything written to the file system of the working tree is on disk; git itself
/// syncs no working file.
///
/// # Errors
/// The folder cannot be opened, or the file system not synced.
pub fn sync(cx: &Context<'_>) -> Result<(), EngineError> {
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

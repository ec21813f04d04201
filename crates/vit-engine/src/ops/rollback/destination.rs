//! Which snapshot a rollback goes back to, and where HEAD will be then.

use vit_contract::code::Code;
use vit_contract::output::Snapshot;
use vit_contract::plan::{Kind, Position, Strategy};
use vit_contract::problem::{Problem, Severity};

use crate::context::Context;
use crate::error::EngineError;
use crate::git::Ref;
use crate::store::transactions;

/// The snapshot of this name, else the one of the upgrade that brought what is checked out.
pub(super) fn choose<'a>(
    list: &'a [Snapshot],
    to: Option<&str>,
) -> Result<&'a Snapshot, EngineError> {
    let names = || {
        let tags: Vec<&str> = list.iter().take(5).map(|s| s.tag.as_str()).collect();
        if tags.is_empty() {
            "there is no snapshot yet".to_owned()
        } else {
            format!("the newest snapshots are {}", tags.join(", "))
        }
    };
    match to {
        Some(name) => list.iter().find(|s| s.tag == name || s.id == name).ok_or_else(|| {
            EngineError::BadInput {
                summary: format!("there is no snapshot {}", vit_contract::text::visible(name)),
                problems: Vec::new(),
                hints: vec![names(), "`vit rollback --list` lists them all".into()],
            }
        }),
        None => list.iter().find(|s| s.next).ok_or_else(|| EngineError::BadInput {
            summary: "there is nothing to go back to: no upgrade of vit brought what is checked out now".into(),
            problems: Vec::new(),
            hints: vec!["name a snapshot: `vit rollback --to SNAPSHOT`".into(), names()],
        }),
    }
}

/// Where HEAD will be: on the snapshot's branch where that branch is still, or was by us moved
/// away from, the snapshot's commit; else detached, and the plan says so.
pub(super) fn position(
    cx: &Context<'_>,
    refs: &[Ref],
    from: &Position,
    snapshot: &Snapshot,
    problems: &mut Vec<Problem>,
) -> Result<Position, EngineError> {
    let commit = snapshot.position.commit.clone();
    let found = cx.git.resolve(&[format!("{commit}^{{tree}}")])?;
    let Some((tree, _)) = found.into_iter().next().flatten() else {
        return Err(EngineError::Refused {
            summary: format!("the snapshot {} is damaged", snapshot.tag),
            problems: vec![Problem::new(
                Code::ObjectsMissing,
                &snapshot.tag,
                "the snapshot's commit is not in this repository",
            )],
        });
    };
    let mut branch = snapshot.position.branch.clone();
    if let Some(name) = &branch {
        let now = refs
            .iter()
            .find(|r| r.name == *name)
            .map(|r| r.oid.as_str());
        let moved_by_us = from.branch.as_deref() == Some(name) && snapshot.next;
        if now != Some(commit.as_str()) && !moved_by_us {
            problems.push(
                Problem::new(Code::AheadOfRelease, name, "the branch has moved since the snapshot; it stays where it is, HEAD is detached")
                    .evidence(format!("the snapshot has {commit}, the branch {}", now.unwrap_or("is gone")))
                    .severity(Severity::Warning),
            );
            branch = None;
        }
    }
    Ok(Position {
        commit,
        tree,
        branch,
    })
}

/// What can be done where commits were made on top of an upgrade: it is told, and nothing that
/// would drop them is done.
pub(super) fn with_ways_back(
    cx: &Context<'_>,
    from: &Position,
    list: &[Snapshot],
    error: EngineError,
) -> EngineError {
    let EngineError::BadInput {
        mut summary,
        problems,
        mut hints,
    } = error
    else {
        return error;
    };
    let below = list.iter().find_map(|snapshot| {
        let plan = transactions::read(&cx.site.state_dir, &snapshot.id).ok()??;
        let made = &plan.to.position.commit;
        let upgrade = plan.kind == Kind::Upgrade && plan.from.position.commit != *made;
        let below = upgrade && cx.git.is_ancestor(made, &from.commit).ok()?;
        below.then_some((snapshot, plan))
    });
    if let Some((snapshot, plan)) = below {
        let version = plan.to.version.map(|v| v.to_string()).unwrap_or_default();
        summary = format!(
            "commits were made on top of the upgrade to {version}: going back would leave them behind"
        );
        hints.clear();
        if plan.strategy == Strategy::Merge {
            hints.push(format!(
                "take the upgrade alone back, and keep them: `git revert -m 1 {}`",
                plan.to.position.commit
            ));
        }
        hints.push(format!(
            "or `vit rollback --to {}`: their branch stays where it is, HEAD is detached at the state before",
            snapshot.tag
        ));
    }
    EngineError::BadInput {
        summary,
        problems,
        hints,
    }
}

//! The way back of the submodule that Core is.

use vit_contract::code::Code;
use vit_contract::output::Snapshot;
use vit_contract::plan::{Position, Step, SubmoduleSwitch};
use vit_contract::problem::{Problem, Who};

use crate::context::Context;
use crate::error::EngineError;
use crate::facts::landing;
use crate::store::transactions;
use crate::submodule;

/// The way back of the submodule that Core is, where the snapshot records another commit of it: to
/// the branch that it was on, where that is still there, else detached.
pub(super) fn back(
    cx: &Context<'_>,
    snapshot: &Snapshot,
    to: &Position,
    problems: &mut Vec<Problem>,
) -> Result<Option<Step>, EngineError> {
    let Some(core) = submodule::find(cx)? else {
        return Ok(None);
    };
    let (Some(commit), Some(inside)) =
        (submodule::pointer(cx, &to.tree, &core.path)?, &core.inside)
    else {
        return Ok(None);
    };
    let Some(from) = inside.position()? else {
        return Ok(None);
    };
    if from.commit == commit {
        return Ok(None);
    }
    problems.extend(landing::submodule::state(
        &inside.context(cx),
        &core,
        &from,
    )?);
    let spec = [format!("{commit}^{{tree}}")];
    let mut found = inside.git().resolve(&spec)?.into_iter().flatten();
    let tree = match found.next() {
        Some((tree, _)) => tree,
        // A release, which the step brings.
        None => match cx.git.resolve(&spec)?.into_iter().flatten().next() {
            Some((tree, _)) => tree,
            None => {
                let message =
                    "the submodule's commit of the snapshot is nowhere in this repository";
                problems.push(
                    Problem::new(Code::ObjectsMissing, &core.path, message).hint(
                        Who::You,
                        format!("`git -C {} fetch`, then again", core.path),
                    ),
                );
                return Ok(None);
            }
        },
    };
    let plan = transactions::read(&cx.site.state_dir, &snapshot.id)
        .ok()
        .flatten();
    let steps = plan.map(|plan| plan.steps).unwrap_or_default();
    let branch = steps.into_iter().find_map(|step| match step {
        Step::SwitchSubmodule(switch) if switch.path == core.path => switch.from.branch,
        _ => None,
    });
    let still = |name: &String| -> Result<bool, EngineError> {
        let refs = inside.git().refs(&[name])?;
        Ok(refs.iter().any(|r| r.name == *name && r.oid == commit))
    };
    let branch = match branch {
        Some(name) if still(&name)? => Some(name),
        _ => None,
    };
    Ok(Some(Step::SwitchSubmodule(SubmoduleSwitch {
        path: core.path,
        from,
        to: Position {
            commit,
            tree,
            branch,
        },
    })))
}

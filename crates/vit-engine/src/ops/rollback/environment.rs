//! The environment of a rollback: back to the one of the snapshot.

use vit_contract::code::Code;
use vit_contract::plan::{EnvironmentAction, EnvironmentPlan, EnvironmentStep};
use vit_contract::problem::{Problem, Who};
use vit_contract::text::visible;

use crate::context::Context;
use crate::error::EngineError;
use crate::facts::environment::kept::{self, Kept};
use crate::facts::environment::{Found, find};
use crate::plan::environment::{Decision, fact};

/// How many packages a warning names.
const NAMED: usize = 5;

/// What becomes of the environment, and the environment as a fact that the plan rests on.
pub(super) fn decide(cx: &Context<'_>, snapshot: &str) -> Result<(Decision, String), EngineError> {
    let found = find(cx);
    let fact = fact(&found);
    let managed = cx.site.settings.environment.manage;
    let decision = match kept::of_snapshot(cx, snapshot)? {
        _ if !managed => not_managed(&found),
        Kept::Unchanged => match &found {
            Found::NotManaged(_) => not_managed(&found),
            Found::There(environment) => Decision {
                plan: EnvironmentPlan::Unchanged {
                    path: environment.path.display().to_string(),
                    found_by: environment.found_by.to_owned(),
                },
                ..Decision::default()
            },
        },
        Kept::Twin { id, kept } => Decision {
            problems: vanishing(&kept::added(cx, &kept)).into_iter().collect(),
            plan: EnvironmentPlan::Changes {
                path: kept.path.clone(),
                found_by: match &found {
                    Found::There(environment) => environment.found_by.to_owned(),
                    Found::NotManaged(_) => "the snapshot".to_owned(),
                },
                because: vec![format!("the environment kept by {id}")],
            },
            step: Some(EnvironmentStep {
                path: kept.path,
                action: EnvironmentAction::Restore {
                    snapshot: id,
                    manifest_sha256: kept.manifest_sha256,
                },
            }),
        },
        Kept::Lost { id } => Decision {
            problems: vec![lost(&id)],
            ..not_managed(&found)
        },
    };
    Ok((decision, fact))
}

/// That packages which somebody has installed since do not come back with the old environment.
fn vanishing(added: &[String]) -> Option<Problem> {
    if added.is_empty() {
        return None;
    }
    let mut named: Vec<String> = added.iter().take(NAMED).map(|name| visible(name)).collect();
    if added.len() > NAMED {
        named.push(format!("and {} more", added.len() - NAMED));
    }
    let text =
        "packages that were installed by hand since are not in the environment that comes back";
    Some(
        Problem::new(Code::EnvironmentAdditions, "environment", text)
            .evidence(named.join(", "))
            .hint(
                Who::You,
                "install them again afterwards; `vit rollback --to pre-rollback-<time>` comes back \
                 to the environment that has them",
            ),
    )
}

fn not_managed(found: &Found) -> Decision {
    let reason = match found {
        Found::NotManaged(reason) => reason.clone(),
        Found::There(_) => "the kept environment is gone".to_owned(),
    };
    Decision {
        plan: EnvironmentPlan::NotManaged { reason },
        ..Decision::default()
    }
}

fn lost(id: &str) -> Problem {
    Problem::new(
        Code::EnvironmentTwinLost,
        id,
        "this transaction changed the environment, and what it had kept of it is gone or damaged",
    )
    .hint(
        Who::You,
        "go back to a later snapshot (`vit rollback --list`), or bring back the tree alone with \
         `environment.manage = false` in vit.toml and make the environment anew",
    )
}

//! A plan with what its rehearsal said in it.

use std::collections::BTreeSet;

use vit_contract::code::Code;
use vit_contract::plan::{Accepted, Plan, Rehearsal, RehearsalOutcome};
use vit_contract::problem::{Problem, Who};
use vit_contract::verdict::{self, Answer};

use super::next_command;

/// Makes the rehearsal part of the plan: one that failed blocks it, one that could not tell warns.
#[must_use]
pub fn with(mut plan: Plan, rehearsal: Rehearsal, accept: &[Code]) -> Plan {
    if let Some(problem) = problem(&plan, &rehearsal) {
        if accept.contains(&problem.code) && !problem.blocks() {
            let subjects = BTreeSet::from([problem.subject.clone()]);
            plan.accepted.retain(|known| known.code != problem.code);
            plan.accepted.push(Accepted {
                code: problem.code,
                subjects: subjects.into_iter().collect(),
            });
        }
        plan.preflight.push(problem);
        verdict::sort(&mut plan.preflight);
        plan.answer = plan.verdict.answer.max(Answer::of(&plan.preflight));
    }
    plan.rehearsal = Some(rehearsal);
    plan.next = next_command(&plan, plan.explicit_target);
    plan.digest = plan.compute_digest();
    plan
}

fn problem(plan: &Plan, rehearsal: &Rehearsal) -> Option<Problem> {
    let (code, what) = match rehearsal.outcome {
        RehearsalOutcome::Pass => return None,
        RehearsalOutcome::Fail => (Code::RehearsalFailed, "the rehearsal failed"),
        RehearsalOutcome::CouldNotTell => {
            (Code::RehearsalCouldNotTell, "the rehearsal could not tell")
        }
    };
    let first = rehearsal.problems.first();
    let target = plan.target_tag.clone().unwrap_or_default();
    let subject = first.map_or(target, |cause| cause.subject.clone());
    let message = match first {
        Some(cause) => format!("{what}: {}", cause.message),
        None => what.to_owned(),
    };
    let mut evidence = Vec::new();
    for cause in &rehearsal.problems {
        let told = cause.evidence.as_deref().unwrap_or(&cause.message);
        evidence.push(format!("{} [{}]: {told}", cause.subject, cause.code));
    }
    if let Some(folder) = &rehearsal.evidence {
        evidence.push(format!("outputs and changes are kept in {folder}"));
    }
    let mut problem = Problem::new(code, subject, message).evidence(evidence.join("\n"));
    match first.filter(|cause| cause.hint.is_some()) {
        Some(cause) => {
            problem.hint.clone_from(&cause.hint);
            problem.who = cause.who;
        }
        None => {
            problem = problem.hint(
                Who::You,
                "read the evidence, mend what it names, then `vit plan --rehearse` again",
            );
        }
    }
    Some(problem)
}

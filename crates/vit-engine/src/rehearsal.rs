//! Rehearsal: the target is built in a throw-away tree with an environment of its own, and every
//! vertical's smoke test runs there, before anything live is touched. The steps are those of the
//! real thing, called with a context that is rooted in the rehearsal.
//!
//! | part | module |
//! |---|---|
//! | the folder, its lock, what killed rehearsals left | [`place`] |
//! | a repository that borrows the live one's objects | `repository` |
//! | the submodules, each with such a repository | `submodules` |
//! | an environment of its own | `environment` |
//! | what stands beside the tracked files | `files` |
//! | going through it: steps, judgement, smoke tests, proof | `stage` |
//! | what is the live system's all the same | `shared` |

use vit_contract::code::Code;
use vit_contract::output::SmokeOutcome;
use vit_contract::plan::{Plan, Rehearsal, RehearsalOutcome};
use vit_contract::problem::{Problem, Who};

use crate::context::Context;
use crate::error::EngineError;
use crate::event::{Event, Stage};
use crate::exec::run::problem_of;
use crate::facts::{Facts, Target};
use crate::steps::probe;
use crate::store::evidence;

mod environment;
mod files;
pub mod place;
mod repository;
mod shared;
mod stage;
mod submodules;

use place::Place;
use stage::Held;

/// Rehearses a plan that may go on. Nothing of the live installation is changed, whatever comes of
/// it; the folder is removed before this returns, and by the next command where we are killed.
///
/// # Errors
/// The state folder cannot be used, or somebody asked to stop. That the target cannot be built or
/// does not work is no error but the answer.
pub fn rehearse(
    cx: &Context<'_>,
    plan: &Plan,
    about: (&Facts, &Target),
) -> Result<Rehearsal, EngineError> {
    let began = cx.clock.elapsed();
    let held = cx.clock.now();
    cx.reporter.report(Event::StageBegun {
        stage: Stage::Rehearse,
    });
    let place = Place::create(cx)?;
    let result = stage::hold(cx, plan, about, &place);
    let removed = point(cx, "remove").and_then(|()| place.remove());
    if let Err(error) = removed {
        // The next command tries again; the answer is good all the same.
        cx.reporter.report(Event::Noticed {
            problem: problem_of(&error, Code::StepFailed)
                .severity(vit_contract::problem::Severity::Warning),
        });
    }
    let done = result?;
    if done.evidence.is_some() {
        // Old evidence goes by the usual policy; that it cannot is not this rehearsal's matter.
        let _ = evidence::prune(&cx.site.state_dir, evidence::KEEP);
    }
    let elapsed = cx.clock.elapsed().saturating_sub(began);
    let rehearsal = Rehearsal {
        outcome: outcome(&done),
        held,
        smoke_tests: done.results,
        problems: done.fails.into_iter().chain(done.cannot_tell).collect(),
        shared: done.shared,
        environment: done.environment,
        evidence: done.evidence,
        seconds: probe::seconds(elapsed),
    };
    cx.reporter.report(match rehearsal.problems.first() {
        Some(problem) => Event::StageFailed {
            stage: Stage::Rehearse,
            problem: problem.clone(),
        },
        None => Event::StageDone {
            stage: Stage::Rehearse,
            elapsed,
        },
    });
    Ok(rehearsal)
}

fn outcome(done: &Held) -> RehearsalOutcome {
    let unsure = |outcome| outcome == SmokeOutcome::CouldNotRun;
    if !done.fails.is_empty() {
        RehearsalOutcome::Fail
    } else if !done.cannot_tell.is_empty() || done.results.iter().any(|r| unsure(r.outcome)) {
        RehearsalOutcome::CouldNotTell
    } else {
        RehearsalOutcome::Pass
    }
}

/// A point at which a test lets a rehearsal die.
fn point(cx: &Context<'_>, name: &str) -> Result<(), EngineError> {
    cx.faults
        .at(format_args!("rehearsal.{name}"))
        .map_err(|source| EngineError::Io {
            action: "rehearsing in",
            path: cx.site.state_dir.clone(),
            source,
        })
}

/// Why a rehearsal does not go on.
enum Stop {
    /// The target does not work here.
    Fails(Box<Problem>),
    /// It could not be tried.
    CannotTell(Box<Problem>),
    /// It is no answer at all.
    Error(EngineError),
}

impl From<EngineError> for Stop {
    fn from(error: EngineError) -> Self {
        Self::Error(error)
    }
}

fn fails(error: &EngineError) -> Stop {
    Stop::Fails(Box::new(problem_of(error, Code::StepFailed)))
}

fn unbuilt(error: &EngineError) -> Stop {
    Stop::CannotTell(Box::new(
        problem_of(error, Code::RehearsalCouldNotTell).hint(
            Who::You,
            "mend that, or upgrade without a rehearsal: the smoke tests run there too",
        ),
    ))
}

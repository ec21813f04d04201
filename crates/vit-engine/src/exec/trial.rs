//! The trial: after the smoke tests have passed they repeat until the soak is over or somebody
//! confirms; any failure rolls back.
//!
//! The vit that soaks holds the lock all the while. Where it dies, the trial stands for as long as
//! the machine has not been started anew and its time is not over: whoever looks then may confirm
//! it or take it back. After that it is rolled back.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use vit_contract::code::Code;
use vit_contract::duration;
use vit_contract::output::TransactionReport;
use vit_contract::plan::Plan;
use vit_contract::problem::{Problem, Who};

use super::execute::{Failure, failed};
use super::phase::{Phase, Story};
use super::record::{Entry, Trial};
use super::recover;
use super::run::{Run, version_text, without_output};
use super::transaction::Held;
use super::unwind::{self, OldSmokeTests};
use crate::context::Context;
use crate::error::EngineError;
use crate::event::Event;
use crate::steps::{environment, probe};
use crate::store::{journal, request};

/// The message of the cause where a person takes a standing trial back; the memory of failures
/// knows it by that, in a recovery too.
pub(super) const TAKEN_BACK: &str = "somebody took the release back while it was on trial";

/// How often a request to confirm or to stop is looked for.
const TICK: Duration = Duration::from_millis(100);
/// The pause between two rounds is this part of the soak, within these bounds.
const ROUNDS: u32 = 20;
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// The trial of a story, where it stands: nobody but a person decides on it now.
#[must_use]
pub fn standing<'s>(cx: &Context<'_>, story: &'s Story) -> Option<&'s Trial> {
    let boot = journal::boot_id(cx.faults);
    story
        .trial
        .as_ref()
        .filter(|_| story.phase == Phase::Trial)
        // Without boot ids nobody can tell whether the machine was started anew.
        .filter(|trial| !boot.is_empty() && trial.boot == boot)
        .filter(|trial| cx.clock.now() < trial.until)
}

/// Commits a standing trial whose vit is gone; anything else that is open is finished as
/// `vit recover` does it.
///
/// # Errors
/// The journal cannot be read, or what it says is not enough to act on.
pub fn confirm<'a>(
    cx: &'a Context<'a>,
    held: &mut Held<'a>,
) -> Result<Option<TransactionReport>, EngineError> {
    let Some(mut run) = orphan(cx, held)? else {
        return recover::finish_open(cx, held);
    };
    unwind::clear_the_way(&mut run);
    let kind = run.begun().kind;
    request::remove(&cx.site.state_dir);
    Ok(Some(match run.commit(kind) {
        Ok(proof) => run.finish_forward(proof),
        Err(failure) => unwind::roll_back(run, *failure, OldSmokeTests::Skip),
    }))
}

/// Takes a standing trial back whose vit is gone; `None` where there is none.
///
/// # Errors
/// The journal cannot be read.
pub fn give_up<'a>(
    cx: &'a Context<'a>,
    held: &mut Held<'a>,
) -> Result<Option<TransactionReport>, EngineError> {
    let Some(mut run) = orphan(cx, held)? else {
        return Ok(None);
    };
    unwind::clear_the_way(&mut run);
    let cause = Problem::new(Code::Interrupted, run.id.clone(), TAKEN_BACK);
    Ok(Some(unwind::roll_back(run, cause, OldSmokeTests::Skip)))
}

fn orphan<'a, 'h>(
    cx: &'a Context<'a>,
    held: &'h mut Held<'a>,
) -> Result<Option<Run<'a, 'h>>, EngineError> {
    let found = held.unfinished()?;
    Ok(found
        .filter(|(_, story)| story.begun.is_some() && standing(cx, story).is_some())
        .map(|(id, story)| Run::new(cx, held, id, story)))
}

/// Why a trial is rolled back that nobody decided on.
pub(super) fn unconfirmed(id: &str) -> Problem {
    Problem::new(
        Code::Interrupted,
        id,
        "vit was ended during the trial of the release, and nobody confirmed it in time",
    )
    .hint(Who::You, "plan again when the machine is well")
}

/// What ends a pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Round,
    Over,
    Confirmed,
}

/// The time of a soak. A clock that stands still must not make it endless, so the pauses that were
/// made count too.
struct Watch {
    began: Duration,
    paused: Duration,
    total: Duration,
}

impl Watch {
    fn passed(&self, cx: &Context<'_>) -> Duration {
        cx.clock
            .elapsed()
            .saturating_sub(self.began)
            .max(self.paused)
    }
}

impl Run<'_, '_> {
    /// Repeats the smoke tests until the soak is over or somebody confirms.
    pub(super) fn trial(&mut self, plan: &Plan, soak: u64) -> Result<(), Failure> {
        let cx = self.cx;
        let total = Duration::from_secs(soak);
        let until = end(cx.clock.now(), total);
        // One that was left for an earlier trial means nothing for this one.
        request::remove(&cx.site.state_dir);
        let trial = Trial {
            until,
            boot: journal::boot_id(cx.faults),
        };
        self.record(&Entry::Trial(trial))
            .map_err(|error| failed(&error))?;
        cx.reporter.report(Event::SoakBegun {
            id: self.id.clone(),
            until,
        });
        let mut watch = Watch {
            began: cx.clock.elapsed(),
            paused: Duration::ZERO,
            total,
        };
        let pause = pause(total, cx.site.settings.soak.interval);
        let mut round = 0;
        while self.wait(&mut watch, pause)? == Next::Round {
            round += 1;
            cx.reporter.report(Event::SoakRound {
                round,
                left: watch.total.saturating_sub(watch.passed(cx)),
            });
            self.round(plan, round, soak)?;
        }
        request::remove(&cx.site.state_dir);
        Ok(())
    }

    fn wait(&self, watch: &mut Watch, pause: Duration) -> Result<Next, Failure> {
        let cx = self.cx;
        let round = watch.passed(cx) + pause;
        loop {
            self.not_cancelled()?;
            if request::is_for(&cx.site.state_dir, &self.id) {
                return Ok(Next::Confirmed);
            }
            let passed = watch.passed(cx);
            if passed >= watch.total {
                return Ok(Next::Over);
            }
            if passed >= round {
                return Ok(Next::Round);
            }
            cx.clock.pause(TICK);
            watch.paused += TICK;
        }
    }

    fn round(&mut self, plan: &Plan, round: u32, soak: u64) -> Result<(), Failure> {
        let begun = self.begun();
        let (from, to) = (version_text(&begun.from), version_text(&begun.to));
        let about = probe::Surroundings {
            phase: "soak",
            transaction: &self.id,
            from: &from,
            to: &to,
            environment: environment::of_plan(&plan.environment),
        };
        let before = self.cx.git.status().map(|status| status.untracked);
        let probed = probe::run(self.cx, &plan.smoke_tests, &about);
        self.story.results = without_output(&probed.results);
        self.outputs = probed.outputs;
        if let Ok(before) = &before {
            self.name_leftovers(before);
        }
        self.not_cancelled()?;
        let problem = probed.results.iter().find_map(probe::problem);
        self.story.results = probed.results;
        let Some(mut problem) = problem else {
            return Ok(());
        };
        let length = duration::text(soak);
        problem.message = format!(
            "{} in round {round} of the soak of {length}, after it had passed before",
            problem.message
        );
        Err(problem.into())
    }
}

/// The pause between two rounds; at least one round fits into every soak.
fn pause(total: Duration, interval: Option<u32>) -> Duration {
    interval
        .map_or_else(
            || (total / ROUNDS).clamp(SHORTEST_PAUSE, LONGEST_PAUSE),
            |seconds| Duration::from_secs(seconds.into()),
        )
        .min(total / 2)
}

fn end(now: Timestamp, total: Duration) -> Timestamp {
    SignedDuration::try_from(total)
        .ok()
        .and_then(|total| now.checked_add(total).ok())
        .unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_is_bounded_and_leaves_room_for_a_round() {
        let seconds = |total, interval| pause(Duration::from_secs(total), interval).as_secs_f64();
        for (total, expected) in [
            (1, 0.5),
            (10, 1.0),
            (100, 5.0),
            (900, 45.0),
            (604_800, 60.0),
        ] {
            assert!((seconds(total, None) - expected).abs() < 0.001, "{total}");
        }
        assert!((seconds(900, Some(5)) - 5.0).abs() < 0.001);
        assert!((seconds(10, Some(3600)) - 5.0).abs() < 0.001);
    }
}

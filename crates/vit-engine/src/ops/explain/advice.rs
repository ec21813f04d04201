//! What a story comes to: its sentence, and what to do now, by whom. Pure.

use vit_contract::history::Outcome;
use vit_contract::output::explain::{Advice, ExplainReport, StoryEnd, StoryState};
use vit_contract::output::{EvidenceState, SmokeOutcome, SmokeResult};
use vit_contract::plan::Kind;
use vit_contract::problem::Who;

use super::since;

/// The story as a sentence.
pub(super) fn details(report: &ExplainReport, holder: Option<&str>) -> String {
    let what = report.kind.map_or("transaction", Kind::as_str);
    let version =
        |end: &Option<StoryEnd>| end.as_ref().map_or("unknown".into(), |e| e.version.clone());
    let (from, to) = (version(&report.from), version(&report.to));
    match report.state {
        StoryState::Applied => format!("the {what} from {from} to {to} is done and proven"),
        StoryState::RolledBack => {
            format!("the {what} to {to} failed; {from} was restored and verified")
        }
        StoryState::Aborted => {
            format!("the {what} from {from} to {to} was stopped before anything changed")
        }
        StoryState::Inconsistent => {
            format!("the {what} to {to} failed, and {from} could not be verified")
        }
        StoryState::Repaired => format!(
            "the {what} to {to} failed, and {from} could not be verified at first; `vit repair` \
             has put it back and verified it"
        ),
        StoryState::Running => {
            let who = holder.unwrap_or("somebody");
            format!("the {what} from {from} to {to} is being carried out now by {who}")
        }
        StoryState::Interrupted => {
            format!("the {what} from {from} to {to} was interrupted and is not finished")
        }
        StoryState::Unknown => {
            format!("nothing says any more how the {what} from {from} to {to} ended")
        }
    }
}

/// What to do, and the next command to type.
pub(super) fn advice(report: &ExplainReport) -> (Vec<Advice>, Option<String>) {
    let mut advice = Vec::new();
    let mut add = |who, what: &str| {
        advice.push(Advice {
            who,
            what: what.to_owned(),
        });
    };
    let altered = report
        .evidence
        .as_ref()
        .is_some_and(|bundle| bundle.state == EvidenceState::Altered);
    if altered {
        add(
            Who::You,
            "the evidence is not what was kept: ask who changed it before you build on it",
        );
    }
    let next = match report.state {
        StoryState::Applied => {
            let can_go_back = report.since.is_empty()
                && report
                    .snapshot
                    .as_ref()
                    .is_some_and(|snapshot| snapshot.there);
            if can_go_back {
                add(Who::You, "nothing; `vit rollback` goes back");
            }
            "vit status"
        }
        StoryState::RolledBack | StoryState::Aborted => failed(report, &mut add),
        StoryState::Inconsistent => {
            add(
                Who::You,
                "`vit repair` puts the old state back once more and verifies it; everything else \
                 that changes the installation waits for that",
            );
            add(Who::You, "keep the evidence until the cause is known");
            "vit repair"
        }
        StoryState::Repaired => {
            add(Who::You, "`vit verify` compares everything once more");
            failed(report, &mut add);
            "vit verify"
        }
        StoryState::Running => {
            add(Who::You, "wait for it to end");
            "vit status"
        }
        StoryState::Interrupted => {
            add(
                Who::You,
                "`vit recover` finishes it: forward when it was committed, else back",
            );
            "vit recover"
        }
        StoryState::Unknown => {
            add(
                Who::You,
                "`vit verify` tells whether the installation is whole",
            );
            "vit verify"
        }
    };
    (advice, Some(next.to_owned()))
}

/// What to do about a failure that was undone.
fn failed(report: &ExplainReport, add: &mut impl FnMut(Who, &str)) -> &'static str {
    for test in failed_before(report) {
        add(
            Who::VerticalOwner,
            &format!(
                "the smoke test of {} fails on the restored release too: it failed before the \
                 upgrade; look at the test and its surroundings first",
                test.vertical
            ),
        );
    }
    if let Some(installed) = since::installed(&report.since) {
        add(
            Who::You,
            &format!(
                "nothing: {} has installed the same release since",
                installed.id
            ),
        );
        return "vit status";
    }
    if let Some(cause) = &report.cause
        && let Some(hint) = &cause.hint
    {
        add(cause.who.unwrap_or(Who::You), hint);
    }
    let again = report.since.iter().filter(|later| later.same_target);
    let times = again
        .filter(|later| later.outcome != Outcome::Success)
        .count();
    if let (true, Some(to)) = (times > 0 && report.kind == Some(Kind::Upgrade), &report.to) {
        add(
            Who::You,
            &format!(
                "`vit hold {}` keeps it away until somebody has mended the cause",
                to.version
            ),
        );
    }
    "vit plan"
}

/// The smoke tests that failed at the target and fail on the restored release as well.
fn failed_before(report: &ExplainReport) -> impl Iterator<Item = &SmokeResult> {
    let bad = |test: &&SmokeResult| test.outcome != SmokeOutcome::Pass;
    report
        .smoke_tests_after_rollback
        .iter()
        .filter(bad)
        .filter(move |test| {
            let mut first = report.smoke_tests.iter().filter(bad);
            first.any(|first| first.vertical == test.vertical)
        })
}

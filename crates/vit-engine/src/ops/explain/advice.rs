//! What a story comes to: its sentence, and what to do now, by whom. Pure.

use jiff::Timestamp;
use vit_contract::history::Outcome;
use vit_contract::output::explain::{Advice, ExplainReport, StoryEnd, StoryState, UndoneStep};
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
            let left = left_by_steps(report).collect::<Vec<_>>().join(", ");
            let but = if left.is_empty() {
                String::new()
            } else {
                format!(", but NOT what these steps did: {left}")
            };
            format!("the {what} to {to} failed; {from} was restored and verified{but}")
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

/// What a release on trial asks for: nobody has to finish it, somebody may decide on it.
pub(super) fn on_trial(report: &mut ExplainReport, until: Timestamp) {
    let to = report.to.as_ref().map_or("unknown", |to| &to.version);
    report.details = format!("{to} is on trial until {until}");
    let what = if report.state == StoryState::Running {
        "`vit confirm` commits it now; Ctrl-C in the vit that watches it takes it back"
    } else {
        "nobody watches it any more: `vit confirm` commits it, `vit rollback` takes it back"
    };
    report.advice = vec![Advice {
        who: Who::You,
        what: what.to_owned(),
    }];
    report.next = Some("vit confirm".to_owned());
}

/// The steps of the installation's own whose doing is still there, by the last try to undo each.
fn left_by_steps(report: &ExplainReport) -> impl Iterator<Item = &str> {
    report.undone.iter().enumerate().filter_map(|(at, undone)| {
        let later = |other: &UndoneStep| other.step == undone.step;
        let last = !report.undone[at + 1..].iter().any(later);
        let name = undone.step.strip_prefix("step:")?;
        (last && undone.error.is_some()).then_some(name)
    })
}

/// What to do about a failure that was undone.
fn failed(report: &ExplainReport, add: &mut impl FnMut(Who, &str)) -> &'static str {
    for step in left_by_steps(report) {
        let what = format!("look at what the step {step} did, and take it back by hand");
        add(Who::You, &what);
    }
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

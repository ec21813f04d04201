//! The end of a transaction: history, snapshots, tidying, and the report. Nothing here can change
//! how the transaction ended; what fails is reported beside it.

use vit_contract::code::Code;
use vit_contract::history::{Entry as HistoryEntry, Outcome, Proof};
use vit_contract::output::{SmokeResult, TransactionReport, TransactionStatus};
use vit_contract::plan::{Kind, Plan};
use vit_contract::problem::{Problem, Severity};

use super::quarantine;
use super::rebuild;
use super::record::Entry;
use super::run::{Run, all_pass, problem_of, version_text};
use crate::context::Context;
use crate::error::EngineError;
use crate::git::RefEdit;
use crate::snapshots;
use crate::steps::{environment, probe, submodule};
use crate::store::journal::Journal;
use crate::store::{evidence, history_file, reserve, transactions};

/// How it ended.
pub(super) struct Ending {
    pub outcome: Outcome,
    pub cause: Option<Problem>,
    pub proof: Option<Proof>,
}

/// Writes the history and the last record, and tidies up.
pub(super) fn close(run: &mut Run<'_, '_>, ending: &Ending) {
    if let Err(error) = reserve::release(&run.cx.site.state_dir) {
        run.problems
            .push(problem_of(&error, Code::StepFailed).severity(Severity::Warning));
    }
    if run.story.begun.is_some() {
        write_history(run, ending);
    }
    if (ending.outcome == Outcome::Success || run.story.quarantined)
        && let Err(error) = quarantine::remember(run.cx)
    {
        // The journal has it; the next transaction, or `vit recover`, writes it down.
        run.problems
            .push(problem_of(&error, Code::StepFailed).severity(Severity::Warning));
    }
    if ending.outcome != Outcome::Inconsistent {
        // Before the last record, so that a crash in the middle is recovered from.
        prune(run);
    }
    run.record_if_possible(&Entry::Closed {
        outcome: ending.outcome,
    });
    if ending.outcome != Outcome::Inconsistent {
        // After it: whoever recovers from a crash before it compares with what was kept.
        drop_environment(run, ending.outcome);
    }
    if ending.outcome != Outcome::Inconsistent
        && let Err(error) = run.held.rotate()
    {
        run.problems
            .push(problem_of(&error, Code::StepFailed).severity(Severity::Warning));
    }
}

/// What was kept of the environment goes where nothing needs it any more.
fn drop_environment(run: &mut Run<'_, '_>, outcome: Outcome) {
    let outcome = match &run.story.begun {
        // A repair has put the old state back, as a rollback does.
        Some(begun) if begun.kind == Kind::Repair => Outcome::RollbackExecuted,
        _ => outcome,
    };
    let result =
        environment::drop_kept(run.cx, &run.id, outcome).and_then(|()| environment::prune(run.cx));
    if let Err(error) = result {
        run.problems
            .push(problem_of(&error, Code::StepFailed).severity(Severity::Warning));
    }
}

/// Takes away the snapshot of a transaction that was stopped before it was armed.
pub(super) fn drop_snapshot(run: &mut Run<'_, '_>) {
    let Some(begun) = &run.story.begun else {
        return;
    };
    let names = [
        format!("refs/tags/{}", begun.snapshot_tag),
        format!("refs/vit/snapshots/{}", run.id),
        format!("refs/vit/files/{}", run.id),
    ];
    let wanted: Vec<&str> = names.iter().map(String::as_str).collect();
    // Else every stopped transaction would leave its plan for ever.
    if let Err(error) = transactions::remove(&run.cx.site.state_dir, &run.id) {
        run.problems
            .push(problem_of(&error, Code::StepFailed).severity(Severity::Warning));
    }
    // The submodule's own repository has a ref too, which only these steps tell of.
    if let Err(error) = submodule::forget(run.cx, &run.id, &begun.steps) {
        run.problems
            .push(problem_of(&error, Code::StepFailed).severity(Severity::Warning));
    }
    let result = run.cx.git.refs(&wanted).and_then(|there| {
        let edits: Vec<RefEdit> = there
            .into_iter()
            .filter(|r| names.contains(&r.name))
            .map(|r| RefEdit::Delete { name: r.name })
            .collect();
        if edits.is_empty() {
            Ok(())
        } else {
            run.cx.git.update_refs(&edits)
        }
    });
    if let Err(error) = result {
        let problem = problem_of(&error.into(), Code::StepFailed);
        run.problems.push(problem.severity(Severity::Warning));
    }
}

fn write_history(run: &mut Run<'_, '_>, ending: &Ending) {
    let entry = history_entry(run, ending);
    let appended = append(run.cx, Some(entry));
    match appended {
        Ok(problems) => run.problems.extend(problems),
        Err(error) => {
            run.problems
                .push(problem_of(&error, Code::HistoryDamaged).severity(Severity::Warning));
        }
    }
}

/// Brings the history what the journal has closed and an earlier write did not bring.
pub(super) fn complete_history(cx: &Context<'_>) -> Result<Vec<Problem>, EngineError> {
    let journal = Journal::read(&cx.site.state_dir)?;
    if journal.records.is_empty() {
        return Ok(Vec::new());
    }
    append(cx, None)
}

fn append(cx: &Context<'_>, entry: Option<HistoryEntry>) -> Result<Vec<Problem>, EngineError> {
    let journal = Journal::read(&cx.site.state_dir).ok();
    let append = history_file::Append {
        entry,
        retention: cx.site.settings.history_retention,
        now: cx.clock.now(),
        rebuilt: journal.map(|log| rebuild::history(&log.records)),
    };
    history_file::append(cx.site, append, cx.faults)
}

fn history_entry(run: &Run<'_, '_>, ending: &Ending) -> HistoryEntry {
    let begun = run.begun();
    let results = &run.story.results;
    let smoke: f64 = results.iter().map(|result| result.seconds).sum();
    let elapsed = run.cx.clock.elapsed().saturating_sub(run.started);
    HistoryEntry {
        id: run.id.clone(),
        timestamp: run.cx.clock.now(),
        kind: begun.kind,
        from_version: version_text(&begun.from),
        to_version: version_text(&begun.to),
        status: ending.outcome,
        snapshot_tag: (ending.outcome != Outcome::Failed).then(|| begun.snapshot_tag.clone()),
        smoke_tests_duration: (!results.is_empty()).then_some((smoke * 1000.0).round() / 1000.0),
        smoke_tests_result: Some(smoke_word(results).to_owned()),
        rollback_reason: ending.cause.as_ref().map(cause_text),
        actor: Some(begun.actor.clone()),
        host: Some(begun.host.clone()),
        duration: Some(probe::seconds(elapsed)),
        accepted: begun.accepted.clone(),
        retry_reason: begun.retry_reason.clone(),
        proof: ending.proof.clone(),
        evidence: run.story.evidence.clone().flatten(),
        previous_hash: String::new(),
        hash: String::new(),
    }
}

/// How the smoke tests went, in one word of the history.
pub(super) fn smoke_word(results: &[SmokeResult]) -> &'static str {
    match results {
        [] => "not_run",
        some if all_pass(some) => "pass",
        _ => "fail",
    }
}

/// The first cause as one line of the history.
pub(super) fn cause_text(cause: &Problem) -> String {
    let mut text = format!("{}: {}: {}", cause.code, cause.subject, cause.message);
    if let Some(evidence) = &cause.evidence {
        text = format!("{text} ({evidence})");
    }
    text
}

/// Old snapshots, plans and evidence go by policy; never a snapshot that a rollback may need.
fn prune(run: &mut Run<'_, '_>) {
    let keep = run.cx.site.settings.snapshot_retention;
    let result = snapshots::prune(run.cx, keep)
        .and_then(|()| evidence::prune(&run.cx.site.state_dir, evidence::KEEP));
    if let Err(error) = result {
        run.problems
            .push(problem_of(&error, Code::StepFailed).severity(Severity::Warning));
    }
}

/// The report of a transaction that has ended.
pub(super) fn report(run: Run<'_, '_>, ending: &Ending) -> TransactionReport {
    let (kind, from, to, snapshot) = run.story.begun.as_ref().map_or_else(
        || (Kind::Upgrade, None, None, None),
        |b| {
            let snapshot = (ending.outcome != Outcome::Failed).then(|| b.snapshot_tag.clone());
            (
                b.kind,
                Some(version_text(&b.from)),
                Some(version_text(&b.to)),
                snapshot,
            )
        },
    );
    let status = match ending.outcome {
        Outcome::Success => TransactionStatus::Applied,
        Outcome::RollbackExecuted => TransactionStatus::RollbackExecuted,
        Outcome::Failed => TransactionStatus::Aborted,
        Outcome::Inconsistent => TransactionStatus::Inconsistent,
    };
    let elapsed = run.cx.clock.elapsed().saturating_sub(run.started);
    let details = details(kind, status, from.as_deref(), to.as_deref());
    let details = not_undone(details, status, &run.problems);
    let problems = run.problems.into_iter().map(|p| run.redactor.problem(p));
    let problems = ending.cause.iter().cloned().chain(problems).collect();
    TransactionReport {
        schema: format!("vit.{}/1", kind.as_str()),
        status,
        details,
        next: next_command(kind, status, &run.id),
        id: Some(run.id),
        from_version: from,
        to_version: to,
        snapshot_tag: snapshot,
        proof: ending.proof.clone(),
        smoke_tests: run.story.results,
        smoke_tests_after_rollback: run.after_rollback,
        problems,
        evidence: run.story.evidence.flatten(),
        plan: None,
        hops: Vec::new(),
        seconds: probe::seconds(elapsed),
    }
}

/// The same report with the plan that was carried out.
pub(super) fn with_plan(report: TransactionReport, plan: &Plan) -> TransactionReport {
    TransactionReport {
        plan: Some(Box::new(plan.clone())),
        ..report
    }
}

fn details(kind: Kind, status: TransactionStatus, from: Option<&str>, to: Option<&str>) -> String {
    let (from, to) = (from.unwrap_or("unknown"), to.unwrap_or("unknown"));
    let what = match kind {
        Kind::Upgrade => "upgrade",
        Kind::Rollback => "rollback",
        Kind::Repair => "repair",
    };
    match status {
        TransactionStatus::Applied => format!("{what} from {from} to {to} is done and proven"),
        TransactionStatus::NothingToDo => format!("nothing to do for this {what}"),
        TransactionStatus::Blocked => format!("the {what} is blocked; nothing was changed"),
        TransactionStatus::Aborted => format!("the {what} was stopped before anything changed"),
        TransactionStatus::RollbackExecuted => {
            format!("the {what} to {to} failed; {from} is restored and verified")
        }
        TransactionStatus::Inconsistent => {
            format!("the {what} to {to} failed, and {from} could not be verified")
        }
    }
}

/// What a rollback could not take back is said with how it ended, not only among the problems.
fn not_undone(details: String, status: TransactionStatus, problems: &[Problem]) -> String {
    let left: Vec<&str> = problems
        .iter()
        .filter(|problem| problem.code == Code::OwnStepNotUndone)
        .map(|problem| problem.subject.as_str())
        .collect();
    if status == TransactionStatus::RollbackExecuted && !left.is_empty() {
        return format!("{details}, but NOT what the step {} did", left.join(", "));
    }
    details
}

fn next_command(kind: Kind, status: TransactionStatus, id: &str) -> Option<String> {
    match (status, kind) {
        (TransactionStatus::Applied, Kind::Upgrade) => Some("vit status".into()),
        (TransactionStatus::Applied, Kind::Rollback | Kind::Repair) => Some("vit status".into()),
        (TransactionStatus::RollbackExecuted | TransactionStatus::Aborted, _) => {
            Some(format!("vit explain {id}"))
        }
        (TransactionStatus::Inconsistent, _) => Some("vit repair".into()),
        (TransactionStatus::NothingToDo | TransactionStatus::Blocked, _) => None,
    }
}

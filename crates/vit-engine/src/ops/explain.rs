//! `vit explain`: the story of one transaction, from everything that still tells of it. Reads
//! only, needs no lock, and goes on where a source is damaged: what it could not learn is named.

use vit_contract::code::Code;
use vit_contract::history::{Entry as HistoryEntry, Outcome, Proof};
use vit_contract::output::explain::{
    Allowed, ExplainReport, SCHEMA, StoryEnd, StorySnapshot, StoryState, UndoneStep,
};
use vit_contract::output::{EvidenceBundle, EvidenceState, SmokeResult};
use vit_contract::plan::{End, Kind, Plan};
use vit_contract::problem::{Problem, Severity};

use crate::context::Context;
use crate::error::EngineError;
use crate::exec::phase::{Phase, Story};
use crate::exec::record::Entry;
use crate::exec::run::version_text;
use crate::exec::trial;
use crate::store::journal::Record;
use crate::store::{evidence, transactions};

mod advice;
mod since;
mod sources;
mod stages;

use sources::Sources;

/// Tells the story of a transaction; without an id, of the last one. The beginning of an id is
/// enough where only one begins so.
///
/// # Errors
/// There is no such transaction, or there are several.
pub fn explain(cx: &Context<'_>, id: Option<&str>) -> Result<ExplainReport, EngineError> {
    let sources = Sources::read(cx, id)?;
    let records = sources.archive.of(&sources.id);
    let told = Told::new(cx, &sources, &records);
    let state = told.state();
    let (mut unknown, bundle) = (sources.unknown.clone(), told.bundle());
    let kind = told.kind();
    let (from, to) = told.ends();
    let since = since::since(&sources, kind, to.as_ref());
    let running = state == StoryState::Running;
    let mut report = ExplainReport {
        schema: SCHEMA.into(),
        id: sources.id.clone(),
        kind,
        state,
        details: String::new(),
        actor: told.actor(),
        host: told.host(),
        began: records.first().map(|record| record.time),
        ended: told.ended(),
        from,
        to,
        allowed: told.allowed(),
        stages: stages::stages(&records, running),
        cause: told.cause(),
        later_causes: told.later_causes(),
        smoke_tests: told.smoke_tests(),
        smoke_tests_after_rollback: told.results("after-rollback.json"),
        undone: told.undone(),
        proof: told.proof(),
        snapshot: told.snapshot(),
        since_details: since::sentence(&since),
        since,
        evidence: bundle,
        unknown: Vec::new(),
        advice: Vec::new(),
        next: None,
    };
    unknown.extend(told.not_known(&report));
    report.unknown = unknown;
    report.details = advice::details(&report, sources.holder.as_deref());
    (report.advice, report.next) = advice::advice(&report);
    if let Some(trial) = trial::standing(cx, &told.story).filter(|_| sources.is_last()) {
        advice::on_trial(&mut report, trial.until);
    }
    Ok(report)
}

/// What the sources say of this one transaction.
struct Told<'s> {
    cx: &'s Context<'s>,
    id: &'s str,
    records: &'s [&'s Record],
    entries: Vec<Entry>,
    story: Story,
    plan: Option<Plan>,
    plan_problem: Option<String>,
    /// Its entries of the history: more than one where it was repaired.
    history: Vec<&'s HistoryEntry>,
    holder: Option<&'s str>,
    is_last: bool,
}

impl<'s> Told<'s> {
    fn new(cx: &'s Context<'s>, sources: &'s Sources, records: &'s [&'s Record]) -> Self {
        let entries: Vec<Entry> = records.iter().map(|r| Entry::from_journal(r)).collect();
        let (plan, plan_problem) = match transactions::read(&cx.site.state_dir, &sources.id) {
            Ok(plan) => (plan, None),
            Err(error) => (None, Some(format!("its plan cannot be read: {error}"))),
        };
        Self {
            cx,
            id: &sources.id,
            records,
            story: Story::of(&entries),
            entries,
            plan,
            plan_problem,
            history: sources.entries_of(&sources.id),
            holder: sources.holder.as_deref(),
            is_last: sources.is_last(),
        }
    }

    fn state(&self) -> StoryState {
        if !self.records.is_empty() {
            let repaired = self
                .entries
                .iter()
                .any(|e| matches!(e, Entry::Repaired { .. }));
            let closed = self.entries.iter().rev().find_map(|entry| match entry {
                Entry::Closed { outcome } => Some(*outcome),
                _ => None,
            });
            return match (self.story.phase, closed) {
                (Phase::Inconsistent { .. }, _) => StoryState::Inconsistent,
                (Phase::Ended, Some(_)) if repaired => StoryState::Repaired,
                (Phase::Ended, Some(outcome)) => of_outcome(outcome),
                // Not the last one: its end was in a part of the journal that is damaged.
                _ if !self.is_last => self.of_history().unwrap_or(StoryState::Unknown),
                _ if self.holder.is_some() => StoryState::Running,
                _ => StoryState::Interrupted,
            };
        }
        self.of_history().unwrap_or(StoryState::Unknown)
    }

    fn of_history(&self) -> Option<StoryState> {
        let last = self.history.last()?;
        Some(if last.kind == Kind::Repair {
            StoryState::Repaired
        } else {
            of_outcome(last.status)
        })
    }

    /// The entry of the history for the transaction itself, not for its repair.
    fn first_entry(&self) -> Option<&'s HistoryEntry> {
        let own = |entry: &&&HistoryEntry| entry.kind != Kind::Repair;
        self.history.iter().find(own).copied()
    }

    fn kind(&self) -> Option<Kind> {
        let begun = self.story.begun.as_ref().map(|begun| begun.kind);
        begun
            .or_else(|| self.plan.as_ref().map(|plan| plan.kind))
            .or_else(|| self.first_entry().map(|entry| entry.kind))
    }

    fn ends(&self) -> (Option<StoryEnd>, Option<StoryEnd>) {
        let begun = self.story.begun.as_ref();
        let planned = self.plan.as_ref();
        let end = |end: &End| StoryEnd {
            version: version_text(end),
            position: Some(end.position.clone()),
        };
        let named = |version: &String| StoryEnd {
            version: version.clone(),
            position: None,
        };
        let entry = self.first_entry();
        (
            begun
                .map(|begun| end(&begun.from))
                .or_else(|| planned.map(|plan| end(&plan.from)))
                .or_else(|| entry.map(|entry| named(&entry.from_version))),
            begun
                .map(|begun| end(&begun.to))
                .or_else(|| planned.map(|plan| end(&plan.to)))
                .or_else(|| entry.map(|entry| named(&entry.to_version))),
        )
    }

    fn actor(&self) -> Option<String> {
        let begun = self.story.begun.as_ref().map(|begun| begun.actor.clone());
        begun.or_else(|| self.first_entry()?.actor.clone())
    }

    fn host(&self) -> Option<String> {
        let begun = self.story.begun.as_ref().map(|begun| begun.host.clone());
        begun.or_else(|| self.first_entry()?.host.clone())
    }

    fn ended(&self) -> Option<jiff::Timestamp> {
        let closed = self.records.iter().rev().find(|r| r.kind == "closed");
        closed
            .map(|record| record.time)
            .or_else(|| self.history.last().map(|entry| entry.timestamp))
    }

    fn allowed(&self) -> Option<Allowed> {
        let judged = self.entries.iter().find_map(|entry| match entry {
            Entry::Judged { answer } => Some(*answer),
            _ => None,
        });
        let (begun, entry) = (self.story.begun.as_ref(), self.first_entry());
        let plan = self.plan.as_ref();
        if judged.is_none() && begun.is_none() && entry.is_none() && plan.is_none() {
            return None;
        }
        let warns = |problem: &&Problem| problem.severity == Severity::Warning;
        Some(Allowed {
            answer: plan.map(|plan| plan.answer).or(judged),
            channel: plan.map(|plan| plan.channel),
            planned: plan.map(|plan| plan.created),
            digest: plan
                .map(|plan| plan.digest.clone())
                .or_else(|| begun.map(|begun| begun.plan.clone())),
            warnings: plan
                .map(|plan| plan.problems().filter(warns).cloned().collect())
                .unwrap_or_default(),
            accepted: begun
                .map(|begun| begun.accepted.clone())
                .or_else(|| entry.map(|entry| entry.accepted.clone()))
                .unwrap_or_default(),
            retry_reason: begun
                .and_then(|begun| begun.retry_reason.clone())
                .or_else(|| entry?.retry_reason.clone()),
        })
    }

    /// The first cause: the journal's, else the evidence's, else what the history says of it.
    fn cause(&self) -> Option<Problem> {
        self.story
            .cause
            .clone()
            .or_else(|| {
                let bytes = self.evidence_file("cause.json")?;
                serde_json::from_slice(&bytes).ok()
            })
            .or_else(|| {
                let reason = self.first_entry()?.rollback_reason.as_deref()?;
                Some(problem_of_text(reason, self.id))
            })
    }

    fn later_causes(&self) -> Vec<Problem> {
        let bytes = self.evidence_file("later-causes.jsonl").unwrap_or_default();
        bytes
            .split(|&byte| byte == b'\n')
            .filter_map(|line| serde_json::from_slice(line).ok())
            .collect()
    }

    fn smoke_tests(&self) -> Vec<SmokeResult> {
        let kept = self.results("smoke-tests.json");
        if kept.is_empty() {
            return self.story.results.clone();
        }
        kept
    }

    fn results(&self, name: &str) -> Vec<SmokeResult> {
        let bytes = self.evidence_file(name).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    fn evidence_file(&self, name: &str) -> Option<Vec<u8>> {
        evidence::read_file(&self.cx.site.state_dir, self.id, name)
    }

    fn undone(&self) -> Vec<UndoneStep> {
        let undone = self.entries.iter().filter_map(|entry| match entry {
            Entry::Undone { step, error } => Some(UndoneStep {
                step: step.clone(),
                error: error.clone(),
            }),
            _ => None,
        });
        undone.collect()
    }

    fn proof(&self) -> Option<Proof> {
        let told = self.story.proof.clone();
        told.or_else(|| self.history.last()?.proof.clone())
    }

    fn snapshot(&self) -> Option<StorySnapshot> {
        let begun = self.story.begun.as_ref();
        let tag = begun
            .map(|begun| begun.snapshot_tag.clone())
            .or_else(|| self.first_entry()?.snapshot_tag.clone())?;
        let aborted = self.state() == StoryState::Aborted;
        let private = format!("refs/vit/snapshots/{}", self.id);
        let there = self.cx.git.refs(&[private.as_str()]);
        (!aborted).then(|| StorySnapshot {
            tag,
            there: there.is_ok_and(|refs| !refs.is_empty()),
        })
    }

    fn bundle(&self) -> Option<EvidenceBundle> {
        let kept = self.story.evidence.clone().flatten();
        let kept = kept.or_else(|| self.history.iter().rev().find_map(|e| e.evidence.clone()));
        match evidence::check(&self.cx.site.state_dir, self.id) {
            Ok(Some(bundle)) => Some(bundle),
            Ok(None) => kept.map(|folder| EvidenceBundle {
                folder: self.cx.site.state_dir.join(folder).display().to_string(),
                state: EvidenceState::Gone,
                findings: vec![format!(
                    "the evidence of the last {} failed transactions is kept",
                    evidence::KEEP
                )],
                files: Vec::new(),
            }),
            Err(error) => Some(EvidenceBundle {
                folder: kept.unwrap_or_default(),
                state: EvidenceState::Altered,
                findings: vec![format!("it cannot be read: {error}")],
                files: Vec::new(),
            }),
        }
    }

    /// What is no longer known, or never was.
    fn not_known(&self, report: &ExplainReport) -> Vec<String> {
        let mut lines = Vec::new();
        if self.records.is_empty() {
            lines.push(
                "the journal does not tell of it any more: its stages and their times".to_owned(),
            );
        } else if self.story.begun.is_none() {
            lines.push("the journal has lost its first record".to_owned());
        }
        lines.extend(self.plan_problem.clone());
        if self.plan.is_none() && self.plan_problem.is_none() {
            lines.push("its plan is not kept: what it warned of".to_owned());
        }
        let failed = matches!(
            report.state,
            StoryState::RolledBack | StoryState::Inconsistent | StoryState::Repaired
        );
        if failed && report.evidence.is_none() {
            lines.push("no evidence was kept of it".to_owned());
        }
        if failed && report.smoke_tests_after_rollback.is_empty() && !report.smoke_tests.is_empty()
        {
            lines.push(
                "whether the smoke tests pass on the old release: they did not run after the \
                 rollback, or what they said is not kept"
                    .to_owned(),
            );
        }
        lines
    }
}

const fn of_outcome(outcome: Outcome) -> StoryState {
    match outcome {
        Outcome::Success => StoryState::Applied,
        Outcome::RollbackExecuted => StoryState::RolledBack,
        Outcome::Failed => StoryState::Aborted,
        Outcome::Inconsistent => StoryState::Inconsistent,
    }
}

/// The first cause as the history writes it (`code: subject: message`), as a problem again; a text
/// of another shape stands as the message.
fn problem_of_text(text: &str, id: &str) -> Problem {
    let mut parts = text.splitn(3, ": ");
    let code = parts.next().and_then(|code| code.parse::<Code>().ok());
    match (code, parts.next(), parts.next()) {
        (Some(code), Some(subject), Some(message)) => Problem::new(code, subject, message),
        _ => Problem::new(Code::StepFailed, id, text),
    }
}

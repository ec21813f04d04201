//! `vit history`: what was done to this installation.

use vit_contract::code::Code;
use vit_contract::history::{self, Entry, History, Outcome};
use vit_contract::output::{Check, CheckReport, CheckState, HistoryReport};
use vit_contract::problem::{Problem, Who};

use crate::context::Context;
use crate::error::EngineError;
use crate::exec::rebuild;
use crate::facts::quarantine;
use crate::store::history_file;
use crate::store::journal::Journal;

/// Lists the entries, newest first; only the failed ones with `failed`.
///
/// # Errors
/// The history cannot be read at all.
pub fn list(cx: &Context<'_>, failed: bool) -> Result<HistoryReport, EngineError> {
    let loaded = history_file::load(cx.site);
    let broken = history::verify(&loaded.history).err();
    let mut problems = loaded.problems;
    problems.extend(broken.as_ref().map(|broken| {
        Problem::new(
            Code::HistoryDamaged,
            ".vitruvyan/upgrade_history.json",
            "the chain of hashes is broken",
        )
        .evidence(broken.to_string())
        .hint(
            Who::You,
            "somebody has edited the file; `vit history verify` compares it with the journal",
        )
    }));
    let mut entries = loaded.history.history;
    entries.reverse();
    entries.retain(|entry| !failed || entry.status != Outcome::Success);
    let quarantine = quarantine::listed(&quarantine::load(cx, &mut problems)?);
    Ok(HistoryReport {
        quarantine,
        schema: "vit.history/1".into(),
        history: entries,
        verified: problems.is_empty(),
        problems,
    })
}

/// One entry, by id or an unambiguous beginning of it; `last` is the newest.
///
/// # Errors
/// There is none, or there are several.
pub fn show(cx: &Context<'_>, id: &str) -> Result<Entry, EngineError> {
    let entries = history_file::load(cx.site).history.history;
    if id == "last"
        && let Some(entry) = entries.last()
    {
        return Ok(entry.clone());
    }
    let exact: Vec<&Entry> = entries.iter().filter(|entry| entry.id == id).collect();
    let found = if exact.is_empty() {
        entries
            .iter()
            .filter(|entry| !id.is_empty() && entry.id.starts_with(id))
            .collect()
    } else {
        exact
    };
    match found.as_slice() {
        [] => Err(bad(
            format!(
                "there is no transaction {}",
                vit_contract::text::visible(id)
            ),
            &entries,
        )),
        // A repair bears the id of the transaction that it repairs: the newest of them counts.
        [.., last] if found.iter().all(|entry| entry.id == last.id) => Ok((*last).clone()),
        several => {
            let ids: Vec<&str> = several.iter().map(|entry| entry.id.as_str()).collect();
            Err(bad(
                format!("several transactions begin so: {}", ids.join(", ")),
                &entries,
            ))
        }
    }
}

fn bad(summary: String, entries: &[Entry]) -> EngineError {
    let ids: Vec<&str> = entries
        .iter()
        .rev()
        .take(5)
        .map(|entry| entry.id.as_str())
        .collect();
    let hint = if ids.is_empty() {
        "the history is empty".to_owned()
    } else {
        format!("the newest are {}", ids.join(", "))
    };
    EngineError::BadInput {
        summary,
        problems: Vec::new(),
        hints: vec![hint],
    }
}

/// Checks the chain of hashes, and the history against the journal.
///
/// # Errors
/// The history cannot be read at all.
pub fn verify(cx: &Context<'_>) -> Result<CheckReport, EngineError> {
    let checks = checks(cx)?;
    let ok = checks.iter().all(|check| check.state != CheckState::Failed);
    Ok(CheckReport {
        schema: "vit.history-verify/1".into(),
        ok,
        checks,
    })
}

/// The checks of the history, for `vit history verify` and `vit verify`.
pub(crate) fn checks(cx: &Context<'_>) -> Result<Vec<Check>, EngineError> {
    let loaded = history_file::load(cx.site);
    let mut checks = Vec::new();
    let count = loaded.history.history.len();
    for problem in &loaded.problems {
        let found = problem
            .evidence
            .clone()
            .unwrap_or_else(|| problem.message.clone());
        checks.push(check(
            "history file",
            CheckState::Failed,
            found,
            problem.hint.clone(),
        ));
    }
    // What was taken out of a damaged file says nothing of the file.
    let whole = loaded.problems.is_empty();
    checks.extend(whole.then(|| match history::verify(&loaded.history) {
        Ok(()) => check("hash chain", CheckState::Ok, format!("{count} {}, every link holds", if count == 1 { "entry" } else { "entries" }), None),
        Err(broken) => check(
            "hash chain",
            CheckState::Failed,
            broken.to_string(),
            Some("somebody has edited .vitruvyan/upgrade_history.json; ask who, keep a copy, restore it from a backup".into()),
        ),
    }));
    let log = Journal::read(&cx.site.state_dir)?;
    checks.push(match &log.damaged {
        None => check(
            "journal",
            CheckState::Ok,
            format!("{} records, every link holds", log.records.len()),
            None,
        ),
        Some(damage) => check(
            "journal",
            CheckState::Failed,
            damage.clone(),
            Some("vit recover".into()),
        ),
    });
    let missing = missing_entries(&log.records, &loaded.history);
    let unknown = if log.records.is_empty() && Journal::was_rotated(&cx.site.state_dir)? {
        Vec::new()
    } else {
        unknown_entries(&log.records, &loaded.history)
    };
    checks.push(if missing.is_empty() && unknown.is_empty() {
        check(
            "history against journal",
            CheckState::Ok,
            "they tell the same".into(),
            None,
        )
    } else if missing.is_empty() {
        check(
            "history against journal",
            CheckState::Warning,
            format!("the journal knows nothing of {}", unknown.join(", ")),
            Some(
                "nothing to do where the state folder was removed or its journal moved aside; else restore the state folder from a backup"
                    .into(),
            ),
        )
    } else {
        let found = format!(
            "not in the history, or told otherwise there: {}",
            missing.join(", ")
        );
        // Also where the file was edited: it is moved aside and told anew.
        let fix = "the journal in the state folder is right: `vit recover` brings what is missing";
        check(
            "history against journal",
            CheckState::Failed,
            found,
            Some(fix.into()),
        )
    });
    Ok(checks)
}

/// Transactions that the journal has closed and the history does not tell in the same way. Where
/// retention has dropped entries, only those after the last one that is told can be missed.
fn missing_entries(records: &[crate::store::journal::Record], history: &History) -> Vec<String> {
    let entries = &history.history;
    let rebuilt = rebuild::history(records).history;
    let late = history_file::missing(entries, &rebuilt);
    let oldest = entries.iter().map(|entry| entry.timestamp).min();
    rebuilt
        .iter()
        .filter(|entry| {
            let told = entries
                .iter()
                .any(|e| e.id == entry.id && e.status == entry.status);
            let kept =
                history.gaps.is_empty() && oldest.is_some_and(|oldest| entry.timestamp >= oldest);
            late.contains(entry) || (kept && !told)
        })
        .map(|entry| entry.id.clone())
        .collect()
}

/// The newest entries that the journal does not tell: it was removed, cut or moved aside. Those
/// before the first that it tells are older than the journal file.
fn unknown_entries(records: &[crate::store::journal::Record], history: &History) -> Vec<String> {
    let told = |id: &str| records.iter().any(|record| record.transaction == id);
    let mut unknown: Vec<String> = history
        .history
        .iter()
        .rev()
        .take_while(|entry| !told(&entry.id))
        .map(|entry| entry.id.clone())
        .collect();
    unknown.reverse();
    unknown
}

fn check(name: &str, state: CheckState, found: String, fix: Option<String>) -> Check {
    Check {
        name: name.into(),
        state,
        found,
        fix,
    }
}

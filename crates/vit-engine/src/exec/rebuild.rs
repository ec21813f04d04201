//! The history as the journal tells it: what takes the place of a damaged history file.

use vit_contract::history::{self, Entry as HistoryEntry, History, Outcome};
use vit_contract::plan::Kind;

use super::close::{cause_text, smoke_word};
use super::phase::Story;
use super::record::Entry;
use super::run::version_text;
use crate::store::journal::Record;

/// Rebuilds the entries of every transaction that the journal has closed.
#[must_use]
pub fn history(records: &[Record]) -> History {
    let mut rebuilt = History::default();
    let mut from = 0;
    while from < records.len() {
        let id = &records[from].transaction;
        let length = records[from..]
            .iter()
            .take_while(|r| r.transaction == *id)
            .count();
        entries(&mut rebuilt, &records[from..from + length]);
        from += length;
    }
    rebuilt
}

/// The entries of one transaction: one, and one more for each repair.
fn entries(rebuilt: &mut History, records: &[Record]) {
    let mut seen: Vec<Entry> = Vec::new();
    for record in records {
        let entry = Entry::from_journal(record);
        let closed = match &entry {
            Entry::Closed { outcome } => Some(*outcome),
            _ => None,
        };
        let repaired = matches!(seen.last(), Some(Entry::Repaired { .. }));
        seen.push(entry);
        if let Some(outcome) = closed
            && let Some(entry) = entry_of(records, record, &seen, (outcome, repaired))
            // A repair that fails again ends as it began: that is no news.
            && !rebuilt
                .history
                .iter()
                .any(|old| old.id == entry.id && old.status == entry.status)
        {
            let sealed = history::seal(entry, rebuilt.history.last());
            rebuilt.history.push(sealed);
        }
    }
}

fn entry_of(
    records: &[Record],
    last: &Record,
    seen: &[Entry],
    (outcome, repaired): (Outcome, bool),
) -> Option<HistoryEntry> {
    let story = Story::of(seen);
    let accepted = seen.iter().rev().find_map(|entry| match entry {
        Entry::Repaired { accepted, .. } if repaired => Some(accepted.clone()),
        _ => None,
    });
    let begun = story.begun.as_ref()?;
    let (from, to) = (version_text(&begun.from), version_text(&begun.to));
    let (kind, from, to) = if repaired {
        (Kind::Repair, to, from)
    } else {
        (begun.kind, from, to)
    };
    let failed = outcome != Outcome::Success;
    let seconds = last.time.duration_since(records[0].time).as_secs_f64();
    Some(HistoryEntry {
        id: last.transaction.clone(),
        timestamp: last.time,
        kind,
        from_version: from,
        to_version: to,
        status: outcome,
        snapshot_tag: (outcome != Outcome::Failed).then(|| begun.snapshot_tag.clone()),
        smoke_tests_duration: None,
        smoke_tests_result: Some(smoke_word(&story.results).to_owned()),
        rollback_reason: story.cause.as_ref().filter(|_| failed).map(cause_text),
        actor: Some(begun.actor.clone()),
        host: Some(begun.host.clone()),
        duration: Some(seconds.max(0.0)),
        accepted: accepted.unwrap_or_else(|| begun.accepted.clone()),
        retry_reason: begun.retry_reason.clone(),
        proof: story.proof.clone(),
        evidence: story.evidence.clone().flatten(),
        previous_hash: String::new(),
        hash: String::new(),
    })
}

//! Where a story comes from: journal, history, plans, evidence; and which transaction is meant.

use vit_contract::history::Entry;
use vit_contract::text::visible;

use crate::context::Context;
use crate::error::EngineError;
use crate::exec::rebuild;
use crate::exec::transaction::last_story;
use crate::store::archive::Archive;
use crate::store::lock::Lock;
use crate::store::{history_file, transactions};

/// How many ids an error names.
const NAMED_IDS: usize = 5;

/// Everything that tells of transactions here, and the id of the one that is meant.
pub(super) struct Sources {
    /// The id.
    pub id: String,
    /// The journal.
    pub archive: Archive,
    /// The history, the oldest first; where it is damaged, as the journal tells it.
    pub history: Vec<Entry>,
    /// Who is at work.
    pub holder: Option<String>,
    /// What could not be read.
    pub unknown: Vec<String>,
}

impl Sources {
    pub(super) fn read(cx: &Context<'_>, wanted: Option<&str>) -> Result<Self, EngineError> {
        let mut unknown = Vec::new();
        let (archive, holder) = journal(cx, &mut unknown);
        let loaded = history_file::load(cx.site);
        unknown.extend(loaded.problems.iter().map(|problem| {
            let evidence = problem.evidence.as_deref().unwrap_or_default();
            format!("the history: {} {evidence}", problem.message)
        }));
        unknown.extend(
            archive
                .damage
                .iter()
                .map(|damage| format!("the journal: {damage}")),
        );
        let mut history = loaded.history.history;
        for entry in rebuild::history(&archive.records).history {
            let told = |old: &Entry| old.id == entry.id && old.status == entry.status;
            if !history.iter().any(told) {
                history.push(entry);
            }
        }
        history.sort_by_key(|entry| entry.timestamp);
        let mut ids: Vec<&str> = Vec::new();
        let of_history = history.iter().map(|entry| entry.id.as_str());
        let folders = transactions::list(&cx.site.state_dir).unwrap_or_default();
        let all = of_history
            .chain(folders.iter().map(String::as_str))
            .chain(archive.ids());
        for id in all {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        let last = archive.records.last().map(|r| r.transaction.as_str());
        let id = resolve(&ids, last, wanted)?.to_owned();
        Ok(Self {
            id,
            archive,
            history,
            holder,
            unknown,
        })
    }

    /// The entries of the history for one transaction.
    pub(super) fn entries_of(&self, id: &str) -> Vec<&Entry> {
        let own = |entry: &&Entry| entry.id == id;
        self.history.iter().filter(own).collect()
    }

    /// Whether it is the last one of the journal: only that one can be open.
    pub(super) fn is_last(&self) -> bool {
        let last = self.archive.records.last();
        last.is_some_and(|record| record.transaction == self.id)
    }
}

/// The journal, and who is at work on its last transaction. One that looks open while nobody is
/// at work may have ended since it was read: it is read again then.
fn journal(cx: &Context<'_>, unknown: &mut Vec<String>) -> (Archive, Option<String>) {
    let state = &cx.site.state_dir;
    let mut read = || {
        Archive::read(state).unwrap_or_else(|error| {
            unknown.push(format!("the journal: {error}"));
            Archive::default()
        })
    };
    let archive = read();
    let holder = Lock::holder(state);
    let open = last_story(&archive.records).is_some_and(|(_, story)| story.phase.is_open());
    if holder.is_none() && open {
        return (read(), Lock::holder(state));
    }
    (archive, holder)
}

/// The id that is meant, exactly or by its beginning; without one, the last.
fn resolve<'i>(
    ids: &[&'i str],
    last: Option<&'i str>,
    wanted: Option<&str>,
) -> Result<&'i str, EngineError> {
    let wanted = match wanted {
        None | Some("last") => {
            let newest = last.or_else(|| ids.last().copied());
            return newest
                .ok_or_else(|| bad("nothing was done to this installation yet".to_owned(), ids));
        }
        Some(wanted) => wanted,
    };
    if let Some(exact) = ids.iter().find(|id| **id == wanted) {
        return Ok(exact);
    }
    let beginning: Vec<&'i str> = ids
        .iter()
        .copied()
        .filter(|id| !wanted.is_empty() && id.starts_with(wanted))
        .collect();
    match beginning.as_slice() {
        [] => Err(bad(
            format!("there is no transaction {}", visible(wanted)),
            ids,
        )),
        [one] => Ok(one),
        several => Err(bad(
            format!("several transactions begin so: {}", shown(several)),
            ids,
        )),
    }
}

fn bad(summary: String, ids: &[&str]) -> EngineError {
    let newest: Vec<&str> = ids.iter().rev().take(NAMED_IDS).copied().collect();
    let hint = if newest.is_empty() {
        "`vit history` lists transactions once there are some".to_owned()
    } else {
        format!("the newest are {}", shown(&newest))
    };
    EngineError::BadInput {
        summary,
        problems: Vec::new(),
        hints: vec![hint],
    }
}

fn shown(ids: &[&str]) -> String {
    let ids: Vec<String> = ids.iter().map(|id| visible(id)).collect();
    ids.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_exact_or_a_unique_beginning() {
        let ids = ["20260101-000000", "20260101-000000-2", "20260202-000000"];
        let of = |wanted| resolve(&ids, Some(ids[1]), wanted);
        for (wanted, expected) in [
            (None, ids[1]),
            (Some("last"), ids[1]),
            (Some("20260101-000000"), ids[0]),
            (Some("202602"), ids[2]),
        ] {
            assert_eq!(of(wanted).unwrap(), expected, "{wanted:?}");
        }
        for wanted in ["20260101", "", "3", "\u{1b}[2J"] {
            let Err(EngineError::BadInput { summary, hints, .. }) = of(Some(wanted)) else {
                panic!("{wanted} was taken");
            };
            assert!(!summary.contains('\u{1b}'));
            assert!(hints[0].contains(ids[2]), "{hints:?}");
        }
    }
}

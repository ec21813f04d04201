//! What happened to an installation after a transaction.

use vit_contract::history::Outcome;
use vit_contract::output::explain::{LaterTransaction, StoryEnd};
use vit_contract::plan::Kind;

use super::sources::Sources;

/// What followed, the oldest first.
pub(super) fn since(
    sources: &Sources,
    kind: Option<Kind>,
    to: Option<&StoryEnd>,
) -> Vec<LaterTransaction> {
    let position = sources.history.iter().rposition(|e| e.id == sources.id);
    let began = sources.archive.of(&sources.id).first().map(|r| r.time);
    let later = sources.history.iter().enumerate().filter(|(at, entry)| {
        let after = match (position, began) {
            (Some(own), _) => *at > own,
            (None, Some(began)) => entry.timestamp > began,
            // A folder alone: nothing tells when it was.
            (None, None) => false,
        };
        after && entry.id != sources.id
    });
    later
        .map(|(_, entry)| LaterTransaction {
            id: entry.id.clone(),
            kind: entry.kind,
            from_version: entry.from_version.clone(),
            to_version: entry.to_version.clone(),
            outcome: entry.status,
            ended: entry.timestamp,
            same_target: (kind, entry.kind) == (Some(Kind::Upgrade), Kind::Upgrade)
                && to.is_some_and(|to| to.version == entry.to_version),
        })
        .collect()
}

/// The same as a sentence.
pub(super) fn sentence(since: &[LaterTransaction]) -> String {
    let count = |number: usize, noun: &str| {
        let plural = if number == 1 { "" } else { "s" };
        format!("{number} {noun}{plural}")
    };
    if since.is_empty() {
        return "nothing was done to this installation since".to_owned();
    }
    let mut parts = vec![format!("{} since", count(since.len(), "transaction"))];
    let again = since.iter().filter(|later| later.same_target);
    let failed = again
        .clone()
        .filter(|later| later.outcome != Outcome::Success)
        .count();
    if failed > 0 {
        let times = count(failed, "more time");
        parts.push(format!("the same release failed {times}"));
    }
    if let Some(installed) = installed(since) {
        parts.push(format!("it was installed by {}", installed.id));
    }
    let back = since
        .iter()
        .find(|later| later.kind == Kind::Rollback && later.outcome == Outcome::Success);
    if let Some(back) = back {
        parts.push(format!("{} went back to {}", back.id, back.to_version));
    }
    parts.join("; ")
}

/// The first one that brought the same release in.
pub(super) fn installed(since: &[LaterTransaction]) -> Option<&LaterTransaction> {
    since
        .iter()
        .find(|later| later.same_target && later.outcome == Outcome::Success)
}

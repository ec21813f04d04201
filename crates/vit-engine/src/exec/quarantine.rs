//! The memory of failures: a release that was rolled back here is remembered, and forgotten when
//! it is proven after all.
//!
//! The record comes first; the file is what the records add up to, so a write that failed is made
//! up for by the next transaction or by `vit recover`.

use std::path::Path;

use vit_contract::code::Code;
use vit_contract::plan::Kind;
use vit_contract::problem::Problem;

use super::close::cause_text;
use super::phase::Story;
use super::record::Entry;
use super::run::Run;
use super::trial::TAKEN_BACK;
use crate::context::Context;
use crate::error::EngineError;
use crate::store::journal::{Journal, Record};
use crate::store::quarantine::{self, Quarantine};

/// The subject of problems that are `vit`'s own or the machine's: no release's fault.
const OWN: &str = "vit";
/// What pip and uv say when an index could not be reached or the disk was full.
const UNREACHABLE: [&str; 10] = [
    "connection broken by",
    "Failed to establish a new connection",
    "Temporary failure in name resolution",
    "Connection refused",
    "Network is unreachable",
    "ReadTimeoutError",
    "error sending request",
    "dns error",
    "Network connectivity is disabled",
    "No space left on device",
];

/// Remembers the release of an upgrade that a failing check or step has rolled back, or that
/// somebody took back while it was on trial. Does nothing where that is written already: a recovery repeats this.
pub(super) fn after_failure(run: &mut Run<'_, '_>, cause: &Problem) {
    let upgrade = run.begun().kind == Kind::Upgrade;
    let by_hand = cause.message == TAKEN_BACK;
    if upgrade && (by_hand || !run.no_room && is_of_the_release(cause)) {
        let version = run.begun().to.version.clone();
        remember_release(run, version, by_hand);
    }
}

/// Remembers the release that somebody has gone back from.
pub(super) fn after_rollback(run: &mut Run<'_, '_>) {
    let begun = run.begun();
    let (from, to) = (begun.from.version.clone(), begun.to.version.clone());
    let left = from.filter(|from| to.is_none_or(|to| to < *from));
    if begun.kind == Kind::Rollback {
        remember_release(run, left, true);
    }
}

fn remember_release(run: &mut Run<'_, '_>, version: Option<semver::Version>, by_hand: bool) {
    let Some(version) = version.filter(|_| !run.story.quarantined) else {
        return;
    };
    let before = known(run.cx)
        .ok()
        .and_then(|known| known.find(&version).map(|entry| entry.times));
    run.record_if_possible(&Entry::Quarantined {
        version,
        times: before.unwrap_or(0).saturating_add(1),
        by_hand,
    });
}

/// Whether a failure speaks against the release: not a person's wish, a crash, a full disk, an
/// index out of reach, or something that `vit` itself could not do.
fn is_of_the_release(cause: &Problem) -> bool {
    match cause.code {
        Code::Interrupted
        | Code::LowDisk
        | Code::LockHeld
        | Code::FactsMoved
        | Code::ObjectsMissing
        | Code::StateFolderUnsafe => false,
        Code::StepFailed => cause.subject != OWN,
        Code::DependencyInstallFailed => {
            let told = cause.evidence.as_deref().unwrap_or_default();
            !UNREACHABLE.iter().any(|sign| told.contains(sign))
        }
        _ => true,
    }
}

/// Brings the file what the journal tells and it does not.
///
/// # Errors
/// Journal or file cannot be read, or the file not be written.
pub fn remember(cx: &Context<'_>) -> Result<(), EngineError> {
    let state = &cx.site.state_dir;
    let there = quarantine::load(state)?.0;
    let now = known(cx)?;
    let nothing = there.is_none() && Journal::read(state)?.records.is_empty();
    if nothing || there.as_ref() == Some(&now) {
        return Ok(());
    }
    quarantine::save(state, &now, cx.clock.now(), cx.faults)
}

/// What file and journal say together.
fn known(cx: &Context<'_>) -> Result<Quarantine, EngineError> {
    let mut known = quarantine::load(&cx.site.state_dir)?.0.unwrap_or_default();
    fold(&mut known, &Journal::read(&cx.site.state_dir)?.records);
    Ok(known)
}

/// What the journal alone says: what takes the place of a damaged file.
///
/// # Errors
/// It cannot be read.
pub fn from_journal(state_dir: &Path) -> Result<Quarantine, EngineError> {
    let mut known = Quarantine::default();
    fold(&mut known, &Journal::read(state_dir)?.records);
    Ok(known)
}

/// Takes the records of a journal in, in their order: a failure puts a release into quarantine,
/// a later proof of it takes it out.
fn fold(known: &mut Quarantine, records: &[Record]) {
    let mut story = Story::default();
    let mut transaction = "";
    for record in records {
        if record.transaction != transaction {
            transaction = &record.transaction;
            story = Story::default();
        }
        let entry = Entry::from_journal(record);
        story.take(&entry);
        let Some(begun) = &story.begun else { continue };
        match entry {
            Entry::Quarantined {
                version,
                times,
                by_hand,
            } => {
                let first = known.find(&version).map(|entry| entry.first);
                let by_whom = || format!("rolled back by hand by {}@{}", begun.actor, begun.host);
                let cause = story.cause.as_ref().filter(|_| !by_hand).map(cause_text);
                known.put(quarantine::Entry {
                    first: first.unwrap_or(record.time).min(record.time),
                    last: record.time,
                    transaction: record.transaction.clone(),
                    cause: cause.unwrap_or_else(by_whom),
                    key: begun.quarantine_key.clone(),
                    version,
                    times,
                    by_hand,
                });
            }
            Entry::Committed { .. } => {
                if let Some(version) = &begun.to.version {
                    known.lift(version, record.time);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_machine_or_a_person_did_is_not_the_releases_fault() {
        let of = |code, subject: &str| is_of_the_release(&Problem::new(code, subject, "x"));
        assert!(of(Code::SmokeTestFailed, "finance"));
        assert!(of(Code::SmokeTestTimeout, "finance"));
        assert!(of(Code::TreeMismatch, "working tree"));
        assert!(of(Code::StepFailed, "step:migrate"));
        assert!(of(Code::CoreAboveMaximum, "finance"));
        assert!(!of(Code::StepFailed, OWN));
        assert!(!of(Code::Interrupted, "20260301-080000"));
        assert!(!of(Code::LowDisk, "disk"));
    }

    #[test]
    fn an_index_out_of_reach_is_not_the_releases_fault() {
        let of = |evidence: &str| {
            let problem = Problem::new(Code::DependencyInstallFailed, "environment", "x");
            is_of_the_release(&problem.evidence(evidence))
        };
        assert!(of(
            "`pip install`: exit status 1; last lines:\nERROR: No matching distribution found for a==1"
        ));
        assert!(!of(
            "`pip install`: exit status 1; last lines:\nWARNING: Retrying (Retry(total=0)) after \
             connection broken by 'NewConnectionError': /simple/a/\n\
             ERROR: No matching distribution found for a==1"
        ));
        assert!(!of(
            "`uv pip install`: exit status 2; last lines:\n  Caused by: dns error: failed to lookup"
        ));
    }
}

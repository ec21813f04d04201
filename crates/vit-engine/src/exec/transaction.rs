//! An open transaction: it holds the lock and the journal.

use std::path::Path;

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};

use super::phase::{Phase, Story};
use super::record::Entry;
use super::run::version_text;
use super::trial;
use crate::context::Context;
use crate::error::EngineError;
use crate::rehearsal;
use crate::steps::locks;
use crate::store::atomic;
use crate::store::folder::{self, Folder};
use crate::store::journal::{Journal, Log, Opened, Record};
use crate::store::lock::{Lock, Owner};

/// The journal, held by us alone.
pub struct Held<'a> {
    cx: &'a Context<'a>,
    journal: Journal,
    _lock: Lock,
    /// Where a damaged journal was moved to, if one was.
    pub damaged: Option<std::path::PathBuf>,
}

impl<'a> Held<'a> {
    /// Takes the lock and opens the journal.
    ///
    /// # Errors
    /// Somebody else holds it, the state folder is unsafe, or the journal cannot be opened.
    pub fn acquire(cx: &'a Context<'a>, command: &str) -> Result<Self, EngineError> {
        cx.git.require_supported()?;
        Folder::state(cx.site).ensure()?;
        let owner = Owner {
            command: command.to_owned(),
            pid: std::process::id(),
            user: cx.actor.user.clone(),
            host: cx.actor.host.clone(),
            since: cx.clock.now(),
        };
        let lock = Lock::acquire(&cx.site.state_dir, &owner, cx.faults)?;
        atomic::sweep(&cx.site.state_dir)?;
        rehearsal::place::sweep(cx);
        // A write of the history that was killed; nothing is removed behind a link.
        if Folder::public(cx.site).check().is_empty() {
            atomic::sweep(&cx.site.public_dir)?;
        }
        locks::remove_own(cx.site)?;
        folder::exclude_public_dir(&cx.site.common_dir, cx.faults)?;
        let Opened {
            journal, damaged, ..
        } = Journal::open(&cx.site.state_dir, cx.clock.now(), cx.faults)?;
        Ok(Self {
            cx,
            journal,
            _lock: lock,
            damaged,
        })
    }

    /// The same for a command that is no transaction and cannot finish one.
    ///
    /// # Errors
    /// As [`Self::acquire`], and where an earlier transaction is not finished.
    pub fn acquire_idle(cx: &'a Context<'a>, command: &str) -> Result<Self, EngineError> {
        let held = Self::acquire(cx, command)?;
        held.refuse_unfinished()?;
        Ok(held)
    }

    /// The transaction that is not finished, or inconsistent, if there is one.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn unfinished(&self) -> Result<Option<(String, Story)>, EngineError> {
        unfinished(&Journal::read(&self.cx.site.state_dir)?)
    }

    /// Refuses when an earlier transaction is not finished; a caller that can finish it calls
    /// `recover` first.
    ///
    /// # Errors
    /// `Inconsistent` or `OpenTransaction`.
    pub fn refuse_unfinished(&self) -> Result<(), EngineError> {
        match self.unfinished()? {
            None => Ok(()),
            Some((id, story)) => Err(unfinished_error(self.cx, id, &story)),
        }
    }

    /// Writes a record; it is on disk when this returns.
    ///
    /// # Errors
    /// It could not be written or synced.
    pub fn write(&mut self, transaction: &str, entry: &Entry) -> Result<(), EngineError> {
        let (kind, body) = entry.to_journal();
        self.journal
            .append(transaction, self.cx.clock.now(), &kind, body)
    }

    /// Starts a new journal file when this one has grown; only between transactions.
    ///
    /// # Errors
    /// It could not be renamed.
    pub fn rotate(&mut self) -> Result<(), EngineError> {
        self.journal.rotate().map(drop)
    }
}

/// The error that an unfinished transaction is for commands that cannot finish it.
#[must_use]
pub fn unfinished_error(cx: &Context<'_>, id: String, story: &Story) -> EngineError {
    if matches!(story.phase, Phase::Inconsistent { .. }) {
        let mismatches = story
            .proof
            .as_ref()
            .map(|p| p.mismatches.clone())
            .unwrap_or_default();
        EngineError::Inconsistent { id, mismatches }
    } else if let Some(trial) = trial::standing(cx, story) {
        let begun = story.begun.as_ref();
        EngineError::OnTrial {
            id,
            version: begun.map_or_else(String::new, |begun| version_text(&begun.to)),
            until: trial.until,
        }
    } else {
        EngineError::OpenTransaction { id }
    }
}

/// The last transaction of a journal, when it is open or inconsistent.
///
/// # Errors
/// The journal is damaged: what it says cannot be trusted.
pub fn unfinished(log: &Log) -> Result<Option<(String, Story)>, EngineError> {
    if let Some(damage) = &log.damaged {
        return Err(damaged_journal(damage));
    }
    Ok(last_story(&log.records).filter(|(_, story)| story.phase.is_open()))
}

/// What is not finished, and who is at work on it.
pub type Unfinished = (Option<(String, Story)>, Option<String>);

/// What is not finished, and who is at work: with somebody at work it is no wreck. For readers,
/// who hold no lock.
///
/// # Errors
/// The journal cannot be read, or is damaged.
pub fn unfinished_now(state_dir: &Path) -> Result<Unfinished, EngineError> {
    let read = || Journal::read(state_dir).and_then(|log| unfinished(&log));
    let holder = Lock::holder(state_dir);
    let found = read()?;
    if holder.is_some() || found.is_none() {
        return Ok((found, holder));
    }
    // It may have begun, or ended, since the lock was looked at.
    let holder = Lock::holder(state_dir);
    let found = if holder.is_none() { read()? } else { found };
    Ok((found, holder))
}

/// The last transaction of a journal.
#[must_use]
pub fn last_story(records: &[Record]) -> Option<(String, Story)> {
    let id = &records.last()?.transaction;
    let begin = records
        .iter()
        .rposition(|r| r.transaction != *id)
        .map_or(0, |at| at + 1);
    let entries: Vec<Entry> = records[begin..].iter().map(Entry::from_journal).collect();
    Some((id.clone(), Story::of(&entries)))
}

fn damaged_journal(damage: &str) -> EngineError {
    let problem = Problem::new(Code::HistoryDamaged, "journal", "the journal is damaged")
        .evidence(damage)
        .hint(
            Who::You,
            "vit recover moves it aside whole and checks the installation",
        );
    EngineError::Refused {
        summary: "the journal of this installation is damaged".into(),
        problems: vec![problem],
    }
}

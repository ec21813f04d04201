//! `.vitruvyan/upgrade_history.json`: read for everybody, appended to after a transaction. It is
//! a view: the journal is what a transaction rests on, so damage here is reported and kept aside,
//! and never stops an upgrade.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use vit_contract::code::Code;
use vit_contract::history::{self, Entry, History, ReadError, SCHEMA_VERSION};
use vit_contract::problem::{Place, Problem, Who};

use super::atomic;
use super::folder::Folder;
use crate::error::EngineError;
use crate::faults::Faults;
use crate::site::Site;

/// The name in the public folder.
pub const FILE: &str = "upgrade_history.json";
/// How the file is named to people.
const SHOWN: &str = ".vitruvyan/upgrade_history.json";

/// The history as it was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Loaded {
    /// What could be read of it.
    pub history: History,
    /// What is wrong with it.
    pub problems: Vec<Problem>,
    /// Whether the file is absent, or whole with its chain of hashes.
    pub raw_ok: bool,
}

/// What is added to the history.
#[derive(Debug, Clone)]
pub struct Append {
    /// The entry; its hashes are computed here. Without one, only what is missing is added.
    pub entry: Option<Entry>,
    /// How many entries are kept.
    pub retention: usize,
    /// The time, for the name of a damaged file.
    pub now: Timestamp,
    /// What the journal knows of earlier transactions, without the entry that is added: takes the
    /// place of the entries of a damaged file, and adds what an earlier write did not bring (a
    /// full disk, a folder that could not be written).
    pub rebuilt: Option<History>,
}

/// Why the file is not taken as it stands.
enum Unfit {
    /// It is damaged; entries that are still proven, and the problem.
    Damaged(History, Box<Problem>),
    /// A newer `vit` wrote it.
    Newer(u64),
}

/// Reads the history. Damage is a problem and not an error, and the file stays where it is.
#[must_use]
pub fn load(site: &Site) -> Loaded {
    let path = site.public_dir.join(FILE);
    match read(&path) {
        Ok(Ok(history)) => Loaded {
            history,
            problems: Vec::new(),
            raw_ok: true,
        },
        Ok(Err(Unfit::Damaged(history, problem))) => Loaded {
            history,
            problems: vec![*problem],
            raw_ok: false,
        },
        Ok(Err(Unfit::Newer(version))) => Loaded {
            problems: vec![newer(version)],
            ..Loaded::default()
        },
        Err(error) => Loaded {
            problems: vec![damaged("the history cannot be read", source_text(&error))],
            ..Loaded::default()
        },
    }
}

/// Adds an entry, prunes by retention and writes the file, whole or not at all. A damaged file
/// is moved aside first, and a problem says where it is. An entry that is there already, by id
/// and outcome, is not added again.
///
/// # Errors
/// The old history stands: it cannot be read or written, or a newer `vit` wrote it.
pub fn append(site: &Site, append: Append, faults: &Faults) -> Result<Vec<Problem>, EngineError> {
    Folder::public(site).ensure()?;
    let path = site.public_dir.join(FILE);
    let mut problems = Vec::new();
    let mut history = match read(&path)? {
        Ok(history) => history,
        Err(Unfit::Damaged(proven, problem)) => {
            let aside = atomic::move_aside(&path, append.now)?;
            problems.push(kept_aside(*problem, &aside));
            append.rebuilt.clone().map_or(proven, resealed)
        }
        Err(Unfit::Newer(version)) => return Err(refused(version)),
    };
    history.schema_version = SCHEMA_VERSION;
    let mut new = append
        .rebuilt
        .map(|rebuilt| missing(&history.history, &rebuilt.history))
        .unwrap_or_default();
    // A recovery repeats this after a death in between; the entry must not stand there twice.
    new.extend(append.entry.filter(|entry| !tells(&history.history, entry)));
    if new.is_empty() && problems.is_empty() {
        return Ok(problems);
    }
    for entry in new {
        let sealed = history::seal(entry, history.history.last());
        history.history.push(sealed);
    }
    history::prune(&mut history, append.retention);
    let mut bytes = serde_json::to_vec_pretty(&history).expect("a history is plain data");
    bytes.push(b'\n');
    atomic::write_with_mode(&path, &bytes, 0o644, faults)?;
    Ok(problems)
}

/// The entries of the journal that came after the last one of the history, which retention never
/// drops. Whatever is not told before it may be gone by retention.
#[must_use]
pub fn missing(told: &[Entry], rebuilt: &[Entry]) -> Vec<Entry> {
    let Some(newest) = told.last() else {
        return rebuilt.to_vec();
    };
    let same = |entry: &Entry| entry.id == newest.id && entry.status == newest.status;
    match rebuilt.iter().rposition(same) {
        Some(at) => rebuilt[at + 1..].to_vec(),
        // Not closed yet, or the journal has begun anew since.
        None => rebuilt
            .iter()
            .filter(|entry| entry.timestamp > newest.timestamp)
            .cloned()
            .collect(),
    }
}

fn tells(told: &[Entry], entry: &Entry) -> bool {
    let same = |old: &Entry| old.id == entry.id && old.status == entry.status;
    told.iter().any(same)
}

/// The file's history; the outer error is one of the disk, not of the content.
fn read(path: &Path) -> Result<Result<History, Unfit>, EngineError> {
    let nothing = History::default;
    let bytes = match atomic::read_bounded(path, history::MAX_BYTES) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => return Ok(Ok(nothing())),
        Err(error) if atomic::is_unusable(&error) => {
            let problem = damaged("the history cannot be read", source_text(&error));
            return Ok(Err(Unfit::Damaged(nothing(), Box::new(problem))));
        }
        Err(error) => return Err(error),
    };
    let mut history = match history::read(&bytes) {
        Ok(history) => history,
        Err(ReadError::Newer(version)) => return Ok(Err(Unfit::Newer(version))),
        Err(ReadError::Format {
            line,
            column,
            reason,
        }) => {
            let place = Place {
                line: Some(line),
                column: Some(column),
                ..Place::file(SHOWN)
            };
            let problem = damaged("the history cannot be read", reason).at(place);
            return Ok(Err(Unfit::Damaged(nothing(), Box::new(problem))));
        }
    };
    if let Err(broken) = history::verify(&history) {
        let problem = damaged(
            "the history's chain of hashes is broken",
            broken.to_string(),
        );
        history.history.truncate(broken.index);
        return Ok(Err(Unfit::Damaged(history, Box::new(problem))));
    }
    Ok(Ok(history))
}

/// A rebuilt history with its chain computed anew.
fn resealed(history: History) -> History {
    let mut entries: Vec<Entry> = Vec::with_capacity(history.history.len());
    for entry in history.history {
        entries.push(history::seal(entry, entries.last()));
    }
    History {
        history: entries,
        ..History::default()
    }
}

fn damaged(message: &str, evidence: String) -> Problem {
    Problem::new(Code::HistoryDamaged, SHOWN, message)
        .evidence(evidence)
        .hint(
            Who::You,
            "nothing to do: the next transaction moves the file aside and goes on",
        )
        .at(Place::file(SHOWN))
}

fn kept_aside(problem: Problem, aside: &Path) -> Problem {
    let aside = PathBuf::from(".vitruvyan").join(aside.file_name().unwrap_or_default());
    problem.hint(
        Who::You,
        format!("the damaged file is kept whole as {}", aside.display()),
    )
}

fn newer(version: u64) -> Problem {
    Problem::new(
        Code::BadValue,
        SHOWN,
        format!("its format version is {version}: a newer vit wrote it"),
    )
    .severity(vit_contract::problem::Severity::Warning)
    .hint(Who::You, "use that vit, or a newer one")
    .at(Place::file(SHOWN))
}

fn refused(version: u64) -> EngineError {
    EngineError::BadInput {
        summary: format!(
            "{SHOWN} has format version {version}: a newer vit wrote it, and this one would lose what it does not know"
        ),
        problems: vec![newer(version)],
        hints: vec!["use the vit that wrote it, or a newer one".to_owned()],
    }
}

/// The cause behind an error, without the file's name.
fn source_text(error: &EngineError) -> String {
    std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests;

//! The index of a bundle: what is in it, written last, and the comparison with it.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use jiff::Timestamp;
use vit_contract::digest::sha256;
use vit_contract::output::evidence::SCHEMA;
use vit_contract::output::{
    EvidenceBundle, EvidenceFile, EvidenceIndex, EvidenceState, WholeOutput,
};
use vit_contract::text::visible;

use super::{Evidence, FOLDER, LEFTOVERS};
use crate::error::EngineError;
use crate::faults::Faults;
use crate::store::{atomic, check_id, failed};

/// The index's name in the bundle.
pub const INDEX: &str = "index.json";
/// The largest file that is read through, in bytes: what a smoke test left in the tree may be of
/// any size, and nobody waits for its hash in the middle of an undo.
const HASH_MAX_BYTES: usize = 16 * 1024 * 1024;
/// The largest index that is read, in bytes.
const INDEX_MAX_BYTES: usize = 4 * 1024 * 1024;
/// How many files an index lists.
const MAX_FILES: usize = 1000;
/// How deep folders are looked into.
const MAX_DEPTH: usize = 32;

/// What the index says beside the files.
#[derive(Debug, Clone)]
pub struct Additions<'a> {
    /// The digest of the plan.
    pub plan: Option<&'a str>,
    /// Whether the undo has ended.
    pub complete: bool,
    /// Now.
    pub now: Timestamp,
    /// Captured outputs as a whole, by the name of the file that holds them.
    pub outputs: &'a BTreeMap<String, WholeOutput>,
}

impl Evidence {
    /// Writes the index over everything that is in the folder now, whole and durably.
    ///
    /// # Errors
    /// The folder cannot be read, or the index not be written.
    pub fn write_index(&self, additions: &Additions<'_>) -> Result<(), EngineError> {
        let before = read_index(&self.folder).ok().flatten();
        let (names, unlisted) = names(&self.folder)?;
        let mut files = Vec::new();
        for name in names {
            let Some((bytes, sha256)) = measure(&self.folder.join(&name))? else {
                continue;
            };
            let name = name.to_string_lossy().into_owned();
            // A recovery does not have the output any more; what the index said still holds.
            let known = before
                .iter()
                .flat_map(|index| &index.files)
                .find(|file| file.name == name && file.sha256 == sha256)
                .and_then(|file| file.output.clone());
            files.push(EvidenceFile {
                what: what(&name),
                output: additions.outputs.get(&name).cloned().or(known),
                name,
                bytes,
                sha256,
            });
        }
        let transaction = self.folder.file_name().unwrap_or_default();
        let index = EvidenceIndex {
            schema: SCHEMA.into(),
            transaction: transaction.to_string_lossy().into_owned(),
            written: additions.now,
            plan: additions.plan.map(str::to_owned),
            complete: additions.complete,
            files,
            unlisted,
        };
        let mut bytes = serde_json::to_vec_pretty(&index).expect("an index is plain data");
        bytes.push(b'\n');
        atomic::write(&self.folder.join(INDEX), &bytes, &Faults::default())
    }
}

/// Compares a transaction's bundle with its index; `None` where there is no bundle.
///
/// # Errors
/// The id may not become a path, or the folder cannot be read.
pub fn check(state_dir: &Path, transaction: &str) -> Result<Option<EvidenceBundle>, EngineError> {
    check_id(transaction)?;
    let folder = state_dir.join(FOLDER).join(transaction);
    match fs::symlink_metadata(&folder) {
        Ok(found) if found.is_dir() => {}
        _ => return Ok(None),
    }
    let shown = folder.display().to_string();
    let (found, _) = names(&folder)?;
    let index = match read_index(&folder) {
        Ok(Some(index)) => index,
        Ok(None) => {
            return Ok(Some(EvidenceBundle {
                folder: shown,
                state: EvidenceState::Unlisted,
                findings: vec!["it has no index: nothing says what was in it".into()],
                files: as_found(&folder, &found)?,
            }));
        }
        Err(reason) => {
            return Ok(Some(EvidenceBundle {
                folder: shown,
                state: EvidenceState::Altered,
                findings: vec![format!("{INDEX} cannot be read: {reason}")],
                files: as_found(&folder, &found)?,
            }));
        }
    };
    let findings = differences(&folder, &index, &found, transaction)?;
    Ok(Some(EvidenceBundle {
        folder: shown,
        state: if findings.is_empty() {
            EvidenceState::Intact
        } else {
            EvidenceState::Altered
        },
        findings,
        files: index.files,
    }))
}

/// Reads a file of a bundle; `None` where it is not there, is no regular file, or is too large.
#[must_use]
pub fn read_file(state_dir: &Path, transaction: &str, name: &str) -> Option<Vec<u8>> {
    check_id(transaction).ok()?;
    let path = inside(&state_dir.join(FOLDER).join(transaction), name)?;
    atomic::read_bounded(&path, HASH_MAX_BYTES).ok().flatten()
}

fn differences(
    folder: &Path,
    index: &EvidenceIndex,
    found: &[PathBuf],
    transaction: &str,
) -> Result<Vec<String>, EngineError> {
    let mut findings = Vec::new();
    if index.transaction != transaction {
        let other = visible(&index.transaction);
        findings.push(format!("{INDEX} is that of another transaction, {other}"));
    }
    for file in &index.files {
        let name = visible(&file.name);
        let Some(path) = inside(folder, &file.name) else {
            findings.push(format!("{INDEX} names {name}, which is no path inside it"));
            continue;
        };
        match measure(&path)? {
            None => findings.push(format!("{name} is missing")),
            Some((bytes, sha256)) if (bytes, &sha256) != (file.bytes, &file.sha256) => {
                findings.push(format!("{name} was altered"));
            }
            Some(_) => {}
        }
    }
    // An undo that was cut off has moved files here that no index could list yet.
    if index.complete && index.unlisted == 0 {
        let listed = |name: &PathBuf| {
            let name = name.to_string_lossy();
            index.files.iter().any(|file| file.name == name)
        };
        let added = found.iter().filter(|name| !listed(name));
        findings.extend(
            added.map(|name| format!("{} was added", visible(&name.display().to_string()))),
        );
    }
    Ok(findings)
}

/// The index, as far as it is there.
fn read_index(folder: &Path) -> Result<Option<EvidenceIndex>, String> {
    let bytes = atomic::read_bounded(&folder.join(INDEX), INDEX_MAX_BYTES)
        .map_err(|error| error.to_string())?;
    bytes
        .map(|bytes| serde_json::from_slice(&bytes).map_err(|error| error.to_string()))
        .transpose()
}

/// The files without hashes, where no index tells of them.
fn as_found(folder: &Path, names: &[PathBuf]) -> Result<Vec<EvidenceFile>, EngineError> {
    let mut files = Vec::new();
    for name in names {
        if let Some((bytes, sha256)) = measure(&folder.join(name))? {
            let name = name.to_string_lossy().into_owned();
            files.push(EvidenceFile {
                what: what(&name),
                name,
                bytes,
                sha256,
                output: None,
            });
        }
    }
    Ok(files)
}

/// The path of a name, if it stays inside.
fn inside(folder: &Path, name: &str) -> Option<PathBuf> {
    let relative = Path::new(name);
    let plain = relative
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    (plain && !name.is_empty()).then(|| folder.join(relative))
}

/// Size and hash of what stands at a path; a link counts as the text of its target. `None` where
/// nothing does.
fn measure(path: &Path) -> Result<Option<(u64, Option<String>)>, EngineError> {
    let found = match fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("reading", path)(error)),
    };
    if found.is_symlink() {
        let target = fs::read_link(path).map_err(failed("reading", path))?;
        let target = target.into_os_string().into_encoded_bytes();
        return Ok(Some((target.len() as u64, Some(sha256(&target)))));
    }
    if !found.is_file() || found.size() > HASH_MAX_BYTES as u64 {
        return Ok(Some((found.size(), None)));
    }
    // Somebody's file may be unreadable even for us: its size is still something.
    let bytes = atomic::read_bounded(path, HASH_MAX_BYTES).ok().flatten();
    Ok(Some((found.size(), bytes.map(|bytes| sha256(&bytes)))))
}

/// The names of all files in a bundle but its index, sorted, and how many more there are.
fn names(folder: &Path) -> Result<(Vec<PathBuf>, usize), EngineError> {
    let mut found = Vec::new();
    let mut open = vec![(PathBuf::new(), 0)];
    while let Some((relative, depth)) = open.pop() {
        let here = folder.join(&relative);
        let Ok(entries) = fs::read_dir(&here) else {
            // A folder that a smoke test made unreadable is one thing that is there.
            found.push(relative);
            continue;
        };
        for entry in entries {
            let entry = entry.map_err(failed("reading", &here))?;
            let name = relative.join(entry.file_name());
            let kind = entry.file_type().map_err(failed("reading", &here))?;
            if kind.is_dir() && depth < MAX_DEPTH {
                open.push((name, depth + 1));
            } else if !is_ours(&name) {
                found.push(name);
            }
        }
    }
    found.sort();
    let unlisted = found.len().saturating_sub(MAX_FILES);
    found.truncate(MAX_FILES);
    Ok((found, unlisted))
}

/// The index, and what a write of it that was killed has left.
fn is_ours(name: &Path) -> bool {
    let text = name.to_string_lossy();
    text == INDEX || (text.starts_with('.') && text.ends_with(".vit-tmp"))
}

/// What a file is, in words.
fn what(name: &str) -> String {
    // A recovery numbers what it adds: `timings.json-2`.
    let unnumbered = name
        .rsplit_once('-')
        .filter(|(_, number)| number.parse::<u32>().is_ok());
    let name = unnumbered.map_or(name, |(name, _)| name);
    let plain = match name {
        "cause.json" => "the first cause",
        "later-causes.jsonl" => "what went wrong after the first cause",
        "smoke-tests.json" => "the results of the smoke tests",
        "after-rollback.json" => "the results of the old release's smoke tests after the rollback",
        "git-status.txt" => "what git said of the tree before the undo",
        "tree.diff" => "what was changed in tracked files",
        "untracked.txt" => "untracked files that were not there before",
        "environment.diff.txt" => "how the environment differed",
        "timings.json" => "how long every stage took",
        "versions.json" => "the versions of the programs at work",
        _ => "",
    };
    if !plain.is_empty() {
        return plain.to_owned();
    }
    if name.starts_with(&format!("{LEFTOVERS}/")) {
        return "moved out of the tree, as it was".to_owned();
    }
    let log = |prefix: &str| name.strip_prefix(prefix)?.strip_suffix(".log");
    if let Some(vertical) = log("smoke-") {
        return format!("output of the smoke test of {vertical}");
    }
    if let Some(vertical) = log("after-rollback-") {
        return format!("output of the smoke test of {vertical} on the restored release");
    }
    "kept by a step".to_owned()
}

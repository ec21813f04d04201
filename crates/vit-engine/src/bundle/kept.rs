//! What was imported: `<state>/imports/`.
//!
//! | where | what |
//! |---|---|
//! | `<sha256>.json` | who imported which bundle when, and what was in it |
//! | `metadata/<sha256>.json` | metadata that stood beside a release's tree |
//! | `wheels/<sha256 of the bundle>/` | the distributions of a bundle, and nothing else |
//! | `offered.json` | imported releases that the registry has offered since |
//! | `.work-*` | an import at work; what a killed one left, the next one removes |
//!
//! A record alone imports nothing: its releases count once all their refs stand in
//! `refs/vit/releases/`. So an import that was killed is either done or not.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use vit_contract::bundle::{BundledRelease, Wheel};
use vit_contract::code::Code;
use vit_contract::digest;
use vit_contract::plan::WheelFolder;
use vit_contract::problem::{Place, Problem, Severity, Who};
use vit_contract::release::{self, Release};
use vit_contract::version;

use super::core::at;
use crate::error::EngineError;
use crate::faults::Faults;
use crate::git::{RELEASES, Ref};
use crate::store::atomic;

const FOLDER: &str = "imports";
const OFFERED: &str = "offered.json";
const FORMAT: u64 = 1;
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// How the folder of an import at work begins.
const WORK: &str = ".work-";

/// An import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The version of the format.
    pub format: u64,
    /// SHA-256 of the bundle, hex.
    pub sha256: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// The name that its file had.
    pub file: String,
    /// When it was imported.
    pub imported: Timestamp,
    /// Who did it.
    pub user: String,
    /// On which machine.
    pub host: String,
    /// The program that made it.
    pub created_by: String,
    /// Its releases.
    pub releases: Vec<KeptRelease>,
    /// What there is to install from.
    pub wheels: Vec<Wheel>,
}

/// An imported release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptRelease {
    /// What the bundle said of it.
    #[serde(flatten)]
    pub release: BundledRelease,
    /// Whether the registry had offered it here before the import.
    pub offered_before: bool,
}

impl Record {
    /// Whether all its releases stand in the repository, each as it was imported.
    #[must_use]
    pub fn stands(&self, refs: &BTreeMap<String, Ref>) -> bool {
        self.releases.iter().all(|kept| {
            let found = refs.get(&kept.release.tag);
            found.and_then(|found| found.commit.as_ref()) == Some(&kept.release.commit)
        })
    }

    /// `1f2e3d4c5b6a, on 2026-03-01`.
    #[must_use]
    pub fn told(&self) -> String {
        let day = self.imported.to_zoned(jiff::tz::TimeZone::UTC);
        let short = self.sha256.get(..12).unwrap_or_default();
        format!("{short}, on {}", day.strftime("%Y-%m-%d"))
    }

    fn is_sound(&self) -> bool {
        let tags = |kept: &KeptRelease| version::of_tag(&kept.release.tag).is_some();
        self.format <= FORMAT
            && self.releases.iter().all(tags)
            && self.wheels.iter().all(|wheel| Wheel::is_name(&wheel.name))
    }
}

/// The folder of imports.
#[must_use]
pub fn folder(state_dir: &Path) -> PathBuf {
    state_dir.join(FOLDER)
}

/// Every import, the earliest first, and what cannot be read.
///
/// # Errors
/// The folder cannot be read.
pub fn load(state_dir: &Path) -> Result<(Vec<Record>, Vec<Problem>), EngineError> {
    let folder = folder(state_dir);
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Default::default()),
        Err(error) => return Err(at("reading", &folder)(error)),
    };
    let mut records = Vec::new();
    let mut problems = Vec::new();
    for entry in entries {
        let path = entry.map_err(at("reading", &folder))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some(sha256) = name.strip_suffix(".json").filter(|stem| stem.len() == 64) else {
            continue;
        };
        match read(&path, sha256) {
            Ok(record) => records.extend(record),
            Err(reason) => problems.push(unreadable(&path, reason)),
        }
    }
    records.sort_by(|a, b| (a.imported, &a.sha256).cmp(&(b.imported, &b.sha256)));
    problems.sort_by(|a, b| a.subject.cmp(&b.subject));
    Ok((records, problems))
}

fn read(path: &Path, sha256: &str) -> Result<Option<Record>, String> {
    let bytes = atomic::read_bounded(path, MAX_BYTES).map_err(|error| {
        let source = std::error::Error::source(&error);
        source.map_or_else(|| error.to_string(), ToString::to_string)
    })?;
    let Some(bytes) = bytes else { return Ok(None) };
    let record: Record = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    if record.sha256 != sha256 || !record.is_sound() {
        return Err("it is not what this vit writes".to_owned());
    }
    Ok(Some(record))
}

fn unreadable(path: &Path, reason: String) -> Problem {
    let file = path.display().to_string();
    Problem::new(
        Code::FileUnreadable,
        &file,
        "the record of an import cannot be read: its releases do not count as imported",
    )
    .severity(Severity::Warning)
    .evidence(reason)
    .hint(Who::You, "import the bundle once more")
    .at(Place::file(file))
}

/// Writes the record of an import.
///
/// # Errors
/// It cannot be written.
pub fn write(state_dir: &Path, record: &Record, faults: &Faults) -> Result<(), EngineError> {
    let mut bytes = serde_json::to_vec_pretty(record).expect("it is plain data");
    bytes.push(b'\n');
    let path = folder(state_dir).join(format!("{}.json", record.sha256));
    atomic::write(&path, &bytes, faults)
}

/// Keeps a metadata file.
///
/// # Errors
/// It cannot be written.
pub fn write_metadata(state_dir: &Path, bytes: &[u8], faults: &Faults) -> Result<(), EngineError> {
    atomic::write(
        &metadata_path(state_dir, &digest::sha256(bytes)),
        bytes,
        faults,
    )
}

/// A metadata file, where it is there and is what it was.
#[must_use]
pub fn metadata(state_dir: &Path, sha256: &str) -> Option<Vec<u8>> {
    let path = metadata_path(state_dir, sha256);
    let bytes = atomic::read_bounded(&path, release::MAX_BYTES).ok()??;
    (digest::sha256(&bytes) == sha256).then_some(bytes)
}

fn metadata_path(state_dir: &Path, sha256: &str) -> PathBuf {
    folder(state_dir)
        .join("metadata")
        .join(format!("{sha256}.json"))
}

/// The folder of a bundle's distributions.
#[must_use]
pub fn wheels_folder(state_dir: &Path, bundle: &str) -> PathBuf {
    folder(state_dir).join("wheels").join(bundle)
}

/// The folders to install from for a release: of the bundles that it came with, the latest first.
///
/// # Errors
/// The imports cannot be read.
pub fn wheels(state_dir: &Path, release: &Release) -> Result<Vec<WheelFolder>, EngineError> {
    let (records, _) = load(state_dir)?;
    let holds = |record: &&Record| {
        let is = |kept: &KeptRelease| {
            kept.release.tag == release.tag && Some(&kept.release.commit) == release.commit.as_ref()
        };
        !record.wheels.is_empty() && record.releases.iter().any(is)
    };
    let found = records.iter().rev().filter(holds);
    Ok(found
        .map(|record| WheelFolder {
            path: wheels_folder(state_dir, &record.sha256)
                .display()
                .to_string(),
            files: record.wheels.clone(),
        })
        .collect())
}

/// Whether a folder holds these distributions, each as it was, and nothing else.
///
/// # Errors
/// What is different.
pub fn check_wheels(folder: &WheelFolder) -> Result<(), String> {
    let path = Path::new(&folder.path);
    let mut expected: BTreeMap<&str, &str> = folder
        .files
        .iter()
        .map(|wheel| (wheel.name.as_str(), wheel.sha256.as_str()))
        .collect();
    let entries = fs::read_dir(path).map_err(|error| format!("{}: {error}", path.display()))?;
    for entry in entries {
        let entry = entry.map_err(|error| format!("{}: {error}", path.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let shown = vit_contract::text::visible(&name);
        let Some(sha256) = expected.remove(name.as_str()) else {
            return Err(format!("{shown} was not in the bundle"));
        };
        if !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            return Err(format!("{shown} is no regular file"));
        }
        let content = super::file::Content::File(entry.path());
        match super::file::measure(&content) {
            Ok((_, found)) if found == sha256 => {}
            Ok(_) => {
                return Err(format!(
                    "{shown} has another content: its SHA-256 does not agree"
                ));
            }
            Err(error) => return Err(format!("{shown}: {error}")),
        }
    }
    match expected.keys().next() {
        Some(name) => Err(format!("{name} is gone")),
        None => Ok(()),
    }
}

/// Tags of imported releases that the registry has offered since their import.
#[must_use]
pub fn offered(state_dir: &Path) -> BTreeSet<String> {
    let path = folder(state_dir).join(OFFERED);
    let bytes = atomic::read_bounded(&path, MAX_BYTES).ok().flatten();
    bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default()
}

/// Keeps those tags. What cannot be kept is found again at the next answer of the registry.
pub fn keep_offered(state_dir: &Path, tags: &BTreeSet<String>, faults: &Faults) {
    if let Ok(bytes) = serde_json::to_vec_pretty(tags) {
        let _ = atomic::write(&folder(state_dir).join(OFFERED), &bytes, faults);
    }
}

/// A folder to work in, and what killed imports left of theirs removed.
///
/// # Errors
/// It cannot be made.
pub fn work(state_dir: &Path) -> Result<tempfile::TempDir, EngineError> {
    let folder = folder(state_dir);
    atomic::sweep(&folder)?;
    atomic::sweep(&folder.join("metadata"))?;
    for entry in fs::read_dir(&folder).map_err(at("reading", &folder))? {
        let entry = entry.map_err(at("reading", &folder))?;
        if entry.file_name().to_string_lossy().starts_with(WORK) {
            fs::remove_dir_all(entry.path()).map_err(at("removing", &entry.path()))?;
        }
    }
    let made = tempfile::Builder::new().prefix(WORK).tempdir_in(&folder);
    made.map_err(at("making a folder in", &folder))
}

/// Makes the folders that an import writes to.
///
/// # Errors
/// One of them cannot be made.
pub fn prepare(state_dir: &Path) -> Result<(), EngineError> {
    use std::os::unix::fs::DirBuilderExt as _;

    let folder = folder(state_dir);
    for path in [
        folder.clone(),
        folder.join("metadata"),
        folder.join("wheels"),
    ] {
        match fs::DirBuilder::new().mode(0o700).create(&path) {
            Ok(()) => sync(path.parent().unwrap_or(&path))?,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                // Behind a link it would be a folder of somebody else's.
                let own = fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir());
                if !own {
                    let what = io::Error::other("it is no folder");
                    return Err(at("using", &path)(what));
                }
            }
            Err(error) => return Err(at("making the folder", &path)(error)),
        }
    }
    Ok(())
}

/// Makes the names in a folder durable.
///
/// # Errors
/// It cannot be synced.
pub fn sync(folder: &Path) -> Result<(), EngineError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(at("syncing", folder))
}

/// The name of a release's ref.
#[must_use]
pub fn ref_name(tag: &str) -> String {
    format!("{RELEASES}{tag}")
}

//! `vit mirror index`: what this installation's registry knows, as files that any web server can
//! serve. The same releases give the same bytes; nothing that stands there is removed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use semver::Version;
use vit_contract::code::Code;
use vit_contract::digest;
use vit_contract::index::{self, Index, IndexedFile, IndexedRelease};
use vit_contract::output::MirrorIndexReport;
use vit_contract::problem::{Problem, Severity, Who};
use vit_contract::release::{FILE_NAMES, Release};

use crate::context::Context;
use crate::error::EngineError;
use crate::facts::verticals;
use crate::registry::{self, Registry};
use crate::store::atomic;
use crate::store::folder::{Folder, exclude_public_dir};

/// Options of `vit mirror index`.
#[derive(Debug, Clone, Default)]
pub struct MirrorOptions {
    /// The folder; else `.vitruvyan/mirror`.
    pub out: Option<PathBuf>,
    /// Where the index says that commits come from; else what it said before.
    pub repository: Option<String>,
    /// Ask nothing: write what was fetched before.
    pub offline: bool,
}

/// A file to write, below the folder.
struct File {
    path: String,
    bytes: Vec<u8>,
}

/// Writes the index and the metadata files.
///
/// # Errors
/// The registry cannot answer or be believed, what stands in the folder is no index, or it
/// cannot be written.
pub fn index(cx: &Context<'_>, options: &MirrorOptions) -> Result<MirrorIndexReport, EngineError> {
    let folder = match &options.out {
        Some(folder) => folder.clone(),
        None => {
            Folder::public(cx.site).ensure()?;
            exclude_public_dir(&cx.site.common_dir, cx.faults)?;
            cx.site.public_dir.join("mirror")
        }
    };
    let old = existing(&folder)?;
    let remote = verticals::upstream_remote(&verticals::find(cx));
    let registry = registry::open(cx, remote.as_deref())?;
    let mut listing = registry.list(cx, !options.offline)?;
    if let Some(problem) = listing.problems.iter().find(|problem| problem.blocks()) {
        return Err(EngineError::Refused {
            summary: "what cannot be believed here is not handed on".to_owned(),
            problems: vec![problem.clone()],
        });
    }
    registry.read(cx, &mut listing.releases, !options.offline)?;
    let mut problems = listing.problems;
    let mut files = Vec::new();
    let mut entries = BTreeMap::new();
    for release in &listing.releases {
        match entry(cx, &*registry, release, &mut files)? {
            Ok(entry) => {
                entries.insert(entry.version.clone(), entry);
            }
            Err(problem) => problems.push(problem),
        }
    }
    let repository = options
        .repository
        .clone()
        .or_else(|| old.as_ref()?.repository.clone());
    keep_marks(&mut entries, old);
    let index = Index {
        schema: index::SCHEMA.to_owned(),
        generated: entries.values().filter_map(|entry| entry.date).max(),
        repository,
        releases: entries.into_values().collect(),
    };
    let bytes = index.to_bytes();
    checked(&index, &bytes)?;
    files.push(File {
        path: index::FILE_NAME.to_owned(),
        bytes,
    });
    let (written, unchanged) = write(cx, &folder, &files)?;
    Ok(report(
        &folder,
        &index,
        (written, unchanged),
        (listing.source, problems),
    ))
}

fn report(
    folder: &Path,
    index: &Index,
    (written, unchanged): (Vec<String>, usize),
    (source, problems): (vit_contract::output::Source, Vec<Problem>),
) -> MirrorIndexReport {
    let count = index.releases.len();
    let details = match written.len() {
        0 => format!("the index of {count} releases is up to date"),
        written => format!("the index lists {count} releases; {written} files were written"),
    };
    MirrorIndexReport {
        schema: "vit.mirror-index/1".to_owned(),
        details,
        folder: folder.display().to_string(),
        sha256: digest::sha256(&index.to_bytes()),
        repository: index.repository.clone(),
        releases: count,
        withdrawn: index
            .releases
            .iter()
            .filter(|r| r.withdrawn.is_some())
            .count(),
        written,
        unchanged,
        source,
        problems,
    }
}

/// The index that stands in the folder.
fn existing(folder: &Path) -> Result<Option<Index>, EngineError> {
    let path = folder.join(index::FILE_NAME);
    let Some(bytes) = atomic::read_bounded(&path, index::MAX_BYTES)? else {
        return Ok(None);
    };
    let reading = index::read(index::FILE_NAME, &bytes);
    let whole = |index: &Index| index.releases.iter().all(|entry| entry.problems.is_empty());
    match reading.value.filter(whole) {
        Some(index) => Ok(Some(index)),
        None => Err(EngineError::BadInput {
            summary: format!("{} is there and is no index that vit wrote", path.display()),
            problems: reading.problems,
            hints: vec!["name another folder, or move the file away".to_owned()],
        }),
    }
}

/// A release's entry and its metadata file; else why it is not handed on.
fn entry(
    cx: &Context<'_>,
    registry: &dyn Registry,
    release: &Release,
    files: &mut Vec<File>,
) -> Result<Result<IndexedRelease, Problem>, EngineError> {
    let withdrawal =
        |problem: &&Problem| matches!(problem.code, Code::Withdrawn | Code::TargetNotFound);
    let withdrawn = release.problems.iter().find(withdrawal);
    let other = |problem: &&Problem| problem.blocks() && !withdrawal(problem);
    if let Some(problem) = release.problems.iter().find(other) {
        return Ok(Err(left_out(release, &problem.message)));
    }
    if release.unread {
        return Ok(Err(left_out(release, "its metadata was not fetched")));
    }
    let metadata = match &release.metadata {
        None => None,
        Some(parsed) => {
            let raw = registry.metadata_bytes(cx, release)?;
            let is_it = |bytes: &Vec<u8>| release.metadata_sha256 == Some(digest::sha256(bytes));
            // Where the file itself is not at hand, its canonical form says the same.
            let bytes = raw.filter(is_it).unwrap_or_else(|| {
                let mut bytes = serde_json::to_vec_pretty(parsed).expect("metadata is plain data");
                bytes.push(b'\n');
                bytes
            });
            let file = IndexedFile {
                path: format!("{}/{}", release.version, FILE_NAMES[0]),
                sha256: digest::sha256(&bytes),
                length: bytes.len() as u64,
            };
            files.push(File {
                path: file.path.clone(),
                bytes,
            });
            Some(file)
        }
    };
    Ok(Ok(IndexedRelease {
        version: release.version.clone(),
        tag: release.tag.clone(),
        commit: release.commit.clone(),
        tree: release.tree.clone(),
        channel: Some(release.channel()),
        date: release.metadata.as_ref().and_then(|m| m.release_date),
        metadata,
        withdrawn: withdrawn.map(|problem| {
            let evidence = problem.evidence.clone();
            evidence.unwrap_or_else(|| problem.message.clone())
        }),
        problems: Vec::new(),
    }))
}

fn left_out(release: &Release, why: &str) -> Problem {
    Problem::new(
        Code::MetadataUnreadable,
        &release.tag,
        "the release is not in the index",
    )
    .severity(Severity::Warning)
    .evidence(why)
    .hint(
        Who::You,
        "`vit why` says more; write the index again when it is mended",
    )
}

/// What the old index said of withdrawals stays; what the registry no longer has is withdrawn.
fn keep_marks(entries: &mut BTreeMap<Version, IndexedRelease>, old: Option<Index>) {
    for mut before in old.into_iter().flat_map(|index| index.releases) {
        match entries.get_mut(&before.version) {
            Some(entry) => entry.withdrawn = entry.withdrawn.take().or(before.withdrawn),
            None => {
                before
                    .withdrawn
                    .get_or_insert_with(|| "the registry no longer has it".to_owned());
                entries.insert(before.version.clone(), before);
            }
        }
    }
}

/// What is written has to be read as what it is.
fn checked(index: &Index, bytes: &[u8]) -> Result<(), EngineError> {
    let reading = index::read(index::FILE_NAME, bytes);
    if reading.value.as_ref() == Some(index) && reading.problems.is_empty() {
        return Ok(());
    }
    Err(EngineError::BadInput {
        summary: "the index could not be read by others".to_owned(),
        problems: reading.problems,
        hints: vec![
            "`--repository` takes a git URL without credentials, or a path below the folder"
                .to_owned(),
        ],
    })
}

/// Writes what is new, the index last: at no moment does it name a file that is not there.
fn write(
    cx: &Context<'_>,
    folder: &Path,
    files: &[File],
) -> Result<(Vec<String>, usize), EngineError> {
    fs::create_dir_all(folder).map_err(failed("making the folder", folder))?;
    let folder = &folder
        .canonicalize()
        .map_err(failed("finding the folder", folder))?;
    let mut written = Vec::new();
    for file in files {
        let path = folder.join(&file.path);
        let parent = atomic::folder_of(&path);
        match fs::symlink_metadata(parent) {
            Ok(there) if there.is_dir() => {}
            // A link could lead out of the folder.
            Ok(_) => {
                return Err(EngineError::BadInput {
                    summary: format!("{} is no folder", parent.display()),
                    problems: Vec::new(),
                    hints: vec!["move it away, or name another folder".to_owned()],
                });
            }
            Err(_) => fs::create_dir(parent).map_err(failed("making the folder", parent))?,
        }
        let there = atomic::read_bounded(&path, index::MAX_BYTES).unwrap_or_default();
        if there.as_ref() == Some(&file.bytes) {
            continue;
        }
        atomic::write_with_mode(&path, &file.bytes, 0o644, cx.faults)?;
        written.push(file.path.clone());
    }
    let unchanged = files.len() - written.len();
    Ok((written, unchanged))
}

fn failed(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> EngineError {
    let path = path.to_owned();
    move |source| EngineError::Io {
        action,
        path,
        source,
    }
}

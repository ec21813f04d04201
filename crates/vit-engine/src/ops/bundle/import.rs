//! `vit bundle import`: releases of a bundle become releases of this installation.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use vit_contract::bundle::{CORE, Wheel};
use vit_contract::output::{BundleReport, BundleStatus};
use vit_contract::plan::WheelFolder;

use super::{contents, obstacles, of_checked, refused, try_core};
use crate::bundle::core;
use crate::bundle::file::{self, Checked, Unusable};
use crate::bundle::kept::{self, KeptRelease, Record};
use crate::context::Context;
use crate::error::EngineError;
use crate::exec::transaction::Held;
use crate::git::{RELEASES, Ref, RefEdit};
use crate::registry::git::by_tag;
use crate::twin::{self, Work};

/// Imports a bundle: all of it, or nothing. What was imported before is left as it is.
///
/// The objects come first, then metadata and distributions, then the record of the import, and
/// the refs last: as long as one of them is missing, nothing was imported, and the next import
/// of the same file goes on from there.
///
/// # Errors
/// It is damaged, builds on what is not here, names a tag that was seen with another commit; or
/// something could not be read or written.
pub fn import(cx: &Context<'_>, path: &Path) -> Result<BundleReport, EngineError> {
    let checked = file::check(path).map_err(|unusable| refused(path, unusable))?;
    let _held = Held::acquire_idle(cx, "vit bundle import")?;
    refuse(cx, (path, &checked))?;
    let refs = by_tag(cx.git.refs(&[RELEASES])?, RELEASES);
    let (records, problems) = kept::load(&cx.site.state_dir)?;
    let record = record(cx, path, (&checked, &records, &refs));
    let earlier = records.iter().find(|known| known.sha256 == checked.sha256);
    if let Some(earlier) = earlier.filter(|known| is_whole(cx, known, &refs)) {
        return Ok(BundleReport {
            details: format!("it was imported before: {}", contents(&checked.manifest)),
            imported: Some(earlier.imported),
            ..done(cx, BundleStatus::AlreadyImported, (path, &checked))
        });
    }
    bring(cx, (path, &checked), &record)?;
    create_refs(cx, &record, &refs)?;
    Ok(BundleReport {
        details: format!("imported: {}", contents(&checked.manifest)),
        imported: Some(record.imported),
        problems: problems
            .into_iter()
            .filter(|problem| !problem.subject.contains(&record.sha256))
            .collect(),
        ..done(cx, BundleStatus::Imported, (path, &checked))
    })
}

fn done(
    cx: &Context<'_>,
    status: BundleStatus,
    (path, checked): (&Path, &Checked),
) -> BundleReport {
    BundleReport {
        installation: Some(cx.site.root.display().to_string()),
        next: Some("vit update".to_owned()),
        ..of_checked("import", status, (path, checked))
    }
}

/// What stands against it, before anything is written.
fn refuse(cx: &Context<'_>, (path, checked): (&Path, &Checked)) -> Result<(), EngineError> {
    let (problems, _) = obstacles(cx, (path, &checked.manifest))?;
    if problems.is_empty() {
        return Ok(());
    }
    Err(EngineError::Refused {
        summary: format!("the bundle {} cannot be imported here", path.display()),
        problems,
    })
}

/// The record of this import.
fn record(
    cx: &Context<'_>,
    path: &Path,
    (checked, records, refs): (&Checked, &[Record], &BTreeMap<String, Ref>),
) -> Record {
    let offered = kept::offered(&cx.site.state_dir);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let releases = checked.manifest.releases.iter().map(|release| {
        let imports = || {
            let kept = records.iter().flat_map(|record| &record.releases);
            kept.filter(|kept| kept.release.tag == release.tag)
        };
        // A ref that an import made, or began to make, is no offer of the registry's.
        let by_import = imports().next().is_some();
        let before = if by_import {
            offered.contains(&release.tag) || imports().any(|kept| kept.offered_before)
        } else {
            refs.contains_key(&release.tag)
        };
        KeptRelease {
            release: release.clone(),
            offered_before: before,
        }
    });
    Record {
        format: 1,
        sha256: checked.sha256.clone(),
        bytes: checked.bytes,
        file: vit_contract::text::visible(&name),
        imported: cx.clock.now(),
        user: cx.actor.user.clone(),
        host: cx.actor.host.clone(),
        created_by: checked.manifest.created_by.clone(),
        releases: releases.collect(),
        wheels: checked.manifest.wheels.clone(),
    }
}

/// Whether everything that an earlier import brought is still there.
fn is_whole(cx: &Context<'_>, record: &Record, refs: &BTreeMap<String, Ref>) -> bool {
    let state = &cx.site.state_dir;
    let files = record
        .releases
        .iter()
        .filter_map(|kept| kept.release.metadata.as_ref());
    let mut files = files.map(|file| kept::metadata(state, &file.sha256).is_some());
    record.stands(refs)
        && files.all(|there| there)
        && (record.wheels.is_empty() || kept::check_wheels(&wheels_of(state, record)).is_ok())
}

fn wheels_of(state: &Path, record: &Record) -> WheelFolder {
    let folder = kept::wheels_folder(state, &record.sha256);
    WheelFolder {
        path: folder.display().to_string(),
        files: record.wheels.clone(),
    }
}

/// Everything but the refs: the objects, the files, and the record of them.
fn bring(
    cx: &Context<'_>,
    (path, checked): (&Path, &Checked),
    record: &Record,
) -> Result<(), EngineError> {
    let state = &cx.site.state_dir;
    let point = |name: &str| {
        let at = cx.faults.at(format_args!("import.{name}"));
        at.map_err(core::at("importing into", state))
    };
    kept::prepare(state)?;
    let work = kept::work(state)?;
    let metadata = extract(cx, (path, checked), work.path())?;
    point("extracted")?;
    let file = work.path().join(CORE);
    let lender = cx.site.common_dir.join("objects");
    let tried = try_core(
        (&file, work.path()),
        cx.environment,
        &checked.manifest,
        Some(Some(&lender)),
    );
    tried.map_err(|unusable| refused(path, unusable))?;
    point("tried")?;
    cx.git.unbundle(&file)?;
    core::holds(cx.git, &checked.manifest).map_err(|unusable| refused(path, unusable))?;
    point("objects")?;
    for (from, sha256) in metadata {
        let bytes = fs::read(&from).map_err(core::at("reading", &from))?;
        if vit_contract::digest::sha256(&bytes) != sha256 {
            let what = Unusable::Damaged("metadata changed while they were read".to_owned());
            return Err(refused(path, what));
        }
        kept::write_metadata(state, &bytes, cx.faults)?;
    }
    if !record.wheels.is_empty() {
        bring_wheels(cx, &work.path().join("wheels"), record)?;
        point("wheels")?;
    }
    kept::write(state, record, cx.faults)?;
    point("recorded")
}

/// Takes the bundle apart in a folder of ours; the metadata files with their hashes.
fn extract(
    cx: &Context<'_>,
    (path, checked): (&Path, &Checked),
    work: &Path,
) -> Result<Vec<(PathBuf, String)>, EngineError> {
    let wheels = work.join("wheels");
    fs::create_dir(&wheels).map_err(core::at("making", &wheels))?;
    let releases = checked.manifest.releases.iter();
    let metadata: BTreeMap<&str, (PathBuf, String)> = releases
        .filter_map(|release| release.metadata.as_ref())
        .map(|file| {
            let to = work.join(format!("{}.json", file.sha256));
            (file.path.as_str(), (to, file.sha256.clone()))
        })
        .collect();
    let mut taken = std::collections::BTreeSet::new();
    // Two releases may have the same metadata: one file is enough.
    let first: BTreeMap<&str, PathBuf> = metadata
        .iter()
        .filter(|(_, (to, _))| taken.insert(to.clone()))
        .map(|(name, (to, _))| (*name, to.clone()))
        .collect();
    let known = |name: &str| {
        checked
            .manifest
            .wheels
            .iter()
            .any(|w| Wheel::path(&w.name) == name)
    };
    let place = |name: &str| {
        if name == CORE {
            Some(work.join(CORE))
        } else if known(name) {
            Some(work.join(name))
        } else {
            first.get(name).cloned()
        }
    };
    let extracted = checked.extract(&place, cx.faults);
    extracted.map_err(|unusable| refused(path, unusable))?;
    kept::sync(&wheels)?;
    Ok(metadata.into_values().collect())
}

/// Puts the distributions in their place, in one act.
fn bring_wheels(cx: &Context<'_>, from: &Path, record: &Record) -> Result<(), EngineError> {
    let state = &cx.site.state_dir;
    let to = kept::wheels_folder(state, &record.sha256);
    let above = to.parent().unwrap_or(state).to_owned();
    if fs::symlink_metadata(&to).is_ok() {
        if kept::check_wheels(&wheels_of(state, record)).is_ok() {
            return Ok(());
        }
        let work = Work {
            cancel: cx.cancel,
            faults: cx.faults,
        };
        twin::remove_tree(&to, &above, &work)?;
    }
    fs::rename(from, &to).map_err(core::at("keeping", &to))?;
    kept::sync(&above)
}

/// Creates the refs that are not there yet, in one act: from here on the releases count.
fn create_refs(
    cx: &Context<'_>,
    record: &Record,
    refs: &BTreeMap<String, Ref>,
) -> Result<(), EngineError> {
    let missing = record.releases.iter().map(|kept| &kept.release);
    let creates: Vec<RefEdit> = missing
        .filter(|release| !refs.contains_key(&release.tag))
        .map(|release| RefEdit::Create {
            name: kept::ref_name(&release.tag),
            oid: release.tag_object.clone(),
        })
        .collect();
    let at = |name: &str| {
        let at = cx.faults.at(format_args!("import.{name}"));
        at.map_err(core::at("importing into", &cx.site.state_dir))
    };
    at("refs")?;
    if !creates.is_empty() {
        cx.git.update_refs(&creates)?;
    }
    at("done")
}

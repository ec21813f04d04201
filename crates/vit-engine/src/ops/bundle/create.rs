//! `vit bundle create`: releases of this installation's registry into a file.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use semver::Version;
use vit_contract::bundle::{
    BundleManifest, BundleMember, BundledMetadata, BundledRelease, CORE, MAX_LENGTH, MAX_MEMBERS,
    MAX_NAME, SCHEMA, Wheel,
};
use vit_contract::code::Code;
use vit_contract::digest;
use vit_contract::output::{BundleReport, BundleStatus};
use vit_contract::problem::{Problem, Severity};
use vit_contract::release::{FILE_NAMES, MAX_BYTES, Release};

use super::{contents, report};
use crate::bundle::core;
use crate::bundle::file::{self, Content, Unusable};
use crate::context::Context;
use crate::error::EngineError;
use crate::facts::verticals;
use crate::git::{Blob, RELEASES, TAGS};
use crate::registry::git::by_tag;
use crate::registry::{self, Listing, Registry};

/// How many real versions an error names.
const NAMED: usize = 5;

/// Options of `vit bundle create`.
#[derive(Debug, Clone, Default)]
pub struct CreateOptions {
    /// The releases that the receiver shall be able to go to.
    pub targets: Vec<Version>,
    /// The release that the receiver has; absent: the bundle is complete in itself.
    pub from: Option<Version>,
    /// Folders with distributions to install from.
    pub wheels: Vec<PathBuf>,
    /// The file.
    pub out: PathBuf,
    /// Replace a file that is there.
    pub force: bool,
}

/// What goes into a bundle, and where it is.
struct Parts {
    releases: Vec<BundledRelease>,
    metadata: BTreeMap<String, Vec<u8>>,
    wheels: BTreeMap<String, PathBuf>,
    problems: Vec<Problem>,
}

/// Makes a bundle.
///
/// # Errors
/// A release does not exist or cannot be a target, something of it cannot be had, the file is
/// there already, or it cannot be written.
pub fn create(cx: &Context<'_>, options: &CreateOptions) -> Result<BundleReport, EngineError> {
    if !options.force && fs::symlink_metadata(&options.out).is_ok() {
        return Err(input(
            format!("{} is there already", options.out.display()),
            "name another file, or `--force` to replace it",
        ));
    }
    if cx.site.shallow {
        return Err(input(
            "this repository is shallow: what came before its oldest commit is not here".to_owned(),
            "make it whole: `git fetch --unshallow`",
        ));
    }
    let wheels = wheels(&options.wheels)?;
    let found = verticals::find(cx);
    let registry = registry::open(cx, verticals::upstream_remote(&found).as_deref())?;
    let listing = registry.list(cx, true)?;
    let base = base(cx, &*registry, &listing, options)?;
    let (chosen, problems) = chosen(cx, &*registry, (listing, options))?;
    let releases = bundled(cx, &chosen)?;
    let mut parts = Parts {
        releases,
        metadata: BTreeMap::new(),
        wheels,
        problems,
    };
    metadata(cx, &*registry, &chosen, &mut parts)?;
    let scratch = tempfile::tempdir().map_err(|source| EngineError::Io {
        action: "making a scratch folder for",
        path: options.out.clone(),
        source,
    })?;
    write(cx, options, (parts, base.as_deref()), scratch.path())
}

/// The commit of the release that the receiver has.
fn base(
    cx: &Context<'_>,
    registry: &dyn Registry,
    listing: &Listing,
    options: &CreateOptions,
) -> Result<Option<String>, EngineError> {
    let Some(from) = &options.from else {
        return Ok(None);
    };
    let release = find(listing, from)?;
    if let Some(target) = options.targets.iter().find(|target| *target <= from) {
        return Err(input(
            format!("{target} is not newer than {from}: there is nothing to bring"),
            "name the release that the receiver has now with `--from`, or make the bundle `--full`",
        ));
    }
    registry.fetch(cx, release)?;
    let commit = match &release.commit {
        Some(commit) => Some(commit.clone()),
        None => {
            let again = registry.list(cx, false)?;
            find(&again, from)?.commit.clone()
        }
    };
    commit.map(Some).ok_or_else(|| {
        let hint = "check the network and the remote, or make the bundle `--full`";
        input(format!("the commit of {from} is not here"), hint)
    })
}

/// The releases that go into it, oldest first, all of them here and read; and what is left out.
fn chosen(
    cx: &Context<'_>,
    registry: &dyn Registry,
    (listing, options): (Listing, &CreateOptions),
) -> Result<(Vec<Release>, Vec<Problem>), EngineError> {
    for target in &options.targets {
        let release = find(&listing, target)?;
        if !release.is_usable() {
            let blocking = release.problems.iter().filter(|problem| problem.blocks());
            return Err(EngineError::Refused {
                summary: format!("{target} cannot be a target: it goes into no bundle"),
                problems: blocking.cloned().collect(),
            });
        }
    }
    let mut problems = listing.problems.clone();
    let mut tags = Vec::new();
    for release in listing.releases.iter().filter(|r| is_wanted(r, options)) {
        if release.is_usable() {
            registry.fetch(cx, release)?;
            tags.push(release.tag.clone());
        } else {
            let why = release.problems.iter().find(|problem| problem.blocks());
            problems.extend(why.cloned().map(|why| {
                let message = format!("it is left out of the bundle: {}", why.message);
                Problem { message, ..why }.severity(Severity::Warning)
            }));
        }
    }
    let mut releases = registry.list(cx, false)?.releases;
    releases.retain(|release| tags.contains(&release.tag));
    registry.read(cx, &mut releases, true)?;
    for release in &releases {
        if release.commit.is_none() || release.tree.is_none() {
            return Err(input(
                format!("the commit of {} is not here", release.tag),
                "check the network and the remote, and try again",
            ));
        }
        // What was not asked for before may keep it from being a target.
        let blocking = release.problems.iter().filter(|problem| problem.blocks());
        let blocking: Vec<Problem> = blocking.cloned().collect();
        if !blocking.is_empty() && options.targets.contains(&release.version) {
            return Err(EngineError::Refused {
                summary: format!(
                    "{} cannot be a target: it goes into no bundle",
                    release.version
                ),
                problems: blocking,
            });
        }
    }
    Ok((releases, problems))
}

/// The targets, and what is on the way to them: from the base, or, where the bundle is complete
/// in itself, from wherever its receiver may be. Pre-releases are on the way only to one of the
/// same version.
fn is_wanted(release: &Release, options: &CreateOptions) -> bool {
    let version = &release.version;
    if options.from.as_ref().is_some_and(|from| version <= from) {
        return false;
    }
    options.targets.iter().any(|target| {
        let core = |v: &Version| (v.major, v.minor, v.patch);
        version == target
            || version < target
                && (version.pre.is_empty()
                    || !target.pre.is_empty() && core(version) == core(target))
    })
}

fn find<'l>(listing: &'l Listing, version: &Version) -> Result<&'l Release, EngineError> {
    let found = listing.releases.iter().find(|r| r.version == *version);
    found.ok_or_else(|| {
        let newest = listing.releases.iter().rev().take(NAMED);
        let newest: Vec<String> = newest.map(|r| r.version.to_string()).collect();
        input(
            format!("there is no release {version}"),
            &format!("the newest releases are {}", newest.join(", ")),
        )
    })
}

/// The releases as a bundle names them: with the tags' own objects.
fn bundled(cx: &Context<'_>, releases: &[Release]) -> Result<Vec<BundledRelease>, EngineError> {
    let seen = by_tag(cx.git.refs(&[RELEASES])?, RELEASES);
    let own = by_tag(cx.git.refs(&[TAGS])?, TAGS);
    let mut bundled = Vec::new();
    for release in releases {
        let commit = release.commit.clone().unwrap_or_default();
        let of = |refs: &BTreeMap<String, crate::git::Ref>| {
            let found = refs.get(&release.tag)?;
            (found.commit.as_ref() == Some(&commit)).then(|| found.oid.clone())
        };
        bundled.push(BundledRelease {
            version: release.version.clone(),
            tag: release.tag.clone(),
            tree: release.tree.clone().unwrap_or_default(),
            tag_object: of(&seen).or_else(|| of(&own)).unwrap_or(commit.clone()),
            commit,
            metadata: None,
        });
    }
    Ok(bundled)
}

/// Metadata that are not simply the file in the release's tree.
fn metadata(
    cx: &Context<'_>,
    registry: &dyn Registry,
    releases: &[Release],
    parts: &mut Parts,
) -> Result<(), EngineError> {
    for (release, bundled) in releases.iter().zip(&mut parts.releases) {
        let Some(wanted) = &release.metadata_sha256 else {
            continue;
        };
        let specs = FILE_NAMES.map(|name| format!("{}:{name}", bundled.commit));
        let mut in_tree = cx.git.read_blobs(&specs, MAX_BYTES)?.into_iter();
        let in_tree = in_tree.find_map(|blob| match blob {
            Blob::Content(bytes) => Some(digest::sha256(&bytes)),
            Blob::Missing | Blob::TooLarge(_) => None,
        });
        if in_tree.as_ref() == Some(wanted) {
            continue;
        }
        let file = registry.metadata_bytes(cx, release)?;
        let bytes = match file.filter(|bytes| digest::sha256(bytes) == *wanted) {
            Some(bytes) => bytes,
            None => {
                let Some(metadata) = &release.metadata else {
                    continue;
                };
                parts.problems.push(Problem::new(
                    Code::BundleMetadataWritten,
                    &release.tag,
                    "its metadata stand in the bundle as they were read: the file is not at hand",
                ));
                serde_json::to_vec_pretty(metadata).expect("metadata are plain data")
            }
        };
        let path = BundledRelease::metadata_path(&release.tag);
        bundled.metadata = Some(BundledMetadata {
            path: path.clone(),
            sha256: digest::sha256(&bytes),
        });
        parts.metadata.insert(path, bytes);
    }
    Ok(())
}

/// The distributions in folders, by name.
fn wheels(folders: &[PathBuf]) -> Result<BTreeMap<String, PathBuf>, EngineError> {
    let mut found: BTreeMap<String, PathBuf> = BTreeMap::new();
    for folder in folders {
        let before = found.len();
        let entries = fs::read_dir(folder).map_err(core_at("reading", folder))?;
        for entry in entries {
            let entry = entry.map_err(core_at("reading", folder))?;
            let path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if !name.ends_with(".whl") && !name.ends_with(".tar.gz") {
                continue;
            }
            let regular = entry.file_type().is_ok_and(|kind| kind.is_file());
            if !regular || !Wheel::is_name(&name) {
                return Err(input(
                    format!("{} is no regular file of a usual name", path.display()),
                    "copy the distributions themselves into the folder, under their own names",
                ));
            }
            match found.get(&name) {
                Some(other) if !same(other, &path)? => {
                    return Err(input(
                        format!("{name} stands in two folders, with two contents"),
                        "keep the one that is meant",
                    ));
                }
                Some(_) => {}
                None => drop(found.insert(name, path)),
            }
        }
        if found.len() == before {
            return Err(input(
                format!("{} brings no wheel and no source archive", folder.display()),
                "fill it, for example with `pip download -d DIR -r requirements.txt`",
            ));
        }
    }
    Ok(found)
}

fn same(one: &Path, other: &Path) -> Result<bool, EngineError> {
    let hash = |path: &Path| {
        let measured = file::measure(&Content::File(path.to_owned()));
        measured.map_err(core_at("reading", path))
    };
    Ok(hash(one)? == hash(other)?)
}

/// Measures everything, writes it, and tells what was written.
fn write(
    cx: &Context<'_>,
    options: &CreateOptions,
    (parts, base): (Parts, Option<&str>),
    scratch: &Path,
) -> Result<BundleReport, EngineError> {
    let core_file = scratch.join(CORE);
    let digits = parts.releases.first().map_or(40, |r| r.commit.len());
    let lender = cx.site.common_dir.join("objects");
    let aside = core::aside(scratch, cx.environment, (digits, Some(&lender)))?;
    core::make(&aside, &core_file, &parts.releases, base)?;
    let head = core::head(&core_file).map_err(ours)?;
    let mut members = vec![(CORE.to_owned(), Content::File(core_file))];
    members.extend(
        parts
            .metadata
            .into_iter()
            .map(|(p, b)| (p, Content::Bytes(b))),
    );
    let wheels = parts.wheels.into_iter();
    members.extend(wheels.map(|(name, path)| (Wheel::path(&name), Content::File(path))));
    let mut manifest = BundleManifest {
        schema: SCHEMA.to_owned(),
        created_by: format!("vit {}", env!("CARGO_PKG_VERSION")),
        targets: sorted(&options.targets),
        releases: parts.releases,
        base: head.base.clone(),
        members: Vec::new(),
        wheels: Vec::new(),
    };
    for (path, content) in &members {
        let measured = file::measure(content);
        let (length, sha256) = measured.map_err(core_at("reading", Path::new(path)))?;
        if length > MAX_LENGTH || path.len() > MAX_NAME || members.len() > MAX_MEMBERS {
            return Err(input(
                format!("{path} does not fit into a bundle"),
                "at most 8 GiB a file, 240 bytes a name, 8192 files",
            ));
        }
        if let Some(name) = path.strip_prefix("wheels/") {
            manifest.wheels.push(Wheel {
                name: name.to_owned(),
                sha256: sha256.clone(),
            });
        }
        manifest.members.push(BundleMember {
            path: path.clone(),
            length,
            sha256,
        });
    }
    core::agree(&manifest, &head).map_err(ours)?;
    manifest
        .check()
        .map_err(|why| ours(Unusable::Damaged(why)))?;
    let contents_of: Vec<Content> = members.into_iter().map(|(_, content)| content).collect();
    let replace = (options.force, cx.faults);
    let written = file::write(&options.out, &manifest, &contents_of, replace)?;
    Ok(BundleReport {
        details: contents(&manifest),
        bytes: Some(written.bytes),
        sha256: Some(written.sha256),
        installation: Some(cx.site.root.display().to_string()),
        problems: parts.problems,
        next: Some(format!("vit bundle import {}", options.out.display())),
        manifest: Some(manifest),
        ..report("create", BundleStatus::Created, &options.out)
    })
}

fn sorted(versions: &[Version]) -> Vec<Version> {
    let mut versions = versions.to_vec();
    versions.sort();
    versions.dedup();
    versions
}

/// What was made here does not agree with itself.
fn ours(unusable: Unusable) -> EngineError {
    match unusable {
        Unusable::Error(error) => error,
        Unusable::Damaged(why) => EngineError::BadInput {
            summary: format!("no bundle could be made: {why}"),
            problems: Vec::new(),
            hints: vec!["make it `--full`, or with another `--from`".to_owned()],
        },
    }
}

fn input(summary: String, hint: &str) -> EngineError {
    EngineError::BadInput {
        summary,
        problems: Vec::new(),
        hints: vec![hint.to_owned()],
    }
}

fn core_at(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> EngineError {
    let path = path.to_owned();
    move |source| EngineError::Io {
        action,
        path,
        source,
    }
}

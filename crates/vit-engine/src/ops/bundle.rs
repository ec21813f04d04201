//! `vit bundle`: releases in a file, for installations without network (docs/bundle.md).

use std::path::Path;

use vit_contract::bundle::BundleManifest;
use vit_contract::code::Code;
use vit_contract::output::{BundleReport, BundleStatus};
use vit_contract::problem::{Problem, Who};
use vit_contract::text;

use crate::bundle::core;
use crate::bundle::file::{Checked, Unusable};
use crate::context::Context;
use crate::error::EngineError;
use crate::git::{RELEASES, TAGS};
use crate::registry;
use crate::registry::git::{by_tag, moved_tag};

mod create;
mod import;
mod verify;

pub use create::{CreateOptions, create};
pub use import::import;
pub use verify::verify;

/// A report of which only the beginning is known.
fn report(command: &str, status: BundleStatus, file: &Path) -> BundleReport {
    BundleReport {
        schema: format!("vit.bundle-{command}/1"),
        status,
        details: String::new(),
        file: file.display().to_string(),
        bytes: None,
        sha256: None,
        manifest: None,
        installation: None,
        imported: None,
        missing: Vec::new(),
        problems: Vec::new(),
        next: None,
    }
}

/// The same for a bundle that is whole.
fn of_checked(
    command: &str,
    status: BundleStatus,
    (file, checked): (&Path, &Checked),
) -> BundleReport {
    BundleReport {
        bytes: Some(checked.bytes),
        sha256: Some(checked.sha256.clone()),
        manifest: Some(checked.manifest.clone()),
        ..report(command, status, file)
    }
}

/// That a bundle is damaged.
fn damaged(file: &Path, why: &str) -> Problem {
    Problem::new(
        Code::BundleDamaged,
        file.display().to_string(),
        "the bundle is damaged, was changed after it was made, or is none",
    )
    .evidence(why)
    .hint(
        Who::You,
        "bring the file here once more and compare its SHA-256 with that of `vit bundle create`; \
         else make it anew",
    )
}

/// The error of a bundle that is not used.
fn refused(file: &Path, unusable: Unusable) -> EngineError {
    match unusable {
        Unusable::Error(error) => error,
        Unusable::Damaged(why) => EngineError::BadInput {
            summary: format!("the bundle {} is damaged", file.display()),
            problems: vec![damaged(file, &why)],
            hints: Vec::new(),
        },
    }
}

/// That commits are missing that a bundle builds on.
fn base_missing(file: &Path, missing: &[String]) -> Problem {
    let named: Vec<&str> = missing.iter().take(5).map(String::as_str).collect();
    let more = missing.len().saturating_sub(named.len());
    let more = match more {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Problem::new(
        Code::BundleBaseMissing,
        file.display().to_string(),
        "the bundle builds on commits that are not in this repository",
    )
    .evidence(format!("{}{more}", named.join(", ")))
    .hint(
        Who::You,
        "make one that builds on what is installed here (`vit bundle create --from VERSION`), or \
         one that is complete in itself (`--full`)",
    )
}

/// Tags of a bundle that were seen here with another commit: they are never overwritten. Where a
/// registry was never asked, what is installed was still got from one: a tag in the history of HEAD
/// says which Core this is.
fn moved(cx: &Context<'_>, manifest: &BundleManifest) -> Result<Vec<Problem>, EngineError> {
    let refs = by_tag(cx.git.refs(&[RELEASES])?, RELEASES);
    let found = crate::facts::verticals::find(cx);
    let remote = crate::facts::verticals::upstream_remote(&found);
    // What cannot be told now is looked at with the next listing.
    let listed = registry::open(cx, remote.as_deref())
        .and_then(|registry| registry.list(cx, false))
        .map(|listing| listing.releases)
        .unwrap_or_default();
    let own = by_tag(cx.git.refs(&[TAGS])?, TAGS);
    let is_installed = |commit: &str| cx.git.is_ancestor(commit, "HEAD").unwrap_or_default();
    let mut problems = Vec::new();
    for release in &manifest.releases {
        let here = refs.get(&release.tag).map(|seen| {
            let commit = seen.commit.as_ref();
            commit.unwrap_or(&seen.oid).clone()
        });
        let own = || {
            let commit = own.get(&release.tag)?.commit.as_ref()?;
            let installed = *commit != release.commit && is_installed(commit);
            installed.then(|| commit.clone())
        };
        let listed = || {
            let found = listed.iter().find(|known| known.tag == release.tag)?;
            found.commit.clone()
        };
        if let Some(seen) = here.or_else(listed).or_else(own)
            && seen != release.commit
        {
            let tag = text::visible(&release.tag);
            problems.push(moved_tag(&tag, &seen, &release.commit));
        }
    }
    Ok(problems)
}

/// What stands against taking a bundle's releases here: commits that are missing, tags that were
/// seen with another commit, and that nobody who is trusted vouches for them. The missing commits
/// come too.
fn obstacles(
    cx: &Context<'_>,
    (file, manifest): (&Path, &BundleManifest),
) -> Result<(Vec<Problem>, Vec<String>), EngineError> {
    let mut problems = Vec::new();
    let missing = core::missing(cx.git, &manifest.base)?;
    if !missing.is_empty() {
        problems.push(base_missing(file, &missing));
    }
    problems.extend(moved(cx, manifest)?);
    let found = crate::facts::verticals::find(cx);
    let remote = crate::facts::verticals::upstream_remote(&found);
    let bundle = (&*file.to_string_lossy(), manifest.releases.as_slice());
    problems.extend(registry::unvouched(cx, remote.as_deref(), bundle)?);
    Ok((problems, missing))
}

/// What a bundle holds, in a few words.
fn contents(manifest: &BundleManifest) -> String {
    let targets: Vec<String> = manifest.targets.iter().map(ToString::to_string).collect();
    let number = manifest.releases.len();
    let wheels = match manifest.wheels.len() {
        0 => "nothing to install from".to_owned(),
        1 => "1 distribution to install from".to_owned(),
        number => format!("{number} distributions to install from"),
    };
    let releases = if number == 1 { "release" } else { "releases" };
    format!(
        "{} ({number} {releases} with those on the way), {wheels}",
        targets.join(", ")
    )
}

/// How many digits the repository's object ids have that a manifest speaks of.
fn digits(manifest: &BundleManifest) -> usize {
    manifest
        .releases
        .first()
        .map_or(40, |release| release.commit.len())
}

/// Reads and checks what git shall read: its head against the manifest, and, where the base is at
/// hand, all of it in a repository aside.
fn try_core(
    (file, folder): (&Path, &Path),
    environment: &crate::environment::Environment,
    manifest: &BundleManifest,
    lender: Option<Option<&Path>>,
) -> Result<(), Unusable> {
    let head = core::head(file)?;
    core::agree(manifest, &head)?;
    let Some(lender) = lender else { return Ok(()) };
    let aside = core::aside(folder, environment, (digits(manifest), lender));
    core::trial(&aside.map_err(Unusable::Error)?, file, (manifest, &head))
}

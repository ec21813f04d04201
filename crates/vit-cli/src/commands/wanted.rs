//! From `--target`, `--accept` and their kin to the engine's options.

use semver::Version;
use vit_contract::release::Release;
use vit_contract::version;
use vit_engine::ops::planning::PlanOptions;
use vit_engine::registry;

use crate::args::{TargetArgs, target};
use crate::error::Failure;
use crate::session::{App, Session};

/// Where git keeps tags.
const TAGS: &str = "refs/tags/";

/// Reads the options; a target that is no version is refused with the newest real ones.
///
/// # Errors
/// The target is no version.
pub fn options(app: &App<'_>, args: &TargetArgs) -> Result<PlanOptions, Failure> {
    let target = args
        .target
        .as_deref()
        .map(|text| version(app, text, "--target "))
        .transpose()?;
    Ok(PlanOptions {
        target,
        accept: args.accept.clone(),
        branch: args.branch,
        retry: args.retry_quarantined.clone(),
        offline: args.offline,
        soak_seconds: args.soak,
        rehearse: args.rehearse,
    })
}

/// Reads a version; `flag` stands before it on the command line.
///
/// # Errors
/// It is none.
pub fn version(app: &App<'_>, text: &str, flag: &str) -> Result<Version, Failure> {
    target::parse(text).map_err(|error| error.into_failure(flag, known(app)))
}

/// The releases that can be told without asking anybody: those that were fetched before, else
/// the tags that a fresh clone brought. None where that fails: the error that is about to be shown
/// is another one.
fn known(app: &App<'_>) -> Vec<Version> {
    let Ok(session) = Session::open(app) else {
        return Vec::new();
    };
    let listing = session.call(|cx| registry::open(cx, None)?.list(cx, false));
    if let Ok(listing) = listing {
        let usable = listing.releases.into_iter().filter(Release::is_usable);
        return usable.map(|release| release.version).collect();
    }
    let tags = session.call(|cx| Ok(cx.git.refs(&[TAGS])?));
    let names = tags.unwrap_or_default().into_iter();
    names
        .filter_map(|tag| version::of_tag(tag.name.strip_prefix(TAGS)?))
        .collect()
}

//! `vit bundle verify`: is it whole, what does it hold, what does it need?

use std::path::Path;

use vit_contract::bundle::CORE;
use vit_contract::output::{BundleReport, BundleStatus};

use super::{contents, damaged, obstacles, of_checked, report, try_core};
use crate::bundle::core;
use crate::bundle::file::{self, Checked, Unusable};
use crate::context::Context;
use crate::environment::Environment;
use crate::error::EngineError;
use crate::faults::Faults;

/// Checks a bundle to its last byte and, where its base is at hand, all that git makes of it, in a
/// repository aside. Nothing is changed; an installation is looked at where there is one.
///
/// # Errors
/// It, or the installation, cannot be read; or there is no room to look at it.
pub fn verify(
    path: &Path,
    environment: &Environment,
    here: Option<&Context<'_>>,
) -> Result<BundleReport, EngineError> {
    let answer = match file::check(path) {
        Ok(checked) => look(path, environment, (here, &checked)),
        Err(unusable) => Err(unusable),
    };
    match answer {
        Ok(report) => Ok(report),
        Err(Unusable::Error(error)) => Err(error),
        Err(Unusable::Damaged(why)) => Ok(BundleReport {
            details: "the bundle is damaged: nothing of it can be used".to_owned(),
            problems: vec![damaged(path, &why)],
            ..report("verify", BundleStatus::Damaged, path)
        }),
    }
}

fn look(
    path: &Path,
    environment: &Environment,
    (here, checked): (Option<&Context<'_>>, &Checked),
) -> Result<BundleReport, Unusable> {
    let manifest = &checked.manifest;
    let scratch = tempfile::tempdir().map_err(|source| {
        Unusable::Error(EngineError::Io {
            action: "making a scratch folder for",
            path: path.to_owned(),
            source,
        })
    })?;
    let place = |name: &str| (name == CORE).then(|| scratch.path().join(CORE));
    let faults = Faults::default();
    checked.extract(&place, here.map_or(&faults, |cx| cx.faults))?;
    let missing = match here {
        Some(cx) => core::missing(cx.git, &manifest.base).map_err(Unusable::Error)?,
        // Nobody to ask: what it builds on is not at hand.
        None => manifest.base.clone(),
    };
    let lender = here.map(|cx| cx.site.common_dir.join("objects"));
    let lender = missing.is_empty().then_some(lender.as_deref());
    try_core(
        (&scratch.path().join(CORE), scratch.path()),
        environment,
        manifest,
        lender,
    )?;
    let mut report = of_checked("verify", BundleStatus::Usable, (path, checked));
    report.details = match (here, manifest.base.is_empty()) {
        (None, true) => format!("whole and complete in itself: {}", contents(manifest)),
        (None, false) => format!(
            "whole, and builds on commits that its receiver must have: {}",
            contents(manifest)
        ),
        (Some(_), _) => format!("whole, and can be imported here: {}", contents(manifest)),
    };
    let Some(cx) = here else { return Ok(report) };
    report.installation = Some(cx.site.root.display().to_string());
    report.next = Some(format!("vit bundle import {}", path.display()));
    let (problems, missing) = obstacles(cx, (path, manifest)).map_err(Unusable::Error)?;
    if !problems.is_empty() {
        report.status = BundleStatus::NotUsableHere;
        report.details = format!("whole, and cannot be imported here: {}", contents(manifest));
        report.next = None;
    }
    report.missing = missing;
    report.problems = problems;
    Ok(report)
}

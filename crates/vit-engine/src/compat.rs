//! Judging a release against the verticals: pure, all problems at once.
//!
//! One rule is one file under `rules/release/` or `rules/vertical/`; this file puts their findings together and decides what
//! a finding weighs for a vertical of a given status. No rule reads anything but the [`Case`].

use std::collections::BTreeSet;

use jiff::civil::Date;
use semver::Version;
use vit_contract::channel::Channel;
use vit_contract::problem::{Problem, Severity};
use vit_contract::release::Release;
use vit_contract::verdict::{Answer, Verdict, VerticalVerdict};
use vit_contract::vertical::{Status, VerticalManifest};

use crate::contracts::Exports;

mod rules;
mod select;

#[cfg(test)]
pub(crate) mod fixture;

pub use select::{Newer, candidates, effective_channel, may_show, newer};

use rules::Scope;

/// A vertical as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vertical {
    /// Path of the manifest relative to the root, with `/`.
    pub manifest_path: String,
    /// The vertical's root relative to the installation's root, empty for the root itself.
    pub root: String,
    /// The manifest; absent when it cannot be used.
    pub manifest: Option<VerticalManifest>,
    /// What reading it brought up.
    pub problems: Vec<Problem>,
    /// Its smoke test.
    pub smoke_test: SmokeTestFile,
    /// Whether git tracks the manifest.
    pub tracked: bool,
    /// SHA-256 of the manifest.
    pub sha256: String,
}

/// The state of `smoke_tests/run.sh`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmokeTestFile {
    /// There is none.
    Missing,
    /// It cannot be executed.
    NotExecutable,
    /// It can.
    Ready,
}

/// Everything that the rules look at.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The release that is judged.
    pub target: &'a Release,
    /// The releases on the way, oldest first, the target last: their breaking changes and
    /// deprecations all count. Empty when going down.
    pub way: &'a [&'a Release],
    /// What the target's contracts package exports.
    pub exports: &'a Exports,
    /// The channel in force.
    pub channel: Channel,
    /// Whether the target was named explicitly (`--target`): then its channel warns, not blocks.
    pub explicit: bool,
    /// Today, UTC.
    pub today: Date,
    /// The installed Core version, where it can be told.
    pub installed: Option<&'a Version>,
    /// Verticals that are tracked now and whose manifest does not exist in the target, by the
    /// path of the manifest or by domain name.
    pub removed: &'a BTreeSet<String>,
}

impl Vertical {
    /// What the vertical is called: its domain name, or the manifest's path where that cannot be
    /// read.
    #[must_use]
    pub fn name(&self) -> &str {
        self.manifest
            .as_ref()
            .map_or(&self.manifest_path, |manifest| {
                manifest.domain_name.as_str()
            })
    }

    fn status(&self) -> Option<Status> {
        self.manifest.as_ref().map(|manifest| manifest.status)
    }
}

/// Judges a release against every vertical. Problems of deprecated verticals are lowered to
/// warnings, those of experimental and draft ones to information. A vertical whose manifest
/// cannot be used has no status, so its problems keep their weight and it hides no other.
#[must_use]
pub fn judge(case: &Case<'_>, verticals: &[Vertical]) -> Verdict {
    let mut found: Vec<Vec<Problem>> = verticals.iter().map(|v| v.problems.clone()).collect();
    let mut release = case.target.problems.clone();
    for rule in rules::all() {
        match rule.scope {
            Scope::Release(check) => {
                let mut out = Vec::new();
                check(case, verticals, &mut out);
                // What a rule says of an earlier release on the way is no double of what the
                // reader said of the target.
                let (own, others) = out
                    .into_iter()
                    .partition(|problem: &Problem| problem.subject == case.target.tag);
                add_unless_read(&mut release, &case.target.problems, own);
                release.extend::<Vec<Problem>>(others);
            }
            Scope::Installation(check) => {
                for (index, problem) in check(verticals) {
                    let read = &verticals[index].problems;
                    add_unless_read(&mut found[index], read, vec![problem]);
                }
            }
            Scope::Vertical(check) => {
                for (vertical, found) in verticals.iter().zip(&mut found) {
                    let mut out = Vec::new();
                    check(case, vertical, &mut out);
                    add_unless_read(found, &vertical.problems, out);
                }
            }
            Scope::Manifest(check) => {
                for (vertical, found) in verticals.iter().zip(&mut found) {
                    if let Some(manifest) = &vertical.manifest {
                        let mut out = Vec::new();
                        check(case, manifest, &mut out);
                        add_unless_read(found, &vertical.problems, out);
                    }
                }
            }
        }
    }
    let entries = verticals
        .iter()
        .zip(found)
        .map(|(vertical, problems)| entry(vertical, problems))
        .collect();
    Verdict::new(release, entries)
}

/// Adds what a rule found, but not what the reader of the same file or release said already: a
/// reader and a rule that know the same code would otherwise tell the user twice.
fn add_unless_read(all: &mut Vec<Problem>, read: &[Problem], found: Vec<Problem>) {
    all.extend(
        found
            .into_iter()
            .filter(|problem| !read.iter().any(|known| known.code == problem.code)),
    );
}

fn entry(vertical: &Vertical, mut problems: Vec<Problem>) -> VerticalVerdict {
    let status = vertical.status();
    let ceiling = match status {
        None | Some(Status::Active) => Severity::Blocked,
        Some(Status::Deprecated) => Severity::Warning,
        Some(Status::Experimental | Status::Draft) => Severity::Info,
    };
    for problem in &mut problems {
        problem.severity = problem.severity.min(ceiling);
        rules::vertical::manifest::complete(problem, vertical);
    }
    VerticalVerdict {
        vertical: vertical.name().to_owned(),
        manifest: vertical.manifest_path.clone(),
        status,
        answer: Answer::of(&problems),
        problems,
    }
}

//! Judging a release against the verticals: pure, all problems at once.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use vit_contract::channel::Channel;
use vit_contract::problem::Problem;
use vit_contract::release::Release;
use vit_contract::verdict::Verdict;
use vit_contract::vertical::VerticalManifest;

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

/// What a contracts package exports, as read from its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exports {
    /// No contracts package, or it cannot be read: why.
    Unreadable(String),
    /// By dotted module name (`contracts`, `contracts.events`): the names it exports. A name in
    /// `open` modules may exist although it is not listed (a module-level `__getattr__`, a star
    /// import that cannot be followed).
    Modules {
        /// The names by module.
        names: BTreeMap<String, BTreeSet<String>>,
        /// Modules whose names cannot all be told.
        open: BTreeSet<String>,
    },
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
    /// Verticals that are tracked now and whose manifest does not exist in the target.
    pub removed: &'a BTreeSet<String>,
}

/// Judges a release against every vertical. Problems of deprecated verticals are lowered to
/// warnings, those of experimental and draft ones to information.
#[must_use]
pub fn judge(case: &Case<'_>, verticals: &[Vertical]) -> Verdict {
    let _ = (case, verticals);
    todo!()
}

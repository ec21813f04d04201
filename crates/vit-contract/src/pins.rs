//! Pins: where a project of its own names the version of Core that it installs.
//!
//! Found by their place in the text, so that an edit changes the bytes of the version and not one
//! beside them. The formats stand below: [`requirements`], [`pyproject`], [`uv_lock`].

use std::ops::Range;

use semver::Version;

use crate::text::{excerpt, visible};
use crate::version;

pub mod pep440;
pub mod pyproject;
mod requirement;
pub mod requirements;
pub mod uv_lock;

pub use pep440::PyVersion;

/// How much of a pin is shown.
const SHOWN_CHARS: usize = 120;

/// One place that names the distribution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// The line, from 1.
    pub line: usize,
    /// The requirement as it is written, for a person.
    pub shown: String,
    /// What it asks for.
    pub asks: Asks,
    /// Whether hashes of the version's files stand beside it.
    pub hashed: bool,
    /// The bytes that name the version; empty where nothing can be edited.
    pub span: Range<usize>,
}

/// What a pin asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asks {
    /// This version and no other.
    Exact(String),
    /// Whatever a constraint of PEP 440 lets in.
    Range(String),
    /// A tag of Core's repository, or another name that may be one.
    Tag(String),
    /// A commit of Core's repository.
    Commit(String),
    /// Nothing: any version will do.
    Anything,
    /// Something that cannot be edited: why.
    Unclear(&'static str),
}

/// What a pin is to become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The version as Python writes it.
    pub version: PyVersion,
    /// The release's tag.
    pub tag: String,
    /// The release's commit.
    pub commit: String,
}

/// What becomes of a pin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It asks for the target already.
    None,
    /// Its version becomes this.
    To(String),
    /// It is a range that lets the target in: it stays.
    Admits,
    /// It is a range that does not let the target in.
    Excludes,
    /// Its hashes are those of the old version's files.
    Hashed,
    /// It cannot be edited: why.
    Unclear(&'static str),
}

/// A replacement of some bytes of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The bytes that go.
    pub span: Range<usize>,
    /// What stands there then.
    pub text: String,
}

impl Pin {
    /// What becomes of it on the way to `target`.
    #[must_use]
    pub fn towards(&self, target: &Target) -> Change {
        let to = |there: bool, text: &str| match (there, self.hashed) {
            (true, _) => Change::None,
            (false, true) => Change::Hashed,
            (false, false) => Change::To(text.to_owned()),
        };
        match &self.asks {
            Asks::Exact(text) => {
                let there = text.parse().is_ok_and(|at: PyVersion| at == target.version);
                to(there, &target.version.to_string())
            }
            Asks::Range(constraint) => match pep440::admits(constraint, &target.version) {
                Ok(true) => Change::Admits,
                Ok(false) => Change::Excludes,
                Err(_) => Change::Unclear("its version constraint is not what PEP 440 allows"),
            },
            Asks::Tag(tag) if version::of_tag(tag).is_none() => {
                Change::Unclear("it names a branch or a tag that is no release, such as `v1.2.0`")
            }
            Asks::Tag(tag) => to(*tag == target.tag, &target.tag),
            Asks::Commit(commit) => to(commit.eq_ignore_ascii_case(&target.commit), &target.commit),
            Asks::Anything => Change::Admits,
            Asks::Unclear(why) => Change::Unclear(why),
        }
    }

    /// The Core version that it names, where it names one.
    #[must_use]
    pub fn version(&self) -> Option<Version> {
        match &self.asks {
            Asks::Exact(text) => text.parse::<PyVersion>().ok()?.to_semver(),
            Asks::Tag(tag) => version::of_tag(tag),
            Asks::Range(_) | Asks::Commit(_) | Asks::Anything | Asks::Unclear(_) => None,
        }
    }

    /// Whether it names one state of Core, and no range.
    #[must_use]
    pub const fn is_exact(&self) -> bool {
        matches!(self.asks, Asks::Exact(_) | Asks::Tag(_) | Asks::Commit(_))
    }

    /// What it names now: for "old -> new".
    #[must_use]
    pub fn old(&self) -> &str {
        match &self.asks {
            Asks::Exact(text) | Asks::Range(text) | Asks::Tag(text) | Asks::Commit(text) => text,
            Asks::Anything => "any version",
            Asks::Unclear(_) => &self.shown,
        }
    }
}

/// The text with the replacements made, which do not overlap.
#[must_use]
pub fn apply(text: &str, edits: &[Edit]) -> String {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| edit.span.start);
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for edit in sorted {
        out.push_str(text.get(at..edit.span.start).unwrap_or_default());
        out.push_str(&edit.text);
        at = edit.span.end;
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}

/// The name of a distribution as PEP 503 normalises it: `Vitruvyan_Core` is `vitruvyan-core`.
#[must_use]
pub fn normalized(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for part in name.split(['-', '_', '.']).filter(|part| !part.is_empty()) {
        if !out.is_empty() {
            out.push('-');
        }
        out.push_str(&part.to_ascii_lowercase());
    }
    out
}

/// Whether a text is a name of PEP 508.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    edge(text.chars().next()) && edge(text.chars().last()) && text.chars().all(inner)
}

/// The number, from 1, of the line that a byte stands in.
fn line_of(text: &str, at: usize) -> usize {
    let before = &text.as_bytes()[..at.min(text.len())];
    before.iter().filter(|&&byte| byte == b'\n').count() + 1
}

/// A requirement as a person sees it: one line, harmless, short.
fn shown(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().filter(|w| *w != "\\").collect();
    let mut line = words.join(" ");
    if let Some(at) = line.find(" --hash") {
        line.truncate(at);
    }
    excerpt(&visible(&without_credentials(&line)), SHOWN_CHARS)
}

/// A text whose URLs carry no user or password.
fn without_credentials(text: &str) -> String {
    let Some((before, after)) = text.split_once("://") else {
        return text.to_owned();
    };
    let authority = after.split(['/', ' ']).next().unwrap_or_default();
    match authority.rsplit_once('@') {
        Some((user, _)) if user != "git" => {
            format!("{before}://***{}", &after[user.len()..])
        }
        _ => text.to_owned(),
    }
}

/// What a name after `@` in a git address, or a `rev`, asks for.
fn of_revision(revision: &str) -> Asks {
    let hex = revision.bytes().all(|b| b.is_ascii_hexdigit());
    if hex && matches!(revision.len(), 40 | 64) {
        Asks::Commit(revision.to_owned())
    } else {
        Asks::Tag(revision.to_owned())
    }
}

#[cfg(test)]
mod tests;

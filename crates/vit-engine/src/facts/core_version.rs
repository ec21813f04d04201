//! Which Core version is installed: the first source that answers counts, and a disagreement is
//! a warning that names both (FORMATS.md §5).

use std::path::Path;

use semver::Version;
use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};
use vit_contract::version;

use super::installed;
use super::pins::{Pins, as_released};
use crate::context::Context;
use crate::error::EngineError;
use crate::exec::phase::Story;
use crate::exec::transaction::last_story;
use crate::git::{RELEASES, Ref, Status, TAGS};
use crate::store::atomic;
use crate::store::journal::Journal;
use crate::submodule::{self, CoreSubmodule};

/// The largest `__init__.py` that is read, in bytes.
const MAX_INIT_BYTES: usize = 1024 * 1024;

/// The installed Core version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoreVersion {
    /// The version; absent when no source tells.
    pub version: Option<Version>,
    /// Which source told.
    pub source: String,
    /// Where this repository pins Core, where Core is an installed package.
    pub pins: Option<Pins>,
    /// Disagreements.
    pub problems: Vec<Problem>,
}

/// Asks the sources in their order.
///
/// # Errors
/// Git failed.
pub fn find(cx: &Context<'_>, status: &Status, refs: &[Ref]) -> Result<CoreVersion, EngineError> {
    let pins = match &status.head {
        Some(head) => Pins::gather(cx, head)?,
        None => None,
    };
    let mut answers: Vec<(Version, String)> = Vec::new();
    answers.extend(from_journal(cx, status));
    if let Some(core) = submodule::find(cx)? {
        answers.extend(from_submodule(cx, &core, refs)?);
    } else if let Some(pins) = &pins {
        // The tags here are the project's own: they say nothing of Core.
        answers.extend(pins.exact(refs));
        answers.extend(installed::version(cx).map(|(v, place)| (as_released(v, refs), place)));
    } else {
        answers.extend(from_tag_at_head(status, refs));
        answers.extend(from_package(&cx.site.root, &cx.site.settings.core_package));
        if answers.is_empty() {
            answers.extend(from_ancestor(cx, status)?);
        }
    }
    Ok(settle(&answers, pins))
}

/// The first answer counts; the others that differ are told.
fn settle(answers: &[(Version, String)], pins: Option<Pins>) -> CoreVersion {
    let mut problems = Vec::new();
    let Some((version, source)) = answers.first().cloned() else {
        let hint = match &pins {
            None => "check out a release tag, or fetch the release tags".to_owned(),
            Some(pins) => format!(
                "pin it (`{}==<version>`), or install it into the environment",
                pins.distribution
            ),
        };
        problems.push(
            Problem::new(
                Code::CoreVersionUnknown,
                "core",
                "the installed Core version cannot be told",
            )
            .hint(Who::You, hint),
        );
        return CoreVersion {
            version: None,
            source: "unknown".into(),
            pins,
            problems,
        };
    };
    for (other, whence) in &answers[1..] {
        if *other == version {
            continue;
        }
        let evidence = format!("{source} says {version}, {whence} says {other}; the first counts");
        problems.push(match &pins {
            None => Problem::new(
                Code::CoreVersionDisagreement,
                "core",
                "two sources name different versions",
            )
            .evidence(evidence)
            .hint(Who::Core, "release the package with the version of its tag"),
            Some(pins) => Problem::new(
                Code::PinDisagreement,
                &pins.distribution,
                "two places name different versions of it",
            )
            .evidence(evidence)
            .hint(Who::You, "pin one version everywhere, and install that one"),
        });
    }
    CoreVersion {
        version: Some(version),
        source,
        pins,
        problems,
    }
}

fn from_journal(cx: &Context<'_>, status: &Status) -> Option<(Version, String)> {
    let head = status.head.as_ref()?;
    let log = Journal::read(&cx.site.state_dir).ok()?;
    let (_, story) = last_story(&log.records)?;
    let end = settled_end(&story)?;
    let version = end.version.clone()?;
    (end.position.commit == *head).then(|| (version, "the last transaction".to_owned()))
}

/// Where a transaction that has ended left the installation.
#[must_use]
pub fn settled_end(story: &Story) -> Option<&vit_contract::plan::End> {
    use crate::exec::phase::Phase;

    let begun = story.begun.as_ref()?;
    match (story.phase, story.cause.is_none()) {
        (Phase::Ended | Phase::FinishForward, true) => Some(&begun.to),
        (Phase::Ended, false) => Some(&begun.from),
        _ => None,
    }
}

/// The newest release among the tags that point at HEAD.
fn from_tag_at_head(status: &Status, refs: &[Ref]) -> Option<(Version, String)> {
    let head = status.head.as_deref()?;
    refs.iter()
        .filter(|r| r.commit.as_deref() == Some(head))
        .filter_map(|r| {
            let tag = r
                .name
                .strip_prefix("refs/vit/releases/")
                .or(r.name.strip_prefix("refs/tags/"))?;
            version::of_tag(tag)
        })
        .max()
        .map(|version| {
            (
                version.clone(),
                format!("the tag {}", version::tag_of(&version)),
            )
        })
}

/// `__version__ = "…"` in the core package, read as text.
fn from_package(root: &Path, packages: &[String]) -> Option<(Version, String)> {
    packages.iter().find_map(|package| {
        let file = format!("{package}/__init__.py");
        let bytes = atomic::read_bounded(&root.join(&file), MAX_INIT_BYTES).ok()??;
        let text = String::from_utf8_lossy(&bytes);
        let version = text.lines().find_map(assigned_version)?;
        Some((version, format!("__version__ in {file}")))
    })
}

fn assigned_version(line: &str) -> Option<Version> {
    let rest = line.strip_prefix("__version__")?.trim_start();
    let rest = rest.strip_prefix(": str").map_or(rest, str::trim_start);
    let value = rest.strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let inner = value[1..].split(quote).next()?;
    Version::parse(inner).ok()
}

/// What the commit says that the repository records of the submodule that Core is. The
/// repository's own tags are those of the team's own releases and say nothing of Core.
fn from_submodule(
    cx: &Context<'_>,
    core: &CoreSubmodule,
    refs: &[Ref],
) -> Result<Vec<(Version, String)>, EngineError> {
    let Some(pointer) = &core.pointer else {
        return Ok(Vec::new());
    };
    let known = |r: &Ref| -> Option<Version> {
        let prefixes = [RELEASES, TAGS];
        let tag = prefixes
            .iter()
            .find_map(|prefix| r.name.strip_prefix(prefix))?;
        (r.commit.as_ref() == Some(pointer)).then(|| version::of_tag(tag))?
    };
    let releases = refs.iter().filter(|r| r.name.starts_with(RELEASES));
    let mut found = releases.filter_map(known).max();
    let inside = core.inside.as_ref();
    if let (None, Some(inside)) = (&found, inside) {
        found = inside
            .git()
            .refs(&[TAGS, RELEASES])?
            .iter()
            .filter_map(known)
            .max();
    }
    let path = &core.path;
    let tag = found.map(|version| {
        let tag = version::tag_of(&version);
        (version, format!("the tag {tag} of the submodule {path}"))
    });
    let mut answers: Vec<(Version, String)> = tag.into_iter().collect();
    let packages = &cx.site.settings.core_package;
    answers.extend(from_package(&cx.site.root.join(path), packages));
    if let (true, Some(inside)) = (answers.is_empty(), inside) {
        let tag = inside.git().ancestor_release(pointer).ok().flatten();
        answers.extend(tag.and_then(|tag| {
            let source = format!("the nearest release below the submodule {path}, {tag}");
            Some((version::of_tag(&tag)?, source))
        }));
    }
    Ok(answers)
}

fn from_ancestor(
    cx: &Context<'_>,
    status: &Status,
) -> Result<Option<(Version, String)>, EngineError> {
    let Some(head) = &status.head else {
        return Ok(None);
    };
    let tag = cx.git.ancestor_release(head)?;
    Ok(tag.and_then(|tag| {
        Some((
            version::of_tag(&tag)?,
            format!("the nearest release below HEAD, {tag}"),
        ))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_as_text() {
        let read = |line: &str| assigned_version(line).map(|version| version.to_string());
        assert_eq!(read("__version__ = \"1.2.0\"").as_deref(), Some("1.2.0"));
        assert_eq!(
            read("__version__: str = '1.2.0-beta.1'  # x").as_deref(),
            Some("1.2.0-beta.1")
        );
        assert_eq!(read("__version__ = VERSION"), None);
        assert_eq!(read("__version__ = '1.2'"), None);
        assert_eq!(
            read("  __version__ = '1.2.0'"),
            None,
            "only at the top level"
        );
    }
}

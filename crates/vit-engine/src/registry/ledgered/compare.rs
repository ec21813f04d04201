//! What the ledger says of a release as it is listed now: pure.

use semver::Version;
use serde_json::Value;
use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};
use vit_contract::release::Release;
use vit_contract::text;

use crate::registry::Moved;
use crate::store::ledger::{Entry, Kind, Known, Ledger, Line, What};

use super::fields;

/// What a tag is at the place now, as far as it could be brought here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub(super) moved: Moved,
    /// Its tree; absent where it could not be fetched.
    pub(super) tree: Option<String>,
    /// Why not.
    pub(super) why: Option<String>,
}

/// How a release differs from when it was first seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) problem: Problem,
    pub(super) now: What,
}

/// What is known of a tag beside the listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Now {
    /// What it is at the place, where that is something else than here.
    pub(super) seen: Option<Seen>,
    /// Whether the place was asked: else what was noted last still stands.
    pub(super) asked: bool,
}

/// Whether the tag stands elsewhere than when it was first seen: here, or at the place.
pub(super) fn tag(known: Option<&Known>, release: &Release, now: &Now) -> Option<Difference> {
    let seen = now.seen.as_ref();
    let noted = known.filter(|_| !now.asked && seen.is_none());
    let noted = noted
        .and_then(|known| last_note(known, false))
        .filter(|line| {
            let elsewhere = [Code::TagMoved.as_str(), Code::TagRecreated.as_str()];
            elsewhere.contains(&line.text.as_deref().unwrap_or_default())
        });
    let recorded = known.and_then(|known| known.what.commit.as_ref());
    let here = release.commit.as_ref();
    let as_recorded = recorded.is_none() || here.is_none() || recorded == here;
    if seen.is_none() && noted.is_none() && as_recorded {
        return None;
    }
    let here = What {
        commit: release.commit.clone(),
        tree: release.tree.clone(),
        metadata_sha256: None,
    };
    let first = known
        .map(|known| &known.what)
        .filter(|what| what.commit.is_some())
        .unwrap_or(&here);
    let there = seen
        .map(|seen| What {
            commit: Some(seen.moved.commit.clone()),
            tree: seen.tree.clone(),
            metadata_sha256: None,
        })
        .or_else(|| noted.map(|line| line.what.clone()));
    let commit = first.commit.as_ref()?;
    let differs = |what: &&What| what.commit.as_ref().is_some_and(|now| now != commit);
    // What is here would be installed, so it counts before what the place says.
    let found = [Some(&here), there.as_ref()].into_iter().flatten();
    let others: Vec<&What> = found.filter(differs).collect();
    // One with another tree outweighs one with the same.
    let same = |what: &What| what.tree.is_some() && what.tree == first.tree;
    let now = others.iter().find(|what| !same(what)).or(others.first())?;
    let why = seen.and_then(|seen| seen.why.as_deref());
    let problem = if same(now) {
        recreated(release, first, now)
    } else {
        moved(release, first, now, why)
    };
    Some(Difference {
        problem: problem.hint(Who::You, accept_hint(&release.version)),
        now: (*now).clone(),
    })
}

fn accept_hint(version: &Version) -> String {
    format!(
        "ask the Core team; if what it is now is right: `vit ledger accept {version} --reason TEXT`"
    )
}

fn recreated(release: &Release, first: &What, now: &What) -> Problem {
    Problem::new(
        Code::TagRecreated,
        &release.tag,
        "the tag points at another commit than when it was first seen, with the same tree",
    )
    .evidence(format!(
        "first seen {}, now {}",
        or_unknown(first.commit.as_ref()),
        or_unknown(now.commit.as_ref())
    ))
}

fn moved(release: &Release, first: &What, now: &What, why: Option<&str>) -> Problem {
    let tree = match (&now.tree, why) {
        (Some(tree), _) => format!("tree {tree}"),
        (None, Some(why)) => format!(
            "which could not be fetched: {}",
            text::excerpt(&text::visible(why), 200)
        ),
        (None, None) => "tree unknown".to_owned(),
    };
    Problem::new(
        Code::TagMoved,
        &release.tag,
        "the tag points at another commit than when it was first seen",
    )
    .evidence(format!(
        "first seen {} (tree {}), now {} ({tree})",
        or_unknown(first.commit.as_ref()),
        or_unknown(first.tree.as_ref()),
        or_unknown(now.commit.as_ref()),
    ))
}

fn or_unknown(id: Option<&String>) -> &str {
    id.map_or("unknown", String::as_str)
}

/// Whether the metadata is another one than when it was first read.
pub(super) fn metadata(
    ledger: &Ledger,
    known: Option<&Known>,
    release: &Release,
) -> Option<Difference> {
    let known = known?;
    let first = known.what.metadata_sha256.as_ref()?;
    if release.metadata_sha256.as_ref() == Some(first) || !is_told(release) {
        return None;
    }
    let now = release.metadata.as_ref().map(canonical);
    let changes = match (ledger.metadata(known), now, &release.metadata_sha256) {
        (_, _, None) => "it had metadata, and has none now".to_owned(),
        (_, None, Some(_)) => "what it has now cannot be read".to_owned(),
        (None, Some(_), _) => "what it said first was not kept, only its hash".to_owned(),
        (Some(first), Some(now), _) => fields::told(&first, &now),
    };
    let is = release.metadata_sha256.as_deref();
    let problem = Problem::new(
        Code::MetadataChanged,
        &release.tag,
        "the release's metadata is not what it was when it was first seen",
    )
    .evidence(format!(
        "{changes} (SHA-256 first {}, now {})",
        short(first),
        is.map_or("none", short)
    ))
    .hint(Who::You, accept_hint(&release.version));
    Some(Difference {
        problem,
        now: What {
            metadata_sha256: release.metadata_sha256.clone(),
            ..What::default()
        },
    })
}

fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}

/// Whether what is absent of the metadata is absent, and not only not asked for.
fn is_told(release: &Release) -> bool {
    let asked = |code| release.problems.iter().any(|problem| problem.code == code);
    !release.unread
        && !asked(Code::MetadataNotFetched)
        && !asked(Code::ObjectsMissing)
        && (release.metadata_sha256.is_some() || asked(Code::MetadataMissing))
}

/// Metadata as the ledger keeps it.
fn canonical(metadata: &vit_contract::release::ReleaseMetadata) -> Value {
    serde_json::to_value(metadata).expect("metadata is plain data")
}

/// Which part of a release was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Looked {
    /// All of it.
    Whole,
    /// Its metadata, filled in after it was listed.
    Metadata,
}

/// The lines that a listed release asks for: its first sight, what was not known yet, or that it
/// is not, or is again, as it was.
pub(super) fn news(
    known: Option<&Known>,
    release: &Release,
    differences: &[Difference],
    (looked, source): (Looked, &str),
) -> Vec<Entry> {
    let mut entries: Vec<Entry> = seen(known, release, source).into_iter().collect();
    // Of a tag that moved, nothing is said of the metadata.
    let moved = differences.iter().any(|found| found.problem.blocks());
    if looked == Looked::Whole {
        entries.extend(noted(known, release, differences, false));
    }
    if !moved {
        entries.extend(noted(known, release, differences, true));
    }
    entries
}

fn seen(known: Option<&Known>, release: &Release, source: &str) -> Option<Entry> {
    let had = known.map(|known| &known.what);
    let commit = had.and_then(|had| had.commit.as_ref());
    if commit.is_some() && release.commit.is_some() && commit != release.commit.as_ref() {
        return None;
    }
    let tree = had.and_then(|had| had.tree.as_ref());
    let hash = had.and_then(|had| had.metadata_sha256.as_ref());
    let adds_metadata = hash.is_none() && release.metadata_sha256.is_some();
    let adds = commit.is_none() && release.commit.is_some()
        || tree.is_none() && release.tree.is_some()
        || adds_metadata;
    if !adds {
        return None;
    }
    let what = What {
        commit: release.commit.clone(),
        tree: release.tree.clone(),
        metadata_sha256: release.metadata_sha256.clone().filter(|_| adds_metadata),
    };
    let mut entry = Entry::new(Kind::Seen, &release.tag, what);
    entry.line.source = Some(source.to_owned()).filter(|source| !source.is_empty());
    entry.metadata = release
        .metadata
        .as_ref()
        .filter(|_| adds_metadata)
        .map(|metadata| canonical(metadata).to_string());
    Some(entry)
}

/// What is noted where the tag is again what it was, or its release is there again.
const AS_BEFORE: &str = "as_first_seen";
/// What notes of the metadata begin with: they stand apart from those of the tag, because it is
/// read at other times.
const OF_METADATA: &str = "metadata_";
const METADATA_AS_BEFORE: &str = "metadata_as_first_seen";

/// What is to be noted of the tag, or of the metadata; what was noted last is not noted again.
fn noted(
    known: Option<&Known>,
    release: &Release,
    differences: &[Difference],
    of_metadata: bool,
) -> Option<Entry> {
    let belongs = |text: &str| text.starts_with(OF_METADATA) == of_metadata;
    let last = known.and_then(|known| last_note(known, of_metadata));
    let withdrawn = release.problems.iter().any(|p| p.code == Code::Withdrawn);
    let differs = differences
        .iter()
        .find(|found| belongs(found.problem.code.as_str()));
    let (text, what) = match differs {
        // A tag that is gone at its place cannot have moved there.
        _ if withdrawn && !of_metadata => (Code::Withdrawn.as_str(), What::default()),
        Some(found) => (found.problem.code.as_str(), found.now.clone()),
        None if !of_metadata => (AS_BEFORE, What::default()),
        None if is_told(release) => (METADATA_AS_BEFORE, What::default()),
        None => return None,
    };
    let news = match last {
        None => ![AS_BEFORE, METADATA_AS_BEFORE].contains(&text),
        Some(line) => line.text.as_deref() != Some(text) || line.what != what,
    };
    news.then(|| {
        let mut entry = Entry::new(Kind::Noted, &release.tag, what);
        entry.line.text = Some(text.to_owned());
        entry
    })
}

/// What was noted last of the tag, or of the metadata, since it was accepted.
fn last_note(known: &Known, of_metadata: bool) -> Option<&Line> {
    let since = known.notes.iter().rev();
    since
        .take_while(|line| line.kind == Kind::Noted)
        .find(|line| {
            let text = line.text.as_deref().unwrap_or_default();
            text.starts_with(OF_METADATA) == of_metadata
        })
}

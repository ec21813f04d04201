//! `vit ledger`: what releases were when they were first seen, and accepting what one is now.

use semver::Version;
use vit_contract::code::Code;
use vit_contract::output::{
    LedgerAcceptReport, LedgerEntry, LedgerNote, LedgerReport, LedgerState,
};
use vit_contract::problem::{Problem, Who};
use vit_contract::release::Release;
use vit_contract::version;

use crate::context::Context;
use crate::error::EngineError;
use crate::exec::transaction::Held;
use crate::facts::verticals;
use crate::git::{MOVED, RELEASES, RefEdit};
use crate::registry::{self, Moved, Registry};
use crate::store::folder::Folder;
use crate::store::ledger::{self, Appended, Entry, Kind, Known, Ledger, Line, What};

/// The longest reason, in characters.
const MAX_REASON: usize = 500;

/// Reads the ledger, and checks its chain; of one release where `wanted` names one. Asks nobody.
///
/// # Errors
/// The state folder or the file cannot be read, or the release was never seen.
pub fn show(cx: &Context<'_>, wanted: Option<&Version>) -> Result<LedgerReport, EngineError> {
    Folder::state(cx.site).safe()?;
    let ledger = ledger::read(&cx.site.state_dir)?;
    let mut releases: Vec<LedgerEntry> = ledger
        .known
        .iter()
        .filter_map(|(tag, known)| entry(tag, known))
        .filter(|entry| wanted.is_none_or(|wanted| entry.version == *wanted))
        .collect();
    if let (Some(version), true) = (wanted, releases.is_empty()) {
        return Err(never_seen(version));
    }
    releases.sort_by(|a, b| a.version.cmp(&b.version));
    Ok(LedgerReport {
        schema: "vit.ledger/1".into(),
        ok: ledger.damaged.is_none(),
        lines: ledger.lines,
        releases,
        problems: ledger.problem(&cx.site.state_dir).into_iter().collect(),
    })
}

fn entry(tag: &str, known: &Known) -> Option<LedgerEntry> {
    Some(LedgerEntry {
        version: version::of_tag(tag)?,
        tag: tag.to_owned(),
        first_seen: known.first_seen,
        source: known.source.clone(),
        counts: state(&known.what),
        notes: known.notes.iter().map(note).collect(),
    })
}

fn note(line: &Line) -> LedgerNote {
    LedgerNote {
        time: line.time,
        accepted: line.kind == Kind::Accepted,
        text: line.text.clone().unwrap_or_default(),
        state: state(&line.what),
        actor: line.actor.clone(),
        host: line.host.clone(),
    }
}

fn state(what: &What) -> LedgerState {
    LedgerState {
        commit: what.commit.clone(),
        tree: what.tree.clone(),
        metadata_sha256: what.metadata_sha256.clone(),
    }
}

fn never_seen(version: &Version) -> EngineError {
    EngineError::BadInput {
        summary: format!("{version} was never seen here"),
        problems: Vec::new(),
        hints: vec!["`vit ledger show` lists what was; `vit update` asks for releases".into()],
    }
}

/// What accepting a release would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// Its version.
    pub version: Version,
    /// Its tag.
    pub tag: String,
    /// What counts.
    pub was: LedgerState,
    /// What it is now; of a tag that moved, its metadata is not read yet.
    pub is: LedgerState,
    /// The tag's own object at its place, where that is another one than here.
    object: Option<String>,
}

/// Asks what a release is now, and tells what accepting that would change.
///
/// # Errors
/// The registry cannot answer, the release was never seen or is there no more, what it is now
/// cannot be fetched, or nothing differs.
pub fn pending(cx: &Context<'_>, version: &Version) -> Result<Pending, EngineError> {
    let registry = open(cx)?;
    look(cx, &*registry, version, true)
}

fn open(cx: &Context<'_>) -> Result<Box<dyn Registry>, EngineError> {
    let remote = verticals::upstream_remote(&verticals::find(cx));
    registry::open(cx, remote.as_deref())
}

fn look(
    cx: &Context<'_>,
    registry: &dyn Registry,
    version: &Version,
    refresh: bool,
) -> Result<Pending, EngineError> {
    let release = release(cx, registry, version, refresh)?;
    let tag = &release.tag;
    if let Some(problem) = release.problems.iter().find(|p| p.code == Code::Withdrawn) {
        return Err(EngineError::Refused {
            summary: format!("{version} is there no more: nothing can be accepted"),
            problems: vec![problem.clone()],
        });
    }
    let ledger = ledger::read(&cx.site.state_dir)?;
    let known = ledger.known.get(tag);
    let here = What {
        commit: release.commit.clone(),
        tree: release.tree.clone(),
        metadata_sha256: release.metadata_sha256.clone(),
    };
    let was = known.map_or_else(|| here.clone(), |known| known.what.clone());
    let moved = registry.moved().into_iter().find(|moved| moved.tag == *tag);
    let is = match &moved {
        Some(moved) if release.commit.as_ref() != Some(&moved.commit) => there(cx, moved)?,
        _ => here,
    };
    if moved.is_none() && is == was {
        return Err(EngineError::BadInput {
            summary: format!("{version} is what it was when it was first seen"),
            problems: Vec::new(),
            hints: vec!["there is nothing to accept; `vit ledger show` says what counts".into()],
        });
    }
    Ok(Pending {
        version: version.clone(),
        tag: tag.clone(),
        was: state(&was),
        is: state(&is),
        object: moved.map(|moved| moved.object),
    })
}

/// The release as it is listed, its metadata read.
fn release(
    cx: &Context<'_>,
    registry: &dyn Registry,
    version: &Version,
    refresh: bool,
) -> Result<Release, EngineError> {
    let listing = registry.list(cx, refresh)?;
    let mut found: Vec<Release> = listing
        .releases
        .into_iter()
        .filter(|release| release.version == *version)
        .collect();
    registry.read(cx, &mut found, refresh)?;
    found.pop().ok_or_else(|| never_seen(version))
}

/// What a tag is at its place now; it was brought here aside.
fn there(cx: &Context<'_>, moved: &Moved) -> Result<What, EngineError> {
    let name = format!("{MOVED}{}", moved.tag);
    let specs = [
        name.clone(),
        format!("{name}^{{commit}}"),
        format!("{name}^{{tree}}"),
    ];
    let mut found = cx
        .git
        .resolve(&specs)?
        .into_iter()
        .map(|found| found.map(|(oid, _)| oid));
    let (object, commit, tree) = (
        found.next().flatten(),
        found.next().flatten(),
        found.next().flatten(),
    );
    if object.as_ref() == Some(&moved.object) && commit.is_some() && tree.is_some() {
        return Ok(What {
            commit,
            tree,
            metadata_sha256: None,
        });
    }
    Err(EngineError::Refused {
        summary: format!("what {} is now is not here", moved.tag),
        problems: vec![
            Problem::new(
                Code::ObjectsMissing,
                &moved.tag,
                "the commit that the tag points at now could not be fetched, or it is none",
            )
            .evidence(format!("now {}", moved.commit))
            .hint(Who::You, "check the network and the remote, and try again"),
        ],
    })
}

/// Accepts what a release is now: from here on that counts. `shown` is what somebody said yes to.
///
/// The ref is set before the ledger says so: a crash between leaves the release blocked, and
/// accepting it again ends it.
///
/// # Errors
/// It is not what was shown any more, another `vit` is at work, a transaction is not finished, or
/// it cannot be written.
pub fn accept(
    cx: &Context<'_>,
    shown: &Pending,
    reason: &str,
) -> Result<LedgerAcceptReport, EngineError> {
    let reason = checked(reason)?;
    let _held = Held::acquire_idle(cx, "vit ledger accept")?;
    let registry = open(cx)?;
    let now = look(cx, &*registry, &shown.version, false)?;
    if now != *shown {
        return Err(EngineError::Refused {
            summary: format!("{} is not what was shown any more", shown.version),
            problems: vec![
                Problem::new(Code::FactsMoved, &shown.tag, "it has changed meanwhile")
                    .hint(Who::You, "look at it again: `vit ledger accept`"),
            ],
        });
    }
    if let Some(object) = &now.object {
        set_ref(cx, &now.tag, object)?;
    }
    cx.faults
        .at(format_args!("ledger.accept.ref"))
        .map_err(|source| EngineError::Io {
            action: "accepting in",
            path: cx.site.state_dir.join(ledger::FILE),
            source,
        })?;
    // As it is listed from here on, with its own metadata.
    let release = release(cx, &*registry, &now.version, false)?;
    let is = What {
        commit: release.commit.clone(),
        tree: release.tree.clone(),
        metadata_sha256: release.metadata_sha256.clone(),
    };
    append(cx, &now, &release, (&is, reason))?;
    Ok(LedgerAcceptReport {
        schema: "vit.ledger-accept/1".into(),
        details: format!("{} counts as it is now", now.version),
        next: "vit update".into(),
        version: now.version,
        tag: now.tag,
        reason: reason.to_owned(),
        was: now.was,
        is: state(&is),
    })
}

fn checked(reason: &str) -> Result<&str, EngineError> {
    let reason = reason.trim();
    if !reason.is_empty() && reason.chars().count() <= MAX_REASON {
        return Ok(reason);
    }
    Err(EngineError::BadInput {
        summary: format!("a reason has 1 to {MAX_REASON} characters"),
        problems: Vec::new(),
        hints: vec!["say who confirmed it: it stands in the ledger for good".into()],
    })
}

/// Puts what was brought aside where the release stands, and nothing else than what it was.
fn set_ref(cx: &Context<'_>, tag: &str, object: &str) -> Result<(), EngineError> {
    let (name, aside) = (format!("{RELEASES}{tag}"), format!("{MOVED}{tag}"));
    let there = cx.git.refs(&[&name, &aside])?;
    let found = |name: &str| there.iter().find(|found| found.name == name);
    let mut edits = vec![RefEdit::Set {
        old: found(&name).map(|found| found.oid.clone()),
        name: name.clone(),
        oid: object.to_owned(),
    }];
    edits.extend(found(&aside).map(|found| RefEdit::Delete {
        name: found.name.clone(),
    }));
    Ok(cx.git.update_refs(&edits)?)
}

fn append(
    cx: &Context<'_>,
    now: &Pending,
    release: &Release,
    (is, reason): (&What, &str),
) -> Result<(), EngineError> {
    let mut entry = Entry::new(Kind::Accepted, &now.tag, is.clone());
    entry.line.text = Some(reason.to_owned());
    entry.line.actor = Some(cx.actor.user.clone());
    entry.line.host = Some(cx.actor.host.clone());
    entry.line.was = Some(What {
        commit: now.was.commit.clone(),
        tree: now.was.tree.clone(),
        metadata_sha256: now.was.metadata_sha256.clone(),
    });
    entry.metadata = release
        .metadata
        .as_ref()
        .map(|metadata| serde_json::to_string(metadata).expect("metadata is plain data"));
    let news = |_: &Ledger| vec![entry];
    match ledger::append(&cx.site.state_dir, cx.clock.now(), cx.faults, news)? {
        Appended::Done | Appended::Nothing => Ok(()),
        Appended::Busy => Err(EngineError::Locked {
            owner: "another vit that writes the ledger of releases".to_owned(),
        }),
        Appended::Newer => Err(EngineError::BadInput {
            summary: format!("{} cannot be changed by this vit", ledger::FILE),
            problems: Vec::new(),
            hints: vec!["use the vit that wrote it, or a newer one".to_owned()],
        }),
    }
}

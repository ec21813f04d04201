//! The lock of uv, brought to a release: edited where that is sure, else made anew by uv in a
//! copy of the project's files.

use std::ffi::OsString;
use std::path::Path;
use std::time::Duration;

use vit_contract::code::Code;
use vit_contract::pins::{Target, apply, pyproject, uv_lock};
use vit_contract::plan::Position;
use vit_contract::problem::{Problem, Who};
use vit_contract::text;

use super::super::pins::{LockFile, Pins, UV_LOCK, project_files};
use crate::context::Context;
use crate::error::EngineError;
use crate::git::Blob;
use crate::process::{self, Ended, Finished, Request};
use crate::store::atomic;

/// How long uv may take: it may have to ask an index for every distribution.
const TIMEOUT: Duration = Duration::from_secs(120);
/// How much of its output is kept, and how much of it is shown.
const KEEP: usize = 64 * 1024;
const SHOWN_CHARS: usize = 600;
/// The largest lock and `pyproject.toml` that are read, in bytes.
const MAX_BYTES: usize = 8 * 1024 * 1024;

/// The project whose lock it is.
pub(super) struct Project<'a> {
    pub(super) cx: &'a Context<'a>,
    pub(super) pins: &'a Pins,
    pub(super) head: &'a Position,
    pub(super) core: &'a Position,
}

/// What becomes of the lock.
pub(super) enum Answer {
    /// There is none, or it has the release already.
    Same,
    /// This is its text; before, it had this version.
    Text {
        /// The text.
        text: String,
        /// The version before.
        from: String,
    },
    /// It cannot be brought to the release.
    Refused(Box<Problem>),
}

/// The lock that goes with the edited files.
///
/// # Errors
/// Git failed, or a scratch folder cannot be written.
pub(super) fn edited(
    project: &Project<'_>,
    target: &Target,
    files: &[(String, String)],
) -> Result<Answer, EngineError> {
    let Some(lock) = &project.pins.lock else {
        return Ok(Answer::Same);
    };
    let from = lock
        .locked
        .iter()
        .find_map(|locked| locked.version.clone())
        .unwrap_or_else(|| "another commit".to_owned());
    if files.is_empty() && lock.locked.iter().all(|locked| is_at(locked, target)) {
        return Ok(Answer::Same);
    }
    if let Some(text) = by_hand(project, lock, target)? {
        return Ok(Answer::Text { text, from });
    }
    match by_uv(project, lock, target, files)? {
        Ok(text) => Ok(Answer::Text { text, from }),
        Err(problem) => Ok(Answer::Refused(Box::new(problem))),
    }
}

fn is_at(locked: &uv_lock::Locked, target: &Target) -> bool {
    let version = locked.version.as_ref().and_then(|v| v.parse().ok());
    let version =
        version.is_none_or(|version: vit_contract::pins::PyVersion| version == target.version);
    match &locked.source {
        uv_lock::Source::Git { commit, .. } => version && commit.as_ref() == Some(&target.commit),
        uv_lock::Source::Index | uv_lock::Source::Other => version,
    }
}

/// The edit of a lock whose distribution comes from git: where the release needs the same as the
/// one before it, nothing else in the lock changes.
fn by_hand(
    project: &Project<'_>,
    lock: &LockFile,
    target: &Target,
) -> Result<Option<String>, EngineError> {
    let [locked] = &lock.locked[..] else {
        return Ok(None);
    };
    let uv_lock::Source::Git {
        commit: Some(before),
        ..
    } = &locked.source
    else {
        return Ok(None);
    };
    let specs = [before, &project.core.commit].map(|c| format!("{c}:pyproject.toml"));
    let blobs = project.cx.git.read_blobs(&specs, MAX_BYTES)?;
    let texts: Vec<String> = blobs
        .into_iter()
        .filter_map(|blob| match blob {
            Blob::Content(bytes) => String::from_utf8(bytes).ok(),
            Blob::Missing | Blob::TooLarge(_) => None,
        })
        .collect();
    let [old, new] = &texts[..] else {
        return Ok(None);
    };
    let (needed, needs) = (pyproject::needs(old), pyproject::needs(new));
    // A release that calls itself something else is locked under that name.
    let own = pyproject::own_version(new).and_then(|version| version.parse().ok());
    let named = own.is_none_or(|own: vit_contract::pins::PyVersion| own == target.version);
    if needed.is_none() || needed != needs || !named {
        return Ok(None);
    }
    let edits = uv_lock::edits(&lock.text, &project.pins.distribution, target);
    Ok(edits.map(|edits| apply(&lock.text, &edits)))
}

/// The lock that uv makes; or why there is none.
fn by_uv(
    project: &Project<'_>,
    lock: &LockFile,
    target: &Target,
    files: &[(String, String)],
) -> Result<Result<String, Problem>, EngineError> {
    let cx = project.cx;
    let scratch = tempfile::tempdir().map_err(|source| EngineError::Io {
        action: "making a scratch folder for",
        path: cx.site.root.join(UV_LOCK),
        source,
    })?;
    let entries = cx.git.ls_tree::<&str>(&project.head.commit, &[], true)?;
    let mut texts = project_files(cx, &entries)?;
    texts.insert(UV_LOCK.to_owned(), lock.text.clone().into_bytes());
    texts.extend(
        files
            .iter()
            .map(|(path, text)| (path.clone(), text.clone().into_bytes())),
    );
    for (path, bytes) in &texts {
        copy(&scratch.path().join(path), bytes, project)?;
    }
    let wanted = format!("{}=={}", project.pins.distribution, target.version);
    let args = [
        "lock",
        "--no-progress",
        "--color",
        "never",
        "--upgrade-package",
        &wanted,
    ];
    let finished = process::run(Request {
        program: "uv".into(),
        args: args.map(OsString::from).into(),
        cwd: scratch.path(),
        env: environment(cx),
        stdin: Vec::new(),
        timeout: Some(TIMEOUT),
        keep: KEEP,
        on_line: None,
        cancel: Some(cx.cancel),
        sweep: None,
    });
    let refused = |why: String| refused(&wanted, &why);
    match finished {
        Err(error) => return Ok(Err(refused(error.to_string()))),
        Ok(finished) if finished.ended != Ended::Exit(0) => {
            return Ok(Err(refused(said(&finished))));
        }
        Ok(_) => {}
    }
    let made = atomic::read_bounded(&scratch.path().join(UV_LOCK), MAX_BYTES)?.unwrap_or_default();
    let made = String::from_utf8_lossy(&made).into_owned();
    let locked = uv_lock::read(&made, &project.pins.distribution);
    if locked.is_empty() || !locked.iter().all(|locked| is_at(locked, target)) {
        let why = "uv made a lock that has another version";
        return Ok(Err(refused(why.to_owned())));
    }
    Ok(Ok(made))
}

/// Writes a file of the copy.
fn copy(path: &Path, bytes: &[u8], project: &Project<'_>) -> Result<(), EngineError> {
    let io = |source| EngineError::Io {
        action: "writing the scratch copy",
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(io)?;
    }
    atomic::write(path, bytes, project.cx.faults)
}

/// What uv gets: an environment that is active is not the copy's.
fn environment(cx: &Context<'_>) -> Vec<(OsString, OsString)> {
    cx.environment
        .for_probe()
        .filter(|(name, _)| *name != "VIRTUAL_ENV" && *name != "UV_PROJECT_ENVIRONMENT")
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
}

fn said(finished: &Finished) -> String {
    let said = String::from_utf8_lossy(&finished.stderr.kept);
    let said = text::excerpt(&text::visible_lines(said.trim()), SHOWN_CHARS);
    match finished.ended {
        Ended::TimedOut => format!("uv did not end within {} s", TIMEOUT.as_secs()),
        Ended::Cancelled => "uv was stopped on request".to_owned(),
        Ended::Signal(signal) => format!("uv was ended by signal {signal}"),
        Ended::Exit(_) if said.is_empty() => "uv failed and said nothing".to_owned(),
        Ended::Exit(_) => said,
    }
}

fn refused(wanted: &str, why: &str) -> Problem {
    Problem::new(
        Code::PinLockStale,
        UV_LOCK,
        "uv has to make it anew for the edited pins, and could not",
    )
    .evidence(why)
    .hint(
        Who::You,
        format!("edit the pin, run `uv lock --upgrade-package {wanted}`, and commit both"),
    )
}

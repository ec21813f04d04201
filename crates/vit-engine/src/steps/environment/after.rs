//! What a committed transaction has made of the environment: written down, so that later changes
//! can be told. Bytecode does not count, because Python writes it whenever it runs.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use vit_contract::code::Code;
use vit_contract::digest;
use vit_contract::history::EnvironmentProof;
use vit_contract::plan::{EnvironmentAction, EnvironmentStep, Step};
use vit_contract::problem::{Problem, Who};

use crate::cancel::Cancel;
use crate::context::Context;
use crate::error::EngineError;
use crate::plan::preflight;
use crate::store::environments;
use crate::twin::{self, Manifest, Mismatch, Node, Tolerate, Work};

/// Where Python keeps bytecode.
const CACHE: &str = "__pycache__";

/// How the environment differs from what the last transaction has made of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// It is the same.
    Same,
    /// These paths differ.
    Paths(Vec<String>),
    /// It differs, and nobody knows any more in what.
    Somewhere,
}

/// What the end of a transaction finds in the environment.
#[derive(Debug, Default)]
pub struct Settled {
    /// What goes into the proof; nothing where no step has changed the environment.
    pub proof: Option<EnvironmentProof>,
    /// What is not as the installation has made it.
    pub changed: Vec<String>,
}

/// Writes down what an installation has made of the environment, before smoke tests run in it:
/// the proof must not bless what one of them has made.
///
/// # Errors
/// It cannot be read or written down.
pub fn installed(cx: &Context<'_>, transaction: &str, steps: &[Step]) -> Result<(), EngineError> {
    match step_of(steps) {
        Some(step) if matches!(step.action, EnvironmentAction::Install { .. }) => {
            note(cx, transaction, step).map(drop)
        }
        _ => Ok(()),
    }
}

/// Compares the environment with what was made of it, after the smoke tests. Those of a rollback
/// tell and do not gate: there it is put back to the snapshot's once more.
///
/// # Errors
/// It cannot be compared or put back.
pub fn settle(cx: &Context<'_>, transaction: &str, steps: &[Step]) -> Result<Settled, EngineError> {
    let Some(step) = step_of(steps) else {
        return Ok(Settled::default());
    };
    match &step.action {
        EnvironmentAction::Install { .. } => settle_installed(cx, transaction, step),
        EnvironmentAction::Restore {
            snapshot,
            manifest_sha256,
        } => settle_restored(cx, transaction, step, (snapshot, manifest_sha256)),
    }
}

fn settle_installed(
    cx: &Context<'_>,
    transaction: &str,
    step: &EnvironmentStep,
) -> Result<Settled, EngineError> {
    let path = environments::after_path(&cx.site.state_dir, transaction)?;
    let Some(then) = Manifest::read(&path)? else {
        // On trial since before it was written down at this point.
        let proof = proof(step, &note(cx, transaction, step)?);
        return Ok(Settled {
            proof: Some(proof),
            changed: Vec::new(),
        });
    };
    let live = std::fs::canonicalize(&step.path).unwrap_or_else(|_| step.path.clone().into());
    Ok(Settled {
        proof: Some(proof(step, &then)),
        changed: differing(cx, &live, &then)?,
    })
}

fn settle_restored(
    cx: &Context<'_>,
    transaction: &str,
    step: &EnvironmentStep,
    (snapshot, manifest_sha256): (&str, &str),
) -> Result<Settled, EngineError> {
    let gone = || {
        let why = "what was kept of it is gone";
        super::io("comparing", Path::new(&step.path))(std::io::Error::other(why))
    };
    let kept = environments::read(&cx.site.state_dir, snapshot).ok_or_else(gone)?;
    let manifest = environments::manifest(&kept)?;
    let changed = verified(cx, Path::new(&kept.path), &manifest)?;
    let changed: Vec<String> = changed.iter().map(ToString::to_string).collect();
    if !changed.is_empty() {
        super::bring(cx, transaction, (snapshot, manifest_sha256))?;
    }
    // It has just been compared with this, file by file.
    let after = environments::after_path(&cx.site.state_dir, transaction)?;
    manifest.write(&after, cx.faults)?;
    Ok(Settled {
        proof: Some(proof(step, &manifest)),
        changed,
    })
}

/// The problem that something has changed in the environment since it was installed into.
#[must_use]
pub fn mismatch(changed: &[String]) -> Problem {
    let text = "the environment is not what the installer has made of it: something changed it \
                while the smoke tests ran";
    Problem::new(Code::EnvironmentMismatch, "environment", text)
        .evidence(preflight::name_files(changed))
        .hint(
            Who::VerticalOwner,
            "let the smoke test write to a folder of its own, and have what it needs installed \
             with the release",
        )
}

/// Reads what an environment is.
///
/// # Errors
/// It cannot be read.
pub fn look(cx: &Context<'_>, path: &Path) -> Result<Manifest, EngineError> {
    let cancel = Cancel::default();
    let work = Work {
        cancel: &cancel,
        faults: cx.faults,
    };
    let live = std::fs::canonicalize(path).map_err(super::io("opening", path))?;
    Manifest::of(&live, &work)
}

/// Reads what the environment is now, and writes it down for later.
fn note(
    cx: &Context<'_>,
    transaction: &str,
    step: &EnvironmentStep,
) -> Result<Manifest, EngineError> {
    let manifest = look(cx, Path::new(&step.path))?;
    let after = environments::after_path(&cx.site.state_dir, transaction)?;
    manifest.write(&after, cx.faults)?;
    Ok(manifest)
}

fn proof(step: &EnvironmentStep, manifest: &Manifest) -> EnvironmentProof {
    let (sha256, files) = content(manifest);
    EnvironmentProof {
        path: step.path.clone(),
        sha256,
        files,
    }
}

fn verified(cx: &Context<'_>, live: &Path, then: &Manifest) -> Result<Vec<Mismatch>, EngineError> {
    let cancel = Cancel::default();
    let work = Work {
        cancel: &cancel,
        faults: cx.faults,
    };
    twin::verify(live, then, Tolerate::NewBytecode, &work)
}

/// How a folder differs from a manifest, bytecode apart.
///
/// # Errors
/// Somebody asked to stop.
pub fn differing(
    cx: &Context<'_>,
    live: &Path,
    then: &Manifest,
) -> Result<Vec<String>, EngineError> {
    Ok(verified(cx, live, then)?
        .iter()
        .filter(|mismatch| !is_cache(&mismatch.path))
        .map(ToString::to_string)
        .collect())
}

/// How the environment differs from what a transaction has made of it.
///
/// # Errors
/// It cannot be read.
pub fn changed_since(
    cx: &Context<'_>,
    transaction: &str,
    proof: &EnvironmentProof,
) -> Result<Changed, EngineError> {
    let cancel = Cancel::default();
    let work = Work {
        cancel: &cancel,
        faults: cx.faults,
    };
    let Ok(live) = std::fs::canonicalize(&proof.path) else {
        return Ok(Changed::Paths(vec!["the environment is gone".to_owned()]));
    };
    let after = environments::after_path(&cx.site.state_dir, transaction)?;
    let Some(then) = Manifest::read(&after).ok().flatten() else {
        let (sha256, _) = content(&Manifest::of(&live, &work)?);
        return Ok(if sha256 == proof.sha256 {
            Changed::Same
        } else {
            Changed::Somewhere
        });
    };
    let found = differing(cx, &live, &then)?;
    Ok(if found.is_empty() {
        Changed::Same
    } else {
        Changed::Paths(found)
    })
}

fn step_of(steps: &[Step]) -> Option<&EnvironmentStep> {
    steps.iter().find_map(|step| match step {
        Step::Environment(step) => Some(step),
        _ => None,
    })
}

fn is_cache(path: &Path) -> bool {
    path.components().any(|part| part.as_os_str() == CACHE)
}

/// A digest over path, mode and content of everything but bytecode, and how many files that is.
fn content(manifest: &Manifest) -> (String, usize) {
    let mut bytes: Vec<u8> = Vec::new();
    let mut files = 0;
    for (path, entry) in manifest.entries().filter(|(path, _)| !is_cache(path)) {
        bytes.extend_from_slice(path.as_os_str().as_bytes());
        let mut rest = format!("\0{:o}\0", entry.mode);
        match &entry.node {
            Node::File { sha256, .. } => {
                files += 1;
                for byte in sha256 {
                    let _ = write!(rest, "{byte:02x}");
                }
            }
            Node::Link { target } => {
                let _ = write!(rest, "-> {}", target.as_bytes().escape_ascii());
            }
            Node::Folder => rest.push('/'),
            Node::Other(kind) => rest.push_str(kind),
        }
        bytes.extend_from_slice(rest.as_bytes());
        bytes.push(b'\n');
    }
    (digest::sha256(&bytes), files)
}

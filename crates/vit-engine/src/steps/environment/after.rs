//! What a committed transaction has made of the environment: written down, so that later changes
//! can be told. Bytecode does not count, because Python writes it whenever it runs.

use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use vit_contract::digest;
use vit_contract::history::EnvironmentProof;
use vit_contract::plan::{EnvironmentAction, EnvironmentStep, Step};

use crate::cancel::Cancel;
use crate::context::Context;
use crate::error::EngineError;
use crate::store::environments;
use crate::twin::{self, Manifest, Node, Tolerate, Work};

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

/// Reads what the environment is now, writes it down for later, and tells what goes into the
/// proof; nothing where no step has changed it.
///
/// # Errors
/// It cannot be read or written down.
pub fn installed(
    cx: &Context<'_>,
    transaction: &str,
    steps: &[Step],
) -> Result<Option<EnvironmentProof>, EngineError> {
    let Some(step) = step_of(steps) else {
        return Ok(None);
    };
    let (cancel, path) = (Cancel::default(), Path::new(&step.path));
    let work = Work {
        cancel: &cancel,
        faults: cx.faults,
    };
    let live = std::fs::canonicalize(path).map_err(super::io("opening", path))?;
    let manifest = Manifest::of(&live, &work)?;
    let after = environments::after_path(&cx.site.state_dir, transaction)?;
    manifest.write(&after, cx.faults)?;
    let (sha256, files) = content(&manifest);
    Ok(Some(EnvironmentProof {
        path: step.path.clone(),
        sha256,
        files,
    }))
}

/// After the smoke tests of a rollback, which tell and do not gate: puts the environment back to
/// the snapshot's once more where they have changed it. Tells what they had changed.
///
/// # Errors
/// It cannot be compared or put back.
pub fn settle(
    cx: &Context<'_>,
    transaction: &str,
    steps: &[Step],
) -> Result<Vec<String>, EngineError> {
    let Some(EnvironmentAction::Restore {
        snapshot,
        manifest_sha256,
    }) = step_of(steps).map(|step| &step.action)
    else {
        return Ok(Vec::new());
    };
    let Some(kept) = environments::read(&cx.site.state_dir, snapshot) else {
        return Ok(Vec::new());
    };
    let (_, mismatches) = super::compare(&kept)?;
    if !mismatches.is_empty() {
        super::bring(cx, transaction, (snapshot, manifest_sha256))?;
    }
    Ok(mismatches)
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
    let found: Vec<String> = twin::verify(&live, &then, Tolerate::NewBytecode, &work)?
        .iter()
        .filter(|mismatch| !is_cache(&mismatch.path))
        .map(ToString::to_string)
        .collect();
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

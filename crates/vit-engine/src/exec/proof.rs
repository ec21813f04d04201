//! Comparing the installation with what it should be: by content, never by an exit code.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use vit_contract::code::Code;
use vit_contract::digest;
use vit_contract::history::Proof;
use vit_contract::plan::Position;

use super::record::{KeptEnvironment, VerticalFiles, path_of};
use super::run::problem_of;
use crate::context::Context;
use crate::error::EngineError;
use crate::git::GitError;
use crate::parallel;
use crate::steps::{environment, vertical_files};
use crate::store::atomic;

/// How many differing paths a proof names.
const NAMED_PATHS: usize = 20;

/// What the installation should be.
#[derive(Debug, Clone, Copy)]
pub struct Expected<'a> {
    /// HEAD, branch and tree.
    pub position: &'a Position,
    /// Files of untracked verticals.
    pub files: Option<&'a VerticalFiles>,
    /// Untracked files and folders that may be there; others are leftovers.
    pub untracked: Option<&'a [String]>,
    /// What [`comparing`] was when the transaction began.
    pub comparing: Option<&'a str>,
    /// The Python environment.
    pub environment: Option<&'a KeptEnvironment>,
}

/// What the repository's own configuration says of how git compares a file with its object: a
/// smoke test that sets a filter of its own could make any content look like the release's.
const COMPARING_KEYS: [&str; 13] = [
    "core.attributesfile",
    "core.autocrlf",
    "core.bigfilethreshold",
    "core.eol",
    "core.filemode",
    "core.ignorecase",
    "core.precomposeunicode",
    "core.safecrlf",
    "core.symlinks",
    "core.worktree",
    "filter.*.clean",
    "filter.*.process",
    "filter.*.smudge",
];
const ATTRIBUTES_MAX_BYTES: usize = 1024 * 1024;

/// A digest of everything beside the tree itself that decides how its files are compared.
///
/// # Errors
/// The configuration or `info/attributes` cannot be read.
pub fn comparing(cx: &Context<'_>) -> Result<String, EngineError> {
    let attributes = cx.site.common_dir.join("info/attributes");
    let attributes = atomic::read_bounded(&attributes, ATTRIBUTES_MAX_BYTES)?.unwrap_or_default();
    let mut bytes = Vec::new();
    for (key, value) in cx.git.local_config(&COMPARING_KEYS)? {
        bytes.extend_from_slice(format!("{key}\0{value}\0").as_bytes());
    }
    bytes.extend_from_slice(&attributes);
    Ok(digest::sha256(&bytes))
}

/// Compares HEAD, branch, index and every tracked file, each file hashed anew: neither time
/// stamps nor a damaged index nor `assume-unchanged` bits can hide a difference.
///
/// # Errors
/// Git could not be run; what differs is no error but a mismatch in the proof.
pub fn by_content(cx: &Context<'_>, expected: &Expected<'_>) -> Result<Proof, GitError> {
    let scratch = cx.site.git_dir.join("vit-proof-index");
    let (differing, quick) = parallel::both(
        || cx.git.verify_tree(&expected.position.tree, &scratch),
        || quick(cx, expected),
    );
    let mut proof = quick?;
    for path in differing?.iter().take(NAMED_PATHS) {
        proof
            .mismatches
            .push(format!("{} differs from the release", path.display()));
    }
    if let Some(files) = expected.files {
        for path in vertical_files::differing(cx, files)?
            .into_iter()
            .take(NAMED_PATHS)
        {
            proof
                .mismatches
                .push(format!("{path} differs from the snapshot"));
        }
    }
    if let Some(then) = expected.comparing {
        match comparing(cx) {
            Ok(now) if now == then => {}
            Ok(_) => proof.mismatches.push(
                "the repository's git configuration or info/attributes, which say how files are \
                 compared, have changed"
                    .to_owned(),
            ),
            Err(error) => proof
                .mismatches
                .push(problem_of(&error, Code::TreeMismatch).message),
        }
    }
    if let Some(kept) = expected.environment {
        match environment::compare(kept) {
            Ok((compared, mismatches)) => {
                proof.environment = Some(compared);
                proof
                    .mismatches
                    .extend(mismatches.into_iter().take(NAMED_PATHS));
            }
            Err(error) => proof
                .mismatches
                .push(problem_of(&error, Code::TreeMismatch).message),
        }
    }
    proof.mismatches.dedup();
    proof.verified = proof.mismatches.is_empty();
    Ok(proof)
}

/// Compares HEAD, branch, index and tracked files by git's own status, which reads a file's
/// content where its stat data changed.
///
/// # Errors
/// Git could not be run.
pub fn quick(cx: &Context<'_>, expected: &Expected<'_>) -> Result<Proof, GitError> {
    quick_but(cx, expected, None)
}

/// The same, but for one path, which another step has still to bring.
///
/// # Errors
/// As there.
pub fn quick_but(
    cx: &Context<'_>,
    expected: &Expected<'_>,
    later: Option<&str>,
) -> Result<Proof, GitError> {
    let status = cx.git.status()?;
    let position = expected.position;
    let mut mismatches = Vec::new();
    let head = status.head.clone().unwrap_or_default();
    if head != position.commit {
        mismatches.push(format!("HEAD is {head}, not {}", position.commit));
    }
    if status.branch != position.branch {
        mismatches.push(format!(
            "HEAD is on {}, not on {}",
            branch_name(status.branch.as_deref()),
            branch_name(position.branch.as_deref())
        ));
    }
    let counts = |path: &&PathBuf| later.is_none_or(|later| path.as_path() != Path::new(later));
    for path in status.changed.iter().filter(counts).take(NAMED_PATHS) {
        mismatches.push(format!("{} has changes", path.display()));
    }
    if let Some(known) = expected.untracked {
        for path in new_untracked(&status.untracked, known).take(NAMED_PATHS) {
            mismatches.push(format!("{} is left over", path.display()));
        }
    }
    Ok(Proof {
        verified: mismatches.is_empty(),
        head,
        branch: status.branch,
        tree: position.tree.clone(),
        environment: None,
        signed_by: None,
        mismatches,
    })
}

/// The untracked paths that were not there before. Git names a folder where nothing in it is
/// tracked, and its files where something is: what lies in a folder that was there before, and a
/// folder that holds something of before, are not new.
pub fn new_untracked<'a>(now: &'a [PathBuf], before: &[String]) -> impl Iterator<Item = &'a Path> {
    let known: HashSet<PathBuf> = before.iter().map(|text| path_of(text)).collect();
    let holding: HashSet<PathBuf> = known
        .iter()
        .flat_map(|path| path.ancestors().skip(1).map(Path::to_owned))
        .collect();
    now.iter().map(PathBuf::as_path).filter(move |path| {
        !holding.contains(*path) && !path.ancestors().any(|above| known.contains(above))
    })
}

fn branch_name(branch: Option<&str>) -> &str {
    branch.map_or("no branch", |name| {
        name.strip_prefix("refs/heads/").unwrap_or(name)
    })
}

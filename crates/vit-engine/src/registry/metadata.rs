//! The metadata of releases, from the trees of their commits.

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};
use vit_contract::release::{self, FILE_NAMES, Release};
use vit_contract::{digest, text};

use crate::error::EngineError;
use crate::git::{Blob, Git, RELEASES, TAGS};

/// Fills in tree and metadata of every release whose commit is here: three processes, however
/// many releases there are. One that is unread stays so.
pub(super) fn fill(git: &Git, releases: &mut [Release]) -> Result<(), EngineError> {
    let commits: Vec<String> = releases
        .iter()
        .filter(|release| !release.unread)
        .filter_map(|release| release.commit.clone())
        .collect();
    let files: Vec<String> = commits
        .iter()
        .flat_map(|commit| FILE_NAMES.map(|name| format!("{commit}:{name}")))
        .collect();
    trees(git, releases)?;
    let blobs = git.read_blobs(&files, release::MAX_BYTES)?;
    let here = releases
        .iter_mut()
        .filter(|release| !release.unread && release.commit.is_some());
    for (release, blobs) in here.zip(blobs.chunks(FILE_NAMES.len())) {
        if !of_blobs(release, blobs) {
            missing(release);
        }
    }
    Ok(())
}

/// Takes the first of a release's files that is there; whether one is.
pub(super) fn of_blobs(release: &mut Release, blobs: &[Blob]) -> bool {
    let mut found = FILE_NAMES.iter().zip(blobs);
    match found.find(|(_, blob)| **blob != Blob::Missing) {
        Some((name, Blob::Content(bytes))) => read(release, name, bytes),
        Some((name, Blob::TooLarge(size))) => too_large(release, name, *size),
        Some((_, Blob::Missing)) | None => return false,
    }
    true
}

/// The metadata file in the tree of a release's commit.
pub(super) fn in_tree(git: &Git, release: &Release) -> Result<Option<Vec<u8>>, EngineError> {
    let (Some(commit), Some(_)) = (&release.commit, &release.tree) else {
        return Ok(None);
    };
    let files: Vec<String> = FILE_NAMES
        .iter()
        .map(|name| format!("{commit}:{name}"))
        .collect();
    let blobs = git.read_blobs(&files, release::MAX_BYTES)?;
    let found = blobs.into_iter().find(|blob| *blob != Blob::Missing);
    Ok(match found {
        Some(Blob::Content(bytes)) => Some(bytes),
        _ => None,
    })
}

/// Fills in the tree of every release whose commit is here.
pub(super) fn trees(git: &Git, releases: &mut [Release]) -> Result<(), EngineError> {
    let here: Vec<&mut Release> = releases
        .iter_mut()
        .filter(|release| release.commit.is_some())
        .collect();
    let specs: Vec<String> = here
        .iter()
        .filter_map(|release| release.commit.as_ref())
        .map(|commit| format!("{commit}^{{tree}}"))
        .collect();
    for (release, tree) in here.into_iter().zip(git.resolve(&specs)?) {
        release.tree = tree.map(|(oid, _)| oid);
    }
    Ok(())
}

/// The release with its commit and tree, where they are here: the commit that it was listed with,
/// else that of the tag that was fetched, else of the user's.
pub(super) fn located(git: &Git, release: &Release) -> Result<Option<Release>, EngineError> {
    let names = match &release.commit {
        Some(commit) => vec![commit.clone()],
        None => [RELEASES, TAGS]
            .map(|prefix| format!("{prefix}{}", release.tag))
            .into(),
    };
    let specs: Vec<String> = names
        .iter()
        .flat_map(|name| ["commit", "tree"].map(|kind| format!("{name}^{{{kind}}}")))
        .collect();
    let found = git.resolve(&specs)?;
    let here = found.chunks(2).find_map(|pair| match pair {
        [Some((commit, _)), Some((tree, _))] => Some((commit.clone(), tree.clone())),
        _ => None,
    });
    Ok(here.map(|(commit, tree)| Release {
        commit: Some(commit),
        tree: Some(tree),
        ..release.clone()
    }))
}

/// Takes a metadata file's content for a release.
pub(super) fn read(release: &mut Release, name: &str, bytes: &[u8]) {
    let file = format!("{}:{name}", release.tag);
    let reading = release::read(&file, bytes, &release.version);
    release.metadata = reading.value;
    release.metadata_sha256 = Some(digest::sha256(bytes));
    release.problems.extend(reading.problems);
}

/// Notes that a release has no metadata.
pub(super) fn missing(release: &mut Release) {
    let problem = Problem::new(
        Code::MetadataMissing,
        &release.tag,
        "the release has no metadata: nothing is known of its changes",
    );
    let hint = format!("add {} to the release's tree", FILE_NAMES[0]);
    release.problems.push(problem.hint(Who::Core, hint));
}

/// Notes that a release's metadata could not be had.
pub(super) fn not_fetched(release: &mut Release, why: &str) {
    let problem = Problem::new(
        Code::MetadataNotFetched,
        &release.tag,
        "the release's metadata was not fetched: nothing is known of its changes",
    )
    .evidence(text::excerpt(why, 400))
    .hint(
        Who::You,
        "check the network, and ask again with `--refresh`",
    );
    release.problems.push(problem);
}

/// Notes that a release's metadata is past its bound.
pub(super) fn too_large(release: &mut Release, name: &str, size: u64) {
    unreadable(release, name, &format!("{size} bytes"));
}

/// Notes that a release's metadata is not the file that its place announces.
pub(super) fn not_as_announced(release: &mut Release, name: &str, why: &str) {
    let problem = Problem::new(
        Code::MetadataUnreadable,
        &release.tag,
        "the release's metadata is not the file that was announced, and is not read",
    )
    .evidence(format!("{name}: {}", text::excerpt(why, 200)))
    .hint(
        Who::Core,
        "upload the file again, so that its size and SHA-256 are those that are announced",
    );
    release.problems.push(problem);
}

/// Notes that a release's metadata is there and cannot be read.
pub(super) fn unreadable(release: &mut Release, name: &str, why: &str) {
    let problem = Problem::new(
        Code::MetadataUnreadable,
        &release.tag,
        "the release's metadata cannot be read",
    )
    .evidence(format!("{name}: {}", text::excerpt(why, 200)))
    .hint(
        Who::Core,
        format!(
            "publish a regular file of at most {} bytes",
            release::MAX_BYTES
        ),
    );
    release.problems.push(problem);
}

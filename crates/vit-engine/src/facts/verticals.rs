//! Finding the verticals of an installation: on disk now, and in a release's tree.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use vit_contract::code::Code;
use vit_contract::digest;
use vit_contract::problem::{Place, Problem, Who};
use vit_contract::vertical::{self, FILE_NAME, MAX_BYTES};

use crate::compat::{SmokeTestFile, Vertical};
use crate::context::Context;
use crate::error::EngineError;
use crate::git::{Blob, TreeEntry};
use crate::parallel;
use crate::store::atomic;

/// Past this many manifests, git is asked for all that it tracks instead of for each by name.
const NAMED_PATHS: usize = 256;

/// Finds every manifest on disk, by the settings' globs, sorted by path.
///
/// # Errors
/// Git could not say which of them it tracks.
pub fn discover(cx: &Context<'_>, head: Option<&str>) -> Result<Vec<Vertical>, EngineError> {
    let mut found = find(cx);
    mark_tracked(cx, head, &mut found)?;
    Ok(found)
}

/// The same without asking git: none counts as tracked yet.
#[must_use]
pub fn find(cx: &Context<'_>) -> Vec<Vertical> {
    let mut paths: Vec<String> = cx
        .site
        .settings
        .discovery
        .iter()
        .flat_map(|glob| folders(&cx.site.root, glob))
        .map(|folder| {
            if folder.is_empty() {
                FILE_NAME.into()
            } else {
                format!("{folder}/{FILE_NAME}")
            }
        })
        .filter(|path| std::fs::symlink_metadata(cx.site.root.join(path)).is_ok())
        .collect();
    paths.sort();
    paths.dedup();
    parallel::map(paths, |path| on_disk(&cx.site.root, path))
}

/// Marks those whose manifest is in the tree of `head`.
///
/// # Errors
/// Git failed.
pub fn mark_tracked(
    cx: &Context<'_>,
    head: Option<&str>,
    verticals: &mut [Vertical],
) -> Result<(), EngineError> {
    let (Some(head), false) = (head, verticals.is_empty()) else {
        return Ok(());
    };
    let mut wanted: Vec<&str> = verticals.iter().map(|v| v.manifest_path.as_str()).collect();
    if wanted.len() > NAMED_PATHS {
        wanted.clear();
    }
    let listing = cx.git.ls_tree(head, &wanted, wanted.is_empty())?;
    let tracked: BTreeSet<&Path> = listing.iter().map(|entry| entry.path.as_path()).collect();
    for vertical in verticals {
        vertical.tracked = tracked.contains(Path::new(&vertical.manifest_path));
    }
    Ok(())
}

/// The verticals that a release's tree has, from its listing.
///
/// # Errors
/// Git could not read them.
pub fn in_tree(
    cx: &Context<'_>,
    commit: &str,
    listing: &[TreeEntry],
) -> Result<Vec<Vertical>, EngineError> {
    let found: Vec<(&TreeEntry, String)> = listing
        .iter()
        .filter_map(|entry| Some((entry, entry.path.to_str()?.to_owned())))
        .filter(|(_, path)| is_manifest(&cx.site.settings.discovery, path))
        .collect();
    let specs: Vec<String> = found.iter().map(|(entry, _)| entry.oid.clone()).collect();
    let blobs = cx.git.read_blobs(&specs, MAX_BYTES)?;
    let short: String = commit.chars().take(12).collect();
    Ok(found
        .into_iter()
        .zip(blobs)
        .map(|((_, path), blob)| {
            let root = root_of(&path);
            let script = Path::new(&root).join("smoke_tests/run.sh");
            let smoke_test = match listing.iter().find(|e| e.path == script).map(|e| e.mode) {
                None => SmokeTestFile::Missing,
                Some(0o100_755 | 0o120_000) => SmokeTestFile::Ready,
                Some(_) => SmokeTestFile::NotExecutable,
            };
            let content = match blob {
                Blob::Content(bytes) => Ok(bytes),
                Blob::TooLarge(size) => {
                    Err(format!("it has {size} bytes, {MAX_BYTES} are the bound"))
                }
                Blob::Missing => Err(format!("its object is missing in {short}")),
            };
            vertical(path, root, content, smoke_test, true)
        })
        .collect())
}

/// Reads manifests that are at hand, path and content: on every core there is, because reading is
/// what costs. No smoke test is looked for, and none counts as tracked.
#[must_use]
pub fn read_all(manifests: Vec<(String, Vec<u8>)>) -> Vec<Vertical> {
    parallel::map(manifests, |(path, bytes)| {
        let root = root_of(&path);
        vertical(path, root, Ok(bytes), SmokeTestFile::Missing, false)
    })
}

/// The remote that a manifest names as the source of Core; the first by path counts.
#[must_use]
pub fn upstream_remote(verticals: &[Vertical]) -> Option<String> {
    verticals
        .iter()
        .filter_map(|v| v.manifest.as_ref()?.upstream.as_ref()?.remote_name.clone())
        .next()
}

fn on_disk(site_root: &Path, path: String) -> Vertical {
    let root = root_of(&path);
    let content = match atomic::read_bounded(&site_root.join(&path), MAX_BYTES) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err("it has vanished".to_owned()),
        Err(error) => {
            let cause = std::error::Error::source(&error).map(|s| format!(": {s}"));
            Err(format!("{error}{}", cause.unwrap_or_default()))
        }
    };
    let script = site_root.join(&root).join("smoke_tests/run.sh");
    let smoke_test = match std::fs::metadata(&script) {
        Ok(file) if file.is_file() && file.permissions().mode() & 0o111 != 0 => {
            SmokeTestFile::Ready
        }
        Ok(_) => SmokeTestFile::NotExecutable,
        Err(_) => SmokeTestFile::Missing,
    };
    vertical(path, root, content, smoke_test, false)
}

fn vertical(
    manifest_path: String,
    root: String,
    content: Result<Vec<u8>, String>,
    smoke_test: SmokeTestFile,
    tracked: bool,
) -> Vertical {
    let (manifest, problems, sha256) = match content {
        Ok(bytes) => {
            let reading = vertical::read(&manifest_path, &bytes);
            (reading.value, reading.problems, digest::sha256(&bytes))
        }
        Err(why) => {
            let problem = Problem::new(
                Code::FileUnreadable,
                &manifest_path,
                "the manifest cannot be read",
            )
            .evidence(why)
            .hint(
                Who::VerticalOwner,
                "make it a plain file of at most 256 KiB that vit may read",
            )
            .at(Place::file(&manifest_path));
            (None, vec![problem], String::new())
        }
    };
    Vertical {
        manifest_path,
        root,
        manifest,
        problems,
        smoke_test,
        tracked,
        sha256,
    }
}

fn root_of(manifest_path: &str) -> String {
    manifest_path
        .rsplit_once('/')
        .map_or_else(String::new, |(root, _)| root.to_owned())
}

/// Whether a path in a tree is a manifest that discovery would find.
fn is_manifest(globs: &[String], path: &str) -> bool {
    let Some(folder) = path.strip_suffix(FILE_NAME) else {
        return false;
    };
    let folder = folder.trim_end_matches('/');
    globs.iter().any(|glob| {
        let glob = glob.trim_end_matches('/');
        if glob.is_empty() || folder.is_empty() {
            return glob == folder;
        }
        let (parts, names): (Vec<&str>, Vec<&str>) =
            (glob.split('/').collect(), folder.split('/').collect());
        parts.len() == names.len()
            && parts
                .iter()
                .zip(&names)
                .all(|(part, name)| *part == "*" || part == name)
    })
}

/// The folders below `root` that a glob names, relative, with `/`. A folder whose name is not
/// UTF-8 or begins with a dot is no vertical's.
fn folders(root: &Path, glob: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    for part in glob.split('/').filter(|part| !part.is_empty()) {
        found = found
            .into_iter()
            .flat_map(|base| {
                let names = if part == "*" {
                    subfolders(&root.join(&base))
                } else {
                    vec![part.into()]
                };
                names.into_iter().map(move |name: String| {
                    if base.is_empty() {
                        name
                    } else {
                        format!("{base}/{name}")
                    }
                })
            })
            .collect();
    }
    found
}

fn subfolders(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_name_folders_in_trees_as_on_disk() {
        let globs = vit_contract::settings::Settings::default().discovery;
        for (path, found) in [
            ("vertical_manifest.yaml", true),
            ("domains/finance/vertical_manifest.yaml", true),
            (
                "vitruvyan_core/domains/finance/vertical_manifest.yaml",
                true,
            ),
            ("docs/templates/vertical_manifest.yaml", false),
            ("domains/vertical_manifest.yaml", false),
            ("domains/a/b/vertical_manifest.yaml", false),
            ("domains/a/x_vertical_manifest.yaml", false),
        ] {
            assert_eq!(is_manifest(&globs, path), found, "{path}");
        }
    }
}

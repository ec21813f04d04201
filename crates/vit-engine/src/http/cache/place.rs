//! Where the cache is, and whether that folder may be used.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Severity, Who};

use crate::environment::Environment;
use crate::faults::Faults;
use crate::store::atomic;
use crate::store::folder::Folder;

/// The folders in the cache; what stands in them is believed only where the folder is ours.
pub(super) const FOLDERS: [&str; 5] = ["blobs", "blobs/sha256", "entries", "derived", "limits"];
/// Tells backup programs that nothing is lost with this folder (<https://bford.info/cachedir/>).
const TAG: &str = "CACHEDIR.TAG";
const TAG_TEXT: &[u8] = b"Signature: 8a477f597d28d172789f06886806bc55\n\
# What servers answered to vit. It can be removed at any time: `vit cache clean`.\n";

/// The folder of the cache, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// The folder.
    pub(crate) path: PathBuf,
    /// The variable that names it.
    pub(crate) named_by: &'static str,
}

/// Finds the folder: `VIT_CACHE_DIR`, else `vit` in `XDG_CACHE_HOME`, else in `.cache` at home.
/// A relative path counts as absent, as the XDG specification says.
pub(crate) fn find(environment: &Environment) -> Result<Place, Box<Problem>> {
    let named = |variable: &'static str, below: &str| {
        let path = Path::new(environment.get(variable)?);
        path.is_absolute().then(|| Place {
            path: if below.is_empty() {
                path.to_owned()
            } else {
                path.join(below)
            },
            named_by: variable,
        })
    };
    named("VIT_CACHE_DIR", "")
        .or_else(|| named("XDG_CACHE_HOME", "vit"))
        .or_else(|| named("HOME", ".cache/vit"))
        .ok_or_else(|| {
            let problem = unusable(
                "cache",
                "there is no place for it: neither VIT_CACHE_DIR nor XDG_CACHE_HOME nor HOME is \
                 an absolute path",
            );
            Box::new(problem.hint(Who::You, "set VIT_CACHE_DIR to a folder of your own"))
        })
}

impl Place {
    /// What speaks against the folder; writes nothing. One that is not there yet is fine where it
    /// can be made by us.
    pub(crate) fn check(&self) -> Vec<Problem> {
        let parent = atomic::folder_of(&self.path);
        let mut problems: Vec<Problem> = stranger_above(parent).into_iter().collect();
        let mut paths = vec![self.path.clone()];
        paths.extend(FOLDERS.map(|name| self.path.join(name)));
        for path in &paths {
            // What is behind a link is not ours to look at.
            if !problems.is_empty() {
                break;
            }
            let found = Folder::cache(atomic::folder_of(path), path).check();
            problems.extend(found.into_iter().map(|mut problem| {
                problem.code = Code::CacheUnusable;
                let problem = problem.severity(Severity::Warning);
                if self.may_be_anothers() {
                    let ours = "name a folder of your own in VIT_CACHE_DIR, or unset it";
                    return problem.hint(Who::You, ours);
                }
                problem
            }));
        }
        problems
    }

    /// Whether a person named what does not look like a cache of ours (`/tmp`, a file): nobody
    /// must be told to move that away or to change its mode. A link can be removed at any time.
    fn may_be_anothers(&self) -> bool {
        self.named_by == "VIT_CACHE_DIR"
            && !self.path.is_symlink()
            && !self.path.join(TAG).is_file()
    }

    /// Makes the folder where it is missing.
    pub(super) fn ensure(&self, faults: &Faults) -> Result<(), Box<Problem>> {
        if let Some(problem) = self.check().into_iter().next() {
            return Err(Box::new(problem));
        }
        let failed = |error: &dyn std::error::Error| {
            let problem = unusable(&self.path.display().to_string(), "it cannot be made")
                .evidence(crate::http::client::chain(error))
                .hint(Who::You, "name a folder of your own in VIT_CACHE_DIR");
            Box::new(problem)
        };
        let parent = atomic::folder_of(&self.path);
        faults
            .at(format_args!("cache.folder"))
            .and_then(|()| DirBuilder::new().recursive(true).mode(0o700).create(parent))
            .map_err(|error| failed(&error))?;
        Folder::cache(parent, &self.path)
            .ensure()
            .map_err(|error| failed(&error))?;
        let tag = self.path.join(TAG);
        if !tag.exists() {
            // A mark for others; the cache is none the worse without it.
            let _ = atomic::write(&tag, TAG_TEXT, faults);
        }
        Ok(())
    }
}

/// A problem of the cache.
pub(super) fn unusable(subject: &str, message: &str) -> Problem {
    Problem::new(Code::CacheUnusable, subject, message)
}

/// Somebody else owns what the folder is, or would be made, in: they could put another in its
/// place, and root would leave files there that they cannot remove.
fn stranger_above(parent: &Path) -> Option<Problem> {
    let me = rustix::process::geteuid().as_raw();
    let (path, metadata) = parent
        .ancestors()
        .find_map(|path| Some((path, fs::metadata(path).ok()?)))?;
    let owner = metadata.uid();
    (owner != me && owner != 0).then(|| {
        unusable(
            &path.display().to_string(),
            "the folder that the cache is in is owned by another user",
        )
        .evidence(format!("its owner has the user id {owner}, you have {me}"))
        .hint(
            Who::You,
            "name a folder of your own in VIT_CACHE_DIR; with sudo, `sudo -H` has root's home",
        )
    })
}

//! The rehearsal's repository: one of its own that borrows the live one's objects and bears the
//! same refs and configuration. A linked worktree would share refs, stash and configuration with
//! the live installation, and a smoke test that runs git would change them there.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use vit_contract::plan::Position;

use crate::context::Context;
use crate::error::EngineError;

/// Files of the git folder that say how git sees the tree.
const ALIKE: [&str; 3] = ["info/exclude", "info/attributes", "shallow"];

/// Makes the repository in `tree`, an empty folder. HEAD is where the live one is; no file is
/// checked out and there is no index, as after a clone without a checkout. `also` are folders of
/// objects beside the live repository's own.
///
/// # Errors
/// It cannot be written, or the live one not be read.
pub(super) fn make(
    cx: &Context<'_>,
    from: &Position,
    tree: &Path,
    also: &[PathBuf],
) -> Result<(), EngineError> {
    let refs = cx.git.refs(&[
        "refs/heads/",
        "refs/tags/",
        "refs/remotes/",
        "refs/vit/releases/",
    ])?;
    let mut packed = Vec::new();
    for found in &refs {
        packed.extend_from_slice(format!("{} {}\n", found.oid, found.name).as_bytes());
    }
    let head = match &from.branch {
        Some(branch) => format!("ref: {branch}\n"),
        None => format!("{}\n", from.commit),
    };
    let mut lent = OsString::new();
    for folder in std::iter::once(&cx.site.common_dir.join("objects")).chain(also) {
        if folder.as_os_str().as_bytes().contains(&b'\n') {
            lent.push(quoted(folder));
        } else {
            lent.push(folder);
        }
        lent.push("\n");
    }
    let git = tree.join(".git");
    let written = || -> io::Result<()> {
        for folder in ["objects/info", "refs/heads", "refs/tags", "info"] {
            fs::create_dir_all(git.join(folder))?;
        }
        put(&git.join("objects/info/alternates"), lent.as_bytes())?;
        put(&git.join("packed-refs"), &packed)?;
        put(&git.join("config"), config(cx, from).as_bytes())?;
        for name in ALIKE {
            match fs::copy(cx.site.common_dir.join(name), git.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        // Last: without it, git sees no repository here.
        put(&git.join("HEAD"), head.as_bytes())
    };
    written().map_err(|source| EngineError::Io {
        action: "making the rehearsal's repository in",
        path: git.clone(),
        source,
    })
}

/// The live configuration is read where it stands; what is set here is the rehearsal's own.
fn config(cx: &Context<'_>, from: &Position) -> String {
    let mut text = String::from("[include]\n");
    let mut include = |path: &Path| text.push_str(&format!("\tpath = {}\n", quoted(path)));
    include(&cx.site.common_dir.join("config"));
    if cx.site.git_dir != cx.site.common_dir {
        include(&cx.site.git_dir.join("config.worktree"));
    }
    // By the length of an object's name git's format is told; `include` does not reach it.
    let format = if from.commit.len() == 64 { 1 } else { 0 };
    text.push_str(&format!(
        "[core]\n\trepositoryformatversion = {format}\n\tbare = false\n"
    ));
    // A submodule's configuration names its working tree.
    if cx.site.git_dir != cx.site.root.join(".git") {
        text.push_str("\tworktree = ..\n");
    }
    if format == 1 {
        text.push_str("[extensions]\n\tobjectformat = sha256\n");
    }
    // Large files that the live repository has are not fetched again.
    let lfs = cx.site.common_dir.join("lfs");
    if lfs.is_dir() {
        text.push_str(&format!("[lfs]\n\tstorage = {}\n", quoted(&lfs)));
    }
    text
}

/// A path as git's configuration and its list of alternates take it.
fn quoted(path: &Path) -> String {
    let text = path.to_string_lossy();
    let text = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{text}\"")
}

/// Nothing here has to outlast a power cut.
fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    File::create(path)?.write_all(bytes)
}

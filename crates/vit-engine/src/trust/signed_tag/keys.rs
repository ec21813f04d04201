//! The keys that the settings name, as a path that a program can read. What the repository tracks
//! is taken from HEAD, the installed state, and laid out aside: a file of the working tree is a
//! release's to change.

use std::path::{Path, PathBuf};

use tempfile::TempDir;
use vit_contract::plan::SignatureKind;

use super::Refusal;
use crate::context::Context;
use crate::error::EngineError;
use crate::faults::Faults;
use crate::git::Blob;
use crate::store::atomic;

/// The largest file of keys that is read, in bytes.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// The most files that a folder of keys may have in HEAD.
const MAX_FILES: usize = 256;

/// Keys.
pub(super) struct Keys {
    kind: SignatureKind,
    path: PathBuf,
    /// Holds what was laid out aside; an empty GnuPG home otherwise.
    aside: TempDir,
}

impl Keys {
    /// Finds the keys for signatures of a kind; the inner error says what is missing.
    pub(super) fn gather(
        cx: &Context<'_>,
        kind: SignatureKind,
    ) -> Result<Result<Self, Refusal>, EngineError> {
        let trust = &cx.site.settings.trust;
        let (setting, named, what) = match kind {
            SignatureKind::Ssh => ("allowed_signers", &trust.allowed_signers, "file"),
            SignatureKind::Openpgp => ("gpg_home", &trust.gpg_home, "folder"),
        };
        let Some(named) = named else {
            let refusal = Refusal::new(format!(
                "it is an {} signature, and `{setting}` names no keys for that",
                kind.as_str()
            ));
            let hint = format!("name them: `{setting}` under `[trust]` in vit.toml");
            return Ok(Err(refusal.hint(hint)));
        };
        let aside = aside(cx)?;
        let path = cx.site.root.join(named);
        // What a link leads to is what would be read.
        let real = path.canonicalize().unwrap_or_else(|_| path.clone());
        if let Ok(inside) = real.strip_prefix(&cx.site.root)
            && let Some(path) = from_head(cx, inside, kind, aside.path())?
        {
            return Ok(Ok(Self { kind, path, aside }));
        }
        let fits = match kind {
            SignatureKind::Ssh => real.is_file(),
            SignatureKind::Openpgp => real.is_dir(),
        };
        if !fits {
            let shown = vit_contract::text::visible(&path.display().to_string());
            let refusal = Refusal::new(format!("there is no {what} {shown} with trusted keys"));
            let hint = format!("make it, or correct `{setting}` under `[trust]` in vit.toml");
            return Ok(Err(refusal.hint(hint)));
        }
        Ok(Ok(Self {
            kind,
            path: real,
            aside,
        }))
    }

    /// The file for ssh; for OpenPGP one that is not there.
    pub(super) fn allowed_signers(&self) -> String {
        let path = match self.kind {
            SignatureKind::Ssh => self.path.clone(),
            SignatureKind::Openpgp => self.aside.path().join("none"),
        };
        path.to_string_lossy().into_owned()
    }

    /// The GnuPG home; for ssh an empty one.
    pub(super) fn gnupg_home(&self) -> &Path {
        match self.kind {
            SignatureKind::Ssh => self.aside.path(),
            SignatureKind::Openpgp => &self.path,
        }
    }
}

fn aside(cx: &Context<'_>) -> Result<TempDir, EngineError> {
    let folder = cx.environment.get("TMPDIR").unwrap_or("/tmp".as_ref());
    tempfile::Builder::new()
        .prefix("vit-keys-")
        .tempdir_in(folder)
        .map_err(|source| EngineError::Io {
            action: "making a folder in",
            path: folder.into(),
            source,
        })
}

/// What HEAD has at a path, laid out; none where it has nothing there.
fn from_head(
    cx: &Context<'_>,
    path: &Path,
    kind: SignatureKind,
    aside: &Path,
) -> Result<Option<PathBuf>, EngineError> {
    let head = cx.git.resolve(&["HEAD^{tree}".to_owned()])?;
    let Some((tree, _)) = head.into_iter().flatten().next() else {
        return Ok(None);
    };
    let below = kind == SignatureKind::Openpgp;
    let entries = cx.git.ls_tree(&tree, &[path], below)?;
    let files: Vec<_> = entries
        .into_iter()
        .filter(|entry| matches!(entry.mode, 0o100_644 | 0o100_755))
        .take(MAX_FILES)
        .collect();
    if files.is_empty() {
        return Ok(None);
    }
    let oids: Vec<String> = files.iter().map(|entry| entry.oid.clone()).collect();
    let contents = cx.git.read_blobs(&oids, MAX_BYTES)?;
    let to = aside.join("head");
    for (entry, content) in files.iter().zip(contents) {
        let Blob::Content(bytes) = content else {
            continue;
        };
        let inside = entry.path.strip_prefix(path).unwrap_or(&entry.path);
        let file = if below { to.join(inside) } else { to.clone() };
        let folder = file.parent().unwrap_or(aside);
        std::fs::create_dir_all(folder).map_err(|source| EngineError::Io {
            action: "making the folder",
            path: folder.to_owned(),
            source,
        })?;
        atomic::write(&file, &bytes, &Faults::default())?;
    }
    Ok(Some(to))
}

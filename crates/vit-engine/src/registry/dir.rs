//! Releases as a folder: `<version>/release_metadata.json` each. The commits come from the
//! repository or its remote.

use std::io;
use std::path::{Path, PathBuf};

use semver::Version;
use vit_contract::output::Source;
use vit_contract::release::{self, FILE_NAMES, Release};
use vit_contract::{text, version};

use super::choice::{self, Chosen};
use super::git::{by_tag, fetch_release};
use super::{Listing, Registry, failed, metadata, no_release, sort};
use crate::context::Context;
use crate::error::EngineError;
use crate::git::{RELEASES, TAGS};
use crate::store::atomic;

/// A folder of metadata.
pub(super) struct DirRegistry {
    folder: PathBuf,
    remote: Option<Chosen>,
}

impl DirRegistry {
    pub(super) fn open(
        cx: &Context<'_>,
        manifest_remote: Option<&str>,
    ) -> Result<Self, EngineError> {
        let location = cx.site.settings.registry.location.as_deref();
        let bad = |summary: String| EngineError::BadInput {
            summary,
            problems: Vec::new(),
            hints: vec!["correct `location` under `[registry]` in vit.toml".to_owned()],
        };
        let Some(location) = location else {
            return Err(bad("a registry of kind `dir` needs a location".to_owned()));
        };
        let shown = text::visible(location);
        let path = match location.split_once("://") {
            None => Some(PathBuf::from(location)),
            Some(("file", rest)) => file_url(rest),
            Some(_) => None,
        };
        let Some(path) = path else {
            return Err(bad(format!(
                "the registry `{shown}` is neither a folder nor a file:// URL of this machine"
            )));
        };
        let folder = cx.site.root.join(path);
        match folder.canonicalize() {
            Ok(folder) if folder.is_dir() => Ok(Self {
                folder,
                remote: choice::usual_remote(cx, manifest_remote)?,
            }),
            _ => Err(bad(format!("the registry folder `{shown}` does not exist"))),
        }
    }

    /// What is in the folder, in the order of names: `1.0.0` counts before `v1.0.0`.
    fn entries(&self) -> io::Result<Vec<PathBuf>> {
        let mut entries = std::fs::read_dir(&self.folder)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<Vec<_>>>()?;
        entries.sort();
        Ok(entries)
    }

    fn shown(&self) -> String {
        text::visible(&self.folder.to_string_lossy())
    }

    /// Takes the metadata of a release; a link that leads out of the folder is not followed.
    fn read(&self, release: &mut Release, folder: &Path) {
        for name in FILE_NAMES {
            let path = folder.join(name);
            if path.symlink_metadata().is_err() {
                continue;
            }
            match self.read_inside(&path) {
                Ok(bytes) => metadata::read(release, name, &bytes),
                Err(why) => metadata::unreadable(release, name, &why),
            }
            return;
        }
        metadata::missing(release);
    }

    fn read_inside(&self, path: &Path) -> Result<Vec<u8>, String> {
        let real = path.canonicalize().map_err(|error| error.to_string())?;
        if !real.starts_with(&self.folder) {
            return Err("it is a link that leads out of the registry's folder".to_owned());
        }
        match atomic::read_bounded(&real, release::MAX_BYTES) {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(io::Error::from(io::ErrorKind::NotFound).to_string()),
            Err(EngineError::Io { source, .. }) => Err(source.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }
}

impl Registry for DirRegistry {
    fn list(&self, cx: &Context<'_>, _refresh: bool) -> Result<Listing, EngineError> {
        let fetched = by_tag(cx.git.refs(&[RELEASES])?, RELEASES);
        let own = by_tag(cx.git.refs(&[TAGS])?, TAGS);
        let mut ignored = 0;
        let mut releases = Vec::new();
        for folder in self
            .entries()
            .map_err(|error| failed(&self.shown(), error))?
        {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            let found = version::parse(name.strip_prefix('v').unwrap_or(&name)).ok();
            let is_new =
                |version: &Version| releases.iter().all(|r: &Release| r.version != *version);
            let found = found.filter(|version| folder.is_dir() && is_new(version));
            let Some(version) = found else {
                ignored += 1;
                continue;
            };
            let tag = version::tag_of(&version);
            let known = fetched.get(&tag).or_else(|| own.get(&tag));
            let mut release = Release {
                version,
                commit: known.and_then(|known| known.commit.clone()),
                tag,
                tree: None,
                metadata: None,
                metadata_sha256: None,
                unread: false,
                problems: Vec::new(),
            };
            self.read(&mut release, &folder);
            releases.push(release);
        }
        if releases.is_empty() {
            let why = "no folder that is named after a version";
            return Err(no_release(&self.shown(), why));
        }
        sort(&mut releases);
        metadata::trees(cx.git, &mut releases)?;
        Ok(Listing {
            releases,
            source: Source {
                kind: "dir".to_owned(),
                location: self.shown(),
                fetched: cx.clock.now(),
                stale: false,
                ignored_tags: ignored,
                cached: false,
                signed: false,
                requests: 0,
            },
            problems: Vec::new(),
        })
    }

    fn fetch(&self, cx: &Context<'_>, release: &Release) -> Result<(), EngineError> {
        fetch_release(cx, self.remote.as_ref(), release)
    }

    fn metadata_file(
        &self,
        _cx: &Context<'_>,
        release: &Release,
    ) -> Result<Option<Vec<u8>>, EngineError> {
        let named = |folder: &PathBuf| {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            version::parse(name.strip_prefix('v').unwrap_or(&name)).ok()
        };
        let entries = self
            .entries()
            .map_err(|error| failed(&self.shown(), error))?;
        let folder = entries
            .iter()
            .find(|folder| folder.is_dir() && named(folder).as_ref() == Some(&release.version));
        Ok(folder.and_then(|folder| {
            let there = FILE_NAMES.map(|name| folder.join(name));
            let path = there.iter().find(|path| path.symlink_metadata().is_ok())?;
            self.read_inside(path).ok()
        }))
    }

    fn remote(&self) -> Option<&str> {
        self.remote.as_ref().and_then(Chosen::name)
    }
}

/// The path of what follows `file://`: of this machine only, `%20` and the like decoded.
fn file_url(rest: &str) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt as _;

    let path = rest.strip_prefix("localhost").unwrap_or(rest);
    path.starts_with('/').then_some(())?;
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'%' {
            let digits = std::str::from_utf8(after.get(..2)?).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = &after[2..];
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    Some(std::ffi::OsString::from_vec(bytes).into())
}

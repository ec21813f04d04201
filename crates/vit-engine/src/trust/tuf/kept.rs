//! `<state>/trust/<origin>/`: the pinned root, and the metadata that was verified last. It is the
//! floor below which nothing is believed, so it is no cache: clearing the cache does not touch it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sigstore_tuf::{Error, MetadataStore, Result};
use vit_contract::index::{self, is_inside};

use super::record::Record;
use crate::context::Context;
use crate::error::EngineError;
use crate::store::atomic;
use crate::store::folder::Folder;

/// The index that was verified last.
pub(crate) const INDEX: &str = "index.json";
/// The moment at which the registry was last asked with success.
const ASKED: &str = "asked";
/// The folder of what the library keeps.
const VERIFIED: &str = "verified";

#[derive(Debug)]
struct Inner {
    folder: PathBuf,
    /// What is new, not on disk yet.
    fresh: BTreeMap<String, Vec<u8>>,
}

/// What is kept of an origin. Reads from disk; writes when told.
#[derive(Debug, Clone)]
pub(crate) struct Kept(Arc<Mutex<Inner>>);

impl Kept {
    /// What is kept of `record`'s origin.
    pub(crate) fn of(cx: &Context<'_>, record: &Record) -> Self {
        Self(Arc::new(Mutex::new(Inner {
            folder: record.folder(cx),
            fresh: BTreeMap::new(),
        })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A file, where it is kept and can be read.
    pub(crate) fn read(&self, name: &str) -> Option<Vec<u8>> {
        let inner = self.inner();
        match inner.fresh.get(name) {
            Some(bytes) => Some(bytes.clone()),
            None => atomic::read_bounded(&inner.folder.join(name), index::MAX_BYTES).ok()?,
        }
    }

    /// Takes a file that was verified; it is on disk after [`Kept::flush`].
    pub(crate) fn keep(&self, name: &str, bytes: &[u8]) {
        if self.read(name).as_deref() != Some(bytes) {
            self.inner().fresh.insert(name.to_owned(), bytes.to_vec());
        }
    }

    /// When the registry was last asked with success.
    pub(crate) fn asked(&self) -> Option<jiff::Timestamp> {
        String::from_utf8(self.read(ASKED)?).ok()?.parse().ok()
    }

    /// Notes that it was asked now.
    pub(super) fn note_asked(&self, cx: &Context<'_>) {
        self.keep(ASKED, cx.clock.now().to_string().as_bytes());
    }

    /// A metadata file as the library names it, version and all, from what was verified last.
    pub(super) fn metadata(&self, name: &str) -> Option<Vec<u8>> {
        let plain = match name.split_once('.') {
            Some((version, rest)) if version.bytes().all(|byte| byte.is_ascii_digit()) => {
                // A root is asked for by its version to learn whether there is a newer one.
                if rest == "root.json" {
                    return None;
                }
                rest
            }
            _ => name,
        };
        self.read(&format!("{VERIFIED}/{plain}"))
    }

    /// Writes what is new.
    ///
    /// # Errors
    /// It cannot be written: what was verified would be forgotten, and with it the floor.
    pub(crate) fn flush(&self, cx: &Context<'_>) -> std::result::Result<(), EngineError> {
        let (folder, fresh) = {
            let mut inner = self.inner();
            (inner.folder.clone(), std::mem::take(&mut inner.fresh))
        };
        if fresh.is_empty() {
            return Ok(());
        }
        Folder::state(cx.site).ensure()?;
        for (name, bytes) in fresh {
            let path = folder.join(&name);
            Folder::below(&cx.site.state_dir, atomic::folder_of(&path)).ensure()?;
            atomic::write(&path, &bytes, cx.faults)?;
        }
        Ok(())
    }
}

impl MetadataStore for Kept {
    fn load(&self, name: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.read(&format!("{VERIFIED}/{name}")))
    }

    fn store(&self, name: &str, bytes: &[u8]) -> Result<()> {
        // The same file under the name with its version: once is enough.
        let versioned = name.split_once('.').is_some_and(|(version, _)| {
            !version.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit())
        });
        if versioned {
            return Ok(());
        }
        if !is_inside(name) {
            return Err(Error::Malformed(format!("the name {name:?} is not kept")));
        }
        self.keep(&format!("{VERIFIED}/{name}"), bytes);
        Ok(())
    }
}

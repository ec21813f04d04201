//! Documents that callers made of bodies, so that they need not make them again.
//!
//! One is believed only where it is whole and was made of exactly the bodies that count now.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use vit_contract::digest;

use super::sealed::{self, Sealed};
use super::{Cache, MAX_HEAD_BYTES};
use crate::error::EngineError;
use crate::store::atomic;

pub(super) const FOLDER: &str = "derived";
const FORMAT: u64 = 1;
/// The largest document that is kept, in bytes.
const MAX_BYTES: usize = 64 * 1024 * 1024;

#[derive(Serialize, Deserialize)]
struct Head {
    format: u64,
    /// The caller's name for it, hashed.
    key: String,
    /// What it was made of, as one hash.
    of: String,
    /// Its own hash.
    hash: String,
}

fn name(key: &str) -> String {
    digest::sha256(format!("vit derived\n{key}").as_bytes())
}

/// One hash of many, in their order.
fn binding(of: &[impl AsRef<str>]) -> String {
    let text: String = of
        .iter()
        .map(|hash| format!("{}:{}\n", hash.as_ref().len(), hash.as_ref()))
        .collect();
    digest::sha256(text.as_bytes())
}

impl Cache<'_> {
    fn derived_path(self, name: &str) -> PathBuf {
        self.root.join(FOLDER).join(name)
    }

    /// The document that was made of these bodies.
    pub(crate) fn derived(self, key: &str, of: &[impl AsRef<str>]) -> Option<Vec<u8>> {
        let name = name(key);
        let path = self.derived_path(&name);
        let damaged = || {
            let _ = std::fs::remove_file(&path);
            None
        };
        let mut bytes = match atomic::read_bounded(&path, MAX_HEAD_BYTES + MAX_BYTES) {
            Ok(bytes) => bytes?,
            Err(error) if atomic::is_unusable(&error) => return damaged(),
            Err(_) => return None,
        };
        match sealed::open::<Head>(&bytes, FORMAT) {
            Sealed::Whole(head, end) => {
                bytes.drain(..end);
                if head.key != name || head.hash != digest::sha256(&bytes) {
                    return damaged();
                }
                // Made of other bodies: no damage, and of no use now.
                (head.of == binding(of)).then_some(bytes)
            }
            Sealed::Newer => None,
            Sealed::Damaged => damaged(),
        }
    }

    /// Keeps a document that was made of these bodies, in the place of an older one. One of a
    /// newer `vit` is left alone.
    pub(crate) fn keep_derived(
        self,
        key: &str,
        of: &[impl AsRef<str>],
        document: &[u8],
    ) -> Result<(), EngineError> {
        let name = name(key);
        let path = self.derived_path(&name);
        if document.len() > MAX_BYTES || self.is_newer(&path) {
            return Ok(());
        }
        let mut bytes = sealed::seal(&Head {
            format: FORMAT,
            key: name,
            of: binding(of),
            hash: digest::sha256(document),
        });
        bytes.extend_from_slice(document);
        self.ensure(FOLDER)?;
        atomic::write(&path, &bytes, self.faults)
    }

    fn is_newer(self, path: &std::path::Path) -> bool {
        let read = atomic::read_bounded(path, MAX_HEAD_BYTES + MAX_BYTES);
        matches!(read, Ok(Some(bytes))
            if matches!(sealed::open::<Head>(&bytes, FORMAT), Sealed::Newer))
    }
}

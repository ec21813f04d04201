//! Bodies under their hashes: `blobs/sha256/ab/cdef…`.

use std::path::PathBuf;

use vit_contract::digest;

use super::Cache;
use crate::error::EngineError;
use crate::store::atomic;

pub(super) const FOLDER: &str = "blobs/sha256";

impl Cache<'_> {
    fn blob_path(self, hash: &str) -> PathBuf {
        let (shard, name) = hash.split_at(2);
        self.root.join(FOLDER).join(shard).join(name)
    }

    /// Reads the body of a hash and a length; what stands there and is not it is removed.
    pub(super) fn blob(self, hash: &str, length: u64) -> Option<Vec<u8>> {
        let path = self.blob_path(hash);
        let whole = match atomic::read_bounded(&path, usize::try_from(length).ok()?) {
            Ok(None) => return None,
            Ok(Some(bytes)) => Some(bytes)
                .filter(|bytes| bytes.len() as u64 == length && digest::sha256(bytes) == hash),
            Err(error) if atomic::is_unusable(&error) => None,
            Err(_) => return None,
        };
        if whole.is_none() {
            let _ = std::fs::remove_file(&path);
        }
        whole
    }

    /// Writes a body. One that is there is looked at first: it may be damaged.
    pub(super) fn write_blob(self, hash: &str, body: &[u8]) -> Result<(), EngineError> {
        if self.blob(hash, body.len() as u64).is_some() {
            return Ok(());
        }
        self.ensure(&format!("{FOLDER}/{}", &hash[..2]))?;
        atomic::write(&self.blob_path(hash), body, self.faults)
    }
}

//! `<state>/trust/tuf.json`: the origins whose metadata has to be signed, and what was trusted
//! once. Whoever can write the state folder decides on trust; nothing on a server can.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use vit_contract::code::Code;
use vit_contract::digest;
use vit_contract::output::RemovedTrust;
use vit_contract::problem::{Problem, Who};

use crate::context::Context;
use crate::error::EngineError;
use crate::http::Address;
use crate::store::atomic;
use crate::store::folder::Folder;

const FOLDER: &str = "trust";
const FILE: &str = "tuf.json";
const PINNED: &str = "pinned.json";
const FORMAT_VERSION: u32 = 1;
const MAX_BYTES: usize = 1024 * 1024;
/// The largest root, in bytes; what the library takes from a server.
pub(crate) const MAX_ROOT_BYTES: usize = 512_000;

/// An origin whose metadata has to be signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// Scheme, host and port.
    pub(crate) origin: String,
    /// Where the signed metadata is; ends with `/`.
    pub(crate) metadata_url: String,
    /// What the paths of the signed files are seen from; ends with `/`.
    pub(crate) targets_url: String,
    /// SHA-256 of the root that was pinned.
    pub(crate) root_sha256: String,
    /// Since when.
    pub(crate) since: Timestamp,
    /// Who trusted it.
    pub(crate) by: String,
}

/// Every record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Records {
    format_version: u32,
    /// The origins.
    pub(crate) origins: Vec<Record>,
    /// What was trusted once.
    #[serde(default)]
    pub(crate) removed: Vec<RemovedTrust>,
}

impl Default for Records {
    fn default() -> Self {
        Self {
            format_version: FORMAT_VERSION,
            origins: Vec::new(),
            removed: Vec::new(),
        }
    }
}

/// The origin of a URL: scheme, host and port; of a folder of this machine, `file://`. Nothing
/// where it has none (a path, ssh).
pub(crate) fn origin_of(url: &str) -> Option<String> {
    let address = Address::configured(url).ok()?;
    Some(match address.url().scheme() {
        "file" => "file://".to_owned(),
        _ => address.url().origin().ascii_serialization(),
    })
}

impl Record {
    /// Where what is kept of the origin stands.
    pub(crate) fn folder(&self, cx: &Context<'_>) -> PathBuf {
        let name = &digest::sha256(self.origin.as_bytes())[..32];
        folder(cx).join(name)
    }

    /// The root that was pinned.
    ///
    /// # Errors
    /// It is not there, or not the one that was pinned.
    pub(crate) fn pinned(&self, cx: &Context<'_>) -> Result<Vec<u8>, EngineError> {
        let path = self.folder(cx).join(PINNED);
        let bytes = atomic::read_bounded(&path, MAX_ROOT_BYTES)?.unwrap_or_default();
        if digest::sha256(&bytes) == self.root_sha256 {
            return Ok(bytes);
        }
        Err(damaged(&path, "it is not the root that was pinned"))
    }

    /// Puts the root beside what is kept of the origin.
    pub(crate) fn pin(&self, cx: &Context<'_>, root: &[u8]) -> Result<(), EngineError> {
        let folder = self.folder(cx);
        Folder::state(cx.site).ensure()?;
        Folder::below(&cx.site.state_dir, &folder).ensure()?;
        atomic::write(&folder.join(PINNED), root, cx.faults)
    }
}

impl Records {
    /// Reads them; none where there is no file.
    ///
    /// # Errors
    /// They cannot be read: taken for absent, an unsigned registry would be believed.
    pub(crate) fn load(cx: &Context<'_>) -> Result<Self, EngineError> {
        let path = folder(cx).join(FILE);
        let bytes = match atomic::read_bounded(&path, MAX_BYTES) {
            Ok(None) => return Ok(Self::default()),
            Ok(Some(bytes)) => bytes,
            Err(error) if atomic::is_unusable(&error) => {
                return Err(damaged(&path, "it is no file that can be read"));
            }
            Err(error) => return Err(error),
        };
        Folder::state(cx.site).safe()?;
        serde_json::from_slice(&bytes).map_err(|error| damaged(&path, &error.to_string()))
    }

    /// Writes them.
    ///
    /// # Errors
    /// A newer `vit` wrote what stands there, or it cannot be written.
    pub(crate) fn save(&self, cx: &Context<'_>) -> Result<(), EngineError> {
        let path = folder(cx).join(FILE);
        if self.format_version > FORMAT_VERSION {
            return Err(EngineError::BadInput {
                summary: format!("{} cannot be changed by this vit", path.display()),
                problems: Vec::new(),
                hints: vec!["use the vit that wrote it, or a newer one".to_owned()],
            });
        }
        Folder::state(cx.site).ensure()?;
        Folder::below(&cx.site.state_dir, &folder(cx)).ensure()?;
        let mut bytes = serde_json::to_vec_pretty(self).expect("records are plain data");
        bytes.push(b'\n');
        atomic::write(&path, &bytes, cx.faults)
    }

    /// The record of an origin.
    pub(crate) fn of(&self, origin: &str) -> Option<&Record> {
        self.origins.iter().find(|record| record.origin == origin)
    }
}

fn folder(cx: &Context<'_>) -> PathBuf {
    cx.site.state_dir.join(FOLDER)
}

fn damaged(path: &std::path::Path, why: &str) -> EngineError {
    EngineError::Refused {
        summary: "what is trusted cannot be read, so no registry is believed".to_owned(),
        problems: vec![
            Problem::new(
                Code::RegistryUntrusted,
                path.display().to_string(),
                "the record of what is trusted is damaged",
            )
            .evidence(why)
            .hint(
                Who::You,
                "put the file back from a backup; or remove the folder it is in, and trust the root anew: `vit trust init`",
            ),
        ],
    }
}

//! The last answer of a remote, kept: so that what was said of a tag (moved, withdrawn) still
//! stands when the remote cannot be asked.

use std::collections::BTreeMap;
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use vit_contract::version;

use super::choice::Chosen;
use crate::context::Context;
use crate::git::{Ref, TAGS};
use crate::store::atomic;
use crate::store::folder::Folder;

const FILE_NAME: &str = "registry.json";
const FORMAT_VERSION: u32 = 1;
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// What a remote said of a tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Offered {
    /// The tag's own object.
    pub(super) oid: String,
    /// What it points at in the end.
    pub(super) target: String,
}

/// What a remote said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Answer {
    format_version: u32,
    /// Whose answer it is, without secrets.
    url: String,
    /// When it was given.
    pub(super) fetched: Timestamp,
    /// Tags that are no releases.
    pub(super) ignored_tags: usize,
    /// Release tags by name.
    pub(super) tags: BTreeMap<String, Offered>,
}

impl Answer {
    /// An answer of now.
    pub(super) fn new(cx: &Context<'_>, remote: &Chosen, tags: Vec<Ref>) -> Self {
        let count = tags.len();
        let tags: BTreeMap<String, Offered> = tags
            .into_iter()
            .filter_map(|tag| {
                let name = tag.name.strip_prefix(TAGS)?;
                version::of_tag(name)?;
                let offered = Offered {
                    target: tag.commit.unwrap_or_else(|| tag.oid.clone()),
                    oid: tag.oid,
                };
                Some((name.to_owned(), offered))
            })
            .collect();
        Self {
            format_version: FORMAT_VERSION,
            url: remote.url.clone(),
            fetched: cx.clock.now(),
            ignored_tags: count - tags.len(),
            tags,
        }
    }

    /// An answer of now, in which each tag is named with the commit that it points at in the end.
    pub(super) fn of_commits(
        cx: &Context<'_>,
        remote: &Chosen,
        tags: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        let refs = tags.into_iter().map(|(name, commit)| Ref {
            name: format!("{TAGS}{name}"),
            oid: commit.clone(),
            commit: Some(commit),
        });
        Self::new(cx, remote, refs.collect())
    }

    /// The last answer of this remote, where it was kept and can be read.
    pub(super) fn read(cx: &Context<'_>, remote: &Chosen) -> Option<Self> {
        let answer = Self::read_any(cx)?;
        (answer.url == remote.url).then_some(answer)
    }

    fn read_any(cx: &Context<'_>) -> Option<Self> {
        let bytes = atomic::read_bounded(&path(cx), MAX_BYTES).ok()??;
        serde_json::from_slice(&bytes).ok()
    }

    /// Keeps it. It is a convenience: on a disk that is full or read-only, listing still works,
    /// so a failure is not reported; what cannot be kept is asked for again.
    pub(super) fn keep(&self, cx: &Context<'_>) {
        let newer = Self::read_any(cx).is_some_and(|old| old.format_version > FORMAT_VERSION);
        if newer {
            return;
        }
        if let Ok(bytes) = serde_json::to_vec_pretty(self)
            && Folder::state(cx.site).ensure().is_ok()
        {
            let _ = atomic::write(&path(cx), &bytes, cx.faults);
        }
    }
}

fn path(cx: &Context<'_>) -> PathBuf {
    cx.site.state_dir.join(FILE_NAME)
}

//! A repository without remotes: its own release tags are all there is.

use vit_contract::output::Source;
use vit_contract::release::Release;
use vit_contract::{text, version};

use super::git::{fetch_release, no_commit};
use super::{Listing, Registry, metadata, sort};
use crate::context::Context;
use crate::error::EngineError;
use crate::git::TAGS;

/// The repository's own tags.
pub(super) struct LocalTags;

impl Registry for LocalTags {
    fn list(&self, cx: &Context<'_>, _refresh: bool) -> Result<Listing, EngineError> {
        let tags = cx.git.refs(&[TAGS])?;
        let count = tags.len();
        let mut releases: Vec<Release> = tags
            .into_iter()
            .filter_map(|found| {
                let tag = found.name.strip_prefix(TAGS)?.to_owned();
                Some(Release {
                    version: version::of_tag(&tag)?,
                    problems: match &found.commit {
                        None => vec![no_commit(&tag)],
                        Some(_) => Vec::new(),
                    },
                    commit: found.commit,
                    tag,
                    tree: None,
                    metadata: None,
                    metadata_sha256: None,
                    unread: false,
                })
            })
            .collect();
        if releases.is_empty() {
            return Err(EngineError::BadInput {
                summary: "the repository has no remote and no release tag (`v1.2.0`)".to_owned(),
                problems: Vec::new(),
                hints: hints(cx)?,
            });
        }
        sort(&mut releases);
        metadata::fill(cx.git, &mut releases)?;
        Ok(Listing {
            source: Source {
                kind: "git".to_owned(),
                location: "local tags".to_owned(),
                fetched: cx.clock.now(),
                stale: false,
                ignored_tags: count - releases.len(),
                cached: false,
                signed: false,
                requests: 0,
            },
            releases,
            problems: Vec::new(),
        })
    }

    fn fetch(&self, cx: &Context<'_>, release: &Release) -> Result<(), EngineError> {
        fetch_release(cx, None, release)
    }

    fn remote(&self) -> Option<&str> {
        None
    }
}

/// What to do without any release: Core may be a submodule that only lacks its checkout.
fn hints(cx: &Context<'_>) -> Result<Vec<String>, EngineError> {
    let missing = cx.git.submodule_paths()?.into_iter();
    let mut hints: Vec<String> = missing
        .filter(|path| !cx.site.root.join(path).join(".git").exists())
        .map(|path| {
            let path = text::visible(&path);
            format!(
                "if Core is the submodule {path}: check it out, `git submodule update --init {path}`"
            )
        })
        .collect();
    hints.push("add the remote that Core comes from: `git remote add upstream URL`".to_owned());
    Ok(hints)
}

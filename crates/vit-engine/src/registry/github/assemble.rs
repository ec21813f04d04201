//! One list of releases from what the API, the tags and the repository here say.

use std::collections::{BTreeMap, BTreeSet};

use vit_contract::code::Code;
use vit_contract::problem::{Problem, Who};
use vit_contract::release::Release;

use super::wire::Entry;
use crate::context::Context;
use crate::error::EngineError;
use crate::git::{RELEASES, Ref, RefEdit, TAGS};
use crate::registry::Moved;
use crate::registry::answer::{Answer, Offered};
use crate::registry::git::{by_tag, moved, release};
use crate::registry::{metadata, sort};

/// Notes as releases what is offered and happens to be here already: a clone without tags has
/// the commits of most of them.
///
/// # Errors
/// Git failed.
pub(super) fn adopt(cx: &Context<'_>, answer: &Answer) -> Result<(), EngineError> {
    let here = Here::gather(cx)?;
    let missing: Vec<(&String, &Offered)> = answer
        .tags
        .iter()
        .filter(|(tag, offered)| here.find(tag, Some(offered)).is_none())
        .collect();
    let oids: Vec<String> = missing
        .iter()
        .flat_map(|(_, offered)| [offered.oid.clone(), offered.target.clone()])
        .collect();
    let found = cx.git.kinds_here(&oids)?;
    let creates: Vec<RefEdit> = missing
        .iter()
        .zip(found.chunks(2))
        .filter(|(_, found)| {
            let [tag, target] = found else { return false };
            tag.is_some() && target.as_deref() == Some("commit")
        })
        .map(|((tag, offered), _)| RefEdit::Create {
            name: format!("{RELEASES}{tag}"),
            oid: offered.oid.clone(),
        })
        .collect();
    if !creates.is_empty() {
        // A convenience: on a disk that cannot be written they are fetched when they are wanted.
        let _ = cx.git.update_refs(&creates);
    }
    Ok(())
}

/// What others say of the releases.
pub(super) struct Said<'a> {
    /// The API.
    pub(super) entries: &'a [Entry],
    /// The remote; absent where it could never be asked.
    pub(super) tags: Option<&'a Answer>,
    /// Whether the remote was asked after the API.
    pub(super) tags_are_new: bool,
}

/// Every release that is listed, tagged or here, and the tags that stand elsewhere there than
/// here. Nothing is read of their metadata yet.
///
/// # Errors
/// Git failed.
pub(super) fn releases(
    cx: &Context<'_>,
    said: &Said<'_>,
) -> Result<(Vec<Release>, Vec<Moved>), EngineError> {
    let here = Here::gather(cx)?;
    let listed: BTreeMap<&str, &Entry> = said
        .entries
        .iter()
        .map(|entry| (entry.tag.as_str(), entry))
        .collect();
    let offered = said.tags.map(|answer| &answer.tags);
    let all: BTreeSet<&str> = listed
        .keys()
        .copied()
        .chain(
            offered
                .into_iter()
                .flat_map(|tags| tags.keys().map(String::as_str)),
        )
        .chain(here.fetched.keys().map(String::as_str))
        .collect();
    let elsewhere = offered.into_iter().flatten();
    let elsewhere = elsewhere.filter_map(|(tag, offered)| {
        let known = here.fetched.get(tag)?;
        moved(tag, known, offered)
    });
    let elsewhere = elsewhere.collect();
    let mut releases: Vec<Release> = all
        .into_iter()
        .filter_map(|tag| {
            let known = here.find(tag, None);
            // Where nobody could be asked for tags, nothing is said of them.
            let offered = match offered {
                Some(tags) => tags.get(tag).cloned(),
                None => known.map(as_offered),
            };
            let known = known.or_else(|| here.find(tag, offered.as_ref()));
            let mut release = release(tag, known, offered.as_ref())?;
            release.unread = true;
            let entry = listed.get(tag);
            if let Some(entry) = entry {
                release.problems.extend(entry.problems.iter().cloned());
            }
            if entry.is_some() && said.tags_are_new && offered.is_none() && known.is_none() {
                release.problems.push(untagged(tag));
            }
            Some(release)
        })
        .collect();
    sort(&mut releases);
    metadata::trees(cx.git, &mut releases)?;
    Ok((releases, elsewhere))
}

/// The refs of this repository that are named after releases.
struct Here {
    fetched: BTreeMap<String, Ref>,
    own: BTreeMap<String, Ref>,
}

impl Here {
    fn gather(cx: &Context<'_>) -> Result<Self, EngineError> {
        let (fetched, own): (Vec<Ref>, Vec<Ref>) = cx
            .git
            .refs(&[RELEASES, TAGS])?
            .into_iter()
            .partition(|found| found.name.starts_with(RELEASES));
        Ok(Self {
            fetched: by_tag(fetched, RELEASES),
            own: by_tag(own, TAGS),
        })
    }

    /// The release as it was fetched, else the user's own tag where it is the very one offered.
    fn find(&self, tag: &str, offered: Option<&Offered>) -> Option<&Ref> {
        self.fetched.get(tag).or_else(|| {
            let own = self.own.get(tag)?;
            let same = offered.is_some_and(|offered| {
                own.oid == offered.oid || own.commit.as_ref() == Some(&offered.target)
            });
            same.then_some(own)
        })
    }
}

fn as_offered(found: &Ref) -> Offered {
    Offered {
        oid: found.oid.clone(),
        target: found.commit.clone().unwrap_or_else(|| found.oid.clone()),
    }
}

fn untagged(tag: &str) -> Problem {
    Problem::new(
        Code::ObjectsMissing,
        tag,
        "GitHub lists the release, and the repository has no such tag: it cannot be fetched",
    )
    .hint(
        Who::Core,
        "push the tag, or publish the release with one that exists",
    )
}

//! The metadata of releases, when somebody wants it: the asset of the release, else the file in
//! the tag's tree, which comes from the repository here, through git, or from the API.

use std::collections::BTreeMap;

use vit_contract::digest;
use vit_contract::release::{self, FILE_NAMES, Release};

use super::ask::{Ask, Failure};
use super::wire::{self, Asset, Content, Entry};
use crate::context::Context;
use crate::error::EngineError;
use crate::git::{GitError, RELEASES, TAGS};
use crate::http::client::Origin;
use crate::http::{Address, Freshness, Got};
use crate::registry::answer::Answer;
use crate::registry::choice::Chosen;
use crate::registry::git::by_tag;
use crate::registry::metadata;

/// Reads metadata.
pub(super) struct Reader<'a> {
    pub(super) cx: &'a Context<'a>,
    pub(super) ask: Ask<'a>,
    pub(super) remote: &'a Chosen,
    pub(super) tags: Option<&'a Answer>,
    /// Whether anybody may be asked.
    pub(super) refresh: bool,
}

/// A release whose metadata is wanted.
struct Case<'r> {
    release: &'r mut Release,
    asset: Option<&'r Asset>,
    /// What stood in the way so far.
    why: Vec<String>,
}

impl Case<'_> {
    fn is_open(&self) -> bool {
        self.release.unread
    }

    /// It bears its metadata, or the problem with it.
    const fn done(&mut self) {
        self.release.unread = false;
    }
}

impl Reader<'_> {
    /// Fills in the releases that are unread. One whose metadata cannot be had stays so, and bears
    /// a problem.
    ///
    /// # Errors
    /// Somebody asked to stop, or git failed.
    pub(super) fn read(
        &self,
        entries: &BTreeMap<&str, &Entry>,
        releases: &mut [Release],
    ) -> Result<(), EngineError> {
        let mut cases: Vec<Case<'_>> = releases
            .iter_mut()
            .filter(|release| release.unread)
            .map(|release| Case {
                asset: entries
                    .get(release.tag.as_str())
                    .and_then(|entry| entry.asset.as_ref()),
                release,
                why: Vec::new(),
            })
            .collect();
        self.of_assets(&mut cases)?;
        self.of_trees(&mut cases)?;
        if self.refresh {
            if self.bring(&mut cases)? {
                self.of_trees(&mut cases)?;
            }
            self.of_contents(&mut cases)?;
        }
        for case in cases.iter_mut().filter(|case| case.is_open()) {
            let why = if case.why.is_empty() {
                "nothing is kept of it, and nobody was asked".to_owned()
            } else {
                case.why.join("; ")
            };
            // It stays unread: somebody may ask again, or be asked.
            metadata::not_fetched(case.release, &why);
        }
        Ok(())
    }

    /// From assets, together.
    fn of_assets(&self, cases: &mut [Case<'_>]) -> Result<(), EngineError> {
        let mut wanted: Vec<(&mut Case<'_>, &Asset)> = Vec::new();
        for case in cases {
            let Some(asset) = case.asset else { continue };
            match asset.size {
                Some(size) if size > bound() => {
                    metadata::too_large(case.release, &asset.name, size);
                    case.done();
                }
                _ => wanted.push((case, asset)),
            }
        }
        let assets: Vec<&Asset> = wanted.iter().map(|(_, asset)| *asset).collect();
        let freshness = if self.refresh {
            Freshness::Immutable
        } else {
            Freshness::Kept
        };
        let answers = self.assets(&assets, freshness);
        for ((case, asset), answer) in wanted.into_iter().zip(answers) {
            let answer = match answer {
                // What is kept and is not what the list announces is asked for once more.
                Ok(got) if self.refresh && is_kept(&got) && differs(asset, &got.body).is_some() => {
                    self.assets(&[asset], Freshness::Validated).remove(0)
                }
                other => other,
            };
            match answer {
                Ok(got) => {
                    match differs(asset, &got.body) {
                        Some(why) => metadata::not_as_announced(case.release, &asset.name, &why),
                        None => metadata::read(case.release, &asset.name, &got.body),
                    }
                    case.done();
                }
                Err(failure) if failure.is_stop() => return Err(stopped()),
                Err(failure) => case
                    .why
                    .push(format!("the asset {}: {failure}", asset.name)),
            }
        }
        Ok(())
    }

    fn assets(&self, assets: &[&Asset], freshness: Freshness) -> Vec<Result<Got, Failure>> {
        let addresses: Vec<Address> = assets.iter().map(|asset| self.address(asset)).collect();
        self.ask.bytes(&addresses, release::MAX_BYTES, freshness)
    }

    /// Where an asset is: where the API says, if that is the API itself.
    fn address(&self, asset: &Asset) -> Address {
        let repository = self.ask.repository();
        let base = repository.api.base();
        let said = asset.url.as_deref().and_then(|url| base.named(url).ok());
        said.filter(|address| address.same_origin(&base))
            .unwrap_or_else(|| {
                repository.address(&["releases", "assets", &asset.id.to_string()], &[])
            })
    }

    /// From the trees of the commits that are here.
    fn of_trees(&self, cases: &mut [Case<'_>]) -> Result<(), EngineError> {
        let here: Vec<&mut Case<'_>> = cases
            .iter_mut()
            .filter(|case| case.is_open() && case.release.tree.is_some())
            .collect();
        let files: Vec<String> = here
            .iter()
            .filter_map(|case| case.release.tree.as_ref())
            .flat_map(|tree| FILE_NAMES.map(|name| format!("{tree}:{name}")))
            .collect();
        let blobs = self.cx.git.read_blobs(&files, release::MAX_BYTES)?;
        for (case, blobs) in here.into_iter().zip(blobs.chunks(FILE_NAMES.len())) {
            if metadata::of_blobs(case.release, blobs) {
                case.done();
            } else if case.asset.is_none() {
                metadata::missing(case.release);
                case.done();
            }
            // With an asset that could not be had, an empty tree says nothing.
        }
        Ok(())
    }

    /// Brings the commits that are not here through git; whether it brought any.
    fn bring(&self, cases: &mut [Case<'_>]) -> Result<bool, EngineError> {
        let mut away: Vec<&mut Case<'_>> = cases
            .iter_mut()
            .filter(|case| case.is_open() && case.release.commit.is_none())
            .filter(|case| self.is_tagged(&case.release.tag))
            .collect();
        let refs: Vec<(String, String)> = away
            .iter()
            .map(|case| {
                let tag = &case.release.tag;
                (format!("{TAGS}{tag}"), format!("{RELEASES}{tag}"))
            })
            .collect();
        if refs.is_empty() {
            return Ok(false);
        }
        let git = self.cx.git.clone().with_cancel(self.cx.cancel);
        match git.fetch_refs(&self.remote.argument, &refs) {
            Ok(()) => {}
            Err(error @ GitError::Cancelled { .. }) => return Err(error.into()),
            Err(error) => {
                for case in away {
                    case.why.push(format!("through git: {error}"));
                }
                return Ok(false);
            }
        }
        let fetched = by_tag(git.refs(&[RELEASES])?, RELEASES);
        for case in &mut away {
            let found = fetched.get(&case.release.tag);
            case.release.commit = found.and_then(|found| found.commit.clone());
        }
        away.retain(|case| case.release.commit.is_some());
        let specs: Vec<String> = away
            .iter()
            .filter_map(|case| case.release.commit.as_ref())
            .map(|commit| format!("{commit}^{{tree}}"))
            .collect();
        for (case, tree) in away.into_iter().zip(git.resolve(&specs)?) {
            case.release.tree = tree.map(|(oid, _)| oid);
        }
        Ok(true)
    }

    /// From the API, file by file: for whoever git cannot reach.
    fn of_contents(&self, cases: &mut [Case<'_>]) -> Result<(), EngineError> {
        let mut open: Vec<&mut Case<'_>> = cases
            .iter_mut()
            .filter(|case| case.is_open() && case.asset.is_none())
            .filter(|case| self.is_tagged(&case.release.tag))
            .collect();
        for name in FILE_NAMES {
            let addresses: Vec<Address> = open
                .iter()
                .map(|case| {
                    let at = [("ref", case.release.tag.as_str())];
                    self.ask.repository().address(&["contents", name], &at)
                })
                .collect();
            let answers = self.ask.get_all(&addresses, Freshness::Usual);
            let mut absent = Vec::new();
            for (case, answer) in open.into_iter().zip(answers) {
                match answer {
                    Err(failure) if failure.is_stop() => return Err(stopped()),
                    Err(failure) if failure.is_absent() => absent.push(case),
                    Err(failure) => case.why.push(format!("{name} from its API: {failure}")),
                    Ok(got) => {
                        take_content(case.release, name, &got.body);
                        case.done();
                    }
                }
            }
            open = absent;
        }
        for case in open {
            metadata::missing(case.release);
            case.done();
        }
        Ok(())
    }

    fn is_tagged(&self, tag: &str) -> bool {
        self.tags.is_none_or(|answer| answer.tags.contains_key(tag))
    }
}

fn take_content(release: &mut Release, name: &str, body: &[u8]) {
    let size = |bytes: &[u8]| u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    match wire::content(name, body) {
        Ok(Content::Whole(bytes)) if size(&bytes) > bound() => {
            metadata::too_large(release, name, size(&bytes));
        }
        Ok(Content::Whole(bytes)) => metadata::read(release, name, &bytes),
        Ok(Content::TooLarge(size)) => metadata::too_large(release, name, size),
        Err(why) => metadata::unreadable(release, name, &why),
    }
}

/// The largest metadata, in bytes.
fn bound() -> u64 {
    u64::try_from(release::MAX_BYTES).unwrap_or(u64::MAX)
}

fn is_kept(got: &Got) -> bool {
    matches!(got.origin, Origin::Kept)
}

/// How an asset's bytes differ from what the list announces.
fn differs(asset: &Asset, body: &[u8]) -> Option<String> {
    if let Some(size) = asset.size
        && u64::try_from(body.len()) != Ok(size)
    {
        return Some(format!(
            "{size} bytes were announced and {} came",
            body.len()
        ));
    }
    let wanted = asset.sha256.as_deref()?;
    let found = digest::sha256(body);
    (found != wanted).then(|| format!("its SHA-256 is {found}, and {wanted} was announced"))
}

fn stopped() -> EngineError {
    EngineError::Stopped {
        what: "reading the metadata of releases",
    }
}

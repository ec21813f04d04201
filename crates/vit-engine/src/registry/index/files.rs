//! The metadata files that an index pins: fetched together, believed by their hash.

use vit_contract::code::Code;
use vit_contract::index::IndexedFile;
use vit_contract::problem::{Problem, Severity, Who};
use vit_contract::release::{self, Release};
use vit_contract::{digest, text};

use crate::context::Context;
use crate::error::EngineError;
use crate::http::client::{Got, Origin};
use crate::http::{Address, Client, Freshness, HttpError, Request};
use crate::registry::metadata;
use crate::trust::tuf::distrust::chain;
use crate::trust::tuf::stopped;

/// Where a file is and what it has to be.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// Its address.
    pub(super) address: Address,
    /// As the index names it.
    pub(super) file: IndexedFile,
    /// Whether another content would be at another address.
    pub(super) immutable: bool,
    /// Whether its release is held to signatures: without the file nothing of it is believed.
    pub(super) signed: bool,
}

impl Place {
    fn request(&self, freshness: Freshness) -> Request {
        Request {
            limit: release::MAX_BYTES,
            freshness,
            ..Request::new(self.address.clone(), "application/json")
        }
    }

    /// Why bytes are not what the file has to be.
    fn differs(&self, bytes: &[u8]) -> Option<String> {
        let length = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if length != self.file.length {
            return Some(format!(
                "it has {length} bytes, the index says {}",
                self.file.length
            ));
        }
        let sha256 = digest::sha256(bytes);
        (sha256 != self.file.sha256).then(|| {
            format!(
                "its SHA-256 is {sha256}, the index says {}",
                self.file.sha256
            )
        })
    }
}

/// Where a file is in a registry that is not held to signatures: beside the index.
pub(super) fn plain_place(index: &Address, file: &IndexedFile) -> Option<Place> {
    Some(Place {
        address: index.named(&file.path).ok()?,
        file: file.clone(),
        immutable: true,
        signed: false,
    })
}

/// A file that is kept, where it is the right one; nobody is asked.
pub(super) fn kept(cx: &Context<'_>, place: &Place) -> Option<Vec<u8>> {
    let got = Client::new(cx).get(&place.request(Freshness::Kept)).ok()?;
    place.differs(&got.body).is_none().then_some(got.body)
}

/// Fills in a release from what is kept, without asking anybody.
pub(super) fn fill_kept(cx: &Context<'_>, release: &mut Release, place: &Place) {
    if let Some(bytes) = kept(cx, place) {
        take(release, place, &bytes);
    }
}

/// Reads the metadata of releases, together; a file that is kept and right is never asked for.
pub(super) fn read(
    cx: &Context<'_>,
    wanted: Vec<(&mut Release, Place)>,
    refresh: bool,
) -> Result<(), EngineError> {
    let client = Client::new(cx);
    let requests: Vec<Request> = wanted
        .iter()
        .map(|(_, place)| {
            place.request(match (refresh, place.immutable) {
                (false, _) => Freshness::Kept,
                (true, true) => Freshness::Immutable,
                (true, false) => Freshness::Usual,
            })
        })
        .collect();
    for ((release, place), got) in wanted.into_iter().zip(client.get_all(&requests)) {
        let again = |got: &Got| {
            let wrong = place.differs(&got.body).is_some();
            wrong && refresh && got.origin != Origin::Sent
        };
        let got = match got {
            // What is kept under this address was never right: a mirror that lied once must not
            // keep the truth away for ever.
            Ok(got) if again(&got) => client.get(&place.request(Freshness::Validated)),
            got => got,
        };
        match got {
            Ok(got) => match place.differs(&got.body) {
                None => take(release, &place, &got.body),
                Some(why) => {
                    release.unread = false;
                    metadata::not_as_announced(release, &place.file.path, &why);
                }
            },
            Err(HttpError::Cancelled) => return Err(stopped()),
            Err(error) => {
                forgive(release);
                let problem = not_fetched(release, &place, &error);
                release.problems.push(problem);
            }
        }
    }
    Ok(())
}

fn take(release: &mut Release, place: &Place, bytes: &[u8]) {
    release.unread = false;
    forgive(release);
    metadata::read(release, &place.file.path, bytes);
}

/// Takes back that the metadata could not be had before.
fn forgive(release: &mut Release) {
    let not_fetched = |problem: &Problem| problem.code == Code::MetadataNotFetched;
    release.problems.retain(|problem| !not_fetched(problem));
}

fn not_fetched(release: &Release, place: &Place, error: &HttpError) -> Problem {
    // Whoever stands in between must not make a release look harmless by hiding what it says.
    let severity = if place.signed {
        Severity::Blocked
    } else {
        Code::MetadataNotFetched.severity()
    };
    Problem::new(
        Code::MetadataNotFetched,
        &release.tag,
        "the release's metadata was not fetched: nothing is known of its changes",
    )
    .severity(severity)
    .evidence(text::excerpt(
        &format!("{}: {}", place.file.path, chain(error)),
        300,
    ))
    .hint(
        Who::You,
        "check the network and the registry, and try again",
    )
}

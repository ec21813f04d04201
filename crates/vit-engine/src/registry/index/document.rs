//! The index itself: how it comes here, and what it says.

use jiff::Timestamp;
use vit_contract::index::{self, Index};
use vit_contract::problem::Problem;

use super::file_of;
use crate::context::Context;
use crate::error::EngineError;
use crate::http::client::{Got, Origin};
use crate::http::{Address, Client, Freshness, HttpError, Request};
use crate::registry::failed;
use crate::trust::tuf::stopped;

/// An index that was read.
pub(crate) struct Document {
    /// What it says.
    pub(crate) index: Index,
    /// What was noticed while reading it.
    pub(super) problems: Vec<Problem>,
    /// When the server last said that this is it.
    pub(super) asked: Timestamp,
    /// Whether it is a kept one that is young enough.
    pub(super) cached: bool,
    /// Why an older one is used, where the server should have been asked.
    pub(super) stale: Option<String>,
}

/// Gets the index of a registry that is not held to signatures.
pub(super) fn get(
    cx: &Context<'_>,
    address: &Address,
    refresh: bool,
) -> Result<Document, EngineError> {
    let request = Request {
        limit: index::MAX_BYTES,
        freshness: if refresh {
            Freshness::Usual
        } else {
            Freshness::Kept
        },
        ..Request::new(address.clone(), "application/json")
    };
    let got = Client::new(cx)
        .get(&request)
        .map_err(|error| of_http(address, error))?;
    read(address, &got)
}

/// Reads what came.
pub(super) fn read(address: &Address, got: &Got) -> Result<Document, EngineError> {
    let document = parse(address, &got.body)?;
    Ok(Document {
        asked: got.asked,
        cached: got.origin == Origin::Kept,
        stale: match &got.origin {
            Origin::Stale { why } => Some(why.clone()),
            Origin::Sent | Origin::Revalidated | Origin::Kept => None,
        },
        ..document
    })
}

/// Reads an index from its bytes.
pub(super) fn parse(address: &Address, bytes: &[u8]) -> Result<Document, EngineError> {
    let reading = index::read(&file_of(address), bytes);
    match reading.value {
        Some(index) => Ok(Document {
            index,
            problems: reading.problems,
            asked: Timestamp::UNIX_EPOCH,
            cached: false,
            stale: None,
        }),
        None => Err(EngineError::BadInput {
            summary: format!("the index of the registry {address} cannot be read"),
            problems: reading.problems,
            hints: vec![
                "check that `location` under `[registry]` (or VIT_REGISTRY_URL) leads to the index.json of `vit mirror index`"
                    .to_owned(),
            ],
        }),
    }
}

/// An error of HTTP as one of the registry.
pub(super) fn of_http(address: &Address, error: HttpError) -> EngineError {
    match error {
        HttpError::Cancelled => stopped(),
        HttpError::Offline { .. } => EngineError::BadInput {
            summary: format!("nothing was fetched from {address} before: it has to be asked once"),
            problems: Vec::new(),
            hints: vec!["run it once without `--offline`, or `vit update`".to_owned()],
        },
        error => failed(&address.to_string(), error),
    }
}

//! The index of an origin that is trusted as signed: what The Update Framework vouches for, and
//! what is shown where it vouches for nothing.

use vit_contract::digest;
use vit_contract::index::{self, IndexedFile, IndexedRelease};
use vit_contract::problem::Problem;
use vit_contract::release::Release;

use super::Told;
use super::document::{self, Document};
use super::files::Place;
use crate::context::Context;
use crate::error::EngineError;
use crate::http::client::{Got, Origin};
use crate::http::{Address, Client, Freshness, HttpError, Request};
use crate::trust::tuf::distrust::{Distrust, chain, untrusted};
use crate::trust::tuf::kept::{INDEX, Kept};
use crate::trust::tuf::record::Record;
use crate::trust::tuf::{TrustedTarget, Verified, stopped};

/// An index that was vouched for.
pub(super) struct Vouched {
    verified: Verified,
    origin: String,
    /// The index's folder, seen from where the targets are.
    folder: String,
}

/// Hears an index that has to be signed. One that does not verify is no error: what was verified
/// before is told then, with the reason why nothing of it may be a target.
pub(super) fn hear(
    cx: &Context<'_>,
    address: &Address,
    record: &Record,
    refresh: bool,
) -> Result<Told, EngineError> {
    match vouch(cx, address, record, refresh) {
        Ok((document, vouched)) => Ok(Told {
            stale: vouched.verified.stale.clone(),
            document: Some(document),
            vouched: Some(vouched),
            barred: None,
        }),
        Err(Distrust::Engine(error)) => Err(error),
        Err(Distrust::Problem(problem)) => Ok(before(cx, address, record, *problem)),
        Err(Distrust::Unreachable(error)) => {
            let told = before(cx, address, record, unreachable(record, &error));
            if told.document.is_none() {
                return Err(document::of_http(address, *error));
            }
            Ok(told)
        }
    }
}

/// What was verified before, if anything, barred for a reason.
fn before(cx: &Context<'_>, address: &Address, record: &Record, why: Problem) -> Told {
    let kept = Kept::of(cx, record);
    let document = kept
        .read(INDEX)
        .and_then(|bytes| document::parse(address, &bytes).ok())
        .map(|document| Document {
            asked: kept.asked().unwrap_or(document.asked),
            ..document
        });
    Told {
        document,
        vouched: None,
        barred: Some(why),
        stale: None,
    }
}

fn unreachable(record: &Record, error: &HttpError) -> Problem {
    let mut problem = untrusted(&record.origin, &chain(error));
    "what was signed could not be fetched, and what was verified before does not suffice"
        .clone_into(&mut problem.message);
    problem
}

fn vouch(
    cx: &Context<'_>,
    address: &Address,
    record: &Record,
    refresh: bool,
) -> Result<(Document, Vouched), Distrust> {
    let url = address.url().as_str();
    let doubt = |why: String| Distrust::Problem(Box::new(untrusted(&record.origin, &why)));
    let path = url
        .strip_prefix(&record.targets_url)
        .filter(|path| index::is_inside(path))
        .ok_or_else(|| doubt(format!("{address} is not below {}", record.targets_url)))?;
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let mut verified = Verified::refresh(cx, record, refresh)?;
    let target = verified
        .target(cx, path)?
        .ok_or_else(|| doubt(format!("{path} is not among the signed files")))?;
    if target.length > index::MAX_BYTES as u64 {
        return Err(doubt(format!("{path} has {} bytes", target.length)));
    }
    let kept = verified.kept().clone();
    let is_it = |bytes: &[u8]| {
        bytes.len() as u64 == target.length && digest::sha256(bytes) == target.sha256
    };
    let bytes = match kept.read(INDEX).filter(|bytes| is_it(bytes)) {
        Some(bytes) => bytes,
        None if !refresh || verified.stale.is_some() => {
            let address = address.clone();
            let offline = HttpError::Offline { address };
            return Err(Distrust::Unreachable(Box::new(offline)));
        }
        None => {
            let got = fetch(cx, &target, &is_it)?;
            if !is_it(&got.body) {
                return Err(doubt(format!(
                    "{path} is not the file that was signed: {} bytes with SHA-256 {}",
                    got.body.len(),
                    digest::sha256(&got.body)
                )));
            }
            kept.keep(INDEX, &got.body);
            kept.flush(cx)?;
            got.body
        }
    };
    let document = document::parse(address, &bytes)?;
    let document = Document {
        asked: kept.asked().unwrap_or(document.asked),
        cached: !refresh,
        ..document
    };
    let vouched = Vouched {
        verified,
        origin: record.origin.clone(),
        folder: folder.to_owned(),
    };
    Ok((document, vouched))
}

fn fetch(
    cx: &Context<'_>,
    target: &TrustedTarget,
    is_it: &impl Fn(&[u8]) -> bool,
) -> Result<Got, Distrust> {
    let client = Client::new(cx);
    let get = |freshness| {
        let request = Request {
            limit: usize::try_from(target.length).unwrap_or(usize::MAX),
            freshness,
            ..Request::new(target.address.clone(), "application/json")
        };
        client.get(&request).map_err(|error| match error {
            HttpError::Cancelled => Distrust::Engine(stopped()),
            error @ HttpError::Unusable { .. } => Distrust::Problem(Box::new(untrusted(
                &target.address.to_string(),
                &chain(&error),
            ))),
            error => Distrust::Unreachable(Box::new(error)),
        })
    };
    let got = get(if target.immutable {
        Freshness::Immutable
    } else {
        Freshness::Validated
    })?;
    // What is kept under this address was never right: ask, whatever the cache says.
    if !is_it(&got.body) && got.origin != Origin::Sent {
        return get(Freshness::Validated);
    }
    Ok(got)
}

/// Where a release's metadata is, by what is signed. A release that the signatures do not pin
/// whole (its commit, its metadata) is no target.
pub(super) fn place(
    cx: &Context<'_>,
    vouched: &mut Vouched,
    (entry, file): (&IndexedRelease, &IndexedFile),
    release: &mut Release,
) -> Result<Option<Place>, EngineError> {
    if entry.commit.is_none() {
        let why = "the signed index does not say which commit it is";
        release.problems.push(untrusted(&entry.tag, why));
    }
    let path = if vouched.folder.is_empty() {
        file.path.clone()
    } else {
        format!("{}/{}", vouched.folder, file.path)
    };
    let mut doubt = |why: &str| release.problems.push(untrusted(&entry.tag, why));
    let target = match vouched.verified.target(cx, &path) {
        Ok(Some(target)) => target,
        Ok(None) => {
            doubt(&format!("{path} is not among the signed files"));
            return Ok(None);
        }
        Err(Distrust::Engine(error)) => return Err(error),
        Err(Distrust::Problem(problem)) => {
            doubt(problem.evidence.as_deref().unwrap_or(&vouched.origin));
            return Ok(None);
        }
        Err(Distrust::Unreachable(error)) => {
            doubt(&chain(&*error));
            return Ok(None);
        }
    };
    if target.sha256 != file.sha256 || target.length != file.length {
        doubt(&format!(
            "the index and the signed metadata name different contents of {path}"
        ));
        return Ok(None);
    }
    Ok(Some(Place {
        address: target.address,
        file: file.clone(),
        immutable: target.immutable,
        signed: true,
    }))
}

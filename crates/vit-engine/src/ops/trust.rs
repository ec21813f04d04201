//! `vit trust`: whose signatures a registry is held to. Trust begins and ends here and nowhere
//! else, by a person, on the record.

use std::path::Path;

use vit_contract::code::Code;
use vit_contract::digest;
use vit_contract::output::{RemovedTrust, TrustReport, TrustRoot, TrustedOrigin};
use vit_contract::problem::{Problem, Who};
use vit_contract::text;

use crate::context::{Actor, Context};
use crate::error::EngineError;
use crate::exec::transaction::Held;
use crate::http::Address;
use crate::registry;
use crate::trust::tuf::record::{Record, Records, origin_of};
use crate::trust::tuf::{self, roots};

/// The largest root that is read, in bytes.
pub const MAX_ROOT_BYTES: usize = tuf::record::MAX_ROOT_BYTES;
/// The longest reason that is kept, in characters.
const LONGEST_REASON: usize = 500;

/// Options of `vit trust init`.
#[derive(Debug, Clone, Default)]
pub struct InitOptions {
    /// The root's file.
    pub root: Vec<u8>,
    /// Where the signed metadata is; else `metadata/` beside the index.
    pub metadata_url: Option<String>,
}

/// What `vit trust init` would pin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposal {
    /// Scheme, host and port.
    pub origin: String,
    /// Where the signed metadata is.
    pub metadata_url: String,
    /// What the paths of the signed files are seen from.
    pub targets_url: String,
    /// The root.
    pub root: TrustRoot,
    /// Whether this very root is pinned already.
    pub already: bool,
}

/// Reads a root and says what pinning it would mean.
///
/// # Errors
/// It is no root, the registry is no index, or another root is pinned for its origin.
pub fn propose(cx: &Context<'_>, options: &InitOptions) -> Result<Proposal, EngineError> {
    let bad = |summary: String, hint: &str| EngineError::BadInput {
        summary,
        problems: Vec::new(),
        hints: vec![hint.to_owned()],
    };
    let root = roots::read(&options.root).map_err(|why| {
        bad(
            format!("the file is no root that can be trusted: {}", text::excerpt(&why, 300)),
            "take the root.json that the operators of the registry publish, by a way that you trust",
        )
    })?;
    let location = registry::index_location(cx).ok_or_else(|| {
        bad(
            "the registry is no static index: there is nothing that could be signed".to_owned(),
            "name it first: `kind = \"index\"` and `location` under `[registry]` in vit.toml, or VIT_REGISTRY_URL",
        )
    })?;
    let bad_address = |error: &dyn std::error::Error| {
        bad(
            error.to_string(),
            "name the URL of the index.json, and of the folder of its signed metadata",
        )
    };
    let address = Address::configured(&location).map_err(|error| bad_address(&error))?;
    let folder = |address: &Address, relative: &str| {
        let url = address.url().join(relative).map(String::from);
        url.map_err(|error| bad_address(&error))
    };
    let targets_url = folder(&address, "./")?;
    let metadata_url = match &options.metadata_url {
        None => folder(&address, "metadata/")?,
        Some(text) => {
            let text = format!("{}/", text.trim_end_matches('/'));
            let address = Address::configured(&text).map_err(|error| bad_address(&error))?;
            address.url().as_str().to_owned()
        }
    };
    let origin = origin_of(&location).unwrap_or(location);
    let records = Records::load(cx)?;
    let known = records.of(&origin);
    if let Some(known) = known
        && (known.root_sha256 != root.sha256
            || known.metadata_url != metadata_url
            || known.targets_url != targets_url)
    {
        return Err(EngineError::Refused {
            summary: format!("{origin} is trusted already, by another root or at another place"),
            problems: vec![
                Problem::new(
                    Code::RegistryUntrusted,
                    &origin,
                    "a trusted origin does not change its pinned root by itself",
                )
                .evidence(format!(
                    "pinned: {} for {}, metadata at {}",
                    known.root_sha256, known.targets_url, known.metadata_url
                ))
                .hint(
                    Who::You,
                    "a registry that rotates its keys needs nothing here; to begin anew: `vit trust remove --reason TEXT`, then `vit trust init`",
                ),
            ],
        });
    }
    Ok(Proposal {
        already: known.is_some(),
        origin,
        metadata_url,
        targets_url,
        root,
    })
}

/// Pins a root for the origin of the registry.
///
/// # Errors
/// Those of [`propose`], or it cannot be written.
pub fn init(cx: &Context<'_>, options: &InitOptions) -> Result<TrustReport, EngineError> {
    let _held = Held::acquire_idle(cx, "vit trust init")?;
    let proposal = propose(cx, options)?;
    let details = if proposal.already {
        format!("{} is trusted by this root already", proposal.origin)
    } else {
        let record = Record {
            origin: proposal.origin.clone(),
            metadata_url: proposal.metadata_url,
            targets_url: proposal.targets_url,
            root_sha256: digest::sha256(&options.root),
            since: cx.clock.now(),
            by: who(cx.actor),
        };
        // The root first: a record without it would refuse everything.
        record.pin(cx, &options.root)?;
        let mut records = Records::load(cx)?;
        records.origins.push(record);
        records.origins.sort_by(|a, b| a.origin.cmp(&b.origin));
        records.save(cx)?;
        format!(
            "{} is trusted as signed from now on; what does not verify is not installed",
            proposal.origin
        )
    };
    report(cx, "init", details)
}

/// Says what is trusted, and what was verified last. Asks nobody.
///
/// # Errors
/// The records cannot be read.
pub fn show(cx: &Context<'_>) -> Result<TrustReport, EngineError> {
    let count = Records::load(cx)?.origins.len();
    let details = match count {
        0 => "no registry is held to signatures".to_owned(),
        1 => "1 origin is trusted as signed".to_owned(),
        count => format!("{count} origins are trusted as signed"),
    };
    report(cx, "show", details)
}

/// Ends the trust in an origin: its metadata counts unsigned again. Without `origin`, the one of
/// the registry in force, else the only one.
///
/// # Errors
/// There is no such trust, no reason is given, or it cannot be written.
pub fn remove(
    cx: &Context<'_>,
    origin: Option<&str>,
    reason: &str,
) -> Result<TrustReport, EngineError> {
    let bad = |summary: String| EngineError::BadInput {
        summary,
        problems: Vec::new(),
        hints: vec!["`vit trust show` lists what is trusted".to_owned()],
    };
    if reason.trim().is_empty() {
        return Err(bad(
            "the reason is empty: it is what stays on the record".to_owned()
        ));
    }
    let _held = Held::acquire_idle(cx, "vit trust remove")?;
    let mut records = Records::load(cx)?;
    let wanted = match origin {
        Some(text) => origin_of(text),
        None => current_origin(cx)
            .filter(|origin| records.of(origin).is_some())
            .or_else(|| match records.origins.as_slice() {
                [only] => Some(only.origin.clone()),
                _ => None,
            }),
    };
    let place = wanted.and_then(|wanted| {
        let mut records = records.origins.iter();
        records.position(|record| record.origin == wanted)
    });
    let Some(place) = place else {
        return Err(bad(match origin {
            Some(origin) => format!("`{}` is no origin that is trusted", text::visible(origin)),
            None => "it is not clear which trust is meant".to_owned(),
        }));
    };
    let record = records.origins.remove(place);
    let folder = record.folder(cx);
    records.removed.push(RemovedTrust {
        origin: record.origin.clone(),
        root_sha256: record.root_sha256,
        removed: cx.clock.now(),
        by: who(cx.actor),
        reason: text::excerpt(reason.trim(), LONGEST_REASON),
    });
    records.save(cx)?;
    forget(&folder)?;
    let details = format!(
        "{} is no longer held to signatures; the reason is on the record",
        record.origin
    );
    report(cx, "remove", details)
}

/// Removes what was kept of an origin.
fn forget(folder: &Path) -> Result<(), EngineError> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(EngineError::Io {
            action: "removing",
            path: folder.to_owned(),
            source: error,
        }),
        _ => Ok(()),
    }
}

fn who(actor: &Actor) -> String {
    format!("{}@{}", actor.user, actor.host)
}

fn current_origin(cx: &Context<'_>) -> Option<String> {
    registry::index_location(cx).and_then(|url| origin_of(&url))
}

fn report(cx: &Context<'_>, command: &str, details: String) -> Result<TrustReport, EngineError> {
    let records = Records::load(cx)?;
    let registry = current_origin(cx);
    let mut problems = Vec::new();
    let mut origins = Vec::new();
    for record in &records.origins {
        let root = record.pinned(cx)?;
        let pinned = roots::read(&root).map_err(|why| EngineError::Refused {
            summary: format!(
                "the root that is pinned for {} cannot be read",
                record.origin
            ),
            problems: vec![tuf::distrust::untrusted(&record.origin, &why)],
        })?;
        let (seen, problem) = tuf::look(cx, record)?;
        problems.extend(problem);
        origins.push(TrustedOrigin {
            in_use: registry.as_ref() == Some(&record.origin),
            origin: record.origin.clone(),
            metadata_url: record.metadata_url.clone(),
            targets_url: record.targets_url.clone(),
            since: record.since,
            by: record.by.clone(),
            current: seen.root.filter(|root| root.sha256 != pinned.sha256),
            verified: seen.verified,
            pinned,
        });
    }
    Ok(TrustReport {
        schema: format!("vit.trust-{command}/1"),
        details,
        registry,
        origins,
        removed: records.removed,
        problems,
    })
}

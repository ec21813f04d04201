//! Roots as people see them, and what makes one unfit to be pinned.

use std::collections::BTreeSet;

use sigstore_tuf::{Root, TrustedMetadataSet};
use vit_contract::digest;
use vit_contract::output::{TrustRole, TrustRoot, VerifiedMetadata};

use super::crypto;
use super::distrust::chain;

/// The roles that a root names, in the order in which they are shown.
const ROLES: [&str; 4] = ["root", "targets", "snapshot", "timestamp"];

/// Reads a root that a person wants to trust.
///
/// # Errors
/// It is none, is not signed by its own keys, or a role could never be satisfied honestly.
pub(crate) fn read(bytes: &[u8]) -> Result<TrustRoot, String> {
    crypto::install();
    let set = TrustedMetadataSet::from_root(bytes).map_err(|error| chain(&error))?;
    let root = set.root();
    for name in ROLES {
        let Some(role) = root.role(name) else {
            return Err(format!("it names no keys for {name}"));
        };
        // One key under two names would meet a threshold of two alone.
        let keys: BTreeSet<&str> = role
            .keyids
            .iter()
            .filter_map(|id| root.keys.get(id))
            .map(|key| key.keyval.public.trim())
            .collect();
        if role.threshold == 0 || keys.len() < role.threshold {
            return Err(format!(
                "{} different keys cannot meet the threshold {} of {name}",
                keys.len(),
                role.threshold
            ));
        }
    }
    Ok(view(root, bytes))
}

/// A root as it is shown.
pub(crate) fn view(root: &Root, bytes: &[u8]) -> TrustRoot {
    let roles = ROLES.iter().filter_map(|&name| {
        let role = root.role(name)?;
        Some(TrustRole {
            name: name.to_owned(),
            threshold: role.threshold,
            keys: role.keyids.clone(),
        })
    });
    TrustRoot {
        version: root.version,
        expires: root.expires,
        sha256: digest::sha256(bytes),
        roles: roles.collect(),
    }
}

/// What was verified, as it is shown.
pub(crate) fn verified(set: &TrustedMetadataSet, now: jiff::Timestamp) -> Option<VerifiedMetadata> {
    let (timestamp, snapshot) = (set.timestamp()?, set.snapshot()?);
    let targets = set.targets_role("targets")?;
    let expires = [
        set.root().expires,
        timestamp.expires,
        snapshot.expires,
        targets.expires,
    ]
    .into_iter()
    .min()?;
    Some(VerifiedMetadata {
        timestamp: timestamp.version,
        snapshot: snapshot.version,
        targets: targets.version,
        expires,
        expired: expires <= now,
    })
}

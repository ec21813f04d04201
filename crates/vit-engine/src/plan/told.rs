//! What a plan tells beside its steps: the changes, the contracts that are used, the way back, and
//! the facts that it rests on.

use std::collections::{BTreeMap, BTreeSet};

use vit_contract::digest;
use vit_contract::plan::{ContractUse, Position, ReleaseChanges};
use vit_contract::release::Release;

use super::{Repository, environment, quarantine};
use crate::contracts;
use crate::facts::{Facts, Target};

/// The name of the fact that a release's metadata gives.
pub const RELEASE_METADATA: &str = "release metadata";

pub(super) fn changes(target: &Target) -> Vec<ReleaseChanges> {
    let mut releases: Vec<&Release> = target.way.iter().map(|release| &**release).collect();
    if releases.is_empty() {
        releases.push(&target.release);
    }
    releases
        .into_iter()
        .rev()
        .filter_map(|release| {
            let metadata = release.metadata.as_ref()?;
            Some(ReleaseChanges {
                version: release.version.clone(),
                changes: metadata.changes.clone(),
                migration_guide_url: metadata.migration_guide_url.clone(),
            })
        })
        .collect()
}

pub(super) fn contract_uses(target: &Target) -> Vec<ContractUse> {
    let mut users: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for manifest in target
        .switch
        .verticals
        .iter()
        .filter_map(|v| v.manifest.as_ref())
    {
        for contract in &manifest.contracts_used {
            users
                .entry(contract)
                .or_default()
                .insert(manifest.domain_name.as_str());
        }
    }
    users
        .into_iter()
        .map(|(contract, used_by)| ContractUse {
            contract: contract.to_owned(),
            used_by: used_by.into_iter().map(str::to_owned).collect(),
            state: contracts::lookup(&target.exports, contract),
        })
        .collect()
}

pub(super) fn rollback_story(
    facts: &Facts,
    from: &Position,
    repository: &Repository,
) -> Vec<String> {
    let place = from.branch.as_deref().map_or_else(
        || "HEAD is detached there again".to_owned(),
        |branch| {
            let name = branch.strip_prefix("refs/heads/").unwrap_or(branch);
            format!("HEAD is on branch {name} again")
        },
    );
    let version = facts
        .version()
        .map_or_else(|| "the old commit".to_owned(), ToString::to_string);
    let mut story = vec![
        "before anything changes, the tag pre-upgrade-<time> and a private ref keep the old state"
            .to_owned(),
        format!("on any failure the tree goes back to {version} by itself, {place}"),
        "every tracked file is hashed against the old tree before it is called restored".to_owned(),
        "later, `vit rollback` does the same".to_owned(),
    ];
    for vertical in &repository.uncovered {
        story.push(format!(
            "the untracked files of {vertical} are too many or too large to be kept: a smoke test that destroys them is not undone"
        ));
    }
    story
}

/// The facts by name: what `vit upgrade --plan` compares before it goes on.
pub(super) fn named_facts(
    facts: &Facts,
    target: &Target,
    repository: &Repository,
    from: &Position,
) -> BTreeMap<String, String> {
    let manifests: String = target
        .switch
        .verticals
        .iter()
        .chain(&facts.verticals)
        .map(|v| format!("{}\0{}\0{:?}\n", v.manifest_path, v.sha256, v.smoke_test))
        .collect();
    let holds = serde_json::to_string(&facts.choices.holds).unwrap_or_default();
    let mut changed: Vec<String> = facts
        .status
        .changed
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    changed.sort();
    // What was not read is no fact: reading it later moves nothing.
    let metadata = (!target.release.unread).then(|| {
        let sha256 = target.release.metadata_sha256.clone();
        (RELEASE_METADATA, sha256.unwrap_or_default())
    });
    let signed_by = target.signed_by.as_ref().map(ToString::to_string);
    [
        ("head", from.commit.clone()),
        (
            "branch",
            from.branch.clone().unwrap_or_else(|| "detached".into()),
        ),
        (
            "working tree",
            digest::sha256(changed.join("\0").as_bytes()),
        ),
        ("target commit", target.position.commit.clone()),
        ("target tree", target.landing.tree.clone()),
        ("vertical manifests", digest::sha256(manifests.as_bytes())),
        ("settings", repository.settings_sha256.clone()),
        ("channel", facts.channel.channel.to_string()),
        ("holds", digest::sha256(holds.as_bytes())),
        ("environment", environment::fact(&facts.environment)),
        ("quarantine", quarantine::fact(target)),
    ]
    .into_iter()
    .chain(metadata)
    .chain(signed_by.map(|signed_by| ("signed by", signed_by)))
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}

//! The cache as a person asks for it: what is in it, and removing that.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use vit_contract::output::{CacheCleanReport, CacheHost, CacheInfoReport, CacheLimit};

use super::inventory::{Inventory, State};
use super::prune::{MAX_BYTES, Rule};
use super::{Cache, place};
use crate::environment::Environment;
use crate::error::EngineError;
use crate::faults::Faults;

/// Says what is in the cache. Writes nothing, and looks into no folder that is not safe.
pub(crate) fn info(environment: &Environment, now: Timestamp) -> CacheInfoReport {
    let mut report = CacheInfoReport {
        schema: "vit.cache-info/1".into(),
        folder: None,
        named_by: None,
        entries: 0,
        bytes: 0,
        max_bytes: MAX_BYTES,
        oldest: None,
        newest: None,
        damaged: 0,
        hosts: Vec::new(),
        limits: Vec::new(),
        problems: Vec::new(),
    };
    let place = match place::find(environment) {
        Ok(place) => place,
        Err(problem) => {
            report.problems.push(*problem);
            return report;
        }
    };
    report.folder = Some(place.path.display().to_string());
    report.named_by = Some(place.named_by.into());
    report.problems = place.check();
    if report.problems.is_empty() {
        let inventory = Cache::new(&place.path, &Faults::default()).inventory();
        describe(&mut report, &inventory, now);
    }
    report
}

fn describe(report: &mut CacheInfoReport, inventory: &Inventory, now: Timestamp) {
    let asked = || inventory.answers().map(|entry| entry.asked);
    report.entries = inventory.answers().count();
    report.bytes = inventory.bytes();
    report.oldest = asked().min();
    report.newest = asked().max();
    let damaged = |state: &State<_>| matches!(state, State::Damaged);
    report.damaged = inventory
        .entries
        .iter()
        .filter(|(_, state)| damaged(state))
        .count();
    let mut hosts: BTreeMap<&str, (usize, u64)> = BTreeMap::new();
    for entry in inventory.answers() {
        let host = hosts.entry(&entry.host).or_default();
        host.0 += 1;
        host.1 = host.1.saturating_add(entry.length);
    }
    report.hosts = hosts
        .into_iter()
        .map(|(host, (entries, bytes))| CacheHost {
            host: host.to_owned(),
            entries,
            bytes,
        })
        .collect();
    report.limits = inventory
        .limits
        .iter()
        .filter_map(|(_, state)| match state {
            State::Whole(limit) if limit.holds(now) => Some(CacheLimit {
                host: limit.host.clone(),
                until: limit.until,
                with_token: limit.fingerprint.is_some(),
            }),
            State::Whole(_) | State::Newer | State::Damaged => None,
        })
        .collect();
    report
        .limits
        .sort_by(|a, b| (&a.host, a.with_token).cmp(&(&b.host, b.with_token)));
}

/// Removes what is in the cache, or what of it is older. What a server forbids stays known.
pub(crate) fn clean(
    environment: &Environment,
    now: Timestamp,
    older_than: Option<Duration>,
) -> Result<CacheCleanReport, EngineError> {
    let refused = |summary: &str, problems| EngineError::Refused {
        summary: summary.to_owned(),
        problems,
    };
    let place = place::find(environment)
        .map_err(|problem| refused("there is no cache to clean", vec![*problem]))?;
    let problems = place.check();
    if !problems.is_empty() {
        return Err(refused("the cache folder is not safe to use", problems));
    }
    let faults = Faults::default();
    let cache = Cache::new(&place.path, &faults);
    let rule = Rule {
        // Longer than time can be told is never.
        older_than: older_than.map(|it| it.try_into().unwrap_or(SignedDuration::MAX)),
        max_bytes: u64::MAX,
    };
    let removed = cache.remove(now, rule);
    let left = cache.inventory();
    Ok(CacheCleanReport {
        schema: "vit.cache-clean/1".into(),
        folder: place.path.display().to_string(),
        older_than_seconds: older_than.map(|it| it.as_secs()),
        entries_removed: removed.entries,
        files_removed: removed.files,
        bytes_freed: removed.bytes,
        entries: left.answers().count(),
        bytes: left.bytes(),
        not_removed: removed.failed,
    })
}

//! How risky an upgrade is, with the reasons.

use vit_contract::channel::Channel;
use vit_contract::plan::{Risk, RiskLevel};
use vit_contract::problem::{Problem, Severity};
use vit_contract::release::Release;
use vit_contract::verdict::Verdict;
use vit_contract::vertical::Status;

use crate::compat::SmokeTestFile;
use crate::facts::{Facts, Target};

/// Weighs an upgrade: the level is that of the weightiest reason.
#[must_use]
pub fn assess(facts: &Facts, target: &Target, verdict: &Verdict, preflight: &[Problem]) -> Risk {
    let mut reasons: Vec<(RiskLevel, String)> = Vec::new();
    versions(&mut reasons, facts, target);
    contents(&mut reasons, target);
    let channel = target.release.channel();
    if channel > Channel::Stable {
        let level = if channel == Channel::Canary {
            RiskLevel::High
        } else {
            RiskLevel::Medium
        };
        reasons.push((level, format!("it is a {channel} release")));
    }
    let unproven: Vec<&str> = target
        .switch
        .verticals
        .iter()
        .filter(|v| v.smoke_test != SmokeTestFile::Ready)
        .filter_map(|v| v.manifest.as_ref())
        .filter(|m| m.status == Status::Active)
        .map(|m| m.domain_name.as_str())
        .collect();
    if !unproven.is_empty() {
        reasons.push((
            RiskLevel::Medium,
            format!("no smoke test proves it for {}", unproven.join(", ")),
        ));
    } else if target.switch.verticals.is_empty() {
        reasons.push((
            RiskLevel::Medium,
            "no vertical is declared: nothing proves it".into(),
        ));
    }
    let unread = target
        .switch
        .verticals
        .iter()
        .filter(|v| v.manifest.is_none())
        .count();
    if unread > 0 {
        let plural = if unread == 1 { "manifest" } else { "manifests" };
        reasons.push((RiskLevel::High, format!("{unread} {plural} cannot be read")));
    }
    let warnings = preflight
        .iter()
        .chain(verdict.problems())
        .filter(|problem| problem.severity == Severity::Warning)
        .count();
    if warnings > 0 {
        let plural = if warnings == 1 { "warning" } else { "warnings" };
        reasons.push((RiskLevel::Medium, format!("{warnings} {plural}")));
    }
    let level = reasons
        .iter()
        .map(|(level, _)| *level)
        .max()
        .unwrap_or(RiskLevel::Low);
    reasons.sort_by_key(|(level, _)| std::cmp::Reverse(*level));
    if reasons.is_empty() {
        reasons.push((
            RiskLevel::Low,
            "no breaking change, every active vertical has a smoke test".into(),
        ));
    }
    Risk {
        level,
        reasons: reasons.into_iter().map(|(_, reason)| reason).collect(),
    }
}

fn versions(reasons: &mut Vec<(RiskLevel, String)>, facts: &Facts, target: &Target) {
    let Some(current) = facts.version() else {
        reasons.push((
            RiskLevel::Medium,
            "the installed version is not known".into(),
        ));
        return;
    };
    let wanted = &target.release.version;
    if wanted < current {
        reasons.push((
            RiskLevel::High,
            format!("it goes down, from {current} to {wanted}"),
        ));
    } else if wanted.major > current.major {
        reasons.push((
            RiskLevel::High,
            format!("a new major: {current} to {wanted}"),
        ));
    } else if wanted.minor > current.minor + 1 {
        let skipped = wanted.minor - current.minor;
        reasons.push((
            RiskLevel::Medium,
            format!("{skipped} minor releases at once"),
        ));
    }
}

fn contents(reasons: &mut Vec<(RiskLevel, String)>, target: &Target) {
    let releases: Vec<&Release> = if target.way.is_empty() {
        vec![&target.release]
    } else {
        target.way.iter().map(|release| &**release).collect()
    };
    let count = |pick: fn(&vit_contract::release::Changes) -> usize| -> usize {
        releases
            .iter()
            .filter_map(|release| release.metadata.as_ref())
            .map(|m| pick(&m.changes))
            .sum()
    };
    let breaking = count(|changes| changes.breaking.len());
    if breaking > 0 {
        reasons.push((RiskLevel::High, format!("{breaking} breaking on the way")));
    }
    let deprecated = count(|changes| changes.deprecated.len());
    if deprecated > 0 {
        reasons.push((
            RiskLevel::Low,
            format!("{deprecated} deprecated on the way"),
        ));
    }
    if target.release.metadata.is_none() {
        reasons.push((
            RiskLevel::Medium,
            "the release says nothing of its changes".into(),
        ));
    }
}

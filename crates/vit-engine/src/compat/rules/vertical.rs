//! Rules about one vertical and the release, or about the verticals together.

use super::Rule;

mod breaking_changes;
mod capabilities;
mod contracts_major;
mod contracts_used;
mod core_range;
mod derogations;
mod duplicate_domain;
mod lifecycle;
pub(in crate::compat) mod manifest;
mod minimum_vertical_version;
mod removed_by_target;
mod smoke_test;

pub(super) const RULES: &[Rule] = &[
    breaking_changes::RULE,
    capabilities::RULE,
    contracts_major::RULE,
    contracts_used::RULE,
    core_range::RULE,
    derogations::RULE,
    duplicate_domain::RULE,
    lifecycle::RULE,
    manifest::RULE,
    minimum_vertical_version::RULE,
    removed_by_target::RULE,
    smoke_test::RULE,
];

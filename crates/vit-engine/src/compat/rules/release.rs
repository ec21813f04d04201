//! Rules about the release itself, whoever uses it.

use super::Rule;

mod channel;
mod checksum;
mod contracts_readable;
mod contracts_version;
mod deprecations;
mod metadata_tag;
mod migration_guide;
mod no_verticals;
mod requires_from;
mod support_window;
mod way_metadata;

pub(super) const RULES: &[Rule] = &[
    channel::RULE,
    checksum::RULE,
    contracts_readable::RULE,
    contracts_version::RULE,
    deprecations::RULE,
    metadata_tag::RULE,
    migration_guide::RULE,
    no_verticals::RULE,
    requires_from::RULE,
    support_window::RULE,
    way_metadata::RULE,
];

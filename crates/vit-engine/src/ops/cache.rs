//! `vit cache`: what is kept of servers' answers, and removing it. Needs no installation.

use std::time::Duration;

use jiff::Timestamp;
use vit_contract::output::{CacheCleanReport, CacheInfoReport};

use crate::environment::Environment;
use crate::error::EngineError;
use crate::http::cache::report;

/// Says where the cache is and what is in it. That it cannot be used is a part of the answer.
#[must_use]
pub fn info(environment: &Environment, now: Timestamp) -> CacheInfoReport {
    report::info(environment, now)
}

/// Removes every answer, or those that no server has confirmed for so long. Nothing is lost but
/// time; the limits of servers stay known.
///
/// # Errors
/// `Refused` where there is no cache, or its folder is not safe.
pub fn clean(
    environment: &Environment,
    now: Timestamp,
    older_than: Option<Duration>,
) -> Result<CacheCleanReport, EngineError> {
    report::clean(environment, now, older_than)
}

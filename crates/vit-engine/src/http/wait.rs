//! Waiting for a server that says "later": in all only as long as `--wait` allows.

use std::time::Duration;

use super::client::HttpError;
use crate::context::Context;

/// How long a wait is before it is looked whether to stop.
pub(super) const SLICE: Duration = Duration::from_millis(200);

/// Makes an attempt, and where it hits a limit that is shorter than what is left of `--wait`,
/// waits and makes it again. One waits at a time: what the others wait for is over with it.
pub(super) fn patiently<T>(
    cx: &Context<'_>,
    attempt: impl Fn() -> Result<T, HttpError>,
) -> Result<T, HttpError> {
    let traffic = &cx.network.traffic;
    loop {
        let before = traffic.waits();
        let error = match attempt() {
            Err(error @ HttpError::Limited { .. }) => error,
            other => return other,
        };
        let HttpError::Limited { host, until, .. } = &error else {
            return Err(error);
        };
        let mut spent = traffic.patience();
        if cx.cancel.is_set() {
            return Err(HttpError::Cancelled);
        }
        let lifted = traffic.limited(host).is_none();
        if lifted && traffic.waits() != before {
            continue;
        }
        let needed = until.duration_since(cx.clock.now());
        // At least a second, so that a server that always says "now" is not asked for ever.
        let needed = Duration::try_from(needed)
            .unwrap_or_default()
            .max(Duration::from_secs(1));
        if needed > cx.network.wait.saturating_sub(*spent) {
            return Err(error);
        }
        *spent += needed;
        let mut rest = needed;
        while !rest.is_zero() {
            if cx.cancel.is_set() {
                return Err(HttpError::Cancelled);
            }
            let slice = rest.min(SLICE);
            cx.clock.pause(slice);
            rest -= slice;
        }
        traffic.waited(host, *until);
    }
}

//! A release in quarantine, in a line.

use vit_contract::output::QuarantinedRelease;
use vit_contract::text::{excerpt, visible};

use super::{count, time};

/// How much of a cause stands in the line, in characters.
const CAUSE_CHARS: usize = 160;

/// `1.2.0: failed 3 times, last on …: the cause; vit history show …`.
#[must_use]
pub fn line(release: &QuarantinedRelease) -> String {
    let version = visible(&release.version.to_string());
    let when = time(release.last);
    let what = if release.by_hand {
        "taken back"
    } else {
        "failed"
    };
    let how = match release.times {
        1 => format!("{what} on {when}"),
        times => {
            let times = count(usize::try_from(times).unwrap_or(usize::MAX), "time");
            format!("{what} {times}, last on {when}")
        }
    };
    // Output of others may be part of it: `vit explain` shows the whole.
    let cause = release.cause.lines().next().unwrap_or_default();
    let lifted = if release.lifted_by.is_empty() {
        String::new()
    } else {
        format!(
            "; lifted, since then something has changed: {}",
            visible(&release.lifted_by.join(", "))
        )
    };
    format!(
        "{version}: {how}: {} (transaction {}){lifted}",
        excerpt(&visible(cause), CAUSE_CHARS),
        visible(&release.transaction)
    )
}

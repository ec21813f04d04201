//! A release in quarantine, in a line.

use vit_contract::output::QuarantinedRelease;
use vit_contract::text::visible;

use super::{count, time};

/// `1.2.0: failed 3 times, last on …: the cause; vit history show …`.
#[must_use]
pub fn line(release: &QuarantinedRelease) -> String {
    let version = visible(&release.version.to_string());
    let when = time(release.last);
    let how = match (release.by_hand, release.times) {
        (true, 1) => format!("on {when}"),
        (false, 1) => format!("failed on {when}"),
        (_, times) => {
            let times = count(usize::try_from(times).unwrap_or(usize::MAX), "time");
            format!("failed {times}, last on {when}")
        }
    };
    format!(
        "{version}: {how}: {} (transaction {})",
        visible(&release.cause),
        visible(&release.transaction)
    )
}

//! `vit trust`.

use vit_contract::output::{TrustReport, TrustRoot, TrustedOrigin};
use vit_contract::text::visible;
use vit_engine::ops::trust::Proposal;

use super::{View, problems, time};

/// The report as text.
#[must_use]
pub fn trust(report: &TrustReport, view: View) -> String {
    let mut out = format!("{}\n", view.paint.bold(&visible(&report.details)));
    for origin in &report.origins {
        out.push_str(&one(origin, view));
    }
    for removed in &report.removed {
        out.push_str(&format!(
            "\n{} {}\n  {}, by {}: {}\n",
            view.paint.dim("no longer trusted:"),
            visible(&removed.origin),
            time(removed.removed),
            visible(&removed.by),
            visible(&removed.reason)
        ));
    }
    out.push_str(&problems::problems(&report.problems, view));
    out
}

fn one(origin: &TrustedOrigin, view: View) -> String {
    let name = visible(&origin.origin);
    let mut out = format!("\n{}\n", view.paint.bold(&name));
    let mut add = |name: &str, value: &str| {
        let name = view.paint.dim(&format!("{name}:"));
        out.push_str(&format!("  {name} {value}\n"));
    };
    if !origin.in_use {
        add("not in use", "the registry is of another origin");
    }
    add("metadata", &visible(&origin.metadata_url));
    add(
        "since",
        &format!("{}, by {}", time(origin.since), visible(&origin.by)),
    );
    match &origin.verified {
        None => add("verified", "nothing yet: `vit update` asks"),
        Some(verified) => {
            let end = if verified.expired {
                "expired"
            } else {
                "good until"
            };
            let what = format!(
                "timestamp {}, snapshot {}, targets {}; {end} {}",
                verified.timestamp,
                verified.snapshot,
                verified.targets,
                time(verified.expires)
            );
            add("verified", &what);
        }
    }
    out.push_str(&root("pinned root", &origin.pinned, view));
    if let Some(current) = &origin.current {
        out.push_str(&root("root now", current, view));
    }
    out
}

fn root(name: &str, root: &TrustRoot, view: View) -> String {
    let mut out = format!(
        "  {} version {}, expires {}\n    SHA-256 {}\n",
        view.paint.dim(&format!("{name}:")),
        root.version,
        time(root.expires),
        visible(&root.sha256)
    );
    for role in &root.roles {
        out.push_str(&format!(
            "    {}: {} of {} keys sign\n",
            visible(&role.name),
            role.threshold,
            role.keys.len()
        ));
        for key in &role.keys {
            out.push_str(&format!("      {}\n", visible(key)));
        }
    }
    out
}

/// What is to be agreed to.
#[must_use]
pub fn proposal(proposal: &Proposal, view: View) -> String {
    let origin = view.paint.bold(&visible(&proposal.origin));
    format!(
        "from now on {origin} has to be signed, and everything below it:\n  {} {}\n  {} {}\n{}",
        view.paint.dim("metadata:"),
        visible(&proposal.metadata_url),
        view.paint.dim("signed files below:"),
        visible(&proposal.targets_url),
        root("root", &proposal.root, view)
    )
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::render::samples;

    #[test]
    fn what_is_trusted_and_what_was() {
        assert_snapshot!(trust(&samples::trust(), View::default()), @"
        1 origin is trusted as signed

        https://mirror.example
          not in use: the registry is of another origin
          metadata: https://mirror.example/vit/metadata/
          since: 2026-02-01 08:00:00Z, by ada@here
          verified: timestamp 7, snapshot 4, targets 3; good until 2026-06-01 08:00:00Z
          pinned root: version 1, expires 2027-02-01 08:00:00Z
            SHA-256 0000000000000000000000000000000000000000000000000000000000000000
            root: 2 of 2 keys sign
              aa
              bb
          root now: version 2, expires 2027-02-01 08:00:00Z
            SHA-256 0000000000000000000000000000000000000000000000000000000000000000
            root: 2 of 2 keys sign
              aa
              bb

        no longer trusted: https://old.example
          2026-01-01 08:00:00Z, by ada@here: it is gone
        ");
    }

    #[test]
    fn what_is_to_be_agreed_to() {
        assert_snapshot!(proposal(&samples::proposal(), View::default()), @"
        from now on https://mirror.example has to be signed, and everything below it:
          metadata: https://mirror.example/vit/metadata/
          signed files below: https://mirror.example/vit/
          root: version 1, expires 2027-02-01 08:00:00Z
            SHA-256 0000000000000000000000000000000000000000000000000000000000000000
            root: 2 of 2 keys sign
              aa
              bb
        ");
    }
}

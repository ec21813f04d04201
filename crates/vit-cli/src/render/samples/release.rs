//! Reports of `vit release`.

use vit_contract::output::{
    ChecksumState, Judged, ListedRelease, ReleaseListReport, ReleaseShowReport, ReleaseState,
};
use vit_contract::release::{Checksum, ReleaseMetadata};

use super::{
    Channel, Code, at, channel_choice, oid, problems, release_changes, update, verdict, version,
    warnings,
};

fn listed(text: &str, state: ReleaseState, reason: Option<Code>) -> ListedRelease {
    ListedRelease {
        version: version(text),
        channel: Channel::of_version(&version(text)),
        lts: false,
        release_date: Some(at("2026-02-19T16:45:00Z")),
        support_until: None,
        state,
        reason,
        judged: Some(Judged::Whole),
        through: Vec::new(),
    }
}

pub(crate) fn release_list() -> ReleaseListReport {
    let blocked = listed("2.0.0", ReleaseState::Blocked, Some(Code::CoreAboveMaximum));
    let beta = ListedRelease {
        judged: None,
        ..listed("1.3.0-beta.1", ReleaseState::Hidden, None)
    };
    let offered = ListedRelease {
        lts: true,
        support_until: Some("2027-12-31".parse().unwrap()),
        through: vec![version("1.1.0")],
        ..listed("1.2.0", ReleaseState::Offered, None)
    };
    let far = ListedRelease {
        judged: Some(Judged::Metadata),
        ..listed(
            "1.1.0",
            ReleaseState::CompatibleWithWarnings,
            Some(Code::MetadataNotFetched),
        )
    };
    let old = |text, state| ListedRelease {
        judged: None,
        release_date: None,
        ..listed(text, state, None)
    };
    ReleaseListReport {
        schema: "vit.release-list/1".into(),
        current_version: Some(version("1.0.0")),
        channel: channel_choice(),
        all_channels: true,
        releases: vec![
            blocked,
            beta,
            offered,
            far,
            old("1.0.0", ReleaseState::Installed),
            old("0.9.0", ReleaseState::Older),
        ],
        more: 12,
        problems: problems().into_iter().take(1).collect(),
        source: update().source,
        timestamp: at("2026-03-01T08:02:30Z"),
    }
}

pub(crate) fn release_show() -> ReleaseShowReport {
    ReleaseShowReport {
        schema: "vit.release-show/1".into(),
        version: version("1.1.0"),
        tag: "v1.1.0".into(),
        channel: Channel::Stable,
        lts: true,
        state: ReleaseState::CompatibleWithWarnings,
        through: vec![version("1.0.5")],
        commit: Some(oid('a')),
        tree: None,
        metadata: Some(ReleaseMetadata {
            version: version("1.1.0"),
            release_date: Some(at("2026-02-19T16:45:00Z")),
            channel: Channel::Stable,
            contracts_version: Some(version("1.4.0")),
            changes: release_changes().changes,
            migration_guide_url: Some("https://example.org/migrate".into()),
            minimum_vertical_version: [(
                vit_contract::name::DomainName::parse("finance").unwrap(),
                version("0.2.0"),
            )]
            .into(),
            capabilities: Some(vec!["bus".into(), "graph".into()]),
            removed_capabilities: vec!["fax".into()],
            lts: true,
            support_until: Some("2027-12-31".parse().unwrap()),
            requires_from: Some(version("1.0.0")),
            checksum: Some(Checksum::GitCommitSha(oid('a'))),
        }),
        metadata_sha256: Some("5".repeat(64)),
        checksum: ChecksumState::Verified,
        judged: Judged::Metadata,
        verdict: verdict(warnings()),
        current_version: Some(version("1.0.0")),
        channel_in_force: channel_choice(),
        problems: problems().into_iter().skip(1).collect(),
        source: update().source,
        timestamp: at("2026-03-01T08:02:30Z"),
        next: "vit plan --target 1.1.0".into(),
    }
}

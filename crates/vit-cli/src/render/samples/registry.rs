//! Samples of `vit mirror` and `vit trust`.

use vit_contract::code::Code;
use vit_contract::output::{
    MirrorIndexReport, RemovedTrust, Source, TrustReport, TrustRole, TrustRoot, TrustedOrigin,
    VerifiedMetadata,
};
use vit_contract::problem::{Problem, Who};

use super::at;

pub(crate) fn mirror_index() -> MirrorIndexReport {
    MirrorIndexReport {
        schema: "vit.mirror-index/1".into(),
        details: "the index lists 2 releases; 3 files were written".into(),
        folder: "/srv/www/vit".into(),
        sha256: "0".repeat(64),
        repository: Some("core.git".into()),
        releases: 2,
        withdrawn: 1,
        written: vec!["1.0.0/release_metadata.json".into(), "index.json".into()],
        unchanged: 1,
        source: Source {
            kind: "git".into(),
            location: "origin".into(),
            fetched: at("2026-03-01T08:00:00Z"),
            stale: false,
            ignored_tags: 0,
            cached: false,
            signed: false,
            requests: 0,
        },
        problems: vec![
            Problem::new(
                Code::MetadataUnreadable,
                "v1.1.0",
                "the release is not in the index",
            )
            .evidence("its metadata was not fetched")
            .hint(Who::You, "`vit why` says more"),
        ],
    }
}

fn root(version: u64) -> TrustRoot {
    TrustRoot {
        version,
        expires: at("2027-02-01T08:00:00Z"),
        sha256: "0".repeat(64),
        roles: vec![TrustRole {
            name: "root".into(),
            threshold: 2,
            keys: vec!["aa".into(), "bb".into()],
        }],
    }
}

pub(crate) fn trust() -> TrustReport {
    TrustReport {
        schema: "vit.trust-show/1".into(),
        details: "1 origin is trusted as signed".into(),
        registry: Some("https://mirror.example".into()),
        origins: vec![TrustedOrigin {
            origin: "https://mirror.example".into(),
            in_use: false,
            metadata_url: "https://mirror.example/vit/metadata/".into(),
            targets_url: "https://mirror.example/vit/".into(),
            since: at("2026-02-01T08:00:00Z"),
            by: "ada@here".into(),
            pinned: root(1),
            current: Some(root(2)),
            verified: Some(VerifiedMetadata {
                timestamp: 7,
                snapshot: 4,
                targets: 3,
                expires: at("2026-06-01T08:00:00Z"),
                expired: false,
            }),
        }],
        removed: vec![RemovedTrust {
            origin: "https://old.example".into(),
            root_sha256: "0".repeat(64),
            removed: at("2026-01-01T08:00:00Z"),
            by: "ada@here".into(),
            reason: "it is gone".into(),
        }],
        problems: Vec::new(),
    }
}

pub(crate) fn proposal() -> vit_engine::ops::trust::Proposal {
    vit_engine::ops::trust::Proposal {
        origin: "https://mirror.example".into(),
        metadata_url: "https://mirror.example/vit/metadata/".into(),
        targets_url: "https://mirror.example/vit/".into(),
        root: root(1),
        already: false,
    }
}

use vit_contract::problem::Severity;
use vit_contract::settings::{RegistryKind, RegistrySettings};

use super::*;
use crate::ops::trust;
use crate::registry::index::fixture::URL;

fn settings(signed: &mut Signed, kind: RegistryKind, location: &str) {
    signed.world.site.settings.registry = RegistrySettings {
        kind,
        location: Some(location.to_owned()),
    };
}

/// Roots follow one another from the pinned one, which stays pinned.
#[test]
fn tuf_root_rotation_follows_the_chain() {
    let steps = [
        "rotate:root",
        "rotate:targets:snapshot",
        "rotate:root:timestamp",
        "content_of:{b}",
    ];
    let Some(signed) = Signed::usual(&steps) else {
        return;
    };
    // Never seen before: all in one go.
    signed.serve(4);
    signed.assert_good(&["1.0.0", "1.1.0", "1.2.0"]);
    let report = signed.world.with(trust::show).unwrap();
    let origin = &report.origins[0];
    assert_eq!(origin.pinned.version, 1);
    assert_eq!(origin.current.as_ref().unwrap().version, 4);
    assert!(!origin.verified.as_ref().unwrap().expired);
    // A chain with a gap is no chain.
    let Some(signed) = Signed::usual(&steps) else {
        return;
    };
    let metadata = signed.tuf.after(4).join("metadata");
    mix(&metadata.join("4.root.json"), &metadata.join("2.root.json"));
    signed.serve(4);
    signed.assert_barred(
        Code::RegistryUntrusted,
        "root version must increment by one",
    );
}

#[test]
fn a_signed_registry_asks_for_no_more_than_it_needs() {
    let Some(signed) = Signed::usual(&[]) else {
        return;
    };
    let listing = signed.assert_good(&["1.0.0", "1.1.0"]);
    assert!(listing.source.requests > 0);
    signed.world.server.asked();
    signed.assert_good(&["1.0.0", "1.1.0"]);
    let asked = signed.world.server.asked();
    let metadata = |path: &&String| path.contains("/metadata/");
    let metadata: Vec<&String> = asked.iter().filter(metadata).collect();
    assert_eq!(
        metadata,
        ["/vit/metadata/2.root.json", "/vit/metadata/timestamp.json"]
    );
    assert!(
        !asked.iter().any(|path| path.ends_with("index.json")),
        "{asked:?}"
    );
}

#[test]
fn names_without_versions_and_hashes_are_verified_too() {
    let Some(signed) = Signed::usual(&["plain_names", "content_of:{b}"]) else {
        return;
    };
    signed.serve(1);
    signed.assert_good(&["1.0.0", "1.1.0"]);
    signed.serve(2);
    signed.assert_good(&["1.0.0", "1.1.0", "1.2.0"]);
    let Some(fresh) = Signed::usual(&["plain_names"]) else {
        return;
    };
    put(&fresh.tuf.after(1).join("index.json"), b"{}");
    fresh.serve(1);
    assert!(fresh.list().problems[0].blocks());
}

/// Once an origin is trusted as signed, nothing on the server and nothing in the settings makes it
/// count unsigned.
#[test]
fn a_trusted_origin_never_counts_unsigned() {
    let Some(mut signed) = Signed::usual(&["same", "same"]) else {
        return;
    };
    signed.assert_good(&["1.0.0", "1.1.0"]);
    // The signatures are gone from the server.
    std::fs::remove_dir_all(signed.tuf.after(1).join("metadata")).unwrap();
    signed.serve(1);
    signed.assert_barred(Code::RegistryUntrusted, "not found");
    // Another path below the same origin, signed or not.
    signed.serve(0);
    for url in [
        "https://mirror.example/other/index.json",
        "https://mirror.example/index.json",
        "https://mirror.example/vit/../x/index.json",
    ] {
        settings(&mut signed, RegistryKind::Index, url);
        signed.assert_barred(Code::RegistryUntrusted, "is not below");
    }
    settings(
        &mut signed,
        RegistryKind::Index,
        "https://mirror.example/vit/other.json",
    );
    signed.assert_barred(Code::RegistryUntrusted, "not among the signed files");
    // Read as git, by the settings or by the remote.
    settings(
        &mut signed,
        RegistryKind::Git,
        "https://mirror.example/vit/core.git",
    );
    signed.assert_barred(Code::RegistryUntrusted, "without signatures");
    signed.world.site.settings.registry = RegistrySettings {
        kind: RegistryKind::Auto,
        location: None,
    };
    let url = [
        "remote",
        "set-url",
        "origin",
        "https://mirror.example/core.git",
    ];
    signed.world.here.run(&url);
    signed.assert_barred(Code::RegistryUntrusted, "without signatures");
    settings(&mut signed, RegistryKind::Index, URL);
    signed.assert_good(&["1.0.0", "1.1.0"]);
}

#[test]
fn another_origin_is_a_warning_that_names_the_trusted_one() {
    let Some(mut signed) = Signed::usual(&[]) else {
        return;
    };
    let elsewhere = "https://elsewhere.example/vit/index.json";
    settings(&mut signed, RegistryKind::Index, elsewhere);
    let listing = signed.list();
    let problem = &listing.problems[0];
    assert_eq!(
        (problem.code, problem.severity),
        (Code::TrustElsewhere, Severity::Warning)
    );
    assert!(
        problem
            .evidence
            .as_ref()
            .unwrap()
            .contains("https://mirror.example")
    );
    assert!(!listing.source.signed);
    assert!(find(&listing, "1.1.0").is_usable());
    // The same for the tags of a remote.
    let core = signed.world.core.root.to_str().unwrap().to_owned();
    settings(&mut signed, RegistryKind::Git, &core);
    assert_eq!(signed.list().problems[0].code, Code::TrustElsewhere);
}

#[test]
fn offline_what_was_verified_counts_until_it_expires() {
    let Some(mut signed) = Signed::usual(&["until_soon"]) else {
        return;
    };
    // Nothing was ever verified.
    assert!(signed.world.list(false).is_err());
    signed.serve(1);
    signed.assert_good(&["1.0.0", "1.1.0"]);
    signed.world.server.fault("", Fault::Down);
    let listing = signed.world.list(false).unwrap();
    assert!(listing.source.signed && !listing.source.stale);
    assert_eq!(listing.releases.len(), 2);
    signed.world.now = "2027-01-01T00:00:00Z".parse().unwrap();
    let listing = signed.world.list(false).unwrap();
    assert_eq!(listing.problems[0].code, Code::RegistryMetadataExpired);
    assert!(listing.releases.iter().all(|release| !release.is_usable()));
    // With a server that is not there, it is the same.
    signed.assert_barred(Code::RegistryMetadataExpired, "timestamp");
}

#[test]
fn what_is_kept_is_not_believed_for_being_kept() {
    let Some(signed) = Signed::usual(&["content_of:{b}"]) else {
        return;
    };
    signed.assert_good(&["1.0.0", "1.1.0"]);
    let state = signed.world.site.state_dir.join("trust");
    let folder = std::fs::read_dir(&state)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.is_dir())
        .unwrap();
    // A kept index that is another: fetched again, else nothing.
    put(&folder.join("index.json"), b"{}");
    signed.assert_good(&["1.0.0", "1.1.0"]);
    // Kept metadata that is damaged counts as absent.
    for name in ["timestamp.json", "snapshot.json", "targets.json"] {
        put(&folder.join("verified").join(name), b"{}");
    }
    signed.assert_good(&["1.0.0", "1.1.0"]);
    // A pinned root that is another, and a record that cannot be read: nothing is believed.
    let pinned = std::fs::read(folder.join("pinned.json")).unwrap();
    put(&folder.join("pinned.json"), b"{}");
    assert!(matches!(
        signed.world.list(true),
        Err(EngineError::Refused { .. })
    ));
    put(&folder.join("pinned.json"), &pinned);
    put(&state.join("tuf.json"), b"{");
    assert!(matches!(
        signed.world.list(true),
        Err(EngineError::Refused { .. })
    ));
}

#[test]
fn trust_begins_and_ends_on_the_record() {
    let Some(signed) = Signed::usual(&["rotate:root"]) else {
        return;
    };
    let world = &signed.world;
    let report = world.with(trust::show).unwrap();
    assert_eq!(report.schema, "vit.trust-show/1");
    let origin = &report.origins[0];
    assert_eq!(origin.origin, "https://mirror.example");
    assert_eq!(origin.metadata_url, "https://mirror.example/vit/metadata/");
    assert_eq!(origin.targets_url, "https://mirror.example/vit/");
    assert!(origin.in_use && origin.by == "ada@here");
    let roles: Vec<(&str, usize, usize)> = origin
        .pinned
        .roles
        .iter()
        .map(|role| (role.name.as_str(), role.threshold, role.keys.len()))
        .collect();
    assert_eq!(
        roles,
        [
            ("root", 2, 2),
            ("targets", 2, 2),
            ("snapshot", 1, 1),
            ("timestamp", 1, 1)
        ]
    );
    // The same root again is nothing; another one is refused.
    assert!(world.trust(&signed.tuf.root()).details.contains("already"));
    let other = std::fs::read(signed.tuf.after(1).join("metadata/2.root.json")).unwrap();
    let options = trust::InitOptions {
        root: other,
        metadata_url: None,
    };
    let refused = world.with(|cx| trust::init(cx, &options)).unwrap_err();
    assert!(matches!(refused, EngineError::Refused { .. }));
    assert!(world.with(|cx| trust::remove(cx, None, " ")).is_err());
    assert!(
        world
            .with(|cx| trust::remove(cx, Some("https://x.example"), "r"))
            .is_err()
    );
    let report = world
        .with(|cx| trust::remove(cx, None, "the mirror moved"))
        .unwrap();
    assert_eq!(report.origins, []);
    assert_eq!(report.removed[0].reason, "the mirror moved");
    assert_eq!(report.removed[0].origin, "https://mirror.example");
    let listing = world.list(true).unwrap();
    assert!(!listing.source.signed && listing.problems.is_empty());
    // A new root can be pinned then.
    world.with(|cx| trust::init(cx, &options)).unwrap();
    assert_eq!(world.with(trust::show).unwrap().removed.len(), 1);
}

#[test]
fn what_is_no_root_is_not_pinned() {
    let Some(signed) = Signed::usual(&["one_key:root"]) else {
        return;
    };
    let world = World::new();
    let metadata = signed.tuf.after(1).join("metadata");
    let good = std::fs::read_to_string(signed.tuf.root()).unwrap();
    let bad = [
        b"{}".to_vec(),
        Vec::new(),
        std::fs::read(metadata.join("timestamp.json")).unwrap(),
        std::fs::read(metadata.join("2.root.json")).unwrap(),
        good.replace("\"threshold\": 2", "\"threshold\": 1")
            .into_bytes(),
    ];
    for root in bad {
        let options = trust::InitOptions {
            root,
            metadata_url: None,
        };
        let error = world.with(|cx| trust::propose(cx, &options)).unwrap_err();
        assert!(matches!(error, EngineError::BadInput { .. }), "{error:?}");
    }
    assert_eq!(world.with(trust::show).unwrap().origins, []);
}

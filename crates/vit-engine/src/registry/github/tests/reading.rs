//! Metadata: only what is wanted, from the first place that has it.

use super::*;

fn metadata(version: &str) -> String {
    format!(
        r#"{{"version": "{version}", "release_date": "2026-02-19T16:45:00Z", "channel": "stable",
            "contracts_version": "1.0.0", "changes": {{"features": ["of the asset"]}}}}"#
    )
}

/// A release with these bytes as its asset.
fn with(scene: &Scene, tag: &str, asset: Asset) {
    scene.server.release(tag, |_, _| vec![asset]);
}

#[test]
fn the_asset_comes_first_then_the_tree() {
    let scene = Scene::new();
    scene.publish("1.1.0");
    scene.publish("1.2.0");
    with(&scene, "v1.1.0", Asset::metadata(metadata("1.1.0")));
    let releases = scene.read(true);
    let features = |tag| {
        let metadata = find(&releases, tag).metadata.as_ref().unwrap();
        metadata.changes.features.len()
    };
    assert_eq!(features("v1.1.0"), 1);
    assert_eq!(features("v1.2.0"), 0);
    let release = find(&releases, "v1.1.0");
    let hash = vit_contract::digest::sha256(metadata("1.1.0").as_bytes());
    assert_eq!(release.metadata_sha256, Some(hash));
    assert!(release.is_usable() && !release.unread);
    // 1.2.0 has no asset: its tag was fetched, and it alone.
    let refs = scene
        .world
        .git(&["for-each-ref", "--format=%(refname:lstrip=3)", "refs/vit"]);
    assert_eq!(refs, "v1.2.0");
    // The assets of two releases: two questions, each sent on to the other origin.
    assert_eq!(scene.server.count(), 3);
    let downloads = scene.server.downloads();
    assert_eq!(downloads.len(), 2);
    assert!(downloads[0].path.contains(SIGNATURE));
}

/// CASES.md 7: each release answers for its own asset.
#[test]
fn case_07_github_each_asset_answers_for_its_release() {
    let scene = Scene::new();
    let mut open = Asset::metadata(metadata("1.6.0"));
    open.state = "open";
    let mut lied = Asset::metadata(metadata("1.7.0"));
    lied.digest = Some(format!("sha256:{}", "0".repeat(64)));
    let cases = [
        (
            "v1.1.0",
            Asset::metadata("[1, 2]"),
            Code::MetadataUnreadable,
        ),
        ("v1.2.0", Asset::metadata("7"), Code::MetadataUnreadable),
        (
            "v1.3.0",
            Asset::metadata([0xff, 1, 2]),
            Code::MetadataUnreadable,
        ),
        (
            "v1.4.0",
            Asset::metadata(" ".repeat(1_100_000)),
            Code::MetadataUnreadable,
        ),
        ("v1.7.0", lied, Code::MetadataUnreadable),
        (
            "v9.9.9",
            Asset::metadata(metadata("1.0.0")),
            Code::MetadataVersionMismatch,
        ),
    ];
    for (tag, asset, _) in &cases {
        scene
            .world
            .git_in(&scene.world.origin(), &["tag", tag, "main"]);
        with(&scene, tag, asset.clone());
    }
    scene.publish("1.6.0");
    with(&scene, "v1.6.0", open);
    let releases = scene.read(true);
    for (tag, _, code) in &cases {
        let release = find(&releases, tag);
        assert!(
            codes(&release.problems).contains(code),
            "{tag}: {:?}",
            release.problems
        );
        assert!(!release.is_usable(), "{tag}");
    }
    let large = find(&releases, "v1.4.0");
    assert!(format!("{:?}", large.problems).contains("1100000 bytes"));
    let lied = format!("{:?}", find(&releases, "v1.7.0").problems);
    assert!(lied.contains("was announced"));
    assert!(lied.contains("upload the file again"), "{lied}");
    // An asset that is not uploaded is none: the tree has it.
    assert!(find(&releases, "v1.6.0").metadata.is_some());
    assert!(find(&releases, "v1.0.0").is_usable());
    // What is too large was not asked for.
    let asked = scene.server.downloads().len();
    assert_eq!(asked, 6);
}

#[test]
fn where_git_does_not_reach_the_api_has_tags_and_files() {
    let scene = Scene::new();
    scene.publish("1.1.0+build.7");
    scene
        .world
        .publish("1.2.0", vit_testkit::Release::legacy_metadata);
    scene
        .world
        .publish("1.3.0", vit_testkit::Release::no_metadata);
    scene.server.connect_git(&scene.world, false);
    let listing = scene.listed();
    assert_eq!(codes(&listing.problems), [Code::RegistryFallback]);
    assert_eq!(listing.source.kind, "github");
    assert_eq!(listing.releases.len(), 4);
    let releases = scene.read(true);
    let version = |tag| {
        find(&releases, tag)
            .metadata
            .as_ref()
            .map(|m| m.version.to_string())
    };
    assert_eq!(version("v1.1.0+build.7").as_deref(), Some("1.1.0+build.7"));
    assert_eq!(version("v1.2.0").as_deref(), Some("1.2.0"));
    let none = find(&releases, "v1.3.0");
    assert_eq!(codes(&none.problems), [Code::MetadataMissing]);
    let paths = scene.server.paths();
    assert!(
        paths
            .iter()
            .any(|path| path.ends_with("?ref=v1.1.0%2Bbuild.7")),
        "{paths:?}"
    );
}

#[test]
fn what_cannot_be_had_is_said_of_each_release() {
    let scene = Scene::new();
    scene.publish("1.1.0");
    with(&scene, "v1.1.0", Asset::metadata(metadata("1.1.0")));
    scene.listed();
    let offline = scene.read(false);
    assert_eq!(
        codes(&find(&offline, "v1.1.0").problems),
        [Code::MetadataNotFetched]
    );
    // What is here needs nobody, where there is no asset that says more.
    let count = scene.server.count();
    scene.server.fail(Some(Reply::limited(403, None)));
    scene.server.connect_git(&scene.world, false);
    let releases = scene.read(true);
    let lost = find(&releases, "v1.1.0");
    assert_eq!(codes(&lost.problems), [Code::MetadataNotFetched]);
    assert!(lost.is_usable() && lost.unread);
    let why = lost.problems[0].evidence.as_deref().unwrap();
    assert!(
        why.contains("the asset release_metadata.json") && why.contains("through git"),
        "{why}"
    );
    // One limit is enough to know.
    assert!(scene.server.count() <= count + 2);

    // With git, the tree tells.
    scene.server.connect_git(&scene.world, true);
    let releases = scene.read(true);
    assert!(find(&releases, "v1.1.0").metadata.is_some());
}

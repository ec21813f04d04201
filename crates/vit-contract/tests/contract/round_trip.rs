//! What is written is read back as it was.

use proptest::prelude::*;
use semver::Version;
use vit_contract::release::{self, Change, ReleaseMetadata};
use vit_contract::settings::{Settings, read_vit_toml};
use vit_contract::vertical::{self, VerticalManifest};

fn manifest() -> VerticalManifest {
    let bytes = include_bytes!("../fixtures/manifest_full.yaml");
    vertical::read("f", bytes)
        .value
        .expect("the fixture is valid")
}

fn metadata() -> ReleaseMetadata {
    let bytes = include_bytes!("../fixtures/release_canonical.json");
    release::read("f", bytes, &Version::new(1, 4, 0))
        .value
        .expect("the fixture is valid")
}

/// A text that a reader takes as it is: not empty, not only white space.
fn text() -> impl Strategy<Value = String> {
    "[ -~àé→]{0,30}[a-z]"
}

proptest! {
    #[test]
    fn a_manifest_survives(
        team in text(), lists in prop::collection::vec(text(), 0..4), major in 0..9u64, timeout in 60..=600u32,
    ) {
        let mut manifest = manifest();
        manifest.ownership.team = team;
        manifest.compatibility.breaking_changes_allowlist = lists.clone();
        manifest.contracts_used = lists;
        manifest.compatibility.contracts_major = major;
        manifest.compatibility.smoke_tests_timeout = timeout;
        // JSON is YAML: what serde writes must be what the reader takes.
        let written = serde_json::to_vec_pretty(&manifest).unwrap();
        let reading = vertical::read("f", &written);
        prop_assert_eq!(reading.problems, vec![]);
        prop_assert_eq!(reading.value, Some(manifest));
    }

    #[test]
    fn release_metadata_survives(
        texts in prop::collection::vec((text(), prop::option::of(text())), 0..5), patch in 0..50u64, lts in any::<bool>(),
    ) {
        let mut metadata = metadata();
        metadata.version = Version::new(1, 4, patch);
        metadata.lts = lts;
        metadata.changes.documentation = vec![];
        metadata.changes.breaking = texts
            .into_iter()
            .map(|(text, id)| Change { id, text, since: None, removal: None })
            .collect();
        let written = serde_json::to_vec(&metadata).unwrap();
        let reading = release::read("f", &written, &metadata.version);
        prop_assert_eq!(reading.problems, vec![]);
        prop_assert_eq!(reading.value, Some(metadata));
    }

    #[test]
    fn settings_survive(paths in prop::collection::vec("[a-z_]{1,8}(/[a-z_]{1,8}){0,2}", 1..4), keep in 1..100usize) {
        let settings = Settings { core_package: paths.clone(), critical_paths: paths, history_retention: keep, ..Settings::default() };
        let list = |items: &[String]| serde_json::to_string(items).unwrap();
        let written = format!(
            "core_package = {}\ncritical_paths = {}\nhistory_retention = {keep}\n",
            list(&settings.core_package),
            list(&settings.critical_paths),
        );
        prop_assert_eq!(read_vit_toml("f", written.as_bytes()).value, Some(settings));
    }
}

//! Files in use elsewhere, which are not part of this repository.

use std::path::{Path, PathBuf};

use semver::Version;
use vit_contract::{package, release, vertical};

use crate::codes;

fn data() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let data = root.join("../shared/data");
    if data.is_dir() {
        return Some(data);
    }
    println!("SKIPPED: needs ../shared/data");
    None
}

fn found(problems: &[vit_contract::problem::Problem]) -> String {
    match codes(problems) {
        codes if codes.is_empty() => "valid".to_owned(),
        codes => codes.join(", "),
    }
}

#[test]
fn releases_of_the_wild_are_read_as_the_format_says() {
    let Some(data) = data() else { return };
    const COMMON: &str = "changes_documentation, checksum_unverifiable";
    for (file, tag, expected) in [
        (
            "after-v1.12.0-file-says-1.3.0.json",
            "1.12.1",
            &*format!(
                "metadata_version_mismatch, contracts_version_unknown, breaking_changes_key, {COMMON}"
            ),
        ),
        ("v1.12.0.json", "1.12.0", "checksum_unverifiable"),
        (
            "v1.2.2.json",
            "1.2.2",
            &format!("contracts_version_unknown, breaking_changes_key, {COMMON}"),
        ),
        (
            "v1.3.1.json",
            "1.3.1",
            &format!("breaking_changes_key, {COMMON}"),
        ),
        (
            "v1.8.0-first-attempt-malformed.json",
            "1.8.0",
            "metadata_unreadable 57:5",
        ),
        (
            "v1.8.0.json",
            "1.8.0",
            &format!("breaking_changes_key, {COMMON}"),
        ),
        (
            "v1.9.0.json",
            "1.9.0",
            "changes_flat_list, checksum_unverifiable",
        ),
    ] {
        let bytes = std::fs::read(data.join("core-releases").join(file)).unwrap();
        let reading = release::read(file, &bytes, &Version::parse(tag).unwrap());
        let found = found(&reading.problems);
        println!("{file}: {found}");
        assert_eq!(found, expected, "{file}");
        let unusable = file.starts_with("after") || file.contains("malformed");
        assert_eq!(reading.value.is_none(), unusable, "{file}");
    }
}

#[test]
fn manifests_of_the_wild_are_read_as_the_format_says() {
    let Some(data) = data() else { return };
    for (file, expected) in [
        ("finance.yaml", "valid"),
        ("repository-root.yaml", "status_draft 3:9"),
    ] {
        let bytes = std::fs::read(data.join("manifests").join(file)).unwrap();
        let reading = vertical::read(file, &bytes);
        let found = found(&reading.problems);
        println!("{file}: {found}");
        assert_eq!(found, expected, "{file}");
        assert!(reading.value.is_some());
    }
}

#[test]
fn package_manifests_of_the_wild_are_read_as_the_format_says() {
    let Some(data) = data() else { return };
    for (file, expected) in [
        ("VERTICAL_TEMPLATE.vit", "package_template 11:15"),
        ("order-babel-gardens.vit", "valid"),
        ("service-mcp.vit", "valid"),
        ("service-neural-engine.vit", "valid"),
        ("vertical-finance.vit", "valid"),
    ] {
        let bytes = std::fs::read(data.join("packages").join(file)).unwrap();
        let reading = package::read(file, &bytes);
        let found = found(&reading.problems);
        println!("{file}: {found}");
        assert_eq!(found, expected, "{file}");
        assert_eq!(reading.value.is_some(), expected == "valid");
    }
}

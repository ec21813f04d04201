//! `vit.toml` and `[tool.vit]`.

use vit_contract::settings::{RegistryKind, Settings, read_pyproject, read_vit_toml};

use crate::{codes, shown};

fn problems(text: &str) -> Vec<String> {
    codes(&read_vit_toml("vit.toml", text.as_bytes()).problems)
}

#[test]
fn every_key_is_read_and_the_rest_keeps_its_default() {
    let text = r#"
core_package = "core"
core_submodule = "vendor/core"
contracts_package = ["api/", "core/api"]
critical_paths = ["core"]
discovery = ["", "verticals/*"]
history_retention = 10
snapshot_retention = 0

[registry]
kind = "dir"
location = "/srv/releases"
"#;
    let reading = read_vit_toml("vit.toml", text.as_bytes());
    assert_eq!(reading.problems, []);
    let settings = reading.value.unwrap();
    assert_eq!(settings.core_package, ["core"]);
    assert_eq!(settings.core_submodule.as_deref(), Some("vendor/core"));
    assert_eq!(settings.contracts_package, ["api", "core/api"]);
    assert_eq!(settings.registry.kind, RegistryKind::Dir);
    assert_eq!(settings.history_retention, 10);
    assert_eq!(settings.snapshot_retention, 0);
    let empty = read_vit_toml("vit.toml", b"").value;
    assert_eq!(empty, Some(Settings::default()));
}

#[test]
fn an_unknown_key_warns_with_the_probable_name() {
    let text = "core_pakage = \"core\"\nzzz = 1\n[registry]\nurl = \"x\"\n";
    let reading = read_vit_toml("vit.toml", text.as_bytes());
    assert!(reading.value.is_some());
    insta::assert_snapshot!(shown(&reading.problems));
}

#[test]
fn case_28_paths_stay_inside_and_locations_are_no_options() {
    for path in [
        "/etc",
        "..",
        "a/../b",
        "-x",
        "a//b",
        ".",
        "a\\\\b",
        "a\\u0000b",
        "a\\nb",
        "~/x",
        ".git/x",
        "a*",
    ] {
        let text = format!("core_package = \"{path}\"\n");
        assert_eq!(problems(&text), ["bad_value 1:16"], "{path}");
    }
    assert_eq!(
        problems("discovery = [\"a\", \"**\"]\n"),
        ["bad_value 1:19"]
    );
    for location in ["-u", "ext::sh -c x", "fd::7", "https://u:p@example.org/x"] {
        let text = format!("[registry]\nlocation = \"{location}\"\n");
        assert_eq!(problems(&text), ["bad_value 2:12"], "{location}");
    }
    for location in [
        "origin",
        "git@example.org:a/b.git",
        "ssh://git@example.org/a",
        "../core",
        "https://example.org/a",
    ] {
        let text = format!("[registry]\nlocation = \"{location}\"\n");
        assert_eq!(problems(&text), [""; 0], "{location}");
    }
}

#[test]
fn faults_have_places() {
    assert_eq!(problems("a = \n"), ["toml_syntax 1:5"]);
    assert_eq!(
        problems("discovery = 1\ncore_package = [1]\n"),
        ["wrong_type 2:17", "wrong_type 1:13"]
    );
    assert_eq!(problems("history_retention = 0\n"), ["bad_value 1:21"]);
    assert_eq!(
        problems("history_retention = 5\nhistory_retention = 6\n"),
        ["duplicate_key 2:1"]
    );
    assert_eq!(
        problems("# é\n[registry]\nkind = \"ftp\"\n"),
        ["bad_value 3:8"]
    );
    assert_eq!(
        problems("[registry]\nkind = \"dir\"\n"),
        ["missing_field 1:2"]
    );
    let deep = format!("a = {}{}\n", "[".repeat(70), "]".repeat(70));
    assert_eq!(read_vit_toml("vit.toml", deep.as_bytes()).problems.len(), 1);
}

#[test]
fn pyproject_counts_only_with_our_table() {
    assert!(read_pyproject("pyproject.toml", b"[project]\nname = \"x\"\n").is_none());
    assert!(read_pyproject("pyproject.toml", b"not toml").is_none());
    let ours = b"[tool.vit]\nhistory_retention = 7\n";
    let reading = read_pyproject("pyproject.toml", ours).unwrap();
    assert_eq!(reading.value.unwrap().history_retention, 7);
    let broken = read_pyproject("pyproject.toml", b"[tool.vit]\nx = \n").unwrap();
    assert_eq!(codes(&broken.problems), ["toml_syntax 2:5"]);
}

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

#[test]
fn steps_are_read_in_order_with_lists_and_texts_as_commands() {
    let text = r#"
[[step]]
name = "migrate"
run = ["scripts/migrate", "--to", ""]
undo = ["scripts/migrate", "--back"]
verify = "scripts/check && true"
timeout = 60
releases = ">=1.2.0,<2"

[[step]]
name = "0-restart_all"
run = "systemctl restart core"
leaves_processes = true

[soak]
interval = 5
"#;
    let reading = read_vit_toml("vit.toml", text.as_bytes());
    assert_eq!(reading.problems, []);
    let settings = reading.value.unwrap();
    let [migrate, restart] = settings.steps.as_slice() else {
        panic!("{:?}", settings.steps)
    };
    assert_eq!(migrate.run, ["scripts/migrate", "--to", ""]);
    let verify = migrate.verify.clone().unwrap();
    assert_eq!(verify, ["/bin/sh", "-c", "scripts/check && true"]);
    assert_eq!((migrate.timeout, restart.timeout), (60, 300));
    assert_eq!(
        migrate.releases.as_ref().unwrap().to_string(),
        ">=1.2.0,<2.0.0"
    );
    assert_eq!(
        (restart.undo.as_ref(), restart.releases.as_ref()),
        (None, None)
    );
    assert!(restart.leaves_processes && !migrate.leaves_processes);
    assert_eq!(settings.soak.interval, Some(5));
}

#[test]
fn hostile_steps_have_places() {
    let step = |lines: &str| problems(&format!("[[step]]\n{lines}\n"));
    let long = "a".repeat(65);
    for name in [
        "../x",
        "",
        "A",
        "-a",
        "a b",
        "a\\u001b[2J",
        "ä",
        "a/b",
        "a@b",
        &long,
    ] {
        let text = format!("name = \"{name}\"\nrun = \"true\"");
        assert_eq!(step(&text), ["bad_value 2:8"], "{name}");
    }
    assert_eq!(step("run = \"true\""), ["missing_field 1:1"]);
    assert_eq!(step("name = \"a\""), ["missing_field 1:1"]);
    for (run, found) in [
        ("\"\"", "bad_value 3:7"),
        ("[]", "bad_value 3:7"),
        ("1", "wrong_type 3:7"),
        ("[\"\"]", "bad_value 3:8"),
        ("[\"a\", 1]", "wrong_type 3:13"),
        ("\"a\\u0000b\"", "bad_value 3:7"),
        ("[\"a\", \"\\u0000\"]", "bad_value 3:13"),
    ] {
        assert_eq!(
            step(&format!("name = \"a\"\nrun = {run}")),
            [found],
            "{run}"
        );
    }
    for (line, found) in [
        ("timeout = 0", "bad_value 4:11"),
        ("timeout = 86401", "bad_value 4:11"),
        ("timeout = \"5m\"", "wrong_type 4:11"),
        ("releases = \"1.2.0\"", "bad_value 4:12"),
        ("releases = \">=1.2.0,\\u001b\"", "bad_value 4:12"),
        ("leaves_processes = 1", "wrong_type 4:20"),
        ("undoo = \"x\"", "unknown_setting 4:1"),
    ] {
        let text = format!("name = \"a\"\nrun = \"true\"\n{line}");
        assert_eq!(step(&text), [found], "{line}");
    }
    let twice = "[[step]]\nname = \"a\"\nrun = \"x\"\n[[step]]\nname = \"a\"\nrun = \"y\"\n";
    assert_eq!(problems(twice), ["bad_value 5:8"]);
    assert_eq!(problems("step = 1\n"), ["wrong_type 1:8"]);
    assert_eq!(problems("[soak]\ninterval = 0\n"), ["bad_value 2:12"]);
    let many = "[[step]]\nname = \"a\"\n".repeat(101);
    assert_eq!(problems(&many).len(), 1);
}

#[test]
fn the_environment_is_read() {
    let text = r#"
[environment]
manage = true
path = "/srv/venv/"
install = ["requirements/base.txt", "pyproject"]
timeout = 60
"#;
    let reading = read_vit_toml("vit.toml", text.as_bytes());
    assert_eq!(reading.problems, []);
    let environment = reading.value.unwrap().environment;
    assert_eq!(environment.path.as_deref(), Some("/srv/venv"));
    assert_eq!(environment.install, ["requirements/base.txt", "pyproject"]);
    assert_eq!((environment.manage, environment.timeout), (true, 60));
    let one = read_vit_toml("vit.toml", b"environment = { install = \"pyproject\" }\n");
    assert_eq!(one.value.unwrap().environment.install, ["pyproject"]);
}

#[test]
fn a_wrong_environment_has_places() {
    for path in ["/", "..", "a/../b", "-x", "/a/../b", "~/venv", "a\\nb"] {
        let text = format!("[environment]\npath = \"{path}\"\n");
        assert_eq!(problems(&text), ["bad_value 2:8"], "{path}");
    }
    let text = "[environment]\nmanage = 1\ninstall = [\"-r\", \"../x\"]\ntimeout = 0\nuv = true\n";
    assert_eq!(
        problems(text),
        [
            "unknown_setting 5:1",
            "wrong_type 2:10",
            "bad_value 3:12",
            "bad_value 3:18",
            "bad_value 4:11"
        ]
    );
}

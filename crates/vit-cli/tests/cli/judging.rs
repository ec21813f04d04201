//! CASES.md 15, 18, 19, 20: what verticals and the working tree say, all of it, in one order.

use insta::assert_snapshot;
use serde_json::Value;
use vit_testkit::World;

use crate::installation::{answer, codes, problem, shown, vit, world};

/// A world with a stable 1.1.0 and an incompatible vertical beside those of the test.
fn offered() -> World {
    let world = world();
    world.publish("1.1.0", |r| r);
    world
}

fn upgrade(world: &World, code: i32) -> Value {
    let before = world.state();
    let report = answer(world, &["upgrade", "--yes", "--target", "1.1.0"], code);
    if code != 0 {
        world.state().assert_same(&before);
        assert!(world.history().is_empty());
    }
    report
}

#[test]
fn case_15_staged_and_unstaged_changes_block_with_their_names() {
    let world = offered();
    world.write("README.md", "staged\n");
    world.git(&["add", "README.md"]);
    world.write("pyproject.toml", "[project]\n");
    world.write("new file.txt", "staged\n");
    world.git(&["add", "new file.txt"]);
    let report = upgrade(&world, 1);
    let dirty = problem(&report, "dirty_tree");
    let evidence = dirty["evidence"].as_str().unwrap();
    for name in ["README.md", "new file.txt", "pyproject.toml"] {
        assert!(evidence.contains(name), "{evidence}");
    }
    assert_snapshot!(shown(&world, &vit(&world, &["plan"])), @"
    exit: 1
    --- stdout
    upgrade 1.0.0 → 1.1.0   channel stable   blocked
      HASH main → HASH detached at v1.1.0, 3 files change

    time         about 1.0s (an estimate: nothing was measured here yet)
    disk         16.0 MiB needed, FREE free
    environment  dependencies are not managed: no Python environment was found (settings, VIRTUAL_ENV, .venv, venv)
    risk         medium
                 - no vertical is declared: nothing proves it
    way back     1. before anything changes, the tag pre-upgrade-<time> and a private ref keep the old state
                 2. on any failure the tree goes back to 1.0.0 by itself, HEAD is on branch main again
                 3. every tracked file is hashed against the old tree before it is called restored
                 4. later, `vit rollback` does the same

    1 problem blocks
      working tree: tracked files have changes that are not committed [dirty_tree]
        README.md, new file.txt, pyproject.toml
        fix (you): keep them with `git stash`, or drop them with `git restore --staged --worktree FILE`

    1 note
      installation: no vertical is declared: nothing is judged and nothing is smoke-tested [no_verticals]
        fix (vertical's owner): add a vertical_manifest.yaml to the vertical's folder

    next: mend what is listed above, then `vit plan` again
    --- stderr
         ask origin
    ");
}

#[test]
fn case_15_a_time_that_changed_without_its_content_does_not_block() {
    let world = offered();
    let text = world.read("README.md");
    world.write("README.md", text);
    assert_eq!(upgrade(&world, 0)["status"], "applied");
}

#[test]
fn case_18_an_invalid_manifest_hides_no_other_and_the_order_is_one() {
    let world = offered();
    // Created against the alphabet; the broken one in the middle.
    world.vertical("zeta", |v| v.contracts_major(2));
    world.vertical("middle", |v| v.raw_manifest("domain_name: [\n"));
    world.vertical("alpha", |v| v.range("1.0.0", "1.0.x"));
    let report = upgrade(&world, 1);
    let verticals: Vec<(&str, Vec<String>)> = report["plan"]["verdict"]["verticals"]
        .as_array()
        .unwrap()
        .iter()
        .map(|v| (v["manifest"].as_str().unwrap(), codes(v)))
        .collect();
    let manifest = |name: &str| format!("domains/{name}/vertical_manifest.yaml");
    assert_eq!(verticals[0].0, manifest("alpha"));
    assert_eq!(verticals[0].1, ["core_above_maximum"]);
    assert_eq!(verticals[1].0, manifest("middle"));
    assert_eq!(verticals[1].1, ["yaml_syntax"]);
    assert_eq!(verticals[2].0, manifest("zeta"));
    assert_eq!(verticals[2].1, ["contracts_major_mismatch"]);
    assert_snapshot!(shown(&world, &vit(&world, &["update"])), @"
    exit: 1
    --- stdout
    1.0.0 stays: everything newer is blocked (1 release)

    1.1.0 is blocked (stable, released 2026-01-02)
      alpha: Core 1.1.0 is above max_core_version 1.0.x [core_above_maximum]
        target 1.1.0, accepted range 1.0.0..=1.0.x
        fix (vertical's owner): test the vertical against Core 1.1.0, then raise max_core_version
      domains/middle/vertical_manifest.yaml: while parsing a node, did not find expected node content [yaml_syntax]
        at domains/middle/vertical_manifest.yaml:2:1
        fix (vertical's owner): correct the YAML here
      zeta: contracts 1.0.0 do not have major 2 [contracts_major_mismatch]
        contracts_version 1.0.0 in v1.1.0, contracts_major 2 in the manifest
        fix (vertical's owner): port the vertical to contracts 1, then set contracts_major: 1

    channel stable (set by manifest of alpha); releases from git origin, asked now

    next: do what the hints say, then `vit update` again
    --- stderr
         ask origin
    ");
}

/// What a manifest is replaced by, the code, and where.
#[test]
fn case_19_every_malformed_manifest_is_a_problem_with_line_and_column() {
    let good = {
        let world = world();
        world.vertical("finance", |v| v);
        world.read("domains/finance/vertical_manifest.yaml")
    };
    let bomb = (1..9).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
        let list = vec![format!("*a{}", n - 1); 10].join(", ");
        text + &format!("a{n}: &a{n} [{list}]\n")
    });
    let cases: Vec<(&str, Vec<u8>, &str, u64, u64)> = vec![
        (
            "an unquoted version",
            good.replace("min_core_version: \"1.0.0\"", "min_core_version: 1.0")
                .into(),
            "unquoted_version",
            5,
            21,
        ),
        ("an empty file", Vec::new(), "empty_document", 1, 1),
        (
            "only comments",
            b"# nothing\n# here\n".to_vec(),
            "empty_document",
            1,
            1,
        ),
        (
            "a list at the top",
            b"- domain_name: finance\n".to_vec(),
            "wrong_type",
            1,
            1,
        ),
        (
            "a duplicate key",
            good.replace("status: active\n", "status: active\nstatus: draft\n")
                .into(),
            "duplicate_key",
            4,
            1,
        ),
        ("an alias bomb", (bomb + &good).into(), "yaml_alias", 1, 5),
        (
            "a tab",
            good.replace("  min_core", "\tmin_core").into(),
            "yaml_syntax",
            5,
            2,
        ),
        (
            "no UTF-8",
            vec![b'a', b':', b' ', 0xff, 0xfe],
            "not_utf8",
            1,
            4,
        ),
        (
            "a name with a look-alike",
            good.replace("domain_name: finance", "domain_name: fіnance")
                .into(),
            "bad_name",
            1,
            14,
        ),
        (
            "an inverted range",
            good.replace("max_core_version: \"1.x.x\"", "max_core_version: \"0.9.x\"")
                .into(),
            "range_inverted",
            5,
            21,
        ),
        (
            "a password",
            format!("{good}notifications:\n  smtp_password: hunter2\n").into(),
            "secret_in_manifest",
            0,
            0,
        ),
    ];
    for (what, bytes, code, line, column) in cases {
        let world = offered();
        world.vertical("finance", |v| v.raw_manifest(bytes));
        let report = upgrade(&world, 1);
        let text = report.to_string();
        assert!(!text.contains("hunter2"), "{what}");
        assert!(
            codes(&report).contains(&code.to_owned()),
            "{what}: {:?}",
            codes(&report)
        );
        let found = problem(&report, code);
        let place = &found["place"];
        assert_eq!(
            place["file"], "domains/finance/vertical_manifest.yaml",
            "{what}: {found:#}"
        );
        assert!(
            place["line"].is_u64() && place["column"].is_u64(),
            "{what}: {found:#}"
        );
        if line > 0 {
            assert_eq!(
                (&place["line"], &place["column"]),
                (&line.into(), &column.into()),
                "{what}: {found:#}"
            );
        }
        // The reading commands tell the same and go on working.
        let status = answer(&world, &["status"], 0);
        assert!(codes(&status).contains(&code.to_owned()), "{what}");
        assert_eq!(
            answer(&world, &["update"], 1)["status"],
            "blocked",
            "{what}"
        );
        assert_eq!(answer(&world, &["doctor"], 1)["ok"], false, "{what}");
    }
}

#[test]
fn case_19_a_malformed_manifest_as_a_person_sees_it() {
    let world = offered();
    world.vertical("finance", |v| {
        v.raw_manifest("domain_name: finance\ndomain_version: 1.10\n")
    });
    assert_snapshot!(shown(&world, &vit(&world, &["plan", "--target", "1.1.0"])), @r#"
    exit: 1
    --- stdout
    upgrade 1.0.0 → 1.1.0   channel stable   blocked
      HASH main → HASH detached at v1.1.0, 3 files change

      vertical                                answer   smoke test
      domains/finance/vertical_manifest.yaml  blocked  none

    time         about 1.0s (an estimate: nothing was measured here yet)
    disk         16.0 MiB needed, FREE free
    environment  dependencies are not managed: no Python environment was found (settings, VIRTUAL_ENV, .venv, venv)
    risk         HIGH
                 - 1 manifest cannot be read
    way back     1. before anything changes, the tag pre-upgrade-<time> and a private ref keep the old state
                 2. on any failure the tree goes back to 1.0.0 by itself, HEAD is on branch main again
                 3. every tracked file is hashed against the old tree before it is called restored
                 4. later, `vit rollback` does the same

    4 problems block
      error[missing_field]: `compatibility` is missing
       --> domains/finance/vertical_manifest.yaml:1:1
        |
      1 | domain_name: finance
        | ^
        |
        = help: add `compatibility` (vertical's owner)
      error[missing_field]: `ownership` is missing
       --> domains/finance/vertical_manifest.yaml:1:1
        |
      1 | domain_name: finance
        | ^
        |
        = help: add `ownership` (vertical's owner)
      error[missing_field]: `status` is missing
       --> domains/finance/vertical_manifest.yaml:1:1
        |
      1 | domain_name: finance
        | ^
        |
        = help: add `status` (vertical's owner)
      error[unquoted_version]: `domain_version` is a number, not a version
       --> domains/finance/vertical_manifest.yaml:2:17
        |
      2 | domain_version: 1.10
        |                 ^^^^
        |
        = note: without quotes YAML reads `1.10` as a number, in which 1.1 and 1.10 are the same
        = help: write `"1.10.0"` (vertical's owner)

    next: mend what is listed above, then `vit plan` again
    --- stderr
         ask origin
    "#);
}

#[test]
fn case_19_a_byte_order_mark_is_told_and_harmless() {
    let world = offered();
    let mut bytes = b"\xef\xbb\xbf".to_vec();
    world.vertical("finance", |v| v);
    bytes.extend(std::fs::read(world.path("domains/finance/vertical_manifest.yaml")).unwrap());
    world.vertical("finance", |v| v.raw_manifest(bytes));
    let report = answer(&world, &["update"], 0);
    assert_eq!(report["offered"]["version"], "1.1.0", "{report:#}");
}

#[test]
fn case_20_a_deprecated_vertical_warns_an_active_one_blocks_others_are_shown() {
    for (status, code, note) in [
        ("active", 1, None),
        ("deprecated", 0, Some("vertical_deprecated")),
        ("experimental", 0, Some("vertical_experimental")),
        ("draft", 0, Some("status_draft")),
    ] {
        let world = offered();
        world.vertical("finance", |v| v.range("1.0.0", "1.0.x").status(status));
        let report = answer(&world, &["update"], code);
        let codes = codes(&report);
        assert!(
            codes.contains(&"core_above_maximum".to_owned()),
            "{status}: {codes:?}"
        );
        if let Some(note) = note {
            assert!(codes.contains(&note.to_owned()), "{status}: {codes:?}");
            let above = problem(&report, "core_above_maximum");
            assert_ne!(above["severity"], "blocked", "{status}");
        }
    }
}

#[test]
fn a_target_that_removes_a_tracked_vertical_is_blocked() {
    let world = crate::installation::builder()
        .core("1.0.0", |r| r.vertical("finance", |v| v))
        .build();
    world.publish("1.1.0", |r| r.remove_file("domains/finance"));
    let report = upgrade(&world, 1);
    let removed = problem(&report, "vertical_removed_by_target");
    assert_eq!(removed["severity"], "blocked");
}

#[test]
fn a_manifest_that_the_target_changes_is_judged_as_it_will_be() {
    let world = crate::installation::builder()
        .core("1.0.0", |r| {
            r.vertical("finance", |v| v.range("1.0.0", "1.0.x"))
        })
        .build();
    world.publish("1.1.0", |r| {
        r.vertical("finance", |v| v.range("1.0.0", "1.1.x"))
    });
    assert_eq!(upgrade(&world, 0)["status"], "applied");
    world.publish("1.1.1", |r| {
        r.vertical("finance", |v| v.raw_manifest("domain_name: finance\n"))
    });
    let report = answer(&world, &["update"], 1);
    assert_eq!(report["reason"], "missing_field");
}

#[test]
fn a_contract_that_the_target_no_longer_exports_blocks_who_uses_it() {
    let world = offered();
    world.vertical("finance", |v| v.uses("contracts.GraphPlugin"));
    world.publish("1.2.0", |r| r.exports(&["StreamBus"]));
    let report = answer(&world, &["plan", "--target", "1.2.0"], 1);
    assert_eq!(report["contracts"][0]["state"], "missing");
    assert!(codes(&report).contains(&"contract_not_exported".to_owned()));
}

#[test]
fn capabilities_and_the_support_window_are_judged() {
    let world = offered();
    world.vertical("finance", |v| v.requires("streaming"));
    world
        .publish("1.2.0", |r| r.capabilities(&["batch"]))
        .publish("1.3.0", |r| {
            r.capabilities(&["streaming"])
                .removed_capabilities(&["streaming"])
        })
        .publish("1.4.0", |r| {
            r.capabilities(&["streaming"])
                .field("support_until", "2026-02-01")
        })
        .publish("1.5.0", |r| {
            r.capabilities(&["streaming"])
                .breaking("x")
                .no_migration_guide()
        });
    let report = answer(&world, &["update"], 0);
    for (index, code) in [
        (3, "capability_missing"),
        (2, "capability_removed"),
        (1, "support_ended"),
        (0, "migration_guide_missing"),
    ] {
        let codes = codes(&report["blocked"][index]);
        assert!(
            codes.contains(&code.to_owned()),
            "{index} {code}: {codes:?}"
        );
    }
}

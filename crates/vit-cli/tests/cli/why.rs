//! `vit why`: every newer release, and what speaks for and against it.

use insta::assert_snapshot;
use vit_testkit::World;

use crate::installation::{answer, codes, shown, vit, world};

/// 1.1.0 is possible, 1.2.0 is held, 1.3.0-beta.1 is on another channel, 2.0.0 is too new.
fn many() -> World {
    let world = world();
    world.vertical("finance", |v| v);
    world
        .publish("1.0.5", |r| r.fix("a leak"))
        .publish("1.1.0", |r| r.feature("a faster bus"))
        .publish("1.2.0", |r| r.feature("more"))
        .publish("1.3.0-beta.1", |r| r.feature("a trial"))
        .publish("2.0.0", |r| r.contracts("2.0.0"));
    answer(&world, &["hold", "1.2.0"], 0);
    world
}

fn states(world: &World, args: &[&str]) -> Vec<(String, String)> {
    let report = answer(world, args, 0);
    assert_eq!(report["schema"], "vit.why/1");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    report["releases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|release| (text(&release["version"]), text(&release["state"])))
        .collect()
}

#[test]
fn every_newer_release_has_its_answer() {
    let world = many();
    let all: Vec<(String, String)> = [
        ("2.0.0", "blocked"),
        ("1.3.0-beta.1", "hidden"),
        ("1.2.0", "blocked"),
        ("1.1.0", "offered"),
        ("1.0.5", "possible"),
    ]
    .map(|(version, state)| (version.to_owned(), state.to_owned()))
    .into();
    assert_eq!(states(&world, &["why"]), all);
    let report = answer(&world, &["why"], 0);
    assert_eq!(report["possible"], "1.1.0");
    assert_eq!(report["latest_version"], "2.0.0");
    for release in report["releases"].as_array().unwrap() {
        for reason in release["reasons"].as_array().unwrap() {
            assert!(
                reason["hint"].is_string() && reason["who"].is_string(),
                "{reason:#}"
            );
        }
    }
}

#[test]
fn a_person_reads_it() {
    let world = many();
    assert_snapshot!(shown(&world, &vit(&world, &["why"])), @"
    exit: 0
    --- stdout
    1.1.0 is the newest release that is possible; 1.0.0 is installed

    2.0.0 is blocked (stable, released 2026-01-06)
      finance: contracts 2.0.0 do not have major 1 [contracts_major_mismatch]
        contracts_version 2.0.0 in v2.0.0, contracts_major 1 in the manifest
        fix (vertical's owner): port the vertical to contracts 2, then set contracts_major: 2
      finance: Core 2.0.0 is above max_core_version 1.x.x [core_above_maximum]
        target 2.0.0, accepted range 1.0.0..=1.x.x
        fix (vertical's owner): test the vertical against Core 2.0.0, then raise max_core_version

    1.3.0-beta.1 is on channel beta (beta, released 2026-01-05)
      v1.3.0-beta.1: it is on channel beta, stable is in force [channel_mismatch]
        fix (you): `vit channel beta` shows that channel, `vit plan --target 1.3.0-beta.1` goes to this release alone

    1.2.0 is blocked (stable, released 2026-01-04)
      v1.2.0: it is held [held]
        since 2026-03-01T08:00:00Z
        fix (you): vit unhold 1.2.0

    1.1.0 is offered (stable, released 2026-01-03)
    1.0.5 is possible; a newer one is offered (stable, released 2026-01-02)

    channel stable (set by manifest of finance); releases from git origin, asked now

    next: vit plan
    --- stderr
         ask origin
    ");
}

#[test]
fn one_release_in_full() {
    let world = many();
    assert_snapshot!(shown(&world, &vit(&world, &["why", "2.0.0"])), @"
    exit: 0
    --- stdout
    1.1.0 is the newest release that is possible; 1.0.0 is installed

    2.0.0 is blocked (stable, released 2026-01-06)
      finance: contracts 2.0.0 do not have major 1 [contracts_major_mismatch]
        contracts_version 2.0.0 in v2.0.0, contracts_major 1 in the manifest
        fix (vertical's owner): port the vertical to contracts 2, then set contracts_major: 2
      finance: Core 2.0.0 is above max_core_version 1.x.x [core_above_maximum]
        target 2.0.0, accepted range 1.0.0..=1.x.x
        fix (vertical's owner): test the vertical against Core 2.0.0, then raise max_core_version

    channel stable (set by manifest of finance); releases from git origin, asked now

    next: vit plan
    --- stderr
         ask origin
    ");
    let one = |version: &str| states(&world, &["why", version])[0].1.clone();
    assert_eq!(one("1.0.0"), "installed");
    assert_eq!(one("1.3.0-beta.1"), "hidden");
    assert_eq!(one("1.0.5"), "possible");
    assert_eq!(one("v1.1.0"), "offered");
    answer(&world, &["why", "7.7.7"], 2);
    answer(&world, &["why", "latest"], 2);
    let report = answer(&world, &["why", "2.0.0"], 0);
    assert_eq!(
        report["possible"], "1.1.0",
        "what is possible is always named"
    );
}

#[test]
fn an_older_release_and_what_stands_against_every_upgrade() {
    let world = many();
    answer(&world, &["upgrade", "--yes"], 0);
    assert_eq!(states(&world, &["why", "1.0.0"])[0].1, "older");
    world.write("vitruvyan_core/__init__.py", "x = 1\n");
    let report = answer(&world, &["why"], 0);
    assert!(
        codes(&report).contains(&"dirty_tree".to_owned()),
        "{report:#}"
    );
    let before = world.state();
    answer(&world, &["why"], 0);
    world.state().assert_same(&before);
}

#[test]
fn a_release_without_usable_metadata_and_up_to_date() {
    let world = world();
    world.vertical("finance", |v| v);
    let report = answer(&world, &["why"], 0);
    assert_eq!(report["details"], "1.0.0 is the newest release");
    world.publish("1.1.0", |r| r.field("version", "9.9.9"));
    let report = answer(&world, &["why"], 0);
    assert_eq!(report["releases"][0]["state"], "blocked");
    assert_eq!(
        report["releases"][0]["reasons"][0]["code"],
        "metadata_version_mismatch"
    );
    assert!(report.get("possible").is_none());
}

//! `vit release`: what the registry knows.

use insta::assert_snapshot;
use vit_testkit::World;

use crate::installation::{answer, shown, vit, world};

fn many() -> World {
    let world = world();
    world.vertical("finance", |v| v);
    world
        .publish("1.0.5", |r| r.fix("a leak"))
        .publish("1.1.0", |r| r.feature("a faster bus"))
        .publish("1.3.0-beta.1", |r| r.feature("a trial"))
        .publish("2.0.0", |r| r.contracts("2.0.0"));
    world
}

#[test]
fn a_person_reads_the_list() {
    let world = many();
    assert_snapshot!(shown(&world, &vit(&world, &["release", "list"])), @"
    exit: 0
    --- stdout
    version  channel  released    supported until  here
    2.0.0    stable   2026-01-05  -                blocked [contracts_major_mismatch]
    1.1.0    stable   2026-01-03  -                offered
    1.0.5    stable   2026-01-02  -                compatible
    1.0.0    stable   2026-01-01  -                installed

    channel stable (set by manifest of finance); releases from git origin, asked now
    --- stderr
         ask origin
    ");
    let all = answer(&world, &["release", "list", "--all", "--limit", "2"], 0);
    assert_eq!(all["schema"], "vit.release-list/1");
    let states: Vec<&str> = all["releases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|release| release["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["blocked", "hidden"]);
    assert_eq!(all["more"], 3);
}

#[test]
fn a_blocked_release_is_shown_and_the_question_is_answered() {
    let world = many();
    assert_snapshot!(shown(&world, &vit(&world, &["release", "show", "2.0.0"])), @"
    exit: 0
    --- stdout
    2.0.0 blocked (stable, released 2026-01-05)
      tag        v2.0.0
      commit     HASH
      tree       HASH
      checksum   the metadata names none
      metadata   sha256 HASH
      contracts  2.0.0

    it names no change

      vertical  status  answer   why
      finance   active  blocked  contracts_major_mismatch, core_above_maximum

    2 problems block
      finance: contracts 2.0.0 do not have major 1 [contracts_major_mismatch]
        contracts_version 2.0.0 in v2.0.0, contracts_major 1 in the manifest
        fix (vertical's owner): port the vertical to contracts 2, then set contracts_major: 2
      finance: Core 2.0.0 is above max_core_version 1.x.x [core_above_maximum]
        target 2.0.0, accepted range 1.0.0..=1.x.x
        fix (vertical's owner): test the vertical against Core 2.0.0, then raise max_core_version

    channel in force stable (set by manifest of finance); release from git origin, asked now

    next: vit why 2.0.0
    --- stderr
         ask origin
    ");
    let report = answer(&world, &["release", "show", "1.1.0", "--offline"], 0);
    assert_eq!(report["schema"], "vit.release-show/1");
    assert_eq!(report["checksum"], "none");
    assert_eq!(report["verdict"]["verticals"][0]["vertical"], "finance");
}

#[test]
fn case_21_what_is_no_release_names_the_newest_real_ones() {
    let world = many();
    answer(&world, &["update"], 0);
    for wrong in ["banana", "7.7.7"] {
        let said = shown(&world, &vit(&world, &["release", "show", wrong]));
        assert!(said.starts_with("exit: 2\n"), "{said}");
        assert!(said.contains("the newest releases are 2.0.0"), "{said}");
    }
}

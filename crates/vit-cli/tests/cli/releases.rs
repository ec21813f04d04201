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
    assert_snapshot!(shown(&world, &vit(&world, &["release", "list"])), @"");
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
    assert_snapshot!(shown(&world, &vit(&world, &["release", "show", "2.0.0"])), @"");
    let report = answer(&world, &["release", "show", "1.1.0", "--offline"], 0);
    assert_eq!(report["schema"], "vit.release-show/1");
    assert_eq!(report["checksum"], "none");
    assert_eq!(report["verdict"]["verticals"][0]["vertical"], "finance");
}

#[test]
fn case_21_what_is_no_release_names_the_newest_real_ones() {
    let world = many();
    assert_snapshot!(shown(&world, &vit(&world, &["release", "show", "banana"])), @"");
    assert_snapshot!(shown(&world, &vit(&world, &["release", "show", "7.7.7"])), @"");
}

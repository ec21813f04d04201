//! Chains of releases: where there is no direct way, through others, each proven before the next.

use serde_json::Value;
use vit_testkit::World;

use vit_testkit::faults::{self, Fault};

use crate::installation::{answer, codes, problem, valid, world};
use crate::transaction::{outcomes, sound};

/// 2.0.0 can be reached from 1.5.0 on only.
pub(crate) fn chained(smoke: &str) -> World {
    let world = world();
    world.vertical("finance", |v| v.range("1.0.0", "2.x.x").smoke(smoke));
    world
        .publish("1.1.0", |r| r.feature("a faster bus"))
        .publish("1.5.0", |r| r.feature("a new store"))
        .publish("2.0.0", |r| {
            r.feature("the old store is gone")
                .field("requires_from", "1.5.0")
        });
    world
}

fn hops(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let hops = report["hops"].as_array().cloned().unwrap_or_default();
    hops.iter()
        .map(|hop| (text(&hop["version"]), text(&hop["status"])))
        .collect()
}

fn pair(version: &str, status: &str) -> (String, String) {
    (version.to_owned(), status.to_owned())
}

#[test]
fn the_end_of_a_chain_is_offered_planned_and_reached() {
    let world = chained("exit 0");
    let report = answer(&world, &["update"], 0);
    assert_eq!(report["offered"]["version"], "2.0.0");
    assert_eq!(report["offered"]["through"][0], "1.5.0");
    let details = report["details"].as_str().unwrap();
    assert!(
        details.contains("2.0.0 (through 1.5.0) is available"),
        "{details}"
    );
    assert!(world.vit(&["update"]).stdout.contains("through 1.5.0"));

    let plan = answer(&world, &["plan"], 0);
    assert_eq!(plan["to"]["version"], "1.5.0");
    assert_eq!(plan["then"], serde_json::json!(["2.0.0"]));
    assert_eq!(plan["next"], "vit upgrade");
    let shown = world.vit(&["plan"]).stdout;
    assert!(shown.contains("then → 2.0.0"), "{shown}");

    let report = answer(&world, &["upgrade", "--yes"], 0);
    assert_eq!(
        hops(&report),
        [pair("1.5.0", "applied"), pair("2.0.0", "applied")]
    );
    assert_eq!(report["to_version"], "2.0.0");
    assert_eq!(outcomes(&world), ["success", "success"]);
    assert_eq!(answer(&world, &["status"], 0)["core_version"], "2.0.0");
    sound(&world).unwrap();
}

#[test]
fn a_named_target_goes_through_others_too() {
    let world = chained("exit 0");
    let plan = answer(&world, &["plan", "--target", "2.0.0"], 0);
    assert_eq!(plan["then"], serde_json::json!(["2.0.0"]));
    assert_eq!(plan["next"], "vit upgrade --target 2.0.0");
    answer(&world, &["upgrade", "--target", "2.0.0", "--yes"], 0);
    assert_eq!(answer(&world, &["status"], 0)["core_version"], "2.0.0");
}

#[test]
fn a_plan_file_holds_the_whole_chain() {
    let world = chained("exit 0");
    let path = world.root().join("plan.json").display().to_string();
    answer(&world, &["plan", "--out", &path], 0);
    let report = answer(&world, &["upgrade", "--plan", &path, "--yes"], 0);
    assert_eq!(hops(&report).len(), 2);
    assert_eq!(answer(&world, &["status"], 0)["core_version"], "2.0.0");
}

#[test]
fn a_hop_that_fails_stops_at_the_last_good_release() {
    let world = chained("[ \"$VIT_TO_VERSION\" != 2.0.0 ] || exit 1");
    let report = answer(&world, &["upgrade", "--yes"], 3);
    assert_eq!(
        hops(&report),
        [pair("1.5.0", "applied"), pair("2.0.0", "rollback_executed")]
    );
    let details = report["details"].as_str().unwrap();
    assert!(details.starts_with("stopped at 1.5.0: "), "{details}");
    assert_eq!(outcomes(&world), ["success", "rollback_executed"]);
    assert_eq!(answer(&world, &["status"], 0)["core_version"], "1.5.0");
    sound(&world).unwrap();
    // What failed is remembered; nothing else is newer.
    let report = answer(&world, &["update"], 1);
    assert_eq!(report["reason"], "quarantined");
}

#[test]
fn a_first_hop_that_fails_begins_no_second_one() {
    let world = chained("[ \"$VIT_TO_VERSION\" = 1.0.0 ] || exit 1");
    let before = world.state();
    let report = answer(&world, &["upgrade", "--yes"], 3);
    assert_eq!(hops(&report), [pair("1.5.0", "rollback_executed")]);
    world.state().assert_same(&before);
    // Without 1.5.0 there is no way to 2.0.0, so the newest that is possible is another.
    assert_eq!(
        answer(&world, &["update"], 0)["offered"]["version"],
        "1.1.0"
    );
}

#[test]
fn a_hop_whose_plan_is_blocked_is_not_begun() {
    // The first hop's smoke test leaves something in the way of the second.
    let world = chained(
        "[ \"$VIT_TO_VERSION\" != 1.5.0 ] || : > \"$VIT_CORE_ROOT/vitruvyan_core/left.py\"",
    );
    let report = answer(&world, &["upgrade", "--yes"], 1);
    assert_eq!(
        hops(&report),
        [pair("1.5.0", "applied"), pair("2.0.0", "blocked")]
    );
    let details = report["details"].as_str().unwrap();
    assert!(details.starts_with("stopped at 1.5.0: "), "{details}");
    assert!(
        codes(&report).contains(&"untracked_in_critical_path".to_owned()),
        "{report:#}"
    );
    assert_eq!(answer(&world, &["status"], 0)["core_version"], "1.5.0");
}

#[test]
fn ctrl_c_between_hops_stops_at_the_first() {
    // The signal comes while the first hop tidies up: after its commit, before the second.
    let world = chained("exit 0");
    let upgrade = world.command(["upgrade", "--yes", "--json"]);
    let run = faults::with(upgrade, "journal.committed.synced", Fault::Interrupt).run();
    run.assert_code(2);
    let report = valid(&run);
    assert_eq!(
        hops(&report),
        [pair("1.5.0", "applied"), pair("2.0.0", "aborted")]
    );
    let details = report["details"].as_str().unwrap();
    assert!(
        details.starts_with("stopped at 1.5.0: somebody asked to stop"),
        "{details}"
    );
    assert_eq!(outcomes(&world), ["success"]);
    assert_eq!(answer(&world, &["status"], 0)["core_version"], "1.5.0");
}

#[test]
fn three_hops_and_the_verticals_of_each_tree() {
    // A breaking change of 1.5.0 is accepted by the tracked vertical as 1.5.0 has it; later ones
    // have forgotten it, so a jump across is refused and the chain is not.
    let world = World::builder()
        .bin(env!("CARGO_BIN_EXE_vit"))
        .core("1.0.0", |r| r.vertical("ledger", |v| v))
        .build();
    world
        .publish("1.5.0", |r| {
            r.breaking_with_id("BC-1", "a new store")
                .vertical("ledger", |v| v.allows("BC-1"))
        })
        .publish("1.6.0", |r| {
            r.field("requires_from", "1.5.0")
                .vertical("ledger", |v| v.version("0.3.0"))
        })
        .publish("1.7.0", |r| r.field("requires_from", "1.6.0"));
    let plan = answer(&world, &["plan"], 0);
    assert_eq!(plan["to"]["version"], "1.5.0");
    assert_eq!(plan["then"], serde_json::json!(["1.6.0", "1.7.0"]));
    let report = answer(&world, &["upgrade", "--yes"], 0);
    assert_eq!(hops(&report).len(), 3);
    assert_eq!(answer(&world, &["status"], 0)["core_version"], "1.7.0");
}

#[test]
fn where_there_is_no_chain_the_reason_stands_and_the_newest_possible_is_named() {
    let world = world();
    world.vertical("finance", |v| v.range("1.0.0", "2.x.x"));
    world
        .publish("1.1.0", |r| r.feature("a faster bus"))
        .publish("2.0.0", |r| r.field("requires_from", "1.5.0"));
    let report = answer(&world, &["update"], 0);
    assert_eq!(report["offered"]["version"], "1.1.0");
    let plan = answer(&world, &["plan", "--target", "2.0.0"], 1);
    let found = problem(&plan, "requires_intermediate");
    assert_eq!(
        found["evidence"],
        "requires_from 1.5.0 in v2.0.0, installed 1.0.0"
    );
    assert!(
        plan["next"]
            .as_str()
            .unwrap()
            .starts_with("vit upgrade --target 1.1.0 ")
    );
    let why = answer(&world, &["why", "2.0.0"], 0);
    assert_eq!(why["releases"][0]["state"], "blocked");
    assert_eq!(why["possible"], "1.1.0");
}

#[test]
fn why_names_the_chain() {
    let world = chained("exit 0");
    let why = answer(&world, &["why"], 0);
    assert_eq!(why["releases"][0]["state"], "offered");
    assert_eq!(why["releases"][0]["through"][0], "1.5.0");
    assert_eq!(
        why["releases"][0]["reasons"][0]["code"],
        "requires_intermediate"
    );
}

#[test]
fn a_bad_requires_from_is_no_target() {
    let world = world();
    world.publish("1.1.0", |r| r.field("requires_from", "soon"));
    let report = answer(&world, &["update"], 1);
    assert_eq!(
        report["unusable"].as_array().map(Vec::len),
        Some(1),
        "{report:#}"
    );
}

//! `vit bisect`: the first of many releases that breaks, told with the check that fails.

use serde_json::Value;
use vit_testkit::World;

use super::{Live, left};
use crate::transaction::builder;

/// Releases 1.1.0 to 1.8.0; the core of each bears its number in `vitruvyan_core/number`.
fn eight(smoke: &str, blocked: &[usize]) -> World {
    let world = builder().build();
    world.vertical("finance", |v| v.smoke(smoke));
    for number in 1..=8 {
        world.publish(&format!("1.{number}.0"), |r| {
            let r = r.file("vitruvyan_core/number", Some(&format!("{number}\n")));
            if blocked.contains(&number) {
                r.minimum_vertical("finance", "9.0.0")
            } else {
                r
            }
        });
    }
    world
}

const READS: &str = "n=$(cat \"$VIT_CORE_ROOT/vitruvyan_core/number\")";

fn bisect(world: &World, code: i32) -> Value {
    world.vit(&["plan", "--json"]);
    let (state, live, history) = (world.state(), Live::of(world), world.history());
    let run = world.vit(&["bisect", "--to", "1.8.0", "--json"]);
    run.assert_code(code);
    world.state().assert_same(&state);
    assert_eq!(Live::of(world), live);
    assert_eq!(left(world), [""; 0]);
    assert_eq!(world.history(), history);
    run.json()
}

fn versions(list: &Value) -> Vec<String> {
    let list = list.as_array().cloned().unwrap_or_default();
    list.iter()
        .filter_map(|entry| entry["version"].as_str().or(entry.as_str()))
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_fifth_of_eight_breaks() {
    let world = eight(
        &format!("{READS}\n[ \"$n\" -lt 5 ] || {{ echo \"number $n: no bus\"; exit 1; }}"),
        &[],
    );
    let report = bisect(&world, 0);
    assert_eq!(report["schema"], "vit.bisect/1");
    assert_eq!(report["status"], "found", "{report:#}");
    assert_eq!(report["first_bad"]["version"], "1.5.0");
    assert_eq!(report["first_bad"]["check"]["code"], "smoke_test_failed");
    assert_eq!(report["first_bad"]["check"]["subject"], "finance");
    assert_eq!(report["first_bad"]["tail"], "number 5: no bus\n");
    assert_eq!(report["last_good"], "1.4.0");
    // Eight releases: the last, and three questions.
    assert_eq!(versions(&report["tried"]).len(), 4, "{report:#}");
    let text = world.vit(&["bisect", "--to", "v1.8.0"]);
    text.assert_code(0)
        .assert_stdout("1.5.0 is the first release that breaks here")
        .assert_stdout("number 5: no bus")
        .assert_stderr("release 1.8.0");
}

#[test]
fn what_failed_here_before_is_looked_into_all_the_same() {
    let world = eight(&format!("{READS}\n[ \"$n\" -lt 5 ]"), &[]);
    world.vit(&["upgrade", "--yes"]).assert_code(3);
    assert_eq!(bisect(&world, 0)["first_bad"]["version"], "1.5.0");
}

#[test]
fn one_that_cannot_tell_is_passed_over() {
    let cannot = |which: u8| format!("{READS}\n[ \"$n\" = {which} ] && exit 2\n[ \"$n\" -lt 5 ]");
    // In the way of the search, and not beside the first that breaks: nothing is left open.
    let report = bisect(&eight(&cannot(2), &[]), 0);
    assert_eq!(report["status"], "found", "{report:#}");
    assert_eq!(report["first_bad"]["version"], "1.5.0");
    // Just before it: it may be the first.
    let report = bisect(&eight(&cannot(4), &[]), 1);
    assert_eq!(report["status"], "narrowed", "{report:#}");
    assert_eq!(report["first_bad"]["version"], "1.5.0");
    assert_eq!(report["last_good"], "1.3.0");
    assert_eq!(versions(&report["suspects"]), ["1.4.0"]);
}

#[test]
fn blocked_ones_are_named_and_not_rehearsed() {
    let world = eight(&format!("{READS}\n[ \"$n\" -lt 5 ]"), &[4, 8]);
    let report = bisect(&world, 0);
    assert_eq!(report["first_bad"]["version"], "1.5.0", "{report:#}");
    assert_eq!(report["last_good"], "1.3.0");
    assert_eq!(versions(&report["skipped"]), ["1.4.0", "1.8.0"]);
    assert_eq!(report["skipped"][0]["problem"]["code"], "vertical_too_old");
}

#[test]
fn nothing_breaks_or_nothing_can_be_told() {
    let report = bisect(&eight("exit 0", &[]), 0);
    assert_eq!(report["status"], "nothing_fails");
    assert_eq!(versions(&report["tried"]), ["1.8.0"]);
    let report = bisect(&eight("exit 2", &[]), 1);
    assert_eq!(report["status"], "could_not_tell");
    assert_eq!(versions(&report["suspects"]).len(), 8);
}

#[test]
fn what_cannot_be_searched_is_an_error() {
    let world = eight("exit 0", &[]);
    for (to, text) in [
        ("1.0.0", "not newer"),
        ("9.9.9", "there is no release 9.9.9"),
        ("latest", "latest"),
    ] {
        world
            .vit(&["bisect", "--to", to])
            .assert_code(2)
            .assert_stderr(text);
    }
    world.write("README.md", "changed\n");
    world
        .vit(&["bisect", "--to", "1.8.0"])
        .assert_code(1)
        .assert_stderr("README.md");
}

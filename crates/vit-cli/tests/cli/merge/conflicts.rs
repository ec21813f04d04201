//! What a person reads where a merge does not go.

use insta::assert_snapshot;
use vit_testkit::core_repo::{File, module_text};

use super::world;
use crate::installation::{answer, problem, shown, vit};

/// What `shown` leaves of an id: abbreviated ones are shorter than what it looks for.
fn without_short_ids(text: &str) -> String {
    let is_id = |word: &str| {
        word.len() >= 7 && word.len() < 10 && word.bytes().all(|b| b.is_ascii_hexdigit())
    };
    text.split(' ')
        .map(|word| if is_id(word) { "SHORT" } else { word })
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn a_conflict_names_both_sides_and_what_to_do() {
    let world = world();
    world.publish("1.2.0", |r| {
        r.file("vitruvyan_core/core/bus.py", Some(&module_text("bus", 12)))
    });
    let run = vit(&world, &["plan", "--target", "1.2.0"]);
    assert_snapshot!(without_short_ids(&shown(&world, &run)), @"
    exit: 1
    --- stdout
    upgrade 1.0.0 → 1.2.0   channel stable   blocked
      HASH main, v1.2.0 to be merged into main

    changes in 1.1.0
      features
        - a faster cache

      vertical  answer  smoke test
      tracked   ok      at most 5m 00s

    time         about 31s (an estimate: nothing was measured here yet)
    disk         16.0 MiB needed, FREE free
    environment  dependencies are not managed: no Python environment was found (settings, VIRTUAL_ENV, .venv, venv)
    risk         medium
                 - 2 minor releases at once
    way back     1. before anything changes, the tag pre-upgrade-<time> and a private ref keep the old state
                 2. on any failure the tree goes back to 1.0.0 by itself, HEAD is on branch main again
                 3. every tracked file is hashed against the old tree before it is called restored
                 4. later, `vit rollback` does the same

    1 problem blocks
      vitruvyan_core/core/bus.py: this repository and v1.2.0 changed it in ways that do not go together (content) [merge_conflict]
        here: SHORT our own work
        Core v1.2.0: SHORT Release v1.2.0
        fix (you): take the change into Core, or settle it by hand
          by hand: `git fetch upstream tag v1.2.0`, `git merge v1.2.0`, settle the files that git names, `git add` them and `git commit` (`git merge --abort` gives it up); then run the smoke tests: vit knows v1.2.0 as installed, but has not proven it

    next: vit upgrade --target 1.1.0 (the newest release that is possible now), or mend what is listed above
    --- stderr
         ask upstream
    ");
    // What it says to type works.
    world.git(&["fetch", "-q", "upstream", "tag", "v1.2.0"]);
    let merge = world
        .program(std::path::Path::new("git"), ["merge", "-q", "v1.2.0"])
        .run();
    merge.assert_code(1);
    world.write("vitruvyan_core/core/bus.py", module_text("bus", 13));
    world.git(&["add", "vitruvyan_core/core/bus.py"]);
    world.git(&["commit", "-qm", "Merge Core v1.2.0 by hand"]);
    assert_eq!(answer(&world, &["status"], 0)["core_version"], "1.2.0");
    assert_eq!(answer(&world, &["update"], 0)["status"], "up_to_date");
}

#[test]
fn an_older_release_that_merges_is_offered_instead() {
    let world = world();
    world.publish("1.2.0", |r| {
        r.file("vitruvyan_core/core/bus.py", Some(&module_text("bus", 12)))
    });
    let update = answer(&world, &["update"], 0);
    assert_eq!(update["offered"]["version"], "1.1.0", "{update:#}");
    assert_eq!(
        problem(&update["blocked"], "merge_conflict")["subject"],
        "vitruvyan_core/core/bus.py"
    );
}

#[test]
fn many_conflicts_are_told_up_to_a_bound() {
    let world = world();
    let ours: Vec<File> = (0..30)
        .map(|i| File::plain(format!("many/{i:02}.txt"), "ours\n"))
        .collect();
    world.commit_own(&ours, "many files");
    world.publish("1.2.0", |r| {
        r.files((0..30).map(|i| File::plain(format!("many/{i:02}.txt"), "theirs\n")))
    });
    let plan = answer(&world, &["plan", "--target", "1.2.0"], 1);
    let found: Vec<&str> = plan["preflight"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|p| p["code"] == "merge_conflict")
        .map(|p| p["subject"].as_str().unwrap())
        .collect();
    assert_eq!(
        (found.len(), found[0], found[20]),
        (21, "many/00.txt", "~10 more")
    );
}

#[test]
fn histories_that_have_nothing_in_common_are_told() {
    let world = world();
    world.git(&["checkout", "-q", "--orphan", "copied"]);
    world.git(&["commit", "-qm", "Core, copied without its history"]);
    let plan = answer(&world, &["plan", "--target", "1.1.0"], 1);
    let found = problem(&plan, "unrelated_histories");
    assert!(
        found["hint"].to_string().contains("without its history"),
        "{found:#}"
    );
    assert_eq!(
        answer(&world, &["update"], 1)["reason"],
        "unrelated_histories"
    );
}

//! Which commit is made, by whom and when; and commits that are made beside it.

use vit_testkit::World;
use vit_testkit::core_repo::File;

use super::{text, world};
use crate::installation::{answer, codes, problem, vit};

fn commits_in_the_object_store(world: &World) -> usize {
    let all = world.git(&["cat-file", "--batch-all-objects", "--batch-check"]);
    all.lines().filter(|line| line.contains(" commit ")).count()
}

#[test]
fn an_update_makes_no_commit() {
    let world = world();
    world.git(&["fetch", "-q", "upstream", "--tags"]);
    let before = commits_in_the_object_store(&world);
    answer(&world, &["update"], 0);
    assert_eq!(commits_in_the_object_store(&world), before);
    answer(&world, &["plan"], 0);
    assert_eq!(commits_in_the_object_store(&world), before + 1);
}

#[test]
fn a_stored_plan_brings_the_very_commit_that_it_names() {
    let world = world();
    let file = world.root().join("plan.json");
    let file = file.to_str().unwrap();
    let plan = answer(&world, &["plan", "--out", file], 0);
    // Later: another time, and the commit is no longer in the object store.
    world.git(&["-c", "gc.pruneExpire=now", "prune", "--expire=now"]);
    let later =
        crate::installation::command(&world, &["upgrade", "--yes", "--json", "--plan", file])
            .env("VIT_TEST_NOW", "2026-03-05T10:11:12Z")
            .run();
    later.assert_code(0);
    assert_eq!(world.git(&["rev-parse", "HEAD"]), text(&plan, "/to/commit"));
}

#[test]
fn a_stored_plan_is_refused_after_a_new_commit() {
    let world = world();
    let file = world.root().join("plan.json");
    let file = file.to_str().unwrap();
    answer(&world, &["plan", "--out", file], 0);
    world.commit_own(&[File::plain("ours/late.py", "")], "late");
    let before = world.state();
    let report = answer(&world, &["upgrade", "--yes", "--plan", file], 1);
    let found = problem(&report, "facts_moved");
    assert!(
        text(&found, "/evidence").contains("head: planned with"),
        "{found:#}"
    );
    world.state().assert_same(&before);
}

#[test]
fn without_an_author_it_is_blocked_with_the_command() {
    let world = world();
    world.git(&["config", "--unset", "user.email"]);
    let plan = answer(&world, &["plan", "--target", "1.1.0"], 1);
    let found = problem(&plan, "identity_missing");
    assert!(
        text(&found, "/hint").contains("git config user.email"),
        "{found:#}"
    );
    // An offer is about the release, not about the machine.
    assert_eq!(
        answer(&world, &["update"], 0)["offered"]["version"],
        "1.1.0"
    );
    // What the user's own configuration says is enough.
    world.git(&["config", "--global", "user.email", "ana@example.org"]);
    answer(&world, &["upgrade", "--yes"], 0);
    assert_eq!(
        world.git(&["log", "-1", "--format=%ae %ce"]),
        "ana@example.org ana@example.org"
    );
}

#[test]
fn on_a_detached_head_a_branch_is_asked_for() {
    let world = world();
    world.git(&["checkout", "-q", "--detach"]);
    let before = world.state();
    let report = answer(&world, &["upgrade", "--yes", "--target", "1.1.0"], 1);
    let found = problem(&report, "own_commits");
    assert!(
        text(&found, "/hint").contains("git switch -c NAME"),
        "{found:#}"
    );
    world.state().assert_same(&before);
    world.git(&["switch", "-q", "-c", "work"]);
    let main = world.git(&["rev-parse", "main"]);
    answer(&world, &["upgrade", "--yes"], 0);
    assert_eq!(world.git(&["branch", "--show-current"]), "work");
    assert_eq!(world.git(&["rev-parse", "main"]), main);
}

#[test]
fn commits_on_top_of_the_merge_are_never_dropped_by_a_rollback() {
    let world = world();
    answer(&world, &["upgrade", "--yes"], 0);
    let merge = world.git(&["rev-parse", "HEAD"]);
    let own = world.commit_own(&[File::plain("ours/more.py", "MORE = 1\n")], "more");
    let before = world.state();
    let error = answer(&world, &["rollback", "--yes"], 2);
    let hints = error["hints"].to_string();
    assert!(
        hints.contains(&format!("git revert -m 1 {merge}")),
        "{error:#}"
    );
    assert!(
        hints.contains("vit rollback --to pre-upgrade-"),
        "{error:#}"
    );
    world.state().assert_same(&before);
    // The named way leaves the branch where it is.
    let listed = answer(&world, &["rollback", "--list"], 0);
    let tag = text(&listed, "/snapshots/0/tag").to_owned();
    let report = answer(&world, &["rollback", "--yes", "--to", &tag], 0);
    assert!(
        codes(&report).contains(&"ahead_of_release".to_owned()),
        "{report:#}"
    );
    assert_eq!(world.git(&["rev-parse", "main"]), own);
    assert_eq!(
        world.git(&["rev-parse", "HEAD"]),
        world.git(&["rev-parse", &format!("{merge}^1")])
    );
    assert_eq!(world.git(&["branch", "--show-current"]), "");
    // What the first hint says works.
    world.git(&["checkout", "-q", "main"]);
    world.git(&["revert", "--no-edit", "-m", "1", &merge]);
    assert_eq!(world.read("ours/more.py"), "MORE = 1\n");
    assert!(!world.path("vitruvyan_core/core/new.py").exists());
}

#[test]
fn a_manifests_missing_remote_is_told_with_the_command() {
    let world = world();
    world.git(&["remote", "remove", "upstream"]);
    // The team's own origin has Core's releases too, and its own commits.
    let core = world.origin();
    world.git(&[
        "fetch",
        "-q",
        core.to_str().unwrap(),
        "refs/tags/*:refs/tags/*",
    ]);
    world.git(&["push", "-q", "--tags", "origin"]);
    world.vertical("finance", |v| {
        v.extra("upstream: {repo: acme/platform-core, remote_name: upstream}\n")
    });
    let plan = answer(&world, &["plan", "--target", "1.1.0"], 0);
    let found = problem(&plan, "upstream_remote_missing");
    assert_eq!(found["severity"], "warning");
    assert_eq!(
        text(&found, "/hint"),
        "add it: `git remote add upstream https://github.com/acme/platform-core`"
    );
    // Commits that the team has pushed are not Core's.
    assert_eq!(text(&plan, "/strategy"), "merge");
    world.git(&["remote", "add", "upstream", core.to_str().unwrap()]);
    let plan = answer(&world, &["plan", "--target", "1.1.0"], 0);
    assert!(!codes(&plan).contains(&"upstream_remote_missing".to_owned()));
    assert_eq!(text(&plan, "/strategy"), "merge");
    let shown = vit(&world, &["plan", "--target", "1.1.0"]);
    assert!(
        shown
            .stdout
            .contains("v1.1.0 merged into main as one commit"),
        "{shown:?}"
    );
}

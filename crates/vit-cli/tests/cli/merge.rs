//! A repository that carries Core and commits of its own: an upgrade merges, keeps every commit, and
//! can be taken back exactly.

use serde_json::Value;
use vit_testkit::World;
use vit_testkit::core_repo::{File, module_text};

use crate::installation::{answer, builder, codes, problem};

mod commits;
mod conflicts;
mod safety;
mod trees;

/// What the team adds to Core: a vertical, and a change in one of Core's own files.
pub(crate) fn own_files() -> Vec<File> {
    vec![
        File::plain("ours/rules.py", "RULES = 1\n"),
        File::plain("vitruvyan_core/core/bus.py", module_text("bus", 7)),
    ]
}

/// A downstream repository on Core 1.0.0; 1.1.0 is published and changes other files.
pub(crate) fn world() -> World {
    let world = builder()
        .core("1.0.0", |r| r.vertical("tracked", |v| v))
        .build();
    world.downstream(&own_files());
    world.publish("1.1.0", |r| {
        r.feature("a faster cache")
            .file(
                "vitruvyan_core/core/cache.py",
                Some(&module_text("cache", 2)),
            )
            .file("vitruvyan_core/core/new.py", Some("NEW = 1\n"))
    });
    world
}

/// The tree of git's own merge of a tag into what is checked out, in a clone; none where git finds
/// conflicts.
pub(crate) fn merged_by_git(world: &World, tag: &str) -> Option<String> {
    let clone = world.root().join("merged-by-git");
    let _ = std::fs::remove_dir_all(&clone);
    let from = world.installation();
    world.git_in(
        &world.root(),
        &[
            "clone",
            "-q",
            from.to_str().unwrap(),
            clone.to_str().unwrap(),
        ],
    );
    let origin = world.origin();
    world.git_in(
        &clone,
        &["fetch", "-q", origin.to_str().unwrap(), "tag", tag],
    );
    let merge = format!("git merge -q --no-edit {tag} >&2 || echo conflict");
    let run = world
        .program(std::path::Path::new("/bin/sh"), ["-c", &merge])
        .cwd(&clone)
        .env("GIT_AUTHOR_NAME", "x")
        .env("GIT_AUTHOR_EMAIL", "x@example.org")
        .env("GIT_COMMITTER_NAME", "x")
        .env("GIT_COMMITTER_EMAIL", "x@example.org")
        .run();
    (!run.stdout.contains("conflict")).then(|| world.git_in(&clone, &["rev-parse", "HEAD^{tree}"]))
}

#[track_caller]
pub(crate) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("{pointer} in {value:#}"))
}

/// Every commit that HEAD has.
fn log(world: &World) -> Vec<String> {
    let log = world.git(&["log", "--format=%H"]);
    log.lines().map(str::to_owned).collect()
}

#[test]
fn an_upgrade_keeps_every_commit_and_a_rollback_gives_back_the_exact_branch() {
    let world = world();
    let (before, refs, own) = (world.state(), world.refs(), log(&world));
    let expected = merged_by_git(&world, "v1.1.0").unwrap();

    let update = answer(&world, &["update"], 0);
    assert_eq!(update["offered"]["version"], "1.1.0", "{update:#}");
    let plan = answer(&world, &["plan"], 0);
    assert_eq!(text(&plan, "/strategy"), "merge");
    assert_eq!(text(&plan, "/to/tree"), expected);
    assert_eq!(text(&plan, "/to/branch"), "refs/heads/main");
    assert_eq!(problem(&plan, "own_commits_kept")["severity"], "info");
    world.state().assert_same(&before);
    assert_eq!(world.refs(), refs);

    answer(&world, &["upgrade", "--yes"], 0);
    let state = world.state();
    assert_eq!(state.branch.as_deref(), Some("refs/heads/main"));
    assert_eq!(state.index, expected);
    assert_eq!(world.git(&["rev-parse", "HEAD^1"]), before.head);
    assert_eq!(
        world.git(&["rev-parse", "HEAD^2"]),
        world.commit_of("v1.1.0")
    );
    assert_eq!(
        world.git(&["rev-list", "--count", "--no-walk", "HEAD^@"]),
        "2"
    );
    let now = log(&world);
    assert!(own.iter().all(|commit| now.contains(commit)));
    let said = world.git(&["log", "-1", "--format=%an <%ae> %cn <%ce>%n%B"]);
    assert!(
        said.starts_with(
            "The Team <team@example.org> The Team <team@example.org>\nMerge Core v1.1.0\n\n"
        ),
        "{said}"
    );
    // Nothing but the branch has moved.
    let moved: Vec<String> = world
        .refs()
        .into_iter()
        .filter(|r| !refs.contains(r))
        .collect();
    assert_eq!(moved.len(), 1, "{moved:?}");
    assert!(moved[0].starts_with("refs/heads/main "), "{moved:?}");
    answer(&world, &["verify"], 0);
    assert_eq!(answer(&world, &["status"], 0)["core_version"], "1.1.0");

    answer(&world, &["rollback", "--yes"], 0);
    world.state().assert_same(&before);
    assert_eq!(world.refs(), refs);
    answer(&world, &["verify"], 0);
    answer(&world, &["history", "verify"], 0);
}

#[test]
fn a_failing_smoke_test_gives_back_the_exact_branch() {
    let world = world();
    world.vertical("finance", |v| v.smoke(crate::transaction::FAILS_ON_NEW));
    let (before, refs) = (world.state(), world.refs());
    let report = answer(&world, &["upgrade", "--yes"], 3);
    assert!(codes(&report).contains(&"smoke_test_failed".to_owned()));
    world.state().assert_same(&before);
    assert_eq!(world.refs(), refs);
}

#[test]
fn the_next_release_is_offered_and_merged_again() {
    let world = world();
    answer(&world, &["upgrade", "--yes"], 0);
    assert_eq!(answer(&world, &["update"], 0)["status"], "up_to_date");
    let contained = answer(&world, &["plan", "--target", "1.1.0"], 0);
    assert!(
        text(&contained, "/details").contains("already installed"),
        "{contained:#}"
    );
    // More work on top of the merge.
    let own = world.commit_own(&[File::plain("ours/more.py", "MORE = 1\n")], "more");
    assert_eq!(answer(&world, &["status"], 0)["core_version"], "1.1.0");
    world.publish("1.2.0", |r| {
        r.file("vitruvyan_core/core/new.py", Some("NEW = 2\n"))
    });
    let update = answer(&world, &["update"], 0);
    assert_eq!(update["offered"]["version"], "1.2.0", "{update:#}");
    let expected = merged_by_git(&world, "v1.2.0").unwrap();
    let refs = world.refs();
    answer(&world, &["upgrade", "--yes", "--branch"], 0);
    assert_eq!(world.state().index, expected);
    assert_eq!(world.git(&["rev-parse", "HEAD^1"]), own);
    assert_eq!(
        world.git(&["rev-parse", "HEAD^2"]),
        world.commit_of("v1.2.0")
    );
    answer(&world, &["rollback", "--yes"], 0);
    assert_eq!(world.refs(), refs);
}

#[test]
fn an_older_release_is_not_merged() {
    let world = world();
    answer(&world, &["upgrade", "--yes"], 0);
    let before = world.state();
    let plan = answer(&world, &["plan", "--target", "1.0.0"], 1);
    assert_eq!(problem(&plan, "own_commits")["severity"], "blocked");
    world.state().assert_same(&before);
}

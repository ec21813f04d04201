//! Rehearsals: what `vit plan --rehearse` says is what `vit upgrade` then does, nothing live is
//! changed by it, and nothing of it is left, however it ends.

use std::fs;

use serde_json::Value;
use vit_testkit::smoke::{self, Hostile};
use vit_testkit::state::State;
use vit_testkit::{Run, World, processes};

use crate::transaction::{
    FAILS_ON_NEW, PATIENCE, builder, put, sound, upgrade, with_update, world,
};

mod bisect;
mod ends;
mod environment;
mod shape;
mod strategies;

/// The vertical's script is the same for all; what it does stands outside the tree.
const INDIRECT: &str = "exec /bin/sh \"$TMPDIR/script\"";

/// Everything of the live installation that a rehearsal must not change.
#[derive(Debug, PartialEq, Eq)]
struct Live {
    refs: String,
    config: Vec<u8>,
    worktrees: String,
    stash: String,
}

impl Live {
    fn of(world: &World) -> Self {
        Self {
            refs: world.git(&["for-each-ref"]),
            config: fs::read(world.path(".git/config")).unwrap(),
            worktrees: world.git(&["worktree", "list", "--porcelain"]),
            stash: world.git(&["stash", "list"]),
        }
    }
}

/// What rehearsals left behind.
fn left(world: &World) -> Vec<String> {
    let folder = world.path(".git/vit/rehearsals");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

/// `vit plan --rehearse`, after which everything live is what it was.
fn rehearse(world: &World) -> Run {
    // What planning itself writes (the releases that were seen) is there before.
    world.vit(&["plan", "--json"]);
    let (state, live) = (world.state(), Live::of(world));
    let run = world.vit(&["plan", "--rehearse", "--json"]);
    world.state().assert_same(&state);
    assert_eq!(Live::of(world), live, "{run:?}");
    assert_eq!(left(world), [""; 0], "{run:?}");
    assert!(processes::all_gone(&world.root(), PATIENCE), "{run:?}");
    run
}

fn outcome(run: &Run) -> String {
    let outcome = &run.json()["rehearsal"]["outcome"];
    outcome.as_str().unwrap_or("none").to_owned()
}

fn codes(run: &Run) -> Vec<String> {
    let json = run.json();
    let problems = json["preflight"].as_array().cloned().unwrap_or_default();
    problems
        .iter()
        .filter_map(|problem| Some(problem["code"].as_str()?.to_owned()))
        .collect()
}

/// Whether a smoke test of the upgrade said that it could not run, or could not be started.
fn could_not_run(upgraded: &Value) -> bool {
    upgraded["smoke_tests"]
        .as_array()
        .into_iter()
        .flatten()
        .any(|test| test["outcome"] == "could_not_run")
}

/// The rehearsal and then the upgrade of the same world; what does not fit.
fn compare(name: &str, world: &World) -> Result<String, String> {
    let rehearsed = rehearse(world);
    fits(name, &rehearsed, &upgrade(world).run())
}

/// What a rehearsal has said, where the upgrade after it agrees.
fn fits(name: &str, rehearsed: &Run, upgraded: &Run) -> Result<String, String> {
    let outcome = outcome(rehearsed);
    let fits = match outcome.as_str() {
        "pass" => rehearsed.code() == Some(0) && upgraded.code() == Some(0),
        "fail" => {
            rehearsed.code() == Some(1)
                && upgraded.code() == Some(3)
                && codes(rehearsed).contains(&"rehearsal_failed".to_owned())
        }
        "could_not_tell" => {
            rehearsed.code() == Some(0)
                && could_not_run(&upgraded.json())
                && codes(rehearsed).contains(&"rehearsal_could_not_tell".to_owned())
        }
        // A plan that is blocked is not rehearsed.
        "none" => rehearsed.code() == Some(1) && upgraded.code() == Some(1),
        _ => false,
    };
    if fits {
        return Ok(outcome);
    }
    Err(format!(
        "{name}: the rehearsal said {outcome} ({:?}), the upgrade ended with {:?}\n{:#}\n{:#}",
        codes(rehearsed),
        upgraded.code(),
        rehearsed.json()["rehearsal"],
        upgraded.json()["problems"],
    ))
}

fn go_through(scripts: impl IntoIterator<Item = (String, String)>) {
    let start = world(INDIRECT);
    let failures: Vec<String> = scripts
        .into_iter()
        .filter_map(|(name, text)| {
            let world = start.copy();
            put(world.tmp().join("script"), text);
            compare(&name, &world).err()
        })
        .collect();
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// Whether a daemon writes before it is ended is a race, in a rehearsal as in an upgrade: there is
/// nothing to predict. That it is ended is tested elsewhere.
fn is_a_race(hostile: &Hostile) -> bool {
    [smoke::DAEMON.name, smoke::BARE_DAEMON.name].contains(&hostile.name)
}

fn variant(scripts: &[Hostile], how: fn(Hostile) -> String) -> Vec<(String, String)> {
    scripts
        .iter()
        .filter(|hostile| !is_a_race(hostile))
        .map(|hostile| (hostile.name.to_owned(), how(*hostile)))
        .collect()
}

#[test]
fn predicts_tame_smoke_tests_that_pass() {
    go_through(variant(&smoke::TAME, Hostile::passes));
}

#[test]
fn predicts_tame_smoke_tests_that_fail() {
    go_through(variant(&smoke::TAME, Hostile::fails));
}

#[test]
fn predicts_wild_smoke_tests() {
    let wild = [
        smoke::LONG_LINE,
        smoke::MANY_LINES,
        smoke::TAGS,
        smoke::WRITES_CONFIG,
        smoke::KILLS_ITSELF,
    ];
    go_through(variant(&wild, Hostile::passes));
}

#[test]
fn predicts_odd_statuses() {
    let odd = smoke::ODD_STATUSES.iter();
    go_through(odd.map(|status| (status.to_string(), format!("exit {status}"))));
}

/// A scenario: its name, its world, and what its rehearsal says.
type Scenario = (&'static str, fn() -> World, &'static str);

/// What the smoke test of 1.1.0 finds, and the one of 1.0.0 does not.
const BREAKS_IMPORT: &str = "cd \"$VIT_CORE_ROOT\" && test -f vitruvyan_core/core/cache.py";

const SCENARIOS: [Scenario; 12] = [
    ("passes", || world("exit 0"), "pass"),
    ("fails", || world("exit 1"), "fail"),
    ("fails on the new code", || world(FAILS_ON_NEW), "fail"),
    ("a broken import", || world(BREAKS_IMPORT), "fail"),
    ("exit 2", || world("exit 2"), "could_not_tell"),
    (
        "no branch",
        || with_update(builder().detached(), "exit 0"),
        "pass",
    ),
    ("needs what stands beside the tree", beside, "pass"),
    ("an ignored vertical", ignored, "pass"),
    ("a tracked vertical's own smoke test", tracked, "fail"),
    ("a missing interpreter", no_interpreter, "could_not_tell"),
    (
        "a manifest that blocks at the target",
        blocks_at_target,
        "none",
    ),
    ("looks into git", looks_into_git, "pass"),
];

/// A smoke test that needs files which git does not track: one of its own, one at the root, a
/// link, an empty folder.
fn beside() -> World {
    let world = world(
        "cd \"$VIT_CORE_ROOT\" && grep -q 1 domains/finance/rules.py && grep -q secret .env && \
         test -d var/empty && grep -q secret var/link",
    );
    world.write(".env", "secret=1\n").write("var/x", "x");
    fs::create_dir(world.path("var/empty")).unwrap();
    std::os::unix::fs::symlink(world.path(".env"), world.path("var/link")).unwrap();
    world
}

fn ignored() -> World {
    let world = world("exit 0");
    world.vertical("energy", |v| {
        v.smoke("test -f data.csv").file("data.csv", "1").ignored()
    });
    world
}

fn tracked() -> World {
    let world = builder().build();
    world.publish("1.1.0", |r| r.vertical("tracked", |v| v.smoke("exit 7")));
    world
}

fn no_interpreter() -> World {
    let world = builder().build();
    world
        .vertical("finance", |v| v.smoke("#!/no/such/interpreter\nexit 0\n"))
        .publish("1.1.0", |r| r);
    world
}

fn blocks_at_target() -> World {
    let world = builder().build();
    world.publish("1.1.0", |r| {
        r.vertical("tracked", |v| v.range("2.0.0", "2.x.x"))
    });
    world
}

/// Tags, the branch, the author: git in the rehearsal answers as it does in the live tree.
fn looks_into_git() -> World {
    let world = world(
        "cd \"$VIT_CORE_ROOT\" && git rev-parse v1.0.0 && test \"$(git config demo.key)\" = yes && \
         test -z \"$(git status --porcelain --untracked-files=no)\"",
    );
    world.git(&["config", "demo.key", "yes"]);
    world
}

/// **`vit plan --rehearse` predicts the result of `vit upgrade` in every scenario.**
#[test]
fn predicts_every_scenario() {
    let mut failures = Vec::new();
    for (name, build, expected) in SCENARIOS {
        match compare(name, &build()) {
            Ok(outcome) if outcome == expected => {}
            Ok(outcome) => failures.push(format!("{name}: {outcome}, not {expected}")),
            Err(error) => failures.push(error),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
}

/// The state after an upgrade that was rehearsed is the one after an upgrade that was not.
#[test]
fn an_upgrade_with_a_rehearsal_does_the_same() {
    let start = world("exit 0");
    let (plain, rehearsed) = (start.copy(), start.copy());
    upgrade(&plain).run().assert_code(0);
    let run = rehearsed.vit(&["upgrade", "--rehearse", "--yes", "--json"]);
    run.assert_code(0);
    assert_eq!(run.json()["plan"]["rehearsal"]["outcome"], "pass");
    let expected: State = plain.state();
    rehearsed.state().assert_same(&expected);
    assert_eq!(left(&rehearsed), [""; 0]);
    sound(&rehearsed).unwrap();
}

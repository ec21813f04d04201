//! Steps of the installation's own (`[[step]]` in `vit.toml`): order, undo, and the way back
//! through them after every kind of failure.
//!
//! The steps of these tests make files, so that the state of the installation shows whether they
//! ran and were undone.

use std::path::Path;

use vit_testkit::faults::{self, Fault};
use vit_testkit::kill::{Matrix, RecoveryKills};
use vit_testkit::{Invocation, Run, World, processes};

use crate::transaction::{
    FAILS_ON_NEW, PATIENCE, outcomes, put, rollback, sound, status, survivor_is_sound, upgrade,
};

mod chain;
mod hostile;

/// A step that makes `NAME.made`, and whose undo removes it.
pub(crate) fn maker(name: &str) -> String {
    format!(
        "[[step]]\nname = \"{name}\"\n\
         run = \"echo \\\"$VIT_PHASE $VIT_STEP $VIT_FROM_VERSION $VIT_TO_VERSION\\\" >> \\\"$TMPDIR/log\\\"; : > {name}.made\"\n\
         undo = \"echo \\\"$VIT_PHASE $VIT_STEP $VIT_FROM_VERSION $VIT_TO_VERSION\\\" >> \\\"$TMPDIR/log\\\"; rm -f {name}.made\"\n\
         verify = [\"test\", \"-f\", \"{name}.made\"]\n"
    )
}

/// Core 1.0.0 with these settings, a vertical with this smoke test, and 1.1.0 published.
pub(crate) fn world_with(settings: &str, smoke: &str) -> World {
    let world = World::builder()
        .bin(env!("CARGO_BIN_EXE_vit"))
        .core("1.0.0", |r| r.file("vit.toml", Some(settings)))
        .build();
    world
        .vertical("finance", |v| v.smoke(smoke))
        .publish("1.1.0", |r| {
            r.file("vitruvyan_core/core/new.py", Some("NEW = 1\n"))
        });
    world
}

/// What the steps wrote down, in order.
pub(crate) fn log(world: &World) -> Vec<String> {
    let text = std::fs::read_to_string(world.tmp().join("log")).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

fn there(world: &World, name: &str) -> bool {
    world.path(name).exists()
}

#[test]
fn steps_run_in_order_after_the_switch_and_before_the_smoke_tests() {
    let settings = format!("{}{}", maker("b"), maker("a"));
    let world = world_with(
        &settings,
        "echo smoke >> \"$TMPDIR/log\"; test -f a.made -o -f ../../a.made",
    );
    let plan = world.vit(&["plan"]);
    plan.assert_code(0)
        .assert_stdout("steps")
        .assert_stdout("rm -f b.made");
    let run = upgrade(&world).run();
    run.assert_code(0);
    assert_eq!(
        log(&world),
        ["step b 1.0.0 1.1.0", "step a 1.0.0 1.1.0", "smoke"]
    );
    let names: Vec<String> = run.json()["plan"]["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| step["step"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(names, ["switch_tree", "command", "command"]);
    assert!(there(&world, "a.made") && there(&world, "b.made"));
    sound(&world).unwrap();
}

#[test]
fn a_failed_smoke_test_undoes_the_steps_in_reverse_order() {
    let world = world_with(&format!("{}{}", maker("a"), maker("b")), FAILS_ON_NEW);
    let before = world.state();
    upgrade(&world).run().assert_code(3);
    assert_eq!(
        log(&world),
        [
            "step a 1.0.0 1.1.0",
            "step b 1.0.0 1.1.0",
            "undo b 1.1.0 1.0.0",
            "undo a 1.1.0 1.0.0"
        ]
    );
    world.state().assert_same(&before);
    sound(&world).unwrap();
}

#[test]
fn a_failing_step_is_told_with_its_last_lines_and_its_output_is_kept() {
    let settings = format!(
        "{}[[step]]\nname = \"migrate\"\nrun = \"seq 1 9; printf 'no\\\\033[2J table' >&2; exit 7\"\n\
         undo = \"echo undone >> \\\"$TMPDIR/log\\\"\"\n{}",
        maker("a"),
        maker("never")
    );
    let world = world_with(&settings, "exit 0");
    let before = world.state();
    let run = upgrade(&world).run();
    run.assert_code(3);
    let report = run.json();
    let cause = &report["problems"][0];
    assert_eq!(cause["code"], "own_step_failed");
    assert_eq!(cause["subject"], "migrate");
    let evidence = cause["evidence"].as_str().unwrap();
    assert!(evidence.contains("exit status 7"), "{evidence}");
    assert!(
        evidence.ends_with("last lines: 6 / 7 / 8 / 9 / no\\x1b[2J table"),
        "{evidence}"
    );
    let folder = report["evidence"].as_str().unwrap();
    let kept = std::fs::read_to_string(Path::new(folder).join("step-migrate.log")).unwrap();
    assert!(kept.starts_with("1\n2\n3\n"), "{kept}");
    // The step that failed in the middle is undone too; the one after it never began.
    assert_eq!(
        log(&world),
        ["step a 1.0.0 1.1.0", "undone", "undo a 1.1.0 1.0.0"]
    );
    world.state().assert_same(&before);
    sound(&world).unwrap();
}

#[test]
fn a_secret_that_a_step_prints_is_neither_shown_nor_kept() {
    let secret = "violet-anchor-77";
    let settings = format!(
        "[[step]]\nname = \"migrate\"\nrun = \"echo connecting with {secret}; exit 7\"\n\
         undo = \"true\"\n"
    );
    let world = world_with(&settings, "exit 0");
    let run = upgrade(&world).env("DB_PASSWORD", secret).run();
    run.assert_code(3);
    let report = run.json();
    let cause = report["problems"][0]["evidence"].as_str().unwrap();
    assert!(
        cause.contains("last lines: ") && !cause.contains(secret),
        "{cause}"
    );
    let folder = report["evidence"].as_str().unwrap();
    let kept = std::fs::read_to_string(Path::new(folder).join("step-migrate.log")).unwrap();
    assert!(kept.starts_with("connecting with [redacted: "), "{kept}");
}

#[test]
fn a_step_whose_verify_fails_has_failed() {
    let settings = "[[step]]\nname = \"a\"\nrun = \": > a.made\"\nundo = \"rm -f a.made\"\n\
                    verify = [\"false\"]\n";
    let world = world_with(settings, "exit 0");
    let before = world.state();
    let run = upgrade(&world).run();
    run.assert_code(3);
    let cause = run.json()["problems"][0].clone();
    assert_eq!(cause["code"], "own_step_failed");
    assert!(
        cause["evidence"].as_str().unwrap().starts_with("`false`"),
        "{cause}"
    );
    world.state().assert_same(&before);
}

#[test]
fn a_timeout_ends_what_the_step_has_started() {
    let settings = "[[step]]\nname = \"slow\"\ntimeout = 1\n\
                    run = \"setsid sleep 60 & sleep 60 & sleep 60\"\nundo = \"true\"\n";
    let world = world_with(settings, "exit 0");
    let run = upgrade(&world).run();
    run.assert_code(3);
    let cause = run.json()["problems"][0].clone();
    assert!(
        cause["evidence"]
            .as_str()
            .unwrap()
            .contains("not done within 1 s"),
        "{cause}"
    );
    assert!(processes::all_gone(&world.root(), PATIENCE));
}

#[test]
fn leftovers_are_ended_and_named_unless_the_step_says_that_they_stay() {
    let settings = |key: &str| {
        format!(
            "[[step]]\nname = \"serve\"\nundo = \"true\"\n{key}\n\
             run = \"setsid sleep 60 >/dev/null 2>&1 </dev/null & echo started\"\n"
        )
    };
    let world = world_with(&settings(""), "exit 0");
    let run = upgrade(&world).run();
    run.assert_code(0);
    let told = run.json()["problems"][0].clone();
    assert_eq!(told["code"], "own_step_left_processes");
    assert_eq!(told["subject"], "serve");
    assert!(processes::all_gone(&world.root(), PATIENCE));

    let world = world_with(&settings("leaves_processes = true"), "exit 0");
    let run = upgrade(&world).run();
    run.assert_code(0);
    assert_eq!(
        run.json()["problems"].as_array().unwrap().len(),
        0,
        "{run:?}"
    );
    // Not even the smoke tests' sweep has ended it.
    assert_eq!(world.processes().len(), 1);
}

const IRREVERSIBLE: &str =
    "[[step]]\nname = \"burn\"\nrun = \"echo burnt >> \\\"$TMPDIR/log\\\"\"\n";

#[test]
fn an_irreversible_step_blocks_until_it_is_accepted() {
    let world = world_with(IRREVERSIBLE, "exit 0");
    let plan = world.vit(&["plan"]);
    plan.assert_code(1)
        .assert_stdout("cannot be undone")
        .assert_stdout("irreversible_step");
    upgrade(&world).run().assert_code(1);
    assert_eq!((log(&world), outcomes(&world)), (vec![], vec![]));
    let accept = [
        "upgrade",
        "--yes",
        "--json",
        "--accept",
        "irreversible_step",
    ];
    let run = world.vit(&accept);
    run.assert_code(0);
    let accepted = &world.history()[0]["accepted"];
    assert_eq!(accepted[0]["code"], "irreversible_step");
    assert_eq!(accepted[0]["subjects"][0], "burn");
    // Going back leaves what it did: the same question.
    rollback(&world).run().assert_code(1);
    let run = world.vit(&[
        "rollback",
        "--yes",
        "--json",
        "--accept",
        "irreversible_step",
    ]);
    run.assert_code(0);
    assert_eq!(log(&world), ["burnt"]);
    sound(&world).unwrap();
}

#[test]
fn accepting_it_where_there_is_none_is_no_error_and_other_codes_stay_refused() {
    let world = world_with(&maker("a"), "exit 0");
    let run = world.vit(&["plan", "--json", "--accept", "irreversible_step"]);
    run.assert_code(0);
    assert_eq!(run.json()["accepted"].as_array().unwrap().len(), 0);
    world
        .vit(&["plan", "--accept", "dirty_tree"])
        .assert_code(2);
    world
        .vit(&["rollback", "--yes", "--accept", "dirty_tree"])
        .assert_code(2);
}

#[test]
fn a_rollback_says_loudly_what_an_irreversible_step_left() {
    let world = world_with(&format!("{}{IRREVERSIBLE}", maker("a")), FAILS_ON_NEW);
    let before = world.state();
    let run = world.vit(&["upgrade", "--yes", "--accept", "irreversible_step"]);
    run.assert_code(3)
        .assert_stdout("NOT what the step burn did")
        .assert_stdout("own_step_not_undone");
    assert_eq!(
        log(&world),
        ["step a 1.0.0 1.1.0", "burnt", "undo a 1.1.0 1.0.0"]
    );
    world.state().assert_same(&before);
    assert_eq!(outcomes(&world), ["rollback_executed"]);
    sound(&world).unwrap();
    // So does the story that is told later.
    world
        .vit(&["explain"])
        .assert_stdout("restored and verified, but NOT what these steps did: burn")
        .assert_stdout("you: look at what the step burn did, and take it back by hand");
}

/// A step whose undo works once `$TMPDIR/mended` is there.
fn stubborn() -> String {
    "[[step]]\nname = \"db\"\nrun = \": > db.made\"\n\
     undo = \"test -e \\\"$TMPDIR/mended\\\" && rm -f db.made\"\n"
        .to_owned()
}

#[test]
fn an_undo_that_fails_leaves_the_installation_inconsistent_until_it_is_repaired() {
    let world = world_with(&format!("{}{}", stubborn(), maker("a")), FAILS_ON_NEW);
    let run = upgrade(&world).run();
    run.assert_code(4);
    let report = run.json();
    let mismatches = report["proof"]["mismatches"].to_string();
    assert!(
        mismatches.contains("step:db was not undone"),
        "{mismatches}"
    );
    // The others went back all the same.
    assert!(!there(&world, "a.made") && !there(&world, "vitruvyan_core/core/new.py"));
    assert_eq!(outcomes(&world), ["inconsistent"]);
    let repair = |world: &World| world.vit(&["repair", "--yes", "--json"]);
    repair(&world).assert_code(4);
    upgrade(&world).run().assert_code(4);
    // What is refused is refused in a dry run too, and a plan says so.
    world.vit(&["upgrade", "--dry-run"]).assert_code(4);
    let plan = world.vit(&["plan", "--json", "--target", "1.1.0"]);
    plan.assert_code(1);
    assert!(plan.stdout.contains("\"inconsistent\""), "{plan:?}");
    put(world.tmp().join("mended"), "");
    repair(&world).assert_code(0);
    assert!(!there(&world, "db.made"));
    assert_eq!(outcomes(&world), ["inconsistent", "success"]);
    sound(&world).unwrap();
}

#[test]
fn an_undo_that_can_never_work_is_accepted_on_the_record() {
    let world = world_with(&stubborn(), FAILS_ON_NEW);
    let before = world.state();
    upgrade(&world).run().assert_code(4);
    let other = world.vit(&["repair", "--yes", "--json", "--accept", "dirty_tree"]);
    other.assert_code(2);
    let run = world.vit(&[
        "repair",
        "--yes",
        "--json",
        "--accept",
        "own_step_not_undone",
    ]);
    run.assert_code(0);
    assert_eq!(run.json()["problems"][0]["code"], "own_step_not_undone");
    let last = world.history().pop().unwrap();
    assert_eq!(last["accepted"][0]["subjects"][0], "db", "{last:#}");
    assert_eq!(outcomes(&world), ["inconsistent", "success"]);
    world.state().assert_same(&before);
    sound(&world).unwrap();
}

#[test]
fn a_step_that_changes_tracked_files_has_failed() {
    let settings = "[[step]]\nname = \"edit\"\nrun = \"echo x >> README.md\"\nundo = \"true\"\n";
    let world = world_with(settings, "exit 0");
    let before = world.state();
    let run = upgrade(&world).run();
    run.assert_code(3);
    let cause = run.json()["problems"][0].clone();
    assert_eq!(cause["code"], "own_step_failed");
    assert!(
        cause["evidence"].as_str().unwrap().contains("README.md"),
        "{cause}"
    );
    world.state().assert_same(&before);
}

#[test]
fn constraints_say_which_targets_a_step_is_for() {
    let settings = format!(
        "{}releases = \">=1.1.0,<1.2\"\n{}releases = \"~=1.2.0\"\n{}",
        maker("a"),
        maker("b"),
        maker("c")
    );
    let world = world_with(&settings, "exit 0");
    upgrade(&world).run().assert_code(0);
    assert_eq!(log(&world), ["step a 1.0.0 1.1.0", "step c 1.0.0 1.1.0"]);
}

#[test]
fn a_stored_plan_is_refused_when_the_steps_have_changed() {
    let world = world_with(&maker("a"), "exit 0");
    let file = world.tmp().join("plan.json");
    let file = file.to_str().unwrap();
    world.vit(&["plan", "--out", file]).assert_code(0);
    let other = world.read("vit.toml").replace("300", "200") + "timeout = 5\n";
    world.write("vit.toml", other);
    let apply = ["upgrade", "--yes", "--json", "--plan", file];
    world.vit(&apply).assert_code(1);
    world.git(&["checkout", "-q", "vit.toml"]);
    world.vit(&apply).assert_code(0);
    assert_eq!(log(&world).len(), 1);
}

#[test]
fn an_upgrade_with_steps_killed_at_any_point() {
    let world = world_with(&format!("{}{}", maker("a"), maker("b")), "exit 0");
    let report = Matrix::new(&world, upgrade)
        .only(|point| point.contains("step:") || point.starts_with("journal.prob"))
        .recovery_kills(RecoveryKills::Distinct)
        .check(survivor_is_sound)
        .threads(2)
        .run();
    for point in ["journal.intent:step:a.synced", "journal.done:step:b.before"] {
        assert!(report.points.iter().any(|p| p == point), "{report:?}");
    }
    assert!(
        report.recovery_points.iter().any(|p| p == "undo.step:b"),
        "{report:?}"
    );
}

#[test]
fn an_upgrade_with_steps_that_rolls_back_killed_at_any_point() {
    let world = world_with(&format!("{}{}", maker("a"), maker("b")), FAILS_ON_NEW);
    let _ = Matrix::new(&world, upgrade)
        .only(|point| {
            [
                "undo.",
                "journal.rollback",
                "journal.undone",
                "journal.verified",
            ]
            .iter()
            .any(|part| point.starts_with(part))
        })
        .check(survivor_is_sound)
        .threads(2)
        .run();
}

#[test]
fn a_rollback_with_steps_killed_at_any_point() {
    let world = world_with(&format!("{}{}", maker("a"), maker("b")), "exit 0");
    upgrade(&world).run().assert_code(0);
    let report = Matrix::new(&world, rollback)
        .only(|point| point.contains("step:") || point.starts_with("journal.intent"))
        .check(survivor_is_sound)
        .threads(2)
        .run();
    assert!(
        report
            .points
            .iter()
            .any(|p| p == "journal.done:step:a.synced")
    );
}

/// Killed while the undo that fails is noted: it is not forgotten.
#[test]
fn a_failing_undo_survives_a_kill() {
    let start = world_with(&stubborn(), FAILS_ON_NEW);
    for point in [
        "undo.step:db",
        "journal.undone:step:db.written",
        "journal.inconsistent.before",
    ] {
        let world = start.copy();
        let killed: Run = faults::with(upgrade(&world), point, Fault::Kill).run();
        assert!(killed.was_killed(), "{point}");
        let recovered: Invocation = world.command(["recover", "--json"]);
        let recovered = recovered.run();
        assert_eq!(recovered.code(), Some(4), "{point}: {recovered:?}");
        assert_eq!(status(&recovered), "inconsistent");
        put(world.tmp().join("mended"), "");
        world.vit(&["repair", "--yes"]).assert_code(0);
        sound(&world).unwrap_or_else(|error| panic!("{point}: {error}"));
    }
}

/// The undo of a step runs for a trial that is taken back too.
#[test]
fn a_soak_that_fails_undoes_the_steps() {
    let world = world_with(&maker("a"), "[ \"$VIT_PHASE\" != soak ]");
    let before = world.state();
    let run = crate::trial::soak(&world, "1m").run();
    run.assert_code(3);
    assert_eq!(log(&world), ["step a 1.0.0 1.1.0", "undo a 1.1.0 1.0.0"]);
    world.state().assert_same(&before);
}

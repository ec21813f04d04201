//! The soak: the smoke tests repeat after an upgrade until its time is over or somebody confirms.
//! TRANSACTION.md, the state TRIAL.
//!
//! Most of these tests set the time: a clock that stands still makes a soak as short as its rounds,
//! and the deadline a matter of what time the next command is told.

use rustix::process::Signal;
use vit_testkit::faults::{self, Fault};
use vit_testkit::kill::{Matrix, Side};
use vit_testkit::run::Running;
use vit_testkit::{Invocation, World};

use crate::transaction::{
    FAILS_ON_NEW, builder, outcomes, sound, status, survivor_is_sound, upgrade, with_update, world,
};

/// When the soaks of these tests begin, and a time after their end.
const THEN: &str = "2026-03-01T08:00:00Z";
const LATER: &str = "2026-03-01T09:00:00Z";

/// An upgrade with a soak, at a time that stands still.
pub(crate) fn soak(world: &World, time: &str) -> Invocation {
    live(world, time).env("VIT_TEST_NOW", THEN)
}

/// An upgrade with a soak, by the real clock.
fn live(world: &World, time: &str) -> Invocation {
    world.command(["upgrade", "--yes", "--json", "--soak", time])
}

/// A smoke test that counts its rounds in the soak, and fails in one of them.
fn fails_in_round(round: u32) -> String {
    format!(
        "[ \"$VIT_PHASE\" = soak ] || exit 0\necho x >> \"$TMPDIR/rounds\"\n\
         [ \"$(wc -l < \"$TMPDIR/rounds\")\" -ne {round} ]"
    )
}

fn rounds(world: &World) -> usize {
    let text = std::fs::read_to_string(world.tmp().join("rounds")).unwrap_or_default();
    text.lines().count()
}

/// Starts a soak of an hour and waits until it has begun.
fn soaking(world: &World) -> Running {
    let mut run = live(world, "1h").spawn();
    let journal = world.path(".git/vit/journal.jsonl");
    run.until("the trial", || {
        std::fs::read_to_string(&journal).is_ok_and(|text| text.contains("\"kind\":\"trial\""))
    });
    run
}

/// A world whose soak was killed when it had just begun.
fn orphaned(smoke: &str) -> World {
    let world = world(smoke);
    let killed = faults::with(soak(&world, "30m"), "journal.trial.synced", Fault::Kill);
    assert!(killed.run().was_killed());
    world
}

fn at(world: &World, args: &[&str], time: &str) -> Invocation {
    world.command(args).env("VIT_TEST_NOW", time)
}

#[test]
fn the_smoke_tests_repeat_until_the_time_is_over() {
    let world = world(&fails_in_round(99));
    let run = soak(&world, "15m").run();
    run.assert_code(0);
    assert_eq!(status(&run), "applied");
    // Every 45 seconds, and not once more at the very end.
    assert_eq!(rounds(&world), 19);
    run.assert_stderr("soak: round 19, 45s left");
    assert_eq!(outcomes(&world), ["success"]);
    sound(&world).unwrap();
}

#[test]
fn the_settings_say_how_often() {
    let core = builder().core("1.0.0", |r| {
        r.file("vit.toml", Some("[soak]\ninterval = 300\n"))
    });
    let world = with_update(core, &fails_in_round(99));
    soak(&world, "15m").run().assert_code(0);
    assert_eq!(rounds(&world), 2);
}

#[test]
fn by_the_real_clock_it_takes_its_time() {
    let world = world(&fails_in_round(99));
    live(&world, "1s").run().assert_code(0);
    assert_eq!(rounds(&world), 1);
    sound(&world).unwrap();
}

#[test]
fn a_failure_in_a_later_round_rolls_back() {
    let world = world(&fails_in_round(2));
    let before = world.state();
    let run = soak(&world, "15m").run();
    run.assert_code(3);
    let cause = run.json()["problems"][0].clone();
    assert_eq!(cause["code"], "smoke_test_failed");
    let message = cause["message"].as_str().unwrap();
    assert!(
        message.contains("in round 2 of the soak of 15m"),
        "{message}"
    );
    assert_eq!(rounds(&world), 2);
    world.state().assert_same(&before);
    let reason = world.history()[0]["rollback_reason"].to_string();
    assert!(reason.contains("round 2 of the soak"), "{reason}");
    sound(&world).unwrap();
}

#[test]
fn a_smoke_test_that_fails_at_once_is_never_on_trial() {
    let world = world(FAILS_ON_NEW);
    let run = soak(&world, "15m").run();
    run.assert_code(3);
    let message = run.json()["problems"][0]["message"].to_string();
    assert!(!message.contains("soak"), "{message}");
}

#[test]
fn a_confirmation_ends_the_soak() {
    let world = world("exit 0");
    let run = soaking(&world);
    let shown = world.vit(&["status", "--json"]).json();
    assert_eq!(shown["trial"]["version"], "1.1.0");
    assert_eq!(shown["trial"]["watched"], true);
    assert_eq!(shown["next"], "vit confirm");
    world.vit(&["confirm", "20200101-000000"]).assert_code(2);
    upgrade(&world).run().assert_code(1);
    let id = shown["trial"]["id"].as_str().unwrap();
    let confirmed = world.vit(&["confirm", id, "--json"]);
    confirmed.assert_code(0);
    assert_eq!(status(&confirmed), "applied");
    assert_eq!(confirmed.json()["schema"], "vit.confirm/1");
    assert_eq!(confirmed.json()["proof"]["verified"], true);
    run.wait().assert_code(0);
    assert!(!world.path(".git/vit/confirm.json").exists());
    assert_eq!(outcomes(&world), ["success"]);
    let again = world.vit(&["confirm", "--json"]);
    again.assert_code(0);
    assert_eq!(status(&again), "nothing_to_do");
    sound(&world).unwrap();
}

/// One that is read as the confirmation would end the soak before its second round, which fails.
#[test]
fn a_request_for_another_transaction_confirms_nothing() {
    for request in [
        "{\"transaction\":\"20260101-000000\",\"user\":\"x\",\"time\":\"2026-01-01T00:00:00Z\"}",
        "{",
    ] {
        let smoke = format!(
            "echo '{request}' > \"$VIT_CORE_ROOT/.git/vit/confirm.json\"\n{}",
            fails_in_round(2)
        );
        let world = world(&smoke);
        soak(&world, "15m").run().assert_code(3);
        assert_eq!(rounds(&world), 2);
    }
}

#[test]
fn ctrl_c_during_the_soak_rolls_back() {
    for signal in [Signal::INT, Signal::TERM] {
        let world = world("exit 0");
        let before = world.state();
        let run = soaking(&world);
        run.signal_group(signal);
        let run = run.wait();
        run.assert_code(3);
        assert_eq!(run.json()["problems"][0]["code"], "interrupted");
        world.state().assert_same(&before);
        sound(&world).unwrap();
    }
}

#[test]
fn an_orphaned_trial_is_left_alone_before_its_time_is_over() {
    let world = orphaned("exit 0");
    let on_trial = world.state();
    for _ in 0..2 {
        let run = at(&world, &["recover", "--json"], THEN).run();
        run.assert_code(0);
        assert_eq!(status(&run), "nothing_to_do");
        assert_eq!(run.json()["problems"][0]["code"], "on_trial");
        assert_eq!(run.json()["next"], "vit confirm");
    }
    let shown = at(&world, &["status", "--json"], THEN).run().json();
    assert_eq!(shown["trial"]["watched"], false);
    assert_eq!(shown["open_transaction"], serde_json::Value::Null);
    at(&world, &["status"], THEN)
        .run()
        .assert_stdout("1.1.0 is on trial until 2026-03-01 08:30:00Z");
    for args in [
        &["upgrade", "--yes"][..],
        &["hold"],
        &["channel", "beta"],
        &["repair", "--yes"],
        &["rollback", "--yes", "--to", "pre-upgrade-20260301-080000"],
    ] {
        let run = at(&world, args, THEN).run();
        run.assert_code(1).assert_stderr("vit confirm");
    }
    world.state().assert_same(&on_trial);
    assert_eq!(outcomes(&world), [""; 0]);
}

#[test]
fn an_orphaned_trial_can_be_confirmed() {
    let world = orphaned("exit 0");
    let on_trial = world.state();
    let run = at(&world, &["confirm", "--json"], THEN).run();
    run.assert_code(0);
    assert_eq!(status(&run), "applied");
    world.state().assert_same(&on_trial);
    assert_eq!(outcomes(&world), ["success"]);
    sound(&world).unwrap();
}

#[test]
fn what_is_confirmed_is_compared_first() {
    let world = orphaned("exit 0");
    world.write("README.md", "edited\n");
    let run = at(&world, &["confirm", "--json"], THEN).run();
    run.assert_code(3);
    assert_eq!(run.json()["problems"][0]["code"], "tree_mismatch");
    assert_eq!(outcomes(&world), ["rollback_executed"]);
    sound(&world).unwrap();
}

#[test]
fn an_orphaned_trial_can_be_taken_back() {
    let before = world("exit 0").state();
    let world = orphaned("exit 0");
    let run = at(&world, &["rollback", "--yes", "--json"], THEN).run();
    run.assert_code(0);
    assert_eq!(status(&run), "rollback_executed");
    assert_eq!(run.json()["schema"], "vit.rollback/1");
    assert_eq!(world.state().files_hash(), before.files_hash());
    assert_eq!(outcomes(&world), ["rollback_executed"]);
    sound(&world).unwrap();
    // A person took it away, so the next nightly upgrade does not bring it back.
    let update = at(&world, &["update", "--json"], LATER).run();
    update.assert_code(1);
    let update = update.json();
    let found = &update["blocked"][0]["verdict"]["release"][0];
    assert_eq!(found["code"], "quarantined", "{update}");
    let shown = at(&world, &["status", "--json"], LATER).run().json();
    assert_eq!(shown["quarantine"][0]["by_hand"], true, "{shown}");
    // The stage that was at work was the soak.
    let story = at(&world, &["explain", "--json"], LATER).run().json();
    let stages = story["stages"].as_array().unwrap();
    let failed = stages.iter().find(|s| s["outcome"] == "failed").unwrap();
    assert_eq!(failed["what"], "soak", "{story}");
}

#[test]
fn explain_says_of_a_trial_what_status_and_recover_say() {
    let world = orphaned("exit 0");
    let story = at(&world, &["explain", "--json"], THEN).run().json();
    assert_eq!(story["next"], "vit confirm");
    let details = story["details"].as_str().unwrap();
    assert!(details.contains("1.1.0 is on trial until"), "{details}");
    let late = at(&world, &["explain", "--json"], LATER).run().json();
    assert_eq!(late["next"], "vit recover");
}

#[test]
fn after_its_time_or_another_boot_a_trial_is_rolled_back() {
    for (time, boot) in [(LATER, None), (THEN, Some("another"))] {
        for command in [&["recover", "--json"][..], &["confirm", "--json"]] {
            let world = orphaned("exit 0");
            let mut run = at(&world, command, time);
            if let Some(boot) = boot {
                run = run.env("VIT_TEST_BOOT", boot);
            }
            let run = run.run();
            run.assert_code(3);
            assert_eq!(status(&run), "rollback_executed");
            let message = run.json()["problems"][0]["message"].to_string();
            assert!(message.contains("nobody confirmed it in time"), "{message}");
            if command[0] == "confirm" {
                let details = run.json()["details"].to_string();
                let why = boot.map_or(
                    "the trial was over at 2026-03-01T08:30:00Z",
                    |_| "the machine was started anew during the trial",
                );
                let late = format!("too late to confirm, {why}: ");
                assert!(details.contains(&late), "{details}");
            }
            assert!(!world.path("vitruvyan_core/core/new.py").exists());
            sound(&world).unwrap();
        }
    }
}

#[test]
fn a_length_that_is_none_is_refused() {
    let world = world("exit 0");
    for time in ["0s", "8d", "15", "soon", "-1m", ""] {
        let run = world.vit(&["upgrade", "--yes", &format!("--soak={time}")]);
        run.assert_code(2);
    }
    assert_eq!(outcomes(&world), [""; 0]);
}

#[test]
fn the_soak_is_part_of_the_plan() {
    let world = world(&fails_in_round(99));
    let file = world.tmp().join("plan.json");
    let file = file.to_str().unwrap();
    let plan = world.vit(&["plan", "--soak", "90s", "--out", file]);
    plan.assert_code(0)
        .assert_stdout("repeat for 1m30s")
        .assert_stdout("vit upgrade --soak 1m30s");
    let both = ["upgrade", "--yes", "--plan", file, "--soak", "1m"];
    world.vit(&both).assert_code(2);
    let dry = world.vit(&["upgrade", "--dry-run", "--soak", "90s"]);
    dry.assert_code(0).assert_stdout("repeat for 1m30s");
    assert_eq!(rounds(&world), 0);
    let apply = ["upgrade", "--yes", "--json", "--plan", file];
    at(&world, &apply, THEN).run().assert_code(0);
    assert_eq!(rounds(&world), 19);
}

#[test]
fn a_soak_without_smoke_tests_warns() {
    let world = World::builder().bin(env!("CARGO_BIN_EXE_vit")).build();
    world.publish("1.1.0", |r| r);
    let plan = world.vit(&["plan", "--soak", "1m"]);
    plan.assert_code(0)
        .assert_stdout("soak_without_smoke_tests");
    soak(&world, "1m").run().assert_code(0);
}

/// By the time of the recovery every deadline is past: old or new, never a trial.
#[test]
fn a_soak_killed_at_any_point() {
    let world = world("exit 0");
    let later = |world: &World| at(world, &["recover", "--json"], LATER);
    let report = Matrix::new(&world, |world| soak(world, "1m"))
        .only(|point| point.starts_with("journal.") && !point.starts_with("journal.begun"))
        .recovery(later)
        .check(survivor_is_sound)
        .threads(2)
        .run();
    assert!(
        report.points.iter().any(|p| p == "journal.trial.written"),
        "{report:?}"
    );
}

#[test]
fn a_confirmation_killed_at_any_point() {
    let world = orphaned("exit 0");
    let confirm = |world: &World| at(world, &["confirm", "--json"], THEN);
    let report = Matrix::new(&world, confirm)
        .recovery(confirm)
        .check(|survivor| match survivor.side {
            Side::New => sound(survivor.world),
            Side::Old => Err("the confirmation was lost".into()),
        })
        .threads(2)
        .run();
    assert!(
        report
            .points
            .iter()
            .any(|p| p == "journal.committed.synced"),
        "{report:?}"
    );
}

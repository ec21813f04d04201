//! What stands in `vit.toml` is somebody else's text too.

use super::{maker, world_with};
use crate::transaction::upgrade;

#[test]
fn case_30_hostile_steps_are_refused_with_line_and_column() {
    for (settings, place) in [
        (
            "[[step]]\nname = \"../../x\"\nrun = \"true\"\n",
            "vit.toml:2:8",
        ),
        (
            "[[step]]\nname = \"a\\u001b[2J\"\nrun = \"true\"\n",
            "vit.toml:2:8",
        ),
        ("[[step]]\nname = \"a\"\nrun = []\n", "vit.toml:3:7"),
        (
            "[[step]]\nname = \"a\"\nrun = \"true\"\ntimeout = 0\n",
            "vit.toml:4:11",
        ),
        (
            "[[step]]\nname = \"a\"\nrun = \"true\"\nreleases = \"latest\"\n",
            "vit.toml:4:12",
        ),
    ] {
        let world = world_with(settings, "exit 0");
        for command in ["plan", "status"] {
            let run = world.vit(&[command]);
            run.assert_code(2);
            assert!(run.stderr.contains(place), "{settings}\n{run:?}");
            assert!(!run.stderr.contains('\u{1b}'), "{run:?}");
        }
        let doctor = world.vit(&["doctor"]);
        doctor.assert_code(1).assert_stdout(place);
    }
}

#[test]
fn doctor_names_the_programs_that_are_not_there() {
    let settings = "[[step]]\nname = \"a\"\nrun = [\"no-such-program-at-all\"]\n\
                    undo = [\"scripts/missing.sh\"]\nverify = \"true\"\n";
    let world = world_with(settings, "exit 0");
    let run = world.vit(&["doctor"]);
    run.assert_stdout("no-such-program-at-all")
        .assert_stdout("scripts/missing.sh");
    let fine = world_with(&maker("a"), "exit 0");
    let run = fine.vit(&["doctor"]);
    run.assert_code(0).assert_stdout("step a");
}

/// A step that cannot begin is told before anything is switched; what the target brings is there.
#[test]
fn a_program_that_is_not_there_blocks_the_plan() {
    let step = |run: &str| format!("[[step]]\nname = \"a\"\nrun = [\"{run}\"]\nundo = \"true\"\n");
    let world = crate::transaction::world("exit 0");
    world.publish("1.2.0", |r| {
        r.executable("scripts/brought.sh", "#!/bin/sh\nexit 0\n")
            .file("scripts/plain.sh", Some("#!/bin/sh\nexit 0\n"))
    });
    std::fs::create_dir_all(world.path("domains/own")).unwrap();
    world.write("domains/own/plain.sh", "#!/bin/sh\n");
    for (run, why) in [
        ("no-such-program-at-all", Some("PATH")),
        (
            "scripts/missing.sh",
            Some("neither in the target's tree nor on disk"),
        ),
        (
            "domains/own/plain.sh",
            Some("neither in the target's tree nor on disk"),
        ),
        ("scripts/plain.sh", Some("no executable file")),
        ("/no/such/program", Some("nor on disk")),
        ("scripts/brought.sh", None),
        ("./domains/../scripts/brought.sh", None),
        ("true", None),
    ] {
        world.write("vit.toml", step(run));
        let plan = world.vit(&["plan", "--json"]);
        let found = plan.json()["preflight"].to_string();
        match why {
            Some(why) => {
                plan.assert_code(1);
                assert!(
                    found.contains("own_step_program_missing"),
                    "{run}: {plan:?}"
                );
                assert!(found.contains(why), "{run}: {found}");
            }
            None => drop(plan.assert_code(0)),
        }
    }
    world.write("vit.toml", step("no-such-program-at-all"));
    let before = world.state();
    upgrade(&world).run().assert_code(1);
    world.state().assert_same(&before);
}

#[test]
fn a_step_gets_no_secret_and_a_shell_text_no_surprise() {
    let settings = "[[step]]\nname = \"a\"\nundo = \"true\"\n\
                    run = \"test -z \\\"$GITHUB_TOKEN$GIT_DIR\\\" && test \\\"$VIT_CORE_ROOT\\\" = \\\"$PWD\\\"\"\n";
    let world = world_with(settings, "exit 0");
    let run = upgrade(&world).env("GITHUB_TOKEN", "ghp_x").run();
    run.assert_code(0);
}

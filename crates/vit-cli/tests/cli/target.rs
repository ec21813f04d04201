//! Versions on the command line, against a real repository.

use insta::assert_snapshot;
use vit_testkit::world::World;

/// CASES.md 21: a target such as `banana`, `v1`, `1.2`, `latest` gets a usage error that names the
/// newest real versions.
#[test]
fn case_21_a_target_that_is_none_names_the_newest_versions() {
    let world = World::new(env!("CARGO_BIN_EXE_vit"));
    for version in ["1.1.0", "1.9.0", "1.10.0"] {
        world.publish(version, |release| release);
    }
    let errors = |text: &str| {
        let run = world.vit(&["plan", "--target", text]);
        assert_eq!(run.code(), Some(2), "{}", run.stderr);
        run.stderr
    };
    // Nothing was fetched, by nobody: there are the tags that the clone brought.
    assert!(errors("v1").contains("1.0.0"));
    world.git(&[
        "fetch",
        "--quiet",
        "origin",
        "refs/tags/v*:refs/vit/releases/v*",
    ]);
    assert_snapshot!(errors("v1"), @"
    error: `v1` is not a version: three numbers are needed, MAJOR.MINOR.PATCH
    hint: did you mean `--target 1.0.0`?
    hint: the newest releases are 1.10.0, 1.9.0, 1.1.0
    ");
    for text in ["banana", "1.2", "latest"] {
        let errors = errors(text);
        assert!(
            errors.contains("the newest releases are 1.10.0, 1.9.0, 1.1.0"),
            "{errors}"
        );
    }
    let held = world.vit(&["hold", "1.2"]);
    assert_eq!(held.code(), Some(2));
    assert!(
        held.stderr.contains("did you mean `1.2.0`?"),
        "{}",
        held.stderr
    );
}

#[test]
fn outside_of_an_installation_the_folder_is_named() {
    let world = World::new(env!("CARGO_BIN_EXE_vit"));
    let ended = world.command(["status"]).cwd(world.tmp()).run();
    assert_eq!(ended.code(), Some(2));
    let dir = world.tmp().canonicalize().unwrap();
    let shown = ended.stderr.replace(&dir.display().to_string(), "DIR");
    assert_snapshot!(shown, @"
    error: DIR is not inside a git repository
    hint: go to the installation, or name it: `vit -C DIR …`
    hint: to see vit at work without one: `vit demo`
    ");
}

#[test]
fn a_channel_in_the_environment_that_is_none_is_a_usage_error() {
    let world = World::new(env!("CARGO_BIN_EXE_vit"));
    let run = world.command(["status"]).env("VIT_CHANNEL", "stabel").run();
    assert_eq!(run.code(), Some(2));
    assert!(
        run.stderr.contains("did you mean `stable`?"),
        "{}",
        run.stderr
    );
}

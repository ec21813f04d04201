//! What a tired person on call found by trying to break it.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use vit_testkit::World;

use crate::installation::{answer, problem, vit, world};

fn upgraded() -> World {
    let world = world();
    world.publish("1.1.0", |r| r);
    answer(&world, &["upgrade", "--yes"], 0);
    world
}

/// The state and the finding of one check.
#[track_caller]
fn check(report: &serde_json::Value, name: &str) -> (String, String) {
    let found = report["checks"]
        .as_array()
        .and_then(|checks| checks.iter().find(|check| check["name"] == name))
        .unwrap_or_else(|| panic!("no check {name}: {report:#}"));
    (
        found["state"].as_str().unwrap().to_owned(),
        found["found"].as_str().unwrap().to_owned(),
    )
}

/// "They tell the same" was said of a journal that was gone.
#[test]
fn a_journal_that_knows_nothing_does_not_tell_the_same() {
    let world = upgraded();
    let journal = world.path(".git/vit/journal.jsonl");
    let whole = std::fs::read_to_string(&journal).unwrap();
    let before = answer(&world, &["history", "verify"], 0);
    assert_eq!(check(&before, "history against journal").0, "ok");

    std::fs::write(&journal, "").unwrap();
    for command in ["verify", "history verify"] {
        let args: Vec<&str> = command.split(' ').collect();
        let report = answer(&world, &args, 0);
        let (state, found) = check(&report, "history against journal");
        assert_eq!(state, "warning");
        assert!(found.contains("20260301-080000"), "{found}");
        let text = vit(&world, &args).stdout;
        assert!(text.ends_with("nothing failed, 1 warning\n"), "{text}");
    }

    // A journal that was begun anew because it had grown is no loss.
    std::fs::write(world.path(".git/vit/journal-1.jsonl"), whole).unwrap();
    let report = answer(&world, &["history", "verify"], 0);
    assert_eq!(check(&report, "history against journal").0, "ok");
}

/// An upgrade under way was called interrupted, with `vit recover` as the next step.
#[test]
fn an_upgrade_under_way_is_not_called_interrupted() {
    let world = world();
    let flag = world.root().join("go-on");
    world.vertical("finance", |v| {
        v.smoke(&format!(
            "#!/bin/sh\nwhile [ ! -e '{}' ]; do sleep 0.05; done\n",
            flag.display()
        ))
    });
    world.publish("1.1.0", |r| r);
    std::thread::scope(|scope| {
        let upgrade = scope.spawn(|| vit(&world, &["upgrade", "--yes"]));
        let end = Instant::now() + Duration::from_secs(60);
        while answer(&world, &["status"], 0)["open_transaction"].is_null() {
            assert!(Instant::now() < end);
        }
        let report = answer(&world, &["status"], 0);
        assert_eq!(problem(&report, "lock_held")["severity"], "info");
        assert!(report["next"].is_null(), "{report:#}");
        let text = vit(&world, &["status"]).stdout;
        assert!(
            !text.contains("interrupted") && !text.contains("recover"),
            "{text}"
        );
        let (state, found) = check(&answer(&world, &["verify"], 1), "transaction");
        assert!(
            state == "failed" && found.contains("under way: vit upgrade"),
            "{found}"
        );
        let (state, found) = check(&answer(&world, &["doctor"], 0), "transactions");
        assert!(
            state == "warning" && found.ends_with("under way"),
            "{found}"
        );
        std::fs::write(&flag, "").unwrap();
        upgrade.join().unwrap().assert_code(0);
    });
}

/// After an upgrade, "not asked yet" was said although it had been.
#[test]
fn an_answer_for_another_version_is_not_called_never_asked() {
    let world = world();
    world.publish("1.1.0", |r| r);
    let text = vit(&world, &["status"]).stdout;
    assert!(
        text.contains("not asked since 1.0.0 is here: `vit update`"),
        "{text}"
    );
    answer(&world, &["update"], 0);
    answer(&world, &["upgrade", "--yes"], 0);
    let text = vit(&world, &["status"]).stdout;
    assert!(
        text.contains("not asked since 1.1.0 is here: `vit update`"),
        "{text}"
    );
}

/// The person on call was sent to the network for a tag that the Core team has to mend.
#[test]
fn a_tag_of_no_commit_is_the_core_teams_to_mend() {
    let world = world();
    let tree = world.git(&["rev-parse", "HEAD^{tree}"]);
    world.git(&["push", "-q", "origin", &format!("{tree}:refs/tags/v1.6.0")]);
    let report = answer(&world, &["plan", "--target", "1.6.0"], 1);
    let found = problem(&report, "objects_missing");
    assert_eq!(found["hint"], "tag the commit of the release", "{found:#}");
}

/// What only its owner might read came back readable for everybody.
#[test]
fn a_private_file_of_an_untracked_vertical_comes_back_private() {
    let world = world();
    world.vertical("finance", |v| {
        v.ignored()
            .smoke("#!/bin/sh\nrm -f .env\nchmod 644 key\nexit 1\n")
    });
    world.publish("1.1.0", |r| r);
    let mode = |name: &str| {
        let path = world.path(format!("domains/finance/{name}"));
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
    };
    for (name, private) in [(".env", 0o600), ("key", 0o400)] {
        let path = format!("domains/finance/{name}");
        world.write(&path, "secret\n");
        std::fs::set_permissions(world.path(&path), Permissions::from_mode(private)).unwrap();
    }
    answer(&world, &["upgrade", "--yes"], 3);
    assert_eq!(world.read("domains/finance/.env"), "secret\n");
    assert_eq!((mode(".env"), mode("key")), (0o600, 0o400));
}

/// "No such file or directory" was all that was said of a script that stood there.
#[test]
fn a_smoke_test_with_windows_line_ends_is_told_as_that() {
    let world = world();
    world.vertical("finance", |v| v.smoke("#!/bin/sh\r\nexit 0\r\n"));
    world.publish("1.1.0", |r| r);
    let report = answer(&world, &["upgrade", "--yes"], 3);
    let found = problem(&report, "smoke_test_could_not_run");
    let evidence = found["evidence"].as_str().unwrap();
    assert!(evidence.starts_with("not started"), "{evidence}");
    assert!(
        evidence.ends_with(
            "/bin/sh, which is not there; the line ends in CR LF: save the script with LF"
        ),
        "{evidence}"
    );
}

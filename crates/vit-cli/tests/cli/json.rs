//! `--json`: every command prints one object that its published schema describes, whatever happens.

use serde_json::Value;
use vit_testkit::World;

use crate::installation::{answer, command, valid, vit, world};

/// What every command is run with, and the schema that its good answer names.
const COMMANDS: [(&[&str], &str); 26] = [
    (&["update"], "vit.update/1"),
    (&["update", "check", "--offline"], "vit.update/1"),
    (&["plan"], "vit.plan/1"),
    (&["update", "plan"], "vit.plan/1"),
    (&["upgrade", "--dry-run"], "vit.plan/1"),
    (&["why"], "vit.why/1"),
    (&["release", "list"], "vit.release-list/1"),
    (&["release", "show", "1.1.0"], "vit.release-show/1"),
    (&["bisect", "--to", "1.1.0"], "vit.bisect/1"),
    (&["status"], "vit.status/1"),
    (&["channel"], "vit.channel/1"),
    (&["channel", "beta"], "vit.channel/1"),
    (&["hold", "9.0.0"], "vit.hold/1"),
    (&["unhold"], "vit.hold/1"),
    (&["ledger", "show"], "vit.ledger/1"),
    (&["history"], "vit.history/1"),
    (&["history", "--failed"], "vit.history/1"),
    (&["history", "verify"], "vit.history-verify/1"),
    (&["verify"], "vit.verify/1"),
    (&["doctor"], "vit.doctor/1"),
    (&["rollback", "--list"], "vit.snapshots/1"),
    (&["recover"], "vit.recover/1"),
    (&["mirror", "index"], "vit.mirror-index/1"),
    (&["trust", "show"], "vit.trust-show/1"),
    (&["cache"], "vit.cache-info/1"),
    (&["cache", "clean"], "vit.cache-clean/1"),
];

fn json(world: &World, args: &[&str]) -> (Value, i32) {
    let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
    let run = vit(world, &args);
    (valid(&run), run.code().unwrap())
}

#[test]
fn good_answers_name_their_schema() {
    let world = world();
    world.vertical("finance", |v| v);
    world.publish("1.1.0", |r| r.feature("x"));
    for (args, schema) in COMMANDS {
        let (value, code) = json(&world, args);
        assert_eq!(value["schema"], schema, "{args:?}");
        assert_eq!(code, 0, "{args:?}: {value:#}");
    }
    let (plan, code) = json(&world, &["plan", "--rehearse"]);
    assert_eq!((&plan["rehearsal"]["outcome"], code), (&"pass".into(), 0));
    for (args, status) in [
        (&["upgrade", "--yes"][..], "applied"),
        (&["upgrade", "--yes"], "nothing_to_do"),
        (&["rollback", "--yes"], "applied"),
        (&["repair", "--yes"], "nothing_to_do"),
        (&["confirm"], "nothing_to_do"),
    ] {
        let (value, code) = json(&world, args);
        assert_eq!(value["schema"], format!("vit.{}/1", args[0]), "{args:?}");
        assert_eq!((&value["status"], code), (&status.into(), 0), "{args:?}");
    }
    let (plan, _) = json(
        &world,
        &["rollback", "--dry-run", "--to", "20260301-080000"],
    );
    assert_eq!(
        (&plan["schema"], &plan["kind"]),
        (&"vit.plan/1".into(), &"rollback".into())
    );
    let (entry, _) = json(&world, &["history", "show", "last"]);
    assert_eq!(entry["schema"], "vit.history/1");
    let (story, code) = json(&world, &["explain", "last"]);
    assert_eq!((&story["schema"], code), (&"vit.explain/1".into(), 0));
}

#[test]
fn failures_are_objects_too() {
    let world = world();
    world.vertical("finance", |v| v.smoke("echo no; exit 1"));
    world.publish("1.1.0", |r| r);
    let (rolled_back, code) = json(&world, &["upgrade", "--yes"]);
    assert_eq!(
        (&rolled_back["status"], code),
        (&"rollback_executed".into(), 3)
    );
    let (failed, _) = json(&world, &["history", "--failed"]);
    assert_eq!(failed["history"][0]["status"], "rollback_executed");
    world.write("README.md", "dirty\n");
    let (blocked, code) = json(&world, &["upgrade", "--yes", "--target", "1.1.0"]);
    assert_eq!((&blocked["status"], code), (&"blocked".into(), 1));
    assert_eq!(blocked["schema"], "vit.upgrade/1");
    std::fs::remove_dir_all(world.path("domains")).unwrap();
    let mut kinds = Vec::new();
    for args in [
        &["plan", "--target", "banana"][..],
        &["plan", "--target", "9.9.9"],
        &["rollback", "--to", "nowhere", "--yes"],
        &["history", "show", "nothing"],
        &["upgrade"],
        &["unhold", "3.0.0"],
        &["upgrade", "--plan", "none.json", "--yes"],
        &["banana"],
    ] {
        let (error, code) = json(&world, args);
        assert_eq!(error["schema"], "vit.error/1", "{args:?}");
        assert_eq!(code, 2, "{args:?}");
        assert_eq!(error["exit_code"], 2, "{args:?}");
        kinds.push(error["kind"].as_str().unwrap().to_owned());
    }
    assert_eq!(
        kinds,
        [
            "usage",
            "bad_input",
            "bad_input",
            "bad_input",
            "needs_yes",
            "bad_input",
            "bad_input",
            "usage"
        ]
    );
}

#[test]
fn every_command_answers_where_there_is_no_installation() {
    let world = world();
    let more: [(&[&str], &str); 2] = [
        (&["explain"], "vit.explain/1"),
        (&["confirm"], "vit.confirm/1"),
    ];
    for (args, schema) in COMMANDS.into_iter().chain(more) {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let run = command(&world, &args).cwd(world.tmp()).run();
        let value = valid(&run);
        if schema == "vit.doctor/1" {
            assert_eq!((&value["ok"], run.code()), (&false.into(), Some(1)));
        } else if schema.starts_with("vit.cache-") {
            // The cache is the user's, not an installation's.
            assert_eq!((&value["schema"], run.code()), (&schema.into(), Some(0)));
        } else {
            assert_eq!(
                (&value["kind"], run.code()),
                (&"not_a_repository".into(), Some(2))
            );
        }
    }
}

#[test]
fn an_update_has_the_fields_that_scripts_build_on() {
    let world = world();
    let fields = [
        "status",
        "current_version",
        "latest_version",
        "compatible",
        "details",
        "problems",
        "timestamp",
    ];
    let up_to_date = answer(&world, &["update"], 0);
    world.publish("1.1.0", |r| r);
    let compatible = answer(&world, &["update"], 0);
    world.vertical("finance", |v| v.range("1.0.0", "1.0.x"));
    let blocked = answer(&world, &["update"], 1);
    for (report, status) in [
        (&up_to_date, "up_to_date"),
        (&compatible, "compatible"),
        (&blocked, "blocked"),
    ] {
        assert_eq!(report["status"], status);
        assert_eq!(report["timestamp"], "2026-03-01T08:00:00Z");
        for field in fields {
            assert!(report.get(field).is_some(), "{field} in {report:#}");
        }
    }
    assert_eq!(blocked["reason"], "core_above_maximum");
    assert_eq!(blocked["compatible"], false);
    assert_eq!(compatible.get("reason"), None);
    assert!(
        !blocked["problems"].as_array().unwrap().is_empty(),
        "`problems` has what blocks: {blocked:#}"
    );
}

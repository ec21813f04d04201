//! CASES.md 31 to 34: bytes that nobody should trust, secrets, disks that refuse, folders that are
//! not ours.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use insta::assert_snapshot;
use vit_testkit::World;
use vit_testkit::tools;

use crate::installation::{answer, codes, command, problem, shown, valid, vit, world};

fn offered() -> World {
    let world = world();
    world.publish("1.1.0", |r| r);
    world
}

#[test]
fn case_31_hostile_metadata_is_unusable_and_hides_no_other() {
    let world = offered();
    let deep = format!("{}{}", "[".repeat(200), "]".repeat(200));
    let good = r#""version": "1.2.0", "release_date": "2026-02-19T16:45:00Z", "channel": "stable", "contracts_version": "1.0.0", "changes": {"breaking": [], "features": [], "fixes": [], "deprecated": []}"#;
    let hostile: Vec<Vec<u8>> = vec![
        format!("{{{good}, \"x\": {deep}}}").into_bytes(),
        format!("{{{good}, \"version\": \"9.9.9\"}}").into_bytes(),
        format!("{{{good}, \"x\": NaN}}").into_bytes(),
        format!("{{{good}, \"x\": \"{}\"}}", "x".repeat(10_000_000)).into_bytes(),
        [b"{\"version\": \"".as_slice(), &[0xff, 0xfe], b"\"}"].concat(),
        b"null".to_vec(),
        b"\"text\"".to_vec(),
        Vec::new(),
    ];
    let number = hostile.len();
    for (index, bytes) in hostile.into_iter().enumerate() {
        world.publish(&format!("1.2.{index}"), |r| r.raw_metadata(bytes));
    }
    let report = answer(&world, &["update"], 0);
    assert_eq!(report["offered"]["version"], "1.1.0");
    let mut tags: Vec<&str> = report["unusable"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["subject"].as_str().unwrap())
        .collect();
    tags.dedup();
    assert_eq!(tags.len(), number, "{tags:?}");
    for index in 0..number {
        answer(&world, &["plan", "--target", &format!("1.2.{index}")], 1);
    }
}

#[test]
fn case_31_hostile_manifests_are_problems_with_a_place() {
    let deep = format!("a: {}1{}\n", "[".repeat(200), "]".repeat(200));
    let cases: [(&str, Vec<u8>, &str); 7] = [
        ("deep", deep.into_bytes(), "too_deep"),
        ("ten megabytes", vec![b'#'; 10_000_000], "file_unreadable"),
        (
            "no UTF-8",
            b"domain_name: \"\xc3\x28\"\n".to_vec(),
            "not_utf8",
        ),
        ("a NUL", b"domain_name: fin\0ance\n".to_vec(), "yaml_syntax"),
        ("mixed case", b"domain_name: Finance\n".to_vec(), "bad_name"),
        ("a path", b"domain_name: ../../etc\n".to_vec(), "bad_name"),
        (
            "two documents",
            b"a: 1\n---\na: 2\n".to_vec(),
            "yaml_syntax",
        ),
    ];
    for (what, bytes, code) in cases {
        let world = offered();
        world.vertical("finance", |v| v.raw_manifest(bytes));
        let report = answer(&world, &["update"], 1);
        let found = codes(&report);
        assert!(found.contains(&code.to_owned()), "{what}: {found:?}");
        assert_eq!(
            problem(&report, code)["place"]["file"],
            "domains/finance/vertical_manifest.yaml"
        );
    }
}

#[test]
fn case_31_a_manifest_that_is_no_file_is_a_problem() {
    let world = offered();
    let path = world.path("domains/finance/vertical_manifest.yaml");
    std::fs::create_dir_all(&path).unwrap();
    let report = answer(&world, &["update"], 1);
    assert_eq!(report["reason"], "file_unreadable");
    std::fs::remove_dir(&path).unwrap();
    // A fifo would make a reader wait for ever.
    vit_testkit::Invocation::new(Path::new("/usr/bin/mkfifo"), &world.installation())
        .args([&path])
        .run()
        .assert_code(0);
    let report = answer(&world, &["update"], 1);
    assert_eq!(report["reason"], "file_unreadable");
    std::fs::remove_file(&path).unwrap();
    symlink("/dev/zero", &path).unwrap();
    let report = answer(&world, &["update"], 1);
    assert_eq!(report["reason"], "file_unreadable");
}

#[test]
fn a_broken_vit_toml_stops_with_its_place_and_is_never_a_silent_default() {
    let world = offered();
    for (text, place) in [
        ("critical_paths = [", ":1:"),
        ("history_retention = \"many\"\n", ":1:21"),
        ("\n[registry]\nkind = \"ftp\"\n", ":3:8"),
        ("discovery = [\"../*\"]\n", ":1:"),
        ("[registry]\nkind = \"dir\"\n", ""),
    ] {
        world.write("vit.toml", text);
        for args in [
            &["status"][..],
            &["update"],
            &["upgrade", "--yes"],
            &["rollback", "--yes"],
        ] {
            let error = answer(&world, args, 2);
            assert_eq!(error["kind"], "bad_settings", "{text}: {error:#}");
            assert_eq!(error["problems"][0]["place"]["file"], "vit.toml");
        }
        let run = vit(&world, &["update"]);
        assert!(run.stderr.contains(&format!("vit.toml{place}")), "{run:?}");
    }
    assert_snapshot!(shown(&world, &vit(&world, &["doctor"])), @"
    exit: 1
    --- stdout
    ok    git       2.47.3
    ok    sh        /bin/sh
    FAIL  settings  vit.toml:1:2: `registry.location` is missing [missing_field]
          fix: add `registry.location`

    1 check failed
    ");
    world.write("vit.toml", "history_retenton = 3\n");
    let status = answer(&world, &["status"], 0);
    assert!(codes(&status).contains(&"unknown_setting".to_owned()));
}

#[test]
fn case_32_credentials_of_a_remote_stand_nowhere() {
    let world = offered();
    answer(&world, &["upgrade", "--yes"], 0);
    answer(&world, &["rollback", "--yes"], 0);
    let url = "http://ana:hunter2@127.0.0.1:9/core.git?token=s3cret";
    world.git(&["remote", "set-url", "origin", url]);
    let mut said = String::new();
    for args in [
        &["update"][..],
        &["update", "--json"],
        &["plan", "--verbose"],
        &["status", "--json"],
        &["doctor"],
        &["verify"],
        &["upgrade", "--yes", "--verbose"],
        &["history", "--json"],
    ] {
        let run = vit(&world, args);
        said.push_str(&run.stdout);
        said.push_str(&run.stderr);
    }
    assert!(said.contains("127.0.0.1:9/core.git"), "{said}");
    assert!(
        !said.contains("hunter2") && !said.contains("s3cret"),
        "{said}"
    );
    // Nor in any file but git's own configuration, where it was written.
    for (path, text) in files_with(&world, &["hunter2", "s3cret"]) {
        assert!(path.ends_with(".git/config"), "{path}: {text}");
    }
}

#[test]
fn case_32_secrets_of_the_environment_reach_no_child_and_no_file() {
    let world = offered();
    world.vertical("finance", |v| {
        v.smoke("env; cat /proc/$PPID/cmdline; exit 1")
    });
    let secrets = [
        ("GITHUB_TOKEN", "ghp_hunter2"),
        ("GH_TOKEN", "gho_hunter2"),
        ("VIT_LICENSE_TOKEN", "lic_hunter2"),
        ("VIT_SMTP_PASSWORD", "smtp_hunter2"),
    ];
    let mut said = String::new();
    for args in [
        &["update"][..],
        &["upgrade", "--yes", "--verbose"],
        &["upgrade", "--yes", "--json"],
        &["history", "show", "last", "--markdown"],
        &["history", "--json"],
        &["status"],
        &["doctor"],
    ] {
        let run = secrets
            .iter()
            .fold(command(&world, args), |run, (name, value)| {
                run.env(name, value)
            })
            .run();
        said.push_str(&run.stdout);
        said.push_str(&run.stderr);
    }
    assert!(
        said.contains("VIT_PHASE"),
        "the smoke test shows its environment: {said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
    assert_eq!(files_with(&world, &["hunter2"]), []);
}

/// The files below the world that hold one of these texts.
fn files_with(world: &World, needles: &[&str]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut waiting = vec![world.root()];
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() && !path.is_symlink() {
                waiting.push(path);
            } else if let Ok(bytes) = std::fs::read(&path) {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                if needles.iter().any(|needle| text.contains(needle)) {
                    found.push((path.display().to_string(), text));
                }
            }
        }
    }
    found
}

#[test]
fn case_33_an_error_of_the_disk_names_the_file_and_changes_nothing() {
    let world = offered();
    answer(&world, &["update"], 0);
    for (args, file) in [
        (&["channel", "beta"][..], "choices.json"),
        (&["hold", "1.1.0"], "choices.json"),
    ] {
        for fault in ["eio", "enospc", "erofs"] {
            for point in ["write", "sync", "rename"] {
                let before = answer(&world, &["channel"], 0);
                let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
                let run = command(&world, &args)
                    .env("VIT_FAULT", format!("atomic.{file}.{point}={fault}"))
                    .run();
                run.assert_code(2);
                let error = valid(&run);
                assert_eq!(error["kind"], "io", "{error:#}");
                assert!(error["message"][0].to_string().contains(file), "{error:#}");
                assert_eq!(answer(&world, &["channel"], 0), before);
                assert_eq!(
                    answer(&world, &["status"], 0)["holds"],
                    serde_json::json!([])
                );
            }
        }
    }
}

#[test]
fn case_33_reading_commands_work_on_a_disk_that_takes_nothing() {
    let world = offered();
    answer(&world, &["update"], 0);
    answer(&world, &["upgrade", "--yes"], 0);
    for args in [
        &["status"][..],
        &["update"],
        &["update", "--offline"],
        &["plan", "--target", "1.0.0"],
        &["history"],
        &["history", "verify"],
        &["channel"],
        &["doctor"],
        &["rollback", "--list"],
        &["rollback", "--dry-run"],
    ] {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let faults: Vec<String> = [
            "registry.json",
            "last_check.json",
            "choices.json",
            "owner.json",
        ]
        .iter()
        .map(|file| format!("atomic.{file}.write=erofs"))
        .collect();
        let run = command(&world, &args)
            .env("VIT_FAULT", faults.join(","))
            .run();
        run.assert_code(0);
        valid(&run);
    }
}

/// A file system that is really read-only needs a mount of one's own.
#[test]
fn case_33_reading_commands_work_on_a_read_only_file_system() {
    let works = || {
        std::process::Command::new("unshare")
            .args(["-rm", "true"])
            .output()
            .is_ok_and(|output| output.status.success())
    };
    if !tools::need_that("unshare -rm", works) {
        return;
    }
    let world = offered();
    answer(&world, &["update"], 0);
    answer(&world, &["upgrade", "--yes"], 0);
    let here = world.installation();
    let here = here.to_str().unwrap();
    let bin = world.bin().display().to_string();
    for (command_line, code) in [
        ("status", 0),
        ("update", 0),
        ("plan --target 1.0.0", 0),
        ("history", 0),
        ("history verify", 0),
        ("channel", 0),
        ("doctor", 0),
        ("rollback --list", 0),
        ("rollback --dry-run", 0),
        ("verify", 0),
        ("upgrade --yes --target 1.0.0", 2),
        ("rollback --yes", 2),
        ("channel beta", 2),
        ("recover", 2),
    ] {
        let script = format!(
            "mount --bind '{here}' '{here}' && mount -o remount,ro,bind '{here}' && cd '{here}' \
             && '{bin}' {command_line} --json"
        );
        let run = world
            .program(Path::new("/usr/bin/unshare"), ["-rm", "sh", "-c", &script])
            .cwd(world.root())
            .env("VIT_TEST_NOW", crate::installation::NOW)
            .run();
        run.assert_code(code);
        if command_line == "doctor" {
            assert!(run.stdout.contains("you may not write to"), "{run:?}");
        }
        let value = valid(&run);
        if code != 0 {
            assert_eq!(value["kind"], "io", "{value:#}");
        }
    }
}

#[test]
fn case_34_a_state_folder_that_is_a_link_or_open_to_all_is_refused_with_the_fix() {
    for make in [
        (|world: &World| symlink(world.tmp(), world.path(".git/vit")).unwrap()) as fn(&World),
        |world| {
            let folder = world.path(".git/vit");
            std::fs::create_dir(&folder).unwrap();
            std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o777)).unwrap();
        },
        |world| std::fs::write(world.path(".git/vit"), "a file").unwrap(),
        |world| symlink(world.tmp(), world.path(".vitruvyan")).unwrap(),
    ] {
        let world = offered();
        make(&world);
        let before = world.state();
        for args in [
            &["upgrade", "--yes"][..],
            &["channel", "beta"],
            &["hold"],
            &["recover"],
        ] {
            // Of the public folder's only writer is a transaction.
            if world.path(".vitruvyan").is_symlink() && args[0] != "upgrade" {
                continue;
            }
            let run = vit(&world, args);
            run.assert_code(1);
            let said = format!("{}{}", run.stdout, run.stderr);
            assert!(said.contains("state_folder_unsafe"), "{run:?}");
            assert!(said.contains("fix (you): "), "{run:?}");
        }
        world.state().assert_same(&before);
        assert!(std::fs::read_dir(world.tmp()).unwrap().next().is_none());
        if world.path(".git/vit").is_file() {
            let error = answer(&world, &["status"], 1);
            assert_eq!(codes(&error), ["state_folder_unsafe"]);
            continue;
        }
        // A refusal has the same code where nothing is carried out.
        answer(&world, &["plan"], 1);
        // Looking is allowed, and says what is wrong.
        let status = answer(&world, &["status"], 0);
        assert!(
            codes(&status).contains(&"state_folder_unsafe".to_owned()),
            "{status:#}"
        );
        answer(&world, &["update"], 0);
        assert!(std::fs::read_dir(world.tmp()).unwrap().next().is_none());
        answer(&world, &["doctor"], 1);
    }
}

#[test]
fn case_34_a_state_folder_of_another_user_is_refused() {
    let world = offered();
    let folder = world.path(".git/vit");
    std::fs::create_dir(&folder).unwrap();
    let root = || std::os::unix::fs::chown(&folder, Some(12_345), None).is_ok();
    if !tools::need_that("the right to give a folder away", root) {
        return;
    }
    let error = answer(&world, &["channel", "beta"], 1);
    let found = problem(&error, "state_folder_unsafe");
    assert!(found["evidence"].to_string().contains("12345"), "{found:#}");
    assert_snapshot!(shown(&world, &vit(&world, &["channel", "beta"])), @"
        exit: 1
        --- stderr
        blocked: the state folder WORLD/in stallàtion/.git/vit is not safe to use

        1 problem blocks
          WORLD/in stallàtion/.git/vit: a state folder is owned by another user [state_folder_unsafe]
            its owner has the user id 12345
            fix (you): take it over: `sudo chown -R 0 'WORLD/in stallàtion/.git/vit'`
        ");
}

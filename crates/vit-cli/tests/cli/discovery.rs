//! CASES.md 1 to 8: which releases there are, and which of them is offered.

use insta::assert_snapshot;
use serde_json::json;

use crate::installation::{answer, builder, codes, command, problem, shown, vit, world};

#[test]
fn case_01_the_newest_stable_among_160_releases_of_which_120_are_beta() {
    let world = world();
    for minor in 1..40 {
        world.publish(&format!("1.{minor}.0"), |r| r);
    }
    for beta in 1..=120 {
        world.publish(&format!("1.40.0-beta.{beta}"), |r| r);
    }
    let report = answer(&world, &["update"], 0);
    assert_eq!(report["offered"]["version"], "1.39.0");
    assert_eq!(report["latest_version"], "1.39.0");
    assert_eq!(report["status"], "compatible");
    // An old one is found as well, although 150 others are newer.
    let plan = answer(&world, &["plan", "--target", "1.3.0"], 0);
    assert_eq!(plan["to"]["version"], "1.3.0");
    let beta = answer(&world, &["update", "--channel", "beta"], 0);
    assert_eq!(beta["offered"]["version"], "1.40.0-beta.120");
}

#[test]
fn case_02_an_upgrade_never_goes_down_by_itself() {
    let world = builder().core("1.2.0", |r| r).build();
    world.publish("1.1.0", |r| r);
    world.publish("1.3.0-beta.1", |r| r);
    let report = answer(&world, &["update"], 0);
    assert_eq!(report["status"], "up_to_date");
    assert_eq!(report["latest_version"], "1.2.0");
    assert_eq!(report.get("offered"), None);
    let before = world.state();
    let upgrade = answer(&world, &["upgrade", "--yes"], 0);
    assert_eq!(upgrade["status"], "nothing_to_do");
    world.state().assert_same(&before);
    assert_snapshot!(shown(&world, &vit(&world, &["upgrade", "--yes"])), @"
    exit: 0
    --- stdout
    1.2.0 is the newest: up to date

    channel stable (set by default); releases from git origin, asked now

    next: vit status
    --- stderr
         ask origin
    ");
    // Only where somebody names it, and then with a warning.
    let plan = answer(&world, &["plan", "--target", "1.1.0"], 0);
    assert!(codes(&plan).contains(&"downgrade".to_owned()), "{plan:#}");
    assert_eq!(plan["risk"]["level"], "high");
}

#[test]
fn case_03_a_beta_user_is_offered_the_stable_release_once_it_is_out() {
    let world = builder().core("1.1.0-beta.1", |r| r).build();
    world.vertical("finance", |v| v.channel("beta").range("1.0.0", "1.x.x"));
    world.publish("1.2.0-beta.3", |r| r);
    assert_eq!(
        answer(&world, &["update"], 0)["offered"]["version"],
        "1.2.0-beta.3"
    );
    world.publish("1.2.0", |r| r);
    let report = answer(&world, &["update"], 0);
    assert_eq!(report["offered"]["version"], "1.2.0");
    assert_eq!(
        report["channel"],
        json!({"channel": "beta", "set_by": "manifest of finance"})
    );
}

#[test]
fn case_03_a_stored_channel_is_per_installation() {
    let world = world();
    world.publish("1.1.0-beta.1", |r| r);
    let other = world.copy();
    answer(&world, &["channel", "beta"], 0);
    assert_eq!(
        answer(&world, &["update"], 0)["offered"]["version"],
        "1.1.0-beta.1"
    );
    assert_eq!(answer(&other, &["update"], 0)["status"], "up_to_date");
    assert!(
        std::fs::read_dir(world.home()).unwrap().next().is_none(),
        "nothing stands in the user's home"
    );
}

#[test]
fn case_04_a_pre_release_is_not_stable_whatever_its_metadata_says() {
    let world = world();
    world.vertical("finance", |v| v.range("1.0.0", "1.x.x"));
    world.publish("1.1.0-beta.1", |r| r.channel("stable"));
    world.publish("2.0.0-beta.1", |r| r.channel("stable"));
    let stable = answer(&world, &["update"], 0);
    assert_eq!(stable["status"], "up_to_date", "{stable:#}");
    let beta = answer(&world, &["update", "--channel", "beta"], 0);
    assert_eq!(beta["offered"]["version"], "1.1.0-beta.1");
    let codes = codes(&beta);
    assert!(codes.contains(&"channel_calmer_than_version".to_owned()));
    assert!(
        codes.contains(&"core_above_maximum".to_owned()),
        "{codes:?}"
    );
}

#[test]
fn case_04_a_pre_release_is_below_its_own_minimum() {
    let world = world();
    world.vertical("finance", |v| v.range("2.0.0", "2.x.x"));
    world.publish("2.0.0-beta.1", |r| r);
    let report = answer(&world, &["update", "--channel", "beta"], 1);
    assert_eq!(report["reason"], "core_below_minimum");
}

#[test]
fn case_05_wildcards_are_bounds_and_an_x_in_a_pre_release_is_none() {
    for (max, offered) in [
        ("2.x.x", Some("1.5.0")),
        ("1.5.x", Some("1.5.0")),
        ("1.4.x", Some("1.4.0")),
        ("1.0.0-experimental.1", None),
    ] {
        let world = builder().core("0.9.0", |r| r).build();
        world.publish("1.4.0", |r| r).publish("1.5.0", |r| r);
        world.vertical("finance", |v| v.range("0.9.0", max));
        let report = answer(&world, &["update"], i32::from(offered.is_none()));
        assert_eq!(
            report["offered"]["version"].as_str(),
            offered,
            "max {max}: {report:#}"
        );
        if offered.is_none() {
            assert_eq!(report["reason"], "core_above_maximum", "max {max}");
        }
    }
}

#[test]
fn case_06_contracts_minimum_allowlist_and_checksum_each_block() {
    let world = world();
    world.vertical("finance", |v| v.allows("BRK-1"));
    world
        .publish("1.1.0", |r| r.contracts("2.0.0"))
        .publish("1.2.0", |r| r.minimum_vertical("finance", "0.3.0"))
        .publish("1.3.0", |r| {
            r.breaking_with_id("BRK-1", "a").breaking("another")
        })
        .publish("1.4.0", |r| r.checksum_of("v1.2.0"));
    let report = answer(&world, &["update"], 1);
    assert_eq!(report["status"], "blocked");
    assert_eq!(report["compatible"], false);
    let reasons: Vec<(&str, Vec<String>)> = report["blocked"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| (c["version"].as_str().unwrap(), codes(&c["verdict"])))
        .collect();
    assert_eq!(reasons[0].0, "1.4.0");
    for (index, code) in [
        (0, "checksum_mismatch"),
        (1, "breaking_change"),
        (2, "vertical_too_old"),
        (3, "contracts_major_mismatch"),
    ] {
        assert!(reasons[index].1.contains(&code.to_owned()), "{reasons:?}");
    }
    assert_snapshot!(shown(&world, &vit(&world, &["update"])), @"
    exit: 1
    --- stdout
    1.0.0 stays: everything newer is blocked (4 releases)

    1.4.0 is blocked (stable, released 2026-01-05)
      v1.4.0: v1.4.0 is not the commit that its metadata names [checksum_mismatch]
        metadata HASH, tag HASH
        fix (Core team): say which of the two is right: correct the metadata or restore the tag
      finance: a breaking change of v1.3.0 is not accepted [breaking_change]
        v1.3.0: another
        fix (vertical's owner): adapt the vertical, then add its exact text to compatibility.breaking_changes_allowlist
        see https://example.org/migrate/1.3.0

    1.3.0 is blocked (stable, released 2026-01-04)
      finance: a breaking change of v1.3.0 is not accepted [breaking_change]
        v1.3.0: another
        fix (vertical's owner): adapt the vertical, then add its exact text to compatibility.breaking_changes_allowlist
        see https://example.org/migrate/1.3.0

    1.2.0 is blocked (stable, released 2026-01-03)
      finance: finance 0.2.0 is older than 0.3.0, which the target asks for [vertical_too_old]
        minimum_vertical_version 0.3.0 in v1.2.0, domain_version 0.2.0
        fix (vertical's owner): bring the vertical to 0.3.0 or newer

    1.1.0 is blocked (stable, released 2026-01-02)
      finance: contracts 2.0.0 do not have major 1 [contracts_major_mismatch]
        contracts_version 2.0.0 in v1.1.0, contracts_major 1 in the manifest
        fix (vertical's owner): port the vertical to contracts 2, then set contracts_major: 2

    channel stable (set by manifest of finance); releases from git origin, asked now

    next: do what the hints say, then `vit update` again
    --- stderr
         ask origin
    ");
}

#[test]
fn case_06_a_breaking_change_that_is_allowed_does_not_block() {
    let world = world();
    world.vertical("finance", |v| v.allows("BRK-1"));
    world.publish("1.1.0", |r| r.breaking_with_id("BRK-1", "a"));
    let report = answer(&world, &["update"], 0);
    assert_eq!(report["offered"]["version"], "1.1.0");
}

#[test]
fn case_07_a_tag_whose_metadata_says_otherwise_and_garbage_hide_no_other() {
    let world = world();
    world
        .publish("1.1.0", |r| r)
        .publish("1.2.0", |r| r.raw_metadata("[1, 2]"))
        .publish("1.3.0", |r| r.raw_metadata("42"))
        .publish("1.4.0", |r| r.raw_metadata(vec![0xff, 0, 0xfe]))
        .publish("1.5.0", |r| r.raw_metadata("{\"version\": "))
        .publish("9.9.9", |r| r.field("version", "1.0.0"));
    let report = answer(&world, &["update"], 0);
    assert_eq!(report["offered"]["version"], "1.1.0");
    let unusable: Vec<(&str, &str)> = report["unusable"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["subject"].as_str().unwrap(), p["code"].as_str().unwrap()))
        .collect();
    assert_eq!(unusable[0], ("v9.9.9", "metadata_version_mismatch"));
    for tag in ["v1.2.0", "v1.3.0", "v1.4.0", "v1.5.0"] {
        assert!(
            unusable.contains(&(tag, "metadata_unreadable")),
            "{unusable:?}"
        );
    }
    // What cannot be a target is refused also when it is named.
    for (version, code) in [
        ("9.9.9", "metadata_version_mismatch"),
        ("1.2.0", "metadata_unreadable"),
    ] {
        let before = world.state();
        let refused = answer(&world, &["upgrade", "--yes", "--target", version], 1);
        assert!(codes(&refused).contains(&code.to_owned()), "{refused:#}");
        world.state().assert_same(&before);
    }
    assert_snapshot!(shown(&world, &vit(&world, &["update"])), @r#"
    exit: 0
    --- stdout
    1.0.0 → 1.1.0 is available (stable, released 2026-01-02)

    1 note
      installation: no vertical is declared: nothing is judged and nothing is smoke-tested [no_verticals]
        fix (vertical's owner): add a vertical_manifest.yaml to the vertical's folder

    5 releases are no target
      v9.9.9: `version` is not the version of the tag [metadata_version_mismatch]
        at v9.9.9:release_metadata.json
        tag v9.9.9, metadata 1.0.0
        fix (Core team): publish the release again with its own metadata; a tag is never moved
      error[metadata_unreadable]: the release's metadata cannot be read
       --> v1.5.0:release_metadata.json:1:12
        |
      1 | {"version": 
        |            ^
        |
        = note: line 1, column 12: EOF while parsing a value
        = help: publish the release again with correct metadata (Core team)
      v1.4.0: the release's metadata cannot be read [metadata_unreadable]
        at v1.4.0:release_metadata.json:1:1
        line 1, column 1: the file is not UTF-8 (byte 0 is 0xff)
        fix (Core team): publish the release again with correct metadata
      v1.3.0: the release's metadata cannot be read [metadata_unreadable]
        at v1.3.0:release_metadata.json
        an object is needed at the top, not an integer
        fix (Core team): publish the release again with correct metadata
      v1.2.0: the release's metadata cannot be read [metadata_unreadable]
        at v1.2.0:release_metadata.json
        an object is needed at the top, not a list
        fix (Core team): publish the release again with correct metadata

    channel stable (set by default); releases from git origin, asked now

    next: vit plan
    --- stderr
         ask origin
    "#);
}

#[test]
fn case_08_a_registry_that_cannot_be_reached_is_an_error_and_the_cache_is_used() {
    let world = world();
    world.publish("1.1.0", |r| r);
    let away = world.root().join("away.git");
    std::fs::rename(world.origin(), &away).unwrap();
    // Nothing was ever heard.
    let error = answer(&world, &["update"], 2);
    assert_eq!(error["schema"], "vit.error/1");
    assert_eq!(error["kind"], "registry");
    assert_snapshot!(shown(&world, &vit(&world, &["update"])), @"
    exit: 2
    --- stderr
         ask origin
    error: the release registry origin could not answer
      because: `git ls-remote --tags --quiet origin` failed in WORLD/in stallàtion: fatal: 'WORLD/origin.git' does not appear to be a git repository
        fatal: Could not read from remote repository.
        Please make sure you have the correct access rights
        and the repository exists.
    hint: check the network and the remote (`git remote -v`): nothing was fetched before that could be used instead
    ");

    std::fs::rename(&away, world.origin()).unwrap();
    answer(&world, &["update"], 0);
    std::fs::rename(world.origin(), &away).unwrap();
    let stale = answer(&world, &["update"], 0);
    assert_eq!(stale["source"]["stale"], true);
    assert_eq!(stale["offered"]["version"], "1.1.0");
    assert_eq!(problem(&stale, "registry_stale")["severity"], "warning");
    assert_snapshot!(shown(&world, &vit(&world, &["update"])), @"
    exit: 0
    --- stdout
    1.0.0 → 1.1.0 is available (stable, released 2026-01-02)

    1 warning
      origin: the registry could not be reached; what was fetched before is used [registry_stale]
        `git ls-remote --tags --quiet origin` failed in WORLD/in stallàtion: fatal: 'WORLD/origin.git' does not appear to be a git repository
        fatal: Could not read from remote repository.
        Please make sure you have the correct access rights
        and the repository exists.
        fix (you): check the network and the remote

    1 note
      installation: no vertical is declared: nothing is judged and nothing is smoke-tested [no_verticals]
        fix (vertical's owner): add a vertical_manifest.yaml to the vertical's folder

    channel stable (set by default); releases from git origin, kept answer of 08:00Z (now): it could not be asked now

    next: vit plan
    --- stderr
         ask origin
    ");
    // The objects are here: the upgrade works, and says that the answer is an old one.
    let upgrade = answer(&world, &["upgrade", "--yes"], 0);
    assert_eq!(upgrade["status"], "applied");
}

#[test]
fn case_08_offline_asks_nobody() {
    let world = world();
    world.publish("1.1.0", |r| r);
    let error = answer(&world, &["update", "--offline"], 2);
    assert!(
        error["hints"].to_string().contains("without `--offline`"),
        "{error:#}"
    );
    answer(&world, &["update"], 0);
    world.publish("1.2.0", |r| r);
    let offline = vit(&world, &["update", "--offline"]);
    offline.assert_code(0);
    assert!(!offline.stderr.contains("ask "), "{offline:?}");
    assert!(offline.stdout.contains("1.1.0"), "{offline:?}");
    assert_eq!(
        answer(&world, &["update"], 0)["offered"]["version"],
        "1.2.0"
    );
}

#[test]
fn case_21_a_target_that_is_no_version_names_the_newest_real_ones() {
    let world = world();
    world.publish("1.1.0", |r| r).publish("1.2.0", |r| r);
    answer(&world, &["update"], 0);
    for target in ["banana", "v1", "1.2", "latest", "-1", "../../etc"] {
        for verb in [
            &["plan"][..],
            &["upgrade", "--yes"],
            &["upgrade", "--dry-run"],
        ] {
            let arg = format!("--target={target}");
            let args: Vec<&str> = verb.iter().copied().chain([arg.as_str()]).collect();
            let error = answer(&world, &args, 2);
            assert_eq!(error["kind"], "usage", "{error:#}");
            let hints = error["hints"].to_string();
            assert!(hints.contains("1.2.0, 1.1.0"), "{target}: {hints}");
        }
    }
    // A version that no release has is told the same way.
    let error = answer(&world, &["plan", "--target", "7.7.7"], 2);
    assert_eq!(error["kind"], "bad_input");
    assert!(error["hints"].to_string().contains("1.2.0, 1.1.0"));
    assert_snapshot!(shown(&world, &vit(&world, &["plan", "--target", "1.2"])), @"
    exit: 2
    --- stderr
    error: `1.2` is not a version: three numbers are needed, MAJOR.MINOR.PATCH
    hint: did you mean `--target 1.2.0`?
    hint: the newest releases are 1.2.0, 1.1.0, 1.0.0
    ");
}

#[test]
fn several_verticals_take_the_calmest_channel_and_the_answer_says_whose() {
    let world = world();
    world.vertical("alpha", |v| v.channel("canary"));
    world.vertical("finance", |v| v.channel("beta"));
    world.vertical("zeta", |v| v.channel("canary"));
    world
        .publish("1.1.0-beta.1", |r| r)
        .publish("1.1.0-canary.1", |r| r);
    let report = answer(&world, &["update"], 0);
    assert_eq!(report["channel"]["set_by"], "manifest of finance");
    assert_eq!(report["offered"]["version"], "1.1.0-beta.1");
    assert_snapshot!(shown(&world, &vit(&world, &["channel"])), @"
    exit: 0
    --- stdout
    beta (set by manifest of finance)
    ");
    // Stored, from the environment, from the flag: the later wins.
    assert_snapshot!(shown(&world, &vit(&world, &["channel", "stable"])), @"
    exit: 0
    --- stdout
    stable (set by vit channel)
    before: beta (set by manifest of finance)
    stable is stored for this installation; what is installed stays, only what is offered next changes
    ");
    let stored = answer(&world, &["channel"], 0);
    assert_eq!(
        stored["channel"],
        json!({"channel": "stable", "set_by": "vit channel"})
    );
    let from = |args: &[&str]| {
        let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
        let run = command(&world, &args).env("VIT_CHANNEL", "canary").run();
        run.assert_code(0);
        run.json()["channel"].clone()
    };
    assert_eq!(
        from(&["update"]),
        json!({"channel": "canary", "set_by": "VIT_CHANNEL"})
    );
    assert_eq!(
        from(&["update", "--channel", "beta"]),
        json!({"channel": "beta", "set_by": "--channel"})
    );
    let unset = answer(&world, &["channel", "--unset"], 0);
    assert_eq!(unset["channel"]["set_by"], "manifest of finance");
    let wrong = command(&world, &["update", "--json"])
        .env("VIT_CHANNEL", "stabel")
        .run();
    wrong.assert_code(2).assert_stdout("did you mean `stable`?");
}

#[test]
fn the_exit_codes_of_update_and_status_tell_of_an_update_only_when_asked() {
    let world = world();
    answer(&world, &["update", "--exit-code"], 0);
    answer(&world, &["status", "--exit-code"], 0);
    world.publish("1.1.0", |r| r);
    answer(&world, &["update", "--exit-code"], 10);
    answer(&world, &["status", "--exit-code"], 10);
    answer(&world, &["status"], 0);
    answer(&world, &["upgrade", "--yes"], 0);
    // What was remembered of the release before no longer counts.
    answer(&world, &["status", "--exit-code"], 0);
    world.vertical("finance", |v| v.range("1.0.0", "1.1.x"));
    world.publish("1.2.0", |r| r);
    answer(&world, &["update", "--exit-code"], 1);
    answer(&world, &["status", "--exit-code"], 0);
}

#[test]
fn a_folder_of_metadata_is_a_registry_too() {
    let world = world();
    world.publish("1.1.0", |r| r.feature("from the mirror"));
    world.publish("1.2.0", |r| r.channel("beta"));
    let mirror = world.mirror().display().to_string();
    for location in [mirror.clone(), format!("file://{mirror}")] {
        let settings = format!("[registry]\nkind = \"dir\"\nlocation = \"{location}\"\n");
        std::fs::write(world.path(".git/info/exclude"), "vit.toml\n").unwrap();
        world.write("vit.toml", settings);
        let report = answer(&world, &["update"], 0);
        assert_eq!(report["offered"]["version"], "1.1.0");
        assert_eq!(report["source"]["kind"], "dir");
    }
    let plan = answer(&world, &["plan"], 0);
    assert_eq!(
        plan["changes"][0]["changes"]["features"][0]["text"],
        "from the mirror"
    );
    let before = four_facts(&world);
    let upgrade = answer(&world, &["upgrade", "--yes"], 0);
    assert_eq!(upgrade["status"], "applied");
    assert_eq!(world.git(&["rev-parse", "HEAD"]), world.commit_of("v1.1.0"));
    answer(&world, &["rollback", "--yes"], 0);
    assert_eq!(four_facts(&world), before);
    std::fs::remove_dir_all(world.mirror()).unwrap();
    let error = answer(&world, &["update"], 2);
    assert!(error["message"].to_string().contains("does not exist"));
}

use crate::installation::four_facts;

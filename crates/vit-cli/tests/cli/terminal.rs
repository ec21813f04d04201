//! CASES.md 30: what others wrote, on a terminal; and the questions that only a terminal gets.

use std::path::Path;

use insta::assert_snapshot;
use vit_testkit::{Run, World, smoke, tools};

use crate::installation::{answer, builder, command, four_facts, vit, world};

/// Erases the screen, sets the title, links, writes the clipboard, C1, bidi, a carriage return.
const HOSTILE: &str = "\u{1b}[2J\u{1b}]0;owned\u{7}\u{1b}]8;;https://evil.example\u{1b}\\click\
                       \u{1b}]52;c;b3duZWQ=\u{7}\u{9b}31m\u{202e}txt.exe\u{2066}\rdone\u{8}\u{7f}";

/// Nothing in it is obeyed by a terminal.
#[track_caller]
fn harmless(run: &Run) {
    for (name, text) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
        let bad = |c: char| {
            (c.is_control() && c != '\n')
                || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        };
        assert!(
            !text.contains(bad),
            "{name} of `{}`: {}",
            run.line.escape_debug(),
            text.escape_debug()
        );
    }
}

/// Every text that a release, a manifest and a smoke test can carry is hostile.
fn hostile_world() -> World {
    let world = builder()
        .core("1.0.0", |r| {
            r.file("docs/\u{1b}[31mred\u{202e}.md", Some("1\n"))
        })
        .build();
    world.vertical("finance", |v| {
        v.smoke(&smoke::ESCAPES.fails())
            .extra(&format!(
                "notifications: {{enabled: true, webhook_url: {}}}",
                serde_json::json!(HOSTILE)
            ))
            .uses("contracts.GraphPlugin")
    });
    world.publish("1.1.0", |r| {
        r.feature(HOSTILE)
            .fix(HOSTILE)
            .deprecated(HOSTILE, HOSTILE, HOSTILE)
            .breaking_with_id("BRK-9", HOSTILE)
            .field("migration_guide_url", HOSTILE)
            .capabilities(&[HOSTILE])
            .file("docs/\u{1b}[31mred\u{202e}.md", None)
    });
    world.publish("1.2.0", |r| r.field("changes", HOSTILE));
    world.publish("1.3.0", |r| r.field("version", HOSTILE));
    world.publish("1.4.0", |r| {
        r.channel(HOSTILE).field("release_date", HOSTILE)
    });
    world
}

#[test]
fn case_30_what_releases_say_is_visible_and_harmless_in_every_command() {
    let world = hostile_world();
    world.write("\u{1b}]0;x\u{7}untracked\u{202e}", "x\n");
    for args in [
        &["update"][..],
        &["plan", "--target", "1.1.0"],
        &["upgrade", "--yes", "--target", "1.1.0"],
        &["upgrade", "--yes", "--verbose", "--target", "1.1.0"],
        &["plan", "--target", "1.3.0"],
        &["plan", "--target", "1.4.0"],
        &["status"],
        &["verify"],
        &["doctor"],
        &["history"],
    ] {
        harmless(&vit(&world, args));
    }
    // It is refused for the breaking change: accepted by its text, the smoke test runs.
    world.vertical("finance", |v| {
        v.smoke(&smoke::ESCAPES.fails()).allows("BRK-9")
    });
    let run = vit(
        &world,
        &["upgrade", "--yes", "--verbose", "--target", "1.1.0"],
    );
    run.assert_code(3);
    harmless(&run);
    assert!(run.stdout.contains("\\x1b]52;c;"), "it is visible: {run:?}");
    for args in [
        &["history"][..],
        &["history", "show", "last"],
        &["history", "show", "last", "--markdown"],
        &["status"],
        &["rollback", "--list"],
    ] {
        let run = vit(&world, args);
        run.assert_code(0);
        harmless(&run);
    }
    // The tracked file with the hostile name, in a dirty tree.
    world.write("docs/\u{1b}[31mred\u{202e}.md", "mine\n");
    for args in [&["status"][..], &["plan", "--target", "1.1.0"], &["verify"]] {
        let run = vit(&world, args);
        harmless(&run);
        assert!(run.stdout.contains("\\x1b[31mred"), "{run:?}");
    }
}

#[test]
fn case_30_json_keeps_what_releases_say() {
    let world = hostile_world();
    let plan = answer(&world, &["plan", "--target", "1.1.0"], 1);
    let changes = &plan["changes"][0]["changes"];
    assert_eq!(changes["features"][0]["text"], HOSTILE);
    assert_eq!(changes["breaking"][0]["text"], HOSTILE);
    harmless(&vit(&world, &["plan", "--target", "1.1.0", "--json"]));
}

#[test]
fn case_30_refs_remotes_users_and_channels_are_harmless() {
    let world = world();
    world.publish("1.1.0", |r| r);
    let name = "ma\u{202e}in\u{9b}31m";
    world.git(&["switch", "-qc", name]);
    world.git(&["tag", "pre-upgrade-\u{202e}x"]);
    world.git(&["config", "remote.\u{1b}[31mevil.url", "/nowhere\u{1b}[31m"]);
    for args in [
        &["status"][..],
        &["plan"],
        &["upgrade", "--yes"],
        &["rollback", "--list"],
        &["history"],
        &["history", "show", "last"],
        &["verify"],
        &["doctor"],
    ] {
        let run = command(&world, args).env("USER", HOSTILE).run();
        harmless(&run);
        run.assert_code(0);
    }
    assert_eq!(
        world.history()[0]["actor"],
        HOSTILE,
        "the record keeps the data"
    );
    let run = command(&world, &["update"])
        .env("VIT_CHANNEL", HOSTILE)
        .run();
    run.assert_code(2);
    harmless(&run);
    harmless(&vit(&world, &["rollback", "--yes", "--to", HOSTILE]));
    harmless(&vit(&world, &["plan", "--target", HOSTILE]));
    harmless(&vit(&world, &["-C", HOSTILE, "status"]));
}

#[test]
fn case_30_errors_of_remotes_are_harmless() {
    let world = world();
    world.git(&[
        "config",
        "remote.origin.url",
        "/nowhere/\u{1b}[31m\u{202e}\u{9b}x",
    ]);
    for args in [&["update"][..], &["plan"], &["doctor"], &["status"]] {
        harmless(&vit(&world, args));
    }
}

// -- questions

#[test]
fn without_a_terminal_nothing_is_asked_and_nothing_changes() {
    let world = world();
    world.publish("1.1.0", |r| r);
    let before = world.state();
    for args in [&["upgrade"][..], &["rollback"], &["repair"]] {
        // A yes on a pipe is no yes.
        let run = command(&world, args).stdin("y\n").run();
        run.assert_code(2).assert_stderr("--yes`");
    }
    world.state().assert_same(&before);
    assert!(world.history().is_empty());
}

/// Runs the program on a terminal of its own and types an answer.
fn on_a_terminal(world: &World, line: &str, typed: &str) -> Run {
    let line = format!("'{}' {line}", world.bin().display());
    let script = Path::new("/usr/bin/script");
    world
        .program(script, ["-qec", line.as_str(), "/dev/null"])
        .env("VIT_TEST_NOW", crate::installation::NOW)
        .env("TERM", "xterm")
        .stdin(typed)
        .run()
}

#[test]
fn on_a_terminal_a_yes_is_asked_for() {
    if !tools::need("script") {
        return;
    }
    let world = world();
    world.publish("1.1.0", |r| r);
    let before = four_facts(&world);
    for no in ["n\n", "\n", "yep\n", "\u{4}"] {
        let run = on_a_terminal(&world, "upgrade", no);
        run.assert_code(2).assert_stdout("Apply this upgrade?");
        assert!(run.stdout.contains("nothing was changed"), "{run:?}");
        assert_eq!(four_facts(&world), before, "{no:?}");
        assert!(world.history().is_empty());
    }
    let run = on_a_terminal(&world, "upgrade", "y\n");
    run.assert_code(0).assert_stdout("1.0.0 → 1.1.0");
    assert_eq!(world.git(&["rev-parse", "HEAD"]), world.commit_of("v1.1.0"));
    let run = on_a_terminal(&world, "rollback", "yes\n");
    run.assert_code(0).assert_stdout("Apply this rollback?");
    assert_eq!(four_facts(&world), before);
    // What stands above the question is on the same stream as the question, also in a pipe.
    let run = on_a_terminal(&world, "upgrade --dry-run --retry-quarantined again", "");
    run.assert_code(0);
    assert!(!run.stdout.contains("[y/N]"), "{run:?}");
}

#[test]
fn ci_is_never_asked_even_on_a_terminal() {
    if !tools::need("script") {
        return;
    }
    let world = world();
    world.publish("1.1.0", |r| r);
    let run = on_a_terminal(&world, "upgrade; exit $?", "y\n");
    run.assert_code(0);
    let line = format!("CI=1 '{}' rollback", world.bin().display());
    let run = world
        .program(
            Path::new("/usr/bin/script"),
            ["-qec", line.as_str(), "/dev/null"],
        )
        .stdin("y\n")
        .run();
    run.assert_code(2).assert_stdout("--yes");
    assert_snapshot!(run.stdout.replace("\r\n", "\n").trim_start_matches("y\n").to_owned(), @"
    error: this needs a yes, and there is no terminal to ask on
    hint: if you mean it: `vit rollback --yes`
    ");
}

#[test]
fn a_soak_on_a_terminal_says_what_ends_it_and_is_quiet_about_rounds_that_pass() {
    if !tools::need("script") {
        return;
    }
    let world = world();
    world
        .vertical("finance", |v| v.smoke("exit 0"))
        .publish("1.1.0", |r| r);
    // The clock stands still, so these twenty rounds take no time.
    let run = on_a_terminal(&world, "upgrade --yes --soak 20s", "");
    run.assert_code(0)
        .assert_stdout("`vit confirm` ends it, Ctrl-C takes the release back");
    let passed = run.stdout.matches("smoke test of finance (").count();
    assert_eq!(passed, 1, "only the one before the soak: {}", run.stdout);
}

//! What people type by mistake.

use insta::assert_snapshot;

use crate::program::{vit, vit_with};

#[test]
fn typos_get_suggestions() {
    assert_snapshot!(vit(&["upgrad"]), @"
    exit: 2
    --- stderr
    error: unrecognized subcommand 'upgrad'

      tip: a similar subcommand exists: 'upgrade'

    Usage: vit [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
    assert_snapshot!(vit(&["channel", "stabel"]), @"
    exit: 2
    --- stderr
    error: invalid value 'stabel' for '[NAME]': `stabel` is not a channel (stable, beta, canary or lts); did you mean `stable`?

    For more information, try '--help'.
    ");
    assert_snapshot!(vit(&["plan", "--accept", "smoke_tests_missing"]), @"
    exit: 2
    --- stderr
    error: invalid value 'smoke_tests_missing' for '--accept <CODE>': `smoke_tests_missing` is not a problem code; did you mean `smoke_test_missing`?

    For more information, try '--help'.
    ");
}

#[test]
fn words_of_other_tools_get_a_hint() {
    assert_snapshot!(vit(&["install", "finance"]), @"
    exit: 2
    --- stderr
    error: unrecognized subcommand 'install'

    Usage: vit [OPTIONS] <COMMAND>

    For more information, try '--help'.

    hint: the package tier is not in this version: vit manages Core and judges the verticals on it
    ");
    assert_snapshot!(vit(&["upgrade", "--force"]), @"
    exit: 2
    --- stderr
    error: unexpected argument '--force' found

    Usage: vit upgrade [OPTIONS]

    For more information, try '--help'.

    hint: no flag skips the checks, the smoke tests or the clean tree; a warning is accepted by its code: `--accept CODE`
    ");
    for (args, hint) in [
        (&["check"][..], "`vit update`"),
        (&["apply"], "`vit upgrade`"),
        (&["undo"], "`vit rollback`"),
        (&["log"], "`vit history`"),
        (&["list"], "`vit status`"),
        (&["rollback", "--all"], "--to SNAPSHOT"),
        (&["upgrade", "1.2.0"], "--target 1.2.0"),
    ] {
        let run = vit(args);
        assert_eq!(run.code, Some(2), "{args:?}");
        assert!(
            run.stderr.contains("hint:") && run.stderr.contains(hint),
            "{run}"
        );
    }
}

#[test]
fn a_usage_error_is_json_too_where_asked_for() {
    let run = vit(&["--json", "instal"]);
    assert_eq!(run.code, Some(2));
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["schema"], "vit.error/1");
    assert_eq!(report["kind"], "usage");
    assert_eq!(report["exit_code"], 2);
    let schema = include_str!("../../../../docs/schemas/vit.error.schema.json");
    let schema = serde_json::from_str(schema).unwrap();
    assert!(jsonschema::is_valid(&schema, &report));
}

/// Every command that asks says which flag it needs where nobody can be asked, before any work.
#[test]
fn no_question_without_a_terminal() {
    assert_snapshot!(vit(&["upgrade"]), @"
    exit: 2
    --- stderr
    error: this needs a yes, and there is no terminal to ask on
    hint: if you mean it: `vit upgrade --yes`
    ");
    for args in [
        &["upgrade", "--target", "1.2.0"][..],
        &["update", "apply"],
        &["rollback"],
        &["update", "rollback"],
        &["repair"],
        &["upgrade", "--json"],
        &["update", "--json", "apply"],
    ] {
        let run = vit(args);
        assert_eq!(run.code, Some(2), "{args:?}");
        assert!(run.stderr.contains("--yes`"), "{run}");
    }
    let json: serde_json::Value = serde_json::from_str(&vit(&["repair", "--json"]).stdout).unwrap();
    assert_eq!(json["kind"], "needs_yes");
}

#[test]
fn flags_that_contradict_each_other_are_refused() {
    for args in [
        &["upgrade", "--plan", "p.json", "--target", "1.2.0"][..],
        &["upgrade", "--plan", "p.json", "--channel", "beta"],
        &["channel", "beta", "--unset"],
        &["rollback", "--list", "--to", "x"],
        &["status", "-q", "-v"],
        &["update", "--offline", "check"],
        &["history", "--failed", "verify"],
    ] {
        assert_eq!(vit(args).code, Some(2), "{args:?}");
    }
}

#[test]
fn a_plan_file_that_is_none_is_refused_before_any_work() {
    assert_snapshot!(vit(&["upgrade", "--plan", "none.json", "--yes"]).stderr.lines().last().unwrap_or_default(), @"  because: No such file or directory (os error 2)");
}

/// CASES.md 30: what was typed comes back harmlessly.
#[test]
fn case_30_hostile_arguments_are_shown_harmlessly() {
    for args in [
        &["\u{1b}[31mx"][..],
        &["help", "\u{9b}31m"],
        &["plan", "--accept", "\u{202e}x"],
    ] {
        let run = vit_with(args, &[("CLICOLOR_FORCE", "1")]);
        assert_eq!(run.code, Some(2));
        let bad = |c: char| matches!(c, '\u{9b}' | '\u{202e}' | '\r');
        assert!(!run.stderr.contains(bad), "{}", run.stderr.escape_debug());
        assert!(
            !run.stderr.contains("\u{1b}[31mx"),
            "{}",
            run.stderr.escape_debug()
        );
    }
}

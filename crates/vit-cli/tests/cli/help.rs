//! Help, version, topics, completions, manual pages.

use insta::assert_snapshot;

use crate::program::{command, run, vit, vit_with};

const COMMANDS: [&str; 27] = [
    "update",
    "why",
    "release",
    "plan",
    "upgrade",
    "bisect",
    "rollback",
    "confirm",
    "recover",
    "repair",
    "status",
    "channel",
    "history",
    "explain",
    "hold",
    "unhold",
    "ledger",
    "mirror",
    "trust",
    "bundle",
    "verify",
    "doctor",
    "cache",
    "demo",
    "completions",
    "man",
    "help",
];

#[test]
fn version_and_help_are_answers() {
    let version = vit(&["--version"]);
    assert_eq!(
        version.stdout,
        format!("vit {}\n", env!("CARGO_PKG_VERSION"))
    );
    assert_eq!((version.stderr.as_str(), version.code), ("", Some(0)));
    assert_snapshot!(vit(&["--help"]), @"
    exit: 0
    --- stdout
    An update manager for a platform core kept in git and the verticals that live on it

    Usage: vit [OPTIONS] <COMMAND>

    Commands:
      update       Ask for releases, and judge them
      why          Say of every newer release why it is offered or not
      release      List releases, or show one
      plan         Show what an upgrade would do
      upgrade      Upgrade Core, prove the result, or put the old state back
      bisect       Find the first release that breaks here
      rollback     Go back to the state before an upgrade
      confirm      Commit a release that is on trial
      recover      Finish a transaction that was interrupted
      repair       Mend an installation whose old state could not be verified
      status       Show what is installed and how it stands
      channel      Show or choose the release channel of this installation
      history      Show what was done to this installation
      explain      Tell the story of a transaction: what was done, why it failed, what to do
      hold         Keep a version, or every upgrade, from being installed
      unhold       Let a held version, or everything, be installed again
      ledger       Show what releases were when they were first seen, or accept what one is now
      mirror       Write the releases that are known here, for others to get
      trust        Choose whose signatures the registry is held to
      bundle       Carry releases to an installation without network, in a file
      verify       Check that this installation equals the release it claims to be
      doctor       Look for what is missing on this machine, with the fix for each
      cache        Show what is kept of servers' answers, or remove it
      demo         See vit at work in a throw-away folder, without network
      completions  Print a completion script for a shell
      man          Print the manual page, or write all of them
      help         Explain a command or a topic

    Options:
      -h, --help     Print help
      -V, --version  Print version

    Global options:
      -C <DIR>            Run as if started in DIR
          --json          Print one JSON object on standard output
      -q, --quiet         Say nothing but the answer and errors
      -v, --verbose       Show the output of smoke tests as it comes
          --color <WHEN>  When to use colour: auto, always or never [default: auto]

    EXAMPLES
      vit update                    is there a release, and can every vertical live with it?
      vit plan                      what an upgrade would do
      vit upgrade                   do it, prove it; on any failure the old state is put back
      vit rollback                  back to the state before the last upgrade
      vit demo                      see it at work in a throw-away folder

    MORE
      vit help environment          the variables that are read
      vit help exit-codes           what a script may build on
      vit help codes                every problem code and what it means
    ");
}

#[test]
fn help_of_a_command_has_examples() {
    assert_snapshot!(vit(&["upgrade", "--help"]), @r#"
    exit: 0
    --- stdout
    Upgrade Core, prove the result, or put the old state back

    Usage: vit upgrade [OPTIONS]

    Options:
          --target <VERSION>            Go to this version instead of the one that `vit update` offers
          --channel <CHANNEL>           Look at this channel: stable, beta, canary or lts
          --accept <CODE>               Accept the warnings of this code; it is recorded. `vit help
                                        codes` lists them
          --branch                      Move the current branch to the release, instead of detaching
                                        HEAD at it
          --retry-quarantined <REASON>  Try a release again that was rolled back here; REASON is
                                        recorded
          --offline                     Ask nobody: plan with what was fetched before
          --refresh                     Ask anew, whatever is kept of earlier answers
          --wait <TIME>                 Where a server limits how often it is asked, wait for it, at
                                        most this long (90s, 15m)
          --soak <TIME>                 After the upgrade, repeat the smoke tests for this long (90s,
                                        15m, 1h30m, 2d) and go back when one fails; `vit confirm` ends
                                        it early
          --rehearse                    Build the target aside and run the smoke tests there first;
                                        nothing live is touched
          --plan <FILE>                 Carry out this plan of `vit plan --out`; refused when the facts
                                        have moved
      -y, --yes                         Do not ask
          --dry-run                     Show the plan and stop; a refusal has the same exit code
      -h, --help                        Print help

    Global options:
      -C <DIR>            Run as if started in DIR
          --json          Print one JSON object on standard output
      -q, --quiet         Say nothing but the answer and errors
      -v, --verbose       Show the output of smoke tests as it comes
          --color <WHEN>  When to use colour: auto, always or never [default: auto]

    Takes a snapshot, switches the tree, runs the smoke tests of every active vertical, and proves the
    result. When anything fails the old state is put back and verified: exit 3. No flag skips the
    checks, the smoke tests or the clean tree.

    EXAMPLES
      vit upgrade
      vit upgrade --target 1.2.0 --yes
      vit upgrade --plan upgrade.json --yes
      vit upgrade --rehearse
      vit upgrade --accept smoke_test_missing
      vit upgrade --soak 15m            then, when all is well before that: vit confirm
      vit upgrade --retry-quarantined "the database is up again"
      vit upgrade --dry-run
    "#);
    for command in COMMANDS {
        let short = vit(&[command, "-h"]);
        assert_eq!(short.code, Some(0), "{command}");
        assert!(short.stdout.contains("EXAMPLES"), "{command}");
        let long = vit(&["help", command]);
        assert_eq!(
            (long.code, long.stderr.as_str()),
            (Some(0), ""),
            "{command}"
        );
    }
}

#[test]
fn help_finds_long_forms_and_topics_and_suggests() {
    let long = vit(&["help", "update", "apply"]);
    assert!(long.stdout.contains("Usage: vit update apply"), "{long}");
    assert_snapshot!(vit(&["help", "exit-codes"]), @"
    exit: 0
    --- stdout
    Every command keeps to these.

      exit  meaning
      0     success (nothing to do is success)
      1     blocked: incompatible, manifest violation, dirty tree, held
      2     error: network, timeout, bad input, usage
      3     rollback executed: the upgrade failed and the previous state is restored and verified
      4     inconsistent: the previous state could not be verified; `vit repair` is needed
      10    an update is available (only with --exit-code on `update` and `status`)

    verify, history verify and doctor exit 1 when a check fails.
    status --exit-code exits 4 when the installation is inconsistent.
    A refusal has the same code in a dry run. A question answered with no exits 2, as every
    upgrade does that was stopped before it changed anything.
    ");
    let environment = vit(&["help", "environment"]).stdout;
    for name in [
        "VIT_CHANNEL",
        "VIT_REGISTRY_URL",
        "VIT_STATE_DIR",
        "VIT_CACHE_DIR",
        "XDG_CACHE_HOME",
        "GITHUB_TOKEN, GH_TOKEN",
        "GITHUB_API_URL",
        "VITRUVYAN_REPO",
        "NO_COLOR",
        "CLICOLOR_FORCE",
        "HTTPS_PROXY",
    ] {
        assert!(environment.contains(name), "{name}");
    }
    assert!(vit(&["help", "codes"]).stdout.contains("dirty_tree"));
    assert_snapshot!(vit(&["help", "upgrad"]), @"
    exit: 2
    --- stderr
    error: `upgrad` is no command and no topic
    hint: did you mean `vit help upgrade`?
    ");
}

#[test]
fn no_command_is_a_usage_error() {
    let run = vit(&[]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
    assert!(run.stderr.contains("Usage: vit"));
}

#[test]
fn completions_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = vit(&["completions", shell]);
        assert_eq!(script.code, Some(0));
        for command in COMMANDS {
            assert!(script.stdout.contains(command), "{shell} {command}");
        }
    }
    assert_eq!(vit(&["completions", "tcsh"]).code, Some(2));
}

#[test]
fn the_manual_is_printed_or_written_whole() {
    let page = vit(&["man"]);
    assert!(page.stdout.contains(".TH vit 1"), "{page}");
    let dir = tempfile::tempdir().unwrap();
    let written = run(command(dir.path()).args(["man", "--dir", "."]));
    assert_eq!(written.code, Some(0), "{written}");
    for command in COMMANDS {
        let page = dir.path().join(format!("vit-{command}.1"));
        assert!(page.exists(), "{command}");
    }
    assert!(dir.path().join("vit.1").exists());
    let missing = run(command(dir.path()).args(["man", "--dir", "nowhere"]));
    assert_eq!(missing.code, Some(2), "{missing}");
}

#[test]
fn colour_in_help_is_as_everywhere() {
    let forced = vit_with(&["--help"], &[("CLICOLOR_FORCE", "1")]);
    assert!(forced.stdout.contains('\u{1b}'));
    assert!(!vit(&["--help"]).stdout.contains('\u{1b}'));
    assert!(!vit(&["help", "codes"]).stdout.contains('\u{1b}'));
    assert!(
        vit(&["help", "codes", "--color", "always"])
            .stdout
            .contains('\u{1b}')
    );
}

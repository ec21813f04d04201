//! Missing tools are told of.

use vit_testkit::World;
use vit_testkit::tools::{LIST, need, need_that};

#[test]
fn a_tool_that_is_there_is_no_matter() {
    assert!(need("git"));
    assert!(need_that("a thing", || true));
}

/// Run by the test below in a process of its own: only there the environment can be chosen.
const ASKED: &str = "VIT_TESTKIT_ASK_FOR_A_MISSING_TOOL";

#[test]
fn the_missing_tool() {
    if std::env::var_os(ASKED).is_some() {
        assert!(!need("no-such-tool-as-this"));
    }
}

#[test]
fn a_missing_tool_is_told_listed_or_a_failure() {
    let world = World::default();
    let test = std::env::current_exe().unwrap();
    let folder = world.root().join("target");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(folder.join("CACHEDIR.TAG"), "").unwrap();
    let copy = folder.join("test");
    // By another process: a file that this one writes cannot be run while another test's child,
    // just forked, still holds it open.
    let copied = std::process::Command::new("cp")
        .arg(&test)
        .arg(&copy)
        .status()
        .unwrap();
    assert!(copied.success());
    let args = ["--exact", "tools::the_missing_tool"];
    let line = "SKIPPED: tools::the_missing_tool needs no-such-tool-as-this";
    let run = world.program(&copy, args).env(ASKED, "1").run();
    run.assert_code(0).assert_stderr(line);
    let list = std::fs::read_to_string(folder.join(LIST)).unwrap();
    assert_eq!(list, format!("{line}\n"));
    let run = world
        .program(&copy, args)
        .env(ASKED, "1")
        .env("VIT_TEST_REQUIRE", "all")
        .run();
    assert_eq!(run.code(), Some(101), "{run:?}");
}

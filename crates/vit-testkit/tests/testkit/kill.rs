//! The kill matrix, over a small transactional program in shell that can be made to cheat.

use std::panic::catch_unwind;

use vit_testkit::World;
use vit_testkit::faults::{self, Fault};
use vit_testkit::kill::{Matrix, RecoveryKills, Report, Side};

/// `program upgrade | recover`: switches two files, with a journal. `$CHEAT` is a way to be wrong.
const PROGRAM: &str = r##"#!/bin/sh
state=.git/vit; journal=$state/journal; history=.vitruvyan/upgrade_history.json
at() {
  [ -z "$VIT_FAULT_TRACE" ] || echo "$1" >> "$VIT_FAULT_TRACE"
  case ",$VIT_FAULT," in
    *",$1=kill,"*) kill -9 $$ ;;
    *",$1=eio,"*) return 1 ;;
  esac
}
entry() { # one entry a transaction, whole or not at all
  grep -q '"x1"' $history 2>/dev/null && [ "$CHEAT" != twice ] && return
  old=$(sed -n 's/^{"schema_version": 1, "history": \[\(.*\)\]}$/\1/p' $history 2>/dev/null)
  echo "{\"schema_version\": 1, \"history\": [${old:+$old, }{\"id\": \"x1\", \"status\": \"$1\"}]}" > $history.new
  mv $history.new $history
}
undo() {
  at undo-one; echo 'old' > one
  at undo-two; [ "$CHEAT" = half ] || echo 'old' > two
  at undo-history; entry rollback_executed
  at undo-end; rm -f $journal
}
case $1 in
upgrade)
  mkdir -p $state .vitruvyan
  at begin || exit 2; echo armed > $journal
  at one || { undo; exit 3; }; echo 'new' > one
  at two || { [ "$CHEAT" = claim ] && exit 0; undo; exit 3; }; echo 'new' > two
  at commit || { undo; exit 3; }; echo committed > $journal
  at history; entry success
  at end; rm -f $journal ;;
recover)
  case $(cat $journal 2>/dev/null) in
    committed) at redo-history; entry success; at redo-end; rm -f $journal; echo '{"status": "applied"}' ;;
    armed) undo; [ "$CHEAT" != lie ] || sed -i s/rollback_executed/success/ $history
      echo '{"status": "rollback_executed"}' ;;
    *) [ "$CHEAT" != restless ] || date +%N >> two
      echo '{"status": "nothing_to_do"}' ;;
  esac ;;
esac
"##;

fn world() -> World {
    let world = World::builder()
        .bin("/bin/sh")
        .core("1.0.0", |r| r.file(".gitignore", Some(".vitruvyan/\n")))
        .build();
    world
        .write("one", "old\n")
        .write("two", "old\n")
        .write(".git/program", PROGRAM);
    world
}

fn matrix<'a>(world: &'a World, cheat: &'a str, fault: Fault) -> Matrix<'a> {
    Matrix::new(world, move |w| {
        w.command([".git/program", "upgrade"]).env("CHEAT", cheat)
    })
    .recovery(move |w| w.command([".git/program", "recover"]).env("CHEAT", cheat))
    .recovery_kills(RecoveryKills::Distinct)
    .fault(fault)
}

fn failure(cheat: &'static str, fault: Fault) -> String {
    let panic = catch_unwind(|| matrix(&world(), cheat, fault).run()).expect_err(cheat);
    panic.downcast_ref::<String>().cloned().unwrap_or_default()
}

#[test]
fn an_honest_program_passes_at_every_point() {
    let world = world();
    let before = world.state();
    let report: Report = matrix(&world, "", Fault::Kill)
        .check(|survivor| {
            let committed = matches!(survivor.point, "history" | "end");
            (committed == (survivor.side == Side::New))
                .then_some(())
                .ok_or_else(|| format!("{} leads to {:?}", survivor.point, survivor.side))
        })
        .run();
    assert_eq!(
        report.points,
        ["begin", "one", "two", "commit", "history", "end"]
    );
    assert_eq!(
        report.recovery_points,
        [
            "redo-end",
            "redo-history",
            "undo-end",
            "undo-history",
            "undo-one",
            "undo-two"
        ]
    );
    assert_eq!((report.cases, report.recovery_cases), (6, 6));
    world.state().assert_same(&before);
}

#[test]
fn an_honest_program_passes_every_failing_operation() {
    let world = world();
    let report = matrix(&world, "", Fault::Eio)
        .only(|point| point != "end")
        .run();
    assert_eq!(report.cases, 5);
}

#[test]
fn cheats_are_found() {
    for (cheat, word) in [
        ("half", "a third state"),
        ("lie", "the history says `success`"),
        ("twice", "one history entry was expected, 2 were found"),
        ("restless", "the second recovery changed something"),
    ] {
        let failure = failure(cheat, Fault::Kill);
        assert!(failure.contains(word), "{cheat}: {failure}");
    }
    let failure = failure("claim", Fault::Eio);
    assert!(failure.contains("claims the new state"), "{failure}");
}

#[test]
#[should_panic(expected = "no fault point was passed")]
fn a_program_without_fault_points_is_no_proof() {
    let world = World::new("/bin/true");
    let _ = Matrix::new(&world, |w| w.command(["upgrade"])).run();
}

#[test]
fn a_trace_lists_each_point_once() {
    let world = world();
    let (run, points) = faults::trace(world.command([".git/program", "upgrade"]));
    run.assert_code(0);
    assert_eq!(points.len(), 6);
    let run = faults::with(
        world.command([".git/program", "upgrade"]),
        "two",
        Fault::Kill,
    )
    .run();
    assert!(run.was_killed());
    assert!(faults::trace(world.command(["-c", "exit 0"])).1.is_empty());
}

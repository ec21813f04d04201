//! A journal with damage in it while a transaction is open: what is open is not forgotten.

use vit_testkit::World;
use vit_testkit::faults::{self, Fault};

use super::{outcomes, put, sound, upgrade, world};

/// A world whose program was killed after the switch, its state before, and the journal's lines.
fn wreck() -> (World, vit_testkit::State, Vec<String>) {
    let world = world("exit 0");
    let before = world.state();
    let killed = faults::with(upgrade(&world), "journal.probing.synced", Fault::Kill).run();
    assert!(killed.was_killed());
    assert_ne!(world.state(), before);
    let journal =
        std::fs::read_to_string(world.path(".git/vit/journal.jsonl")).expect("it is there");
    let lines = journal.lines().map(str::to_owned).collect();
    (world, before, lines)
}

/// Whichever record is damaged, the first one too: the last is dropped as a torn one.
#[test]
fn an_open_transaction_in_a_damaged_journal_is_rolled_back() {
    let (start, before, lines) = wreck();
    let wreck = start.save();
    for damaged in 0..lines.len() {
        start.restore(&wreck);
        let mut lines = lines.clone();
        lines[damaged] = lines[damaged].replacen("\"seq\":", "\"sea\":", 1);
        let path = start.path(".git/vit/journal.jsonl");
        put(&path, format!("{}\n", lines.join("\n")));
        // Whoever comes first finds it.
        let first = if damaged % 2 == 0 {
            "recover"
        } else {
            "channel"
        };
        let args: &[&str] = if first == "recover" {
            &["recover"]
        } else {
            &["channel", "beta"]
        };
        let run = start.vit(args);
        if first == "recover" {
            run.assert_code(3);
        } else {
            // It says so, or puts it right on its way.
            assert!(matches!(run.code(), Some(0 | 1)), "{damaged}: {run:?}");
            let recovered = start.vit(&["recover"]);
            assert!(matches!(recovered.code(), Some(0 | 3)), "{recovered:?}");
            start.vit(&["channel", "--unset"]).assert_code(0);
        }
        start.state().assert_same(&before);
        assert_eq!(outcomes(&start), ["rollback_executed"], "{damaged}");
        sound(&start).unwrap_or_else(|error| panic!("line {damaged}: {error}"));
    }
}

/// Without its first record, and killed before the snapshot: nothing was changed, and nothing
/// stands in the way afterwards.
#[test]
fn a_transaction_that_had_no_snapshot_yet_ends_without_its_first_record() {
    let world = world("exit 0");
    let before = world.state();
    let killed = faults::with(upgrade(&world), "journal.judged.synced", Fault::Kill).run();
    assert!(killed.was_killed());
    let path = world.path(".git/vit/journal.jsonl");
    let journal = std::fs::read_to_string(&path).expect("it is there");
    put(&path, journal.replacen("\"seq\":", "\"sea\":", 1));
    world.vit(&["recover"]).assert_code(0);
    world.state().assert_same(&before);
    world.vit(&["upgrade", "--yes"]).assert_code(0);
    assert_eq!(outcomes(&world), ["success"]);
    world.vit(&["history", "verify"]).assert_code(0);
    world.vit(&["verify"]).assert_code(0);
}

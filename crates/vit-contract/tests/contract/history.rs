//! `.vitruvyan/upgrade_history.json`.

use proptest::prelude::*;
use vit_contract::history::{
    Entry, History, Outcome, ReadError, SCHEMA_VERSION, prune, read, seal, verify,
};

const WILD: &str = include_str!("../fixtures/history_wild.json");

pub(crate) fn entry(number: usize, status: Outcome) -> Entry {
    let text = format!(
        r#"{{"history": [{{"id": "t{number}", "timestamp": "2026-01-01T00:00:00Z", "status": "{}",
            "from_version": "1.{number}.0", "to_version": "1.{}.0", "duration": 0.1}}]}}"#,
        status.as_str(),
        number + 1
    );
    let mut history = read(text.as_bytes()).expect("the text above is a history");
    history.history.remove(0)
}

fn push(history: &mut History, entry: Entry) {
    let sealed = seal(entry, history.history.last());
    history.history.push(sealed);
}

pub(crate) fn chain(outcomes: &[Outcome]) -> History {
    let mut history = History::default();
    for (number, outcome) in outcomes.iter().enumerate() {
        push(&mut history, entry(number, *outcome));
    }
    history
}

pub(crate) fn write(history: &History) -> Vec<u8> {
    serde_json::to_vec_pretty(history).expect("a history is plain data")
}

#[test]
fn the_wild_shape_is_read_kept_and_written_under_history() {
    let mut history = read(WILD.as_bytes()).unwrap();
    let outcomes: Vec<Outcome> = history.history.iter().map(|e| e.status).collect();
    assert_eq!(outcomes, [Outcome::Success, Outcome::Failed]);
    assert_eq!(history.history[0].id, "legacy-1");
    assert_eq!(verify(&history), Ok(()));
    push(&mut history, entry(3, Outcome::Success));
    let again = read(&write(&history)).unwrap();
    assert_eq!(again, history);
    assert_eq!(verify(&again), Ok(()));
    assert!(
        String::from_utf8(write(&history))
            .unwrap()
            .contains("\"history\"")
    );
}

#[test]
fn a_newer_format_is_named() {
    let text = format!(r#"{{"schema_version": {}, "else": 1}}"#, SCHEMA_VERSION + 1);
    assert!(matches!(read(text.as_bytes()), Err(ReadError::Newer(2))));
}

#[test]
fn case_13_damage_is_told_with_its_place() {
    for (text, expected) in [
        (
            "",
            "line 1, column 1: the file holds nothing but white space and comments",
        ),
        (
            "{\"history\": [{\"id\": \"a\"",
            "line 1, column 23: EOF while parsing an object",
        ),
        (
            "{\"history\": [\n{\"timestamp\": \"x\"}]}",
            "line 2, column 19: `timestamp` is not a moment",
        ),
        (
            "{\"history\": 1}",
            "line 1, column 13: invalid type: integer `1`, expected a sequence",
        ),
    ] {
        assert_eq!(read(text.as_bytes()).unwrap_err().to_string(), expected);
    }
}

#[test]
fn case_13_edits_reorders_and_deletions_are_found() {
    let whole = chain(&[Outcome::Success; 5]);
    assert_eq!(verify(&whole), Ok(()));
    let broken = |change: fn(&mut Vec<Entry>)| {
        let mut history = whole.clone();
        change(&mut history.history);
        verify(&history).expect_err("it was changed").index
    };
    assert_eq!(broken(|h| h[2].to_version = "9.9.9".into()), 2);
    assert_eq!(broken(|h| h.swap(1, 2)), 1);
    assert_eq!(broken(|h| drop(h.remove(2))), 2);
    assert_eq!(broken(|h| h[3].hash.clear()), 3);
    assert_eq!(
        broken(|h| {
            h[3].hash.clear();
            h[3].previous_hash.clear();
        }),
        3
    );
    assert_eq!(
        broken(|h| {
            h[0].hash.clear();
            h[0].previous_hash.clear();
        }),
        1,
        "a sealed entry cannot pass for one of the wild"
    );
    let mut tail = whole;
    tail.history.remove(0);
    assert_eq!(verify(&tail), Ok(()), "retention drops from the front");
}

#[test]
fn retention_keeps_first_last_good_and_failures() {
    use Outcome::{Failed, Inconsistent, RollbackExecuted, Success};
    let outcomes = [
        Success,
        Success,
        Failed,
        Success,
        Success,
        RollbackExecuted,
        Success,
        Success,
        Inconsistent,
        Failed,
    ];
    let mut history = chain(&outcomes);
    assert_eq!(prune(&mut history, 6), 4);
    let ids: Vec<&str> = history.history.iter().map(|e| e.id.as_str()).collect();
    assert_eq!(ids, ["t0", "t2", "t5", "t7", "t8", "t9"]);
    let dropped: usize = history.gaps.iter().map(|gap| gap.count).sum();
    assert_eq!(dropped, 4);
    assert_eq!(verify(&history), Ok(()));
    history.gaps.remove(1);
    assert_eq!(
        verify(&history).unwrap_err().index,
        2,
        "a gap must be named"
    );
}

fn outcomes() -> impl Strategy<Value = Vec<Outcome>> {
    let outcome = prop_oneof![
        4 => Just(Outcome::Success),
        1 => Just(Outcome::Failed),
        1 => Just(Outcome::RollbackExecuted),
    ];
    prop::collection::vec(outcome, 1..24)
}

proptest! {
    #[test]
    fn retention_never_breaks_the_chain(
        first in outcomes(), second in outcomes(), wild in any::<bool>(), keep in 0..12usize, then in 0..12usize,
    ) {
        let mut history = if wild { read(WILD.as_bytes()).unwrap() } else { History::default() };
        for (number, outcome) in first.into_iter().enumerate() {
            push(&mut history, entry(number, outcome));
        }
        prune(&mut history, keep);
        prop_assert_eq!(verify(&history), Ok(()));
        prop_assert!(history.history.len() <= keep.max(1));
        for (number, outcome) in second.into_iter().enumerate() {
            push(&mut history, entry(100 + number, outcome));
        }
        prune(&mut history, then);
        prop_assert_eq!(verify(&history), Ok(()));
        prop_assert!(history.gaps.len() < history.history.len());
        prop_assert_eq!(read(&write(&history)).unwrap(), history);
    }

    #[test]
    fn a_sealed_duration_survives_the_file(seconds in prop::num::f64::ANY) {
        let mut one = entry(1, Outcome::Success);
        one.duration = Some(seconds);
        let history = History { history: vec![seal(one, None)], ..History::default() };
        let again = read(&write(&history)).unwrap();
        prop_assert_eq!(verify(&again), Ok(()));
    }
}

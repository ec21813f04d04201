use std::fs;

use jiff::Timestamp;

use super::*;
use crate::faults::Faults;
use crate::store::journal::{Journal, ROTATE_AT};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + second).unwrap()
}

#[test]
fn rotated_and_damaged_files_are_read_too() {
    let dir = tempfile::tempdir().unwrap();
    let open = || Journal::open(dir.path(), at(9), &Faults::default()).unwrap();
    let mut journal = open().journal;
    let large = "x".repeat(usize::try_from(ROTATE_AT).unwrap());
    journal
        .append("t1", at(1), "begun", serde_json::json!({ "note": large }))
        .unwrap();
    assert!(journal.rotate().unwrap());
    for (id, second) in [("t2", 2), ("t2", 3), ("t3", 4), ("t3", 5)] {
        let body = serde_json::json!({ "second": second });
        journal.append(id, at(second), "armed", body).unwrap();
    }
    drop(journal);
    // A flipped bit in the middle: what is behind it is saved of the last transaction.
    let path = dir.path().join(FILE);
    let text = fs::read_to_string(&path).unwrap();
    atomic::write(
        &path,
        text.replacen("\"second\":3", "\"second\":7", 1).as_bytes(),
        &Faults::default(),
    )
    .unwrap();
    assert!(open().damaged.is_some());

    let archive = Archive::read(dir.path()).unwrap();
    let mut ids = archive.ids();
    ids.sort_unstable();
    assert_eq!(ids, ["t1", "t2", "t3"]);
    assert_eq!(archive.of("t1").len(), 1);
    assert_eq!(archive.of("t2").len(), 1);
    let kinds: Vec<&str> = archive.of("t3").iter().map(|r| r.kind.as_str()).collect();
    assert_eq!(kinds, ["armed", "armed", "damaged"]);
    assert_eq!(archive.damage.len(), 1, "{:?}", archive.damage);
}

#[test]
fn no_journal_is_an_empty_one() {
    let dir = tempfile::tempdir().unwrap();
    let none = Archive::read(&dir.path().join("none")).unwrap();
    assert_eq!(none, Archive::default());
}

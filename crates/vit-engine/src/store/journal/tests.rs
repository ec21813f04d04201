use proptest::prelude::*;
use serde_json::json;

use super::*;

fn now() -> Timestamp {
    "2026-02-19T16:45:00Z".parse().unwrap()
}

fn open(dir: &Path) -> Opened {
    Journal::open(dir, now(), &Faults::default()).unwrap()
}

fn append(journal: &mut Journal, kind: &str, body: Value) {
    journal.append("t1", now(), kind, body).unwrap();
}

/// A journal of five records, one of them with bytes that could confuse a reader of lines.
fn filled(dir: &Path) -> Vec<u8> {
    let mut journal = open(dir).journal;
    append(
        &mut journal,
        "begun",
        json!({"note": "two\nlines \u{2028} é \",\"hash\":\"x\"}"}),
    );
    append(&mut journal, "intent", json!({"step": "switch-tree"}));
    append(
        &mut journal,
        "done",
        json!({"step": "switch-tree", "seconds": 0.1}),
    );
    append(
        &mut journal,
        "probed",
        json!([1.0e300, 0.30000000000000004, -0.0]),
    );
    append(&mut journal, "committed", Value::Null);
    fs::read(dir.join(FILE)).unwrap()
}

fn put(dir: &Path, bytes: &[u8]) {
    atomic::write(&dir.join(FILE), bytes, &Faults::default()).unwrap();
}

#[test]
fn what_was_appended_is_read_back_in_a_chain() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(Journal::read(dir.path()).unwrap(), Log::default());
    let bytes = filled(dir.path());
    let log = Journal::read(dir.path()).unwrap();
    assert_eq!((log.torn, &log.damaged), (false, &None));
    let kinds: Vec<_> = log
        .records
        .iter()
        .map(|r| (r.seq, r.kind.as_str()))
        .collect();
    assert_eq!(
        kinds,
        [
            (1, "begun"),
            (2, "intent"),
            (3, "done"),
            (4, "probed"),
            (5, "committed")
        ]
    );
    assert_eq!(log.records[0].previous, "0".repeat(64));
    // The hash is what anybody can compute from the line.
    let line = bytes.split(|&byte| byte == b'\n').next().unwrap();
    let text = std::str::from_utf8(line).unwrap();
    let (open, hash) = text.rsplit_once(",\"hash\":\"").unwrap();
    assert_eq!(
        vit_contract::digest::sha256(format!("{open}}}").as_bytes()),
        hash.trim_end_matches("\"}")
    );
}

#[test]
fn opening_and_reading_write_nothing_when_all_is_well() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path());
    Journal::read(dir.path()).unwrap();
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

/// Whatever prefix of the file a power cut leaves: the whole records are read, the rest is
/// dropped, and the chain goes on.
#[test]
fn a_journal_torn_at_every_byte_goes_on() {
    let whole = tempfile::tempdir().unwrap();
    let bytes = filled(whole.path());
    let all = Journal::read(whole.path()).unwrap().records;
    for cut in 0..=bytes.len() {
        let dir = tempfile::tempdir().unwrap();
        put(dir.path(), &bytes[..cut]);
        let log = Journal::read(dir.path()).unwrap();
        let lines = bytes[..cut].iter().filter(|&&byte| byte == b'\n').count();
        assert_eq!(log.records, all[..lines], "cut at {cut}");
        assert_eq!(log.torn, cut > 0 && bytes[cut - 1] != b'\n', "cut at {cut}");
        assert_eq!(log.damaged, None, "cut at {cut}");
        assert_eq!(
            fs::read(dir.path().join(FILE)).unwrap(),
            bytes[..cut],
            "reading writes"
        );

        let mut opened = open(dir.path());
        assert_eq!((opened.log, opened.damaged), (log, None));
        append(&mut opened.journal, "recovered", json!({}));
        let log = Journal::read(dir.path()).unwrap();
        assert_eq!(log.records.len(), lines + 1, "cut at {cut}");
        assert!(!log.torn && log.damaged.is_none(), "cut at {cut}");
    }
}

#[test]
fn a_whole_last_line_with_a_wrong_hash_is_torn_too() {
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = filled(dir.path());
    let at = bytes.len() - 10;
    bytes[at] = b'Z';
    put(dir.path(), &bytes);
    let log = open(dir.path()).log;
    assert_eq!((log.records.len(), log.torn, log.damaged), (4, true, None));
    assert_eq!(Journal::read(dir.path()).unwrap().records.len(), 4);
}

#[test]
fn damage_in_the_middle_is_moved_aside_whole() {
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = filled(dir.path());
    let second = bytes.iter().position(|&byte| byte == b'\n').unwrap() + 1;
    bytes[second + 20] ^= 1;
    put(dir.path(), &bytes);
    let log = Journal::read(dir.path()).unwrap();
    assert_eq!(log.records.len(), 1);
    assert!(
        log.damaged.as_ref().unwrap().starts_with("line 2: "),
        "{:?}",
        log.damaged
    );
    let beyond: Vec<_> = log.beyond_damage.iter().map(|r| r.seq).collect();
    assert_eq!(beyond, [3, 4, 5]);

    let beyond_time = log.records[0].time;
    let mut opened = open(dir.path());
    let aside = opened.damaged.unwrap();
    assert_eq!(fs::read(&aside).unwrap(), bytes, "kept whole");
    append(&mut opened.journal, "begun", json!({}));
    let log = Journal::read(dir.path()).unwrap();
    assert_eq!(log.damaged, None);
    // What can be read of the last transaction goes on; what came before it is only aside.
    let kinds: Vec<_> = log
        .records
        .iter()
        .map(|r| (r.seq, r.kind.as_str()))
        .collect();
    assert_eq!(
        kinds,
        [
            (6, DAMAGED),
            (7, "begun"),
            (8, "done"),
            (9, "probed"),
            (10, "committed"),
            (11, "begun")
        ]
    );
    assert_eq!(log.records[1].time, beyond_time);
}

#[test]
fn a_record_left_out_or_put_elsewhere_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = filled(dir.path());
    let lines: Vec<&[u8]> = bytes.split_inclusive(|&byte| byte == b'\n').collect();
    for order in [vec![0, 2, 3], vec![0, 1, 1, 2], vec![1, 0, 2]] {
        let moved: Vec<u8> = order.iter().flat_map(|&n| lines[n].to_vec()).collect();
        put(dir.path(), &moved);
        assert!(
            Journal::read(dir.path()).unwrap().damaged.is_some(),
            "{order:?}"
        );
    }
}

#[test]
fn a_field_of_a_newer_vit_does_not_break_the_hash() {
    let open = r#"{"seq":1,"transaction":"t","boot":"","time":"2026-02-19T16:45:00Z","kind":"trial","body":1.00,"later":[1.0],"previous":"""#;
    let hash = vit_contract::digest::sha256(format!("{open}}}").as_bytes());
    let record = Record::parse(format!("{open},\"hash\":\"{hash}\"}}").as_bytes()).unwrap();
    assert_eq!((record.kind.as_str(), record.hash), ("trial", hash));
}

#[test]
fn a_rotated_journal_goes_on_in_the_chain() {
    let dir = tempfile::tempdir().unwrap();
    let mut journal = open(dir.path()).journal;
    assert!(!journal.rotate().unwrap(), "small");
    append(
        &mut journal,
        "begun",
        json!({"padding": "x".repeat(1024 * 1024)}),
    );
    append(&mut journal, "end", json!({}));
    let last = Journal::read(dir.path()).unwrap().records.pop().unwrap();
    assert!(journal.rotate().unwrap());
    assert!(dir.path().join("journal-1.jsonl").exists());
    assert_eq!(Journal::read(dir.path()).unwrap(), Log::default());
    // Also when the process ends between the rotation and the next record.
    drop(journal);
    append(&mut open(dir.path()).journal, "begun", json!({}));
    let first = Journal::read(dir.path()).unwrap().records.remove(0);
    assert_eq!((first.seq, first.previous), (3, last.hash));
}

#[test]
fn a_link_in_place_of_the_journal_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink("/dev/null", dir.path().join(FILE)).unwrap();
    assert!(Journal::read(dir.path()).is_err());
    assert!(Journal::open(dir.path(), now(), &Faults::default()).is_err());
}

proptest! {
    /// One byte changed anywhere: what is read is a prefix of what was written.
    #[test]
    fn a_changed_byte_never_shows_as_a_record(at in any::<prop::sample::Index>(), byte: u8) {
        let dir = tempfile::tempdir().unwrap();
        let mut bytes = filled(dir.path());
        let all = Journal::read(dir.path()).unwrap().records;
        let at = at.index(bytes.len());
        let same = bytes[at] == byte;
        bytes[at] = byte;
        let (log, kept) = parse(&bytes);
        prop_assert!(all.starts_with(&log.records));
        prop_assert!(same || log.torn || log.damaged.is_some());
        prop_assert!(kept <= bytes.len());
    }

    #[test]
    fn any_bytes_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let (log, kept) = parse(&bytes);
        prop_assert!(log.records.is_empty() && kept == 0);
    }
}

/// CASES.md 33: an append that fails leaves no half line, says which file, and the journal goes
/// on.
#[cfg(feature = "faults")]
#[test]
fn case_33_a_failed_append_is_not_in_the_journal() {
    for action in ["eio", "enospc", "erofs"] {
        for point in ["before", "written", "synced"] {
            let dir = tempfile::tempdir().unwrap();
            let bytes = filled(dir.path());
            let rules = format!("journal.intent:switch-tree.{point}={action}");
            let faults = crate::store::fault_rules::faults(&rules);
            let mut journal = Journal::open(dir.path(), now(), &faults).unwrap().journal;
            let error = journal
                .append("t2", now(), "intent", json!({"step": "switch-tree"}))
                .unwrap_err();
            assert!(error.to_string().contains(FILE), "{error}");
            assert_eq!(fs::read(dir.path().join(FILE)).unwrap(), bytes, "{rules}");
            append(&mut journal, "rb_begun", json!({}));
            let log = Journal::read(dir.path()).unwrap();
            assert_eq!((log.records.len(), log.torn, log.damaged), (6, false, None));
        }
    }
}

/// CASES.md 33: a torn line that cannot be cut off is an error, and nothing is lost by it.
#[cfg(feature = "faults")]
#[test]
fn case_33_a_torn_line_that_cannot_be_cut_off_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let bytes = filled(dir.path());
    put(dir.path(), &bytes[..bytes.len() - 1]);
    let faults = crate::store::fault_rules::faults("journal.truncate=erofs");
    let error = Journal::open(dir.path(), now(), &faults).unwrap_err();
    assert!(error.to_string().contains(FILE), "{error}");
    assert_eq!(Journal::read(dir.path()).unwrap().records.len(), 4);
}

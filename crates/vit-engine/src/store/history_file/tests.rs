use std::fs;

use vit_contract::history::Outcome;

use super::*;
use crate::store::site_for_tests::site;

fn entry(id: &str) -> Entry {
    serde_json::from_value(serde_json::json!({
        "id": id,
        "timestamp": "2026-02-19T16:45:00Z",
        "from_version": "1.0.0",
        "to_version": "1.2.0",
        "status": "success",
        "duration": 41.123456,
    }))
    .unwrap()
}

fn add(site: &Site, id: &str) -> Result<Vec<Problem>, EngineError> {
    add_with(site, id, None, &Faults::default())
}

fn add_with(
    site: &Site,
    id: &str,
    rebuilt: Option<History>,
    faults: &Faults,
) -> Result<Vec<Problem>, EngineError> {
    let append_ = Append {
        entry: Some(entry(id)),
        retention: 3,
        now: "2026-02-20T08:00:00Z".parse().unwrap(),
        rebuilt,
    };
    append(site, append_, faults)
}

fn ids(site: &Site) -> Vec<String> {
    load(site)
        .history
        .history
        .into_iter()
        .map(|entry| entry.id)
        .collect()
}

fn files(site: &Site) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(&site.public_dir)
        .unwrap()
        .map(|file| file.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

const ASIDE: &str = "upgrade_history.json.damaged-20260220-080000";

#[test]
fn entries_are_chained_and_pruned() {
    let dir = tempfile::tempdir().unwrap();
    let site = site(dir.path());
    assert!(load(&site).raw_ok && ids(&site).is_empty());
    for id in ["a", "b", "c", "d", "e"] {
        assert_eq!(add(&site, id).unwrap(), []);
        assert!(load(&site).raw_ok, "{id}");
    }
    assert_eq!(
        ids(&site),
        ["a", "d", "e"],
        "the first outlives routine successes"
    );
    assert_eq!(files(&site), [FILE]);
}

#[test]
fn an_entry_stands_there_once_and_a_missing_file_is_rebuilt() {
    let dir = tempfile::tempdir().unwrap();
    let site = site(dir.path());
    let rebuilt = History {
        history: vec![entry("a")],
        ..History::default()
    };
    for _ in 0..2 {
        add_with(&site, "b", Some(rebuilt.clone()), &Faults::default()).unwrap();
        assert_eq!(ids(&site), ["a", "b"]);
        assert!(load(&site).raw_ok);
    }
}

/// CASES.md 12: what an earlier write did not bring comes with the next one.
#[test]
fn case_12_what_is_missing_at_the_end_is_added() {
    let dir = tempfile::tempdir().unwrap();
    let site = site(dir.path());
    let journal = |ids: &[&str]| History {
        history: ids.iter().map(|id| entry(id)).collect(),
        ..History::default()
    };
    let none = Faults::default();
    add(&site, "a").unwrap();
    add_with(&site, "c", Some(journal(&["a", "b"])), &none).unwrap();
    assert_eq!(ids(&site), ["a", "b", "c"]);
    assert!(load(&site).raw_ok);
}

/// Found by the soak: a recovery repeats the write of an entry that is not closed yet, and what
/// retention dropped for that entry's sake came back in its place.
#[test]
fn what_retention_dropped_does_not_come_back() {
    let told = [entry("a"), entry("c")];
    let rebuilt = [entry("a"), entry("b")];
    assert_eq!(missing(&told, &rebuilt), []);
    assert_eq!(missing(&told[..1], &rebuilt), [entry("b")]);
    let mut later = entry("d");
    later.timestamp = "2026-02-19T16:46:00Z".parse().unwrap();
    assert_eq!(missing(&told, &[entry("b"), later.clone()]), [later]);
}

/// CASES.md 13: a truncated history is reported by readers, and kept whole by the next writer.
#[test]
fn case_13_a_truncated_history_is_kept_aside() {
    let dir = tempfile::tempdir().unwrap();
    let site = site(dir.path());
    add(&site, "a").unwrap();
    add(&site, "b").unwrap();
    let path = site.public_dir.join(FILE);
    let whole = fs::read(&path).unwrap();
    let half = &whole[..whole.len() / 2];
    atomic::write(&path, half, &Faults::default()).unwrap();

    let loaded = load(&site);
    assert!(!loaded.raw_ok);
    let problem = &loaded.problems[0];
    assert_eq!(problem.code, Code::HistoryDamaged);
    assert!(!problem.blocks() && problem.place.as_ref().unwrap().line.unwrap() > 1);
    assert_eq!(files(&site), [FILE], "readers move nothing");

    let rebuilt = History {
        history: vec![entry("a"), entry("b")],
        ..History::default()
    };
    let problems = add_with(&site, "c", Some(rebuilt), &Faults::default()).unwrap();
    assert!(
        problems[0].hint.as_ref().unwrap().contains(ASIDE),
        "{problems:?}"
    );
    assert_eq!(files(&site), [FILE, ASIDE]);
    assert_eq!(fs::read(site.public_dir.join(ASIDE)).unwrap(), half);
    assert_eq!(ids(&site), ["a", "b", "c"]);
    assert!(load(&site).raw_ok, "what was rebuilt is chained anew");
}

/// CASES.md 13: so is one that somebody edited; entries before the edit are still proven.
#[test]
fn case_13_an_edited_history_is_kept_aside() {
    let dir = tempfile::tempdir().unwrap();
    let site = site(dir.path());
    for id in ["a", "b", "c"] {
        add(&site, id).unwrap();
    }
    let path = site.public_dir.join(FILE);
    let mut history = load(&site).history;
    history.history[1].status = Outcome::Failed;
    let edited = serde_json::to_vec(&history).unwrap();
    atomic::write(&path, &edited, &Faults::default()).unwrap();
    assert!(
        load(&site).problems[0]
            .evidence
            .as_ref()
            .unwrap()
            .contains("entry 1")
    );
    assert_eq!(add(&site, "d").unwrap().len(), 1);
    assert_eq!(ids(&site), ["a", "d"]);
    assert_eq!(fs::read(site.public_dir.join(ASIDE)).unwrap(), edited);
}

/// CASES.md 13: what is no file at all is moved aside as it is.
#[test]
fn case_13_a_link_in_its_place_is_kept_aside() {
    let dir = tempfile::tempdir().unwrap();
    let site = site(dir.path());
    fs::create_dir(&site.public_dir).unwrap();
    std::os::unix::fs::symlink("/dev/zero", site.public_dir.join(FILE)).unwrap();
    assert_eq!(load(&site).problems.len(), 1);
    assert_eq!(add(&site, "a").unwrap().len(), 1);
    assert_eq!(ids(&site), ["a"]);
    assert!(site.public_dir.join(ASIDE).is_symlink());
}

#[test]
fn the_history_of_the_wild_is_kept_and_written_back() {
    let dir = tempfile::tempdir().unwrap();
    let site = site(dir.path());
    fs::create_dir(&site.public_dir).unwrap();
    let wild = br#"{"upgrades": [{"timestamp": "2026-02-19T16:45:00Z", "from_version": "1.0.0", "to_version": "1.1.0", "success": true}]}"#;
    let path = site.public_dir.join(FILE);
    atomic::write(&path, wild, &Faults::default()).unwrap();
    assert_eq!(add(&site, "a").unwrap(), []);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains("\"history\"") && !text.contains("\"upgrades\""));
    assert_eq!(ids(&site).len(), 2);
    assert!(load(&site).raw_ok);
}

#[test]
fn the_history_of_a_newer_vit_is_not_written() {
    let dir = tempfile::tempdir().unwrap();
    let site = site(dir.path());
    fs::create_dir(&site.public_dir).unwrap();
    let path = site.public_dir.join(FILE);
    let newer = br#"{"schema_version": 2, "history": [], "later": 1}"#;
    atomic::write(&path, newer, &Faults::default()).unwrap();
    assert_eq!(load(&site).problems.len(), 1);
    let error = add(&site, "a").unwrap_err();
    assert!(error.to_string().contains("newer vit"), "{error}");
    assert_eq!(
        (fs::read(&path).unwrap(), files(&site)),
        (newer.to_vec(), vec![FILE.to_owned()])
    );
}

/// CASES.md 12: a full disk leaves the old history, whole.
#[cfg(feature = "faults")]
#[test]
fn case_12_a_full_disk_leaves_the_old_history() {
    for point in ["write", "sync", "rename"] {
        let dir = tempfile::tempdir().unwrap();
        let site = site(dir.path());
        add(&site, "a").unwrap();
        let rules = format!("atomic.upgrade_history.json.{point}=enospc");
        let faults = crate::store::fault_rules::faults(&rules);
        let error = add_with(&site, "b", None, &faults).unwrap_err();
        assert!(error.to_string().contains(FILE), "{error}");
        assert_eq!(
            (ids(&site), files(&site)),
            (vec!["a".to_owned()], vec![FILE.to_owned()])
        );
        assert!(load(&site).raw_ok);
    }
}

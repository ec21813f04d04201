use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn entry(version: &str, second: i64) -> Entry {
    Entry {
        version: version.parse().unwrap(),
        times: 1,
        first: at(second),
        last: at(second),
        transaction: "20260301-080000".into(),
        by_hand: false,
        cause: "smoke_test_failed".into(),
        key: Key::from([("release commit".into(), "a".into())]),
    }
}

fn faults() -> Faults {
    Faults::default()
}

#[test]
fn what_was_written_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut quarantine = Quarantine::default();
    quarantine.put(entry("1.2.0", 5));
    save(folder.path(), &quarantine, at(9), &faults()).unwrap();
    assert_eq!(load(folder.path()).unwrap(), (Some(quarantine), Vec::new()));
}

#[test]
fn a_later_failure_takes_the_place_of_an_earlier_one_and_a_proof_lifts_it() {
    let mut quarantine = Quarantine::default();
    quarantine.put(entry("1.2.0", 5));
    quarantine.put(entry("1.2.0", 8));
    quarantine.put(entry("1.2.0", 6));
    assert_eq!(quarantine.releases, [entry("1.2.0", 8)]);
    quarantine.lift(&"1.2.0".parse().unwrap(), at(7));
    assert_eq!(quarantine.releases.len(), 1, "it failed after that proof");
    quarantine.lift(&"1.2.0".parse().unwrap(), at(8));
    assert_eq!(quarantine.releases, []);
}

#[test]
fn it_is_bounded() {
    let mut quarantine = Quarantine::default();
    for number in 0..200 {
        quarantine.put(entry(&format!("1.{number}.0"), number));
    }
    assert_eq!(quarantine.releases.len(), KEEP);
    assert!(quarantine.find(&"1.199.0".parse().unwrap()).is_some());
    assert!(quarantine.find(&"1.0.0".parse().unwrap()).is_none());
}

#[test]
fn a_damaged_file_is_told_and_kept_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    atomic::write(&path, b"{\"format\": 1,", &faults()).unwrap();
    let (found, problems) = load(folder.path()).unwrap();
    assert_eq!(found, None);
    assert_eq!(problems[0].code, Code::FileUnreadable);
    save(folder.path(), &Quarantine::default(), at(9), &faults()).unwrap();
    assert_eq!(load(folder.path()).unwrap().0, Some(Quarantine::default()));
    let kept = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(kept, 2, "the damaged one is kept");
}

#[test]
fn a_newer_format_is_read_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(FILE);
    let text = b"{\"format\": 2, \"releases\": [], \"more\": 1}";
    atomic::write(&path, text, &faults()).unwrap();
    assert_eq!(load(folder.path()).unwrap().0.unwrap().format, 2);
    assert!(save(folder.path(), &Quarantine::default(), at(9), &faults()).is_err());
    assert_eq!(std::fs::read(&path).unwrap(), text);
}

#[test]
fn what_changed_is_named() {
    let mut failed = entry("1.2.0", 5);
    failed.key.insert("settings".into(), "s".into());
    failed
        .key
        .insert("vertical finance: files".into(), "f".into());
    let mut now = failed.key.clone();
    assert_eq!(failed.changed(&now), [""; 0]);
    now.insert("release metadata".into(), "told only now".into());
    assert_eq!(failed.changed(&now), [""; 0]);
    now.insert("vertical finance: files".into(), "g".into());
    now.insert("vertical energy: files".into(), "e".into());
    now.remove("settings");
    assert_eq!(
        failed.changed(&now),
        [
            "settings",
            "vertical finance: files",
            "vertical energy: files"
        ]
    );
}

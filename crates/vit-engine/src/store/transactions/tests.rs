use super::*;

/// The smallest plan there is.
fn plan() -> Plan {
    let position = serde_json::json!({"commit": "a", "tree": "b"});
    let mut plan: Plan = serde_json::from_value(serde_json::json!({
        "schema": "vit.plan/1", "kind": "upgrade", "created": "2026-02-19T16:45:00Z",
        "channel": "stable", "from": position, "to": position, "explicit_target": false, "channel_set_by": "default", "strategy": "checkout",
        "answer": "compatible",
        "verdict": {"answer": "compatible", "release": [], "verticals": []},
        "preflight": [], "changes": [], "contracts": [], "smoke_tests": [],
        "steps": [{"step": "switch_tree", "from": position, "to": position}],
        "files_changed": 1, "duration": {"seconds": 0.1, "basis": "estimate"},
        "disk": {"needed_bytes": 1, "free_bytes": 2}, "risk": {"level": "low", "reasons": []},
        "rollback": [], "accepted": [], "facts": {"head": "a"}, "next": "", "digest": "",
    }))
    .unwrap();
    plan.digest = plan.compute_digest();
    plan
}

#[test]
fn a_plan_is_kept_and_checked_when_read() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(read(dir.path(), "t1").unwrap(), None);
    write(dir.path(), "t1", &plan(), &Faults::default()).unwrap();
    assert_eq!(read(dir.path(), "t1").unwrap(), Some(plan()));
    let mut other = plan();
    other.files_changed = 2;
    write(dir.path(), "t1", &other, &Faults::default()).unwrap();
    let error = read(dir.path(), "t1").unwrap_err();
    assert!(error.to_string().contains(PLAN) && atomic::is_unusable(&error));
}

#[test]
fn an_id_that_leads_elsewhere_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    for id in ["../t1", "", "..", "a/b", "a\u{1b}b"] {
        assert!(
            write(dir.path(), id, &plan(), &Faults::default()).is_err(),
            "{id:?}"
        );
        let error = read(dir.path(), id).unwrap_err();
        assert!(!error.to_string().contains('\u{1b}'));
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}

#[test]
fn they_are_listed_by_age() {
    let dir = tempfile::tempdir().unwrap();
    for (age, id) in ["t1", "t2", "t3", "t4"].iter().enumerate() {
        write(dir.path(), id, &plan(), &Faults::default()).unwrap();
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_secs(age as u64 * 100);
        let folder = std::fs::File::open(folder(dir.path(), id).unwrap()).unwrap();
        folder.set_modified(time).unwrap();
    }
    assert_eq!(list(dir.path()).unwrap(), ["t1", "t2", "t3", "t4"]);
}

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use super::*;

const CHILD_DIR: &str = "VIT_TEST_LOCK_DIR";

fn owner(command: &str) -> Owner {
    Owner {
        command: command.to_owned(),
        pid: 4711,
        user: "anna".to_owned(),
        host: "srv1".to_owned(),
        since: "2026-02-19T16:45:00Z".parse().unwrap(),
    }
}

fn acquire(dir: &Path) -> Result<Lock, EngineError> {
    Lock::acquire(dir, &owner("vit upgrade"), &Faults::default())
}

const SHOWN: &str = "vit upgrade (process 4711 of anna on srv1, since 2026-02-19T16:45:00Z)";

/// CASES.md 14: the second one hears who holds the lock.
#[test]
fn case_14_the_second_hears_who_holds_the_lock() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(Lock::holder(dir.path()), None, "no lock file yet");
    let lock = acquire(dir.path()).unwrap();
    assert_eq!(Lock::holder(dir.path()).as_deref(), Some(SHOWN));
    let error = acquire(dir.path()).unwrap_err();
    assert!(
        matches!(&error, EngineError::Locked { owner } if owner == SHOWN),
        "{error}"
    );
    drop(lock);
    assert_eq!(Lock::holder(dir.path()), None);
    assert!(dir.path().join("lock").exists(), "the lock file stays");
    drop(acquire(dir.path()).unwrap());
}

#[test]
fn an_unreadable_owner_is_unknown_and_a_hostile_one_harmless() {
    let dir = tempfile::tempdir().unwrap();
    let _lock = acquire(dir.path()).unwrap();
    let record = dir.path().join("lock.owner");
    atomic::write(&record, b"{", &Faults::default()).unwrap();
    assert_eq!(Lock::holder(dir.path()).as_deref(), Some("owner unknown"));
    let hostile = serde_json::to_vec(&owner("\u{1b}[2Jvit")).unwrap();
    atomic::write(&record, &hostile, &Faults::default()).unwrap();
    assert!(!Lock::holder(dir.path()).unwrap().contains('\u{1b}'));
}

#[test]
fn readers_do_not_keep_a_writer_out() {
    let dir = tempfile::tempdir().unwrap();
    drop(acquire(dir.path()).unwrap());
    let stop = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let _ = Lock::holder(dir.path());
                    std::thread::yield_now();
                }
            });
        }
        let taken = (0..200).filter(|_| acquire(dir.path()).is_ok()).count();
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        assert_eq!(taken, 200);
    });
}

/// The other process of the test below; does nothing when run by itself.
#[test]
#[expect(clippy::disallowed_methods, reason = "how the parent says where")]
fn child_holds_the_lock() {
    let Some(dir) = std::env::var_os(CHILD_DIR) else {
        return;
    };
    let _lock = acquire(Path::new(&dir)).unwrap();
    println!("\nheld");
    let _ = io::stdin().read_line(&mut String::new());
}

/// CASES.md 14: a lock of a dead process holds nobody, whatever its owner record says.
#[test]
#[expect(clippy::disallowed_methods, reason = "needs a process to kill")]
fn case_14_a_dead_process_holds_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "--nocapture",
            "store::lock::tests::child_holds_the_lock",
        ])
        .env(CHILD_DIR, dir.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    assert!(output.lines().any(|line| line.unwrap() == "held"));
    assert!(matches!(
        acquire(dir.path()),
        Err(EngineError::Locked { .. })
    ));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        dir.path().join("lock.owner").exists(),
        "it died too fast to tidy up"
    );
    assert_eq!(Lock::holder(dir.path()), None);
    drop(acquire(dir.path()).unwrap());
}

/// CASES.md 33: the record is for the message only; a full disk must not keep `vit recover` out.
#[cfg(feature = "faults")]
#[test]
fn case_33_a_full_disk_does_not_keep_the_lock_from_us() {
    let dir = tempfile::tempdir().unwrap();
    let faults = crate::store::fault_rules::faults("atomic.lock.owner.write=enospc");
    let _lock = Lock::acquire(dir.path(), &owner("vit recover"), &faults).unwrap();
    assert_eq!(Lock::holder(dir.path()).as_deref(), Some("owner unknown"));
}

use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::*;

/// A sweep adopts the orphans of other tests' children too: tests with orphans take turns.
static ORPHANS: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    ORPHANS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn shell<'a>(script: &str) -> Request<'a> {
    Request {
        program: "/bin/sh".into(),
        args: vec!["-c".into(), script.into()],
        cwd: Path::new("/"),
        env: vec![("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into())],
        stdin: Vec::new(),
        timeout: Some(Duration::from_secs(60)),
        keep: 64 * 1024,
        on_line: None,
        cancel: None,
        sweep: None,
    }
}

/// A marker of the installation at `/srv/core`.
fn marker(transaction: &str) -> Marker<'_> {
    Marker {
        transaction,
        root: Path::new("/srv/core"),
    }
}

fn marked<'a>(script: &str, transaction: &'a str) -> Request<'a> {
    let mut request = shell(script);
    request
        .env
        .push(("VIT_TRANSACTION".into(), transaction.into()));
    request
        .env
        .push(("VIT_CORE_ROOT".into(), "/srv/core".into()));
    request.sweep = Some(marker(transaction));
    request
}

/// Whether a process is running whose command line holds this text.
fn runs(text: &str) -> bool {
    std::fs::read_dir("/proc").unwrap().flatten().any(|entry| {
        std::fs::read(entry.path().join("cmdline"))
            .is_ok_and(|line| String::from_utf8_lossy(&line).contains(text))
    })
}

fn soon_gone(text: &str) -> bool {
    let end = Instant::now() + Duration::from_secs(2);
    while Instant::now() < end {
        if !runs(text) {
            return true;
        }
    }
    false
}

#[test]
fn streams_are_kept_apart_counted_and_hashed() {
    let finished = run(shell("echo out; echo err >&2; exit 3")).unwrap();
    assert_eq!(finished.ended, Ended::Exit(3));
    assert_eq!(finished.stdout.kept, b"out\n");
    assert_eq!(finished.stderr.kept, b"err\n");
    assert_eq!(
        finished.stdout.sha256,
        vit_contract::digest::sha256(b"out\n")
    );
}

#[test]
fn swept_output_is_merged_in_order() {
    let _turn = turn();
    let finished = run(marked("echo 1; echo 2 >&2; echo 3", "test-merge")).unwrap();
    assert_eq!(finished.stdout.kept, b"1\n2\n3\n");
    assert_eq!(finished.stderr, Captured::default());
    assert_eq!(finished.leftovers, 0);
}

#[test]
fn case_16_a_timeout_ends_grandchildren() {
    let _turn = turn();
    let mut request = shell("sleep 86401 & sleep 86401; echo never");
    request.timeout = Some(Duration::from_millis(200));
    let finished = run(request).unwrap();
    assert_eq!(finished.ended, Ended::TimedOut);
    assert!(finished.elapsed < Duration::from_secs(5));
    assert!(soon_gone("sleep\u{0}86401"));
}

#[test]
fn case_16_ignoring_sigterm_ends_in_sigkill() {
    let mut request = shell("trap '' TERM; while :; do sleep 0.05; done");
    request.timeout = Some(Duration::from_millis(100));
    let finished = run(request).unwrap();
    assert_eq!(finished.ended, Ended::TimedOut);
    assert!(finished.elapsed >= GRACE && finished.elapsed < Duration::from_secs(4));
}

#[test]
fn case_16_a_daemon_in_its_own_session_is_swept() {
    let _turn = turn();
    let script = "setsid sleep 86402 & setsid env -i /bin/sleep 86402 & sleep 0.2; echo done";
    let finished = run(marked(script, "test-daemon")).unwrap();
    assert_eq!(finished.ended, Ended::Exit(0));
    assert_eq!(finished.stdout.kept, b"done\n");
    assert_eq!(finished.leftovers, 2);
    assert!(!runs("sleep\u{0}86402"));
}

#[test]
fn a_daemon_that_holds_the_pipe_open_does_not_hold_us() {
    let _turn = turn();
    let started = Instant::now();
    let finished = run(shell("setsid sleep 20 & echo done")).unwrap();
    assert_eq!(finished.stdout.kept, b"done\n");
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(finished.leftovers, 0, "only a sweep looks for them");
}

#[test]
fn recovery_sweeps_by_marker() {
    let _turn = turn();
    let mut request = marked("setsid sleep 86403 & echo done", "test-recovery");
    request.sweep = None;
    run(request).unwrap();
    assert!(runs("sleep\u{0}86403"));
    assert_eq!(sweep(marker("test-other")), 0);
    // Ids are time stamps: another installation may have the same one.
    let elsewhere = Marker {
        root: Path::new("/srv/other"),
        ..marker("test-recovery")
    };
    assert_eq!(sweep(elsewhere), 0);
    assert_eq!(sweep(marker("test-recovery")), 1);
    assert!(!runs("sleep\u{0}86403"));
    assert_eq!(sweep(marker("test-recovery")), 0);
    assert_eq!(sweep(marker("")), 0);
}

#[test]
fn a_hundred_megabytes_are_bounded() {
    let mut request = shell("head -c 100000000 /dev/zero; echo; echo last");
    request.keep = 1000;
    let mut longest = 0;
    let mut lines = 0;
    let mut on_line = |line: &str| {
        lines += 1;
        longest = longest.max(line.len());
    };
    request.on_line = Some(&mut on_line);
    let finished = run(request).unwrap();
    assert_eq!(finished.stdout.total, 100_000_006);
    assert!(finished.stdout.kept.len() < 1100);
    assert!(finished.stdout.kept.ends_with(b"\nlast\n"));
    let text = String::from_utf8_lossy(&finished.stdout.kept).into_owned();
    assert!(text.contains("[… 99999006 bytes left out …]"), "{text:?}");
    assert_eq!((lines, longest), (2, 4096 + "…".len()));
}

#[test]
fn lines_come_live_lossy_and_without_their_ends() {
    let mut lines = Vec::new();
    let mut on_line = |line: &str| lines.push(line.to_owned());
    let mut request = shell("printf 'a\\r\\n\\377b\\n\\nlast'");
    request.on_line = Some(&mut on_line);
    run(request).unwrap();
    assert_eq!(lines, ["a", "\u{fffd}b", "", "last"]);
}

#[test]
fn closing_the_pipes_early_is_no_end() {
    let finished = run(shell("exec >&- 2>&- <&-; sleep 0.2; exit 7")).unwrap();
    assert_eq!(finished.ended, Ended::Exit(7));
    assert!(finished.elapsed >= Duration::from_millis(200));
}

#[test]
fn big_input_that_nobody_reads_is_no_deadlock() {
    let mut request = shell("sleep 0.2; exit 4");
    request.stdin = vec![b'x'; 4_000_000];
    assert_eq!(run(request).unwrap().ended, Ended::Exit(4));

    let mut request = shell("wc -c");
    request.stdin = vec![b'x'; 4_000_000];
    let finished = run(request).unwrap();
    assert_eq!(
        String::from_utf8_lossy(&finished.stdout.kept).trim(),
        "4000000"
    );
}

#[test]
fn absent_input_is_closed() {
    assert_eq!(run(shell("cat")).unwrap().ended, Ended::Exit(0));
}

#[test]
fn a_missing_program_is_told_from_a_missing_folder() {
    let mut request = shell("");
    request.program = "vit-no-such-program".into();
    assert!(matches!(run(request), Err(ProcessError::NotFound { .. })));
    let mut request = shell("");
    request.cwd = Path::new("/no/such/folder");
    assert!(matches!(run(request), Err(ProcessError::Spawn { .. })));
}

#[test]
fn status_137_is_not_signal_9() {
    assert_eq!(run(shell("exit 137")).unwrap().ended, Ended::Exit(137));
    assert_eq!(run(shell("kill -9 $$")).unwrap().ended, Ended::Signal(9));
}

#[test]
fn a_wish_to_stop_ends_it() {
    let cancel = Cancel::default();
    cancel
        .flag()
        .store(true, std::sync::atomic::Ordering::SeqCst);
    let mut request = shell("sleep 86404");
    request.cancel = Some(&cancel);
    let finished = run(request).unwrap();
    assert_eq!(finished.ended, Ended::Cancelled);
    assert!(finished.elapsed < Duration::from_secs(2));
}

#[test]
fn a_child_has_no_terminal() {
    let finished = run(shell("exec 3</dev/tty")).unwrap();
    assert_ne!(finished.ended, Ended::Exit(0));
}

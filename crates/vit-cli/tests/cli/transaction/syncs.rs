//! Every DONE is preceded by a sync of what it claims: TRANSACTION.md, invariant 6.

use std::path::Path;

use vit_testkit::{World, tools};

use super::{FAILS_ON_NEW, world};

/// The system calls of an upgrade, in order of their ends: what writes and what syncs.
fn calls(world: &World) -> Vec<String> {
    let log = world.tmp().join("calls");
    let args = [
        "-f",
        "-s",
        "4096",
        "-e",
        "trace=write,syncfs,fdatasync,fsync",
        "-e",
        "signal=none",
        "-o",
    ];
    world
        .program(Path::new("strace"), args)
        .args([log.as_os_str()])
        .args([world.bin().as_os_str()])
        .args(["upgrade", "--yes", "--quiet"])
        .run();
    std::fs::read_to_string(&log)
        .expect("strace has written")
        .lines()
        .map(str::to_owned)
        .collect()
}

/// The place of the write of a record of this kind.
fn record(calls: &[String], kind: &str) -> usize {
    let written = format!("\\\"kind\\\":\\\"{kind}\\\"");
    calls
        .iter()
        .position(|line| line.contains("write(") && line.contains(&written))
        .unwrap_or_else(|| panic!("no record {kind} was written:\n{}", calls.join("\n")))
}

fn works() -> bool {
    let world = World::new(env!("CARGO_BIN_EXE_vit"));
    let out = world.program(Path::new("strace"), ["-o", "/dev/null", "true"]);
    tools::need("strace")
        && tools::need_that("strace that may trace", || out.run().code() == Some(0))
}

#[test]
fn what_a_record_claims_is_synced_before_it_is_written() {
    if !works() {
        return;
    }
    let calls_of = |smoke: &str| calls(&world(smoke));
    let between = |calls: &[String], from: usize, to: usize, call: &str| {
        calls[from..to].iter().any(|line| line.contains(call))
    };
    let good = calls_of("exit 0");
    let back = calls_of(FAILS_ON_NEW);
    // The tree, before what says that it is switched or put back.
    for (calls, from, to) in [
        (&good, "intent", "done"),
        (&back, "rollback_begun", "undone"),
    ] {
        let (from, to) = (record(calls, from), record(calls, to));
        assert!(between(calls, from, to, "syncfs("), "{to}: {calls:#?}");
    }
    // Every record, before anything follows it.
    let way = [
        "begun", "fetched", "judged", "snapped", "armed", "intent", "done", "probing",
    ];
    for pair in way.windows(2) {
        let (from, to) = (record(&good, pair[0]), record(&good, pair[1]));
        assert!(
            from < to && between(&good, from, to, "fdatasync("),
            "{pair:?}"
        );
    }
}

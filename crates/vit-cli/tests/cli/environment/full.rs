//! A disk that fills up in the middle of an upgrade, wherever that is: CASES.md 12.

use std::collections::BTreeSet;

use vit_testkit::{World, python};

use super::{manifest, upgrade, with_stub, world};
use crate::small_disk::on_a_small_disk;
use crate::transaction::{put, sound, status};

/// How much is left, in KiB, from the moment on when the first file is kept: from nothing at all
/// to what is enough. The release brings 200 KiB, and each of two packages as much again, so that
/// it ends in the snapshot, the twin, the switch and the installation.
const LEFT: [u32; 8] = [0, 32, 64, 160, 240, 400, 600, 4096];

/// Stands before git in the PATH, and fills the disk up to so much when it is asked to keep a file:
/// what looks for room before anything begins has looked by then.
fn fills_the_disk(world: &World, left: u32) {
    let text = format!(
        "#!/bin/sh\n\
         case \" $* \" in *' hash-object '*)\n\
         if [ ! -e '{flag}' ]; then\n\
         : >'{flag}'\n\
         free=$(stat -f -c %a '{root}'); size=$(stat -f -c %S '{root}')\n\
         head -c $((free * size - {left} * 1024)) /dev/zero >'{root}/.git/filler'\n\
         fi ;; esac\n\
         PATH=${{PATH#*:}}; exec git \"$@\"\n",
        flag = world.tmp().join("filled").display(),
        root = world.installation().display(),
    );
    let shim = world.root().join("bin/git");
    put(&shim, text);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&shim, mode).unwrap();
}

#[test]
fn case_12_a_disk_that_is_full_at_any_step() {
    if !python::need() {
        return;
    }
    let prepared = world("exit 0");
    prepared.publish("1.2.0", |r| {
        r.file(
            "vitruvyan_core/core/large.py",
            Some(&"x = 1\n".repeat(34_000)),
        )
    });
    let stub = prepared.root().join("bin/uv");
    let text = std::fs::read_to_string(&stub).unwrap();
    let large = "head -c 200000 /dev/zero >\"$site/$name/large.bin\"; echo \"VERSION";
    put(&stub, text.replace("echo \"VERSION", large));
    let mut ends = BTreeSet::new();
    for left in LEFT {
        let world = prepared.copy();
        let Some(_small) = on_a_small_disk(&world) else {
            return;
        };
        let before = (world.state(), manifest(&world));
        fills_the_disk(&world, left);
        let run = upgrade(&world).run();
        let old = || {
            assert_eq!(manifest(&world), before.1, "{left}: {run:?}");
            let diff = before.0.diff(&world.state());
            assert!(diff.is_empty(), "{left}: {diff}\n{run:?}");
        };
        let new = || {
            let env = super::env_of(&world).distributions();
            assert_eq!(env, ["alpha 2.0", "beta 1.0"], "{left}: {run:?}");
            assert_eq!(world.commit_of("HEAD"), world.commit_of("v1.2.0"), "{left}");
        };
        let said = (run.code(), status(&run));
        match (said.0, said.1.as_str()) {
            (Some(0), "applied") => new(),
            (Some(2), "aborted" | "error") | (Some(3), "rollback_executed") => old(),
            other => panic!("{left}: {other:?}: {run:?}"),
        }
        // With room again, nothing is left to be done, and what was said is still so.
        std::fs::remove_file(world.path(".git/filler")).unwrap();
        with_stub(&world, &["recover"]).run().assert_code(0);
        if said.0 == Some(0) {
            new();
        } else {
            old();
        }
        sound(&world).unwrap();
        let cause = run.json()["problems"][0]["message"].to_string();
        ends.insert((said.0, cause.chars().take(40).collect::<String>()));
    }
    let codes: BTreeSet<_> = ends.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, [Some(0), Some(2), Some(3)].into(), "{ends:#?}");
    assert!(ends.len() >= 6, "{ends:#?}");
}

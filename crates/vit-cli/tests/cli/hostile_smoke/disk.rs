//! A smoke test that fills the disk: CASES.md 12. The installation stands on a small file system
//! of its own.

use std::path::Path;

use vit_testkit::smoke;

use crate::small_disk::on_a_small_disk;
use crate::transaction::{FAILS_ON_NEW, outcomes, sound, status, upgrade, world};

#[test]
fn case_12_a_smoke_test_that_fills_the_disk() {
    for exit in [0, 1] {
        let fills = smoke::fills("$VIT_CORE_ROOT", exit).replace('\'', "\"");
        let text = fills.replace(
            "#!/bin/sh\n",
            "#!/bin/sh\n[ \"$VIT_PHASE\" = probe ] || exit 0\n",
        );
        let world = world(&text);
        let Some(_small) = on_a_small_disk(&world) else {
            return;
        };
        let before = world.state();
        let run = upgrade(&world).run();
        if run.code() == Some(0) {
            // It passed, and the report names what fills the disk.
            run.assert_stdout("full");
            std::fs::remove_file(world.path("full")).unwrap();
            let _ = std::fs::remove_file(world.path("empty"));
            world.vit(&["recover"]).assert_code(0);
            assert_eq!(outcomes(&world), ["success"]);
        } else {
            run.assert_code(3);
            world.state().assert_same(&before);
            assert_eq!(outcomes(&world), ["rollback_executed"], "{run:?}");
        }
        sound(&world).unwrap();
    }
}

/// Where there is no room for the way back, nothing begins.
#[test]
fn case_12_an_upgrade_on_a_full_disk_does_not_begin() {
    let world = world(FAILS_ON_NEW);
    let Some(_small) = on_a_small_disk(&world) else {
        return;
    };
    let before = world.state();
    let filled = world.path(".git/full");
    let fills = smoke::fills(world.path(".git").to_str().unwrap(), 0);
    world
        .program(Path::new("/bin/sh"), ["-c", &fills])
        .run()
        .assert_code(0);
    let run = upgrade(&world).run();
    assert!(matches!(run.code(), Some(1 | 2)), "{run:?}");
    assert_ne!(status(&run), "applied");
    std::fs::remove_file(filled).unwrap();
    world.state().assert_same(&before);
    let recovered = world.vit(&["recover"]);
    recovered.assert_code(0);
    upgrade(&world).run().assert_code(3);
    world.state().assert_same(&before);
    sound(&world).unwrap();
}

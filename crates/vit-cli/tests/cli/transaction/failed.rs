//! An upgrade that fails: CASES.md 9.

use super::{FAILS_ON_NEW, outcomes, put, sound, status, upgrade, world};

#[test]
fn case_09_a_failed_upgrade_leaves_everything_as_it_was_and_says_so() {
    let world = world(FAILS_ON_NEW);
    let root = world.installation();
    put(root.join("my notes.txt"), "mine\n");
    let before = world.state();
    let run = upgrade(&world).run();
    run.assert_code(3);
    assert_eq!(status(&run), "rollback_executed");
    assert_eq!(run.json()["proof"]["verified"], true);
    assert_eq!(run.json()["proof"]["branch"], "refs/heads/main");
    assert_eq!(outcomes(&world), ["rollback_executed"]);
    world.state().assert_same(&before);
    assert!(root.join("my notes.txt").is_file());
    for lock in ["index.lock", "HEAD.lock", "refs/heads/main.lock"] {
        assert!(!root.join(".git").join(lock).exists(), "{lock}");
    }
    sound(&world).unwrap();
}

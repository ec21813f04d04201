//! What pruning takes away.

use vit_testkit::World;

use super::prune;
use crate::cancel::Cancel;
use crate::clock::SystemClock;
use crate::context::{Actor, Context};
use crate::environment::Environment;
use crate::event::Silent;
use crate::faults::Faults;
use crate::git::Git;
use crate::site::Site;

#[test]
fn pruning_takes_snapshots_and_no_tag_of_the_users() {
    let world = World::default();
    let users = ["pre-upgrade-1.2", "pre-rollback-notes"];
    for tag in users {
        world.git(&["tag", tag]);
    }
    let ids = ["20260101-000000", "20260102-000000", "20260103-000000"];
    // Of another worktree: no plan of it stands in this one's state folder.
    let other = "20251231-000000";
    for id in ids.into_iter().chain([other]) {
        world.git(&["tag", &format!("pre-upgrade-{id}")]);
        world.git(&["update-ref", &format!("refs/vit/snapshots/{id}"), "HEAD"]);
    }
    let environment = Environment::new(world.environment());
    let site = Site::discover(&world.installation(), &environment).unwrap();
    for id in ids {
        std::fs::create_dir_all(site.state_dir.join("transactions").join(id)).unwrap();
    }
    let git = Git::open(&site.root, &environment);
    let cx = Context {
        git: &git,
        site: &site,
        environment: &environment,
        clock: &SystemClock::default(),
        reporter: &Silent,
        cancel: &Cancel::default(),
        actor: &Actor::default(),
        faults: &Faults::default(),
        network: &crate::network::Network::none(),
        channel_override: None,
    };
    prune(&cx, 1).unwrap();
    let left: Vec<String> = git
        .refs(&["refs/tags/pre-*"])
        .unwrap()
        .into_iter()
        .map(|r| r.name.replace("refs/tags/", ""))
        .collect();
    assert_eq!(
        left,
        [
            "pre-rollback-notes",
            "pre-upgrade-1.2",
            "pre-upgrade-20251231-000000",
            "pre-upgrade-20260103-000000"
        ]
    );
}

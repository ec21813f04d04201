//! What is asked again, and when.

use super::*;

#[test]
fn within_its_time_nobody_is_asked() {
    let mut scene = Scene::new();
    scene.publish("1.1.0");
    let first = scene.listed();
    assert!(!first.source.cached);
    scene.publish("1.2.0");
    scene.server.connect_git(&scene.world, false);
    scene.later(5);
    let again = scene.listed();
    assert_eq!(again.releases, first.releases);
    assert_eq!((again.source.cached, again.source.requests), (true, 0));
    assert_eq!(scene.server.count(), 1);
    assert_eq!(again.source.fetched, first.source.fetched);
    // Offline, whatever its age.
    scene.later(60 * 24 * 30);
    let offline = scene.list(false).unwrap();
    assert_eq!(offline.releases, first.releases);
    assert_eq!(scene.server.count(), 1);
}

#[test]
fn the_clock_of_a_kept_answer_is_not_believed_when_it_is_ahead() {
    let mut scene = Scene::new();
    scene.listed();
    scene.later(-60);
    scene.listed();
    assert_eq!(scene.server.count(), 2);
}

#[test]
fn after_its_time_one_question_is_enough_where_nothing_changed() {
    let mut scene = Scene::new();
    scene.server.many(250);
    scene.listed();
    let cold = scene.server.count();
    assert_eq!(cold, 3);
    // Within the hour the tags count too: git cannot be reached, and nobody notices.
    scene.server.connect_git(&scene.world, false);
    scene.later(20);
    let warm = scene.listed();
    assert_eq!(scene.server.count(), cold + 1);
    assert_eq!(warm.source.requests, 1);
    assert_eq!((warm.source.cached, warm.source.stale), (false, false));
    assert_eq!(warm.problems, []);
    assert_eq!(warm.source.fetched, scene.now);
    // After it they are asked for again; the pages still count.
    scene.server.connect_git(&scene.world, true);
    scene.publish("1.1.0");
    scene.later(60);
    let warm = scene.listed();
    assert_eq!(scene.server.count(), cold + 2);
    assert!(tags(&warm).contains(&"v1.1.0"));
    // After a day all pages are asked for.
    scene.later(60 * 23);
    scene.listed();
    assert_eq!(scene.server.count(), cold + 5);
    // As when somebody asks for it.
    scene.refresh = true;
    scene.listed();
    assert_eq!(scene.server.count(), cold + 8);
}

#[test]
fn a_new_release_is_seen_once_the_first_page_is_asked() {
    let mut scene = Scene::new();
    scene.listed();
    scene.publish("1.1.0");
    scene.server.release("v1.1.0", Asset::none);
    assert_eq!(tags(&scene.listed()), ["v1.0.0"]);
    scene.later(6);
    let listing = scene.listed();
    assert_eq!(tags(&listing), ["v1.0.0", "v1.1.0"]);
    assert!(find(&listing.releases, "v1.1.0").is_usable());
}

#[test]
fn offline_from_the_first_day_says_what_to_do() {
    let scene = Scene::new();
    let error = scene.list(false).unwrap_err();
    assert!(
        error.to_string().contains("has to be asked once"),
        "{error}"
    );
    assert_eq!(scene.server.count(), 0);
}

/// The files of the cache that hold what was made of pages.
fn derived(scene: &Scene) -> Vec<std::path::PathBuf> {
    let cache = scene.run(|cx| {
        crate::http::cache::place::find(cx.environment)
            .unwrap()
            .path
    });
    let folder = std::fs::read_dir(cache.join("derived")).unwrap();
    folder.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn without_a_place_to_keep_it_a_run_still_knows_what_it_heard() {
    let scene = Scene::new();
    scene.publish("1.1.0");
    scene.run(|cx| {
        let registry = crate::registry::open(cx, None).unwrap();
        let first = registry.list(cx, true).unwrap();
        std::fs::remove_file(&derived(&scene)[0]).unwrap();
        std::fs::remove_file(cx.site.state_dir.join("registry.json")).unwrap();
        let again = registry.list(cx, false).unwrap();
        assert_eq!(again.releases, first.releases);
    });
}

#[test]
fn a_kept_answer_that_is_damaged_is_asked_for_again() {
    let mut scene = Scene::new();
    scene.listed();
    for bad in ["", "{", "[]"] {
        std::fs::write(&derived(&scene)[0], bad).unwrap();
        let count = scene.server.count();
        scene.refresh = true;
        assert_eq!(scene.listed().releases.len(), 1);
        scene.refresh = false;
        assert_eq!(scene.server.count(), count + 1);
        assert_eq!(scene.listed().source.requests, 0);
    }
}

/// The list is shared with another installation, the tags are not: a release that was listed
/// since is not called untagged.
#[test]
fn a_list_that_another_installation_heard_does_not_make_old_tags_true() {
    let mut scene = Scene::new();
    scene.listed();
    let own = scene.world.path(".git/vit/registry.json");
    let before = std::fs::read(&own).unwrap();
    scene.publish("1.1.0");
    scene.server.release("v1.1.0", Asset::none);
    scene.later(10);
    scene.listed();
    // As if the second look had been another installation's.
    std::fs::write(&own, before).unwrap();
    let offline = scene.list(false).unwrap();
    assert!(find(&offline.releases, "v1.1.0").is_usable());
    // And the tags are asked for, though the list is young.
    let listing = scene.listed();
    assert!(find(&listing.releases, "v1.1.0").is_usable());
    assert!(std::fs::read_to_string(&own).unwrap().contains("v1.1.0"));
}

//! What is listed, from which pages, with which problems.

use super::*;

#[test]
fn releases_tags_and_commits_make_one_list() {
    let scene = Scene::new();
    scene.publish("1.1.0");
    scene.publish("1.2.0-beta.1");
    scene
        .world
        .git_in(&scene.world.origin(), &["tag", "nightly"]);
    scene.server.release("v1.2.0-beta.1", Asset::none);
    scene
        .server
        .release_with("v3.0.0", Asset::none, |mut release| {
            release["draft"] = true.into();
            release
        });
    scene.server.release("v9.0.0", Asset::none);
    let listing = scene.listed();
    assert_eq!(
        tags(&listing),
        ["v1.0.0", "v1.1.0", "v1.2.0-beta.1", "v9.0.0"]
    );
    assert_eq!(listing.problems, []);
    let source = &listing.source;
    let (owner, name) = REPOSITORY;
    assert_eq!(source.kind, "github");
    assert_eq!(source.location, format!("127.0.0.1/{owner}/{name}"));
    assert_eq!(
        (source.stale, source.cached, source.requests),
        (false, false, 1)
    );
    assert_eq!(source.ignored_tags, 1);
    // The clone has the tag of what it is; the others come when they are wanted.
    let installed = find(&listing.releases, "v1.0.0");
    assert_eq!(installed.commit, Some(scene.world.commit_of("v1.0.0")));
    assert_eq!(installed.tree, Some(scene.world.tree_of("v1.0.0")));
    let newer = find(&listing.releases, "v1.1.0");
    assert_eq!((&newer.commit, newer.unread), (&None, true));
    // A release without a tag is shown, and no target.
    let untagged = find(&listing.releases, "v9.0.0");
    assert_eq!(codes(&untagged.problems), [Code::ObjectsMissing]);
    assert!(!untagged.is_usable());
    // Whoever wants it all the same is told that, and not to check the network.
    let refused = scene.run(|cx| crate::registry::open(cx, None)?.fetch(cx, untagged));
    let Err(EngineError::Refused { problems, .. }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(problems, untagged.problems);

    scene.run(|cx| {
        let registry = crate::registry::open(cx, None).unwrap();
        let listing = registry.list(cx, true).unwrap();
        registry
            .fetch(cx, find(&listing.releases, "v1.1.0"))
            .unwrap();
        let again = registry.list(cx, false).unwrap();
        let fetched = find(&again.releases, "v1.1.0");
        assert_eq!(fetched.commit, Some(scene.world.commit_of("v1.1.0")));
        assert!(fetched.tree.is_some());
        assert_eq!(registry.remote(), Some("origin"));
        let gone = registry.fetch(cx, find(&listing.releases, "v9.0.0"));
        assert!(gone.is_err());
    });
}

/// CASES.md 1 and 3: 160 releases on two pages, the newest 120 of them betas.
#[test]
fn case_01_github_the_newest_stable_is_found_behind_120_betas() {
    let scene = Scene::new();
    for minor in 1..40 {
        scene.server.release(&format!("v1.{minor}.0"), Asset::none);
    }
    for beta in 1..=120 {
        scene
            .server
            .release(&format!("v2.0.0-beta.{beta}"), Asset::none);
    }
    let listing = scene.listed();
    assert_eq!(listing.releases.len(), 160);
    let by_channel = |channel| {
        let fit = |r: &&Release| r.channel() <= channel;
        listing
            .releases
            .iter()
            .rev()
            .find(fit)
            .unwrap()
            .tag
            .as_str()
    };
    use vit_contract::channel::Channel;
    assert_eq!(by_channel(Channel::Stable), "v1.39.0");
    assert_eq!(by_channel(Channel::Beta), "v2.0.0-beta.120");
    let paths = scene.server.paths();
    assert_eq!(paths.len(), 2, "{paths:?}");
    assert!(paths[1].ends_with("/releases?per_page=100&page=2"));
    assert!(paths.iter().all(|path| !path.contains("latest")));
}

/// CASES.md 2: the order is that of the versions, whatever the API calls latest.
#[test]
fn case_02_github_the_order_is_that_of_the_versions() {
    let scene = Scene::new();
    scene.server.release("v1.2.0", Asset::none);
    scene.server.release("v1.1.0", Asset::none);
    let listing = scene.listed();
    assert_eq!(tags(&listing), ["v1.0.0", "v1.1.0", "v1.2.0"]);
}

/// CASES.md 4: the flag `prerelease` says nothing: version and metadata do.
#[test]
fn case_04_github_a_flag_makes_nothing_calmer() {
    use vit_contract::channel::Channel;
    let scene = Scene::new();
    let flag = |value: bool| {
        move |mut release: serde_json::Value| {
            release["prerelease"] = value.into();
            release
        }
    };
    scene
        .server
        .release_with("v1.2.0-beta.1", Asset::none, flag(false));
    scene.server.release_with("v1.1.0", Asset::none, flag(true));
    let listing = scene.listed();
    let channel = |tag| find(&listing.releases, tag).channel();
    assert_eq!(channel("v1.2.0-beta.1"), Channel::Beta);
    assert_eq!(channel("v1.1.0"), Channel::Stable);
}

/// CASES.md 7: what is no release hides none.
#[test]
fn case_07_github_one_odd_release_hides_no_other() {
    let scene = Scene::new();
    scene.publish("1.1.0");
    let odd = |_| serde_json::json!({"tag_name": "v1.1.0", "assets": "none"});
    scene.server.release_with("v1.1.0", Asset::none, odd);
    scene.server.release_with("x", Asset::none, |_| 7.into());
    let listing = scene.listed();
    assert_eq!(tags(&listing), ["v1.0.0", "v1.1.0"]);
    let odd = find(&listing.releases, "v1.1.0");
    assert_eq!(codes(&odd.problems), [Code::MetadataUnreadable]);
    assert!(find(&listing.releases, "v1.0.0").is_usable());
    assert_eq!(codes(&listing.problems), [Code::RegistryIncomplete]);
}

/// CASES.md 29: the links of pages lead nowhere else, and not in a circle.
#[test]
fn case_29_github_links_are_of_the_api_itself() {
    let link =
        |target: &str| Reply::json("[]").header("link", &format!("<{target}>; rel=\"next\""));
    let scene = Scene::new();
    let other = scene.server.remote_url().replace("127.0.0.1", "127.0.0.2");
    for target in [
        "https://evil.example/repositories/1/releases?page=2",
        &other,
        "file:///etc/passwd",
        "ftp://127.0.0.1/x",
        "",
    ] {
        let scene = Scene::new();
        scene.server.instead("/repos/", link(target));
        let listing = scene.listed();
        assert_eq!(scene.server.count(), 1, "{target}");
        assert_eq!(listing.source.kind, "git", "{target}");
        assert_eq!(codes(&listing.problems), [Code::RegistryFallback]);
        assert!(
            said(&listing).contains("pages cannot be followed"),
            "{target}"
        );
    }
    let circle = scene.server.api_url() + "/repositories/4242/releases?page=2";
    scene.server.instead("/repos/", link(&circle));
    scene.server.instead("/repositories/", link(&circle));
    let listing = scene.listed();
    assert!(said(&listing).contains("links to one that was read before"));
    assert_eq!(scene.server.count(), 2);
}

#[test]
fn pages_that_grow_meanwhile_are_followed_to_their_end() {
    let scene = Scene::new();
    scene.server.many(450);
    let (owner, name) = REPOSITORY;
    // The first answer knows of two pages only; the last of them of more.
    let all = scene.server.api_url();
    let item = r#"[{"tag_name": "v7.0.0"}, {"tag_name": "v0.0.450"}]"#;
    let page = |number| format!("{all}/repositories/4242/releases?per_page=100&page={number}");
    let first = Reply::json(item).header(
        "link",
        &format!("<{}>; rel=\"next\", <{}>; rel=\"last\"", page(2), page(2)),
    );
    scene
        .server
        .instead(&format!("/repos/{owner}/{name}/releases"), first);
    let listing = scene.listed();
    assert_eq!(scene.server.count(), 5);
    assert_eq!(tags(&listing).last(), Some(&"v7.0.0"));
    let twice = tags(&listing)
        .iter()
        .filter(|tag| **tag == "v0.0.450")
        .count();
    assert_eq!(twice, 1);
}

#[test]
fn ten_thousand_releases_are_read_and_more_are_said() {
    let scene = Scene::new();
    scene.server.many(10_150);
    let listing = scene.listed();
    assert_eq!(scene.server.count(), 100);
    assert_eq!(codes(&listing.problems), [Code::RegistryIncomplete]);
    assert!(said(&listing).contains("more than 10000 releases"));
    // The tag of the oldest is here all the same.
    assert_eq!(listing.releases.len(), 10_001);
}

#[test]
fn what_is_here_already_is_no_longer_asked_for() {
    let scene = Scene::new();
    scene.publish("1.1.0");
    let world = &scene.world;
    let origin = world.origin();
    let origin = origin.to_str().unwrap();
    world.git(&[
        "fetch",
        "--quiet",
        "--no-tags",
        origin,
        "main:refs/remotes/origin/main",
    ]);
    world.git(&["tag", "--delete", "v1.0.0"]);
    world.git_in(&world.origin(), &["tag", "v1.1.1", "main"]);
    let listing = scene.listed();
    let commit = |tag| find(&listing.releases, tag).commit.clone();
    // A tag that is its commit is known by it; an annotated one is an object that is not here.
    assert_eq!(commit("v1.1.1"), Some(world.commit_of("main")));
    let refs = world.git(&["for-each-ref", "--format=%(refname)", "refs/vit/releases"]);
    assert!(refs.contains("refs/vit/releases/v1.1.1"));
}

#[test]
fn a_tag_that_moved_or_was_withdrawn_is_told() {
    let scene = Scene::new();
    scene.publish("1.1.0");
    scene.publish("1.2.0");
    scene.run(|cx| {
        let registry = crate::registry::open(cx, None).unwrap();
        let listing = registry.list(cx, true).unwrap();
        for tag in ["v1.1.0", "v1.2.0"] {
            registry.fetch(cx, find(&listing.releases, tag)).unwrap();
        }
    });
    let origin = scene.world.origin();
    scene
        .world
        .git_in(&origin, &["tag", "--force", "v1.1.0", "v1.0.0^{commit}"]);
    scene.world.git_in(&origin, &["tag", "--delete", "v1.2.0"]);
    let mut scene = scene;
    scene.refresh = true;
    let listing = scene.listed();
    let blocked = |tag| !find(&listing.releases, tag).is_usable();
    assert_eq!(
        codes(&find(&listing.releases, "v1.1.0").problems),
        [Code::TagMoved]
    );
    assert!(blocked("v1.2.0") && !blocked("v1.0.0"));
}

use vit_contract::code::Code;
use vit_contract::settings::RegistryKind;

use super::fixture::{Fault, URL, World, find, metadata_of, put};
use crate::error::EngineError;
use crate::registry::{self, Listing};

fn world() -> (World, std::path::PathBuf) {
    let world = World::new();
    let content = world.content("a", &["1.0.0", "1.1.0", "1.2.0"]);
    world.serve(&content);
    (world, content)
}

fn codes(listing: &Listing, version: &str) -> Vec<Code> {
    find(listing, version)
        .problems
        .iter()
        .map(|p| p.code)
        .collect()
}

/// Replaces a text in a file.
fn edit(path: &std::path::Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    put(path, text.replace(from, to).as_bytes());
}

#[test]
fn releases_are_listed_with_their_commits_and_metadata() {
    let (world, _) = world();
    let listing = world.list(true).unwrap();
    let versions: Vec<String> = listing
        .releases
        .iter()
        .map(|r| r.version.to_string())
        .collect();
    assert_eq!(versions, ["1.0.0", "1.1.0", "1.2.0"]);
    let release = find(&listing, "1.2.0");
    assert_eq!(release.commit, Some(world.commit("1.2.0")));
    assert!(release.metadata.is_some() && !release.unread);
    assert_eq!(release.problems, []);
    assert!(find(&listing, "1.0.0").tree.is_some());
    assert_eq!(
        (listing.source.kind.as_str(), listing.source.signed),
        ("index", false)
    );
    assert_eq!(listing.source.location, URL);
    assert_eq!(listing.problems, []);
}

#[test]
fn metadata_that_is_not_what_the_index_says_is_named_and_hides_nothing() {
    let (world, content) = world();
    put(
        &content.join("1.1.0/release_metadata.json"),
        metadata_of("1.1.1").as_bytes(),
    );
    world
        .server
        .fault("1.2.0/release_metadata.json", Fault::Body(b"{}".to_vec()));
    let listing = world.list(true).unwrap();
    assert_eq!(codes(&listing, "1.0.0"), []);
    for version in ["1.1.0", "1.2.0"] {
        assert_eq!(
            codes(&listing, version),
            [Code::MetadataUnreadable],
            "{version}"
        );
        assert!(!find(&listing, version).is_usable());
    }
    let evidence = find(&listing, "1.1.0").problems[0]
        .evidence
        .clone()
        .unwrap();
    assert!(evidence.contains("SHA-256"), "{evidence}");
}

#[test]
fn metadata_that_cannot_be_had_is_a_problem_of_its_release() {
    let (world, _) = world();
    world
        .server
        .fault("1.1.0/release_metadata.json", Fault::Status(500));
    let listing = world.list(true).unwrap();
    assert_eq!(codes(&listing, "1.1.0"), [Code::MetadataNotFetched]);
    assert!(find(&listing, "1.1.0").unread);
    assert_eq!(codes(&listing, "1.2.0"), []);
}

#[test]
fn a_release_that_is_another_than_when_it_was_seen_is_blocked() {
    let (world, content) = world();
    let (old, new) = (world.commit("1.0.0"), world.commit("1.2.0"));
    edit(&content.join("index.json"), &old, &new);
    assert_eq!(codes(&world.list(true).unwrap(), "1.0.0"), [Code::TagMoved]);
}

#[test]
fn a_tag_that_is_not_what_the_index_says_is_not_kept() {
    let (world, content) = world();
    // The repository moved the tag behind the index's back.
    world.core.run(&["tag", "--force", "v1.2.0", "v1.1.0"]);
    let listing = world.list(true).unwrap();
    world.with(|cx| {
        let registry = registry::open(cx, None).unwrap();
        registry.list(cx, true).unwrap();
        let error = registry.fetch(cx, find(&listing, "1.2.0")).unwrap_err();
        assert!(matches!(error, EngineError::Refused { .. }), "{error:?}");
    });
    assert!(
        !world
            .here
            .run(&["for-each-ref", "refs/vit/"])
            .contains("v1.2.0")
    );
    // One that agrees is brought.
    world.with(|cx| {
        let registry = registry::open(cx, None).unwrap();
        let listing = registry.list(cx, true).unwrap();
        registry.fetch(cx, find(&listing, "1.1.0")).unwrap();
        let located = registry.located(cx, find(&listing, "1.1.0")).unwrap();
        assert_eq!(located.unwrap().commit, Some(world.commit("1.1.0")));
    });
    drop(content);
}

#[test]
fn the_index_says_where_commits_come_from() {
    let (world, content) = world();
    world.here.run(&["remote", "remove", "origin"]);
    let elsewhere = world.core.beside("core.git");
    let clone = [
        "clone",
        "--quiet",
        "--bare",
        ".",
        elsewhere.to_str().unwrap(),
    ];
    world.core.run(&clone);
    let repository = format!("file://{}", elsewhere.to_str().unwrap());
    let line = format!("\"schema\": \"vit.index/1\",\n  \"repository\": \"{repository}\"");
    edit(
        &content.join("index.json"),
        "\"schema\": \"vit.index/1\"",
        &line,
    );
    world.with(|cx| {
        let registry = registry::open(cx, None).unwrap();
        let listing = registry.list(cx, true).unwrap();
        registry.fetch(cx, find(&listing, "1.2.0")).unwrap();
    });
    assert!(
        world
            .here
            .run(&["for-each-ref", "refs/vit/"])
            .contains("v1.2.0")
    );
}

#[test]
fn what_is_withdrawn_or_gone_is_shown_and_no_target() {
    let (mut world, content) = world();
    let mark = "\"tag\": \"v1.2.0\",\n      \"withdrawn\": \"it loses data\",";
    edit(&content.join("index.json"), "\"tag\": \"v1.2.0\",", mark);
    let listing = world.list(true).unwrap();
    assert_eq!(codes(&listing, "1.2.0"), [Code::Withdrawn]);
    assert!(!find(&listing, "1.2.0").is_usable());
    world.serve(world.content("b", &["1.1.0"]));
    // What was asked for a moment ago is not asked again.
    assert_eq!(codes(&world.list(true).unwrap(), "1.0.0"), []);
    world.now = "2026-11-22T10:10:00Z".parse().unwrap();
    assert_eq!(
        codes(&world.list(true).unwrap(), "1.0.0"),
        [Code::Withdrawn]
    );
}

#[test]
fn a_registry_that_is_no_index_says_so() {
    let (world, _) = world();
    world
        .server
        .fault("index.json", Fault::Body(b"<html>".to_vec()));
    assert!(world.list(true).is_err());
    world.server.mend();
    world.server.fault(
        "index.json",
        Fault::Body(br#"{"schema": "vit.index/9", "releases": []}"#.to_vec()),
    );
    let error = world.list(true).unwrap_err();
    assert!(matches!(error, EngineError::BadInput { .. }), "{error:?}");
    world.server.mend();
    world.server.fault("index.json", Fault::Endless);
    assert!(world.list(true).is_err());
    assert!(world.server.endless_bytes() < 2 * vit_contract::index::MAX_BYTES as u64);
}

#[test]
fn the_variable_names_a_registry_where_the_settings_name_none() {
    let (mut world, _) = world();
    let kind = |world: &World| world.list(true).unwrap().source.kind;
    world.site.settings = vit_contract::settings::Settings::default();
    assert_eq!(kind(&world), "git");
    let mut vars: Vec<_> = world
        .here
        .environment
        .for_git()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    vars.push(("VIT_REGISTRY_URL".into(), URL.into()));
    world.here.environment = crate::environment::Environment::new(vars);
    assert_eq!(kind(&world), "index");
    // What the settings say wins.
    world.site.settings.registry.kind = RegistryKind::Git;
    assert_eq!(kind(&world), "git");
    world.site.settings.registry.kind = RegistryKind::Auto;
    world.site.settings.registry.location = Some("origin".to_owned());
    assert_eq!(kind(&world), "git");
}

#[test]
fn a_url_with_credentials_is_refused_without_telling_them() {
    let (mut world, _) = world();
    let url = "https://me:hunter2@mirror.example/vit/index.json";
    world.site.settings.registry.location = Some(url.to_owned());
    let error = world.list(true).unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    assert_eq!(world.server.asked(), Vec::<String>::new());
}

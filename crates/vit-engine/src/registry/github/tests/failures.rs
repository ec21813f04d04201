//! When the API does not answer: git, then what is kept, and the truth about both.

use super::*;

/// CASES.md 8 and 31: whatever comes instead of an answer, git is asked, and it is said.
#[test]
fn case_08_github_git_is_asked_where_the_api_fails() {
    let deep = format!("{}{}", "[".repeat(512), "]".repeat(512));
    let large = format!("[\"{}\"]", "x".repeat(10_000_000));
    let cases: Vec<(&str, Reply, &str)> = vec![
        ("html", Reply::captive_portal(), "HTML"),
        ("early end", Reply::truncated("[{}]", 2), "cut short"),
        ("no JSON", Reply::json("[{"), "cannot be read"),
        (
            "duplicate keys",
            Reply::json(r#"[{"a": 1, "a": 1}]"#),
            "stands twice",
        ),
        ("no list", Reply::json("{}"), "a list was expected"),
        ("NaN", Reply::json("[NaN]"), "line 1"),
        ("depth", Reply::json(&deep), "deeper than 64"),
        ("size", Reply::json(&large), "larger than 8 MiB"),
        (
            "primary limit",
            Reply::limited(403, Some(1_900_000_000)),
            "with GITHUB_TOKEN set",
        ),
        (
            "secondary limit",
            Reply::limited_secondary(429, Some("60")),
            "no more requests",
        ),
        ("server error", Reply::status(503), "503"),
        (
            "not found",
            Reply::status(404),
            "was not found, or there is no access",
        ),
    ];
    for (case, reply, why) in cases {
        let scene = Scene::new();
        scene.publish("1.1.0");
        scene.server.fail(Some(reply));
        let listing = scene.listed();
        assert_eq!(listing.source.kind, "git", "{case}");
        assert_eq!(listing.source.requests, 1, "{case}");
        assert_eq!(tags(&listing), ["v1.0.0", "v1.1.0"], "{case}");
        assert_eq!(codes(&listing.problems), [Code::RegistryFallback], "{case}");
        assert!(said(&listing).contains(why), "{case}: {}", said(&listing));
        // Git's answer is whole: the commits and the metadata are here.
        assert!(
            find(&listing.releases, "v1.1.0").metadata.is_some(),
            "{case}"
        );
        // What git brought is there offline.
        assert_eq!(tags(&scene.list(false).unwrap()), ["v1.0.0", "v1.1.0"]);
    }
}

/// CASES.md 8: a server that stalls is one that does not answer.
#[test]
fn case_08_github_a_server_that_stalls_is_given_up() {
    let mut scene = Scene::new();
    scene.whole = Some(Duration::from_millis(300));
    scene.server.fail(Some(Reply::silent()));
    let listing = scene.listed();
    assert_eq!(listing.source.kind, "git");
    assert!(said(&listing).contains("within"), "{}", said(&listing));
}

/// What git brought counts for the rest of the run, though an older list is kept.
#[test]
fn after_a_fall_back_a_run_stays_with_git() {
    let mut scene = Scene::new();
    scene.listed();
    scene.publish("1.1.0");
    scene.later(60);
    scene.server.fail(Some(Reply::status(502)));
    scene.run(|cx| {
        let registry = crate::registry::open(cx, None).unwrap();
        let listing = registry.list(cx, true).unwrap();
        let again = registry.list(cx, false).unwrap();
        assert_eq!(again.releases, listing.releases);
        assert_eq!(again.source.kind, "git");
    });
    // The next run has both: the list as it was, and the tags as they are.
    let offline = scene.list(false).unwrap();
    assert_eq!(tags(&offline), ["v1.0.0", "v1.1.0"]);
    assert!(find(&offline.releases, "v1.1.0").is_usable());
}

/// What an asset said of a release holds while the API is away: a release that is blocked by it
/// must not look harmless because its tree says nothing.
#[test]
fn metadata_of_an_asset_is_not_forgotten_when_git_answers() {
    let mut scene = Scene::new();
    scene
        .world
        .publish("1.1.0", vit_testkit::Release::no_metadata);
    scene
        .world
        .publish("1.2.0", vit_testkit::Release::no_metadata);
    let breaking = |version: &str| {
        Asset::metadata(format!(
            r#"{{"version": "{version}", "release_date": "2026-02-19T16:45:00Z",
                "channel": "stable", "contracts_version": "2.0.0",
                "changes": {{"breaking": ["all"]}}}}"#
        ))
    };
    scene
        .server
        .release("v1.1.0", |_, _| vec![breaking("1.1.0")]);
    let heard = scene.read(true);
    // Of 1.2.0 the list is known, and its asset was never asked for.
    scene
        .server
        .release("v1.2.0", |_, _| vec![breaking("1.2.0")]);
    scene.later(60);
    scene.listed();

    scene.later(60);
    scene.server.fail(Some(Reply::status(502)));
    let before = scene.server.count();
    let found = scene.read(true);
    let (was, is) = (find(&heard, "v1.1.0"), find(&found, "v1.1.0"));
    assert!(is.metadata.is_some());
    assert_eq!(is.metadata, was.metadata);
    assert_eq!(is.metadata_sha256, was.metadata_sha256);
    assert_eq!(codes(&is.problems), []);
    // That nobody knows it is not that there is none.
    let unknown = find(&found, "v1.2.0");
    assert_eq!(codes(&unknown.problems), [Code::MetadataNotFetched]);
    // An asset's tree counts where nothing else is known, and 1.0.0 has the same in both.
    assert!(find(&found, "v1.0.0").metadata.is_some());
    assert_eq!(scene.server.count(), before + 1);
}

#[test]
fn without_api_and_git_what_is_kept_counts_and_both_are_named() {
    let mut scene = Scene::new();
    scene.publish("1.1.0");
    let fresh = scene.listed();
    scene.later(60);
    scene.server.fail(Some(Reply::status(502)));
    scene.server.connect_git(&scene.world, false);
    let listing = scene.listed();
    assert_eq!(tags(&listing), tags(&fresh));
    assert!(listing.source.stale);
    assert_eq!(listing.source.fetched, fresh.source.fetched);
    assert_eq!(codes(&listing.problems), [Code::RegistryStale]);
    let said = said(&listing);
    assert!(said.contains("502") && said.contains("ls-remote"), "{said}");

    let scene = Scene::new();
    scene.server.fail(Some(Reply::status(502)));
    scene.server.connect_git(&scene.world, false);
    let error = scene.list(true).unwrap_err();
    let EngineError::Registry { source, .. } = error else {
        panic!("{error}")
    };
    let said = source.to_string();
    assert!(
        said.contains("502") && said.contains("through git"),
        "{said}"
    );
}

/// CASES.md 32: no token and no signed address in what is said.
#[test]
fn case_32_github_tokens_go_to_the_api_and_nowhere_else() {
    let mut scene = Scene::new();
    scene.set("GH_TOKEN", "ghp_second");
    scene.set("GITHUB_TOKEN", TOKEN);
    scene.publish("1.1.0");
    scene.server.release("v1.1.0", Asset::of_tag);
    scene.read(true);
    let bearer = format!("Bearer {TOKEN}");
    for asked in scene.server.asked() {
        assert_eq!(asked.header("authorization"), Some(bearer.as_str()));
        assert_eq!(asked.header("x-github-api-version"), Some("2022-11-28"));
    }
    assert!(!scene.server.downloads().is_empty());
    for asked in scene.server.downloads() {
        assert!(
            asked
                .headers
                .iter()
                .all(|(_, value)| !value.contains("ghp_"))
        );
    }
    scene.server.fail(Some(Reply::status(404)));
    scene.refresh = true;
    let listing = scene.listed();
    let text = said(&listing);
    assert!(
        text.contains("asked with the token of GITHUB_TOKEN"),
        "{text}"
    );
    scene.server.fail(Some(Reply::status(401)));
    let text = format!("{text}{}", said(&scene.listed()));
    assert!(text.contains("refused the token of GITHUB_TOKEN"), "{text}");
    assert!(!text.contains("ghp_") && !text.contains(SIGNATURE));
    let kept = scene.world.path(".git/vit");
    for entry in std::fs::read_dir(kept).unwrap().flatten() {
        let text = std::fs::read(entry.path()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        assert!(!text.contains("ghp_") && !text.contains(SIGNATURE));
    }
}

#[test]
fn the_gh_program_is_asked_for_its_host_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let mut scene = Scene::new();
    let folder = scene.world.root().join("programs");
    std::fs::create_dir_all(&folder).unwrap();
    let (program, log) = (folder.join("gh"), folder.join("log"));
    let script = format!(
        "#!/bin/sh\necho \"$@\" >> '{}'\necho {TOKEN}\n",
        log.display()
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::var("PATH").unwrap();
    scene.set("PATH", &format!("{}:{path}", folder.display()));
    scene.listed();
    let asked = std::fs::read_to_string(&log).unwrap();
    assert_eq!(asked, "auth token --hostname 127.0.0.1\n");
    let bearer = format!("Bearer {TOKEN}");
    let got = scene.server.asked()[0]
        .header("authorization")
        .map(str::to_owned);
    assert_eq!(got, Some(bearer));
    // Offline and within the time that an answer counts, nobody needs a token.
    scene.listed();
    scene.list(false).unwrap();
    assert_eq!(std::fs::read_to_string(&log).unwrap(), asked);

    let other = super::repository::Api::github();
    scene.set("GITHUB_TOKEN", TOKEN);
    scene.run(|cx| {
        // A variable of another API is not github.com's.
        let token = super::token::find(cx, &other);
        assert_eq!(token.unwrap().source(), "gh auth token");
    });
}

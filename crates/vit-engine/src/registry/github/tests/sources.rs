//! Which source an installation has.

use super::*;

fn kind(scene: &Scene) -> (String, String) {
    let source = scene.listed().source;
    (source.kind, source.location)
}

#[test]
fn the_settings_choose() {
    let (owner, name) = REPOSITORY;
    let pair = format!("{owner}/{name}");
    let shown = format!("127.0.0.1/{pair}");
    let mut scene = Scene::new();
    scene.refresh = true;
    let url = scene.server.remote_url();
    let of = |kind, location: Option<&str>| {
        let location = location.map(str::to_owned);
        Some(RegistrySettings { kind, location })
    };
    for (settings, wanted) in [
        (None, ("github", shown.as_str())),
        (of(RegistryKind::Auto, Some("origin")), ("github", &shown)),
        (of(RegistryKind::Auto, Some(&url)), ("github", &shown)),
        (of(RegistryKind::Github, None), ("github", &shown)),
        (of(RegistryKind::Github, Some(&pair)), ("github", &shown)),
        (of(RegistryKind::Github, Some(&url)), ("github", &shown)),
        (of(RegistryKind::Github, Some("origin")), ("github", &shown)),
        (of(RegistryKind::Git, None), ("git", "origin")),
    ] {
        scene.settings = settings.clone();
        let (kind, location) = kind(&scene);
        assert_eq!((kind.as_str(), location.as_str()), wanted, "{settings:?}");
    }
    // Named by its pair, it is the remote that is configured: with all that is configured for it.
    scene.settings = of(RegistryKind::Github, Some(&pair.to_uppercase()));
    scene.run(|cx| {
        assert_eq!(
            crate::registry::open(cx, None).unwrap().remote(),
            Some("origin")
        );
    });

    for bad in ["nowhere", "o/n/m", "https://gitlab.com/o/n", "--x/y"] {
        scene.settings = of(RegistryKind::Github, Some(bad));
        let error = scene.list(true).unwrap_err();
        assert!(
            error.to_string().contains("names no GitHub repository"),
            "{error}"
        );
    }
}

#[test]
fn a_remote_elsewhere_is_gits() {
    let mut scene = Scene::new();
    let origin = scene.world.origin();
    scene
        .world
        .git(&["config", "remote.origin.url", origin.to_str().unwrap()]);
    assert_eq!(kind(&scene).0, "git");
    assert_eq!(scene.server.count(), 0);
    scene.settings = Some(RegistrySettings {
        kind: RegistryKind::Github,
        location: None,
    });
    let error = scene.list(true).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the remote origin is no GitHub repository"
    );
}

#[test]
fn without_a_remote_the_environment_names_the_repository() {
    let mut scene = Scene::new();
    scene.world.git(&["remote", "remove", "origin"]);
    assert_eq!(kind(&scene), ("git".to_owned(), "local tags".to_owned()));
    let (owner, name) = REPOSITORY;
    scene.set("VITRUVYAN_REPO", &format!("{owner}/{name}"));
    assert_eq!(kind(&scene).0, "github");
    scene.set("VITRUVYAN_REPO", "banana");
    assert!(scene.list(true).is_err());
}

#[test]
fn an_api_that_is_none_is_said_before_anything_is_asked() {
    let mut scene = Scene::new();
    scene.set("GITHUB_API_URL", "http://ghe.example.com/api/v3");
    let error = scene.list(true).unwrap_err();
    assert!(error.to_string().contains("not encrypted"), "{error}");
    // Git alone needs no API.
    scene.settings = Some(RegistrySettings {
        kind: RegistryKind::Git,
        location: None,
    });
    assert_eq!(kind(&scene).0, "git");
}

/// Shared by threads of a gathering.
#[test]
fn registries_are_shared_between_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<GithubRegistry>();
    shared::<Arc<Heard>>();
}

use std::path::Path;

use super::*;
use crate::git::scratch::Scratch;

fn discover(repo: &Scratch, start: &Path) -> Result<Site, SiteError> {
    Site::discover(start, &repo.environment)
}

#[test]
fn a_plain_repository_needs_no_settings() {
    let repo = Scratch::new();
    let site = discover(&repo, &repo.root).unwrap();
    assert_eq!(site.root, repo.root);
    assert_eq!(site.git_dir, repo.root.join(".git"));
    assert_eq!(site.state_dir, repo.root.join(".git/vit"));
    assert_eq!(site.public_dir, repo.root.join(".vitruvyan"));
    assert_eq!(site.settings, Settings::default());
    assert_eq!((site.shallow, site.vertical_root), (false, None));
}

#[test]
fn it_works_from_below_through_links_and_from_the_git_folder() {
    let repo = Scratch::new();
    repo.write("domains/finanza è/vertical_manifest.yaml", "x: 1\n");
    repo.write("domains/finanza è/src/deep/file", "1");
    let below = repo.root.join("domains/finanza è/src/deep");
    let site = discover(&repo, &below).unwrap();
    assert_eq!(site.root, repo.root);
    let vertical = repo.root.join("domains/finanza è");
    assert_eq!(site.vertical_root.as_ref(), Some(&vertical));

    let link = repo.beside("link");
    std::os::unix::fs::symlink(&below, &link).unwrap();
    let site = discover(&repo, &link).unwrap();
    assert_eq!(site.vertical_root, Some(vertical));

    let inside = discover(&repo, &repo.root.join(".git/refs")).unwrap();
    assert_eq!(inside.root, repo.root);
}

#[test]
fn a_line_break_in_a_folders_name_is_no_harm() {
    let repo = Scratch::new();
    let strange = repo.beside("a\nb");
    std::fs::create_dir(&strange).unwrap();
    repo.run_in(&strange, &["init", "--quiet"]);
    let site = discover(&repo, &strange).unwrap();
    assert_eq!(site.root, strange);
    assert_eq!(site.common_dir, strange.join(".git"));
}

#[test]
fn a_linked_worktree_has_a_state_of_its_own() {
    let repo = Scratch::new();
    repo.commit("1");
    let linked = repo.beside("linked tree");
    let path = linked.to_str().unwrap();
    repo.run(&["worktree", "add", "--quiet", "--detach", path]);
    let site = discover(&repo, &linked).unwrap();
    assert_eq!(site.root, linked);
    assert_eq!(site.common_dir, repo.root.join(".git"));
    let name = site.git_dir.file_name().unwrap();
    assert_eq!(
        site.state_dir,
        repo.root.join(".git/vit/worktrees").join(name)
    );
}

#[test]
fn a_submodule_is_an_installation_and_a_shallow_clone_is_known() {
    let repo = Scratch::new();
    repo.commit("1");
    repo.commit("2");
    let outer = repo.beside("outer");
    std::fs::create_dir(&outer).unwrap();
    repo.run_in(&outer, &["init", "--quiet"]);
    let url = format!("file://{}", repo.root.display());
    repo.run_in(&outer, &["submodule", "--quiet", "add", &url, "sub"]);
    let site = discover(&repo, &outer.join("sub")).unwrap();
    assert_eq!(site.root, outer.join("sub"));
    assert_eq!(site.state_dir, outer.join(".git/modules/sub/vit"));

    let shallow = repo.beside("shallow");
    let path = shallow.to_str().unwrap();
    repo.run(&["clone", "--quiet", "--depth=1", &url, path]);
    assert!(discover(&repo, &shallow).unwrap().shallow);
}

#[test]
fn what_is_no_installation_is_told_apart() {
    let repo = Scratch::new();
    let none = repo.beside("none");
    std::fs::create_dir(&none).unwrap();
    assert!(matches!(
        discover(&repo, &none),
        Err(SiteError::NotARepository { .. })
    ));
    assert!(matches!(
        discover(&repo, &none.join("absent")),
        Err(SiteError::Start { .. })
    ));
    let bare = repo.beside("bare");
    repo.run(&["init", "--quiet", "--bare", bare.to_str().unwrap()]);
    assert!(matches!(
        discover(&repo, &bare),
        Err(SiteError::Bare { .. })
    ));
    if rustix::process::geteuid().is_root() {
        let foreign = repo.beside("foreign");
        repo.run(&["init", "--quiet", foreign.to_str().unwrap()]);
        std::os::unix::fs::chown(&foreign, Some(12345), None).unwrap();
        let error = discover(&repo, &foreign).unwrap_err().to_string();
        assert!(error.contains("safe.directory"), "{error}");
    }
    repo.write(".git/config", "[core\n");
    let damaged = discover(&repo, &repo.root).unwrap_err();
    assert!(damaged.to_string().contains("bad config"), "{damaged}");
    let without_git = Environment::new([("PATH".into(), none.into())]);
    let error = Site::discover(&repo.root, &without_git).unwrap_err();
    assert!(error.to_string().contains("`git` was not found"), "{error}");
}

#[test]
fn settings_stand_in_one_of_two_files() {
    let repo = Scratch::new();
    let site = || discover(&repo, &repo.root);
    repo.write("pyproject.toml", "[tool.vit]\nhistory_retention = 7\n");
    assert_eq!(site().unwrap().settings.history_retention, 7);
    repo.write("vit.toml", "history_retention = 8\nnonsense = 1\n");
    let found = site().unwrap();
    assert_eq!(found.settings.history_retention, 8);
    assert_eq!(found.problems.len(), 1);
    for broken in ["history_retention = 'x'\n", "[", &"#".repeat(300_000)] {
        repo.write("vit.toml", broken);
        let Err(SiteError::Settings { problems, .. }) = site() else {
            panic!("{broken:.20} was accepted");
        };
        assert!(problems.iter().any(Problem::blocks));
    }
    std::fs::remove_file(repo.root.join("vit.toml")).unwrap();
    repo.write("pyproject.toml", &"#".repeat(300_000));
    let found = site().unwrap();
    assert_eq!(found.problems[0].severity, Severity::Warning);
}

#[test]
fn the_state_folder_can_be_named_and_is_absolute() {
    let repo = Scratch::new();
    let with = |folder: &str| {
        let vars = repo.environment.for_git();
        let vars = vars.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let named = [("VIT_STATE_DIR".into(), folder.into())];
        Site::discover(&repo.root, &Environment::new(vars.chain(named)))
    };
    assert_eq!(with("/var/x").unwrap().state_dir, Path::new("/var/x"));
    assert!(matches!(with("x"), Err(SiteError::Settings { .. })));
}

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use super::*;
use crate::store::site_for_tests::site;

/// A repository with nothing but its git folder.
fn repository() -> (tempfile::TempDir, Site) {
    let dir = tempfile::tempdir().unwrap();
    let site = site(dir.path());
    fs::create_dir(&site.common_dir).unwrap();
    (dir, site)
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().mode() & 0o777
}

/// What `check` says, which is what `ensure` refuses with.
fn refused(folder: Folder<'_>) -> Problem {
    let problems = folder.check();
    let Err(EngineError::Refused { problems: same, .. }) = folder.ensure() else {
        panic!("not refused");
    };
    assert_eq!(problems, same);
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!(problems[0].code, Code::StateFolderUnsafe);
    problems[0].clone()
}

#[test]
fn folders_are_made_with_their_parents() {
    let (_dir, mut site) = repository();
    site.state_dir = site.common_dir.join("vit/worktrees/feature");
    assert_eq!(Folder::state(&site).check(), []);
    assert!(
        !site.common_dir.join("vit").exists(),
        "checking makes nothing"
    );
    for _ in 0..2 {
        Folder::state(&site).ensure().unwrap();
        Folder::public(&site).ensure().unwrap();
    }
    assert_eq!(mode(&site.state_dir), 0o700);
    assert_eq!(mode(&site.common_dir.join("vit")), 0o700);
    assert_eq!(
        mode(&site.public_dir) & !0o022,
        0o755 & mode(&site.public_dir)
    );
}

/// CASES.md 34: a link is refused, at the end and on the way, with the command that mends it.
#[test]
fn case_34_a_link_is_refused() {
    let (dir, mut site) = repository();
    let elsewhere = dir.path().join("elsewhere");
    fs::create_dir(&elsewhere).unwrap();
    symlink(&elsewhere, &site.state_dir).unwrap();
    symlink(dir.path().join("nowhere"), &site.public_dir).unwrap();
    let link = site.state_dir.clone();
    let problem = refused(Folder::state(&site));
    assert_eq!(problem.subject, link.display().to_string());
    assert!(
        problem
            .hint
            .unwrap()
            .contains(&format!("`rm '{}'`", link.display()))
    );
    assert!(
        refused(Folder::public(&site))
            .message
            .contains("symbolic link")
    );
    site.state_dir = site.common_dir.join("vit/worktrees/feature");
    assert_eq!(
        refused(Folder::state(&site)).subject,
        link.display().to_string()
    );
    assert_eq!(fs::read_dir(&elsewhere).unwrap().count(), 0);
}

/// CASES.md 34.
#[test]
fn case_34_a_world_writable_folder_is_refused() {
    let (_dir, site) = repository();
    Folder::state(&site).ensure().unwrap();
    fs::set_permissions(&site.state_dir, Permissions::from_mode(0o777)).unwrap();
    let problem = refused(Folder::state(&site));
    assert_eq!(problem.evidence.as_deref(), Some("its mode is 0777"));
    assert!(problem.hint.unwrap().contains("chmod -R o-w '"));
    fs::set_permissions(&site.state_dir, Permissions::from_mode(0o770)).unwrap();
    assert_eq!(
        Folder::state(&site).check(),
        [],
        "a group may share a repository"
    );
}

#[test]
fn a_file_in_place_of_the_folder_is_refused() {
    let (_dir, site) = repository();
    fs::File::create(&site.state_dir).unwrap();
    assert!(refused(Folder::state(&site)).hint.unwrap().contains("mv '"));
}

/// CASES.md 34: ours and the repository owner's are taken, nobody else's.
#[test]
fn case_34_a_folder_of_another_user_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("it's");
    fs::create_dir(&path).unwrap();
    let metadata = fs::symlink_metadata(&path).unwrap();
    let owner = metadata.uid();
    assert_eq!(
        judge(Kind::State, &path, &metadata, [owner, owner + 1]),
        None
    );
    assert_eq!(
        judge(Kind::State, &path, &metadata, [owner + 1, owner]),
        None
    );
    let problem = judge(Kind::State, &path, &metadata, [owner + 1, owner + 2]).unwrap();
    let hint = problem.hint.unwrap();
    assert!(
        hint.contains(&format!("sudo chown -R {} '", owner + 2)),
        "{hint}"
    );
    assert!(hint.contains(r"it'\''s'"), "{hint}");
}

#[test]
fn the_public_folder_is_excluded_once_and_the_rest_kept() {
    let (_dir, site) = repository();
    let exclude = site.common_dir.join("info/exclude");
    let run = || {
        exclude_public_dir(&site.common_dir, &Faults::default()).unwrap();
        fs::read_to_string(&exclude).unwrap()
    };
    assert_eq!(run(), "/.vitruvyan/\n", "without an info folder");
    assert_eq!(run(), "/.vitruvyan/\n");
    for (before, after) in [
        ("# mine\n*.log", "# mine\n*.log\n/.vitruvyan/\n"),
        ("a\n.vitruvyan/\r\nb\n", "a\n.vitruvyan/\r\nb\n"),
        ("!/.vitruvyan/\n", "!/.vitruvyan/\n/.vitruvyan/\n"),
    ] {
        atomic::write(&exclude, before.as_bytes(), &Faults::default()).unwrap();
        assert_eq!(run(), after);
    }
}

#[test]
fn an_exclude_file_that_is_kept_elsewhere_stays_there() {
    let (dir, site) = repository();
    let (real, link) = (
        dir.path().join("mine"),
        site.common_dir.join("info/exclude"),
    );
    atomic::write(&real, b"*.log\n", &Faults::default()).unwrap();
    fs::create_dir(site.common_dir.join("info")).unwrap();
    symlink(&real, &link).unwrap();
    exclude_public_dir(&site.common_dir, &Faults::default()).unwrap();
    assert_eq!(fs::read_to_string(&real).unwrap(), "*.log\n/.vitruvyan/\n");
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
}

/// CASES.md 33.
#[cfg(feature = "faults")]
#[test]
fn case_33_a_failed_exclude_keeps_what_people_wrote() {
    let (_dir, site) = repository();
    let exclude = site.common_dir.join("info/exclude");
    fs::create_dir(site.common_dir.join("info")).unwrap();
    atomic::write(&exclude, b"*.log\n", &Faults::default()).unwrap();
    let faults = crate::store::fault_rules::faults("atomic.exclude.write=enospc");
    let error = exclude_public_dir(&site.common_dir, &faults).unwrap_err();
    assert!(error.to_string().contains("exclude"), "{error}");
    assert_eq!(fs::read_to_string(&exclude).unwrap(), "*.log\n");
}

//! What a folder says of itself, without a Python in sight; and what trees say is installed.

use std::os::unix::fs::{PermissionsExt as _, symlink};

use vit_testkit::World;

use super::inputs::{Requirement, of_tree};
use super::*;
use crate::steps::in_world;

#[expect(
    clippy::disallowed_methods,
    reason = "the rule is for the program's state, this is a test's"
)]
fn put(path: impl AsRef<Path>, text: &str) {
    let path = path.as_ref();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A folder that looks like an environment.
fn environment() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = |path: &str| folder.path().join(path);
    put(at("pyvenv.cfg"), "home = /usr/bin\n");
    fs::create_dir(at("bin")).unwrap();
    symlink("/bin/sh", at("bin/python")).unwrap();
    let info = "lib/python3.11/site-packages/alpha-1.0.dist-info";
    put(at(&format!("{info}/RECORD")), "alpha/__init__.py,,\n");
    folder
}

fn code(path: &Path) -> Option<Code> {
    fault(path).map(|problem| problem.code)
}

#[test]
fn what_is_no_environment_and_what_does_not_start() {
    let folder = environment();
    let path = folder.path();
    let python = path.join("bin/python");
    assert_eq!(code(path), None);
    fs::remove_file(&python).unwrap();
    assert_eq!(code(path), Some(Code::EnvironmentInvalid));
    symlink("/gone/python", &python).unwrap();
    let broken = fault(path).unwrap();
    assert_eq!(broken.code, Code::EnvironmentBroken);
    assert!(broken.evidence.unwrap().contains("/gone/python"));
    fs::remove_file(&python).unwrap();
    put(&python, "no program\n");
    fs::set_permissions(&python, fs::Permissions::from_mode(0o644)).unwrap();
    assert_eq!(code(path), Some(Code::EnvironmentBroken));
    fs::remove_file(path.join("pyvenv.cfg")).unwrap();
    assert_eq!(code(path), Some(Code::EnvironmentInvalid));
    assert_eq!(code(&python), Some(Code::EnvironmentInvalid));
    assert_eq!(code(&path.join("gone")), Some(Code::EnvironmentInvalid));
}

#[test]
fn running_python_does_not_change_the_fingerprint_and_installing_does() {
    let folder = environment();
    let site = folder.path().join("lib/python3.11/site-packages");
    let before = fingerprint(folder.path());
    put(site.join("alpha/__pycache__/x.pyc"), "bytecode");
    put(site.join("alpha/__init__.py"), "edited by hand");
    assert_eq!(fingerprint(folder.path()), before);
    let mut seen = vec![before];
    for (path, text) in [
        ("alpha-1.0.dist-info/RECORD", "other\n"),
        ("alpha-1.0.dist-info/direct_url.json", "{}"),
        ("beta-1.0.dist-info/RECORD", ""),
        ("../../../pyvenv.cfg", "home = /opt\n"),
    ] {
        put(site.join(path), text);
        let now = fingerprint(folder.path());
        assert!(!seen.contains(&now), "{path}");
        seen.push(now);
    }
}

#[test]
fn others_are_found_by_where_they_were_installed_from() {
    let folder = environment();
    let (root, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let named = other.path().join("with space");
    fs::create_dir(&named).unwrap();
    let site = folder.path().join("lib/python3.11/site-packages");
    for (name, url, info) in [
        ("own", root.path().display().to_string(), "dir_info"),
        ("other", named.display().to_string(), "dir_info"),
        ("gone", "/gone/away".to_owned(), "dir_info"),
        ("archive", named.display().to_string(), "archive_info"),
    ] {
        let url = url.replace(' ', "%20");
        put(
            site.join(format!("{name}-1.dist-info/direct_url.json")),
            &format!("{{\"url\": \"file://{url}\", \"{info}\": {{}}}}"),
        );
    }
    let found = others_in(folder.path(), root.path());
    assert_eq!(found, [named.display().to_string()]);
    // What lies in the installation is its own, whoever else is installed there.
    assert_eq!(others_in(folder.path(), folder.path()), [""; 0]);
    assert_eq!(decoded("/a%2"), None);
}

/// From trees alone: which files count, and when anything differs.
#[test]
fn inputs_are_those_that_are_used() {
    let world = World::default();
    world
        .publish("1.1.0", |r| {
            r.file("pyproject.toml", Some("[tool.ruff]\n"))
                .file("requirements.txt", Some("-r requirements/base.txt\n"))
                .file("requirements/base.txt", Some("a==1\n-c ../pins.txt\n"))
                .file("pins.txt", Some("b==1\n-r requirements.txt\n"))
                .file("requirements-dev.txt", Some("c==1\n"))
        })
        .publish("1.2.0", |r| r.file("requirements-dev.txt", Some("c==2\n")))
        .publish("1.3.0", |r| r.file("pins.txt", Some("b==2\n")))
        .publish("1.4.0", |r| {
            r.file("pyproject.toml", Some("[project]\nname = \"x\"\n"))
        })
        .publish("1.5.0", |r| r.file("plugins/__init__.py", Some("")));
    world.git(&["fetch", "--quiet", "--tags"]);
    in_world(&world, |cx| {
        let of = |tag: &str| of_tree(cx, &world.tree_of(tag), &[]).unwrap();
        let [a, b, c, d, e] = ["v1.1.0", "v1.2.0", "v1.3.0", "v1.4.0", "v1.5.0"].map(of);
        let file = Requirement::File("requirements.txt".into());
        assert_eq!(a.install, [file]);
        let names: Vec<_> = a
            .files
            .keys()
            .map(|path| path.display().to_string())
            .collect();
        assert_eq!(
            names,
            ["pins.txt", "requirements/base.txt", "requirements.txt"]
        );
        assert_eq!(a.differing(&b), [""; 0]);
        assert_eq!(b.differing(&c), ["pins.txt"]);
        assert_eq!(d.install, [Requirement::Editable]);
        assert!(c.differing(&d).contains(&"pyproject.toml".to_owned()));
        assert_eq!(d.differing(&e), ["new package plugins"]);
        let wanted = ["requirements-dev.txt".to_owned()];
        let dev = of_tree(cx, &world.tree_of("v1.2.0"), &wanted).unwrap();
        assert_eq!(dev.files.len(), 1);
    });
}

//! The lock of uv: edited where Core comes from git, made anew by uv where it does not.

use vit_testkit::python::{self, Wheel};
use vit_testkit::{World, tools};

use super::{blocking, plan, sound, world};
use crate::transaction::{rollback, upgrade};

/// The lock of a project that has Core from git by its tag.
fn lock_of_git(commit: &str) -> String {
    format!(
        "version = 1\nrequires-python = \">=3.11\"\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\n\
         source = {{ virtual = \".\" }}\ndependencies = [\n    {{ name = \"vitruvyan-core\" }},\n]\n\n\
         [package.metadata]\nrequires-dist = [{{ name = \"vitruvyan-core\", git = \"https://example.org/core?tag=v1.0.0\" }}]\n\n\
         [[package]]\nname = \"vitruvyan-core\"\nversion = \"1.0.0\"\n\
         source = {{ git = \"https://example.org/core?tag=v1.0.0#{commit}\" }}\n"
    )
}

const PROJECT_OF_GIT: &str = "[project]\nname = \"app\"\nversion = \"0.1.0\"\nrequires-python = \">=3.11\"\n\
     dependencies = [\"vitruvyan-core\"]\n\n[tool.uv.sources]\nvitruvyan-core = { git = \"https://example.org/core\", tag = \"v1.0.0\" } # kept\n";

/// A project with Core from git, its lock naming the commit of 1.0.0.
fn of_git() -> World {
    let world = world("exit 0", &[("pyproject.toml", PROJECT_OF_GIT)]);
    let lock = lock_of_git(&world.commit_of("v1.0.0"));
    world.write("uv.lock", lock);
    world.git(&["add", "uv.lock"]);
    world.git(&["commit", "--quiet", "-m", "The lock"]);
    // The lock's commit is looked at, so both releases are fetched.
    world.vit(&["update"]).assert_code(0);
    world
}

#[test]
fn a_lock_of_git_is_edited_where_the_release_needs_the_same() {
    let world = of_git();
    let before = world.state();
    let old = world.read("uv.lock");
    upgrade(&world).run().assert_code(0);
    let commits = [world.commit_of("v1.0.0"), world.commit_of("v1.1.0")];
    let expected = old
        .replace("v1.0.0", "v1.1.0")
        .replace("\"1.0.0\"", "\"1.1.0\"")
        .replace(&commits[0], &commits[1]);
    assert_eq!(world.read("uv.lock"), expected);
    assert_eq!(
        world.read("pyproject.toml"),
        PROJECT_OF_GIT.replace("v1.0.0", "v1.1.0")
    );
    sound(&world).unwrap();
    rollback(&world).run().assert_code(0);
    world.state().assert_same(&before);
}

/// Where the release needs something else, nobody but uv can say what is locked; it cannot reach
/// the address, and the plan says what to run.
#[test]
fn a_lock_of_git_is_not_edited_where_the_release_needs_something_else() {
    let world = of_git();
    let needs = "[project]\nname = \"vitruvyan-core\"\ndynamic = [\"version\"]\ndependencies = [\"more\"]\n";
    world.publish("1.2.0", |r| {
        r.feature("a bus").file("pyproject.toml", Some(needs))
    });
    let run = world
        .command(["plan", "--json", "--target", "1.2.0"])
        .env("PATH", path_without_uv(&world))
        .run();
    let found = run.json();
    assert_eq!(blocking(&found), ["pin_lock_stale"], "{found}");
    let words = "uv lock --upgrade-package vitruvyan-core==1.2.0";
    assert!(found.to_string().contains(words), "{found}");
}

/// A folder with git and nothing else.
fn path_without_uv(world: &World) -> std::path::PathBuf {
    let bin = world.home().join("bin");
    std::fs::create_dir_all(&bin).unwrap();
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let git = std::env::split_paths(&paths)
        .map(|folder| folder.join("git"))
        .find(|git| git.is_file())
        .unwrap();
    std::os::unix::fs::symlink(git, bin.join("git")).unwrap();
    bin
}

/// Runs uv in the installation, offline, with the wheels of the world.
fn offline(world: &World, invocation: vit_testkit::Invocation) -> vit_testkit::Invocation {
    let wheels = world.root().join("wheels");
    invocation
        .env("UV_FIND_LINKS", &wheels)
        .env("UV_NO_INDEX", "1")
        .env("UV_OFFLINE", "1")
        .env("UV_CACHE_DIR", world.root().join("cache"))
        .env("UV_PYTHON_DOWNLOADS", "never")
}

#[test]
fn a_lock_of_wheels_is_made_anew_by_uv() {
    if !tools::need("uv") || !python::need() {
        return;
    }
    let text = "[project]\nname = \"app\"\nversion = \"0.1.0\"\nrequires-python = \">=3.11\"\ndependencies = [\"vitruvyan-core==1.0.0\"] # kept\n";
    let world = world("exit 0", &[("pyproject.toml", text)]);
    let wheels = world.root().join("wheels");
    for version in ["1.0.0", "1.1.0"] {
        Wheel::new("vitruvyan-core", version)
            .module(&format!("__version__ = \"{version}\"\n"))
            .write(&wheels);
    }
    let uv = world.program("uv".as_ref(), ["lock", "--no-progress"]);
    offline(&world, uv).run().assert_code(0);
    world.git(&["add", "uv.lock"]);
    world.git(&["commit", "--quiet", "-m", "The lock"]);
    let before = world.state();
    let first = plan(&world);
    // Without the wheels uv finds nothing, and the plan says so.
    assert_eq!(blocking(&first), ["pin_lock_stale"], "{first}");

    offline(&world, upgrade(&world)).run().assert_code(0);
    assert_eq!(
        world.read("pyproject.toml"),
        text.replace("==1.0.0", "==1.1.0")
    );
    let check = world.program("uv".as_ref(), ["lock", "--check", "--no-progress"]);
    offline(&world, check).run().assert_code(0);
    let lock = world.read("uv.lock");
    assert!(
        lock.contains("version = \"1.1.0\"") && lock.contains("==1.1.0"),
        "{lock}"
    );
    rollback(&world).run().assert_code(0);
    world.state().assert_same(&before);
}

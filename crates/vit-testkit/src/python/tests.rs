use super::*;
use crate::world::World;

#[test]
fn a_wheel_is_built_installed_and_seen() {
    if !need_pip() {
        return;
    }
    let world = World::default();
    let wheels = world.root().join("wheels");
    Wheel::new("base", "1.0").module("N = 1\n").write(&wheels);
    Wheel::new("greeting", "2.0")
        .module("import base\nWORD = base.N\n")
        .requires("base>=1")
        .write(&wheels);
    for file in project("core-of-tests", "1.0.0", &["greeting==2.0"]) {
        crate::world::write(&world.installation(), &file);
    }
    let env = venv(&world.path(".venv"));
    let before = env.manifest();
    let install = world.program(
        &env.python(),
        ["-m", "pip", "install", "-q", "--no-compile", "-e", "."],
    );
    offline(install, &wheels).run().assert_code(0);
    assert_eq!(
        env.distributions(),
        ["base 1.0", "core_of_tests 1.0.0", "greeting 2.0"]
    );
    let code = "import greeting, vitruvyan_core; print(greeting.WORD)";
    assert_eq!(env.run(&world.home(), code), Ok("1".to_owned()));
    assert!(!manifest_diff(&before, &env.manifest()).is_empty());
}

#[test]
fn the_stand_in_installs_lines_of_a_file() {
    if !need() {
        return;
    }
    let world = World::default();
    let env = bare_venv(&world.path(".venv"));
    let uv = stub_uv(&world.root().join("bin")).join("uv");
    for version in ["1.0", "2.0"] {
        world.write(
            "requirements.txt",
            format!("# a comment\nalpha=={version}\n"),
        );
        let python = env.python();
        let args = [
            "pip",
            "install",
            "--python",
            python.to_str().unwrap(),
            "-r",
            "requirements.txt",
        ];
        world.program(&uv, args).run().assert_code(0);
        assert_eq!(env.distributions(), [format!("alpha {version}")]);
        let code = "import alpha; print(alpha.VERSION)";
        assert_eq!(env.run(&world.home(), code), Ok(version.to_owned()));
    }
}

//! A rehearsal's environment is its own: what the plan would install is installed there, scripts
//! and imports lead into it, and the live one is the same to the last byte.

use vit_testkit::{Run, World};

use super::{Live, left, outcome};
use crate::environment::{NEEDS_OLD, assert_same_env, env_of, manifest, upgrade, with_stub, world};
use crate::transaction::put;

pub(super) fn rehearse(world: &World) -> Run {
    with_stub(world, &["plan", "--json"]).run();
    let (state, live, env) = (world.state(), Live::of(world), manifest(world));
    let run = with_stub(world, &["plan", "--rehearse", "--json"]).run();
    world.state().assert_same(&state);
    assert_eq!(Live::of(world), live, "{run:?}");
    assert_same_env(world, &env);
    assert_eq!(left(world), [""; 0]);
    run
}

/// Only with what 1.1.0 wants, and only inside the rehearsal or the installation itself.
const NEEDS_NEW: &str = "python -B -c 'import alpha, os, sys\n\
    assert alpha.VERSION == \"2.0\", alpha.VERSION\n\
    assert sys.prefix.startswith(os.environ[\"VIT_CORE_ROOT\"]), sys.prefix\n\
    assert os.environ[\"VIRTUAL_ENV\"] == sys.prefix\n\
    assert alpha.__file__.startswith(sys.prefix), alpha.__file__'";

#[test]
fn what_the_plan_installs_is_installed_there() {
    let world = world(NEEDS_NEW);
    let run = rehearse(&world);
    run.assert_code(0);
    assert_eq!(outcome(&run), "pass", "{run:?}");
    assert_eq!(run.json()["rehearsal"]["environment"], true);
    upgrade(&world).run().assert_code(0);
}

#[test]
fn what_does_not_work_with_it_fails_there() {
    let world = world(NEEDS_OLD);
    let run = rehearse(&world);
    run.assert_code(1);
    assert_eq!(outcome(&run), "fail");
    upgrade(&world).run().assert_code(3);
}

/// Scripts, path files and editable packages name the live places by their absolute paths.
#[test]
fn scripts_and_path_files_lead_into_the_rehearsal() {
    let world = world(
        "cd / && hello && python -B -c 'import os, own, sys\n\
         assert own.__file__.startswith(os.environ[\"VIT_CORE_ROOT\"]), own.__file__'",
    );
    let env = env_of(&world);
    let script = env.path.join("bin/hello");
    let text = format!(
        "#!/bin/sh\n'''exec' \"{}\" \"$0\" \"$@\"\n' '''\nimport os, sys\n\
         assert sys.prefix.startswith(os.environ['VIT_CORE_ROOT']), sys.prefix\n",
        env.python().display()
    );
    put(&script, text);
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&script, mode).unwrap();
    world.write("lib_of_ours/own.py", "OWN = 1\n");
    let line = format!("{}\n", world.path("lib_of_ours").display());
    put(env.site_packages().join("own.pth"), line);
    let run = rehearse(&world);
    run.assert_code(0);
    assert_eq!(outcome(&run), "pass", "{run:?}");
    upgrade(&world).run().assert_code(0);
}

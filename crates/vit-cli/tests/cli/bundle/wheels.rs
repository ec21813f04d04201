//! Dependencies without an index: installed from what the bundle brought, and from nothing else.

use std::path::Path;

use vit_testkit::{Invocation, World, python, tools};

use super::{create, import, text};
use crate::environment::{self, env_of};
use crate::installation::{answer, problem, valid};

/// Core 1.0.0 that wants alpha 1.0, its origin with a release that wants alpha 2.0 and so beta.
fn published(world: &World) -> &World {
    world
        .vertical("finance", |v| v.smoke("python -B -c 'import alpha'"))
        .publish("1.1.0", |r| {
            r.file("requirements.txt", Some("alpha==2.0\n"))
        })
}

/// A run that finds pip only, with a configuration that would send it to an index.
fn with_pip(world: &World, args: &[&str]) -> Invocation {
    world
        .command(args)
        .env(
            "PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        )
        .env("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
        .env("PIP_NO_CACHE_DIR", "1")
}

#[test]
fn dependencies_come_from_the_bundle_alone() {
    if !python::need_pip() {
        return;
    }
    let [sender, receiver] = [0, 1].map(|_| environment::builder("alpha==1.0\n").build());
    published(&sender);
    published(&receiver);
    let wheels = environment::wheels(&sender);
    let env = python::venv(&receiver.path(".venv"));
    let install = ["-m", "pip", "install", "-q", "alpha==1.0"];
    let install = receiver.program(&env.python(), install);
    python::offline(install, &wheels).run().assert_code(0);
    let before = env_of(&receiver).manifest();
    std::fs::remove_dir_all(receiver.origin()).unwrap();

    // Without wheels the plan says so, before anything is done.
    let bare = create(&sender, "bare", &["--target", "1.1.0"]);
    import(&receiver, &bare, 0);
    let plan = valid(&with_pip(&receiver, &["plan", "--json"]).run());
    let hint = problem(&plan, "wheels_missing")["hint"].to_string();
    assert!(hint.contains("--wheels"), "{hint}");

    std::fs::remove_file(wheels.join("alpha-3.0-py3-none-any.whl")).unwrap();
    let args = ["--target", "1.1.0", "--wheels", text(&wheels)];
    let file = create(&sender, "full", &args);
    let report = import(&receiver, &file, 0);
    let sha256 = report["sha256"].as_str().unwrap();
    let kept = receiver.path(format!(".git/vit/imports/wheels/{sha256}"));
    let plan = valid(&with_pip(&receiver, &["plan", "--rehearse", "--json"]).run());
    let action = &plan["steps"][1]["action"];
    let words = action["commands"][0].to_string();
    for word in ["--no-index", "--find-links", text(&kept)] {
        assert!(words.contains(word), "{word}: {words}");
    }
    assert_eq!(action["wheels"][0]["files"].as_array().unwrap().len(), 3);
    assert_eq!(plan["rehearsal"]["outcome"], "pass", "{plan:#}");
    assert!(!plan.to_string().contains("wheels_missing"));

    // One that was changed meanwhile is not used, and nothing else is either.
    let wheel = kept.join("beta-1.0-py3-none-any.whl");
    let good = std::fs::read(&wheel).unwrap();
    crate::transaction::put(&wheel, [&good[..], b"x"].concat());
    let run = with_pip(&receiver, &["upgrade", "--yes", "--json"]).run();
    run.assert_code(3);
    problem(&run.json(), "wheel_changed");
    assert_eq!(env_of(&receiver).manifest(), before);
    // The same file again mends it.
    assert_eq!(import(&receiver, &file, 0)["status"], "imported");
    assert_eq!(std::fs::read(&wheel).unwrap(), good);

    upgraded(&receiver);
    assert_eq!(env_of(&receiver).distributions(), ["alpha 2.0", "beta 1.0"]);
    std::fs::remove_dir_all(receiver.path(".git/vit/imports")).unwrap();
    receiver.vit(&["rollback", "--yes"]).assert_code(0);
    assert_eq!(env_of(&receiver).manifest(), before);
    assert_eq!(answer(&receiver, &["status"], 0)["core_version"], "1.0.0");
}

/// Upgrades with the network taken away, where that can be done.
fn upgraded(world: &World) {
    let args = [
        "upgrade",
        "--yes",
        "--json",
        "--retry-quarantined",
        "mended",
    ];
    let works = || {
        let run = world.program(Path::new("unshare"), ["-rn", "true"]).run();
        run.code() == Some(0)
    };
    let run = if tools::need_that("unshare -n", works) {
        let bin = world.bin().to_str().unwrap().to_owned();
        let args = ["-rn", bin.as_str()].into_iter().chain(args);
        world.program(Path::new("/usr/bin/unshare"), args).env(
            "PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        )
    } else {
        with_pip(world, &args)
    };
    run.run().assert_code(0);
}

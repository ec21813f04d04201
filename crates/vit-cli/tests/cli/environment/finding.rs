//! Which environment it is, and what stands against it.

use vit_testkit::{World, python, smoke};

use super::{builder, env_of, problem_codes, upgrade, with_stub, world};
use crate::transaction::{outcomes, put};

fn plan(world: &World) -> vit_testkit::Run {
    with_stub(world, &["plan", "--json"]).run()
}

#[test]
fn named_in_the_settings_by_the_shell_or_by_its_place() {
    if !python::need() {
        return;
    }
    let world = world("exit 0");
    assert_eq!(plan(&world).json()["environment"]["found_by"], ".venv");
    let other = python::bare_venv(&world.root().join("other"));
    let run = with_stub(&world, &["plan", "--json"]).env("VIRTUAL_ENV", &other.path);
    let environment = run.run().json()["environment"].clone();
    assert_eq!(environment["found_by"], "VIRTUAL_ENV");
    assert_eq!(environment["path"], other.path.to_str().unwrap());
    assert_eq!(environment["state"], "changes");
    assert_eq!(
        environment["because"],
        serde_json::json!(["base.txt", "requirements.txt"])
    );
    world.write(
        "vit.toml",
        "[environment]\npath = \".venv\"\ninstall = \"base.txt\"\n",
    );
    let environment = run.run().json()["environment"].clone();
    assert_eq!(environment["found_by"], "vit.toml");
    assert_eq!(environment["because"], serde_json::json!(["base.txt"]));
    world.write("vit.toml", "[environment]\nmanage = false\n");
    assert_eq!(plan(&world).json()["environment"]["state"], "not_managed");
    with_stub(&world, &["plan"])
        .run()
        .assert_stdout("dependencies are not managed");
}

#[test]
fn none_is_none() {
    let world = builder("alpha==1.0\n").build();
    world.publish("1.1.0", |r| {
        r.file("requirements.txt", Some("alpha==2.0\n"))
    });
    assert_eq!(plan(&world).json()["environment"]["state"], "not_managed");
    upgrade(&world).run().assert_code(0);
}

/// What is broken already is not made the upgrade's fault, and is not installed into.
#[test]
fn a_folder_that_is_none_and_one_that_does_not_start() {
    if !python::need() {
        return;
    }
    let breaks: [(&str, fn(&World)); 5] = [
        ("environment_invalid", |w| {
            std::fs::remove_file(w.path(".venv/pyvenv.cfg")).unwrap()
        }),
        ("environment_invalid", |w| {
            std::fs::remove_dir_all(w.path(".venv")).unwrap();
            put(w.path(".venv"), "a file\n");
        }),
        ("environment_invalid", |w| {
            std::fs::remove_dir_all(w.path(".venv/bin")).unwrap()
        }),
        ("environment_broken", |w| {
            std::fs::remove_file(w.path(".venv/bin/python")).unwrap();
            std::os::unix::fs::symlink("/gone/python3", w.path(".venv/bin/python")).unwrap();
        }),
        ("environment_broken", |w| {
            std::fs::remove_file(w.path(".venv/bin/python")).unwrap();
            put(w.path(".venv/bin/python"), "no program\n");
        }),
    ];
    let prepared = world("exit 0");
    for (code, break_it) in breaks {
        let world = prepared.copy();
        break_it(&world);
        let run = upgrade(&world).run();
        run.assert_code(1);
        assert!(
            problem_codes(&run).contains(&code.to_owned()),
            "{code}: {run:?}"
        );
        assert_eq!(outcomes(&world), [""; 0]);
        world.publish("1.1.1", |r| {
            r.file("requirements.txt", Some("alpha==1.0\n"))
                .file("base.txt", None)
        });
        let plan = with_stub(&world, &["plan", "--json"]).run();
        assert!(
            problem_codes(&plan).contains(&code.to_owned()),
            "{code}: {plan:?}"
        );
        upgrade(&world).run().assert_code(0);
    }
}

#[test]
fn an_environment_of_others_is_named() {
    if !python::need() {
        return;
    }
    let world = world("exit 0");
    let other = python::bare_venv(&world.root().join("shared"));
    let neighbour = world.root().join("neigh bour");
    std::fs::create_dir(&neighbour).unwrap();
    let info = other.site_packages().join("neighbour-1.0.dist-info");
    std::fs::create_dir(&info).unwrap();
    let url = format!("file://{}", neighbour.to_str().unwrap().replace(' ', "%20"));
    put(
        info.join("direct_url.json"),
        format!("{{\"url\": \"{url}\", \"dir_info\": {{\"editable\": true}}}}"),
    );
    let run = with_stub(&world, &["plan", "--json"])
        .env("VIRTUAL_ENV", &other.path)
        .run();
    assert!(
        problem_codes(&run).contains(&"environment_shared".to_owned()),
        "{run:?}"
    );
    assert!(run.stdout.contains("neigh bour"), "{run:?}");
}

/// Smoke tests find the environment's own Python, without anybody having activated it.
#[test]
fn smoke_tests_run_in_the_environment() {
    if !python::need() {
        return;
    }
    let script = "[ \"$(command -v python)\" = \"$VIT_CORE_ROOT/.venv/bin/python\" ] && \
                  [ \"$VIRTUAL_ENV\" = \"$VIT_CORE_ROOT/.venv\" ] && \
                  [ \"$(python -B -c 'import alpha; print(alpha.VERSION)')\" = 2.0 ]";
    let world = world(script);
    upgrade(&world).run().assert_code(0);
    assert_eq!(env_of(&world).distributions(), ["alpha 2.0", "beta 1.0"]);
    let _ = smoke::REMOVED;
}

#[test]
fn the_plan_and_the_doctor_show_it() {
    if !python::need() {
        return;
    }
    let world = world("exit 0");
    let plan = with_stub(&world, &["plan"]).run();
    plan.assert_stdout("environment");
    plan.assert_stdout("uv 0.0.0 installs");
    plan.assert_stdout("base.txt, requirements.txt");
    with_stub(&world, &["doctor"])
        .run()
        .assert_stdout("found by .venv");
    std::fs::remove_file(world.path(".venv/bin/python")).unwrap();
    std::os::unix::fs::symlink("/gone", world.path(".venv/bin/python")).unwrap();
    with_stub(&world, &["doctor"])
        .run()
        .assert_stdout("does not start");
}

//! Every step run and undone once, twice, and from the middle; the smoke tests' timeout.

use vit_contract::code::Code;
use vit_contract::history::Outcome;
use vit_contract::output::SmokeOutcome;
use vit_contract::plan::{
    EnvironmentAction, EnvironmentStep, Installer, Position, SmokeTest, Step,
};
use vit_testkit::{State, World};

use super::{environment, leftovers, probe, switch_tree, vertical_files};
use crate::cancel::Cancel;
use crate::clock::SystemClock;
use crate::context::{Actor, Context};
use crate::environment::Environment;
use crate::event::Silent;
use crate::exec::proof::{self, Expected};
use crate::exec::record::path_text;
use crate::exec::transaction::Held;
use crate::faults::Faults;
use crate::git::Git;
use crate::site::Site;
use crate::store::evidence::Evidence;
use crate::store::folder::Folder;

/// An installation of 1.0.0 on `main` that has 1.1.0's objects.
fn world(smoke: &str) -> World {
    let world = World::default();
    world
        .vertical("finance", |v| {
            v.smoke(smoke).file("rules.py", "RULES = 1\n")
        })
        .publish("1.1.0", |r| {
            r.remove_file(vit_testkit::smoke::REMOVED)
                .file("vitruvyan_core/core/new.py", Some("NEW = 1\n"))
        });
    world.git(&["fetch", "--quiet", "--tags"]);
    world
}

pub(crate) fn with<T>(world: &World, act: impl FnOnce(&Context<'_>) -> T) -> T {
    let environment = Environment::new(world.environment());
    let site = Site::discover(&world.installation(), &environment).unwrap();
    act(&Context {
        git: &Git::open(&site.root, &environment),
        site: &site,
        environment: &environment,
        clock: &SystemClock::default(),
        reporter: &Silent,
        cancel: &Cancel::default(),
        actor: &Actor::default(),
        faults: &Faults::default(),
        network: &crate::network::Network::none(),
        channel_override: None,
    })
}

fn position(world: &World, tag: &str, branch: Option<&str>) -> Position {
    Position {
        commit: world.commit_of(tag),
        tree: world.tree_of(tag),
        branch: branch.map(str::to_owned),
    }
}

const MAIN: Option<&str> = Some("refs/heads/main");
/// What git calls the vertical that stands there untracked.
const BEFORE: &str = "domains/";

fn undo(cx: &Context<'_>, from: &Position, to: &Position) {
    Folder::state(cx.site).ensure().unwrap();
    let evidence = Evidence::create(&cx.site.state_dir, "t1").unwrap();
    let before = [BEFORE.to_owned()];
    let keep = leftovers::Leftovers {
        transaction: "t1",
        before: &before,
        evidence: Some(&evidence),
    };
    switch_tree::undo(cx, from, to, &keep).unwrap();
    let expected = Expected {
        position: from,
        files: None,
        untracked: Some(&before),
        comparing: None,
        environment: None,
    };
    let proof = proof::by_content(cx, &expected).unwrap();
    assert!(proof.verified, "{proof:?}");
}

#[test]
fn switching_and_going_back_any_number_of_times() {
    for branch in [None, MAIN] {
        let world = world("exit 0");
        let old = world.state();
        let (from, to) = (
            position(&world, "v1.0.0", MAIN),
            position(&world, "v1.1.0", branch),
        );
        with(&world, |cx| {
            // Undone before it was ever run.
            undo(cx, &from, &to);
            world.state().assert_same(&old);
            let mut new: Option<State> = None;
            for (runs, undos) in [(1, 1), (2, 2), (1, 2), (2, 1)] {
                for _ in 0..runs {
                    switch_tree::run(cx, &from, &to).unwrap();
                    let now = world.state();
                    now.assert_same(new.get_or_insert_with(|| now.clone()));
                }
                for _ in 0..undos {
                    undo(cx, &from, &to);
                    world.state().assert_same(&old);
                }
            }
        });
    }
}

/// Whatever a killed git or a person left: half a tree, no index, a lock, a branch that moved.
#[test]
fn going_back_from_any_wreck() {
    let start = world("exit 0");
    let old = start.state();
    for wreck in [
        "git checkout -q v1.1.0 -- vitruvyan_core",
        "git checkout -q v1.1.0 && rm .git/index",
        "git checkout -q v1.1.0 && : > .git/index.lock && : > .git/packed-refs.lock",
        "git reset -q --soft v1.1.0",
        "git checkout -q v1.1.0 && git read-tree v1.0.0",
        "git checkout -q v1.1.0 && rm -rf vitruvyan_core && : > vitruvyan_core",
        "git branch -q -f other && git symbolic-ref HEAD refs/heads/other && echo x > new",
        "git -c user.name=x -c user.email=x@y commit -q --allow-empty -m mine",
        "git checkout -q v1.1.0 && git update-index --skip-worktree README.md && echo x > README.md",
    ] {
        let world = start.copy();
        world
            .program("/bin/sh".as_ref(), ["-c", wreck])
            .run()
            .assert_code(0);
        let (from, to) = (
            position(&world, "v1.0.0", MAIN),
            position(&world, "v1.1.0", None),
        );
        with(&world, |cx| undo(cx, &from, &to));
        let diff = old.diff(&world.state());
        assert!(diff.is_empty(), "{wreck}\n{diff}");
    }
}

/// A filter makes any content of the same size look like the release's.
#[test]
fn a_proof_that_git_was_told_to_give_is_none() {
    let world = world("exit 0");
    let at = position(&world, "v1.0.0", MAIN);
    with(&world, |cx| {
        let then = proof::comparing(cx).unwrap();
        let expected = Expected {
            position: &at,
            files: None,
            untracked: None,
            comparing: Some(&then),
            environment: None,
        };
        assert!(proof::by_content(cx, &expected).unwrap().verified);
        for trick in [
            "git config filter.x.clean 'git cat-file blob HEAD:%f'; mkdir -p .git/info; \
             echo 'README.md filter=x' > .git/info/attributes; \
             tr a-y b-z < README.md > new && mv new README.md",
            "git config core.fileMode false; chmod +x README.md",
        ] {
            let run = world.program("/bin/sh".as_ref(), ["-c", trick]);
            run.run().assert_code(0);
            let proof = proof::by_content(cx, &expected).unwrap();
            assert!(!proof.verified, "{trick}");
            let undo = "git config --remove-section filter.x; git config --unset core.fileMode; \
                        rm -f .git/info/attributes; git reset -q --hard; git config core.fileMode true";
            world.program("/bin/sh".as_ref(), ["-c", undo]).run();
            let proof = proof::by_content(cx, &expected).unwrap();
            assert!(proof.verified, "{proof:?}");
        }
    });
}

#[test]
fn what_a_killed_write_of_the_history_has_left_is_swept() {
    let world = world("exit 0");
    let folder = world.installation().join(".vitruvyan");
    std::fs::create_dir_all(&folder).unwrap();
    let left = folder.join(".upgrade_history.json.Ab12.vit-tmp");
    std::fs::File::create(&left).unwrap();
    with(&world, |cx| drop(Held::acquire(cx, "a test").unwrap()));
    assert!(!left.exists());
}

#[test]
fn a_branch_with_a_commit_that_the_plan_does_not_know_is_not_moved() {
    let world = world("exit 0");
    let (from, to) = (
        position(&world, "v1.0.0", MAIN),
        position(&world, "v1.1.0", MAIN),
    );
    let mine = |text: &str| {
        world.git(&[
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@y",
            "commit",
            "--quiet",
            "--allow-empty",
            "-m",
            text,
        ]);
        world.git(&["rev-parse", "main"])
    };
    let first = mine("first");
    with(&world, |cx| {
        switch_tree::run(cx, &from, &to).unwrap_err();
        let main = &cx.git.refs(&["refs/heads/main"]).unwrap()[0];
        assert_eq!(main.oid, first.trim());
        undo(cx, &from, &to);
        let second = mine("second");
        undo(cx, &from, &to);
        // Moved by us: nobody's commit.
        switch_tree::run(cx, &from, &to).unwrap();
        undo(cx, &from, &to);
        let kept: Vec<String> = cx
            .git
            .refs(&["refs/vit/foreign/"])
            .unwrap()
            .into_iter()
            .map(|r| r.oid)
            .collect();
        let mut wanted = [first.trim(), second.trim()];
        wanted.sort_unstable();
        assert_eq!(kept, wanted);
    });
}

/// What was untracked or ignored before stays where it is, whatever the target's `.gitignore` and
/// folders make of it; what stands in the old tree's way goes to the evidence.
#[test]
fn the_users_own_files_stay_and_what_is_in_the_way_is_kept() {
    let world = World::default();
    world.publish("1.1.0", |r| {
        r.remove_file(vit_testkit::smoke::REMOVED)
            .file("notes/theirs.txt", Some("1\n"))
            .file(".gitignore", Some("*.py\n"))
    });
    world.git(&["fetch", "--quiet", "--tags"]);
    let sh = |script: &str| {
        let run = world.program("/bin/sh".as_ref(), ["-c", script]);
        run.run().assert_code(0);
    };
    sh(
        "mkdir notes; echo mine > notes/mine.txt; echo .env >> .git/info/exclude; echo x > .env; \
        echo mine > \"$(printf 'caf\\351')\"",
    );
    let old = world.state();
    let (from, to) = (
        position(&world, "v1.0.0", MAIN),
        position(&world, "v1.1.0", None),
    );
    with(&world, |cx| {
        let before: Vec<String> = cx
            .git
            .untracked()
            .unwrap()
            .iter()
            .map(|p| path_text(p))
            .collect();
        switch_tree::run(cx, &from, &to).unwrap();
        let removed = vit_testkit::smoke::REMOVED;
        sh(&format!(
            ": > .git/info/exclude; mkdir -p $(dirname {removed}); echo late > {removed}; \
             echo late > new.txt; rm README.md; mkdir README.md; echo late > README.md/late"
        ));
        Folder::state(cx.site).ensure().unwrap();
        sh("echo .env >> .git/info/exclude; echo /.vitruvyan/ >> .git/info/exclude");
        let evidence = Evidence::create(&cx.site.state_dir, "t1").unwrap();
        let keep = leftovers::Leftovers {
            transaction: "t1",
            before: &before,
            evidence: Some(&evidence),
        };
        switch_tree::undo(cx, &from, &to, &keep).unwrap();
        for kept in [removed, "new.txt", "README.md/late"] {
            let kept = evidence.folder().join("leftovers").join(kept);
            assert!(kept.is_file(), "{}", kept.display());
        }
        let expected = Expected {
            position: &from,
            files: None,
            untracked: Some(&before),
            comparing: None,
            environment: None,
        };
        let proof = proof::by_content(cx, &expected).unwrap();
        assert!(proof.verified, "{proof:?}");
    });
    let diff = old.diff(&world.state());
    assert!(diff.is_empty(), "{diff}");
    assert!(world.installation().join("notes/mine.txt").is_file());
}

#[test]
fn files_of_an_untracked_vertical_are_kept_and_put_back() {
    let world = world("exit 0");
    let old = world.state();
    with(&world, |cx| {
        let verticals = crate::facts::verticals::discover(cx, None).unwrap();
        let kept = vertical_files::keep(cx, &verticals, &[test(60)])
            .unwrap()
            .unwrap();
        for wreck in [
            "true",
            "rm -rf domains/finance",
            "echo x > domains/finance/rules.py; chmod -x domains/finance/smoke_tests/run.sh",
            "rm -rf domains/finance/smoke_tests; mkdir \"$TMPDIR/out\"; \
             ln -s \"$TMPDIR/out\" domains/finance/smoke_tests",
            "rm domains/finance/rules.py; mkdir -p domains/finance/rules.py/x",
            "rm -rf domains; : > domains",
        ] {
            world
                .program("/bin/sh".as_ref(), ["-c", wreck])
                .run()
                .assert_code(0);
            for _ in 0..2 {
                vertical_files::restore(cx, &kept).unwrap_or_else(|e| panic!("{wreck}: {e:?}"));
                assert!(
                    vertical_files::differing(cx, &kept).unwrap().is_empty(),
                    "{wreck}"
                );
            }
            let diff = old.diff(&world.state());
            assert!(diff.is_empty(), "{wreck}\n{diff}");
        }
        let outside = std::fs::read_dir(world.tmp().join("out")).unwrap();
        assert_eq!(outside.count(), 0, "written through a link");
    });
}

fn test(timeout_seconds: u32) -> SmokeTest {
    SmokeTest {
        vertical: "finance".into(),
        root: "domains/finance".into(),
        timeout_seconds,
    }
}

/// CASES.md 16. (A manifest cannot ask for less than a minute; the step can be given less.)
#[test]
fn case_16_a_timeout_ends_what_the_smoke_test_has_started() {
    for script in [
        "sleep 60 & sleep 60",
        "trap '' TERM; (trap '' TERM; while :; do sleep 1; done) & while :; do sleep 1; done",
        "setsid sleep 60 & exec sleep 60",
        "yes",
    ] {
        let world = world(script);
        let about = probe::Surroundings {
            phase: "probe",
            transaction: "t1",
            from: "1.0.0",
            to: "1.1.0",
            environment: None,
        };
        let probed = with(&world, |cx| probe::run(cx, &[test(1)], &about));
        let result = &probed.results[0];
        assert_eq!(
            result.outcome,
            SmokeOutcome::Timeout,
            "{script}: {result:?}"
        );
        let problem = probe::problem(result).unwrap();
        assert_eq!(problem.code, Code::SmokeTestTimeout);
        assert_eq!(world.processes(), Vec::<u32>::new(), "{script}");
    }
}

/// Kept once, put back from any state, any number of times.
#[test]
fn an_environment_is_put_back_from_whatever_was_made_of_it() {
    let world = world("exit 0");
    for (path, text) in [
        ("pyvenv.cfg", "home = /usr/bin\n"),
        ("bin/python", "#!/bin/sh\n"),
        ("lib/a/__init__.py", "A = 1\n"),
        ("lib/a/large.bin", &"x".repeat(100_000)),
    ] {
        world.write(&format!(".venv/{path}"), text);
    }
    let before = vit_testkit::python::manifest(&world.path(".venv"));
    let step = EnvironmentStep {
        path: world.path(".venv").display().to_string(),
        action: EnvironmentAction::Install {
            installer: Installer::Uv,
            installer_version: None,
            commands: Vec::new(),
            wheels: Vec::new(),
            timeout_seconds: 1,
        },
    };
    with(&world, |cx| {
        Folder::state(cx.site).ensure().unwrap();
        let steps = [Step::Environment(step.clone())];
        let kept = environment::keep(cx, "t1", &steps).unwrap().unwrap();
        assert_eq!(kept.files, 4);
        assert!(environment::is_exact(&kept));
        let evidence = Evidence::create(&cx.site.state_dir, "t1").unwrap();
        let keep = leftovers::Leftovers {
            transaction: "t1",
            before: &[],
            evidence: Some(&evidence),
        };
        for wreck in [
            "true",
            "rm -rf .venv",
            "rm -rf .venv; : > .venv",
            "rm -rf .venv; mkdir .venv",
            "rm .venv/lib/a/large.bin; echo y > .venv/lib/a/large.bin",
            "chmod 0 .venv/lib; echo x > .venv/bin/new",
            "mv .venv/lib .venv/bib; ln -s bib .venv/lib",
        ] {
            world
                .program("/bin/sh".as_ref(), ["-c", wreck])
                .run()
                .assert_code(0);
            for _ in 0..2 {
                environment::undo(cx, &step, Some(&kept), &keep)
                    .unwrap_or_else(|error| panic!("{wreck}: {error:?}"));
                let now = vit_testkit::python::manifest(&world.path(".venv"));
                assert_eq!(now, before, "{wreck}");
                assert!(environment::is_exact(&kept), "{wreck}");
            }
            // As before a smoke test runs in it.
            environment::guard(cx, &kept).unwrap();
        }
        environment::drop_kept(cx, "t1", Outcome::RollbackExecuted).unwrap();
        assert!(!world.path(".git/vit/environments/t1").exists());
        assert!(environment::undo(cx, &step, None, &keep).is_err());
    });
}

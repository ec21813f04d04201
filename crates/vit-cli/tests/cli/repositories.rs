//! The shapes of repositories: each works, or says clearly why not and changes nothing.

use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use insta::assert_snapshot;
use serde_json::Value;
use vit_testkit::World;
use vit_testkit::core_repo::File;

use crate::installation::{
    answer, builder, codes, command, four_facts, problem, shown, valid, vit, world,
};

/// Runs the program in another folder of the world, with `--json`.
#[track_caller]
fn answer_in(world: &World, folder: &Path, args: &[&str], code: i32) -> Value {
    let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
    let run = command(world, &args).cwd(folder).run();
    run.assert_code(code);
    valid(&run)
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// Blocked with this code, by the plan and by the upgrade, and nothing has changed.
#[track_caller]
fn blocked(world: &World, code: &str) -> Value {
    let (before, history) = (world.state(), world.history());
    let plan = answer(world, &["plan", "--target", "1.1.0"], 1);
    let found = problem(&plan, code);
    assert_eq!(found["severity"], "blocked", "{found:#}");
    let report = answer(world, &["upgrade", "--yes", "--target", "1.1.0"], 1);
    assert!(codes(&report).contains(&code.to_owned()), "{report:#}");
    world.state().assert_same(&before);
    assert_eq!(world.history(), history);
    found
}

fn offered() -> World {
    let world = world();
    world.publish("1.1.0", |r| r);
    world
}

/// Update, plan, upgrade, rollback, history verify: afterwards everything is what it was.
#[track_caller]
fn there_and_back(world: &World, target: &str) {
    let before = four_facts(world);
    answer(world, &["update"], 0);
    answer(world, &["plan", "--target", target], 0);
    let report = answer(world, &["upgrade", "--yes", "--target", target], 0);
    assert_eq!(report["status"], "applied");
    let there = world.git(&["rev-parse", "HEAD"]);
    assert_eq!(there, world.commit_of(&format!("v{target}")));
    answer(world, &["verify"], 0);
    answer(world, &["rollback", "--yes"], 0);
    answer(world, &["history", "verify"], 0);
    assert_eq!(four_facts(world), before);
}

#[test]
fn a_fresh_clone_whose_main_is_ahead_of_its_last_tag() {
    let world = world();
    world.publish("1.1.0", |r| r);
    world.commit_upstream(&[File::plain("later.txt", "later\n")], "after the release");
    world.git(&["pull", "-q", "--tags"]);
    let plan = answer(&world, &["plan", "--target", "1.1.0"], 0);
    assert_eq!(problem(&plan, "ahead_of_release")["severity"], "warning");
    there_and_back(&world, "1.1.0");
    there_and_back(&world, "1.0.0");
}

#[test]
fn a_detached_head_at_a_release() {
    let world = builder().detached().build();
    world.publish("1.1.0", |r| r);
    there_and_back(&world, "1.1.0");
}

#[test]
fn the_branch_moves_only_when_asked_and_comes_back() {
    let world = offered();
    let before = four_facts(&world);
    answer(&world, &["upgrade", "--yes", "--branch"], 0);
    assert_eq!(world.git(&["branch", "--show-current"]), "main");
    assert_eq!(world.git(&["rev-parse", "HEAD"]), world.commit_of("v1.1.0"));
    answer(&world, &["rollback", "--yes"], 0);
    assert_eq!(four_facts(&world), before);
}

#[test]
fn an_unborn_head_is_told() {
    let world = offered();
    world.git(&["checkout", "-q", "--orphan", "fresh"]);
    world.git(&["rm", "-rfq", "."]);
    let error = answer(&world, &["plan"], 1);
    assert!(
        codes(&error).contains(&"unborn_head".to_owned()),
        "{error:#}"
    );
    answer(&world, &["upgrade", "--yes"], 1);
    answer(&world, &["status"], 0);
    answer(&world, &["update"], 0);
    answer(&world, &["history"], 0);
    assert_snapshot!(shown(&world, &vit(&world, &["status"])), @"
    exit: 0
    --- stdout
    Core unknown
      root      WORLD/in stallàtion
      head      no commit yet
      channel   stable (set by default)
      releases  1.1.0 is available (git origin, asked now)
      last      nothing was done yet

    no vertical is declared

    1 problem blocks
      HEAD: the repository has no commit yet [unborn_head]
        fix (you): check out a release first: `git fetch --tags`, then `git checkout v<version>`

    1 warning
      core: the installed Core version cannot be told [core_version_unknown]
        fix (you): check out a release tag, or fetch the release tags
    ");
}

#[test]
fn commits_of_ones_own_are_never_dropped() {
    let world = offered();
    world.write("own.txt", "mine\n");
    world.git(&["add", "own.txt"]);
    world.git(&["commit", "-qm", "mine"]);
    // On a branch the release is merged (see `merge`); here no branch would hold the merge.
    world.git(&["checkout", "-q", "--detach"]);
    let found = blocked(&world, "own_commits");
    assert!(found["evidence"].to_string().contains('1'), "{found:#}");
    // There is no way around it: not by a flag, not by accepting it.
    answer(
        &world,
        &[
            "upgrade",
            "--yes",
            "--target",
            "1.1.0",
            "--accept",
            "own_commits",
        ],
        2,
    );
    blocked(&world, "own_commits");
    let run = vit(&world, &["plan", "--target", "1.1.0"]);
    assert_snapshot!(shown(&world, &run), @"
    exit: 1
    --- stdout
    upgrade 1.0.0 → 1.1.0   channel stable   blocked
      HASH detached → HASH detached at v1.1.0, 4 files change

    time         about 1.0s (an estimate: nothing was measured here yet)
    disk         16.0 MiB needed, FREE free
    environment  dependencies are not managed: no Python environment was found (settings, VIRTUAL_ENV, .venv, venv)
    risk         medium
                 - no vertical is declared: nothing proves it
    way back     1. before anything changes, the tag pre-upgrade-<time> and a private ref keep the old state
                 2. on any failure the tree goes back to 1.0.0 by itself, HEAD is detached there again
                 3. every tracked file is hashed against the old tree before it is called restored
                 4. later, `vit rollback` does the same

    1 problem blocks
      HEAD: HEAD carries commits of its own on top of Core: switching the tree would drop their content [own_commits]
        1 commit is in no release and in no branch of the release remote
        fix (you): HEAD is detached: give the commits a branch with `git switch -c NAME`; vit then merges the release into it

    1 note
      installation: no vertical is declared: nothing is judged and nothing is smoke-tested [no_verticals]
        fix (vertical's owner): add a vertical_manifest.yaml to the vertical's folder

    next: mend what is listed above, then `vit plan` again
    --- stderr
         ask origin
    ");
}

#[test]
fn no_git_is_told_with_the_fix() {
    let world = offered();
    let empty = world.root().join("empty");
    std::fs::create_dir(&empty).unwrap();
    let without = |args: &[&str]| command(&world, args).env("PATH", &empty).run();
    for args in [
        &["status", "--json"][..],
        &["update", "--json"],
        &["upgrade", "--yes", "--json"],
    ] {
        let run = without(args);
        run.assert_code(2);
        assert_eq!(valid(&run)["kind"], "program_not_found");
    }
    let doctor = without(&["doctor"]);
    doctor.assert_code(1);
    assert_snapshot!(shown(&world, &doctor), @"
    exit: 1
    --- stdout
    FAIL  git  `git` was not found
          fix: install git (Debian: `apt install git`)
    ok    sh   /bin/sh

    1 check failed
    ");
    assert_snapshot!(shown(&world, &without(&["update"])), @"
    exit: 2
    --- stderr
    error: `git` was not found
    hint: install it, or add its folder to PATH
    ");
}

#[test]
fn a_remote_without_releases_is_told() {
    let world = builder().core("1.0.0", |r| r.tag("not-a-release")).build();
    let error = answer(&world, &["update"], 2);
    assert_eq!(error["kind"], "bad_input");
    answer(&world, &["plan"], 2);
    answer(&world, &["status"], 0);
    assert_snapshot!(shown(&world, &vit(&world, &["update"])), @"
    exit: 2
    --- stderr
         ask origin
    error: origin has no release tag such as `v1.2.0` (tags of another form: 1)
    hint: name the place that Core's releases come from: `location` under `[registry]` in vit.toml
    ");
}

#[test]
fn without_a_remote_the_tags_of_the_repository_are_the_releases() {
    let world = offered();
    world.git(&["fetch", "-q", "--tags"]);
    world.git(&["remote", "remove", "origin"]);
    let report = answer(&world, &["update"], 0);
    assert_eq!(report["source"]["location"], "local tags");
    there_and_back(&world, "1.1.0");
    for tag in world.git(&["tag", "-l", "v*"]).lines() {
        world.git(&["tag", "-d", tag]);
    }
    let error = answer(&world, &["update"], 2);
    assert!(
        error["hints"]
            .to_string()
            .contains("git remote add upstream")
    );
}

#[test]
fn several_remotes_without_a_usual_name_are_told() {
    let world = offered();
    world.git(&["remote", "rename", "origin", "core"]);
    there_and_back(&world, "1.1.0");
    world.git(&["remote", "add", "fork", text(&world.origin())]);
    let error = answer(&world, &["update"], 2);
    assert!(
        error["message"][0].to_string().contains("core, fork"),
        "{error:#}"
    );
    world.git(&["remote", "rename", "core", "upstream"]);
    answer(&world, &["why"], 0);
}

#[test]
fn a_shallow_clone_works() {
    let world = offered();
    let clone = world.root().join("shallow");
    let url = format!("file://{}", text(&world.origin()));
    world.git_in(
        &world.root(),
        &[
            "clone",
            "-q",
            "--depth",
            "1",
            "--branch",
            "v1.0.0",
            &url,
            text(&clone),
        ],
    );
    let before = world.git_in(&clone, &["rev-parse", "HEAD"]);
    let report = answer_in(&world, &clone, &["update"], 0);
    assert_eq!(report["offered"]["version"], "1.1.0", "{report:#}");
    answer_in(&world, &clone, &["upgrade", "--yes"], 0);
    answer_in(&world, &clone, &["rollback", "--yes"], 0);
    assert_eq!(world.git_in(&clone, &["rev-parse", "HEAD"]), before);
    answer_in(&world, &clone, &["history", "verify"], 0);
}

#[test]
fn a_bare_clone_is_told() {
    let world = offered();
    let error = answer_in(&world, &world.origin(), &["status"], 2);
    assert_eq!(error["kind"], "bare_repository");
    let run = command(&world, &["upgrade", "--yes"])
        .cwd(world.origin())
        .run();
    assert_snapshot!(shown(&world, &run), @"
    exit: 2
    --- stderr
    error: WORLD/origin.git is a bare repository: it has no working tree to upgrade
    hint: name a clone with a working tree: `vit -C DIR …`
    ");
}

#[test]
fn a_folder_that_is_no_repository_is_told() {
    let world = world();
    let error = answer_in(&world, &world.tmp(), &["status"], 2);
    assert_eq!(error["kind"], "not_a_repository");
    let run = command(&world, &["-C", "nowhere", "status"]).run();
    run.assert_code(2);
    assert_snapshot!(shown(&world, &run), @"
    exit: 2
    --- stderr
    error: WORLD/in stallàtion/nowhere cannot be entered
      because: No such file or directory (os error 2)
    ");
}

#[test]
fn a_subfolder_and_dash_c_lead_to_the_same_installation() {
    let world = offered();
    let deep = world.path("vitruvyan_core/core");
    let here = answer(&world, &["status"], 0);
    assert_eq!(answer_in(&world, &deep, &["status"], 0), here);
    let elsewhere = world.tmp();
    let installation = world.installation();
    let args = ["-C", text(&installation), "status"];
    assert_eq!(answer_in(&world, &elsewhere, &args, 0), here);
    assert_eq!(answer_in(&world, &world.path(".git"), &["status"], 0), here);
    answer_in(&world, &deep, &["upgrade", "--yes"], 0);
    assert_eq!(world.git(&["rev-parse", "HEAD"]), world.commit_of("v1.1.0"));
}

#[test]
fn a_linked_worktree_is_an_installation_of_its_own() {
    let world = offered();
    let linked = world.root().join("linked wörktree");
    world.git(&[
        "worktree",
        "add",
        "-q",
        "-b",
        "linked",
        text(&linked),
        "v1.0.0",
    ]);
    let main = world.state();
    answer_in(&world, &linked, &["upgrade", "--yes"], 0);
    assert_eq!(
        world.git_in(&linked, &["rev-parse", "HEAD"]),
        world.commit_of("v1.1.0")
    );
    world.state().assert_same(&main);
    assert_eq!(answer(&world, &["status"], 0)["core_version"], "1.0.0");
    answer_in(&world, &linked, &["rollback", "--yes"], 0);
    assert_eq!(
        world.git_in(&linked, &["branch", "--show-current"]),
        "linked"
    );
    answer_in(&world, &linked, &["history", "verify"], 0);
    answer(&world, &["upgrade", "--yes"], 0);
    answer(&world, &["history", "verify"], 0);
}

#[test]
fn a_submodule_is_an_installation_and_its_parent_is_left_alone() {
    let world = offered();
    let parent = world.root().join("parent");
    world.git_in(&world.root(), &["init", "-q", text(&parent)]);
    world.git_in(
        &parent,
        &[
            "-c",
            "protocol.file.allow=always",
            "submodule",
            "--quiet",
            "add",
            text(&world.origin()),
            "core",
        ],
    );
    let core = parent.join("core");
    world.git_in(&core, &["checkout", "-q", "v1.0.0"]);
    world.git_in(&parent, &["add", "."]);
    world.git_in(&parent, &["commit", "-qm", "with core"]);
    answer_in(&world, &core, &["upgrade", "--yes"], 0);
    assert_eq!(
        world.git_in(&core, &["rev-parse", "HEAD"]),
        world.commit_of("v1.1.0")
    );
    answer_in(&world, &core, &["rollback", "--yes"], 0);
    assert_eq!(world.git_in(&parent, &["status", "--porcelain"]), "");
}

#[test]
fn operations_under_way_block() {
    let world = offered();
    world.git(&["switch", "-qc", "other"]);
    world.write("README.md", "other\n");
    world.git(&["commit", "-qam", "other"]);
    world.git(&["switch", "-q", "main"]);
    world.git(&["merge", "-q", "--no-commit", "--no-ff", "other"]);
    let found = blocked(&world, "operation_in_progress");
    assert!(found["message"].to_string().contains("merge"), "{found:#}");
    world.git(&["merge", "--abort"]);
    std::fs::create_dir(world.path(".git/rebase-merge")).unwrap();
    let found = blocked(&world, "operation_in_progress");
    assert!(
        found["hint"].to_string().contains("git rebase --abort"),
        "{found:#}"
    );
}

#[test]
fn a_sparse_working_tree_blocks() {
    let world = offered();
    world.git(&["sparse-checkout", "set", "contracts"]);
    blocked(&world, "sparse_checkout");
}

#[test]
fn changes_that_git_is_told_to_overlook_block() {
    let world = offered();
    for flag in ["assume-unchanged", "skip-worktree"] {
        world.git(&["update-index", &format!("--{flag}"), "README.md"]);
        let found = blocked(&world, "hidden_changes");
        assert!(found["evidence"].to_string().contains("README.md"));
        world.git(&["update-index", &format!("--no-{flag}"), "README.md"]);
    }
}

#[test]
fn untracked_files_block_in_critical_paths_and_in_the_way_only() {
    let world = world();
    world.publish("1.1.0", |r| {
        r.file("build/made.txt", Some("new\n"))
            .file("tools/run.py", Some("new\n"))
    });
    world.write("notes/mine.txt", "mine\n");
    answer(&world, &["plan", "--target", "1.1.0"], 0);
    world.write("contracts/mine.py", "mine\n");
    let found = blocked(&world, "untracked_in_critical_path");
    assert!(found["evidence"].to_string().contains("contracts/mine.py"));
    std::fs::remove_file(world.path("contracts/mine.py")).unwrap();
    // An ignored file, which git itself would overwrite without a word.
    world.write("build/made.txt", "mine\n");
    let found = blocked(&world, "untracked_in_the_way");
    assert!(found["evidence"].to_string().contains("build/made.txt"));
    assert_eq!(world.read("build/made.txt"), "mine\n");
    std::fs::remove_dir_all(world.path("build")).unwrap();
    // A file where the target has a folder.
    world.write("tools", "mine\n");
    let found = blocked(&world, "untracked_in_the_way");
    assert!(found["evidence"].to_string().contains("tools"), "{found:#}");
    std::fs::remove_file(world.path("tools")).unwrap();
    // A link that leads out, where the target has a folder.
    symlink(world.tmp(), world.path("tools")).unwrap();
    blocked(&world, "untracked_in_the_way");
    std::fs::remove_file(world.path("tools")).unwrap();
    there_and_back(&world, "1.1.0");
    assert_eq!(world.read("notes/mine.txt"), "mine\n");
}

#[test]
fn another_layout_is_managed_with_a_vit_toml() {
    let world = builder()
        .core("1.0.0", |r| {
            r.file(
                "vit.toml",
                Some(
                    "core_package = [\"src/engine\"]\ncontracts_package = [\"src/api\"]\n\
                     critical_paths = [\"src\"]\ndiscovery = [\"plugins/*\"]\n",
                ),
            )
            .file("src/engine/__init__.py", Some("__version__ = \"1.0.0\"\n"))
            .file(
                "src/api/__init__.py",
                Some("class Bus:\n    pass\n\n__all__ = [\"Bus\"]\n"),
            )
        })
        .build();
    world.vertical("shop", |v| v.at("plugins/shop").uses("api.Bus"));
    // One that stands where it would in the usual layout is none here.
    world.vertical("finance", |v| v.range("1.0.0", "1.0.x"));
    world.publish("1.1.0", |r| {
        r.file("src/engine/__init__.py", Some("__version__ = \"1.1.0\"\n"))
    });
    let status = answer(&world, &["status"], 0);
    assert_eq!(status["core_version"], "1.0.0");
    assert_eq!(status["verticals"][0]["name"], "shop");
    assert_eq!(status["verticals"].as_array().unwrap().len(), 1);
    let plan = answer(&world, &["plan"], 0);
    assert_eq!(plan["contracts"][0]["state"], "exported", "{plan:#}");
    there_and_back(&world, "1.1.0");
    world.write("src/mine.py", "mine\n");
    blocked(&world, "untracked_in_critical_path");
}

/// A program that leaves a mark when it is run.
fn trap(world: &World) -> (String, std::path::PathBuf) {
    let mark = world.root().join("pwned");
    let script = world.root().join("evil.sh");
    std::fs::write(
        &script,
        format!("#!/bin/sh\n: > '{}'\nexit 1\n", text(&mark)),
    )
    .unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    (text(&script).to_owned(), mark)
}

/// Every command that runs git, the changing ones among them.
const COMMANDS: [&[&str]; 11] = [
    &["status"],
    &["update"],
    &["bundle", "create", "--target", "1.1.0", "--out", "../b"],
    &["bundle", "import", "../b"],
    &["plan"],
    &["verify"],
    &["doctor"],
    &["upgrade", "--yes"],
    &["status"],
    &["history", "verify"],
    &["rollback", "--yes"],
];

#[test]
fn case_28_hooks_fsmonitor_and_programs_of_the_repository_do_not_run() {
    let world = world();
    world.publish("1.1.0", |r| r.file("README.md", Some("new\n")));
    let (script, mark) = trap(&world);
    let hooks = world.root().join("hooks");
    std::fs::create_dir(&hooks).unwrap();
    let own = world.path(".git/hooks");
    std::fs::create_dir_all(&own).unwrap();
    for name in [
        "post-checkout",
        "reference-transaction",
        "post-index-change",
        "pre-auto-gc",
    ] {
        std::fs::copy(&script, hooks.join(name)).unwrap();
        std::fs::copy(&script, own.join(name)).unwrap();
    }
    for (key, value) in [
        ("core.hooksPath", text(&hooks)),
        ("core.fsmonitor", &script),
        ("core.sshCommand", &script),
        ("core.pager", &script),
        ("core.editor", &script),
        ("core.askPass", &script),
        ("core.gitProxy", &script),
        ("core.alternateRefsCommand", &script),
        ("credential.helper", &script),
        ("diff.external", &script),
        ("gpg.program", &script),
        ("sequence.editor", &script),
        ("remote.origin.uploadpack", &script),
        ("remote.origin.receivepack", &script),
        ("uploadpack.packObjectsHook", &script),
        ("merge.evil.driver", &script),
        ("alias.status", &format!("!{script}")),
        ("alias.checkout", &format!("!{script}")),
    ] {
        world.git(&["config", key, value]);
    }
    assert!(!mark.exists());
    for args in COMMANDS {
        let run = vit(&world, args);
        assert!(!mark.exists(), "a program of the repository ran\n{run:?}");
        assert_eq!(run.code(), Some(0), "{run:?}");
    }
    let plan = answer(&world, &["plan", "--retry-quarantined", "again"], 0);
    let told = problem(&plan, "unsafe_git_config");
    for key in [
        "core.sshcommand",
        "credential.helper",
        "remote.origin.uploadpack",
    ] {
        assert!(told["evidence"].to_string().contains(key), "{told:#}");
    }
}

#[test]
fn case_28_filters_run_only_where_gits_checkout_must_and_are_told() {
    let world = world();
    world.publish("1.1.0", |r| {
        r.file(".gitattributes", Some("README.md filter=evil\n"))
    });
    let (script, mark) = trap(&world);
    world.git(&["config", "filter.evil.smudge", &script]);
    world.git(&["config", "filter.evil.clean", &script]);
    for args in [
        &["status"][..],
        &["update"],
        &["plan"],
        &["doctor"],
        &["verify"],
    ] {
        vit(&world, args);
        assert!(!mark.exists(), "{args:?}");
    }
    let plan = answer(&world, &["plan", "--retry-quarantined", "again"], 0);
    let told = problem(&plan, "unsafe_git_config");
    assert!(told["evidence"].to_string().contains("filter.evil.smudge"));
    let update = answer(&world, &["update"], 0);
    assert!(codes(&update).contains(&"unsafe_git_config".to_owned()));
    let doctor = answer(&world, &["doctor"], 0);
    assert!(
        doctor.to_string().contains("unsafe_git_config"),
        "{doctor:#}"
    );
}

#[test]
fn case_28_remotes_that_are_options_or_programs_are_refused() {
    let (_, mark) = {
        let world = world();
        trap(&world)
    };
    for url in [
        "ext::sh -c touch% /tmp/never",
        "fd::3",
        "--upload-pack=touch /tmp/never",
        "-oProxyCommand=touch /tmp/never",
        "ssh://-oProxyCommand=touch/x",
        "http::ext::x",
        "a\nb",
    ] {
        let world = offered();
        world.git(&["config", "remote.origin.url", url]);
        let error = answer(&world, &["update"], 2);
        assert!(
            ["unsafe_git_argument", "registry"].contains(&error["kind"].as_str().unwrap()),
            "{url}: {error:#}"
        );
        assert!(!mark.exists() && !Path::new("/tmp/never").exists());
    }
    // Also by the way of a rewriting rule, and of a name.
    let world = offered();
    let rule = format!("url.ext::sh -c touch% {}% .insteadOf", text(&mark));
    world.git(&["config", &rule, text(&world.origin())]);
    answer(&world, &["update"], 2);
    assert!(!mark.exists());
    let world = offered();
    world.write(
        "vit.toml",
        "[registry]\nkind = \"git\"\nlocation = \"ext::sh -c touch% /tmp/never\"\n",
    );
    let error = answer(&world, &["update"], 2);
    assert_eq!(error["kind"], "bad_settings");
    assert_snapshot!(shown(&world, &vit(&world, &["update"])), @r#"
    exit: 2
    --- stderr
    error: the settings in vit.toml cannot be used

    1 problem blocks
      error[bad_value]: `registry.location` must not name a transport helper: git would run a program
       --> vit.toml:3:12
        |
      3 | location = "ext::sh -c touch% /tmp/never"
        |            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        |
        = help: name a remote, a URL or a folder (you)
    "#);
}

#[test]
fn case_28_refs_that_begin_with_a_dash_are_names() {
    let world = world();
    world.publish("1.1.0", |r| r);
    // Git itself refuses to make such names, so they are written by hand.
    let head = world.git(&["rev-parse", "HEAD"]);
    for name in [
        "refs/tags/-v1.2.0",
        "refs/tags/--help",
        "refs/heads/-evil",
        "refs/remotes/-o/x",
    ] {
        let path = world.path(".git").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("{head}\n")).unwrap();
    }
    std::fs::write(world.path(".git/HEAD"), "ref: refs/heads/-evil\n").unwrap();
    let before = world.state();
    answer(&world, &["upgrade", "--yes"], 0);
    answer(&world, &["rollback", "--yes"], 0);
    world.state().assert_same(&before);
    for to in ["-v1.2.0", "--exec=x", "refs/heads/main", "main", "HEAD~1"] {
        let to = format!("--to={to}");
        answer(&world, &["rollback", "--yes", &to], 2);
    }
}

#[test]
fn case_28_files_that_begin_with_a_dash_are_files() {
    let world = builder()
        .core("1.0.0", |r| {
            r.file("-rf", Some("1\n")).file(":(top)x", Some("1\n"))
        })
        .build();
    world.publish("1.1.0", |r| r.file("--help", Some("1\n")).file("-rf", None));
    there_and_back(&world, "1.1.0");
    world.write("-rf", "mine\n");
    let found = blocked(&world, "dirty_tree");
    assert!(found["evidence"].to_string().contains("-rf"));
}

#[test]
fn case_28_a_tag_that_has_moved_is_told_and_not_taken() {
    let world = offered();
    world.publish("1.2.0", |r| r);
    answer(&world, &["update"], 0);
    let one = world.commit_of("v1.1.0");
    world.git_in(&world.origin(), &["tag", "-f", "v1.2.0", &one]);
    let report = answer(&world, &["update"], 0);
    assert_eq!(report["offered"]["version"], "1.1.0");
    assert!(
        codes(&report).contains(&"tag_moved".to_owned()),
        "{report:#}"
    );
    let refused = answer(&world, &["upgrade", "--yes", "--target", "1.2.0"], 1);
    assert!(codes(&refused).contains(&"tag_moved".to_owned()));
    assert_snapshot!(shown(&world, &vit(&world, &["update"])), @"
    exit: 0
    --- stdout
    1.0.0 → 1.1.0 is available (stable, released 2026-01-02)

    1 note
      installation: no vertical is declared: nothing is judged and nothing is smoke-tested [no_verticals]
        fix (vertical's owner): add a vertical_manifest.yaml to the vertical's folder

    1 release is no target
      v1.2.0: the tag points at another commit than when it was first seen [tag_moved]
        first seen HASH (tree HASH), now HASH (tree HASH)
        fix (you): ask the Core team; if what it is now is right: `vit ledger accept 1.2.0 --reason TEXT`

    channel stable (set by default); releases from git origin, asked now

    next: vit plan
    --- stderr
         ask origin
    ");
}

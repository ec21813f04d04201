//! Releases of a GitHub repository, by the program as a shell sees it.

use std::path::Path;

use serde_json::Value;
use vit_testkit::fault_server::Reply;
use vit_testkit::github_server::{Asset, GithubServer, SIGNATURE};
use vit_testkit::{Invocation, World};

use crate::installation::{codes, command, problem, valid, world};

/// A world whose origin is on a server, with 1.0.0 installed and 1.1.0 out.
fn scene() -> (World, GithubServer) {
    let world = world();
    let server = GithubServer::of(&world);
    world.publish("1.1.0", |release| release.feature("a faster bus"));
    server.release("v1.0.0", Asset::of_tag);
    server.release("v1.1.0", Asset::of_tag);
    (world, server)
}

fn run(world: &World, server: &GithubServer, args: &[&str]) -> Invocation {
    command(world, args).env("GITHUB_API_URL", server.api_url())
}

#[track_caller]
fn answer(world: &World, server: &GithubServer, args: &[&str], code: i32) -> Value {
    let args: Vec<&str> = args.iter().copied().chain(["--json"]).collect();
    let run = run(world, server, &args).run();
    run.assert_code(code);
    valid(&run)
}

#[test]
fn an_upgrade_from_the_releases_on_github() {
    let (world, server) = scene();
    let report = answer(&world, &server, &["update"], 0);
    assert_eq!(report["offered"]["version"], "1.1.0");
    let source = &report["source"];
    assert_eq!(source["kind"], "github");
    assert_eq!(source["location"], "127.0.0.1/vitruvyan/vitruvyan-core");
    assert!(source["requests"].as_u64().unwrap() >= 1, "{source:#}");
    // The list, and the metadata of what is new.
    let asked = server.count();
    assert!(asked <= 3, "{:?}", server.paths());

    // The answer is young: neither the API nor git is asked for a plan.
    let plan = answer(&world, &server, &["plan"], 0);
    assert_eq!(plan["to"]["version"], "1.1.0");
    assert_eq!(server.count(), asked, "{:?}", server.paths());

    // Without any server, what is kept is enough for all but bringing the release.
    server.fail(Some(Reply::status(500)));
    server.connect_git(&world, false);
    let report = answer(&world, &server, &["update", "--offline"], 0);
    assert_eq!(report["offered"]["version"], "1.1.0");
    assert_eq!(report["source"]["requests"], 0);
    answer(&world, &server, &["upgrade", "--yes"], 0);
    assert_eq!(world.read("CHANGELOG.md"), "# 1.1.0\n");
    assert_eq!(server.count(), asked);
}

#[test]
fn a_limit_is_no_end_where_git_goes_on() {
    let (world, server) = scene();
    server.fail(Some(Reply::limited(403, Some(1_900_000_000))));
    let report = answer(&world, &server, &["update"], 0);
    assert_eq!(report["offered"]["version"], "1.1.0");
    assert_eq!(report["source"]["kind"], "git");
    assert!(codes(&report).contains(&"registry_fallback".to_owned()));
    let why = problem(&report, "registry_fallback");
    let why = why["evidence"].as_str().unwrap();
    assert!(why.contains("allows no more requests until"), "{why}");
    assert!(why.contains("GITHUB_TOKEN"), "{why}");
    assert_eq!(server.count(), 1);
}

#[test]
fn what_is_not_found_says_with_which_token_it_was_asked() {
    let (world, server) = scene();
    server.fail(Some(Reply::status(404)));
    server.connect_git(&world, false);
    let run = run(&world, &server, &["update"])
        .env("GH_TOKEN", "ghp_x")
        .run();
    run.assert_code(2);
    run.assert_stderr("vitruvyan/vitruvyan-core was not found, or there is no access to it");
    run.assert_stderr("asked with the token of GH_TOKEN");
    run.assert_stderr("through git");
}

/// CASES.md 32: no command leaves the token, or the address of a signed download, anywhere.
#[test]
fn case_32_github_no_command_leaves_a_token_behind() {
    const CANARY: &str = "ghp_canary4711";
    let (world, server) = scene();
    let other = "gho_canary4712";
    let all: [&[&str]; 22] = [
        &["update"],
        &["update", "--refresh", "--json"],
        &["why", "1.1.0"],
        &["release", "list"],
        &["release", "show", "1.1.0"],
        &["plan"],
        &["upgrade", "--yes", "-v"],
        &["status"],
        &["history"],
        &["explain"],
        &["verify"],
        &["doctor"],
        &["channel"],
        &["hold", "1.2.0"],
        &["unhold", "1.2.0"],
        &["rollback", "--yes"],
        &["recover"],
        &["repair"],
        &["confirm"],
        &["bisect"],
        &["cache", "info"],
        &["help", "environment"],
    ];
    let mut output = String::new();
    for args in all {
        let run = run(&world, &server, args)
            .env("GITHUB_TOKEN", CANARY)
            .env("GH_TOKEN", other)
            .run();
        output.push_str(&format!("{run:?}\n"));
    }
    // An error, with all that is said of it.
    server.fail(Some(Reply::status(401)));
    server.connect_git(&world, false);
    let failed = run(&world, &server, &["update", "--refresh", "-v"])
        .env("GITHUB_TOKEN", CANARY)
        .run();
    output.push_str(&format!("{failed:?}\n"));
    assert!(output.contains("the token of GITHUB_TOKEN"), "{output}");

    let asked = server.asked();
    let bearer = format!("Bearer {CANARY}");
    let was_sent = |asked: &&vit_testkit::fault_server::Asked| {
        asked.header("authorization") == Some(bearer.as_str())
    };
    assert_eq!(asked.iter().filter(was_sent).count(), asked.len());
    let downloads = server.downloads();
    assert!(!downloads.is_empty());
    let secrets = [CANARY, other, SIGNATURE];
    for secret in &secrets {
        assert!(!output.contains(secret), "{secret} in the output");
        for (name, value) in downloads.iter().flat_map(|asked| &asked.headers) {
            assert!(
                !value.contains(secret),
                "{secret} in {name} at another origin"
            );
        }
    }
    let found = holding(&world.root(), &secrets);
    assert!(found.is_empty(), "{found:?}");
}

/// The files below a folder that hold one of these texts.
fn holding(folder: &Path, secrets: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap().flatten() {
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(entry.path());
            } else if kind.is_file() {
                let bytes = std::fs::read(entry.path()).unwrap_or_default();
                let text = String::from_utf8_lossy(&bytes);
                if secrets.iter().any(|secret| text.contains(secret)) {
                    found.push(entry.path().display().to_string());
                }
            }
        }
    }
    found
}

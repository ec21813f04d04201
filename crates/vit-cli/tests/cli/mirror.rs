//! A registry of files: written here, served on loopback, upgraded from elsewhere; and the same
//! held to signatures.

use std::fs;
use std::path::{Path, PathBuf};

use vit_testkit::fault_server::{FaultServer, Reply};
use vit_testkit::tuf::Tuf;
use vit_testkit::{Run, World};

const BIN: &str = env!("CARGO_BIN_EXE_vit");
const NOW: &str = "2026-11-22T10:00:00Z";

/// Releases up to 1.1.0, and a mirror of them that names where the commits are.
fn mirrored() -> (World, PathBuf) {
    let world = World::builder().bin(BIN).build();
    world.publish("1.1.0", |r| r.feature("a faster bus"));
    let www = world.root().join("www");
    let origin = format!("file://{}", world.origin().display());
    let run = world.vit(&[
        "mirror",
        "index",
        "--out",
        www.to_str().unwrap(),
        "--repository",
        &origin,
    ]);
    run.assert_code(0);
    (world, www)
}

/// Every file below a folder, by its path below it.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                let inside = path.strip_prefix(folder).unwrap().to_str().unwrap();
                found.push((inside.to_owned(), fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

/// Serves the files of a folder below `/vit/`.
fn serve(server: &FaultServer, folder: &Path) {
    for (path, bytes) in files(folder) {
        server.with(&format!("/vit/{path}"), move |_| {
            Reply::bytes("application/json", &bytes)
        });
    }
}

/// Another installation, of 1.0.0, that knows no remote.
fn second(world: &World) -> PathBuf {
    let folder = world.root().join("second");
    let (origin, path) = (world.origin(), folder.to_str().unwrap());
    let clone = ["clone", "--quiet", "--no-tags", "--branch", "v1.0.0"];
    let clone: Vec<&str> = clone
        .into_iter()
        .chain([origin.to_str().unwrap(), path])
        .collect();
    world.git_in(&world.root(), &clone);
    world.git_in(&folder, &["remote", "remove", "origin"]);
    world.git_in(&folder, &["tag", "v1.0.0", "HEAD"]);
    folder
}

fn vit(world: &World, folder: &Path, url: &str, now: &str, args: &[&str]) -> Run {
    world
        .command(args)
        .cwd(folder)
        .env("VIT_REGISTRY_URL", url)
        .env("VIT_TEST_NOW", now)
        .run()
}

#[test]
fn a_mirror_is_written_once_and_the_same() {
    let (world, www) = mirrored();
    let before = files(&www);
    let names: Vec<&str> = before.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        [
            "1.0.0/release_metadata.json",
            "1.1.0/release_metadata.json",
            "index.json"
        ]
    );
    let again = world.vit(&["mirror", "index", "--out", www.to_str().unwrap(), "--json"]);
    let report = again.assert_code(0).json();
    assert_eq!(report["written"], serde_json::json!([]));
    assert_eq!(
        (&report["unchanged"], &report["releases"]),
        (&3.into(), &2.into())
    );
    assert_eq!(files(&www), before);

    // Marks of withdrawal stay, and what the registry no longer has is marked.
    let index = fs::read_to_string(www.join("index.json")).unwrap();
    let marked = index.replacen(
        "\"tag\": \"v1.0.0\",",
        "\"tag\": \"v1.0.0\", \"withdrawn\": \"bad\",",
        1,
    );
    let gone = marked.replacen(
        "\"releases\": [",
        "\"releases\": [{\"version\": \"0.9.0\", \"tag\": \"v0.9.0\"},",
        1,
    );
    fs::write(www.join("index.json"), gone).unwrap();
    let run = world.vit(&["mirror", "index", "--out", www.to_str().unwrap(), "--json"]);
    assert_eq!(run.assert_code(0).json()["withdrawn"], 2);
    let index: serde_json::Value =
        serde_json::from_slice(&fs::read(www.join("index.json")).unwrap()).unwrap();
    let marks: Vec<&serde_json::Value> = index["releases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|release| &release["withdrawn"])
        .collect();
    assert_eq!(marks[0], "the registry no longer has it");
    assert_eq!(marks[1], "bad");
    assert!(marks[2].is_null());
}

#[test]
fn what_stands_in_the_folder_is_not_overwritten_and_links_are_not_followed() {
    let (world, www) = mirrored();
    let out = www.to_str().unwrap();
    fs::write(www.join("index.json"), "{}").unwrap();
    world.vit(&["mirror", "index", "--out", out]).assert_code(2);
    assert_eq!(fs::read_to_string(www.join("index.json")).unwrap(), "{}");
    fs::remove_dir_all(&www).unwrap();
    let elsewhere = world.root().join("elsewhere");
    fs::create_dir_all(&elsewhere).unwrap();
    fs::create_dir_all(&www).unwrap();
    std::os::unix::fs::symlink(&elsewhere, www.join("1.1.0")).unwrap();
    world.vit(&["mirror", "index", "--out", out]).assert_code(2);
    assert_eq!(files(&elsewhere), []);
    // A repository that others could not use.
    fs::remove_dir_all(&www).unwrap();
    let bad = [
        "mirror",
        "index",
        "--out",
        out,
        "--repository",
        "https://me:pw@h/x",
    ];
    world.vit(&bad).assert_code(2);
    assert!(!www.join("index.json").exists());
}

#[test]
fn another_installation_upgrades_from_a_mirror() {
    let (world, www) = mirrored();
    let server = FaultServer::start();
    serve(&server, &www);
    let (url, folder) = (server.url("/vit/index.json"), second(&world));
    let update = vit(&world, &folder, &url, NOW, &["update", "--json"]);
    let report = update.assert_code(0).json();
    assert_eq!(report["latest_version"], "1.1.0");
    assert_eq!(report["source"]["kind"], "index");
    vit(&world, &folder, &url, NOW, &["upgrade", "--yes"]).assert_code(0);
    assert_eq!(
        world.git_in(&folder, &["rev-parse", "HEAD"]),
        world.commit_of("v1.1.0")
    );
    // The same folder is a registry of kind `dir`, too.
    let toml = format!(
        "[registry]\nkind = \"dir\"\nlocation = \"{}\"\n",
        www.display()
    );
    fs::write(folder.join("vit.toml"), toml).unwrap();
    let run = vit(
        &world,
        &folder,
        &url,
        NOW,
        &["update", "--json", "--offline"],
    );
    assert_eq!(run.json()["source"]["kind"], "dir");
}

#[test]
fn a_signed_mirror_is_held_to_its_signatures_and_a_rollback_is_not() {
    let (world, www) = mirrored();
    let Some(tuf) = Tuf::build(&www, &["until_soon"]) else {
        return;
    };
    let server = FaultServer::start();
    serve(&server, &tuf.after(1));
    let (url, folder) = (server.url("/vit/index.json"), second(&world));
    let at = |now: &str, args: &[&str]| vit(&world, &folder, &url, now, args);
    let root = tuf.root();
    let init = ["trust", "init", "--root", root.to_str().unwrap()];
    // Nobody can be asked, and nothing was agreed to.
    at(NOW, &init).assert_code(2).assert_stderr("--yes");
    let agreed: Vec<&str> = init.iter().copied().chain(["--yes", "--json"]).collect();
    let report = at(NOW, &agreed).assert_code(0).json();
    assert_eq!(report["schema"], "vit.trust-init/1");
    assert_eq!(report["origins"][0]["in_use"], true);
    let report = at(NOW, &["update", "--json"]).assert_code(0).json();
    assert_eq!(report["source"]["signed"], true);
    at(NOW, &["upgrade", "--yes"]).assert_code(0);
    at(NOW, &["trust", "show"])
        .assert_code(0)
        .assert_stdout("good until 2026-12-01");

    // Everything has expired: nothing new, and back all the same.
    let later = "2028-01-01T00:00:00Z";
    at(later, &["rollback", "--yes"]).assert_code(0);
    assert_eq!(
        world.git_in(&folder, &["rev-parse", "HEAD"]),
        world.commit_of("v1.0.0")
    );
    let report = at(later, &["update", "--json"]).json();
    assert_eq!(report["reason"], "registry_metadata_expired", "{report:#}");
    let refused = at(later, &["upgrade", "--target", "1.1.0", "--yes"]);
    refused
        .assert_code(1)
        .assert_stderr("registry_metadata_expired");
    at(later, &["upgrade", "--yes", "--offline"]).assert_code(1);
    // What cannot be believed is not handed on.
    let refused = at(later, &["mirror", "index"]);
    refused.assert_code(1);
    let reason = ["trust", "remove", "--reason", "a test", "--json"];
    let report = at(later, &reason).assert_code(0).json();
    assert_eq!(report["removed"][0]["reason"], "a test");
}

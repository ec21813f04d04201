//! What merges comes out as git's own merge of the same commits, whatever was changed.

use vit_testkit::core_repo::{Content, File, module_text};
use vit_testkit::{Release, World};

use super::{merged_by_git, text};
use crate::installation::{answer, builder};

fn file(path: &str, content: Content) -> File {
    File {
        path: path.to_owned(),
        content,
    }
}

fn gone(path: &str) -> File {
    file(path, Content::Gone)
}

/// A long text whose line `line` says `word`: enough likeness for a rename to be seen.
fn long(line: usize, word: &str) -> String {
    (0..40)
        .map(|i| {
            if i == line {
                format!("{word}\n")
            } else {
                format!("line {i}\n")
            }
        })
        .collect()
}

/// A downstream repository whose own commits change `own`, with a release that changes `core`.
fn case(base: &[File], own: &[File], core: &[File]) -> World {
    let with_base = |r: Release| r.files(base.to_vec());
    let world = builder().core("1.0.0", with_base).build();
    world.downstream(own);
    world.publish("1.1.0", |r| r.files(core.to_vec()));
    world
}

#[test]
fn a_clean_merge_is_gits_own() {
    let bus = "vitruvyan_core/core/bus.py";
    let base = vec![
        File::plain("doc/a.txt", long(20, "a")),
        File::plain("doc/b.txt", long(20, "b")),
        File::plain("thing", "a file\n"),
        File::plain("run.sh", "#!/bin/sh\n"),
        file("link", Content::Symlink("doc/a.txt".into())),
    ];
    let cases: Vec<(&str, Vec<File>, Vec<File>)> = vec![
        (
            "both in one file, apart",
            vec![File::plain("doc/a.txt", long(1, "ours"))],
            vec![File::plain("doc/a.txt", long(38, "theirs"))],
        ),
        (
            "the same change on both sides",
            vec![File::plain(bus, module_text("bus", 3))],
            vec![File::plain(bus, module_text("bus", 3))],
        ),
        (
            "a rename here, a change in Core",
            vec![
                gone("doc/a.txt"),
                File::plain("doc/renamed.txt", long(20, "a")),
            ],
            vec![File::plain("doc/a.txt", long(30, "theirs"))],
        ),
        (
            "a rename in Core, a change here",
            vec![File::plain("doc/a.txt", long(30, "ours"))],
            vec![
                gone("doc/a.txt"),
                File::plain("doc/renamed.txt", long(20, "a")),
            ],
        ),
        (
            "one side removes what the other leaves alone",
            vec![gone("doc/a.txt")],
            vec![gone("doc/b.txt")],
        ),
        (
            "a mode here, a content in Core",
            vec![file("run.sh", Content::Executable(b"#!/bin/sh\n".to_vec()))],
            vec![File::plain("run.sh", "#!/bin/sh\necho\n")],
        ),
        (
            "a link moves in Core",
            vec![File::plain("ours.txt", "")],
            vec![file("link", Content::Symlink("doc/b.txt".into()))],
        ),
        (
            "a file becomes a folder in Core",
            vec![File::plain("ours.txt", "")],
            vec![gone("thing"), File::plain("thing/inside", "in\n")],
        ),
        (
            "line ends that attributes say",
            vec![
                File::plain(".gitattributes", "*.txt text eol=crlf\n"),
                File::plain("doc/a.txt", long(1, "ours").replace('\n', "\r\n")),
            ],
            vec![File::plain("doc/a.txt", long(38, "theirs"))],
        ),
        (
            "a union that attributes ask for",
            vec![
                File::plain(".gitattributes", "thing merge=union\n"),
                File::plain("thing", "a file\nours\n"),
            ],
            vec![File::plain("thing", "a file\ntheirs\n")],
        ),
    ];
    for (name, own, core) in cases {
        let world = case(&base, &own, &core);
        let before = (world.state(), world.refs());
        let expected = merged_by_git(&world, "v1.1.0")
            .unwrap_or_else(|| panic!("{name}: git itself finds a conflict"));
        let plan = answer(&world, &["plan"], 0);
        assert_eq!(text(&plan, "/to/tree"), expected, "{name}");
        answer(&world, &["upgrade", "--yes"], 0);
        let state = world.state();
        assert_eq!(
            (state.index.as_str(), state.status),
            (expected.as_str(), vec![]),
            "{name}"
        );
        answer(&world, &["rollback", "--yes"], 0);
        world.state().assert_same(&before.0);
        assert_eq!(world.refs(), before.1, "{name}");
    }
}

#[test]
fn a_conflict_blocks_by_its_kind() {
    let cases: Vec<(&str, &str, Vec<File>, Vec<File>)> = vec![
        (
            "content",
            "doc/a.txt",
            vec![File::plain("doc/a.txt", long(5, "ours"))],
            vec![File::plain("doc/a.txt", long(5, "theirs"))],
        ),
        (
            "modify/delete",
            "doc/a.txt",
            vec![gone("doc/a.txt")],
            vec![File::plain("doc/a.txt", long(5, "theirs"))],
        ),
        (
            "rename/rename",
            "doc/a.txt",
            vec![
                gone("doc/a.txt"),
                File::plain("doc/ours.txt", long(20, "a")),
            ],
            vec![
                gone("doc/a.txt"),
                File::plain("doc/theirs.txt", long(20, "a")),
            ],
        ),
        (
            "file/directory",
            "fresh",
            vec![File::plain("fresh/inside", "ours\n")],
            vec![File::plain("fresh", "theirs\n")],
        ),
        (
            "mode",
            "run.sh",
            vec![file("run.sh", Content::Symlink("doc/a.txt".into()))],
            vec![File::plain("run.sh", "#!/bin/sh\necho theirs\n")],
        ),
        (
            "symlink",
            "link",
            vec![file("link", Content::Symlink("doc/ours".into()))],
            vec![file("link", Content::Symlink("doc/theirs".into()))],
        ),
        (
            "binary",
            "logo",
            vec![File::plain("logo", b"\0\x01ours".to_vec())],
            vec![File::plain("logo", b"\0\x01theirs".to_vec())],
        ),
    ];
    let base = vec![
        File::plain("doc/a.txt", long(20, "a")),
        File::plain("run.sh", "#!/bin/sh\n"),
        File::plain("logo", b"\0\x01".to_vec()),
        file("link", Content::Symlink("doc/a.txt".into())),
    ];
    for (kind, path, own, core) in cases {
        let world = case(&base, &own, &core);
        assert_eq!(
            merged_by_git(&world, "v1.1.0"),
            None,
            "{kind}: git merges it"
        );
        let (before, refs) = (world.state(), world.refs());
        let report = answer(&world, &["upgrade", "--yes", "--target", "1.1.0"], 1);
        let problems = report["problems"].as_array().unwrap();
        let found: Vec<&serde_json::Value> = problems
            .iter()
            .filter(|p| p["code"] == "merge_conflict" && p["subject"] == path)
            .collect();
        assert_eq!(found.len(), 1, "{kind}: {report:#}");
        assert!(
            text(found[0], "/message").contains(kind),
            "{kind}: {:#}",
            found[0]
        );
        let evidence = text(found[0], "/evidence");
        assert!(
            evidence.contains("our own work") && evidence.contains("Release v1.1.0"),
            "{evidence}"
        );
        world.state().assert_same(&before);
        assert_eq!(world.refs(), refs, "{kind}");
        // Where nothing older can be merged, nothing is offered either.
        let update = answer(&world, &["update"], 1);
        assert_eq!(update["reason"], "merge_conflict", "{kind}");
    }
}

#[test]
fn a_submodule_moved_by_both_is_a_conflict() {
    let world = builder().build();
    let (one, two, three) = ("1".repeat(40), "2".repeat(40), "3".repeat(40));
    let link = |oid: &str| {
        let info = format!("160000,{oid},vendored");
        world.git(&["update-index", "--add", "--cacheinfo", &info]);
    };
    link(&one);
    world.git(&["commit", "-qm", "a submodule"]);
    world.git(&["tag", "v1.0.1"]);
    world.git(&["push", "-q", "origin", "HEAD:main", "v1.0.1"]);
    world.git(&["checkout", "-q", "--detach"]);
    link(&two);
    world.git(&["commit", "-qm", "Core moves it"]);
    world.git(&["tag", "v1.1.0"]);
    world.git(&["push", "-q", "origin", "HEAD:main", "v1.1.0"]);
    world.git(&["checkout", "-q", "main"]);
    world.downstream(&[]);
    link(&three);
    world.git(&["commit", "-qm", "we move it"]);
    let plan = answer(&world, &["plan", "--target", "1.1.0"], 1);
    let found = crate::installation::problem(&plan, "merge_conflict");
    assert_eq!(found["subject"], "vendored");
    assert!(text(&found, "/message").contains("submodule"), "{found:#}");
}

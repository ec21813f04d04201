//! Bundles that are damaged, cut off, or no bundles.

use std::path::{Path, PathBuf};

use vit_testkit::World;

use super::{create, import, pair, text};
use crate::installation::{answer, problem};
use crate::transaction::put;

/// What an import must leave alone.
fn state(world: &World) -> (Vec<String>, bool) {
    (world.refs(), world.path(".git/vit/imports").exists())
}

fn written(beside: &Path, bytes: &[u8]) -> PathBuf {
    let path = beside.with_extension("bad");
    put(&path, bytes);
    path
}

#[test]
fn a_bundle_that_was_changed_or_cut_off_changes_nothing() {
    let (sender, receiver) = pair();
    let file = create(&sender, "b", &["--target", "1.2.0"]);
    let good = std::fs::read(&file).unwrap();
    let before = state(&receiver);
    let flipped = |at: usize| {
        let mut bytes = good.clone();
        bytes[at] ^= 0x20;
        bytes
    };
    // The manifest, git's part, the hash at the end, what follows it; cut off, and longer.
    let cases = [
        flipped(600),
        flipped(good.len() / 2),
        flipped(good.len() - 1536),
        flipped(good.len() - 1),
        good[..good.len() - 512].to_vec(),
        good[..good.len() / 2].to_vec(),
        [&good[..], &[0; 512]].concat(),
        b"no bundle at all".to_vec(),
        Vec::new(),
    ];
    for (number, bytes) in cases.iter().enumerate() {
        let bad = written(&file, bytes);
        let report = answer(&receiver, &["bundle", "verify", text(&bad)], 2);
        assert_eq!(report["status"], "damaged", "{number}: {report:#}");
        let error = import(&receiver, &bad, 2);
        problem(&error, "bundle_damaged");
        assert_eq!(state(&receiver), before, "{number}");
    }
    import(&receiver, &file, 0);
}

/// A bundle whose hashes all agree, and whose manifest names another commit than git's part.
#[test]
fn a_manifest_that_lies_about_the_commits_is_found_before_anything_is_written() {
    let (sender, receiver) = pair();
    let file = create(&sender, "b", &["--target", "1.2.0"]);
    let before = state(&receiver);
    let [one, two] = ["v1.1.0", "v1.2.0"].map(|tag| sender.commit_of(tag));
    let trees = ["v1.1.0", "v1.2.0"].map(|tag| sender.tree_of(tag));
    let tags = ["v1.1.0", "v1.2.0"].map(|tag| sender.git_in(&sender.origin(), &["rev-parse", tag]));
    for (from, to) in [
        (
            format!("\"tree\": \"{}\"", trees[1]),
            format!("\"tree\": \"{}\"", trees[0]),
        ),
        (
            format!("\"commit\": \"{two}\""),
            format!("\"commit\": \"{one}\""),
        ),
        (
            format!("\"tag_object\": \"{}\"", tags[1]),
            format!("\"tag_object\": \"{}\"", tags[0]),
        ),
    ] {
        let bad = written(&file, &forged(&std::fs::read(&file).unwrap(), &from, &to));
        let report = answer(&receiver, &["bundle", "verify", text(&bad)], 2);
        let evidence = problem(&report, "bundle_damaged")["evidence"].to_string();
        assert!(evidence.contains("manifest"), "{evidence}");
        import(&receiver, &bad, 2);
        assert_eq!(receiver.refs(), before.0, "{from}");
        let left = std::fs::read_dir(receiver.path(".git/vit/imports"));
        let left = left.into_iter().flatten().flatten();
        let left: Vec<_> = left
            .map(|e| e.file_name())
            .filter(|n| n.len() > 10)
            .collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

/// The bundle with a text of its manifest replaced by one as long, and the hash made anew.
fn forged(good: &[u8], from: &str, to: &str) -> Vec<u8> {
    let end = good.len() - 1024 - 1024;
    let at = good
        .windows(from.len())
        .position(|window| window == from.as_bytes())
        .unwrap();
    let mut bytes = good.to_vec();
    bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
    let hash = vit_contract::digest::sha256(&bytes[..end]);
    bytes[end + 512..end + 576].copy_from_slice(hash.as_bytes());
    bytes
}

#[test]
fn what_is_no_regular_file_is_an_error() {
    let (_, receiver) = pair();
    let fifo = receiver.root().join("fifo");
    let made = receiver.program(Path::new("mkfifo"), [text(&fifo)]).run();
    made.assert_code(0);
    for path in [fifo, receiver.home(), receiver.root().join("none")] {
        for command in ["verify", "import"] {
            let told = answer(&receiver, &["bundle", command, text(&path)], 2);
            assert_eq!(told["schema"], "vit.error/1");
        }
    }
}

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

fn now() -> Timestamp {
    "2026-03-01T08:00:00Z".parse().unwrap()
}

fn what(commit: &str, tree: &str, metadata: &str) -> What {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    What {
        commit: some(commit),
        tree: some(tree),
        metadata_sha256: some(metadata),
    }
}

fn seen(tag: &str, what: What) -> Entry {
    let metadata = what
        .metadata_sha256
        .as_ref()
        .map(|m| format!(r#"{{"m":"{m}"}}"#));
    Entry {
        metadata,
        ..Entry::new(Kind::Seen, tag, what)
    }
}

fn put(folder: &Path, entries: Vec<Entry>) -> Appended {
    append(folder, now(), &Faults::default(), |_| entries).unwrap()
}

/// A ledger of three releases, and its text.
fn filled() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    for number in 1..=3 {
        let what = what(
            &format!("c{number}"),
            &format!("t{number}"),
            &format!("m{number}"),
        );
        assert_eq!(
            put(folder.path(), vec![seen(&format!("v1.{number}.0"), what)]),
            Appended::Done
        );
    }
    let text = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
    (folder, text)
}

#[expect(clippy::disallowed_methods, reason = "what somebody else writes there")]
fn write(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) {
    std::fs::write(folder.join(name), bytes).unwrap();
}

fn aside(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.to_string_lossy().contains(".damaged-"))
        .collect();
    found.sort();
    found
}

#[test]
fn the_first_sight_counts_and_is_only_completed() {
    let (folder, _) = filled();
    let dir = folder.path();
    put(dir, vec![seen("v2.0.0", what("c", "", ""))]);
    put(dir, vec![seen("v2.0.0", what("c", "t", ""))]);
    put(
        dir,
        vec![
            seen("v2.0.0", what("x", "y", "z")),
            seen("v2.0.0", what("c", "y", "m")),
        ],
    );
    put(dir, vec![seen("v2.0.0", what("c", "t", "m"))]);
    put(dir, vec![seen("v2.0.0", what("c", "t", "other"))]);
    let ledger = read(dir).unwrap();
    assert_eq!((ledger.lines, &ledger.damaged), (9, &None));
    let known = &ledger.known["v2.0.0"];
    assert_eq!(known.what, what("c", "t", "m"));
    assert_eq!(ledger.metadata(known).unwrap()["m"], "m");
    let mut accepted = Entry::new(Kind::Accepted, "v2.0.0", what("n", "n", ""));
    accepted.line.text = Some("why".into());
    put(dir, vec![accepted]);
    let ledger = read(dir).unwrap();
    assert_eq!(ledger.known["v2.0.0"].what, what("n", "n", ""));
    assert_eq!(ledger.metadata(&ledger.known["v2.0.0"]), None);
    assert_eq!(put(dir, Vec::new()), Appended::Nothing);
}

#[test]
fn large_metadata_is_not_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut entry = seen("v1.0.0", what("c", "t", "m"));
    entry.metadata = Some(format!("\"{}\"", "x".repeat(MAX_METADATA)));
    put(folder.path(), vec![entry]);
    let ledger = read(folder.path()).unwrap();
    let known = &ledger.known["v1.0.0"];
    assert_eq!(
        (ledger.metadata(known), ledger.damaged.clone()),
        (None, None)
    );
    assert_eq!(known.what, what("c", "t", "m"));
}

/// Whatever is done to the file, it is said, kept whole, and what is left of it counts.
#[test]
fn a_hostile_ledger_is_told_kept_aside_and_begun_anew() {
    let (_, whole) = filled();
    let lines: Vec<&str> = whole.split_inclusive('\n').collect();
    let huge = format!("{}{}\n", lines[0], "x".repeat(10 * 1024 * 1024));
    let cases: [(&str, String, &[&str], &str); 7] = [
        (
            "edited",
            whole.replace("\"c2\"", "\"cX\""),
            &["v1.1.0", "v1.3.0"],
            "line 2: the hash",
        ),
        (
            "reordered",
            [lines[0], lines[2], lines[1]].concat(),
            &["v1.1.0", "v1.2.0", "v1.3.0"],
            "line 2: it does not follow",
        ),
        (
            "a line is gone",
            [lines[0], lines[2]].concat(),
            &["v1.1.0", "v1.3.0"],
            "line 2: it does not follow",
        ),
        (
            "the end is gone",
            lines[..2].concat(),
            &["v1.1.0", "v1.2.0"],
            "cut off: 2 lines",
        ),
        (
            "cut in a line",
            whole[..whole.len() - 40].to_owned(),
            &["v1.1.0", "v1.2.0"],
            "cut off: 2 lines",
        ),
        ("a huge line", huge, &["v1.1.0"], "line 2: it is longer"),
        ("garbage", "\u{1}\n{}\n".to_owned(), &[], "line 1: the hash"),
    ];
    for (name, text, left, reason) in cases {
        let (folder, _) = filled();
        let dir = folder.path();
        write(dir, FILE, &text);
        let ledger = read(dir).unwrap();
        let told = ledger.damaged.clone().unwrap_or_default();
        assert!(told.contains(reason), "{name}: {told}");
        let problem = ledger.problem(dir).unwrap();
        assert_eq!(
            (problem.code, problem.blocks()),
            (Code::LedgerDamaged, false)
        );
        assert_eq!(
            std::fs::read_to_string(dir.join(FILE)).unwrap(),
            text,
            "reading changes nothing"
        );

        put(dir, vec![seen("v9.0.0", what("c9", "t9", ""))]);
        let kept = aside(dir);
        assert_eq!(kept.len(), 1, "{name}");
        assert_eq!(std::fs::read_to_string(&kept[0]).unwrap(), text, "{name}");
        let anew = read(dir).unwrap();
        assert_eq!(anew.damaged, None, "{name}");
        let mut tags: Vec<&str> = anew.known.keys().map(String::as_str).collect();
        tags.sort_unstable();
        assert_eq!(tags, [left, &["v9.0.0"]].concat(), "{name}");
        for tag in left {
            assert_eq!(anew.known[*tag].what, ledger.known[*tag].what);
            assert_eq!(
                anew.metadata(&anew.known[*tag]),
                ledger.metadata(&ledger.known[*tag])
            );
        }
        // It is said until somebody has looked.
        let problem = anew.problem(dir).unwrap();
        assert!(problem.evidence.unwrap().contains(&told), "{name}");
        std::fs::remove_file(&kept[0]).unwrap();
        assert_eq!(anew.problem(dir), None);
    }
}

#[test]
fn a_link_a_folder_or_nothing_in_its_place_is_damage() {
    let (other, _) = filled();
    for case in ["link", "folder", "gone", "head"] {
        let (folder, text) = filled();
        let (dir, path) = (folder.path(), folder.path().join(FILE));
        if case != "head" {
            std::fs::remove_file(&path).unwrap();
        }
        match case {
            "link" => std::os::unix::fs::symlink(other.path().join(FILE), &path).unwrap(),
            "folder" => std::fs::create_dir(&path).unwrap(),
            "head" => write(dir, HEAD, "{"),
            _ => {}
        }
        let before = std::fs::read_to_string(other.path().join(FILE)).unwrap();
        assert!(read(dir).unwrap().damaged.is_some(), "{case}");
        put(dir, vec![seen("v9.0.0", what("c", "t", ""))]);
        let ledger = read(dir).unwrap();
        assert!(
            ledger.damaged.is_none() && ledger.known.contains_key("v9.0.0"),
            "{case}"
        );
        assert_eq!(aside(dir).len(), usize::from(case != "gone"), "{case}");
        assert_eq!(
            ledger.known.contains_key("v1.2.0"),
            case == "head",
            "{case}"
        );
        assert_eq!(
            std::fs::read_to_string(other.path().join(FILE)).unwrap(),
            before
        );
        assert!(!text.is_empty());
    }
}

#[test]
fn an_append_that_never_ended_is_dropped() {
    let (folder, text) = filled();
    let dir = folder.path();
    write(dir, FILE, format!("{text}{{\"format\":1,\"se"));
    let ledger = read(dir).unwrap();
    assert_eq!((ledger.lines, ledger.damaged), (3, None));
    put(dir, vec![seen("v9.0.0", what("c", "t", ""))]);
    let ledger = read(dir).unwrap();
    assert_eq!((ledger.lines, ledger.damaged), (4, None));
    assert_eq!(aside(dir), Vec::<PathBuf>::new());
}

#[test]
fn a_newer_ledger_is_read_and_never_written() {
    let (folder, text) = filled();
    let dir = folder.path();
    let mut end = End {
        next: 4,
        hash: read_last_hash(&text),
        length: text.len(),
        torn: false,
    };
    let mut newer = seen("v2.0.0", what("c", "t", ""));
    newer.line.format = FORMAT + 1;
    let line = end.seal(newer, now(), 0);
    write(dir, FILE, format!("{text}{line}"));
    let ledger = read(dir).unwrap();
    assert!(ledger.newer && ledger.damaged.is_none());
    assert_eq!(ledger.known.len(), 3);
    assert_eq!(
        put(dir, vec![seen("v3.0.0", what("c", "t", ""))]),
        Appended::Newer
    );
    assert_eq!(
        std::fs::read_to_string(dir.join(FILE)).unwrap(),
        format!("{text}{line}")
    );
}

fn read_last_hash(text: &str) -> String {
    line::parse(text.as_bytes())
        .lines
        .last()
        .unwrap()
        .hash
        .clone()
}

#[cfg(feature = "faults")]
#[test]
fn case_33_a_write_that_fails_leaves_the_old_lines() {
    use crate::store::fault_rules::faults;

    for point in [
        "ledger.append.before",
        "ledger.append.written",
        "atomic.ledger.head.rename",
    ] {
        let (folder, _) = filled();
        let entries = vec![seen("v9.0.0", what("c", "t", ""))];
        let failed = append(
            folder.path(),
            now(),
            &faults(&format!("{point}=enospc")),
            |_| entries,
        );
        assert!(failed.is_err(), "{point}");
        let ledger = read(folder.path()).unwrap();
        assert_eq!(ledger.damaged, None, "{point}");
        assert!(ledger.known.contains_key("v1.3.0"));
        put(folder.path(), vec![seen("v9.1.0", what("c", "t", ""))]);
        assert_eq!(read(folder.path()).unwrap().damaged, None, "{point}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is seen, noted or begun anew, in whatever batches: what was seen first counts,
    /// until it is accepted otherwise, and no release is ever forgotten.
    #[test]
    fn the_ledger_never_forgets(
        batches in prop::collection::vec(
            prop::collection::vec((0u8..5, 0u8..4, 0u8..4, 0u8..3), 0..6), 1..6),
        damage in prop::option::of(0usize..5),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let mut counts: HashMap<String, What> = HashMap::new();
        for (number, batch) in batches.iter().enumerate() {
            let mut entries = Vec::new();
            for &(tag, commit, tree, kind) in batch {
                let name = |letter: &str, n: u8| if n == 0 { String::new() } else { format!("{letter}{n}") };
                let tag = format!("v1.{tag}.0");
                let what = what(&name("c", commit), &name("t", tree), "");
                let kind = [Kind::Seen, Kind::Noted, Kind::Accepted][usize::from(kind)];
                let entry = Entry::new(kind, &tag, what.clone());
                let known = counts.get(&tag).cloned();
                match (kind, known) {
                    (Kind::Accepted, _) | (Kind::Seen, None) => { counts.insert(tag, what); }
                    (Kind::Seen, Some(known)) => {
                        let clash = |a: &Option<String>, b: &Option<String>| a.is_some() && b.is_some() && a != b;
                        if !clash(&known.commit, &what.commit) && !clash(&known.tree, &what.tree) {
                            counts.insert(tag, What {
                                commit: known.commit.or(what.commit),
                                tree: known.tree.or(what.tree),
                                metadata_sha256: None,
                            });
                        }
                    }
                    (_, None) => { counts.insert(tag, What::default()); }
                    (_, Some(_)) => {}
                }
                entries.push(entry);
            }
            put(folder.path(), entries);
            if damage == Some(number) && folder.path().join(FILE).exists() {
                // Somebody's stray line, which belongs to nothing.
                let text = std::fs::read_to_string(folder.path().join(FILE)).unwrap();
                write(folder.path(), FILE, format!("stray\n{text}"));
            }
        }
        put(folder.path(), vec![Entry::new(Kind::Noted, "v9.0.0", What::default())]);
        counts.insert("v9.0.0".to_owned(), What::default());
        let ledger = read(folder.path()).unwrap();
        prop_assert_eq!(ledger.damaged, None);
        let found: HashMap<String, What> = ledger.known.into_iter().map(|(tag, known)| (tag, known.what)).collect();
        prop_assert_eq!(found, counts);
    }
}

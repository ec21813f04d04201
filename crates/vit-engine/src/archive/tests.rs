//! CASES.md 27, as far as it is about the file; and that what is written is read again.

use std::io::Cursor;

use proptest::prelude::*;
use tar::{EntryType, Header};

use super::*;

const USUAL: Policy = Policy {
    members: 10,
    bytes: 10_000,
    name: 100,
    form: Form::Usual,
};
const CANONICAL: Policy = Policy {
    form: Form::Canonical,
    ..USUAL
};

/// Every member with its content.
fn read(bytes: &[u8], policy: Policy) -> Result<Vec<(Member, Vec<u8>)>, ArchiveError> {
    let mut reader = Reader::new(Cursor::new(bytes), policy);
    let mut found = Vec::new();
    while let Some(member) = reader.next_member()? {
        found.push((member, reader.content(10_000)?));
    }
    Ok(found)
}

#[track_caller]
fn refused(bytes: &[u8], word: &str) {
    let error = read(bytes, USUAL).expect_err(word).to_string();
    assert!(error.contains(word), "{word}: {error}");
    // What the usual form refuses, the strict one refuses too.
    assert!(read(bytes, CANONICAL).is_err(), "{word}");
}

fn written(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new());
    for (name, content) in files {
        let mut content = *content;
        writer
            .add(name, content.len() as u64, &mut content)
            .unwrap();
    }
    writer.finish().unwrap()
}

/// A member with its name put into the header as it is.
fn member(name: &[u8], kind: EntryType, content: &[u8], change: fn(&mut Header)) -> Vec<u8> {
    let mut header = Header::new_ustar();
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.set_mode(0o644);
    header.set_uid(1000);
    header.set_gid(1000);
    header.set_mtime(1_700_000_000);
    header.set_size(content.len() as u64);
    header.set_entry_type(kind);
    change(&mut header);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend(content);
    bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    bytes
}

fn file(name: &str) -> Vec<u8> {
    member(name.as_bytes(), EntryType::Regular, b"x", |_| {})
}

fn kind(kind: EntryType) -> Vec<u8> {
    member(b"a", kind, b"", |_| {})
}

fn record(key: &str, value: &str) -> Vec<u8> {
    let rest = format!(" {key}={value}\n");
    let length = (1..).find(|n: &usize| n.to_string().len() + rest.len() == *n);
    format!("{}{rest}", length.unwrap()).into_bytes()
}

fn with_record(key: &str, value: &str) -> Vec<u8> {
    let mut bytes = member(b"records", EntryType::XHeader, &record(key, value), |_| {});
    bytes.extend(file("a"));
    archive(&[bytes])
}

fn archive(members: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = members.concat();
    bytes.resize(bytes.len() + 2 * BLOCK, 0);
    bytes
}

fn names(bytes: &[u8]) -> Vec<String> {
    let found = read(bytes, USUAL).unwrap();
    found.into_iter().map(|(member, _)| member.name).collect()
}

#[test]
fn what_is_written_is_read_again_in_both_forms() {
    let long = format!("{}/{}", "d".repeat(60), "f".repeat(39));
    let files: [(&str, &[u8]); 4] = [
        ("manifest.json", b"{}"),
        ("empty", b""),
        ("a/b", &[7; 1024]),
        (&long, &[1; 513]),
    ];
    let bytes = written(&files);
    assert_eq!(bytes, written(&files), "the same to the byte");
    for policy in [CANONICAL, USUAL] {
        let found = read(&bytes, policy).unwrap();
        let found: Vec<(&str, &[u8])> = found
            .iter()
            .map(|(member, content)| (member.name.as_str(), content.as_slice()))
            .collect();
        assert_eq!(found, files);
    }
    assert!(Writer::new(Vec::new()).add("a", 2, &mut &b"x"[..]).is_err());
    assert!(
        Writer::new(Vec::new())
            .add("a", 1, &mut &b"xy"[..])
            .is_err()
    );
}

#[test]
fn what_usual_tools_write_is_read() {
    let script = member(b"bin/run", EntryType::Regular, b"#!", |h| h.set_mode(0o755));
    let folder = member(b"bin/", EntryType::Directory, b"", |h| h.set_mode(0o755));
    let padded = {
        let mut bytes = archive(&[folder, script]);
        bytes.resize(10_240, 0);
        bytes
    };
    let found = read(&padded, USUAL).unwrap();
    let told: Vec<(&str, bool, bool)> = found
        .iter()
        .map(|(m, _)| (m.name.as_str(), m.folder, m.executable))
        .collect();
    assert_eq!(told, [("bin", true, false), ("bin/run", false, true)]);
    assert!(read(&padded, CANONICAL).is_err());
    assert_eq!(names(&with_record("mtime", "1700000000.5")), ["a"]);
    assert_eq!(names(&with_record("path", "é/b")), ["é/b"]);
}

#[test]
fn case_27_names_that_lead_elsewhere() {
    for (name, word) in [
        ("/etc/passwd", "absolute"),
        ("../x", "elsewhere"),
        ("a/../../x", "elsewhere"),
        ("./a", "elsewhere"),
        ("a\\b", "backslash"),
        ("a//b", "empty part"),
        ("a/", "empty part"),
        ("", "no name"),
        ("a\nb", "control"),
    ] {
        refused(&archive(&[file(name)]), word);
        if !name.is_empty() {
            refused(&with_record("path", name), word);
        }
    }
    refused(
        &archive(&[member(b"a\0b", EntryType::Regular, b"", |_| {})]),
        "NUL",
    );
    refused(
        &archive(&[member(b"\xff", EntryType::Regular, b"", |_| {})]),
        "UTF-8",
    );
    refused(&with_record("path", "a\0b"), "control");
    let long = "a/".repeat(2048) + "b";
    refused(&with_record("path", &long), "too long");
    refused(&archive(&[kind(EntryType::GNULongName)]), "too long");
}

#[test]
fn case_27_kinds_that_are_no_files() {
    for (found, word) in [
        (EntryType::Symlink, "symbolic link"),
        (EntryType::Link, "hard link"),
        (EntryType::Char, "device"),
        (EntryType::Block, "device"),
        (EntryType::Fifo, "fifo"),
        (EntryType::GNUSparse, "sparse"),
        (EntryType::GNULongLink, "too long"),
        (EntryType::Continuous, "not taken"),
        (EntryType::new(b'V'), "not taken"),
    ] {
        refused(&archive(&[kind(found)]), word);
    }
    // A file that names a target, and one that becomes somebody else when it is run.
    let linked = member(b"a", EntryType::Regular, b"", |h| {
        h.as_old_mut().linkname[0] = b'x';
    });
    refused(&archive(&[linked]), "no link");
    for mode in [0o4755, 0o2755, 0o1755] {
        let mut bytes = member(b"a", EntryType::Regular, b"", |_| {});
        let header = Header::from_byte_slice(&bytes[..BLOCK]);
        let mut header = header.clone();
        header.set_mode(mode);
        header.set_cksum();
        bytes[..BLOCK].copy_from_slice(header.as_bytes());
        refused(&archive(&[bytes]), "set-user-id");
    }
    // A link, then a file through it: the link is refused before the file is seen.
    let through = archive(&[kind(EntryType::Symlink), file("a/b")]);
    refused(&through, "symbolic link");
}

#[test]
fn case_27_records_that_say_another_size_or_kind() {
    for (key, value) in [
        ("size", "1000"),
        ("linkpath", "/etc/passwd"),
        ("GNU.sparse.major", "1"),
        ("GNU.sparse.name", "b"),
        ("SCHILY.realsize", "1000"),
        ("SCHILY.xattr.security.capability", "x"),
        ("hdrcharset", "BINARY"),
    ] {
        refused(&with_record(key, value), "not taken");
    }
    let records = |content: &[u8]| {
        let mut bytes = member(b"r", EntryType::XHeader, content, |_| {});
        bytes.extend(file("a"));
        archive(&[bytes])
    };
    for form in [
        &b"9999 path=b\n"[..],
        b"path=b\n",
        b"12 path=b\n",
        b"9 path=b\n\n",
        b"-9 path=b\n",
        b"0 \n",
    ] {
        refused(&records(form), "not in their form");
    }
    let twice = [record("path", "b"), record("path", "c")].concat();
    refused(&records(&twice), "not taken");
    let only = member(b"r", EntryType::XHeader, &record("mtime", "1"), |_| {});
    refused(&archive(std::slice::from_ref(&only)), "for no member");
    refused(&archive(&[only.clone(), only, file("a")]), "before records");
}

#[test]
fn case_27_sizes_and_numbers_that_readers_disagree_on() {
    let big = |h: &mut Header| {
        // Base 256, which some readers cut at eight bytes.
        h.as_old_mut().size = [0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    };
    refused(
        &archive(&[member(b"a", EntryType::Regular, b"", big)]),
        "octal",
    );
    let signed = |h: &mut Header| h.as_old_mut().size = *b"-0000000001\0";
    refused(
        &archive(&[member(b"a", EntryType::Regular, b"", signed)]),
        "octal",
    );
    let folder = member(b"a", EntryType::Directory, b"content", |_| {});
    refused(&archive(&[folder]), "with content");
    let mut wrong = archive(&[file("a")]);
    wrong[0] = b'b';
    refused(&wrong, "checksum");
}

#[test]
fn case_27_names_that_some_file_systems_take_for_one() {
    for pair in [
        ["README", "readme"],
        ["é", "e\u{301}"],
        ["Straße", "STRASSE"],
        ["a/B/x", "a/b/y"],
        ["a", "a"],
        ["a", "a/b"],
        ["a/b", "a"],
        ["ﬁle", "file"],
    ] {
        let bytes = archive(&[file(pair[0]), file(pair[1])]);
        let error = read(&bytes, USUAL).unwrap_err().to_string();
        let told = ["capitals", "twice"]
            .iter()
            .any(|word| error.contains(word));
        assert!(told, "{pair:?}: {error}");
    }
    let folder = member(b"a", EntryType::Directory, b"", |_| {});
    assert_eq!(
        names(&archive(&[file("a/b"), folder.clone(), file("a/c")])).len(),
        3
    );
    refused(&archive(&[folder.clone(), folder]), "twice");
}

#[test]
fn case_27_more_than_is_allowed() {
    let many: Vec<Vec<u8>> = (0..11).map(|n| file(&n.to_string())).collect();
    refused(&archive(&many), "more than 10 members");
    let mut records: Vec<Vec<u8>> = Vec::new();
    for n in 0..6 {
        records.push(member(
            b"r",
            EntryType::XHeader,
            &record("mtime", "1"),
            |_| {},
        ));
        records.push(file(&n.to_string()));
    }
    refused(&archive(&records), "more than 10 members");
    let large = member(b"a", EntryType::Regular, &[0; 9000], |_| {});
    let other = member(b"b", EntryType::Regular, &[0; 1001], |_| {});
    refused(&archive(&[large, other]), "more than 10000 bytes");
    // A size that is only claimed costs nothing but the words.
    let claimed = |h: &mut Header| h.set_size(0o777_7777_7777);
    refused(
        &archive(&[member(b"a", EntryType::Regular, b"", claimed)]),
        "more than",
    );
    let claimed = |h: &mut Header| h.set_size(1 << 20);
    refused(
        &archive(&[member(b"r", EntryType::XHeader, b"", claimed)]),
        "too long",
    );
}

#[test]
fn case_27_what_stands_behind_the_end() {
    let good = archive(&[file("a")]);
    for cut in 1..=good.len() {
        assert!(read(&good[..good.len() - cut], USUAL).is_err(), "{cut}");
    }
    let mut one = good.clone();
    one.truncate(good.len() - BLOCK);
    one.extend(file("b"));
    refused(&one, "behind the archive's end");
    let mut hidden = good.clone();
    hidden.extend(file("b"));
    refused(&hidden, "behind the archive's end");
    let mut padding = good;
    padding[BLOCK + 1] = 1;
    refused(&padding, "behind a member's content");
    let mut exact = written(&[("a", b"x")]);
    exact.push(0);
    assert!(read(&exact, CANONICAL).is_err());
    exact.resize(1 << 20, 0);
    assert!(read(&exact, USUAL).is_err());
}

#[test]
fn every_byte_of_the_strict_form_counts() {
    let good = written(&[("a", b"hello"), ("b/c", &[3; 600])]);
    let content: Vec<usize> = (512..517).chain(1536..2136).collect();
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 1;
        assert_eq!(
            read(&bytes, CANONICAL).is_ok(),
            content.contains(&at),
            "{at}"
        );
    }
}

proptest! {
    #[test]
    fn noise_is_refused_without_a_panic(
        noise in prop::collection::vec((0_usize..3072, any::<u8>()), 1..20)
    ) {
        let mut bytes = archive(&[
            member(b"r", EntryType::XHeader, &record("path", "x/y"), |_| {}),
            file("a"),
            file("b"),
        ]);
        for (at, byte) in noise {
            let at = at % bytes.len();
            bytes[at] = byte;
        }
        if let Ok(found) = read(&bytes, USUAL) {
            for (member, content) in found {
                prop_assert_eq!(member.size, content.len() as u64);
                prop_assert_eq!(check_name(&member.name, 100), Ok(()));
            }
        }
    }
}

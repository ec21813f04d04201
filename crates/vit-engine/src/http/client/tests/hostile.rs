//! Whatever is done to the files: the true body, or the server is asked. And no secret in them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use vit_contract::digest;

use super::server::Trouble;
use super::stage::{Stage, URL, fresh, minutes, request, with_token};
use crate::http::client::{Freshness, HttpError, Origin, Request};

const OTHER: &str = "https://releases.example.org/other.json";

/// A cache with two answers.
fn kept() -> Stage {
    let stage = Stage::new();
    stage.server.put(URL, "the body", &[("etag", "\"1\"")]);
    stage.server.put(OTHER, "another", &[("etag", "\"2\"")]);
    stage.body(&request(OTHER));
    stage.body(&request(URL));
    stage
}

fn blob(stage: &Stage, body: &[u8]) -> PathBuf {
    let hash = digest::sha256(body);
    let (shard, name) = hash.split_at(2);
    stage.cache().join("blobs/sha256").join(shard).join(name)
}

/// The file of an answer with this body.
fn entry(stage: &Stage, body: &[u8]) -> PathBuf {
    let hash = digest::sha256(body);
    let files = stage.files();
    let mut entries = files.into_iter().filter(|path| {
        path.starts_with(stage.cache().join("entries"))
            && fs::read_to_string(path).unwrap().contains(&hash)
    });
    entries.next().unwrap()
}

/// Changes an entry as somebody would who knows the format, its hash included.
fn forge(path: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(path).unwrap();
    let json = text.lines().next().unwrap().replace(from, to);
    assert_ne!(json, text.lines().next().unwrap());
    fs::write(
        path,
        format!("{json}\n{}\n", digest::sha256(json.as_bytes())),
    )
    .unwrap();
}

/// Asked again without a condition, and kept again.
fn assert_mended(stage: &Stage) {
    let asked = stage.server.requests();
    stage.later(minutes(1));
    assert_eq!(stage.body(&request(URL)), ("the body".into(), Origin::Sent));
    assert_eq!(stage.server.last("if-none-match"), None);
    assert_eq!(stage.body(&request(URL)), ("the body".into(), Origin::Kept));
    assert_eq!(stage.server.requests(), asked + 1);
    assert_eq!(stage.notices(), []);
}

#[test]
fn a_damaged_body_is_dropped_and_asked_for_again() {
    let damages: [fn(&Path); 7] = [
        |path| fs::write(path, "the bodx").unwrap(),
        |path| fs::write(path, "the bo").unwrap(),
        |path| fs::write(path, "").unwrap(),
        |path| fs::write(path, "the body and more").unwrap(),
        |path| fs::remove_file(path).unwrap(),
        |path| {
            let beside = path.with_extension("moved");
            fs::rename(path, &beside).unwrap();
            symlink(beside, path).unwrap();
        },
        |path| {
            fs::remove_file(path).unwrap();
            rustix::fs::mknodat(
                rustix::fs::CWD,
                path,
                rustix::fs::FileType::Fifo,
                rustix::fs::Mode::RUSR,
                0,
            )
            .unwrap();
        },
    ];
    for damage in damages {
        let stage = kept();
        damage(&blob(&stage, b"the body"));
        assert_mended(&stage);
        // Revalidating would have believed it as well.
        let stage = kept();
        damage(&blob(&stage, b"the body"));
        stage.later(minutes(60));
        assert_eq!(stage.body(&request(URL)), ("the body".into(), Origin::Sent));
    }
}

/// A body that was damaged is written anew even where its name and length are right.
#[test]
fn a_poisoned_body_does_not_stay_under_its_name() {
    let stage = kept();
    let path = blob(&stage, b"the body");
    fs::write(&path, "the bodx").unwrap();
    stage.later(minutes(60));
    let refreshed = fresh(URL, Freshness::Validated);
    assert_eq!(stage.body(&refreshed), ("the body".into(), Origin::Sent));
    assert_eq!(fs::read(&path).unwrap(), b"the body");
}

#[test]
fn a_damaged_entry_is_dropped_and_asked_for_again() {
    type Damage = fn(&Stage, &Path);
    let damages: [Damage; 9] = [
        |_, path| fs::write(path, "").unwrap(),
        |_, path| fs::write(path, "{\"format\":1}\n\n").unwrap(),
        |_, path| fs::write(path, b"\xff\xfe\x00garbage\n\n\n").unwrap(),
        |_, path| fs::write(path, vec![b'['; 200_000]).unwrap(),
        // The answer to another request.
        |stage, path| {
            fs::copy(entry(stage, b"another"), path).unwrap();
        },
        // Another body, by an edit that does not know of the hash, and by one that does but
        // cannot change what is in the file that it names.
        |_, path| {
            let text = fs::read_to_string(path).unwrap();
            let (from, to) = (digest::sha256(b"the body"), digest::sha256(b"another"));
            fs::write(path, text.replace(&from, &to)).unwrap();
        },
        |_, path| {
            forge(
                path,
                &digest::sha256(b"the body"),
                "../../../../../../etc/hostname",
            );
        },
        |_, path| forge(path, &digest::sha256(b"the body"), "é"),
        |_, path| {
            fs::rename(path, path.with_extension("x")).unwrap();
            symlink(path.with_extension("x"), path).unwrap();
        },
    ];
    for damage in damages {
        let stage = kept();
        damage(&stage, &entry(&stage, b"the body"));
        assert_mended(&stage);
    }
}

#[test]
fn a_length_that_is_wrong_is_no_answer() {
    for length in ["7", "9", "18446744073709551615", "-1", "8.0"] {
        let stage = kept();
        let path = entry(&stage, b"the body");
        forge(&path, "\"length\":8", &format!("\"length\":{length}"));
        assert_mended(&stage);
    }
}

#[test]
fn an_entry_of_a_newer_vit_is_left_alone_and_not_used() {
    let stage = kept();
    let path = entry(&stage, b"the body");
    let newer = "{\"format\":2,\"what\":\"else\"}\nand its own way to be whole\n\n";
    fs::write(&path, newer).unwrap();
    for _ in 0..2 {
        assert_eq!(stage.body(&request(URL)), ("the body".into(), Origin::Sent));
    }
    let offline = stage.get(&fresh(URL, Freshness::Kept)).unwrap_err();
    assert!(matches!(offline, HttpError::Offline { .. }));
    assert_eq!(fs::read_to_string(&path).unwrap(), newer);
    stage.server.trouble(Trouble::Says(404));
    stage.get(&request(URL)).unwrap_err();
    assert!(path.exists(), "not ours to remove");
}

#[test]
fn a_damaged_derived_document_is_none() {
    let stage = kept();
    stage.process(|client| client.keep_derived("k", &["a"], b"document"));
    let path = stage.only("derived");
    let whole = fs::read(&path).unwrap();
    let read = || stage.process(|client| client.derived("k", &["a"]));
    for at in 0..whole.len() {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(&path, &bytes).unwrap();
        assert_eq!(read(), None, "byte {at}");
        fs::write(&path, &whole[..at]).unwrap();
        assert_eq!(read(), None, "cut at {at}");
    }
    fs::write(&path, &whole).unwrap();
    assert_eq!(read().as_deref(), Some(&b"document"[..]));
    stage.process(|client| client.keep_derived("l", &["a"], b"of another key"));
    let files = stage.files();
    let other = files
        .iter()
        .find(|it| it.starts_with(path.parent().unwrap()) && **it != path)
        .unwrap();
    fs::copy(other, &path).unwrap();
    assert_eq!(read(), None);
    fs::write(&path, "{\"format\":2}\n\n\n").unwrap();
    stage.process(|client| client.keep_derived("k", &["a"], b"document"));
    assert_eq!(read(), None, "a newer one is left alone");
}

/// CASES.md 32: no secret stands in a file of the cache or in a name, not even one that the server
/// repeats.
#[test]
fn case_32_no_secret_stands_in_the_cache() {
    const SECRETS: [&str; 5] = [
        "ghp_thesecrettoken",
        "the-password",
        "SIGNATURE0123456789abcdef",
        "licence-0123456789",
        "a-signed-page",
    ];
    let stage = Stage::new();
    let ask = |request: &Request, headers: &[(&'static str, &str)], body: &str| {
        stage
            .server
            .put(request.address.url().as_str(), body, headers);
        let validated = Request {
            freshness: Freshness::Validated,
            ..request.clone()
        };
        assert_eq!(stage.get(&validated).unwrap().body, body.as_bytes());
    };
    let token = with_token(URL, SECRETS[0]);
    ask(
        &token,
        &[("etag", "\"1\""), ("set-cookie", SECRETS[0])],
        "[]",
    );
    assert!(stage.body(&token).1 == Origin::Kept, "it is kept");
    // Echoes: not kept at all.
    for (headers, body) in [
        (&[("etag", SECRETS[0])][..], "[]"),
        (&[], "{\"you\": \"ghp_thesecrettoken\"}"),
    ] {
        let url = format!("https://echo.example.org/{}", body.len());
        ask(&with_token(&url, SECRETS[0]), headers, body);
        assert_eq!(stage.body(&with_token(&url, SECRETS[0])).1, Origin::Sent);
    }
    let url = format!("https://ana:{}@x.example.org/a", SECRETS[1]);
    ask(&request(&url), &[], "a");
    let url = format!("https://x.example.org/b?X-Sig={}", SECRETS[2]);
    ask(&request(&url), &[], "b");
    ask(&request(&url), &[], &format!("see {url}"));
    let licence = Request {
        headers: vec![("x-licence", SECRETS[3].into())],
        ..request("https://x.example.org/c")
    };
    ask(&licence, &[], "c");
    ask(&licence, &[("last-modified", SECRETS[3])], "d");
    let link = format!(
        "<https://x.example.org/d?page=2&sig={}>; rel=\"next\"",
        SECRETS[4]
    );
    ask(&request("https://x.example.org/d"), &[("link", &link)], "d");
    // A link to a page is kept, for what was paged must be paged again.
    let link = "<https://x.example.org/e?per_page=100&page=2>; rel=\"next\"";
    let paged = request("https://x.example.org/e");
    ask(&paged, &[("link", link)], "e");
    assert_eq!(stage.get(&paged).unwrap().headers.get("link"), Some(link));

    assert!(stage.files().len() > 5);
    for path in stage.files() {
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        for secret in SECRETS {
            let found = text.contains(secret) || path.to_string_lossy().contains(secret);
            assert!(!found, "{secret} in {}: {text}", path.display());
        }
    }
}

/// Something that happens to a file.
#[derive(Debug, Clone)]
enum Act {
    Flip(prop::sample::Index, prop::sample::Index, u8),
    Cut(prop::sample::Index, prop::sample::Index),
    Garbage(prop::sample::Index, Vec<u8>),
    Remove(prop::sample::Index),
    Copy(prop::sample::Index, prop::sample::Index),
    Swap(prop::sample::Index, prop::sample::Index),
    Link(prop::sample::Index, prop::sample::Index),
    Folder(prop::sample::Index),
    Later(u16),
    Down(bool),
    Ask,
}

fn act() -> impl Strategy<Value = Act> {
    let at = any::<prop::sample::Index>;
    prop_oneof![
        (at(), at(), 1u8..).prop_map(|(file, byte, by)| Act::Flip(file, byte, by)),
        (at(), at()).prop_map(|(file, end)| Act::Cut(file, end)),
        (at(), any::<Vec<u8>>()).prop_map(|(file, bytes)| Act::Garbage(file, bytes)),
        at().prop_map(Act::Remove),
        (at(), at()).prop_map(|(from, to)| Act::Copy(from, to)),
        (at(), at()).prop_map(|(a, b)| Act::Swap(a, b)),
        (at(), at()).prop_map(|(at, to)| Act::Link(at, to)),
        at().prop_map(Act::Folder),
        (0u16..20).prop_map(Act::Later),
        any::<bool>().prop_map(Act::Down),
        Just(Act::Ask),
    ]
}

/// Does it to the files that are there; what the file system does not allow is not done.
fn carry_out(stage: &Stage, act: &Act) {
    let files = stage.files();
    let file = |at: &prop::sample::Index| at.get(&files).clone();
    let change = |path: &Path, how: &dyn Fn(&mut Vec<u8>)| {
        if let Ok(mut bytes) = fs::read(path) {
            how(&mut bytes);
            let _ = fs::write(path, bytes);
        }
    };
    if files.is_empty() {
        return;
    }
    match act {
        Act::Flip(at, byte, by) => change(&file(at), &|bytes| {
            if !bytes.is_empty() {
                let byte = byte.index(bytes.len());
                bytes[byte] ^= by;
            }
        }),
        Act::Cut(at, end) => change(&file(at), &|bytes| {
            let end = end.index(bytes.len() + 1);
            bytes.truncate(end);
        }),
        Act::Garbage(at, garbage) => change(&file(at), &|bytes| bytes.clone_from(garbage)),
        Act::Remove(at) => {
            let _ = fs::remove_file(file(at));
        }
        Act::Copy(from, to) => {
            let _ = fs::copy(file(from), file(to));
        }
        Act::Swap(a, b) => {
            let beside = stage.dir.path().join("beside");
            let _ = fs::rename(file(a), &beside);
            let _ = fs::rename(file(b), file(a));
            let _ = fs::rename(&beside, file(b));
        }
        Act::Link(at, to) if file(at) != file(to) => {
            let _ = fs::remove_file(file(at));
            let _ = symlink(file(to), file(at));
        }
        Act::Folder(at) => {
            let _ = fs::remove_file(file(at));
            let _ = fs::create_dir(file(at));
        }
        Act::Later(by) => stage.later(minutes((*by).into())),
        Act::Down(true) => stage.server.trouble(Trouble::Down),
        Act::Down(false) => stage.server.trouble(Trouble::None),
        Act::Link(..) | Act::Ask => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Whatever is done to the files, what comes is true: from the cache or from the server.
    #[test]
    fn what_comes_is_true_whatever_is_done_to_the_files(acts in prop::collection::vec(act(), 1..12)) {
        let stage = kept();
        let of = [digest::sha256(b"the body"), digest::sha256(b"another")];
        stage.process(|client| client.keep_derived("k", &of, b"made of both"));
        let mut down = false;
        for act in &acts {
            carry_out(&stage, act);
            if let Act::Down(now) = act {
                down = *now;
            }
            for (url, body) in [(URL, "the body"), (OTHER, "another")] {
                for freshness in [Freshness::Usual, Freshness::Immutable, Freshness::Kept] {
                    match stage.get(&fresh(url, freshness)) {
                        Ok(got) => prop_assert_eq!(got.body, body.as_bytes()),
                        Err(HttpError::Offline { .. }) => prop_assert_eq!(freshness, Freshness::Kept),
                        Err(error) => prop_assert!(down, "{}", error),
                    }
                }
            }
            let derived = stage.process(|client| client.derived("k", &of));
            prop_assert!(derived.is_none_or(|it| it == b"made of both"));
        }
    }
}

//! A manifest's text on disk: a line an entry, tabs between the fields, and a sum at the end, so
//! that damage and a missing end show.
//!
//! `kind mode uid gid size sha256 path target | seconds.nanoseconds held`: the fields before the
//! bar (which is a tab as well) are what is compared and what the digest is of.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use sha2::{Digest as _, Sha256};

use super::manifest::{Entry, Held, Manifest, Node, Time, shown};

const HEADER: &str = "vit-manifest\t1";
const FIELDS: usize = 10;
const OTHERS: [&str; 5] = [
    "fifo",
    "socket",
    "character-device",
    "block-device",
    "unknown",
];

/// The whole text, with the sum at its end.
pub(super) fn whole(manifest: &Manifest) -> Vec<u8> {
    let mut out = text(manifest, |out, entry| {
        let Time {
            seconds,
            nanoseconds,
        } = entry.modified;
        let held = match entry.held {
            Held::Not => "-",
            Held::Link => "link",
            Held::Own => "own",
            Held::OtherOwner => "other-owner",
        };
        write!(out, "\t{seconds}.{nanoseconds:09}\t{held}")
    });
    let sum = hex(&Sha256::digest(&out).into());
    out.push_str("sum\t");
    out.push_str(&sum);
    out.push('\n');
    out.into_bytes()
}

/// What the digest is of.
pub(super) fn comparable(manifest: &Manifest) -> Vec<u8> {
    text(manifest, |_, _| Ok(())).into_bytes()
}

fn text(manifest: &Manifest, beside: impl Fn(&mut String, &Entry) -> std::fmt::Result) -> String {
    let mut out = String::with_capacity(manifest.entries.len() * 160 + 256);
    out.push_str(HEADER);
    out.push('\n');
    for (name, entry) in &manifest.entries {
        line(&mut out, name, entry)
            .and_then(|()| beside(&mut out, entry))
            .expect("a String takes every write");
        out.push('\n');
    }
    out
}

fn line(out: &mut String, name: &OsStr, entry: &Entry) -> std::fmt::Result {
    let Entry { mode, uid, gid, .. } = entry;
    let (kind, content, target) = match &entry.node {
        Node::File { sha256, size } => ("file", format!("{size}\t{}", hex(sha256)), "-".into()),
        // With a mark, so that no target can be taken for none.
        Node::Link { target } => ("link", "-\t-".into(), format!(">{}", escaped(target))),
        Node::Folder => ("folder", "-\t-".into(), "-".into()),
        Node::Other(kind) => (*kind, "-\t-".into(), "-".into()),
    };
    let name = escaped(shown(name).as_os_str());
    write!(
        out,
        "{kind}\t{mode:04o}\t{uid}\t{gid}\t{content}\t{name}\t{target}"
    )
}

/// Reads the whole text; the error says which line and why.
pub(super) fn parse(bytes: &[u8]) -> io::Result<Manifest> {
    let damaged = |why: String| io::Error::new(io::ErrorKind::InvalidData, why);
    let text = std::str::from_utf8(bytes).map_err(|_| damaged("it is not text".into()))?;
    let first = text.lines().next().unwrap_or_default();
    if first != HEADER {
        return Err(damaged(match first.strip_prefix("vit-manifest\t") {
            Some(version) => format!(
                "its format version is {}, this vit knows 1",
                version.escape_debug()
            ),
            None => "line 1: it is not a manifest".into(),
        }));
    }
    let end = text.strip_suffix('\n').and_then(|text| text.rfind('\n'));
    let (body, last) = text.split_at(end.map_or(0, |end| end + 1));
    let sum = hex(&Sha256::digest(body).into());
    if last
        .strip_suffix('\n')
        .and_then(|last| last.strip_prefix("sum\t"))
        != Some(&sum)
    {
        return Err(damaged(
            "its sum does not agree: it is damaged or its end is missing".into(),
        ));
    }
    let mut entries = BTreeMap::new();
    for (index, line) in body.lines().enumerate().skip(1) {
        let wrong = |why: &str| damaged(format!("line {}: {why}", index + 1));
        let (name, entry) = entry(line).map_err(wrong)?;
        check(&entries, &name, &entry).map_err(wrong)?;
        entries.insert(name, entry);
    }
    if entries.is_empty() {
        return Err(damaged("it has no entries".into()));
    }
    Ok(Manifest { entries })
}

/// Every entry stands in a folder that stands before it: no name can lead out of the folder, nor
/// through a link.
fn check(
    entries: &BTreeMap<OsString, Entry>,
    name: &OsStr,
    entry: &Entry,
) -> Result<(), &'static str> {
    if name.is_empty() {
        return match entry.node {
            Node::Folder if entries.is_empty() => Ok(()),
            _ => Err("the folder itself is in the wrong place"),
        };
    }
    let sorted = entries
        .last_key_value()
        .is_some_and(|(last, _)| last.as_os_str() < name);
    if !sorted {
        return Err("the paths are not sorted");
    }
    let bytes = name.as_bytes();
    if bytes.contains(&0)
        || bytes
            .split(|&b| b == b'/')
            .any(|p| matches!(p, b"" | b"." | b".."))
    {
        return Err("the path is none inside a folder");
    }
    let above = bytes.iter().rposition(|&b| b == b'/').unwrap_or(0);
    match entries.get(OsStr::from_bytes(&bytes[..above])) {
        Some(above) if above.node == Node::Folder => Ok(()),
        _ => Err("the path's folder is not among the entries"),
    }
}

fn entry(line: &str) -> Result<(OsString, Entry), &'static str> {
    let fields: Vec<&str> = line.split('\t').collect();
    let Ok([kind, mode, uid, gid, size, sum, name, target, time, held]) =
        <[&str; FIELDS]>::try_from(fields)
    else {
        return Err("it has not the ten fields of an entry");
    };
    let node = match kind {
        "file" => Node::File {
            sha256: unhex(sum).ok_or("the SHA-256 cannot be read")?,
            size: size.parse().map_err(|_| "the size cannot be read")?,
        },
        "link" => Node::Link {
            target: target
                .strip_prefix('>')
                .and_then(unescaped)
                .ok_or("the target cannot be read")?,
        },
        "folder" => Node::Folder,
        _ => Node::Other(
            OTHERS
                .into_iter()
                .find(|other| *other == kind)
                .ok_or("the kind is not known")?,
        ),
    };
    let (seconds, nanoseconds) = time.split_once('.').ok_or("the time cannot be read")?;
    let name = unescaped(name).ok_or("the path cannot be read")?;
    let entry = Entry {
        node,
        mode: u32::from_str_radix(mode, 8)
            .ok()
            .filter(|mode| *mode <= 0o7777)
            .ok_or("the mode cannot be read")?,
        uid: uid.parse().map_err(|_| "the owner cannot be read")?,
        gid: gid.parse().map_err(|_| "the group cannot be read")?,
        modified: Time {
            seconds: seconds.parse().map_err(|_| "the time cannot be read")?,
            nanoseconds: nanoseconds.parse().map_err(|_| "the time cannot be read")?,
        },
        held: match held {
            "-" => Held::Not,
            "link" => Held::Link,
            "own" => Held::Own,
            "other-owner" => Held::OtherOwner,
            _ => return Err("how it is held is not known"),
        },
    };
    Ok((if name == "." { OsString::new() } else { name }, entry))
}

/// Bytes as printable ASCII.
fn escaped(text: &OsStr) -> String {
    let mut out = String::with_capacity(text.len());
    for &byte in text.as_bytes() {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b' '..=b'~' => out.push(byte.into()),
            _ => write!(out, "\\x{byte:02x}").expect("a String takes every write"),
        }
    }
    out
}

fn unescaped(text: &str) -> Option<OsString> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        match bytes.next()? {
            b'\\' => out.push(b'\\'),
            b'x' => out.push(digit(bytes.next()?)? * 16 + digit(bytes.next()?)?),
            _ => return None,
        }
    }
    Some(OsString::from_vec(out))
}

pub(super) fn hex(bytes: &[u8; 32]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]])
        .map(char::from)
        .collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    let mut out = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = digit(pair[0])? * 16 + digit(pair[1])?;
    }
    Some(out)
}

/// Lower-case only: a text has one spelling.
fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

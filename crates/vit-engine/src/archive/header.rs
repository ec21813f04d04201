//! One header block.

use std::borrow::Cow;

use tar::{EntryType, Header};

use super::{BLOCK, Form, Member};

/// The permissions of a member that is written.
const MODE: u32 = 0o644;
/// Permissions that make a file more than a file: set-user-id, set-group-id, sticky.
const SPECIAL: u64 = 0o7000;

/// What a block describes.
#[derive(Debug)]
pub(super) enum Described {
    /// A file or folder.
    Member(Member),
    /// Records for the next member, of this length.
    Records(u64),
}

/// The block that the writer writes for a file.
///
/// # Errors
/// The name does not fit.
pub(super) fn canonical(name: &str, size: u64) -> std::io::Result<Header> {
    let mut header = Header::new_ustar();
    header.set_path(name)?;
    header.set_mode(MODE);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header.set_size(size);
    header.set_entry_type(EntryType::Regular);
    header.set_cksum();
    Ok(header)
}

/// Reads a block.
///
/// # Errors
/// The name as far as it can be shown, and why it is refused.
pub(super) fn read(block: &[u8; BLOCK], form: Form) -> Result<Described, (String, String)> {
    let header = Header::from_byte_slice(block);
    let shown = || {
        let name = String::from_utf8_lossy(&header.path_bytes()).into_owned();
        vit_contract::text::excerpt(&vit_contract::text::visible(&name), 100)
    };
    let refused = |why: &str| (shown(), why.to_owned());
    if number(&block[148..156]) != Some(checksum(block)) {
        return Err(refused("the checksum of its header does not agree"));
    }
    let size = number(&block[124..136]).ok_or_else(|| refused("its size is no octal number"))?;
    let folder = kind(header.entry_type(), form).map_err(|why| refused(&why))?;
    let Some(folder) = folder else {
        return Ok(Described::Records(size));
    };
    if block[157..257].iter().any(|&byte| byte != 0) {
        return Err(refused("it names a link's target and is no link"));
    }
    let mode = number(&block[100..108]).ok_or_else(|| refused("its mode is no octal number"))?;
    if mode & SPECIAL != 0 {
        return Err(refused("it is set-user-id, set-group-id or sticky"));
    }
    let name = name(header, block).map_err(refused)?;
    let mut name = String::from_utf8(name).map_err(|_| refused("its name is not UTF-8"))?;
    if folder {
        if size != 0 {
            return Err(refused("it is a folder with content"));
        }
        if name.ends_with('/') {
            name.pop();
        }
    }
    if form == Form::Canonical {
        let expected = canonical(&name, size).map_err(|error| refused(&error.to_string()))?;
        if expected.as_bytes() != block {
            return Err(refused("its header is not in the canonical form"));
        }
    }
    Ok(Described::Member(Member {
        name,
        size,
        folder,
        executable: !folder && mode & 0o100 != 0,
    }))
}

/// Whether it is a folder; nothing where it is records for the next member.
fn kind(kind: EntryType, form: Form) -> Result<Option<bool>, String> {
    let usual = form == Form::Usual;
    Ok(match kind {
        EntryType::Regular => Some(false),
        EntryType::Directory if usual => Some(true),
        // A commit's id for all (`git archive`) is of no weight; all others are looked at.
        EntryType::XHeader | EntryType::XGlobalHeader if usual => None,
        EntryType::Symlink => return Err("it is a symbolic link".to_owned()),
        EntryType::Link => return Err("it is a hard link".to_owned()),
        EntryType::Char | EntryType::Block => return Err("it is a device".to_owned()),
        EntryType::Fifo => return Err("it is a fifo".to_owned()),
        EntryType::GNUSparse => return Err("it is sparse".to_owned()),
        EntryType::GNULongName | EntryType::GNULongLink => {
            return Err("its name or target is too long".to_owned());
        }
        other => {
            let byte = char::from(other.as_byte());
            return Err(format!("its kind `{}` is not taken", byte.escape_debug()));
        }
    })
}

/// The name's bytes, which must fill its field: nothing may stand behind a NUL.
fn name(header: &Header, block: &[u8; BLOCK]) -> Result<Vec<u8>, &'static str> {
    let whole = |field: &[u8]| {
        let end = field.iter().position(|&byte| byte == 0);
        end.is_none_or(|end| field[end..].iter().all(|&byte| byte == 0))
    };
    let prefixed = header.as_ustar().is_some();
    if !whole(&block[..100]) || (prefixed && !whole(&block[345..500])) {
        return Err("its name holds a NUL");
    }
    let name: Cow<'_, [u8]> = header.path_bytes();
    Ok(name.into_owned())
}

/// An octal number as tar writes it: digits, then spaces or NULs. A number in another base, which
/// readers take for different sizes, is none.
fn number(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?;
    let text = text.trim_start_matches(' ').trim_end_matches(['\0', ' ']);
    if text.is_empty() {
        return Some(0);
    }
    let digits = text.bytes().all(|byte| (b'0'..=b'7').contains(&byte));
    digits.then(|| u64::from_str_radix(text, 8).ok()).flatten()
}

/// The sum of the block's bytes, its own field taken for spaces.
fn checksum(block: &[u8; BLOCK]) -> u64 {
    let own = 148..156;
    let bytes = block.iter().enumerate();
    bytes
        .map(|(at, &byte)| u64::from(if own.contains(&at) { b' ' } else { byte }))
        .sum()
}

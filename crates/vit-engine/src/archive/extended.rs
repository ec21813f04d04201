//! The records (PAX) that may stand before a header: those of no weight are passed over, a name is
//! taken, and all that could make two readers see two different files is refused.

/// How many bytes of records are read for one member.
pub(super) const MAX_BYTES: u64 = 16 * 1024;

/// Keys that say nothing of a member's name, kind or content.
const WEIGHTLESS: [&str; 7] = [
    "mtime", "atime", "ctime", "uname", "gname", "comment", "charset",
];

/// The name that the records give to the next member.
///
/// # Errors
/// Why they are refused.
pub(super) fn read(mut bytes: &[u8]) -> Result<Option<String>, String> {
    let mut name = None;
    while !bytes.is_empty() {
        let (key, value, rest) = record(bytes).ok_or("its records are not in their form")?;
        bytes = rest;
        match key {
            "path" if name.is_none() => {
                let text = std::str::from_utf8(value).map_err(|_| "its name is not UTF-8")?;
                name = Some(text.to_owned());
            }
            _ if WEIGHTLESS.contains(&key) => {}
            _ => {
                let key = vit_contract::text::excerpt(&vit_contract::text::visible(key), 40);
                return Err(format!("a record `{key}` before it is not taken"));
            }
        }
    }
    Ok(name)
}

/// `<length> <key>=<value>\n`, the length that of the whole record.
fn record(bytes: &[u8]) -> Option<(&str, &[u8], &[u8])> {
    let space = bytes.iter().take(8).position(|&byte| byte == b' ')?;
    let digits = std::str::from_utf8(&bytes[..space]).ok()?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let length: usize = digits.parse().ok()?;
    let record = bytes.get(space + 1..length)?;
    let (last, record) = record.split_last()?;
    let equals = record.iter().position(|&byte| byte == b'=')?;
    let key = std::str::from_utf8(&record[..equals]).ok()?;
    (*last == b'\n').then_some((key, &record[equals + 1..], &bytes[length..]))
}

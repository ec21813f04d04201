//! Small files that know whether they are whole: a line of JSON, a line with its hash, and what
//! follows them.
//!
//! The hash tells what was torn, cut or changed by accident from what was written. It is no
//! signature: whoever may write here could make another.

use serde::Serialize;
use serde::de::DeserializeOwned;
use vit_contract::digest;

/// What stands in a file.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sealed<T> {
    /// What was written, and where in the bytes that begins which follows it.
    Whole(T, usize),
    /// It is of a newer format: not ours to read or to replace.
    Newer,
    /// It is not what was written.
    Damaged,
}

#[derive(serde::Deserialize)]
struct Format {
    format: u64,
}

/// The text of a file that begins with `head`, whose field `format` says of which format it is.
pub(super) fn seal(head: &impl Serialize) -> Vec<u8> {
    let json = serde_json::to_string(head).expect("a head is plain data");
    let seal = digest::sha256(json.as_bytes());
    format!("{json}\n{seal}\n").into_bytes()
}

/// Reads a file again, where it is whole and of format `ours`.
pub(super) fn open<T: DeserializeOwned>(bytes: &[u8], ours: u64) -> Sealed<T> {
    let mut lines = bytes.splitn(3, |&byte| byte == b'\n');
    let (Some(json), Some(seal), Some(rest)) = (lines.next(), lines.next(), lines.next()) else {
        return Sealed::Damaged;
    };
    match serde_json::from_slice::<Format>(json) {
        Ok(Format { format }) if format > ours => return Sealed::Newer,
        Ok(Format { format }) if format == ours => {}
        Ok(_) | Err(_) => return Sealed::Damaged,
    }
    if digest::sha256(json).as_bytes() != seal {
        return Sealed::Damaged;
    }
    serde_json::from_slice(json).map_or(Sealed::Damaged, |head| {
        Sealed::Whole(head, bytes.len() - rest.len())
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
    struct Head {
        format: u64,
        name: String,
    }

    fn head(format: u64) -> Head {
        Head {
            format,
            name: "a\nb".to_owned(),
        }
    }

    #[test]
    fn what_was_written_is_read() {
        let mut bytes = seal(&head(1));
        let end = bytes.len();
        bytes.extend(b"what follows\nin lines");
        assert_eq!(open(&bytes, 1), Sealed::Whole(head(1), end));
        assert_eq!(open::<Head>(&seal(&head(2)), 1), Sealed::Newer);
        assert_eq!(open::<Head>(&seal(&head(0)), 1), Sealed::Damaged);
        assert_eq!(open::<Head>(b"", 1), Sealed::Damaged);
    }

    proptest! {
        #[test]
        fn no_changed_byte_is_overlooked(at: prop::sample::Index, to: u8) {
            let mut bytes = seal(&head(1));
            let at = at.index(bytes.len());
            prop_assume!(bytes[at] != to);
            bytes[at] = to;
            prop_assert!(!matches!(open::<Head>(&bytes, 1), Sealed::Whole(..)));
        }

        #[test]
        fn garbage_is_damaged(bytes: Vec<u8>) {
            prop_assert_eq!(open::<Head>(&bytes, 1), Sealed::Damaged);
        }
    }
}

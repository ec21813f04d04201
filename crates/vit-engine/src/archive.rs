//! Archives of others, read with mistrust: the one reader of tar files, and the writer of those
//! whose every byte is fixed.
//!
//! Nothing is written to disk here and no name is ever opened: a member's name is checked and its
//! content handed out, both within bounds that the caller sets. What a tar file can say beyond
//! files and folders (links, devices, holes, sizes that stand elsewhere) is refused, whether it
//! could do harm in this place or not.
//!
//! | module | owns |
//! |---|---|
//! | `header` | one block that describes a member: what is read of it, and the canonical one |
//! | `extended` | the records (PAX) that may stand before a header |
//! | `names` | which names may stand beside each other |
//! | `reader`, `writer` | the whole file |

use std::io;

mod extended;
mod header;
mod names;
mod reader;
#[cfg(test)]
mod tests;
mod writer;

pub use names::check as check_name;
pub use reader::Reader;
pub use writer::{Writer, padded};

/// The size of a tar file's blocks, in bytes.
pub const BLOCK: usize = 512;

/// What an archive may be.
#[derive(Debug, Clone, Copy)]
pub struct Policy {
    /// How many members it may have.
    pub members: usize,
    /// How many bytes its contents may have together.
    pub bytes: u64,
    /// How many bytes a name may have.
    pub name: usize,
    /// How strictly its form is taken.
    pub form: Form,
}

/// How strictly an archive's form is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// To the byte what [`Writer`] writes: regular files alone, no times, no owners, and nothing
    /// behind the end.
    Canonical,
    /// What usual tools write: folders, times, owners, and records of no weight.
    Usual,
}

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name: relative, with `/` between its parts, none of them `.` or `..`.
    pub name: String,
    /// The length of its content, in bytes.
    pub size: u64,
    /// Whether it is a folder.
    pub folder: bool,
    /// Whether its owner may execute it.
    pub executable: bool,
}

/// Why an archive is not read on.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// A member is of a kind, or has a name, that is refused.
    #[error("member `{member}`: {why}")]
    Refused {
        /// Its name as far as it can be shown.
        member: String,
        /// Why.
        why: String,
    },
    /// It is no whole archive.
    #[error("at byte {at}: {why}")]
    Damaged {
        /// Where, in bytes from its beginning.
        at: u64,
        /// Why.
        why: String,
    },
    /// It could not be read.
    #[error("it could not be read")]
    Read(#[source] io::Error),
    /// What takes its content could not.
    #[error("what it holds could not be written")]
    Write(#[source] io::Error),
}

//! Reading the history, the shape of the wild included.

use super::History;

/// Why a history cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// It is not the format.
    #[error("line {line}, column {column}: {reason}")]
    Format {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What is wrong.
        reason: String,
    },
    /// A newer `vit` wrote it.
    #[error("it has format version {0}, written by a newer vit")]
    Newer(u64),
}

/// Reads the file's content.
///
/// # Errors
/// Says where it is damaged.
pub fn read(bytes: &[u8]) -> Result<History, ReadError> {
    let _ = bytes;
    Ok(History::default())
}

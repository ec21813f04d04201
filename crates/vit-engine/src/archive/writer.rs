//! Writing an archive whose every byte follows from names and contents.

use std::io::{self, Read, Write};

use super::{BLOCK, header};

/// A writer of the canonical form.
pub struct Writer<W> {
    sink: W,
}

impl<W: Write> Writer<W> {
    /// A writer at the beginning of an archive.
    pub const fn new(sink: W) -> Self {
        Self { sink }
    }

    /// What it writes to.
    pub const fn sink(&self) -> &W {
        &self.sink
    }

    /// Adds a file of `size` bytes.
    ///
    /// # Errors
    /// The name does not fit, the content has another length, or it cannot be read or written.
    pub fn add(&mut self, name: &str, size: u64, content: &mut dyn Read) -> io::Result<()> {
        let header = header::canonical(name, size)?;
        self.sink.write_all(header.as_bytes())?;
        let copied = io::copy(&mut content.take(size.saturating_add(1)), &mut self.sink)?;
        if copied != size {
            let what =
                format!("{name} has {copied} bytes and not {size}: it has changed meanwhile");
            return Err(io::Error::new(io::ErrorKind::InvalidData, what));
        }
        let padding = usize::try_from(padded(size) - size).unwrap_or(0);
        self.sink.write_all(&[0; BLOCK][..padding])
    }

    /// Ends the archive.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.sink.write_all(&[0; 2 * BLOCK])?;
        Ok(self.sink)
    }
}

/// A content's length with the padding behind it.
#[must_use]
pub const fn padded(size: u64) -> u64 {
    size.div_ceil(BLOCK as u64) * BLOCK as u64
}

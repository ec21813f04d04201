//! One stream of output: bounded memory, the size and hash of the whole, lines as they come.

use std::io::{self, PipeReader, Read as _};

use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};
use vit_contract::digest;

use super::Captured;
use crate::redact::Flow;

/// The longest line that a listener hears, in bytes; the rest of it is dropped.
const LINE: usize = 4096;

/// A listener of lines.
pub(super) type OnLine<'a> = Option<&'a mut dyn FnMut(&str)>;

/// Our end of a pipe and what came through it.
pub(super) struct Stream {
    pipe: Option<PipeReader>,
    kept: Kept,
    hash: Sha256,
    total: u64,
    lines: Lines,
    /// Takes the secrets out of what is kept and heard.
    flow: Option<Flow>,
}

impl Stream {
    /// A stream of which `keep` bytes are kept, without secrets where there is a `flow`.
    pub(super) fn new(pipe: PipeReader, keep: usize, flow: Option<Flow>) -> io::Result<Self> {
        set_nonblocking(&pipe)?;
        Ok(Self {
            pipe: Some(pipe),
            kept: Kept::new(keep),
            hash: Sha256::new(),
            total: 0,
            lines: Lines::default(),
            flow,
        })
    }

    /// Our end, until the other one is closed.
    pub(super) const fn pipe(&self) -> Option<&PipeReader> {
        self.pipe.as_ref()
    }

    /// Takes what is there, at most one buffer full; `false` when nothing is there now or ever.
    pub(super) fn read(&mut self, buffer: &mut [u8], on_line: &mut OnLine<'_>) -> io::Result<bool> {
        let Some(pipe) = &mut self.pipe else {
            return Ok(false);
        };
        match pipe.read(buffer) {
            Ok(0) => {
                self.pipe = None;
                Ok(false)
            }
            Ok(count) => {
                let bytes = &buffer[..count];
                self.total += count as u64;
                self.hash.update(bytes);
                // Before the cut into head and tail: it could halve a secret.
                let shown = self.flow.as_mut().map(|flow| flow.push(bytes));
                self.show(shown.as_deref().unwrap_or(bytes), on_line);
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(true),
            Err(error) => Err(error),
        }
    }

    fn show(&mut self, bytes: &[u8], on_line: &mut OnLine<'_>) {
        self.kept.push(bytes);
        if let Some(on_line) = on_line {
            self.lines.push(bytes, on_line);
        }
    }

    /// What it brought; a last line without an end is heard now.
    pub(super) fn finish(mut self, on_line: &mut OnLine<'_>) -> Captured {
        if let Some(rest) = self.flow.as_mut().map(Flow::finish) {
            self.show(&rest, on_line);
        }
        if let Some(on_line) = on_line {
            self.lines.flush(on_line);
        }
        let (kept, truncated) = self.kept.finish();
        Captured {
            kept,
            truncated,
            total: self.total,
            sha256: digest::hex(&self.hash.finalize()),
        }
    }
}

/// Makes reads and writes return instead of waiting.
pub(super) fn set_nonblocking(pipe: impl std::os::fd::AsFd) -> io::Result<()> {
    let flags = rustix::fs::fcntl_getfl(&pipe)?;
    rustix::fs::fcntl_setfl(&pipe, flags | OFlags::NONBLOCK)?;
    Ok(())
}

/// The head and the tail.
struct Kept {
    head: Vec<u8>,
    tail: Vec<u8>,
    head_limit: usize,
    tail_limit: usize,
    /// Everything that came here.
    total: u64,
}

impl Kept {
    const fn new(keep: usize) -> Self {
        Self {
            head: Vec::new(),
            tail: Vec::new(),
            head_limit: keep / 2,
            tail_limit: keep - keep / 2,
            total: 0,
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        self.total += bytes.len() as u64;
        let room = self.head_limit - self.head.len();
        let (head, rest) = bytes.split_at(room.min(bytes.len()));
        self.head.extend_from_slice(head);
        self.tail.extend_from_slice(rest);
        // Cut only at twice the size, so that each byte is moved once on average.
        if self.tail.len() > self.tail_limit.saturating_mul(2) {
            self.cut();
        }
    }

    fn cut(&mut self) {
        let excess = self.tail.len().saturating_sub(self.tail_limit);
        self.tail.drain(..excess);
    }

    /// What is kept, and whether something is left out.
    fn finish(mut self) -> (Vec<u8>, bool) {
        self.cut();
        let left_out = self.total - (self.head.len() + self.tail.len()) as u64;
        if left_out > 0 {
            let note = format!("\n[… {left_out} bytes left out …]\n");
            self.head.extend_from_slice(note.as_bytes());
        }
        self.head.append(&mut self.tail);
        (self.head, left_out > 0)
    }
}

/// Cuts a stream into lines of bounded length.
#[derive(Default)]
struct Lines {
    line: Vec<u8>,
    cut: bool,
}

impl Lines {
    fn push(&mut self, bytes: &[u8], on_line: &mut dyn FnMut(&str)) {
        for piece in bytes.split_inclusive(|&byte| byte == b'\n') {
            let (text, ends) = match piece.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (piece, false),
            };
            let room = LINE - self.line.len();
            self.cut |= text.len() > room;
            self.line.extend_from_slice(&text[..room.min(text.len())]);
            if ends {
                self.emit(on_line);
            }
        }
    }

    fn flush(&mut self, on_line: &mut dyn FnMut(&str)) {
        if !self.line.is_empty() {
            self.emit(on_line);
        }
    }

    fn emit(&mut self, on_line: &mut dyn FnMut(&str)) {
        let bytes = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
        let mut text = String::from_utf8_lossy(bytes).into_owned();
        if self.cut {
            text.push('…');
        }
        on_line(&text);
        self.line.clear();
        self.cut = false;
    }
}

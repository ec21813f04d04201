//! Redaction of a stream: whatever way the pieces are cut, no secret gets through in two halves.

use super::{Redactor, is_line_end, shapes};

/// A line longer than this is cut, so that a stream without line ends needs no memory.
const MAX_LINE: usize = 32 * 1024;
/// How much of a cut line stays back: no token is longer.
const OVERLAP: usize = 4 * 1024;
/// The longest private key; what is longer was none.
const MAX_KEY: usize = 32 * 1024;

/// Takes the pieces of a stream, and gives back what can be shown of them.
#[derive(Debug)]
pub struct Flow {
    redactor: Redactor,
    pub(super) pending: Vec<u8>,
    /// How much of a private key was left out that has not ended yet.
    in_key: Option<usize>,
    /// Whether a token was cut off in the middle: its rest is left out too.
    in_token: bool,
}

impl Flow {
    /// A stream that nothing has come of yet.
    #[must_use]
    pub fn new(redactor: &Redactor) -> Self {
        Self {
            redactor: redactor.clone(),
            pending: Vec::new(),
            in_key: None,
            in_token: false,
        }
    }

    /// Takes a piece; gives back what is safe to show by now, mostly whole lines.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<u8> {
        self.pending.extend_from_slice(bytes);
        let mut out = Vec::new();
        while let Some(end) = self.safe_end() {
            let block: Vec<u8> = self.pending.drain(..end).collect();
            self.show(&block, &mut out);
        }
        out
    }

    /// The rest.
    pub fn finish(&mut self) -> Vec<u8> {
        let block = std::mem::take(&mut self.pending);
        let mut out = Vec::new();
        self.show(&block, &mut out);
        out
    }

    /// Up to where what is pending can be shown; `None` where more has to come first.
    fn safe_end(&mut self) -> Option<usize> {
        let pending = &self.pending;
        let lines = pending.iter().rposition(|&byte| byte == b'\n');
        let lines = lines.map_or(0, |at| at + 1);
        // What looks like the beginning of a value waits for the next line.
        let end = self.redactor.begun_at(&pending[..lines]);
        if end > 0 && pending.len() - end <= MAX_LINE {
            return Some(end);
        }
        if pending.len() <= MAX_LINE {
            return None;
        }
        let end = pending.len() - OVERLAP;
        let found = self.redactor.find(pending);
        match found.iter().find(|f| f.start < end && end < f.end) {
            None => Some(end),
            Some(over) if over.start > 0 => Some(over.start),
            Some(over) => {
                self.in_token |= over.end == pending.len();
                Some(over.end)
            }
        }
    }

    fn show(&mut self, mut block: &[u8], out: &mut Vec<u8>) {
        if let Some(length) = self.in_key {
            let Some(end) = shapes::key_end(block, 0) else {
                let length = length + block.len();
                self.in_key = (length < MAX_KEY).then_some(length);
                return;
            };
            self.in_key = None;
            block = &block[end..];
        }
        if self.in_token {
            let rest = block
                .iter()
                .position(|&byte| byte.is_ascii_whitespace() || is_line_end(byte));
            let Some(rest) = rest else { return };
            self.in_token = false;
            block = &block[rest..];
        }
        let mut at = 0;
        for found in self.redactor.find(block) {
            out.extend_from_slice(&block[at..found.start]);
            out.extend_from_slice(found.marker().as_bytes());
            at = found.end;
            if found.open {
                self.in_key = Some(found.end - found.start);
            }
        }
        out.extend_from_slice(&block[at..]);
    }
}

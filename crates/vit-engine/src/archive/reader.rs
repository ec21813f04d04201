//! Reading an archive, member by member.

use std::io::{self, Read};

use vit_contract::text;

use super::header::{self, Described};
use super::names::{self, Names};
use super::{ArchiveError, BLOCK, Form, Member, Policy, extended};

/// How much content is held at once, in bytes.
const BUFFER: usize = 64 * 1024;

/// A reader that knows nothing of files: it hands out what it finds, within its policy.
pub struct Reader<R> {
    source: R,
    policy: Policy,
    names: Names,
    members: usize,
    bytes: u64,
    at: u64,
    /// Content of the present member that was not read yet, and the padding behind it.
    rest: u64,
    padding: usize,
    present: String,
    ended: bool,
}

impl<R: Read> Reader<R> {
    /// A reader at the beginning of an archive.
    pub fn new(source: R, policy: Policy) -> Self {
        Self {
            source,
            policy,
            names: Names::default(),
            members: 0,
            bytes: 0,
            at: 0,
            rest: 0,
            padding: 0,
            present: String::new(),
            ended: false,
        }
    }

    /// What it reads from.
    pub const fn source(&self) -> &R {
        &self.source
    }

    /// The next member; nothing at the end, which is then the whole archive's: what follows it
    /// has been looked at too.
    ///
    /// # Errors
    /// A member is refused, the archive is damaged, or past a bound.
    pub fn next_member(&mut self) -> Result<Option<Member>, ArchiveError> {
        self.copy(&mut |_| Ok(()))?;
        if self.ended {
            return Ok(None);
        }
        let mut name = None;
        loop {
            let block = self.block()?;
            if block == [0; BLOCK] {
                if name.is_some() {
                    return Err(self.damaged("it ends after records that are for no member"));
                }
                self.end()?;
                return Ok(None);
            }
            match header::read(&block, self.policy.form) {
                Err((member, why)) => return Err(ArchiveError::Refused { member, why }),
                Ok(Described::Records(size)) => {
                    self.count()?;
                    let found = self.records(size)?;
                    if name.is_some() {
                        return Err(self.damaged("records stand before records"));
                    }
                    name = Some(found);
                }
                Ok(Described::Member(mut member)) => {
                    if let Some(Some(found)) = name {
                        member.name = found;
                        if member.folder && member.name.ends_with('/') {
                            member.name.pop();
                        }
                    }
                    self.take(&member)?;
                    return Ok(Some(member));
                }
            }
        }
    }

    /// Hands the rest of the present member's content out, piece by piece.
    ///
    /// # Errors
    /// The archive is damaged, or `sink` could not take it.
    pub fn copy(
        &mut self,
        sink: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> Result<(), ArchiveError> {
        let mut buffer = vec![0; BUFFER.min(usize::try_from(self.rest).unwrap_or(BUFFER))];
        while self.rest > 0 {
            let length = usize::try_from(self.rest).map_or(buffer.len(), |r| r.min(buffer.len()));
            self.fill(&mut buffer[..length])?;
            self.rest -= length as u64;
            sink(&buffer[..length]).map_err(ArchiveError::Write)?;
        }
        let mut padding = [0; BLOCK];
        let length = std::mem::take(&mut self.padding);
        self.fill(&mut padding[..length])?;
        if padding.iter().any(|&byte| byte != 0) {
            return Err(self.damaged("something stands behind a member's content"));
        }
        Ok(())
    }

    /// The whole of the present member's content, of at most `limit` bytes.
    ///
    /// # Errors
    /// As [`Self::copy`], or it is larger.
    pub fn content(&mut self, limit: usize) -> Result<Vec<u8>, ArchiveError> {
        if self.rest > limit as u64 {
            return Err(ArchiveError::Refused {
                member: self.present.clone(),
                why: format!("it is larger than {limit} bytes"),
            });
        }
        let mut bytes = Vec::new();
        self.copy(&mut |piece| {
            bytes.extend_from_slice(piece);
            Ok(())
        })?;
        Ok(bytes)
    }

    /// Takes a member in: its name, its size, its place among the others.
    fn take(&mut self, member: &Member) -> Result<(), ArchiveError> {
        let refused = |why: &str| ArchiveError::Refused {
            member: text::excerpt(&text::visible(&member.name), 100),
            why: why.to_owned(),
        };
        names::check(&member.name, self.policy.name).map_err(refused)?;
        let added = self.names.add(&member.name, member.folder);
        added.map_err(|why| refused(&why))?;
        self.count()?;
        self.bytes = self.bytes.saturating_add(member.size);
        if self.bytes > self.policy.bytes {
            let limit = self.policy.bytes;
            return Err(refused(&format!("the archive has more than {limit} bytes")));
        }
        self.rest = member.size;
        self.padding = pad(member.size);
        self.present.clone_from(&member.name);
        Ok(())
    }

    fn count(&mut self) -> Result<(), ArchiveError> {
        self.members += 1;
        if self.members > self.policy.members {
            let limit = self.policy.members;
            return Err(self.damaged(&format!("it has more than {limit} members")));
        }
        Ok(())
    }

    fn records(&mut self, size: u64) -> Result<Option<String>, ArchiveError> {
        let refused = |why: String| ArchiveError::Refused {
            member: "records".to_owned(),
            why,
        };
        if size > extended::MAX_BYTES {
            return Err(refused("they are too long".to_owned()));
        }
        self.rest = size;
        self.padding = pad(size);
        let mut bytes = Vec::new();
        self.copy(&mut |piece| {
            bytes.extend_from_slice(piece);
            Ok(())
        })?;
        extended::read(&bytes).map_err(refused)
    }

    /// What follows the first empty block: a second one, and nothing but empty ones, of which the
    /// canonical form has none.
    fn end(&mut self) -> Result<(), ArchiveError> {
        self.ended = true;
        if self.block()? != [0; BLOCK] {
            return Err(self.damaged("something stands behind the archive's end"));
        }
        let mut left = if self.policy.form == Form::Canonical {
            0
        } else {
            // Tapes were filled up to a record.
            BUFFER
        };
        let mut byte = [0];
        loop {
            match self.source.read(&mut byte) {
                Ok(0) => return Ok(()),
                Ok(_) if left > 0 && byte == [0] => {
                    left -= 1;
                    self.at += 1;
                }
                Ok(_) => return Err(self.damaged("something stands behind the archive's end")),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(ArchiveError::Read(error)),
            }
        }
    }

    fn block(&mut self) -> Result<[u8; BLOCK], ArchiveError> {
        let mut block = [0; BLOCK];
        self.fill(&mut block)?;
        Ok(block)
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<(), ArchiveError> {
        match self.source.read_exact(buffer) {
            Ok(()) => {
                self.at += buffer.len() as u64;
                Ok(())
            }
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                Err(self.damaged("it ends in the middle: it is cut off"))
            }
            Err(error) => Err(ArchiveError::Read(error)),
        }
    }

    fn damaged(&self, why: &str) -> ArchiveError {
        ArchiveError::Damaged {
            at: self.at,
            why: why.to_owned(),
        }
    }
}

/// How many bytes follow a content up to the next block.
fn pad(size: u64) -> usize {
    let over = usize::try_from(size % BLOCK as u64).unwrap_or(0);
    (BLOCK - over) % BLOCK
}

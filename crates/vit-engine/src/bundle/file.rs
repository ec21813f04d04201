//! The file: a tar archive in the canonical form, a manifest first, a hash over all the rest last.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Seek as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use sha2::{Digest as _, Sha256};
use vit_contract::bundle::{
    BundleManifest, BundleMember, MANIFEST, MAX_MANIFEST_BYTES, MAX_MEMBERS, MAX_NAME, TRAILER,
};
use vit_contract::digest;

use crate::archive::{ArchiveError, Form, Policy, Reader, Writer};
use crate::error::EngineError;
use crate::faults::Faults;
use crate::store::atomic;

/// Why a bundle is not used.
#[derive(Debug)]
pub enum Unusable {
    /// It is damaged, was changed, or is none: why.
    Damaged(String),
    /// It, or a place for what it holds, cannot be read or written.
    Error(EngineError),
}

/// A bundle that was checked to its last byte.
#[derive(Debug)]
pub struct Checked {
    file: File,
    path: PathBuf,
    /// What it says of itself.
    pub manifest: BundleManifest,
    /// SHA-256 of the whole file.
    pub sha256: String,
    /// Its length in bytes.
    pub bytes: u64,
}

/// Where the content of a member comes from.
#[derive(Debug, Clone)]
pub enum Content {
    /// A file.
    File(PathBuf),
    /// What is here.
    Bytes(Vec<u8>),
}

/// What was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// SHA-256 of the whole file.
    pub sha256: String,
    /// Its length in bytes.
    pub bytes: u64,
}

/// Bytes on their way, counted and hashed.
struct Hashing<T> {
    inner: T,
    hash: Sha256,
    bytes: u64,
}

impl<T> Hashing<T> {
    fn new(inner: T) -> Self {
        Self {
            inner,
            hash: Sha256::new(),
            bytes: 0,
        }
    }

    fn digest(&self) -> String {
        digest::hex(&self.hash.clone().finalize())
    }

    fn note(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.bytes += bytes.len() as u64;
    }
}

impl<T: Read> Read for Hashing<T> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(buffer)?;
        self.note(&buffer[..length]);
        Ok(length)
    }
}

impl<T: Write> Write for Hashing<T> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        let length = self.inner.write(buffer)?;
        self.note(&buffer[..length]);
        Ok(length)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The length and the hash of a content.
///
/// # Errors
/// It cannot be read.
pub fn measure(content: &Content) -> io::Result<(u64, String)> {
    let mut hashing = Hashing::new(io::sink());
    match content {
        Content::Bytes(bytes) => hashing.write_all(bytes)?,
        Content::File(path) => drop(io::copy(&mut File::open(path)?, &mut hashing)?),
    }
    Ok((hashing.bytes, hashing.digest()))
}

/// Writes a bundle, whole or not at all. `contents` are those of the manifest's members, in their
/// order.
///
/// # Errors
/// A content cannot be read or has changed, the file cannot be written, or it is there already
/// and `replace` is not set.
pub fn write(
    path: &Path,
    manifest: &BundleManifest,
    contents: &[Content],
    (replace, faults): (bool, &Faults),
) -> Result<Written, EngineError> {
    let mut written = None;
    atomic::stream(path, replace, faults, &mut |file| {
        let mut archive = Writer::new(Hashing::new(BufWriter::new(file)));
        let mut text = serde_json::to_vec_pretty(manifest).map_err(io::Error::other)?;
        text.push(b'\n');
        archive.add(MANIFEST, text.len() as u64, &mut text.as_slice())?;
        for (member, content) in manifest.members.iter().zip(contents) {
            // Read once more: what was measured must be what is written.
            let mut hashing = match content {
                Content::Bytes(bytes) => Hashing::new(Box::new(bytes.as_slice()) as Box<dyn Read>),
                Content::File(path) => Hashing::new(Box::new(File::open(path)?) as Box<dyn Read>),
            };
            archive.add(&member.path, member.length, &mut hashing)?;
            if hashing.digest() != member.sha256 {
                let what = format!("{} has changed meanwhile", member.path);
                return Err(io::Error::new(io::ErrorKind::InvalidData, what));
            }
        }
        let hash = format!("{}\n", archive.sink().digest());
        archive.add(TRAILER, hash.len() as u64, &mut hash.as_bytes())?;
        let mut whole = archive.finish()?;
        whole.flush()?;
        written = Some(Written {
            sha256: whole.digest(),
            bytes: whole.bytes,
        });
        Ok(())
    })?;
    Ok(written.expect("it was filled, or there was an error"))
}

/// Reads a bundle to its last byte and holds every hash against what is there. Nothing is written.
///
/// # Errors
/// It is damaged, or cannot be read.
pub fn check(path: &Path) -> Result<Checked, Unusable> {
    let (file, length) = open(path).map_err(|source| cannot("reading", path, source))?;
    let mut reader = reader(&file, length);
    let manifest = manifest(&mut reader, path)?;
    for member in &manifest.members {
        expect(&mut reader, member, path)?;
        let mut hash = Hashing::new(io::sink());
        let copied = reader.copy(&mut |piece| hash.write_all(piece));
        copied.map_err(|error| unusable(error, path))?;
        same(member, &hash)?;
    }
    let whole = reader.source().digest();
    match reader.next_member() {
        Ok(Some(member)) if member.name == TRAILER => {}
        Ok(Some(member)) => {
            return Err(damaged(&format!(
                "`{}` is not in its manifest",
                member.name
            )));
        }
        Ok(None) => return Err(damaged("it has no hash at its end")),
        Err(error) => return Err(unusable(error, path)),
    }
    let told = reader.content(128).map_err(|error| unusable(error, path))?;
    if told != format!("{whole}\n").as_bytes() {
        return Err(damaged(
            "the hash at its end does not agree with what stands before it",
        ));
    }
    match reader.next_member() {
        Ok(None) => {}
        Ok(Some(_)) => return Err(damaged("something stands behind the hash at its end")),
        Err(error) => return Err(unusable(error, path)),
    }
    let (sha256, bytes) = (reader.source().digest(), reader.source().bytes);
    drop(reader);
    Ok(Checked {
        file,
        path: path.to_owned(),
        manifest,
        sha256,
        bytes,
    })
}

impl Checked {
    /// Writes the members for which `place` names a file that is not there yet; each is held
    /// against its hash once more, for the file may have changed meanwhile, and is on disk when
    /// this returns.
    ///
    /// # Errors
    /// It has changed, or a file cannot be written.
    pub fn extract(
        &self,
        place: &dyn Fn(&str) -> Option<PathBuf>,
        faults: &Faults,
    ) -> Result<(), Unusable> {
        let mut from = &self.file;
        from.rewind()
            .map_err(|source| cannot("reading", &self.path, source))?;
        let mut reader = reader(&self.file, self.bytes);
        if manifest(&mut reader, &self.path)? != self.manifest {
            return Err(damaged("it has changed while it was read"));
        }
        for member in &self.manifest.members {
            expect(&mut reader, member, &self.path)?;
            let Some(path) = place(&member.path) else {
                continue;
            };
            let io = |source| cannot("writing", &path, source);
            let at = faults.at(format_args!("bundle.extract"));
            let mut to = at
                .and_then(|()| {
                    let mut options = OpenOptions::new();
                    options.write(true).create_new(true).mode(0o600).open(&path)
                })
                .map(Hashing::new)
                .map_err(io)?;
            match reader.copy(&mut |piece| to.write_all(piece)) {
                Ok(()) => {}
                Err(ArchiveError::Write(source)) => return Err(io(source)),
                Err(error) => return Err(unusable(error, &self.path)),
            }
            same(member, &to)?;
            to.inner.sync_all().map_err(io)?;
        }
        Ok(())
    }
}

/// A regular file; a fifo is not waited for.
fn open(path: &Path) -> io::Result<(File, u64)> {
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(atomic::flags(OFlags::NONBLOCK | OFlags::NOCTTY))
        .open(path)?;
    let found = file.metadata()?;
    if !found.is_file() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "it is not a regular file",
        ));
    }
    Ok((file, found.len()))
}

fn reader(file: &File, length: u64) -> Reader<Hashing<BufReader<&File>>> {
    let policy = Policy {
        // With the manifest and the hash at the end.
        members: MAX_MEMBERS + 2,
        // Nothing is compressed: what it holds is no more than what it is.
        bytes: length,
        name: MAX_NAME,
        form: Form::Canonical,
    };
    Reader::new(Hashing::new(BufReader::new(file)), policy)
}

fn manifest<R: Read>(reader: &mut Reader<R>, path: &Path) -> Result<BundleManifest, Unusable> {
    match reader.next_member() {
        Ok(Some(member)) if member.name == MANIFEST => {}
        Ok(_) => {
            return Err(damaged(
                "it does not begin with a manifest: it is no bundle of vit",
            ));
        }
        Err(error) => return Err(unusable(error, path)),
    }
    let bytes = reader
        .content(MAX_MANIFEST_BYTES)
        .map_err(|error| unusable(error, path))?;
    let manifest: BundleManifest = serde_json::from_slice(&bytes)
        .map_err(|error| damaged(&format!("its manifest cannot be read: {error}")))?;
    manifest
        .check()
        .map_err(|why| damaged(&format!("its manifest: {why}")))?;
    Ok(manifest)
}

/// The next member is the one that the manifest names.
fn expect<R: Read>(
    reader: &mut Reader<R>,
    member: &BundleMember,
    path: &Path,
) -> Result<(), Unusable> {
    match reader.next_member() {
        Ok(Some(found)) if found.name == member.path && found.size == member.length => Ok(()),
        Ok(Some(found)) => Err(damaged(&format!(
            "`{}` with {} bytes stands where its manifest has `{}` with {}",
            found.name, found.size, member.path, member.length
        ))),
        Ok(None) => Err(damaged(&format!("`{}` is missing", member.path))),
        Err(error) => Err(unusable(error, path)),
    }
}

fn same<T>(member: &BundleMember, found: &Hashing<T>) -> Result<(), Unusable> {
    if found.digest() == member.sha256 {
        return Ok(());
    }
    Err(damaged(&format!(
        "the content of `{}` is not what its manifest says: the SHA-256 does not agree",
        member.path
    )))
}

pub(super) fn damaged(why: &str) -> Unusable {
    Unusable::Damaged(vit_contract::text::excerpt(
        &vit_contract::text::visible(why),
        400,
    ))
}

fn unusable(error: ArchiveError, path: &Path) -> Unusable {
    match error {
        ArchiveError::Read(source) => cannot("reading", path, source),
        ArchiveError::Write(source) => cannot("checking", path, source),
        error @ (ArchiveError::Refused { .. } | ArchiveError::Damaged { .. }) => {
            damaged(&error.to_string())
        }
    }
}

fn cannot(action: &'static str, path: &Path, source: io::Error) -> Unusable {
    Unusable::Error(EngineError::Io {
        action,
        path: path.to_owned(),
        source,
    })
}

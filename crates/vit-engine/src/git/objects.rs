//! Objects: what a name stands for, the content of files in commits, trees and how they differ.

use std::path::{Path, PathBuf};

use super::command::{Call, checked};
use super::status::{path, records};
use super::{Git, GitError, TreeChange};

/// An object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its id.
    pub oid: String,
    /// `commit`, `tree`, `blob` or `tag`.
    pub kind: String,
    /// Its size in bytes.
    pub size: u64,
}

/// The content of a file in a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Blob {
    /// There is none of this name, or it is no file.
    Missing,
    /// It is larger than asked for: its size in bytes. Nothing of it was read.
    TooLarge(u64),
    /// All of it.
    Content(Vec<u8>),
}

/// An entry of a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TreeEntry {
    /// Octal; `100755` is executable, `120000` a link, `160000` a submodule, `40000` a folder.
    pub mode: u32,
    /// Its object.
    pub oid: String,
    /// Its path from the tree's root.
    pub path: PathBuf,
}

impl Git {
    /// What names such as `<commit>^{tree}` or `<commit>:path` stand for, in one process; `None`
    /// where that is nothing here.
    ///
    /// # Errors
    /// Git failed, or a name holds a line break.
    pub fn objects(&self, specs: &[String]) -> Result<Vec<Option<Object>>, GitError> {
        if specs.is_empty() {
            return Ok(Vec::new());
        }
        let output = self.batch(
            "--batch-check=%(objectname) %(objecttype) %(objectsize)",
            specs,
        )?;
        let text = String::from_utf8_lossy(&output);
        let found: Vec<Option<Object>> = text.lines().map(object).collect();
        if found.len() == specs.len() {
            Ok(found)
        } else {
            Err(Call::read("cat-file").format_error("another number of lines than asked for"))
        }
    }

    /// The kinds of the objects with these ids that are in this repository; nothing is fetched
    /// for the others, in a partial clone neither.
    ///
    /// # Errors
    /// As [`Git::objects`].
    pub fn kinds_here(&self, oids: &[String]) -> Result<Vec<Option<String>>, GitError> {
        let mut git = self.clone();
        git.env.push(("GIT_NO_LAZY_FETCH".into(), "1".into()));
        let found = git.resolve(oids)?;
        Ok(found
            .into_iter()
            .map(|found| found.map(|(_, kind)| kind))
            .collect())
    }

    /// Like [`Git::objects`]: id and kind.
    ///
    /// # Errors
    /// As there.
    pub fn resolve(&self, specs: &[String]) -> Result<Vec<Option<(String, String)>>, GitError> {
        let objects = self.objects(specs)?;
        Ok(objects
            .into_iter()
            .map(|found| found.map(|object| (object.oid, object.kind)))
            .collect())
    }

    /// The content of any number of files, named `<commit>:path`, each of at most `limit` bytes,
    /// in two processes: the first tells the sizes, so that nothing large is ever loaded.
    ///
    /// # Errors
    /// Git failed, or a name holds a line break.
    pub fn read_blobs(&self, specs: &[String], limit: usize) -> Result<Vec<Blob>, GitError> {
        let objects = self.objects(specs)?;
        let fits = |object: &&Object| object.kind == "blob" && object.size <= limit as u64;
        let wanted: Vec<&Object> = objects.iter().flatten().filter(fits).collect();
        let oids: Vec<String> = wanted.iter().map(|object| object.oid.clone()).collect();
        let mut contents = Vec::new();
        if !oids.is_empty() {
            let output = self.batch("--batch", &oids)?;
            contents = split(&output, &wanted).ok_or_else(|| {
                Call::read("cat-file").format_error("contents that do not match their sizes")
            })?;
        }
        let mut contents = contents.into_iter();
        Ok(objects
            .iter()
            .map(|found| match found {
                Some(object) if fits(&object) => {
                    contents.next().map_or(Blob::Missing, Blob::Content)
                }
                Some(object) if object.kind == "blob" => Blob::TooLarge(object.size),
                _ => Blob::Missing,
            })
            .collect())
    }

    fn batch(&self, mode: &str, specs: &[String]) -> Result<Vec<u8>, GitError> {
        let mut input = String::new();
        for spec in specs {
            input.push_str(checked(spec)?);
            input.push('\n');
        }
        let call = Call::read("cat-file").arg(mode).arg("--buffer");
        self.output(&call.stdin(input))
    }

    /// Entries of a tree or commit: those that stand at `paths` (all when there are none), with
    /// everything below them when `recursive`.
    ///
    /// # Errors
    /// It is no tree here.
    pub fn ls_tree<P: AsRef<Path>>(
        &self,
        tree: &str,
        paths: &[P],
        recursive: bool,
    ) -> Result<Vec<TreeEntry>, GitError> {
        let call = Call::read("ls-tree")
            .args(["-z", "--full-tree"])
            .args(recursive.then_some("-r"))
            .args(["--end-of-options", checked(tree)?])
            .args(paths.iter().map(AsRef::as_ref));
        let output = self.output(&call)?;
        records(&output)
            .map(|record| {
                entry(record).ok_or_else(|| {
                    Call::read("ls-tree").format_error(&String::from_utf8_lossy(record))
                })
            })
            .collect()
    }

    /// How two trees or commits differ, file by file.
    ///
    /// # Errors
    /// One of them is no tree here.
    pub fn diff_trees(&self, from: &str, to: &str) -> Result<Vec<TreeChange>, GitError> {
        let call = Call::read("diff-tree").args([
            "-r",
            "-z",
            "--raw",
            "--no-renames",
            "--no-abbrev",
            "--ignore-submodules=none",
            "--end-of-options",
            checked(from)?,
            checked(to)?,
        ]);
        let output = self.output(&call)?;
        let mut records = records(&output);
        let mut changes = Vec::new();
        while let Some(head) = records.next() {
            let change = records.next().and_then(|name| change(head, name));
            changes.push(change.ok_or_else(|| {
                Call::read("diff-tree").format_error(&String::from_utf8_lossy(head))
            })?);
        }
        Ok(changes)
    }
}

/// `<oid> <type> <size>`; anything else (`<name> missing`, `ambiguous`, `submodule`) is nothing.
fn object(line: &str) -> Option<Object> {
    let mut fields = line.split(' ');
    let (oid, kind, size) = (fields.next()?, fields.next()?, fields.next()?);
    let is_oid = oid.len() >= 40 && oid.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_kind = ["commit", "tree", "blob", "tag"].contains(&kind);
    (is_oid && is_kind && fields.next().is_none()).then_some(())?;
    Some(Object {
        oid: oid.to_owned(),
        kind: kind.to_owned(),
        size: size.parse().ok()?,
    })
}

/// `<header>\n<content>\n` for each, sizes known.
fn split(mut output: &[u8], objects: &[&Object]) -> Option<Vec<Vec<u8>>> {
    let mut contents = Vec::with_capacity(objects.len());
    for object in objects {
        let size = usize::try_from(object.size).ok()?;
        let start = output.iter().position(|&byte| byte == b'\n')? + 1;
        let header = std::str::from_utf8(&output[..start]).ok()?;
        header.starts_with(&object.oid).then_some(())?;
        contents.push(output.get(start..start + size)?.to_vec());
        output = output.get(start + size + 1..)?;
    }
    Some(contents)
}

/// `<mode> <type> <oid>\t<path>`
fn entry(record: &[u8]) -> Option<TreeEntry> {
    let tab = record.iter().position(|&byte| byte == b'\t')?;
    let head = std::str::from_utf8(&record[..tab]).ok()?;
    let mut fields = head.split(' ');
    Some(TreeEntry {
        mode: u32::from_str_radix(fields.next()?, 8).ok()?,
        oid: fields.nth(1)?.to_owned(),
        path: path(&record[tab + 1..]),
    })
}

/// `<mode> <oid> <stage>\t<path>`: the mode and the path.
pub(super) fn entry_with_stage(record: &[u8]) -> Option<(u32, PathBuf)> {
    let entry = entry(record)?;
    Some((entry.mode, entry.path))
}

/// `:<old mode> <new mode> <old oid> <new oid> <status>`
fn change(head: &[u8], name: &[u8]) -> Option<TreeChange> {
    let fields: Vec<&str> = std::str::from_utf8(head).ok()?.split(' ').collect();
    let [_, mode, _, oid, status] = fields[..] else {
        return None;
    };
    Some(TreeChange {
        status: status.chars().next()?,
        path: path(name),
        new_mode: u32::from_str_radix(mode, 8).ok()?,
        new_oid: oid.to_owned(),
    })
}

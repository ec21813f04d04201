//! Commits written through `git fast-import`: a whole release in one process.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::core_repo::{Content, File};
use crate::git;

/// The first instant of a fake world: 2026-01-01T00:00:00Z. Release N is N days later.
const EPOCH: u64 = 1_767_225_600;

/// The seconds since 1970 of release number `index`.
pub(crate) fn seconds_of(index: u32) -> u64 {
    EPOCH + u64::from(index) * 86_400
}

/// One commit and its tag.
pub(crate) struct Commit<'a> {
    /// Its place in time.
    pub index: u32,
    /// The branch that moves, a full ref name.
    pub branch: &'a str,
    /// The parent; none for the first commit.
    pub parent: Option<&'a str>,
    /// What changes against the parent.
    pub files: &'a [File],
    /// The tag's name, and whether it is an annotated one.
    pub tag: Option<(&'a str, bool)>,
    /// The message.
    pub message: &'a str,
}

/// Writes a commit into `repository`; returns its id.
pub(crate) fn commit(repository: &Path, home: &Path, commit: &Commit<'_>) -> String {
    let mut child = Command::new("git")
        .args(["-c", "fastimport.unpackLimit=1", "fast-import", "--quiet"])
        .args(["--done", "--date-format=raw"])
        .current_dir(repository)
        .env_clear()
        .envs(git::environment(home))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("git can be run");
    let stream = stream(commit);
    // git answers with one line only, so writing everything first cannot block it.
    child
        .stdin
        .take()
        .expect("its input is a pipe")
        .write_all(&stream)
        .expect("git fast-import reads its input");
    let output = child.wait_with_output().expect("git can be waited for");
    assert!(
        output.status.success(),
        "git fast-import failed for {}",
        commit.message
    );
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn stream(commit: &Commit<'_>) -> Vec<u8> {
    let who = format!(
        "Core Team <core@example.org> {} +0000",
        seconds_of(commit.index)
    );
    let mut out = format!(
        "commit {}\nmark :1\nauthor {who}\ncommitter {who}\n",
        commit.branch
    )
    .into_bytes();
    data(&mut out, commit.message.as_bytes());
    if let Some(parent) = commit.parent {
        line(&mut out, &format!("from {parent}^0"));
    }
    for file in commit.files {
        let path = quoted(&file.path);
        let (mode, bytes) = match &file.content {
            Content::Plain(bytes) => ("100644", bytes.as_slice()),
            Content::Executable(bytes) => ("100755", bytes.as_slice()),
            Content::Symlink(target) => ("120000", target.as_bytes()),
            Content::Gone => {
                line(&mut out, &format!("D {path}"));
                continue;
            }
        };
        line(&mut out, &format!("M {mode} inline {path}"));
        data(&mut out, bytes);
    }
    match commit.tag {
        Some((tag, false)) => line(&mut out, &format!("reset refs/tags/{tag}\nfrom :1\n")),
        Some((tag, true)) => {
            line(&mut out, &format!("tag {tag}\nfrom :1\ntagger {who}"));
            data(&mut out, format!("Release {tag}\n").as_bytes());
        }
        None => {}
    }
    line(&mut out, "get-mark :1\ndone");
    out
}

fn line(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
    out.push(b'\n');
}

fn data(out: &mut Vec<u8>, bytes: &[u8]) {
    line(out, &format!("data {}", bytes.len()));
    out.extend_from_slice(bytes);
    out.push(b'\n');
}

/// A path as fast-import wants it: in C quotes, so that any name can stand there.
fn quoted(path: &str) -> String {
    let mut out = String::from("\"");
    for character in path.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            other => out.push(other),
        }
    }
    out.push('"');
    out
}

//! The testkit's own git: never the program under test's.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;

use crate::import;

/// Runs git in a folder and returns what it prints, without the last newline.
#[track_caller]
pub(crate) fn run(folder: &Path, home: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .args(args)
        .current_dir(folder)
        .env_clear()
        .envs(environment(home))
        .output()
        .expect("git can be run");
    assert!(
        output.status.success(),
        "git {args:?} in {} failed ({}):\n{}{}",
        folder.display(),
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    let mut out = String::from_utf8_lossy(&output.stdout).into_owned();
    if out.ends_with('\n') {
        out.pop();
    }
    out
}

/// The environment of the testkit's own git: no configuration but the repository's, fixed
/// author and dates, so that commits are the same on every run.
pub(crate) fn environment(home: &Path) -> Vec<(OsString, OsString)> {
    let date = format!("@{} +0000", import::seconds_of(0));
    let pairs: [(&str, &OsStr); 12] = [
        ("HOME", home.as_os_str()),
        ("LANG", "C.UTF-8".as_ref()),
        ("GIT_CONFIG_NOSYSTEM", "1".as_ref()),
        ("GIT_TERMINAL_PROMPT", "0".as_ref()),
        ("GIT_OPTIONAL_LOCKS", "0".as_ref()),
        ("GIT_ADVICE", "0".as_ref()),
        ("GIT_AUTHOR_NAME", "A Tester".as_ref()),
        ("GIT_AUTHOR_EMAIL", "tester@example.org".as_ref()),
        ("GIT_AUTHOR_DATE", date.as_ref()),
        ("GIT_COMMITTER_NAME", "A Tester".as_ref()),
        ("GIT_COMMITTER_EMAIL", "tester@example.org".as_ref()),
        ("GIT_COMMITTER_DATE", date.as_ref()),
    ];
    let mut all: Vec<(OsString, OsString)> = pairs
        .iter()
        .map(|(name, value)| ((*name).into(), (*value).to_owned()))
        .collect();
    all.extend(std::env::var_os("PATH").map(|path| ("PATH".into(), path)));
    all
}

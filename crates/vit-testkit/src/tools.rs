//! Tools that a machine may lack. A test that needs one says so and is listed; with
//! `VIT_TEST_REQUIRE=all` a missing tool is a failure.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// The file in the target folder that lists the skipped tests.
pub const LIST: &str = "vit-skipped.txt";

/// Whether `tool` is in the PATH. If not, the test that asks should return.
///
/// # Panics
/// It is missing and `VIT_TEST_REQUIRE=all`.
#[must_use]
pub fn need(tool: &str) -> bool {
    need_that(tool, || in_path(tool))
}

/// The same for a thing that takes more than a program: `works` tells.
///
/// # Panics
/// It does not work and `VIT_TEST_REQUIRE=all`.
#[must_use]
pub fn need_that(what: &str, works: impl FnOnce() -> bool) -> bool {
    if works() {
        return true;
    }
    let thread = std::thread::current();
    let line = format!(
        "SKIPPED: {} needs {what}",
        thread.name().unwrap_or("a test")
    );
    let required = std::env::var_os("VIT_TEST_REQUIRE").is_some_and(|value| value == "all");
    assert!(!required, "{line}, and VIT_TEST_REQUIRE=all");
    // Straight to the stream: what goes through `eprintln!` is swallowed when a test passes.
    let _ = writeln!(std::io::stderr(), "{line}");
    if let Some(folder) = target_folder() {
        append(&folder.join(LIST), &line);
    }
    false
}

/// The lines of the list, sorted, each once; the list is empty afterwards. `None` when nothing
/// was skipped.
#[must_use]
pub fn take_list() -> Option<Vec<String>> {
    let file = target_folder()?.join(LIST);
    let text = std::fs::read_to_string(&file).ok()?;
    let _ = std::fs::remove_file(&file);
    let lines: std::collections::BTreeSet<&str> = text.lines().collect();
    Some(lines.into_iter().map(str::to_owned).collect())
}

fn append(file: &Path, line: &str) {
    let opened = OpenOptions::new().create(true).append(true).open(file);
    if let Ok(mut file) = opened {
        // One write, so that lines of tests that run side by side do not mix.
        let _ = file.write_all(format!("{line}\n").as_bytes());
    }
}

fn in_path(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| {
        folder
            .join(tool)
            .metadata()
            .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
    })
}

/// Cargo's target folder, found from the running test's own place.
fn target_folder() -> Option<PathBuf> {
    let test = std::env::current_exe().ok()?;
    test.ancestors()
        .find(|folder| folder.join("CACHEDIR.TAG").is_file())
        .map(Path::to_owned)
}

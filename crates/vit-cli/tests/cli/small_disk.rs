//! Small file systems of a test's own, for full disks.

use std::path::{Path, PathBuf};
use std::process::Command;

use vit_testkit::{World, tools};

/// A small file system, unmounted when dropped.
pub(crate) struct Small(PathBuf);

impl Small {
    /// Mounts one of so many MiB; `None` where that cannot be done.
    pub(crate) fn mount(at: &Path, mebibytes: u32) -> Option<Self> {
        let size = format!("size={mebibytes}m");
        let mut small = None;
        let works = || {
            let args = ["-t", "tmpfs", "-o", &size, "tmpfs"];
            small = run("mount", &args, at).then(|| Self(at.to_owned()));
            small.is_some()
        };
        if tools::need_that("to mount a file system", works) {
            return small;
        }
        None
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        run("umount", &["--lazy"], &self.0);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a file system is mounted by a program"
)]
pub(crate) fn run(program: &str, args: &[&str], path: &Path) -> bool {
    let output = Command::new(program).args(args).arg(path).output();
    output.is_ok_and(|output| output.status.success())
}

/// Moves the installation onto a file system of its own.
pub(crate) fn on_a_small_disk(world: &World) -> Option<Small> {
    let place = world.installation();
    let aside = world.root().join("aside");
    std::fs::rename(&place, &aside)
        .and_then(|()| std::fs::create_dir(&place))
        .expect("a place for the file system can be made");
    let small = Small::mount(&place, 24)?;
    assert!(run("cp", &["-a", "-t", place.to_str()?], &aside.join(".")));
    Some(small)
}

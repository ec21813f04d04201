//! Processes that were started in a world, found through `/proc`: by the marker in their
//! environment or by their working folder.

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// The variable that every process of a world inherits; its value is the world's folder.
pub const MARKER: &str = "VIT_TESTKIT_WORLD";

/// The ids of the processes of the world at `root` that are alive; zombies do not count.
#[must_use]
pub fn of_world(root: &Path) -> Vec<u32> {
    let mut needle = format!("{MARKER}=").into_bytes();
    needle.extend_from_slice(root.as_os_str().as_bytes());
    let own = std::process::id();
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|&pid| pid != own && belongs(pid, root, &needle))
        .collect()
}

fn belongs(pid: u32, root: &Path, needle: &[u8]) -> bool {
    let inside = fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|cwd| cwd.starts_with(root));
    let marked = || {
        fs::read(format!("/proc/{pid}/environ"))
            .is_ok_and(|all| all.split(|&byte| byte == 0).any(|one| one == needle))
    };
    // The state follows the command, which stands in parentheses and may itself hold some.
    let zombie = || {
        fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
            stat.rsplit(") ")
                .next()
                .is_none_or(|rest| rest.starts_with('Z'))
        })
    };
    (inside || marked()) && !zombie()
}

/// Waits until no process of the world is left; false when some still run after `patience`.
#[must_use]
pub fn all_gone(root: &Path, patience: Duration) -> bool {
    let start = Instant::now();
    loop {
        if of_world(root).is_empty() {
            return true;
        }
        if start.elapsed() > patience {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Ends every process of the world, those that they start meanwhile included.
pub fn end_all(root: &Path) {
    for _ in 0..20 {
        let alive = of_world(root);
        if alive.is_empty() {
            return;
        }
        for pid in alive {
            if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

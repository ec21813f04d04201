//! What a child does between fork and exec, and what only Linux has. A port begins here.

use std::io;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use rustix::process::{Pid, Signal};

/// Makes the child lead a session of its own and die with the thread that starts it.
///
/// A session and not only a process group: without a controlling terminal, an `ssh` that wants a
/// passphrase fails at once instead of being stopped by SIGTTIN until its timeout, and every
/// descendant is for ever in another session than ours, which is how an orphan is told from a
/// child that somebody else in this process has started.
#[expect(
    unsafe_code,
    reason = "the hook runs in the forked child and makes three system calls, nothing else: no allocation, no lock"
)]
pub(super) fn lead_own_session(command: &mut Command) {
    let parent = rustix::process::getpid();
    let hook = move || -> io::Result<()> {
        rustix::process::setsid()?;
        rustix::process::set_parent_process_death_signal(Some(Signal::KILL))?;
        // The parent may have died before the line above: then nobody would send the signal.
        if rustix::process::getppid() != Some(parent) {
            return Err(rustix::io::Errno::SRCH.into());
        }
        Ok(())
    };
    // SAFETY: see the reason above.
    unsafe {
        command.pre_exec(hook);
    }
}

/// While it lives, orphaned descendants become our children instead of init's.
pub(super) struct Subreaper {
    before: bool,
}

impl Subreaper {
    /// Switches it on. Where the kernel refuses, orphans are still found by their marker.
    pub(super) fn on() -> Self {
        let before = rustix::process::child_subreaper().ok().flatten().is_some();
        if !before {
            let _ = rustix::process::set_child_subreaper(Some(rustix::process::getpid()));
        }
        Self { before }
    }
}

impl Drop for Subreaper {
    fn drop(&mut self) {
        if !self.before {
            let _ = rustix::process::set_child_subreaper(None::<Pid>);
        }
    }
}

//! The child itself: the leader of its session and process group.

use std::collections::HashSet;
use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::process::{Child, Command, ExitStatus};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use rustix::process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions};

/// The children that this module has started and not yet reaped: no sweep may touch those of
/// another thread.
static OURS: LazyLock<Mutex<HashSet<Pid>>> = LazyLock::new(Mutex::default);

/// A running child. Dropped before it is reaped (an error, a panic), it is killed with its group.
pub(super) struct Leader {
    child: Child,
    pid: Pid,
    pidfd: Option<OwnedFd>,
    reaped: bool,
}

impl Leader {
    /// Starts it.
    pub(super) fn spawn(command: &mut Command) -> io::Result<Self> {
        // Held over the fork: whoever sees the child in /proc finds it registered.
        let mut ours = ours();
        let child = command.spawn()?;
        let pid = Pid::from_child(&child);
        ours.insert(pid);
        drop(ours);
        Ok(Self {
            child,
            pid,
            // Kernels before 5.3 have none; then its end is polled for.
            pidfd: rustix::process::pidfd_open(pid, PidfdFlags::empty()).ok(),
            reaped: false,
        })
    }

    /// Its process id, which is its group's and session's too.
    pub(super) const fn pid(&self) -> Pid {
        self.pid
    }

    /// A descriptor that becomes readable at its end.
    pub(super) fn pidfd(&self) -> Option<BorrowedFd<'_>> {
        self.pidfd.as_ref().map(|fd| fd.as_fd())
    }

    /// Whether it has ended. It stays a zombie: its id cannot be given to another yet.
    pub(super) fn has_ended(&self) -> io::Result<bool> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
        match rustix::process::waitid(WaitId::Pid(self.pid), options) {
            Ok(status) => Ok(status.is_some()),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Sends a signal to its whole group; that nobody is left in it is no error.
    pub(super) fn signal_group(&self, signal: Signal) {
        if !self.reaped {
            let _ = rustix::process::kill_process_group(self.pid, signal);
        }
    }

    /// Waits for its end and takes its status.
    pub(super) fn reap(&mut self) -> io::Result<ExitStatus> {
        let status = self.child.wait()?;
        self.reaped = true;
        ours().remove(&self.pid);
        Ok(status)
    }
}

impl Drop for Leader {
    fn drop(&mut self) {
        if !self.reaped {
            self.signal_group(Signal::KILL);
            let _ = self.child.wait();
            ours().remove(&self.pid);
        }
    }
}

/// The children that are still running; a panic in another thread leaves the set whole.
pub(super) fn ours() -> MutexGuard<'static, HashSet<Pid>> {
    OURS.lock().unwrap_or_else(PoisonError::into_inner)
}

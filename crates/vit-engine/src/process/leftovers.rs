//! What a child leaves behind: members of its group, orphans that were adopted by us, and
//! whatever bears the transaction's marker in its environment.

use std::collections::{HashMap, HashSet};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::process::{Pid, PidfdFlags, Signal, WaitOptions};

use super::Marker;
use super::leader::{Leader, ours};
use super::linux::Subreaper;
use super::pump::poll;

/// How long a sweep goes on against processes that multiply or cannot be killed.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long one round waits for those that it has killed.
const ROUND: Duration = Duration::from_millis(500);

/// Swept runs take turns.
static TURN: Mutex<()> = Mutex::new(());

/// Ends every process that bears the marker in its environment, except this one and those that it
/// runs in. For recovery: the transaction's own run was killed and could not
/// sweep. Returns how many were ended.
#[must_use]
pub fn sweep(marker: Marker<'_>) -> usize {
    end_all(|processes| marked(processes, marker), || {})
}

/// A swept run, from before its child's start.
pub(super) struct Sweeping<'a> {
    marker: Marker<'a>,
    before: HashSet<Pid>,
    _reaper: Subreaper,
    _turn: MutexGuard<'static, ()>,
}

impl<'a> Sweeping<'a> {
    pub(super) fn begin(marker: Marker<'a>) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let us = rustix::process::getpid();
        Self {
            marker,
            before: processes()
                .into_iter()
                .filter_map(|(pid, process)| (process.parent == Some(us)).then_some(pid))
                .collect(),
            _reaper: Subreaper::on(),
            _turn: turn,
        }
    }

    /// Ends everything that the child has left behind; the child itself has ended and is not
    /// reaped yet. Returns how many there were.
    pub(super) fn end(self, leader: &Leader) -> usize {
        let left = |processes: &Processes| {
            let mut found = self.adopted(processes);
            found.extend(descendants(processes, &found));
            found.extend(
                processes
                    .iter()
                    .filter(|(_, process)| process.group == Some(leader.pid()))
                    .map(|(&pid, _)| pid),
            );
            found.extend(marked(processes, self.marker));
            found.remove(&leader.pid());
            found
        };
        // The group at once, so that nobody in it can fork away between two looks.
        end_all(left, || leader.signal_group(Signal::KILL))
    }

    /// Children of ours that we did not start: in another session (all that descend from the
    /// child are), not running for another thread, not there before.
    fn adopted(&self, processes: &Processes) -> HashSet<Pid> {
        let us = rustix::process::getpid();
        let session = processes.get(&us).and_then(|process| process.session);
        let ours = ours();
        processes
            .iter()
            .filter(|(pid, process)| {
                process.parent == Some(us)
                    && process.session != session
                    && !ours.contains(pid)
                    && !self.before.contains(pid)
            })
            .map(|(&pid, _)| pid)
            .collect()
    }
}

/// Looks, kills, waits and reaps until a look finds nothing.
fn end_all(look: impl Fn(&Processes) -> HashSet<Pid>, first: impl Fn()) -> usize {
    let end = Instant::now() + PATIENCE;
    let mut ended = HashSet::new();
    loop {
        let processes = processes();
        let found = look(&processes);
        let mut waiting = Vec::new();
        for pid in &found {
            let process = &processes[pid];
            if !process.zombie {
                ended.insert((*pid, process.started));
                waiting.extend(kill(*pid, process));
            }
        }
        first();
        let round = Instant::now() + ROUND;
        wait_for(&waiting, round);
        let us = rustix::process::getpid();
        // A zombie that is not ours is its own parent's to reap.
        let mut alive = false;
        for pid in found {
            let process = &processes[&pid];
            let adopted = process.parent == Some(us);
            if adopted {
                let _ = rustix::process::waitpid(Some(pid), WaitOptions::NOHANG);
            }
            alive |= !process.zombie || adopted;
        }
        if !alive || Instant::now() >= end {
            return ended.len();
        }
    }
}

/// Kills a process, if it is still the one that was looked at. Returns what becomes readable at
/// its end.
fn kill(pid: Pid, process: &Process) -> Option<OwnedFd> {
    let pidfd = rustix::process::pidfd_open(pid, PidfdFlags::empty());
    // Looked at again once the descriptor holds it: the id cannot change hands between.
    if read_process(pid).is_none_or(|now| now.started != process.started) {
        return None;
    }
    match pidfd {
        Ok(fd) => {
            let _ = rustix::process::pidfd_send_signal(&fd, Signal::KILL);
            Some(fd)
        }
        Err(_) => {
            let _ = rustix::process::kill_process(pid, Signal::KILL);
            None
        }
    }
}

/// Waits until all have ended, or until `end`.
fn wait_for(pidfds: &[OwnedFd], end: Instant) {
    for fd in pidfds {
        let left = end.saturating_duration_since(Instant::now());
        let mut fds = [PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::IN)];
        let _ = poll(&mut fds, Some(left));
    }
    if pidfds.is_empty() {
        // No pidfd to wait on (old kernel, or only zombies): a short pause instead of a spin.
        let _ = poll(&mut [], Some(Duration::from_millis(2)));
    }
}

type Processes = HashMap<Pid, Process>;

/// What `/proc/PID/stat` says.
struct Process {
    parent: Option<Pid>,
    group: Option<Pid>,
    session: Option<Pid>,
    /// In clock ticks since boot: with the id it names a process for good.
    started: u64,
    zombie: bool,
}

/// Every process that we can see.
fn processes() -> Processes {
    let Ok(entries) = std::fs::read_dir("/proc") else {
        return Processes::new();
    };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter_map(Pid::from_raw)
        .filter_map(|pid| Some((pid, read_process(pid)?)))
        .collect()
}

fn read_process(pid: Pid) -> Option<Process> {
    let stat = std::fs::read(format!("/proc/{}/stat", pid.as_raw_pid())).ok()?;
    // The second field is the program's name in parentheses and may hold anything, `)` included.
    let after_name = stat.iter().rposition(|&byte| byte == b')')? + 1;
    let rest = std::str::from_utf8(&stat[after_name..]).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    // A process that is just ending has -1 where its group and session were.
    let id = |at: usize| Pid::from_raw(fields.get(at)?.parse::<i32>().ok().filter(|&id| id > 0)?);
    Some(Process {
        zombie: matches!(*fields.first()?, "Z" | "X"),
        parent: id(1),
        group: id(2),
        session: id(3),
        started: fields.get(19)?.parse().ok()?,
    })
}

/// Everything below `roots`.
fn descendants(processes: &Processes, roots: &HashSet<Pid>) -> HashSet<Pid> {
    let mut found = roots.clone();
    loop {
        let before = found.len();
        for (&pid, process) in processes {
            if process.parent.is_some_and(|parent| found.contains(&parent)) {
                found.insert(pid);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// Everything that bears the marker, but neither we nor what we run in.
fn marked(processes: &Processes, marker: Marker<'_>) -> HashSet<Pid> {
    if marker.transaction.is_empty() {
        return HashSet::new();
    }
    let mut spared = HashSet::new();
    let mut at = Some(rustix::process::getpid());
    while let Some(pid) = at
        && spared.insert(pid)
    {
        at = processes.get(&pid).and_then(|process| process.parent);
    }
    let mut root = b"VIT_CORE_ROOT=".to_vec();
    root.extend_from_slice(marker.root.as_os_str().as_bytes());
    let wanted = [
        format!("VIT_TRANSACTION={}", marker.transaction).into_bytes(),
        root,
    ];
    processes
        .iter()
        .filter(|(pid, process)| !process.zombie && !spared.contains(pid))
        .filter(|(pid, _)| bears(**pid, &wanted))
        .map(|(&pid, _)| pid)
        .collect()
}

/// Whether an environment (as it was at the program's start) holds all these entries.
fn bears(pid: Pid, wanted: &[Vec<u8>]) -> bool {
    let path = format!("/proc/{}/environ", pid.as_raw_pid());
    // Other users' processes cannot be read, and could not be killed.
    std::fs::read(Path::new(&path)).is_ok_and(|bytes| {
        wanted
            .iter()
            .all(|one| bytes.split(|&byte| byte == 0).any(|entry| entry == one))
    })
}

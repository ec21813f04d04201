//! Waiting on everything at once: output, input, the child's end, its deadline, a wish to stop.

use std::io::{self, PipeWriter, Write as _};
use std::os::fd::AsFd as _;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::process::Signal;

use super::capture::{OnLine, Stream, set_nonblocking};
use super::leader::Leader;
use super::{Captured, Ended};
use crate::cancel::Cancel;

/// How often the wish to stop is looked at. A signal ends the wait at once, whatever this says.
const CANCEL_TICK: Duration = Duration::from_millis(100);
/// How often the child's end is looked for where the kernel has no pidfd.
const NO_PIDFD_TICK: Duration = Duration::from_millis(10);
/// What is read at once.
const BUFFER: usize = 64 * 1024;

/// What can end a child before its time.
pub(super) struct Limits<'a> {
    pub(super) deadline: Option<Instant>,
    pub(super) cancel: Option<&'a Cancel>,
    pub(super) grace: Duration,
}

/// What the child is given to read.
pub(super) struct Input {
    pipe: PipeWriter,
    bytes: Vec<u8>,
    written: usize,
}

impl Input {
    pub(super) fn new(pipe: PipeWriter, bytes: Vec<u8>) -> io::Result<Self> {
        set_nonblocking(&pipe)?;
        Ok(Self {
            pipe,
            bytes,
            written: 0,
        })
    }

    /// Writes what fits; `false` when all is written or nobody reads any more.
    fn write(&mut self) -> io::Result<bool> {
        match self.pipe.write(&self.bytes[self.written..]) {
            Ok(count) => {
                self.written += count;
                Ok(self.written < self.bytes.len())
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(true),
                io::ErrorKind::BrokenPipe => Ok(false),
                _ => Err(error),
            },
        }
    }
}

/// Our ends of the child's pipes.
pub(super) struct Pump {
    streams: Vec<Stream>,
    input: Option<Input>,
    buffer: Vec<u8>,
}

impl Pump {
    pub(super) fn new(streams: Vec<Stream>, input: Option<Input>) -> Self {
        Self {
            streams,
            input,
            buffer: vec![0; BUFFER],
        }
    }

    /// Moves bytes until the child has ended; past its limits it gets SIGTERM, after the grace
    /// SIGKILL, always with its group. Returns what ended it, if it was us.
    pub(super) fn until_ended(
        &mut self,
        leader: &Leader,
        limits: &Limits<'_>,
        on_line: &mut OnLine<'_>,
    ) -> io::Result<Option<Ended>> {
        let mut stopped: Option<(Ended, Instant)> = None;
        let mut killed = false;
        loop {
            let now = Instant::now();
            match stopped {
                None => {
                    let why = if limits.cancel.is_some_and(Cancel::is_set) {
                        Some(Ended::Cancelled)
                    } else {
                        limits
                            .deadline
                            .is_some_and(|deadline| now >= deadline)
                            .then_some(Ended::TimedOut)
                    };
                    if let Some(why) = why {
                        leader.signal_group(Signal::TERM);
                        stopped = Some((why, now + limits.grace));
                    }
                }
                Some((_, kill_at)) if !killed && now >= kill_at => {
                    leader.signal_group(Signal::KILL);
                    killed = true;
                }
                Some(_) => {}
            }
            let ticks = [
                match stopped {
                    None => limits.deadline,
                    Some((_, kill_at)) => (!killed).then_some(kill_at),
                }
                .map(|at| at.saturating_duration_since(now)),
                (stopped.is_none() && limits.cancel.is_some()).then_some(CANCEL_TICK),
                leader.pidfd().is_none().then_some(NO_PIDFD_TICK),
            ];
            self.wait(Some(leader), ticks.into_iter().flatten().min(), on_line)?;
            if leader.has_ended()? {
                // What was wanted of a child that ended by itself at the same moment does not
                // matter: it was asked to stop.
                return Ok(stopped.map(|(why, _)| why));
            }
        }
    }

    /// Reads what is left in the pipes, and what still comes within `time` from whoever holds
    /// their other ends.
    pub(super) fn drain(&mut self, time: Duration, on_line: &mut OnLine<'_>) -> io::Result<()> {
        self.input = None;
        let end = Instant::now() + time;
        while self.streams.iter().any(|stream| stream.pipe().is_some()) {
            let left = end.saturating_duration_since(Instant::now());
            let moved = self.wait(None, Some(left), on_line)?;
            if !moved && left.is_zero() {
                break;
            }
            // A writer that never stops does not hold us.
            if left.is_zero() && Instant::now() > end + time {
                break;
            }
        }
        Ok(())
    }

    /// What both streams brought; the second is empty where they were one.
    pub(super) fn into_captured(self, on_line: &mut OnLine<'_>) -> [Captured; 2] {
        let mut captured = self
            .streams
            .into_iter()
            .map(|stream| stream.finish(on_line));
        [
            captured.next().unwrap_or_default(),
            captured.next().unwrap_or_default(),
        ]
    }

    /// Waits once and moves what can be moved; says whether any output came.
    fn wait(
        &mut self,
        leader: Option<&Leader>,
        timeout: Option<Duration>,
        on_line: &mut OnLine<'_>,
    ) -> io::Result<bool> {
        let mut fds = Vec::with_capacity(4);
        for pipe in self.streams.iter().filter_map(Stream::pipe) {
            fds.push(PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN));
        }
        if let Some(input) = &self.input {
            fds.push(PollFd::from_borrowed_fd(input.pipe.as_fd(), PollFlags::OUT));
        }
        if let Some(pidfd) = leader.and_then(Leader::pidfd) {
            fds.push(PollFd::from_borrowed_fd(pidfd, PollFlags::IN));
        }
        poll(&mut fds, timeout)?;
        drop(fds);
        let mut moved = false;
        for stream in &mut self.streams {
            moved |= stream.read(&mut self.buffer, on_line)?;
        }
        if let Some(input) = &mut self.input
            && !input.write()?
        {
            self.input = None;
        }
        Ok(moved)
    }
}

/// `poll(2)`; an interrupting signal is an early return, no error.
pub(super) fn poll(fds: &mut [PollFd<'_>], timeout: Option<Duration>) -> io::Result<()> {
    let timeout = timeout.map(|time| Timespec {
        tv_sec: i64::try_from(time.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: time.subsec_nanos().into(),
    });
    match rustix::event::poll(fds, timeout.as_ref()) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

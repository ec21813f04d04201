//! What this process has sent, what is under way, and which hosts said stop.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;

use crate::cancel::Cancel;

/// How many requests are under way to one host at once.
pub const AT_ONCE: usize = 4;
/// How long a wait for a free place is before it is looked whether to stop.
const SLICE: Duration = Duration::from_millis(100);

/// Requests of a process. A host is named with its port where that is not the scheme's own.
#[derive(Debug, Default)]
pub struct Traffic {
    sent: AtomicU32,
    hosts: Mutex<BTreeMap<String, Host>>,
    freed: Condvar,
    /// How long was waited for limits in all; locked by the one that waits.
    patience: Mutex<Duration>,
    /// How many waits came to their end.
    waits: AtomicU64,
}

#[derive(Debug, Default)]
struct Host {
    under_way: usize,
    limited: Option<Timestamp>,
}

impl Traffic {
    fn hosts(&self) -> MutexGuard<'_, BTreeMap<String, Host>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a request.
    pub(super) fn count(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    /// How many requests were sent, redirects and revalidations included.
    #[must_use]
    pub fn sent(&self) -> u32 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Until when a host said that it answers no more, by this machine's clock; it may be past.
    #[must_use]
    pub fn limited(&self, host: &str) -> Option<Timestamp> {
        self.hosts().get(host)?.limited
    }

    /// Notes that a host answers no more until then: no request goes there before. For what an
    /// earlier process was told, too. The later of two times counts.
    pub fn limit(&self, host: &str, until: Timestamp) {
        let mut hosts = self.hosts();
        let noted = &mut hosts.entry(host.to_owned()).or_default().limited;
        *noted = (*noted).max(Some(until));
    }

    /// Every host that said so, and until when: for the next process.
    #[must_use]
    pub fn limits(&self) -> Vec<(String, Timestamp)> {
        let hosts = self.hosts();
        hosts
            .iter()
            .filter_map(|(name, host)| Some((name.clone(), host.limited?)))
            .collect()
    }

    /// How long was waited so far; held by the one that waits.
    pub(super) fn patience(&self) -> MutexGuard<'_, Duration> {
        self.patience.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many waits came to their end so far.
    pub(super) fn waits(&self) -> u64 {
        self.waits.load(Ordering::SeqCst)
    }

    /// Forgets a limit that was waited for.
    pub(super) fn waited(&self, host: &str, until: Timestamp) {
        self.waits.fetch_add(1, Ordering::SeqCst);
        let mut hosts = self.hosts();
        if let Some(host) = hosts.get_mut(host)
            && host.limited <= Some(until)
        {
            host.limited = None;
        }
    }

    /// Waits for one of the [`AT_ONCE`] places of a host. Nothing when it was asked to stop
    /// meanwhile.
    pub(super) fn place(&self, host: &str, cancel: &Cancel) -> Option<Place<'_>> {
        let mut hosts = self.hosts();
        loop {
            let entry = hosts.entry(host.to_owned()).or_default();
            if cancel.is_set() {
                return None;
            }
            if entry.under_way < AT_ONCE {
                entry.under_way += 1;
                return Some(Place {
                    traffic: self,
                    host: host.to_owned(),
                });
            }
            let (again, _) = self
                .freed
                .wait_timeout(hosts, SLICE)
                .unwrap_or_else(PoisonError::into_inner);
            hosts = again;
        }
    }
}

/// A place among the requests that are under way, until it is dropped.
#[derive(Debug)]
pub(super) struct Place<'a> {
    traffic: &'a Traffic,
    host: String,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some(host) = self.traffic.hosts().get_mut(&self.host) {
            host.under_way = host.under_way.saturating_sub(1);
        }
        self.traffic.freed.notify_all();
    }
}

/// Does `work` for each of the items, several at a time: the places of each host see to it that
/// no server gets more than it should. The answers in the order of the items.
pub(super) fn all<I: Sync, T: Send>(items: &[I], work: impl Fn(&I) -> T + Sync) -> Vec<T> {
    const THREADS: usize = 2 * AT_ONCE;
    let threads = items.len().min(THREADS);
    if threads < 2 {
        return items.iter().map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let (next, work) = (&next, &work);
    let mut done: Vec<(usize, T)> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(move || {
                    let mut done = Vec::new();
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some(item) = items.get(at) else {
                            return done;
                        };
                        done.push((at, work(item)));
                    }
                })
            })
            .collect();
        running
            .into_iter()
            .flat_map(|thread| match thread.join() {
                Ok(done) => done,
                Err(panic) => std::panic::resume_unwind(panic),
            })
            .collect()
    });
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, answer)| answer).collect()
}
